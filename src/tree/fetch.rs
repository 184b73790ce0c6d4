//! The contents of messages.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Connection, Plan, Statement};

/// How many columns of `messages` tables show: the contract's M, the id first.
pub const WIDTH: usize = 7;

/// Which of a message's columns somebody will read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// None but the id.
    Nothing,
    /// Those before the content.
    Head,
    /// Any.
    All,
}

impl Wanted {
    /// What a statement reads of a table whose column `first` is the message's id, and the others follow.
    pub fn of(plan: Plan, first: usize) -> Self {
        if plan.uses_any(first + 3..=first + WIDTH - 1) {
            Self::All
        } else if plan.uses_any(first + 1..=first + 2) {
            Self::Head
        } else {
            Self::Nothing
        }
    }
}

/// Reads messages by id. Cheapest when the ids go up or down one by one.
pub struct Fetch {
    statement: Statement,
    step: i64,
    /// The id that a step leads to, if the messages are as they should be.
    expected: Option<i64>,
}

impl Fetch {
    /// For ids that ascend or, as a rule, descend. None if there is nothing to fetch.
    pub fn new(
        connection: &Rc<Connection>,
        wanted: Wanted,
        descending: bool,
    ) -> Result<Option<Self>> {
        // What comes after a long content is far to reach, so the short columns before it have statements of their own.
        let sql = match (wanted, descending) {
            (Wanted::All, false) => {
                "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
                 FROM main.messages WHERE id >= ?1 ORDER BY id"
            }
            (Wanted::All, true) => {
                "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
                 FROM main.messages WHERE id <= ?1 ORDER BY id DESC"
            }
            (Wanted::Head, false) => {
                "SELECT id, thread_id, role FROM main.messages WHERE id >= ?1 ORDER BY id"
            }
            (Wanted::Head, true) => {
                "SELECT id, thread_id, role FROM main.messages WHERE id <= ?1 ORDER BY id DESC"
            }
            (Wanted::Nothing, _) => return Ok(None),
        };
        Ok(Some(Self {
            statement: connection.prepare(sql)?,
            step: if descending { -1 } else { 1 },
            expected: None,
        }))
    }

    /// Goes to a message. False if it is not there.
    pub fn go_to(&mut self, id: i64) -> Result<bool> {
        if self.expected != Some(id) {
            self.statement.start(&[id])?;
        }
        self.expected = None;
        if !self.statement.step()? || self.statement.integer(0) != id {
            return Ok(false);
        }
        self.expected = id.checked_add(self.step);
        Ok(true)
    }

    /// The row of the message.
    pub fn row(&self) -> &Statement {
        &self.statement
    }
}
