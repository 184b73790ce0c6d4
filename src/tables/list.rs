//! A list of messages by id, forwards or backwards: what several tables show.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sqlite::{Connection, Context, Order, Plan, SortKey};
use crate::tree::path::fetch::{Fetch, Wanted, RUN};
use crate::tree::rows::snapshot::Snapshot;

/// The orders of a table whose rows are messages, by ascending id.
pub const BY_ID: [SortKey; 2] = [
    SortKey::new(0, Order::Natural, Order::Reverse),
    SortKey::rowid(Order::Natural, Order::Reverse),
];

/// Messages whose ids ascend.
pub struct List {
    ids: Vec<i64>,
    reverse: bool,
    /// How many have been passed.
    passed: usize,
    fetch: Option<Fetch>,
    _snapshot: Snapshot,
}

impl List {
    /// Stands on the first of the messages, if there are any.
    pub fn new(
        connection: &Rc<Connection>,
        snapshot: Snapshot,
        ids: Vec<i64>,
        plan: Plan,
        wanted: Wanted,
    ) -> Result<Self> {
        let reverse = plan.order() == Order::Reverse;
        let fetch = if ids.is_empty() {
            None
        } else {
            Fetch::new(connection, wanted, reverse)
        };
        let mut list = Self {
            ids,
            reverse,
            passed: 0,
            fetch,
            _snapshot: snapshot,
        };
        list.read()?;
        Ok(list)
    }

    fn read(&mut self) -> Result<()> {
        let (id, more) = (self.id(), self.more());
        if let (Some(id), Some(fetch)) = (id, &mut self.fetch) {
            if !fetch.go_to(id, more)? {
                return Err(Error::corrupt(format!("message {id} is missing")));
            }
        }
        Ok(())
    }

    /// How many messages at least follow the current one with ids one by one. No more is asked for than decides how to
    /// read them.
    fn more(&self) -> u64 {
        let follows = |steps: usize| {
            let at = if self.reverse {
                self.position().checked_sub(steps)
            } else {
                self.position().checked_add(steps)
            };
            // No id is there twice, so those between are there as well.
            at.and_then(|at| self.ids.get(at))
                .zip(self.id())
                .is_some_and(|(other, id)| other.abs_diff(id) == steps as u64)
        };
        [RUN as usize, 1]
            .into_iter()
            .find(|steps| follows(*steps))
            .map_or(0, |steps| steps as u64)
    }

    /// Where the current message is in ascending order, from 0.
    pub fn position(&self) -> usize {
        if self.reverse {
            self.ids.len().wrapping_sub(self.passed + 1)
        } else {
            self.passed
        }
    }

    /// The current message. None at the end.
    pub fn id(&self) -> Option<i64> {
        self.ids.get(self.position()).copied()
    }

    /// The current message's thread, if that is fetched.
    pub fn thread(&self) -> Result<&[u8]> {
        self.fetch
            .as_ref()
            .map_or(Ok(&[]), |fetch| fetch.row()?.text(1))
    }

    /// Goes to the next message.
    pub fn advance(&mut self) -> Result<()> {
        self.passed += 1;
        self.read()
    }

    /// Gives a column of `messages`.
    pub fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        match (&self.fetch, self.id()) {
            (_, Some(id)) if column == 0 => context.result_integer(id),
            (Some(fetch), _) => context.result_column(fetch.row()?, column),
            _ => {}
        }
        Ok(())
    }
}
