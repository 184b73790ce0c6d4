//! The way from a message rootward.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use crate::code;
use crate::error::{push, Error, Result};
use crate::sqlite::Connection;
use crate::tree::path::gaps::{Verifier, Verify};
use crate::tree::path::source::{Purpose, Source};
use crate::tree::rows::columns::Columns;
use crate::tree::rows::links::{self, Run};
use crate::tree::rows::read::Kept;

/// A run on a path, with its place there.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// The messages.
    pub run: Run,
    /// How far the last of them is from the message that the path leads to.
    pub distance: i64,
    /// The child of the last one, on the path.
    pub child: Option<i64>,
    /// Whether the first one is not where the run begins. Nothing says then that it is there.
    cut: bool,
    /// Whether the rows of all of them have been read, which says that they are there.
    read: bool,
}

impl Stretch {
    /// Makes sure that all its messages are there, by their links.
    pub fn verify(&self, connection: &Rc<Connection>) -> Result<()> {
        self.verify_by(&mut Verifier::new(connection, Verify::Links))
    }

    /// Makes sure that all its messages are there.
    pub fn verify_by(&self, verifier: &mut Verifier) -> Result<()> {
        if self.read {
            return Ok(());
        }
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

    /// Only its last `count` messages, which are at least one.
    pub fn keep_last(&mut self, count: u64) {
        let steps = count.saturating_sub(1);
        if self.run.steps() > steps {
            self.keep_from(self.run.last.saturating_sub_unsigned(steps));
        }
    }

    /// Without the messages rootward of `first`, which is part of it.
    pub fn keep_from(&mut self, first: i64) {
        if first != self.run.first {
            self.run.first = first;
            self.run.parent = first.checked_sub(1);
            self.cut = true;
        }
    }

    /// Without the messages leafward of `last`, which is part of it.
    pub fn keep_to(&mut self, last: i64) {
        let less = self.run.last.abs_diff(last);
        if less > 0 {
            self.child = last.checked_add(1);
            self.run.last = last;
            self.distance = self.distance.saturating_add_unsigned(less);
        }
    }
}

/// A walk from a message rootward.
///
/// Links that go to a higher id are the only ones by which a walk can come back to where it was, so remembering those
/// is enough to find a cycle (each cycle has at least one), and there are none in sane data. At the first such link the
/// walk looks ahead to the end, so that it gives no message twice before it finds out.
pub struct Climb {
    connection: Rc<Connection>,
    source: Source,
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
    /// Starts at a message that is there, to answer a question about its path.
    pub fn from(connection: &Rc<Connection>, id: i64) -> Result<Self> {
        Self::to(connection, id, Purpose::Question)
    }

