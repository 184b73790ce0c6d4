//! The way from a message up to the first one.

use std::collections::HashSet;
use std::rc::Rc;

use crate::code;
use crate::error::{push, Error, Result};
use crate::sqlite::Connection;
use crate::tree::path::gaps::{Verifier, Verify};
use crate::tree::rows::links::{self, Links, Run};

/// A run on a path, with its place there.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// The messages.
    pub run: Run,
    /// How far the lowest of them is from the message that the path leads to.
    pub distance: i64,
    /// The message below the lowest one, on the path.
    pub child: Option<i64>,
    /// Whether the topmost one is not where the run begins. Nothing says then that it is there.
    cut: bool,
}

impl Stretch {
    /// Makes sure that all its messages are there, by their links.
    pub fn verify(&self, connection: &Rc<Connection>) -> Result<()> {
        self.verify_by(&mut Verifier::new(connection, Verify::Links))
    }

    /// Makes sure that all its messages are there.
    pub fn verify_by(&self, verifier: &mut Verifier) -> Result<()> {
        verifier.run(&self.run, self.child)?;
        if self.cut && verifier.misses(self.run.first)? {
            let child = if self.run.first == self.run.last {
                self.child
            } else {
                self.run.first.checked_add(1)
            };
            return Err(links::missing(self.run.first, child));
        }
        Ok(())
    }

    /// Only its lowest `count` messages, which are at least one.
    pub fn keep_lowest(&mut self, count: u64) {
        let steps = count.saturating_sub(1);
        if self.run.steps() > steps {
            self.keep_up_to(self.run.last.saturating_sub_unsigned(steps));
        }
    }

    /// Without the messages above `first`, which is part of it.
    pub fn keep_up_to(&mut self, first: i64) {
        if first != self.run.first {
            self.run.first = first;
            self.run.parent = first.checked_sub(1);
            self.cut = true;
        }
    }

    /// Without the messages below `last`, which is part of it.
    pub fn keep_down_to(&mut self, last: i64) {
        let less = self.run.last.abs_diff(last);
        if less > 0 {
            self.child = last.checked_add(1);
            self.run.last = last;
            self.distance = self.distance.saturating_add_unsigned(less);
        }
    }
}

/// A walk from a message up to the first one of its path.
///
/// Links that go to a higher id are the only ones by which a walk can come back to where it was, so remembering those
/// is enough to find a cycle (each cycle has at least one), and there are none in sane data. At the first such link the
/// walk looks ahead to the end, so that it gives no message twice before it finds out.
pub struct Climb {
    connection: Rc<Connection>,
    links: Links,
    verifier: Verifier,
    /// For questions.
    ends: Verifier,
    next: Option<i64>,
    child: Option<i64>,
    distance: i64,
    later: HashSet<i64>,
    /// Whether this walk is such a look ahead.
    ahead: bool,
    /// Whether it has come back to where it was.
    circled: bool,
}

impl Climb {
    /// Starts at a message that is there.
    pub fn from(connection: &Rc<Connection>, id: i64) -> Result<Self> {
        Ok(Self {
            connection: Rc::clone(connection),
            links: Links::open(connection)?,
            verifier: Verifier::new(connection, Verify::Links),
            ends: Verifier::new(connection, Verify::Ends),
            next: Some(id),
            child: None,
            distance: 0,
            later: HashSet::new(),
            ahead: false,
            circled: false,
        })
    }

    /// Fails if the way up from a message, which `child` has for its parent, never ends.
    fn look_ahead(&self, id: i64, child: i64) -> Result<()> {
        let mut climb = Self::from(&self.connection, id)?;
        climb.child = Some(child);
        climb.ahead = true;
        loop {
            match climb.next() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                // Something else that is broken is not met before this walk comes to it.
                Err(error) if error.code() == code::CORRUPT_VTAB && !climb.circled => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// The next stretch upwards, not verified. None after the first message.
    pub fn next(&mut self) -> Result<Option<Stretch>> {
        self.climb()
    }

    /// The same, for the place where a walk spends its time.
    #[inline(always)]
    fn climb(&mut self) -> Result<Option<Stretch>> {
        let Some(last) = self.next else {
            return Ok(None);
        };
        let run = self.links.run(last, self.child)?;
        let stretch = Stretch {
            run,
            distance: self.distance,
            child: self.child,
            cut: false,
        };
        let later = run.parent.filter(|parent| *parent >= run.first);
        // A message that is missing can make up a run, and so a way back to where the walk was. What is told of a cycle
        // has to be true.
        if later.is_some() || self.ahead || !self.later.is_empty() {
            stretch.verify_by(&mut self.verifier)?;
        }
        if let Some(parent) = later {
            if self.later.is_empty() && !self.ahead {
                self.look_ahead(parent, run.first)?;
            }
            self.later.try_reserve(1).map_err(|_| Error::no_memory())?;
            if !self.later.insert(run.first) {
                self.circled = true;
                return Err(Error::corrupt(format!(
                    "message {} is its own ancestor",
                    run.first
                )));
            }
        }
        self.next = run.parent;
        self.child = Some(run.first);
        self.distance = self
            .distance
            .saturating_add_unsigned(run.steps())
            .saturating_add(1);
        Ok(Some(stretch))
    }

    /// The next stretch upwards, verified as far as a question needs it.
    pub fn next_verified(&mut self) -> Result<Option<Stretch>> {
        let stretch = self.next()?;
        if let Some(stretch) = &stretch {
            self.verify_ends(stretch)?;
        }
        Ok(stretch)
    }

    /// Verifies a stretch as far as a question needs it: the contract lets questions take what lies inside a run to be
    /// there, so that they cost by runs and not by messages.
    pub fn verify_ends(&mut self, stretch: &Stretch) -> Result<()> {
        stretch.verify_by(&mut self.ends)
    }
}

/// How a path is cut at its two ends, before it is walked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cut {
    /// Leave out the messages below this one, and this one too unless `inclusive`. It lies on the path.
    pub below: Option<i64>,
    /// Keep the message named in `below`.
    pub inclusive: bool,
    /// At most so many messages, the lowest ones.
    pub limit: Option<u64>,
}

/// The stretches of a path from its lower end up, cut as asked.
pub struct Stretches {
    climb: Climb,
    waiting_for: Option<i64>,
    inclusive: bool,
    left: Option<u64>,
}

impl Stretches {
    /// A path to a message that is there.
    pub fn new(connection: &Rc<Connection>, id: i64, cut: Cut) -> Result<Self> {
        Ok(Self {
            climb: Climb::from(connection, id)?,
            waiting_for: cut.below,
            inclusive: cut.inclusive,
            left: cut.limit,
        })
    }

