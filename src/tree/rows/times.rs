//! When messages were written, from the index on thread and time.
//!
//! In a row the time comes after the contents, and after a long content it is far to reach: SQLite goes through all its
//! pages. The index has a few hundred on a page.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sqlite::{Connection, Kind, Parameter, Statement};

const ASCENDING: &str =
    "SELECT id, created_at FROM main.messages INDEXED BY idx_messages_thread_created_at \
     WHERE thread_id = +?1 ORDER BY created_at";
const DESCENDING: &str =
    "SELECT id, created_at FROM main.messages INDEXED BY idx_messages_thread_created_at \
     WHERE thread_id = +?1 ORDER BY created_at DESC";
const ROW: &str = "SELECT created_at FROM main.messages WHERE id = +?1";

/// How many entries of other messages are read at most, and kept: 64,000 take 3 MB.
const MOST: usize = 64_000;

/// Times of messages, most of which are in one thread, and asked for in the order of time, or against it.
pub struct Times {
    connection: Rc<Connection>,
    descending: bool,
    /// The entries, as far as they are needed. None before the start, and after the end.
    entries: Option<Statement>,
    started: bool,
    /// What was read before it was asked for.
    read: HashMap<i64, i64>,
}

impl Times {
    /// Nothing is read yet.
    pub fn new(connection: &Rc<Connection>, descending: bool) -> Self {
        Self {
            connection: Rc::clone(connection),
            descending,
            entries: None,
            started: false,
            read: HashMap::new(),
        }
    }

    /// The time of a message of a thread. None if it is not an integer, or there is no such message.
    pub fn of(&mut self, thread: &[u8], id: i64) -> Result<Option<i64>> {
        if let Some(time) = self.read.remove(&id) {
            return Ok(Some(time));
        }
        if !self.started {
            self.started = true;
            let entries = self.connection.prepare(match self.descending {
                true => DESCENDING,
                false => ASCENDING,
            });
            match entries {
                Ok(mut entries) => {
                    entries.start_text(thread)?;
                    self.entries = Some(entries);
                }
                // Then rows have to do.
                Err(error) if error.lacks_index() => {}
                Err(error) => return Err(error),
            }
        }
        while let Some(entries) = &mut self.entries {
            let more = match entries.step() {
                Err(error) if error.lacks_index() => false,
                other => other?,
            };
            if !more || self.read.len() >= MOST {
                self.entries = None;
                break;
            }
            if entries.kind(1) != Kind::Integer {
                continue;
            }
            let (other, time) = (entries.integer(0), entries.integer(1));
            if other == id {
                return Ok(Some(time));
            }
            self.read.try_reserve(1).map_err(|_| Error::no_memory())?;
            self.read.insert(other, time);
        }
        let mut row = self.connection.prepare(ROW)?;
        let found = row.once(&[Parameter::Integer(id)], |row| {
            Ok((row.kind(0) == Kind::Integer).then(|| row.integer(0)))
        })?;
        Ok(found.flatten())
    }
}
