//! Labels: names for places in a thread.
//!
//! Other programs do not know their table. So a label whose message is gone, or is in another thread now, does not
//! exist: it is not counted, not copied, and is in nobody's way.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Connection, Parameter, Statement};
use crate::tree::rows::thread;
use crate::tree::rows::uids::Message;
use crate::tree::write::append::located;

/// Gives a message a label, which no other message of its thread has then. Without a time it is `now`, or stays what
/// it was if the message has that label already. Gives the number of labels changed.
pub fn set(
    connection: &Rc<Connection>,
    message: Message<'_>,
    label: &[u8],
    created_at: Option<i64>,
    now: i64,
) -> Result<i64> {
    connection.atomically(|| {
        let (message, thread) = located(connection, message)?;
        let mut set = connection.prepare(
            "INSERT INTO main.message_labels(thread_id, label, message_id, created_at) \
             SELECT ?1, ?2, ?3, coalesce(?4, ?5) WHERE true \
             ON CONFLICT(thread_id, label) DO UPDATE \
             SET message_id = excluded.message_id, created_at = excluded.created_at \
             WHERE message_id <> excluded.message_id OR created_at <> ?4",
        )?;
        set.run(&[
            Parameter::Text(&thread),
            Parameter::Text(label),
            Parameter::Integer(message),
            created_at.map_or(Parameter::Null, Parameter::Integer),
            Parameter::Integer(now),
        ])?;
        Ok(connection.changes())
    })
}

/// Takes all labels off a message. Gives their number.
pub fn remove_all(connection: &Rc<Connection>, message: Message<'_>) -> Result<i64> {
    connection.atomically(|| {
        let (message, thread) = located(connection, message)?;
        let mut delete = connection.prepare(
            "DELETE FROM main.message_labels WHERE message_id = +?1 AND thread_id = +?2",
        )?;
        delete.run(&[Parameter::Integer(message), Parameter::Text(&thread)])?;
        Ok(connection.changes())
    })
}

/// Removes one label of a thread. Gives the number of labels removed.
pub fn remove(connection: &Rc<Connection>, thread: &[u8], label: &[u8]) -> Result<i64> {
    connection.atomically(|| {
        if !thread::exists(connection, thread)? {
            return Err(thread::unknown(thread));
        }
        let key = [Parameter::Text(thread), Parameter::Text(label)];
        let mut find = connection.prepare(
            "SELECT EXISTS (SELECT 1 FROM main.messages AS m \
                            WHERE m.id = l.message_id AND m.thread_id = l.thread_id) \
             FROM main.message_labels AS l WHERE thread_id = +?1 AND label = +?2",
        )?;
        let found = find.once(&key, |row| Ok(row.integer(0)))?;
        let mut delete = connection
            .prepare("DELETE FROM main.message_labels WHERE thread_id = +?1 AND label = +?2")?;
        delete.run(&key)?;
        Ok(found.unwrap_or(0).min(connection.changes()))
    })
}

/// Whether any message has a label. Most files have none at all, or not even the table.
fn any(connection: &Rc<Connection>) -> Result<bool> {
    let any = connection
        .prepare("SELECT 1 FROM main.message_labels LIMIT 1")
        .and_then(|mut any| any.once(&[], |_| Ok(())));
    Ok(Connection::if_added(any)?.flatten().is_some())
}

/// Takes the labels off messages that are being deleted.
pub struct Forget(Option<Statement>);

impl Forget {
    /// For a database that has labels, or none.
    pub fn new(connection: &Rc<Connection>) -> Result<Self> {
        if !any(connection)? {
            return Ok(Self(None));
        }
        connection
            .prepare("DELETE FROM main.message_labels WHERE message_id = +?1")
            .map(|delete| Self(Some(delete)))
    }

    /// Takes all labels off a message.
    pub fn message(&mut self, id: i64) -> Result<()> {
        match &mut self.0 {
            Some(statement) => statement.run(&[Parameter::Integer(id)]),
            None => Ok(()),
        }
    }
}

/// Removes all labels of a thread whose messages are being deleted.
pub fn forget_thread(connection: &Rc<Connection>, thread: &[u8]) -> Result<()> {
    if !any(connection)? {
        return Ok(());
    }
    connection
        .prepare("DELETE FROM main.message_labels WHERE thread_id = +?1")?
        .run(&[Parameter::Text(thread)])
}

/// Copies the labels of messages that are being copied into a new thread.
pub struct Copy(Option<Statement>);

impl Copy {
    /// For a database that has labels, or none.
    pub fn new(connection: &Rc<Connection>) -> Result<Self> {
        if !any(connection)? {
            return Ok(Self(None));
        }
        // A path that goes through several threads may have a label twice. The one nearer to the leaf stays.
        let copy = connection.prepare(
            "INSERT OR REPLACE INTO main.message_labels(thread_id, label, message_id, created_at) \
             SELECT ?1, l.label, ?2 + (l.message_id - ?3), l.created_at FROM main.message_labels AS l \
             JOIN main.messages AS m ON m.id = l.message_id AND m.thread_id = l.thread_id \
             WHERE l.message_id BETWEEN ?3 AND ?4 ORDER BY l.message_id",
        )?;
        Ok(Self(Some(copy)))
    }

    /// Gives the copies of consecutive messages, of which the first is `copy`, the labels that the messages have.
    pub fn messages(&mut self, new_thread: &[u8], first: i64, last: i64, copy: i64) -> Result<()> {
        match &mut self.0 {
            Some(statement) => statement.run(&[
                Parameter::Text(new_thread),
                Parameter::Integer(copy),
                Parameter::Integer(first),
                Parameter::Integer(last),
            ]),
            None => Ok(()),
        }
    }
}
