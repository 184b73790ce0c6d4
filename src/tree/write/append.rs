//! Adding messages, and choosing which branch is the current one.

use std::rc::Rc;

use crate::error::{quoted, Error, Result};
use crate::sqlite::{Connection, Parameter};
use crate::tree::rows::links;
use crate::tree::rows::thread;

/// A message that is to be stored.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// Who speaks.
    pub role: &'a [u8],
    /// What is said.
    pub content: &'a [u8],
    /// JSON.
    pub item_json: Option<&'a [u8]>,
    /// Unix seconds.
    pub created_at: i64,
}

/// Adds a child of a thread's leaf, and makes it the leaf.
pub fn append(connection: &Rc<Connection>, thread: &[u8], draft: Draft<'_>) -> Result<i64> {
    connection.atomically(|| {
        let leaf =
            thread::present_leaf(connection, thread)?.ok_or_else(|| thread::unknown(thread))?;
        add(connection, thread, leaf, draft)
    })
}

/// Adds a child of a message, and makes it its thread's leaf.
pub fn fork(connection: &Rc<Connection>, message: i64, draft: Draft<'_>) -> Result<i64> {
    connection.atomically(|| {
        let thread = thread_of(connection, message)?;
        add(connection, &thread, Some(message), draft)
    })
}

/// Adds a sibling of a message, and makes it its thread's leaf.
pub fn alternative(connection: &Rc<Connection>, message: i64, draft: Draft<'_>) -> Result<i64> {
    connection.atomically(|| {
        let thread = thread_of(connection, message)?;
        let parent = links::parent(connection, message)?.flatten();
        if let Some(parent) = parent {
            if !links::exists(connection, parent)? {
                return Err(links::missing(parent, Some(message)));
            }
        }
        add(connection, &thread, parent, draft)
    })
}

/// Makes a message its thread's leaf, or puts the leaf before the first message.
pub fn switch(connection: &Rc<Connection>, thread: &[u8], message: Option<i64>) -> Result<()> {
    connection.atomically(|| {
        if !thread::exists(connection, thread)? {
            return Err(thread::unknown(thread));
        }
        if let Some(message) = message {
            let owner =
                thread::of_message(connection, message)?.ok_or_else(|| unknown_message(message))?;
            if owner != thread {
                return Err(Error::misuse(format!(
                    "message {message} is not in thread {}",
                    quoted(thread)
                )));
            }
        }
        set_leaf(connection, thread, message)
    })
}

/// The error for a message that is not there.
pub fn unknown_message(id: i64) -> Error {
    Error::misuse(format!("no message {id}"))
}

/// The thread of a message. Both must be there.
pub fn thread_of(connection: &Rc<Connection>, message: i64) -> Result<Vec<u8>> {
    let thread =
        thread::of_message(connection, message)?.ok_or_else(|| unknown_message(message))?;
    if !thread::exists(connection, &thread)? {
        return Err(Error::corrupt(format!(
            "message {message}: its thread {} is missing",
            quoted(&thread)
        )));
    }
    Ok(thread)
}

fn add(
    connection: &Rc<Connection>,
    thread: &[u8],
    parent: Option<i64>,
    draft: Draft<'_>,
) -> Result<i64> {
    // With a SELECT, SQLite keeps a statement journal: when the disk is full, it takes back this statement, and with
    // VALUES it would take back the caller's whole transaction.
    let mut insert = connection.prepare(
        "INSERT INTO main.messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
         SELECT ?1, ?2, ?3, ?4, ?5, ?6",
    )?;
    insert.run(&[
        Parameter::Text(thread),
        Parameter::Text(draft.role),
        Parameter::Text(draft.content),
        draft.item_json.map_or(Parameter::Null, Parameter::Text),
        Parameter::Integer(draft.created_at),
        optional(parent),
    ])?;
    let id = inserted(connection)?;
    set_leaf(connection, thread, Some(id))?;
    Ok(id)
}

/// The id of the message that an INSERT has just stored.
pub fn inserted(connection: &Rc<Connection>) -> Result<i64> {
    if connection.changes() == 1 {
        Ok(connection.last_insert_rowid())
    } else {
        Err(Error::misuse(
            "the message was not stored; a trigger on messages ignored it, or messages is not a table",
        ))
    }
}

/// Sets the leaf of a thread that is there.
pub fn set_leaf(connection: &Rc<Connection>, thread: &[u8], leaf: Option<i64>) -> Result<()> {
    let mut update =
        connection.prepare("UPDATE main.threads SET current_leaf_id = ?2 WHERE id = +?1")?;
    update.run(&[Parameter::Text(thread), optional(leaf)])?;
    if connection.changes() == 1 {
        Ok(())
    } else {
        Err(Error::misuse(
            "the leaf was not moved; a trigger on threads ignored it, or threads is not a table",
        ))
    }
}

/// An integer or NULL.
pub fn optional(integer: Option<i64>) -> Parameter<'static> {
    integer.map_or(Parameter::Null, Parameter::Integer)
}
