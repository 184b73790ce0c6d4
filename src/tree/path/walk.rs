//! The messages of a path one by one, in any of its orders.

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::{push, sort_by_number, Error, Result};
use crate::sqlite::{Connection, Order};
use crate::tree::path::ancestors::{Cut, Leafward, Stretch, Stretches};
use crate::tree::path::gaps::{Verifier, Verify};
use crate::tree::path::source::Purpose;
use crate::tree::rows::columns::Columns;
use crate::tree::rows::links;
use crate::tree::rows::read::Kept;

/// The message at which a walk stands.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// The message.
    pub id: i64,
    stretch: &'a Stretch,
    leafward: bool,
}

impl At<'_> {
    /// How far it is from the message that the path leads to.
    #[inline(always)]
    pub fn distance(&self) -> i64 {
        let below = self.id.abs_diff(self.stretch.run.last);
        self.stretch.distance.saturating_add_unsigned(below)
    }

    /// Its child on the path.
    #[inline(always)]
    pub fn child(&self) -> Option<i64> {
        if self.id == self.stretch.run.last {
            self.stretch.child
        } else {
            self.id.checked_add(1)
        }
    }

    /// Its parent.
    #[inline(always)]
    pub fn parent(&self) -> Option<i64> {
        if self.id == self.stretch.run.first {
            self.stretch.run.parent
        } else {
            self.id.checked_sub(1)
        }
    }

    /// How many messages follow in the walk with ids one by one.
    #[inline(always)]
    pub fn more(&self) -> u64 {
        self.id.abs_diff(if self.leafward {
            self.stretch.run.last
        } else {
            self.stretch.run.first
        })
    }
}

enum Source {
    /// Rootward, as far as the caller asks.
    Rootward(Box<Stretches>),
    /// From the first message to the leaf.
    Leafward(Leafward),
    /// Single messages sorted by id, the next one last.
    Sorted(Vec<Stretch>),
}

/// A path that is read message by message.
pub struct Walk {
    connection: Rc<Connection>,
    source: Source,
    /// The stretch of which the current message is a part. None at the end.
    stretch: Option<Stretch>,
    /// The current message.
    id: i64,
    /// Up to which message of the stretch, in the direction of the walk, all are known to be there.
    sure: i64,
    verifier: Verifier,
    /// Rootward, of how many more to make sure next.
    ahead: u64,
    /// Rows that were read on the way.
    kept: Option<Rc<RefCell<Kept>>>,
}

impl Walk {
    /// The path to a message that is there, cut as asked, in the given order. `verify` says how to make sure that
    /// all messages are there. No more than ids is read.
    pub fn new(
        connection: &Rc<Connection>,
        id: i64,
        cut: Cut,
        order: Order,
        verify: Verify,
    ) -> Result<Self> {
        Self::with(connection, id, cut, order, verify, Columns::Nothing)
    }

    /// The same; these columns of the messages are wanted, and kept where their rows are read on the way.
    pub fn with(
        connection: &Rc<Connection>,
        id: i64,
        cut: Cut,
        order: Order,
        verify: Verify,
        columns: Columns,
    ) -> Result<Self> {
        let by_id = matches!(order, Order::IdAscending | Order::IdDescending);
        let sorted = by_id && links::any_later_parent(connection)?;
        let leafward = matches!(order, Order::Natural | Order::IdAscending);
        let purpose = Purpose::List {
            columns: if sorted { Columns::Nothing } else { columns },
            whole: sorted || leafward,
            expected: cut.expected,
        };
        let stretches = Stretches::to(connection, id, cut, purpose)?;
        let kept = stretches.kept();
        let source = if sorted {
            Source::Sorted(ordered(connection, stretches, leafward)?)
        } else if leafward {
            Source::Leafward(stretches.leafward(verify)?)
        } else {
            Source::Rootward(Box::new(stretches))
        };
        let mut walk = Self {
            connection: Rc::clone(connection),
            source,
            stretch: None,
            id: 0,
            sure: 0,
            verifier: Verifier::new(connection, verify),
            ahead: 64,
            kept,
        };
        walk.next_stretch()?;
        Ok(walk)
    }

