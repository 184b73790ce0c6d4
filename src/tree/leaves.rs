//! The messages of a thread that have no children: where its branches end.
//!
//! Nearly all messages of a conversation are followed by another one, and the index on jumps holds only those that are
//! not the child of the message before. Where a thread's messages have all the ids from its first to its last, that index
//! tells about all of them at once, and all that has to be read of the others is that they are there: which is a matter
//! of skipping entries of the index on thread and time, at a tenth of what it takes to read them.

use std::rc::Rc;

use super::links::{ChildCount, Parents};
use super::{links, thread};
use crate::code;
use crate::error::{filled, push, Result};
use crate::sqlite::{Connection, Kind, Parameter};

/// All ids from the first to the last.
#[derive(Clone, Copy)]
struct Range {
    first: i64,
    last: i64,
    /// Whether there are no other messages at all.
    everything: bool,
}

/// The thread's first message by time, its last one, and the lowest and the highest id of all threads' messages.
const ENDS: &str = "SELECT \
     (SELECT id FROM main.messages WHERE thread_id = +?1 ORDER BY created_at LIMIT 1), \
     (SELECT id FROM main.messages WHERE thread_id = +?1 ORDER BY created_at DESC, id DESC LIMIT 1), \
     (SELECT min(id) FROM main.messages), (SELECT max(id) FROM main.messages)";

/// The message that comes so many after the thread's first one in the index, and whether it is the thread's.
const SKIP: &str = "SELECT thread_id = +?1, id \
     FROM main.messages INDEXED BY idx_messages_thread_created_at \
     WHERE thread_id >= +?1 ORDER BY thread_id, created_at LIMIT 1 OFFSET ?2";

/// The first entry of the index, from the thread's first one, with an id below or above a range, and whether it is the
/// thread's.
const OUTSIDE: &str =
    "SELECT thread_id = +?1 FROM main.messages INDEXED BY idx_messages_thread_created_at \
     WHERE thread_id >= +?1 AND id NOT BETWEEN ?2 AND ?3 ORDER BY thread_id, created_at LIMIT 1";

/// Whether an index entry of the thread is so many steps after its first one. `first` is the id of that one if the entries'
/// ids are to be one by one; this is not looked at for each, but early enough to skip little in vain.
fn reaches(
    connection: &Rc<Connection>,
    thread: &[u8],
    first: Option<i64>,
    steps: i64,
) -> Result<bool> {
    let mut skip = connection.prepare(SKIP)?;
    let mut step = 512.min(steps);
    loop {
        let parameters = [Parameter::Text(thread), Parameter::Integer(step)];
        let found = skip.once(&parameters, |row| Ok((row.integer(0), row.integer(1))))?;
        let Some((1, id)) = found else {
            return Ok(false);
        };
        if step == steps {
            return Ok(true);
        }
        if first.is_some_and(|first| id.checked_sub(first) != Some(step)) {
            return Ok(false);
        }
        step = step.saturating_mul(4).min(steps);
    }
}

/// The range that a thread's messages fill, if they fill one.
fn range(connection: &Rc<Connection>, thread: &[u8]) -> Result<Option<Range>> {
    let text = Parameter::Text(thread);
    let mut ends = connection.prepare(ENDS)?;
    let found = ends.once(&[text], |row| {
        let all_there = (0..4).all(|column| row.kind(column) == Kind::Integer);
        Ok(all_there.then(|| [0, 1, 2, 3].map(|column| row.integer(column))))
    })?;
    let Some(Some([first, last, lowest, highest])) = found else {
        return Ok(None);
    };
    // A thread that has as many messages as there are ids has all of them, whatever their times.
    if let (true, Some(steps)) = (first == lowest, highest.checked_sub(lowest)) {
        if reaches(connection, thread, None, steps)? {
            return Ok(Some(Range {
                first: lowest,
                last: highest,
                everything: true,
            }));
        }
    }
    // One that has at least as many as the range has ids, and none outside, has all of these.
    let steps = match last.checked_sub(first) {
        Some(steps) if steps >= 0 => steps,
        _ => return Ok(None),
    };
    if !reaches(connection, thread, Some(first), steps)? {
        return Ok(None);
    }
    let bounds = [text, Parameter::Integer(first), Parameter::Integer(last)];
    let mut outside = connection.prepare(OUTSIDE)?;
    if outside.once(&bounds, |row| Ok(row.integer(0)))? == Some(1) {
        return Ok(None);
    }
    Ok(Some(Range {
        first,
        last,
        everything: false,
    }))
}

