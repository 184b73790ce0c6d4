//! Messages by the names that callers gave them, in `message_uids`.
//!
//! Other programs do not know that table: they delete messages and leave uids behind, so a uid whose message is gone does
//! not exist. A file that was never brought up to date has no such table, and then no uids.

use std::rc::Rc;

use crate::error::{quoted, Error, Result};
use crate::sqlite::{Connection, Parameter, Statement};
use crate::tree::rows::links;
use crate::tree::rows::thread;

/// A message as a caller names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// By its id.
    Id(i64),
    /// By its uid, or an integer that is too large for an id.
    Uid(&'a [u8]),
}

impl From<i64> for Message<'_> {
    fn from(id: i64) -> Self {
        Self::Id(id)
    }
}

impl Message<'_> {
    /// Its id. None for an unknown uid; whether a message of a given id is there is not looked up.
    pub fn id(self, connection: &Rc<Connection>) -> Result<Option<i64>> {
        match self {
            Self::Id(id) => Ok(Some(id)),
            Self::Uid(uid) => find(connection, uid),
        }
    }

    /// As [`Message::id`], with an error for an unknown uid.
    pub fn known_id(self, connection: &Rc<Connection>) -> Result<i64> {
        self.id(connection)?.ok_or_else(|| self.unknown())
    }

    /// The error for a message that is not there.
    pub fn unknown(self) -> Error {
        Error::misuse(match self {
            Self::Id(id) => format!("no message {id}"),
            Self::Uid(uid) => format!("no message {}", quoted(uid)),
        })
    }
}

/// Whether a text cannot be a uid because it reads as an integer: `^\s*[+-]?\d+\s*$`.
pub fn reads_as_integer(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The id of the message that a uid names.
pub fn find(connection: &Rc<Connection>, uid: &[u8]) -> Result<Option<i64>> {
    const FIND: &str = "SELECT m.id FROM main.message_uids AS u \
         CROSS JOIN main.messages AS m ON m.id = u.message_id WHERE u.uid = +?1";
    let found = connection
        .prepare(FIND)
        .and_then(|mut find| find.once(&[Parameter::Text(uid)], |row| Ok(row.integer(0))));
    Ok(Connection::if_added(found)?.flatten())
}

/// The uid of a message.
pub fn of(connection: &Rc<Connection>, message: i64) -> Result<Option<Vec<u8>>> {
    match of_stored(connection, message)? {
        Some(uid) if links::exists(connection, message)? => Ok(Some(uid)),
        _ => Ok(None),
    }
}

/// The uid of a message that is there.
pub fn of_stored(connection: &Rc<Connection>, message: i64) -> Result<Option<Vec<u8>>> {
    const OF: &str = "SELECT uid FROM main.message_uids WHERE message_id = +?1";
    let uid = connection.prepare(OF).and_then(|mut of| {
        of.once(&[Parameter::Integer(message)], |row| {
            Ok(row.text(0)?.to_vec())
        })
    });
    Ok(Connection::if_added(uid)?.flatten())
}

/// Names a message. A uid that names a message already is the caller's to refuse: what is left of an earlier one is
/// replaced. For use inside [`Connection::atomically`].
pub fn set(connection: &Rc<Connection>, uid: &[u8], message: i64) -> Result<()> {
    // With a SELECT for the same reason as in `append`.
    let mut insert = connection
        .prepare("INSERT OR REPLACE INTO main.message_uids(uid, message_id) SELECT ?1, ?2")?;
    insert.run(&[Parameter::Text(uid), Parameter::Integer(message)])?;
    was_set(connection, uid)
}

/// Verifies that the INSERT of a uid, which has just been run, was not ignored.
pub fn was_set(connection: &Connection, uid: &[u8]) -> Result<()> {
    if connection.changes() == 1 {
        Ok(())
    } else {
        Err(Error::misuse(format!(
            "the uid {} was not stored; a trigger on message_uids ignored it",
            quoted(uid)
        )))
    }
}

/// Takes the uids off messages that are being deleted.
pub struct Forget(Option<Statement>);

impl Forget {
    /// For a database that has uids, or none.
    pub fn new(connection: &Rc<Connection>) -> Result<Self> {
        // Most files have no uids at all, which one look tells.
        let any = connection
            .prepare("SELECT 1 FROM main.message_uids LIMIT 1")
            .and_then(|mut any| any.once(&[], |_| Ok(())));
        let any = Connection::if_added(any)?.flatten().is_some();
        if !any {
            return Ok(Self(None));
        }
        connection
            .prepare_added("DELETE FROM main.message_uids WHERE message_id = +?1")
            .map(Self)
    }

    /// Takes the uid off a message.
    pub fn message(&mut self, id: i64) -> Result<()> {
        match &mut self.0 {
            Some(statement) => statement.run(&[Parameter::Integer(id)]),
            None => Ok(()),
        }
    }

    /// Takes the uids off all messages of a thread, which are still there.
    pub fn thread(&mut self, connection: &Rc<Connection>, thread: &[u8]) -> Result<()> {
        if self.0.is_some() {
            for id in thread::messages(connection, thread)? {
                self.message(id)?;
            }
        }
        Ok(())
    }
}
