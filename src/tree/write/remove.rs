//! Deleting messages.

use std::collections::HashSet;
use std::rc::Rc;

use crate::code;
use crate::error::{push, Error, Result};
use crate::sqlite::{Connection, Kind, Parameter};
use crate::tree::rows::links;
use crate::tree::rows::thread;
use crate::tree::rows::uids::{self, Message};
use crate::tree::shape::descendants::Descendants;
use crate::tree::write::append::{optional, set_leaf};
use crate::tree::write::label;

/// Deletes all of a thread's messages. Gives their number.
pub fn clear(connection: &Rc<Connection>, thread: &[u8]) -> Result<i64> {
    connection.atomically(|| {
        if !thread::exists(connection, thread)? {
            return Err(thread::unknown(thread));
        }
        set_leaf(connection, thread, None)?;
        label::forget_thread(connection, thread)?;
        uids::Forget::new(connection)?.thread(connection, thread)?;
        messages_of(connection, thread)
    })
}

/// Deletes the rows of a thread's messages. Gives their number. For use inside [`Connection::atomically`].
pub fn messages_of(connection: &Rc<Connection>, thread: &[u8]) -> Result<i64> {
    let mut delete = connection.prepare("DELETE FROM main.messages WHERE thread_id = +?1")?;
    delete.run(&[Parameter::Text(thread)])?;
    let deleted = connection.changes();
    let mut left =
        connection.prepare("SELECT id FROM main.messages WHERE thread_id = +?1 LIMIT 1")?;
    match left.once(&[Parameter::Text(thread)], |row| Ok(row.integer(0)))? {
        None => Ok(deleted),
        Some(id) => Err(not_deleted(id)),
    }
}

fn not_deleted(id: i64) -> Error {
    Error::misuse(format!(
        "message {id} was not deleted; a trigger on messages ignored it, or messages is not a table"
    ))
}

/// Deletes a message with all its descendants. Gives the number of messages. Every thread whose leaf was among them has the
/// message's parent for its leaf afterwards; if that is another thread's, the nearest of its own rootward; or none.
pub fn prune(connection: &Rc<Connection>, message: Message<'_>) -> Result<i64> {
    connection.atomically(|| {
        let id = message.known_id(connection)?;
        let parent = links::parent(connection, id)?.ok_or_else(|| message.unknown())?;
        let mut ids = Vec::new();
        let mut descendants = Descendants::of(connection, id)?;
        while let Some(id) = descendants.next()? {
            push(&mut ids, id)?;
        }
        drop(descendants);
        ids.sort_unstable();
        move_leaves(connection, &ids, parent)?;
        let mut delete = connection.prepare("DELETE FROM main.messages WHERE id = +?1")?;
        let mut labels = label::Forget::new(connection)?;
        let mut uids = uids::Forget::new(connection)?;
        // From the lowest up, so that a table whose parents are a foreign key keeps its own rules.
        for id in ids.iter().rev() {
            labels.message(*id)?;
            uids.message(*id)?;
            delete.run(&[Parameter::Integer(*id)])?;
            if connection.changes() != 1 {
                return Err(not_deleted(*id));
            }
        }
        i64::try_from(ids.len()).map_err(|_| Error::no_memory())
    })
}

/// Moves every leaf that is one of these messages, whose ids are sorted, to its thread's nearest message from `parent` up.
fn move_leaves(connection: &Rc<Connection>, ids: &[i64], parent: Option<i64>) -> Result<()> {
    let mut rows = Vec::new();
    let mut threads = connection.prepare(
        "SELECT rowid, current_leaf_id, id FROM main.threads WHERE current_leaf_id IS NOT NULL",
    )?;
    threads.start(&[])?;
    while threads.step()? {
        if threads.kind(1) == Kind::Integer && ids.binary_search(&threads.integer(1)).is_ok() {
            push(&mut rows, (threads.integer(0), threads.text(2)?.to_vec()))?;
        }
    }
    drop(threads);
    let mut update =
        connection.prepare("UPDATE main.threads SET current_leaf_id = ?2 WHERE rowid = +?1")?;
    for (row, thread) in rows {
        let leaf = nearest(connection, parent, &thread)?;
        update.run(&[Parameter::Integer(row), optional(leaf)])?;
        if connection.changes() != 1 {
            return Err(Error::misuse(
                "a leaf was not moved; a trigger on threads ignored it",
            ));
        }
    }
    Ok(())
}

/// The first message of a thread from this one up. None where there is none before the path ends or is broken.
fn nearest(connection: &Rc<Connection>, from: Option<i64>, thread: &[u8]) -> Result<Option<i64>> {
    let mut seen = HashSet::new();
    let mut at = from;
    while let Some(id) = at {
        seen.try_reserve(1).map_err(|_| Error::no_memory())?;
        match thread::of_message(connection, id)? {
            Some(owner) if owner == thread => return Ok(at),
            Some(_) if seen.insert(id) => {}
            _ => break,
        }
        at = match links::parent(connection, id) {
            Err(error) if error.code() == code::CORRUPT_VTAB => break,
            parent => parent?.flatten(),
        };
    }
    Ok(None)
}