impl Range {
    /// The messages that have no children.
    fn leaves(&self, connection: &Rc<Connection>) -> Result<Vec<i64>> {
        let position = |id: i64| {
            let at = id.checked_sub(self.first)?;
            usize::try_from(at).ok().filter(|_| id <= self.last)
        };
        let length = position(self.last).map_or(0, |last| last.saturating_add(1));
        // Every message is the child of the one before ...
        let mut has_child = filled(length, true)?;
        if let Some(last) = has_child.last_mut() {
            *last = false;
        }
        // ... except for jumps, which are the children of others.
        let mut parents = Vec::new();
        let mut jumps = links::jumps(connection)?;
        jumps.start(&[self.first])?;
        while jumps.step()? && jumps.integer(0) <= self.last {
            let (id, parent) = links::jump_in(&jumps)?;
            if let Some(before) = id.checked_sub(1).and_then(position) {
                if let Some(mark) = has_child.get_mut(before) {
                    *mark = false;
                }
            }
            if let Some(parent) = parent.and_then(position) {
                push(&mut parents, parent)?;
            }
        }
        for parent in parents {
            if let Some(mark) = has_child.get_mut(parent) {
                *mark = true;
            }
        }
        let mut leaves = Vec::new();
        let mut children = ChildCount::open(connection)?;
        for (id, has_child) in (self.first..=self.last).zip(has_child) {
            // Those that are left may have children in other threads.
            if !has_child && (self.everything || !children.any(id)?) {
                push(&mut leaves, id)?;
            }
        }
        Ok(leaves)
    }
}

/// Those of a thread's messages that have no children in any thread, ascending.
pub fn of(connection: &Rc<Connection>, thread: &[u8]) -> Result<Vec<i64>> {
    if !thread::is_compact(connection, thread)? {
        return leaves_by_search(connection, thread);
    }
    let found = range(connection, thread).and_then(|range| match range {
        Some(range) => range.leaves(connection).map(Some),
        None => Ok(None),
    });
    match found {
        Ok(Some(leaves)) => Ok(leaves),
        Ok(None) => leaves_by_links(connection, thread),
        // An index is not there.
        Err(error) if error.code() == code::ERROR => leaves_by_links(connection, thread),
        Err(error) => Err(error),
    }
}

/// Where the thread's messages come one after the other, in its own links.
fn leaves_by_links(connection: &Rc<Connection>, thread: &[u8]) -> Result<Vec<i64>> {
    let mut ids = thread::messages(connection, thread)?;
    // Most messages are the parent of another one in the thread, which their children's links tell ...
    let mut parents = Parents::open(connection)?;
    let mut is_parent = filled(ids.len(), false)?;
    for (at, id) in ids.iter().enumerate() {
        if let Some(parent) = parents.of(*id)? {
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
    let mut statement = connection.prepare(
        "SELECT id FROM main.messages AS m WHERE thread_id = +?1 \
         AND NOT EXISTS (SELECT 1 FROM main.messages AS c WHERE c.parent_entry_id = +m.id)",
    )?;
    let mut ids = Vec::new();
    statement.start_text(thread)?;
    while statement.step()? {
        push(&mut ids, statement.integer(0))?;
    }
    ids.sort_unstable();
    Ok(ids)
}