    /// Starts at a message that is there.
    pub fn to(connection: &Rc<Connection>, id: i64, purpose: Purpose) -> Result<Self> {
        Ok(Self {
            connection: Rc::clone(connection),
            source: Source::new(connection, purpose)?,
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

    /// Fails if the way rootward from a message, which `child` has for its parent, never ends.
    fn look_ahead(&self, id: i64, child: i64) -> Result<()> {
        let mut climb = Self::from(&self.connection, id)?;
        climb.child = Some(child);
        climb.ahead = true;
        climb.source.close();
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

    /// The next stretch rootward, not verified. None after the first message.
    pub fn next(&mut self) -> Result<Option<Stretch>> {
        self.climb(None)
    }

    /// The same, for the place where a walk spends its time. No more than `left` messages are wanted.
    #[inline(always)]
    fn climb(&mut self, left: Option<u64>) -> Result<Option<Stretch>> {
        let Some(last) = self.next else {
            return Ok(None);
        };
        let (run, read) = self.source.run(last, self.child, left)?;
        let stretch = Stretch {
            run,
            distance: self.distance,
            child: self.child,
            cut: false,
            read,
        };
        let later = run.parent.filter(|parent| *parent >= run.first);
        // A message that is missing can make up a run, and so a way back to where the walk was. What is told of a cycle
        // has to be true.
        if later.is_some() || self.ahead || !self.later.is_empty() {
            stretch.verify_by(&mut self.verifier)?;
        }
        if let Some(parent) = later {
            if self.later.is_empty() && !self.ahead {
                self.source.close();
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

    /// The next stretch rootward, verified as far as a question needs it.
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

/// Which part of a path is listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cut {
    /// At most so many messages, those nearest to its end.
    pub limit: Option<u64>,
    /// The child of the end, if the path goes on there.
    pub child: Option<i64>,
    /// How far the end is from the message that the whole path leads to.
    pub distance: i64,
    /// How many messages the caller is likely to read, if it has said so.
    pub expected: u64,
}

/// The stretches of a path from its end rootward, cut as asked.
pub struct Stretches {
    climb: Climb,
    left: Option<u64>,
}

impl Stretches {
    /// A path whose end is a message, all of which the caller will ask for.
    pub fn new(connection: &Rc<Connection>, id: i64, cut: Cut) -> Result<Self> {
        let purpose = Purpose::List {
            columns: Columns::Nothing,
            whole: true,
            expected: 0,
        };
        Self::to(connection, id, cut, purpose)
    }

    /// A path whose end is a message.
    pub fn to(connection: &Rc<Connection>, id: i64, cut: Cut, purpose: Purpose) -> Result<Self> {
        let mut climb = Climb::to(connection, id, purpose)?;
        climb.child = cut.child;
        climb.distance = cut.distance;
        Ok(Self {
            climb,
            left: cut.limit,
        })
    }

    /// The rows that are kept on the way.
    pub fn kept(&self) -> Option<Rc<RefCell<Kept>>> {
        self.climb.source.kept()
    }

    /// The next stretch rootward, not verified.
    pub fn next(&mut self) -> Result<Option<Stretch>> {
        if self.left == Some(0) {
            return Ok(None);
        }
        let Some(mut stretch) = self.climb.climb(self.left)? else {
            return Ok(None);
        };
        if let Some(left) = &mut self.left {
            stretch.keep_last(*left);
            *left = left.saturating_sub(stretch.run.steps().saturating_add(1));
        }
        Ok(Some(stretch))
    }

    /// All that are left, to be had from the first message leafward. They are verified now: what is broken nearer to the leaf would
    /// mean that the messages further rootward are not on the path at all.
    pub fn leafward(mut self, verify: Verify) -> Result<Leafward> {
        let mut verifier = Verifier::new(&self.climb.connection, verify);
        let mut runs = Vec::new();
        let mut child = None;
        let mut top = None;
        while let Some(stretch) = self.next()? {
            stretch.verify_by(&mut verifier)?;
            let Run { first, last, .. } = stretch.run;
            if runs.is_empty() {
                child = stretch.child;
            }
            match runs.last_mut() {
                // Rows that were read one by one, and follow one another.
                Some((below, _)) if last.checked_add(1) == Some(*below) => *below = first,
                _ => push(&mut runs, (first, last))?,
            }
            top = Some(stretch);
        }
        Ok(Leafward {
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

/// The stretches of a path from the first message leafward. Of each one only its two ends are held; the rest follows from
/// its neighbours.
pub struct Leafward {
    /// First and last messages, the stretch that is next last.
    runs: Vec<(i64, i64)>,
    /// The parent of the first message that is left.
    parent: Option<i64>,
    /// Its distance.
    distance: i64,
    /// The child of the last message.
    child: Option<i64>,
    /// Whether the next stretch is cut.
    cut: bool,
}

impl Leafward {
    /// The last message, and its child on the path. None if there is nothing left.
    pub fn last(&self) -> Option<(i64, Option<i64>)> {
        self.runs.first().map(|(_, last)| (*last, self.child))
    }

    /// The messages that are left, the next one first.
    pub fn ids(&self) -> impl Iterator<Item = i64> + '_ {
        self.runs
            .iter()
            .rev()
            .flat_map(|(first, last)| *first..=*last)
    }

    /// The next stretch leafward.
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
            read: false,
        })
    }
}