    /// Rows that were read on the way.
    pub fn kept(&self) -> Option<Rc<RefCell<Kept>>> {
        self.kept.clone()
    }

    /// The message at which the walk stands. None at the end.
    #[inline(always)]
    pub fn at(&self) -> Option<At<'_>> {
        self.stretch.as_ref().map(|stretch| At {
            id: self.id,
            stretch,
            leafward: !self.descends(),
        })
    }

    /// The messages after the current one, as far as they are known, at most so many; the next one last.
    pub fn upcoming(&self, most: usize) -> Vec<i64> {
        let (Source::Leafward(rest), Some(stretch)) = (&self.source, &self.stretch) else {
            return Vec::new();
        };
        let here = (self.id..=stretch.run.last).skip(1);
        let mut ids: Vec<i64> = here.chain(rest.ids()).take(most).collect();
        ids.reverse();
        ids
    }

    /// Whether ids descend, as a rule, from one message to the next.
    #[inline(always)]
    pub fn descends(&self) -> bool {
        matches!(self.source, Source::Rootward(_))
    }

    /// Goes to the next message.
    #[inline(always)]
    pub fn advance(&mut self) -> Result<()> {
        if self.id == self.sure {
            return self.go_on();
        }
        self.id += if self.descends() { -1 } else { 1 };
        Ok(())
    }

    /// Goes to the next message, of which nothing is known.
    fn go_on(&mut self) -> Result<()> {
        match (&self.source, self.stretch) {
            (Source::Rootward(_), Some(stretch)) if self.id > stretch.run.first => {
                self.id -= 1;
                self.make_sure(stretch)
            }
            _ => self.next_stretch(),
        }
    }

    fn next_stretch(&mut self) -> Result<()> {
        self.stretch = match &mut self.source {
            Source::Rootward(stretches) => stretches.next()?,
            Source::Leafward(stretches) => stretches.next(),
            Source::Sorted(messages) => messages.pop(),
        };
        let Some(stretch) = self.stretch else {
            return Ok(());
        };
        if self.descends() {
            self.id = stretch.run.last;
            return self.make_sure(stretch);
        }
        self.id = stretch.run.first;
        self.sure = stretch.run.last;
        Ok(())
    }

    /// Makes sure of the current message and those that come next rootward, of ever more at a time: whoever asked
    /// may stop soon.
    fn make_sure(&mut self, stretch: Stretch) -> Result<()> {
        let mut next = stretch;
        next.keep_to(self.id);
        if self.verifier.is_needed() {
            next.keep_last(self.ahead);
            if next.run.first != stretch.run.first {
                self.ahead = self.ahead.saturating_mul(2);
            }
        }
        self.sure = next.run.first;
        next.verify_by(&mut self.verifier)
    }

    /// The error for the message at which the walk stands, when it is not there.
    pub fn missing(&self) -> Error {
        let (Some(at), Some(stretch)) = (self.at(), &self.stretch) else {
            return Error::corrupt("a message is missing");
        };
        // Of a run that does not exist, this may be the first message. The one to name is the last, whose child is
        // there and refers to it.
        match stretch.verify(&self.connection) {
            Err(error) => error,
            Ok(()) => links::missing(at.id, at.child()),
        }
    }
}

/// All messages of a path that has links to higher ids, the one that is to come first last.
fn ordered(
    connection: &Rc<Connection>,
    mut stretches: Stretches,
    ascending: bool,
) -> Result<Vec<Stretch>> {
    let mut verifier = Verifier::new(connection, Verify::Links);
    let mut messages = Vec::new();
    while let Some(stretch) = stretches.next()? {
        stretch.verify_by(&mut verifier)?;
        for id in stretch.run.first..=stretch.run.last {
            let mut message = stretch;
            message.keep_from(id);
            message.keep_to(id);
            push(&mut messages, message)?;
        }
    }
    sort_by_number(&mut messages, |message| match ascending {
        true => !message.run.first,
        false => message.run.first,
    })?;
    Ok(messages)
}
