//! Deleting messages.

use std::rc::Rc;

use crate::error::{push, Error, Result};
use crate::sqlite::{Connection, Kind, Parameter};
use crate::tree::rows::links;
use crate::tree::rows::thread;
use crate::tree::rows::uids::{self, Message};
use crate::tree::shape::descendants::Below;
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
    Ok(connection.changes())
}

/// Deletes a message with all that is below it. Gives the number of messages. Every thread whose leaf was among them
/// has the message's parent for its leaf afterwards, or none if that is missing.
pub fn prune(connection: &Rc<Connection>, message: Message<'_>) -> Result<i64> {
    connection.atomically(|| {
        let id = message.known_id(connection)?;
        let parent = links::parent(connection, id)?.ok_or_else(|| message.unknown())?;
        let mut ids = Vec::new();
        let mut below = Below::of(connection, id)?;
        while let Some(id) = below.next()? {
            push(&mut ids, id)?;
        }
        drop(below);
        ids.sort_unstable();
        let leaf = match parent {
            Some(parent) if links::exists(connection, parent)? => Some(parent),
            _ => None,
        };
        move_leaves(connection, &ids, leaf)?;
        let mut delete = connection.prepare("DELETE FROM main.messages WHERE id = +?1")?;
        let mut labels = label::Forget::new(connection)?;
        let mut uids = uids::Forget::new(connection)?;
        for id in &ids {
            labels.message(*id)?;
            uids.message(*id)?;
            delete.run(&[Parameter::Integer(*id)])?;
            if connection.changes() != 1 {
                return Err(Error::misuse(format!(
                    "message {id} was not deleted; a trigger on messages ignored it, or messages is not a table"
                )));
            }
        }
        i64::try_from(ids.len()).map_err(|_| Error::no_memory())
    })
}

/// Moves every leaf that is one of these messages, whose ids are sorted.
fn move_leaves(connection: &Rc<Connection>, ids: &[i64], leaf: Option<i64>) -> Result<()> {
    let mut rows = Vec::new();
    let mut threads = connection.prepare(
        "SELECT rowid, current_leaf_id FROM main.threads WHERE current_leaf_id IS NOT NULL",
    )?;
    threads.start(&[])?;
    while threads.step()? {
        if threads.kind(1) == Kind::Integer && ids.binary_search(&threads.integer(1)).is_ok() {
            push(&mut rows, threads.integer(0))?;
        }
    }
    drop(threads);
    let mut update =
        connection.prepare("UPDATE main.threads SET current_leaf_id = ?2 WHERE rowid = +?1")?;
    for row in rows {
        update.run(&[Parameter::Integer(row), optional(leaf)])?;
        if connection.changes() != 1 {
            return Err(Error::misuse(
                "a leaf was not moved; a trigger on threads ignored it",
            ));
        }
    }
    Ok(())
}
