//! The messages of a path one by one, in any of its orders.

use std::rc::Rc;

use crate::error::{push, Error, Result};
use crate::sqlite::{Connection, Order};
use crate::tree::path::ancestors::{Cut, Downward, Stretch, Stretches};
use crate::tree::path::gaps::{Verifier, Verify};
use crate::tree::rows::links;

/// The message at which a walk stands.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// The message.
    pub id: i64,
    stretch: &'a Stretch,
    down: bool,
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
        self.id.abs_diff(if self.down {
            self.stretch.run.last
        } else {
            self.stretch.run.first
        })
    }
}

enum Source {
    /// From the lower end up, as far as somebody asks.
    Up(Box<Stretches>),
    /// From the first message down.
    Down(Downward),
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
    /// On the way up, of how many more to make sure next.
    ahead: u64,
    /// Whether somebody tells the parents of messages, if that is known.
    told: Told,
    /// Whether nobody has told the current message's parent yet.
    awaits_parent: bool,
    /// How many of the latest messages were not the child of the one before.
    jumps: u32,
}

/// After how many of those it is worth to expect another one.
const JUMPS: u32 = 2;

/// Whether somebody tells the parents of messages.
#[derive(PartialEq, Eq)]
enum Told {
    No,
    /// If no link goes to a higher id.
    Perhaps,
    Yes,
}

impl Walk {
    /// The path to a message that is there, cut as asked, in the given order. `verify` says how to make sure that
    /// all messages are there.
    pub fn new(
        connection: &Rc<Connection>,
        id: i64,
        cut: Cut,
        order: Order,
        verify: Verify,
    ) -> Result<Self> {
        let stretches = Stretches::new(connection, id, cut)?;
        let source = match order {
            Order::Natural => Source::Down(stretches.downward(verify)?),
            Order::Reverse => Source::Up(Box::new(stretches)),
            Order::IdAscending | Order::IdDescending => {
                let ascending = order == Order::IdAscending;
                if links::any_later_parent(connection)? {
                    Source::Sorted(sorted(connection, stretches, ascending)?)
                } else if ascending {
                    Source::Down(stretches.downward(verify)?)
                } else {
                    Source::Up(Box::new(stretches))
                }
            }
        };
        let mut walk = Self {
            connection: Rc::clone(connection),
            source,
            stretch: None,
            id: 0,
            sure: 0,
            verifier: Verifier::new(connection, verify),
            ahead: 64,
            told: Told::No,
            awaits_parent: false,
            jumps: 0,
        };
        walk.next_stretch()?;
        Ok(walk)
    }

    /// The message at which the walk stands. None at the end.
    #[inline(always)]
    pub fn at(&self) -> Option<At<'_>> {
        self.stretch.as_ref().map(|stretch| At {
            id: self.id,
            stretch,
            down: !self.descends(),
        })
    }

    /// Whether ids go down, as a rule, from one message to the next.
    #[inline(always)]
    pub fn descends(&self) -> bool {
        matches!(self.source, Source::Up(_))
    }

    /// From here on, whoever reads the messages tells their parents when the walk asks for them. Where each message is a
    /// jump, to look it up in the index costs as much as to read it.
    pub fn let_tell(&mut self) {
        self.told = Told::Perhaps;
    }

    /// Whether the next message's parent is worth asking for, rather than looking for the stretch to which it belongs.
    fn asks(&mut self) -> Result<bool> {
        let Source::Up(stretches) = &self.source else {
            return Ok(false);
        };
        if self.told == Told::No || self.jumps < JUMPS || !stretches.has_begun() {
            return Ok(false);
        }
        if self.told == Told::Perhaps {
            self.told = match links::any_later_parent(&self.connection)? {
                true => Told::No,
                false => Told::Yes,
            };
        }
        Ok(self.told == Told::Yes)
    }

    /// Whether the walk asks for the parent of the message at which it stands.
    #[inline(always)]
    pub fn awaits_parent(&self) -> bool {
        self.awaits_parent
    }

    /// The parent of the message at which the walk stands.
    pub fn tell(&mut self, parent: Option<i64>) -> Result<()> {
        self.awaits_parent = false;
        // There were no such links when the walk began.
        if parent.is_some_and(|parent| parent >= self.id) {
            return Err(Error::corrupt(format!(
                "message {}: its parent was changed while it was read, or an index is damaged: run REINDEX",
                self.id
            )));
        }
        if let (Some(stretch), Source::Up(stretches)) = (&mut self.stretch, &mut self.source) {
            stretch.run.parent = parent;
            stretches.told(parent);
        }
        if parent.is_some() && parent == self.id.checked_sub(1) {
            self.jumps = 0;
        }
        Ok(())
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
            (Source::Up(_), Some(stretch)) if self.id > stretch.run.first => {
                self.id -= 1;
                self.make_sure(stretch)
            }
            _ => self.next_stretch(),
        }
    }

    fn next_stretch(&mut self) -> Result<()> {
        self.awaits_parent = self.asks()?;
        self.stretch = match &mut self.source {
            Source::Up(stretches) if self.awaits_parent => stretches.single(),
            Source::Up(stretches) => {
                let next = stretches.next()?;
                match next {
                    Some(stretch) if stretch.run.first == stretch.run.last => {
                        self.jumps = self.jumps.saturating_add(1)
                    }
                    _ => self.jumps = 0,
                }
                next
            }
            Source::Down(stretches) => stretches.next(),
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

    /// Makes sure of the current message and those that come next on the way up, of ever more at a time: whoever asked
    /// may stop soon.
    fn make_sure(&mut self, stretch: Stretch) -> Result<()> {
        let mut next = stretch;
        next.keep_down_to(self.id);
        if self.verifier.is_needed() {
            next.keep_lowest(self.ahead);
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
        // Of a run that does not exist, this may be the topmost message. The one to name is the lowest, whose child is
        // there and refers to it.
        match stretch.verify(&self.connection) {
            Err(error) => error,
            Ok(()) => links::missing(at.id, at.child()),
        }
    }
}

/// All messages of a path that has links to higher ids, the one that is to come first last.
fn sorted(
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
            message.keep_up_to(id);
            message.keep_down_to(id);
            push(&mut messages, message)?;
        }
    }
    if ascending {
        messages.sort_unstable_by_key(|message| std::cmp::Reverse(message.run.first));
    } else {
        messages.sort_unstable_by_key(|message| message.run.first);
    }
    Ok(messages)
}