    /// The next stretch upwards, not verified.
    pub fn next(&mut self) -> Result<Option<Stretch>> {
        if self.left == Some(0) {
            return Ok(None);
        }
        loop {
            let Some(mut stretch) = self.climb.climb()? else {
                return Ok(None);
            };
            if let Some(below) = self.waiting_for {
                // What is below the cut has been made sure of by whoever found out that this message is on the path.
                if !stretch.run.contains(below) {
                    continue;
                }
                self.waiting_for = None;
                if self.inclusive {
                    stretch.keep_down_to(below);
                } else if below > stretch.run.first {
                    stretch.keep_down_to(below - 1);
                } else {
                    continue;
                }
            }
            if let Some(left) = &mut self.left {
                stretch.keep_lowest(*left);
                *left = left.saturating_sub(stretch.run.steps().saturating_add(1));
            }
            return Ok(Some(stretch));
        }
    }

    /// The next message upwards, whose parent nobody knows: see [`Stretches::told`].
    pub fn single(&mut self) -> Option<Stretch> {
        if self.left == Some(0) {
            return None;
        }
        let climb = &mut self.climb;
        let id = climb.next.take()?;
        let stretch = Stretch {
            run: Run {
                first: id,
                last: id,
                parent: None,
            },
            distance: climb.distance,
            child: climb.child.replace(id),
            cut: false,
        };
        climb.distance = climb.distance.saturating_add(1);
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        Some(stretch)
    }

    /// Goes on from the parent of the last [`Stretches::single`].
    pub fn told(&mut self, parent: Option<i64>) {
        self.climb.next = parent;
    }

    /// Whether the cut's lower end has been passed.
    pub fn has_begun(&self) -> bool {
        self.waiting_for.is_none()
    }

    /// All that are left, to be had from the first message down. They are verified now: what is broken lower down would
    /// mean that the messages further up are not on the path at all.
    pub fn downward(mut self, verify: Verify) -> Result<Downward> {
        let mut verifier = Verifier::new(&self.climb.connection, verify);
        let mut runs = Vec::new();
        let mut child = None;
        let mut top = None;
        while let Some(stretch) = self.next()? {
            stretch.verify_by(&mut verifier)?;
            if runs.is_empty() {
                child = stretch.child;
            }
            push(&mut runs, (stretch.run.first, stretch.run.last))?;
            top = Some(stretch);
        }
        Ok(Downward {
            runs,
            parent: top.and_then(|top| top.run.parent),
            distance: top.map_or(0, |top| {
                top.distance.saturating_add_unsigned(top.run.steps())
            }),
            child,
            cut: top.is_some_and(|top| top.cut),
        })
    }
}

/// The stretches of a path from the first message down. Of each one only its two ends are held; the rest follows from
/// its neighbours.
pub struct Downward {
    /// First and last messages, the topmost stretch last.
    runs: Vec<(i64, i64)>,
    /// The parent of the topmost message that is left.
    parent: Option<i64>,
    /// Its distance.
    distance: i64,
    /// The child of the lowest message.
    child: Option<i64>,
    /// Whether the topmost stretch is cut.
    cut: bool,
}

impl Downward {
    /// The lowest message, and the one below it on the path. None if there is nothing left.
    pub fn lowest(&self) -> Option<(i64, Option<i64>)> {
        self.runs.first().map(|(_, last)| (*last, self.child))
    }

    /// The next stretch downwards.
    pub fn next(&mut self) -> Option<Stretch> {
        let (first, last) = self.runs.pop()?;
        let run = Run {
            first,
            last,
            parent: self.parent,
        };
        let distance = self.distance.saturating_sub_unsigned(run.steps());
        self.parent = Some(last);
        self.distance = distance.saturating_sub(1);
        Some(Stretch {
            run,
            distance,
            child: self.runs.last().map_or(self.child, |below| Some(below.0)),
            cut: std::mem::take(&mut self.cut),
        })
    }
}
