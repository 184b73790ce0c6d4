//! The messages of a thread that have no children: where its branches end.

use std::rc::Rc;

use crate::error::{filled, push, Result};
use crate::sqlite::Connection;
use crate::tree::rows::links::{ChildCount, Links};
use crate::tree::rows::scan::Direction;
use crate::tree::rows::thread;
use crate::tree::shape::dense::{Leaf, Range, Runs};
use crate::tree::shape::forest::Forest;

/// Those of a thread's messages that have no children in any thread, ascending.
pub fn of(connection: &Rc<Connection>, thread: &[u8]) -> Result<Vec<i64>> {
    if !thread::is_compact(connection, thread)? {
        return leaves_by_search(connection, thread);
    }
    match runs(connection, thread)? {
        Some(runs) => runs.leaves(connection),
        None => leaves_by_links(connection, thread),
    }
}

/// The same with their depths and forks.
pub fn measured(connection: &Rc<Connection>, thread: &[u8]) -> Result<Vec<Leaf>> {
    if thread::is_compact(connection, thread)? {
        if let Some(runs) = runs(connection, thread)? {
            if let Some(leaves) = runs.measured_leaves()? {
                return Ok(leaves);
            }
        }
    }
    let forest = Forest::of(connection, thread)?;
    let mut leaves = Vec::new();
    for at in 0..forest.len() {
        if forest.is_inside(at) && forest.children(at) == 0 {
            let leaf = Leaf {
                id: forest.id(at),
                depth: forest.depth(at),
                fork: forest.fork(at).map(|fork| forest.id(fork)),
            };
            push(&mut leaves, leaf)?;
        }
    }
    Ok(leaves)
}

/// The runs of a thread, if it fills a range of ids and all indexes are there.
fn runs(connection: &Rc<Connection>, thread: &[u8]) -> Result<Option<Runs>> {
    let found = Range::of(connection, thread).and_then(|range| match range {
        Some(range) => range.runs(connection).map(Some),
        None => Ok(None),
    });
    match found {
        Err(error) if error.lacks_index() => Ok(None),
        other => other,
    }
}

/// Where the thread's messages come one after the other, in its own links.
fn leaves_by_links(connection: &Rc<Connection>, thread: &[u8]) -> Result<Vec<i64>> {
    let mut ids = thread::messages(connection, thread)?;
    // Most messages are the parent of another one in the thread, which their children's links tell ...
    let mut parents = Links::open(connection, Direction::Ascending)?;
    let mut is_parent = filled(ids.len(), false)?;
    for (at, id) in ids.iter().enumerate() {
        if let Some(parent) = parents.parent(*id)? {
            let before = at
                .checked_sub(1)
                .filter(|before| ids.get(*before) == Some(&parent));
            let found = before.or_else(|| ids.binary_search(&parent).ok());
            if let Some(mark) = found.and_then(|at| is_parent.get_mut(at)) {
                *mark = true;
            }
        }
    }
    // ... and the others may have children in other threads.
    let mut children = ChildCount::open(connection)?;
    let mut outcome = Ok(());
    let mut is_parent = is_parent.into_iter();
    ids.retain(|id| {
        if is_parent.next() == Some(true) || outcome.is_err() {
            return false;
        }
        match children.any(*id) {
            Ok(any) => !any,
            Err(error) => {
                outcome = Err(error);
                false
            }
        }
    });
    outcome.map(|()| ids)
}

/// Where other threads' messages come between, by looking for a child of each.
fn leaves_by_search(connection: &Rc<Connection>, thread: &[u8]) -> Result<Vec<i64>> {
    // The plus keeps SQLite from taking a text for a number where the column of parents has no type.
    const CHILDLESS: &str = "SELECT id FROM main.messages AS m WHERE thread_id = +?1 \
         AND NOT EXISTS (SELECT 1 FROM main.messages AS c WHERE c.parent_entry_id = +m.id)";
    thread::selected(connection, thread, CHILDLESS)
}
