//! A thread's row, and the ids of its messages.

use std::rc::Rc;

use crate::error::{push, quoted, Error, Result};
use crate::sqlite::{Connection, Kind, Parameter, Statement};
use crate::tree::rows::snapshot::Snapshot;

/// Whether a thread is there.
pub fn exists(connection: &Rc<Connection>, thread: &[u8]) -> Result<bool> {
    let mut statement = connection.prepare("SELECT 1 FROM main.threads WHERE id = +?1")?;
    let found = statement.once(&[Parameter::Text(thread)], |_| Ok(()))?;
    Ok(found.is_some())
}

/// The error for a thread that is not there.
pub fn unknown(thread: &[u8]) -> Error {
    Error::misuse(format!("no thread {}", quoted(thread)))
}

/// A thread's current leaf with the message of that id, if it is there.
const LEAF: &str = "SELECT current_leaf_id, \
     (SELECT id FROM main.messages WHERE id = current_leaf_id) FROM main.threads WHERE id = +?1";

/// A thread's current leaf, which is None before the first message; None altogether if there is no such thread.
pub fn leaf(connection: &Rc<Connection>, thread: &[u8]) -> Result<Option<Option<i64>>> {
    let mut statement = connection.prepare(LEAF)?;
    statement.once(&[Parameter::Text(thread)], |row| leaf_in(row, thread))
}

/// As [`leaf`], and makes sure that the message is there.
pub fn present_leaf(connection: &Rc<Connection>, thread: &[u8]) -> Result<Option<Option<i64>>> {
    let mut statement = connection.prepare(LEAF)?;
    statement.once(&[Parameter::Text(thread)], |row| present_in(row, thread))
}

/// As [`present_leaf`], and holds on to that state of the database. No leaf if there is no such thread.
pub fn hold_leaf(connection: &Rc<Connection>, thread: &[u8]) -> Result<(Option<i64>, Snapshot)> {
    let mut statement = connection.prepare(LEAF)?;
    statement.start_text(thread)?;
    let leaf = if statement.step()? {
        present_in(&statement, thread)?
    } else {
        None
    };
    Ok((leaf, Snapshot::on(statement)))
}

fn leaf_in(row: &Statement, thread: &[u8]) -> Result<Option<i64>> {
    match row.kind(0) {
        Kind::Integer => Ok(Some(row.integer(0))),
        Kind::Null => Ok(None),
        _ => Err(Error::corrupt(format!(
            "thread {}: its current_leaf_id is not an integer",
            quoted(thread)
        ))),
    }
}

fn present_in(row: &Statement, thread: &[u8]) -> Result<Option<i64>> {
    let leaf = leaf_in(row, thread)?;
    match leaf {
        Some(leaf) if row.kind(1) == Kind::Null => Err(Error::corrupt(format!(
            "thread {}: its current leaf {leaf} is missing",
            quoted(thread)
        ))),
        _ => Ok(leaf),
    }
}

/// By the index on thread and time, which is all that is read. It is nearly sorted by id, as a rule.
const MESSAGES: &str = "SELECT id FROM main.messages WHERE thread_id = +?1 ORDER BY created_at";

/// The ids of a thread's messages, ascending.
pub fn messages(connection: &Rc<Connection>, thread: &[u8]) -> Result<Vec<i64>> {
    selected(connection, thread, MESSAGES)
}

/// The ids that a statement selects for a thread, ascending.
pub fn selected(connection: &Rc<Connection>, thread: &[u8], sql: &'static str) -> Result<Vec<i64>> {
    let mut statement = connection.prepare(sql)?;
    let mut ids = Vec::new();
    statement.start_text(thread)?;
    while statement.step()? {
        push(&mut ids, statement.integer(0))?;
    }
    ids.sort_unstable();
    Ok(ids)
}

/// Whether sorted ids are one by one, as a rule, going by the first ones.
pub fn are_compact(ids: &[i64]) -> bool {
    let sample = ids.get(..SAMPLE).unwrap_or(ids);
    let next = sample
        .windows(2)
        .filter(|pair| matches!(pair, [one, other] if one.checked_add(1) == Some(*other)))
        .count();
    2 * next >= sample.len().saturating_sub(1)
}

/// Of how many messages it is looked at.
const SAMPLE: usize = 64;

/// Whether a thread's messages have ids one by one, as a rule, going by its first ones.
pub fn is_compact(connection: &Rc<Connection>, thread: &[u8]) -> Result<bool> {
    let mut statement = connection.prepare(MESSAGES)?;
    let mut before = None;
    let (mut next, mut other) = (0, 0);
    statement.start_text(thread)?;
    while next + other < SAMPLE && statement.step()? {
        let id = statement.integer(0);
        if before == id.checked_sub(1) {
            next += 1;
        } else {
            other += 1;
        }
        before = Some(id);
    }
    Ok(next >= other)
}

/// The thread of a message: its bytes, or None if there is no such message.
pub fn of_message(connection: &Rc<Connection>, id: i64) -> Result<Option<Vec<u8>>> {
    let mut statement = connection.prepare("SELECT thread_id FROM main.messages WHERE id = +?1")?;
    statement.once(&[Parameter::Integer(id)], |row| Ok(row.text(0)?.to_vec()))
}
