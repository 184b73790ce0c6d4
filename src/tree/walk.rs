//! The messages of a path one by one, in any of its orders.

use std::rc::Rc;

use super::links::{self, Verify};
use super::path::{Cut, Downward, Stretch, Stretches};
use crate::error::{push, Error, Result};
use crate::sqlite::{Connection, Order};

/// One message of a path.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The message.
    pub id: i64,
    /// How far it is from the message that the path leads to.
    pub distance: i64,
    /// Its child on the path.
    pub child: Option<i64>,
    /// Its parent.
    pub parent: Option<i64>,
    /// How many messages follow in the walk with ids one by one.
    pub more: u64,
}

enum Source {
    /// From the lower end up, as far as somebody asks.
    Up(Box<Stretches>),
    /// From the first message down.
    Down(Downward),
    /// Sorted by id, the next one last.
    Sorted(Vec<Step>),
}

/// A path that is read message by message.
pub struct Walk {
    connection: Rc<Connection>,
    source: Source,
    stretch: Option<Stretch>,
    at: Option<Step>,
    verify: Verify,
    /// On the way up, the topmost message of the stretch that is known to be there, with all below it.
    sure: i64,
    /// Of how many more to make sure next.
    ahead: u64,
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
            at: None,
            verify,
            sure: i64::MIN,
            ahead: 64,
        };
        walk.advance()?;
        Ok(walk)
    }

    /// The message at which the walk stands.
    pub fn at(&self) -> Option<Step> {
        self.at
    }

    /// Whether ids go down, as a rule, from one message to the next.
    pub fn descends(&self) -> bool {
        matches!(self.source, Source::Up(_))
    }

    /// Goes to the next message.
    pub fn advance(&mut self) -> Result<()> {
        if let (Some(stretch), Some(at)) = (&self.stretch, &mut self.at) {
            match self.source {
                Source::Up(_) if at.id > stretch.run.first => {
                    let next = at.id - 1;
                    *at = step_in(stretch, next, next.abs_diff(stretch.run.first));
                    return if next < self.sure {
                        self.make_sure()
                    } else {
                        Ok(())
                    };
                }
                Source::Down(_) if at.id < stretch.run.last => {
                    let next = at.id + 1;
                    *at = step_in(stretch, next, next.abs_diff(stretch.run.last));
                    return Ok(());
                }
                _ => {}
            }
        }
        self.stretch = None;
        self.at = None;
        let (stretch, id) = match &mut self.source {
            Source::Sorted(steps) => {
                self.at = steps.pop();
                return Ok(());
            }
            Source::Up(stretches) => match stretches.next()? {
                Some(stretch) => (stretch, stretch.run.last),
                None => return Ok(()),
            },
            Source::Down(stretches) => match stretches.next() {
                Some(stretch) => (stretch, stretch.run.first),
                None => return Ok(()),
            },
        };
        self.at = Some(step_in(&stretch, id, stretch.run.steps()));
        self.stretch = Some(stretch);
        match self.source {
            Source::Up(_) if self.verify != Verify::Nothing => {
                self.sure = stretch.run.last;
                self.make_sure()
            }
            _ => Ok(()),
        }
    }

    /// Makes sure of the messages that come next on the way up, of ever more at a time: whoever asked may stop soon.
    fn make_sure(&mut self) -> Result<()> {
        let Some(stretch) = self.stretch else {
            return Ok(());
        };
        let mut next = stretch;
        next.keep_down_to(self.sure);
        next.keep_lowest(self.ahead);
        if next.run.first != stretch.run.first {
            self.ahead = self.ahead.saturating_mul(2);
        }
        self.sure = next.run.first;
        next.verify_by(&self.connection, self.verify)
    }

    /// The error for the message at which the walk stands, when it is not there.
    pub fn missing(&self) -> Error {
        let (Some(at), stretch) = (&self.at, &self.stretch) else {
            return Error::corrupt("a message is missing");
        };
        // Of a run that does not exist, this may be the topmost message. The one to name is the lowest, whose child is
        // there and refers to it.
        match stretch.map(|stretch| stretch.verify(&self.connection)) {
            Some(Err(error)) => error,
            _ => links::missing(at.id, at.child),
        }
    }
}

/// A message of a stretch, as a step of the walk.
#[inline]
fn step_in(stretch: &Stretch, id: i64, more: u64) -> Step {
    let run = &stretch.run;
    Step {
        id,
        distance: stretch
            .distance
            .saturating_add_unsigned(id.abs_diff(run.last)),
        child: if id == run.last {
            stretch.child
        } else {
            id.checked_add(1)
        },
        parent: if id == run.first {
            run.parent
        } else {
            id.checked_sub(1)
        },
        more,
    }
}

/// All messages of a path that has links to higher ids, the one that is to come first last.
fn sorted(
    connection: &Rc<Connection>,
    mut stretches: Stretches,
    ascending: bool,
) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    while let Some(stretch) = stretches.next()? {
        stretch.verify(connection)?;
        for id in stretch.run.first..=stretch.run.last {
            let step = step_in(&stretch, id, 0);
            push(&mut steps, step)?;
        }
    }
    if ascending {
        steps.sort_unstable_by_key(|step| std::cmp::Reverse(step.id));
    } else {
        steps.sort_unstable_by_key(|step| step.id);
    }
    Ok(steps)
}
