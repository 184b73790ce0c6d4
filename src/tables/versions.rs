//! Which of how many alternatives a message is: "‹ 2/3 ›".

use std::cell::Cell;
use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::Connection;
use crate::tree::shape::descendants;

/// Looks up positions among alternatives, one message after the other.
pub struct Versions {
    connection: Rc<Connection>,
    /// The last answer: the message, its position, the number of versions. Two columns ask for the same message.
    last: Cell<Option<(i64, (i64, i64))>>,
}

impl Versions {
    pub fn new(connection: &Rc<Connection>) -> Self {
        Self {
            connection: Rc::clone(connection),
            last: Cell::new(None),
        }
    }

    pub fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// A message's position among its alternatives, from 1 in order of their ids, and their number.
    pub fn of(&self, id: i64, parent: Option<i64>) -> Result<(i64, i64)> {
        if let Some((_, known)) = self.last.get().filter(|(last, _)| *last == id) {
            return Ok(known);
        }
        let found = match parent {
            Some(parent) => descendants::place(&self.connection, id, parent)?,
            None => {
                let first = descendants::first_messages(&self.connection, id)?;
                let before = first.partition_point(|other| *other <= id);
                (before as i64, first.len() as i64)
            }
        };
        self.last.set(Some((id, found)));
        Ok(found)
    }
}
