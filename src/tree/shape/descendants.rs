//! Leafward of a message: its children, and all its descendants.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::rc::Rc;

use crate::error::{push, Error, Result};
use crate::sqlite::Connection;
use crate::tree::rows::scan::{Direction, Scan};

/// The ids of a message's children, ascending.
pub fn children(connection: &Rc<Connection>, id: i64) -> Result<Vec<i64>> {
    let mut statement = connection
        .prepare("SELECT id FROM main.messages WHERE parent_entry_id = +?1 ORDER BY id")?;
    let mut ids = Vec::new();
    statement.start(&[id])?;
    while statement.step()? {
        push(&mut ids, statement.integer(0))?;
    }
    Ok(ids)
}

/// A message's position among the children of its parent, from 1, and their number.
pub fn place(connection: &Rc<Connection>, id: i64, parent: i64) -> Result<(i64, i64)> {
    let mut statement = connection
        .prepare("SELECT id <= +?2 FROM main.messages WHERE parent_entry_id = +?1 ORDER BY id")?;
    let (mut position, mut count) = (0, 0);
    statement.start(&[parent, id])?;
    while statement.step()? {
        position += statement.integer(0);
        count += 1;
    }
    Ok((position, count))
}

/// A message and all its descendants, in any thread. The smallest id that is known comes next each time, so that in sane
/// data the index on parents is read once, in ascending order.
///
/// A message has one parent, so a walk leafward meets nothing twice, unless it comes back to its start. But the links come
/// from an index, and that of a damaged file may say anything: what is met twice is an error. As long as links go to
/// higher ids, it would be met twice in a row; after one that does not, all that is met is remembered.
pub struct Descendants {
    start: i64,
    links: Scan,
    known: BinaryHeap<Reverse<i64>>,
    last: Option<i64>,
    met: Option<HashSet<i64>>,
}

impl Descendants {
    /// Starts at a message that is there.
    pub fn of(connection: &Rc<Connection>, start: i64) -> Result<Self> {
        let links = connection.prepare(
            "SELECT parent_entry_id, id FROM main.messages WHERE parent_entry_id >= +?1 \
             ORDER BY parent_entry_id, id",
        )?;
        Ok(Self {
            start,
            links: Scan::new(links, Direction::Ascending, 4),
            known: BinaryHeap::from([Reverse(start)]),
            last: None,
            met: None,
        })
    }

    /// The next message.
    pub fn next(&mut self) -> Result<Option<i64>> {
        let Some(Reverse(id)) = self.known.pop() else {
            return Ok(None);
        };
        let mut again = self.last.replace(id) == Some(id);
        if let Some(met) = &mut self.met {
            met.try_reserve(1).map_err(|_| Error::no_memory())?;
            again |= !met.insert(id);
        }
        if again {
            return Err(Error::corrupt(format!(
                "message {id} has two parents in an index; run REINDEX"
            )));
        }
        let mut parent = self.links.seek(id)?;
        while parent == Some(id) {
            let child = self.links.row().integer(1);
            if child == self.start {
                return Err(Error::corrupt(format!(
                    "message {child} is its own ancestor"
                )));
            }
            if child <= id {
                self.met.get_or_insert_default();
            }
            self.known.try_reserve(1).map_err(|_| Error::no_memory())?;
            self.known.push(Reverse(child));
            parent = self.links.step()?;
        }
        Ok(Some(id))
    }
}

/// The newest of a message that is there and its descendants.
pub fn tip(connection: &Rc<Connection>, id: i64) -> Result<i64> {
    let mut descendants = Descendants::of(connection, id)?;
    let mut tip = id;
    while let Some(id) = descendants.next()? {
        tip = tip.max(id);
    }
    Ok(tip)
}

/// The ids of all first messages in the thread of one, ascending.
pub fn first_messages(connection: &Rc<Connection>, id: i64) -> Result<Vec<i64>> {
    const INDEXED: &str = "SELECT id FROM main.messages INDEXED BY branch_messages_first \
         WHERE parent_entry_id IS NULL AND thread_id = (SELECT thread_id FROM main.messages WHERE id = +?1) \
         ORDER BY id";
    const ANY: &str = "SELECT id FROM main.messages \
         WHERE parent_entry_id IS NULL AND thread_id = (SELECT thread_id FROM main.messages WHERE id = +?1) \
         ORDER BY id";
    match first_by(connection, INDEXED, id) {
        Err(error) if error.lacks_index() => first_by(connection, ANY, id),
        other => other,
    }
}

fn first_by(connection: &Rc<Connection>, sql: &'static str, id: i64) -> Result<Vec<i64>> {
    let mut statement = connection.prepare(sql)?;
    let mut ids = Vec::new();
    statement.start(&[id])?;
    while statement.step()? {
        push(&mut ids, statement.integer(0))?;
    }
    Ok(ids)
}
