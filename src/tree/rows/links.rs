//! From a message to its parent, whole stretches at once.
//!
//! In a conversation that nobody branched, a message's parent is the one with the id before it. The index
//! `branch_messages_jumps` holds only the other messages: those whose parent is not the one just before, "jumps". So
//! for any message, the largest jump at or below it in that index tells a whole *run*: from the jump up to the message,
//! each is the child of the one before it. A linear stretch of any length takes one seek.
//!
//! What the index cannot tell is whether messages within a run are there at all. [`verify`](super::verify) does, so that a
//! missing ancestor is an error and never a silently shortened history.
//!
//! Where that index is missing (a database that was not migrated), every message is a run of its own.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sqlite::{Connection, Kind, Parameter, Statement};
use crate::tree::rows::density;
use crate::tree::rows::fed::Fed;
use crate::tree::rows::scan::{Direction, Scan};
use crate::tree::rows::thread;

const JUMPS_DESCENDING: &str =
    "SELECT id, parent_entry_id FROM main.messages INDEXED BY branch_messages_jumps \
     WHERE parent_entry_id IS NOT id - 1 AND id <= +?1 ORDER BY id DESC";
const JUMPS_ASCENDING: &str =
    "SELECT id, parent_entry_id FROM main.messages INDEXED BY branch_messages_jumps \
     WHERE parent_entry_id IS NOT id - 1 AND id >= +?1 ORDER BY id";
const EACH_DESCENDING: &str =
    "SELECT id, parent_entry_id FROM main.messages WHERE id <= +?1 ORDER BY id DESC";
const EACH_ASCENDING: &str =
    "SELECT id, parent_entry_id FROM main.messages WHERE id >= +?1 ORDER BY id";
const JUMP: &str = "SELECT m.id, m.parent_entry_id FROM branch_feed(?1) AS ids \
     CROSS JOIN main.messages AS m INDEXED BY branch_messages_jumps \
     WHERE m.parent_entry_id IS NOT m.id - 1 AND m.id = ids.rowid";
const PARENT: &str = "SELECT m.parent_entry_id FROM branch_feed(?1) AS ids \
     CROSS JOIN main.messages AS m WHERE m.id = ids.rowid";
/// How many entries are worth stepping over. With 2, a question where each message has two alternatives would read rows instead:
/// half the instructions, and many times the pages.
const NEAR: u32 = 5;

/// Messages of which each is the child of the one with the id before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The one nearest to the root, whose id is the lowest.
    pub first: i64,
    /// The one nearest to the leaf, whose id is the highest.
    pub last: i64,
    /// The parent of the first.
    pub parent: Option<i64>,
}

impl Run {
    /// Whether a message is part of it.
    pub fn contains(&self, id: i64) -> bool {
        (self.first..=self.last).contains(&id)
    }

    /// The number of its messages, less one.
    pub fn steps(&self) -> u64 {
        self.first.abs_diff(self.last)
    }
}

/// Looks up single jumps. Where the messages of many threads are mixed, each is a jump, with many others before the next
/// one that is wanted, and a statement that is fed with ids costs half of what it costs to start the scan anew.
struct Single {
    fed: Fed,
    /// How many of the latest messages were jumps that had to be sought.
    alone: u32,
}

impl Single {
    /// After how many it is worth to expect another one.
    const ENOUGH: u32 = 3;

    fn new(connection: &Rc<Connection>) -> Self {
        Self {
            fed: Fed::new(connection, JUMP),
            alone: 0,
        }
    }

    /// Notes whether the scan has found such a one.
    #[inline(always)]
    fn note(&mut self, alone: bool) {
        self.alone = if alone { self.alone + 1 } else { 0 };
    }

    /// The parent of a message, if it is likely to be a jump, and is one.
    fn parent(&mut self, id: i64) -> Result<Option<Option<i64>>> {
        if self.alone < Self::ENOUGH {
            return Ok(None);
        }
        if self.fed.find(id)? {
            if let Some(row) = self.fed.row() {
                return parent_in(row, 1, id).map(Some);
            }
        }
        self.alone = 0;
        Ok(None)
    }
}

/// Reads links between messages, best in one direction of ids: runs in descending order, parents in ascending.
pub struct Links {
    connection: Rc<Connection>,
    scan: Scan,
    direction: Direction,
    /// Whether the scan is over jumps only.
    jumps: bool,
    single: Single,
    /// Where rows are asked instead.
    rows: Option<Fed>,
}

impl Links {
    /// Opens the index of jumps.
    pub fn open(connection: &Rc<Connection>, direction: Direction) -> Result<Self> {
        let sql = match direction {
            Direction::Ascending => JUMPS_ASCENDING,
            Direction::Descending => JUMPS_DESCENDING,
        };
        let (statement, jumps) = match connection.prepare(sql) {
            Ok(statement) => (statement, true),
            Err(error) if error.lacks_index() => (each(connection, direction)?, false),
            Err(error) => return Err(error),
        };
        Ok(Self {
            connection: Rc::clone(connection),
            scan: Scan::new(statement, direction, NEAR),
            direction,
            jumps,
            single: Single::new(connection),
            rows: None,
        })
    }

    /// For the parents of these messages, which are sorted. Where few of them follow one another, nearly each is a jump, and in
    /// a large file costs a page of the index; its row, if it is short, costs no more, and is read anyway as a rule.
    pub fn for_ids(connection: &Rc<Connection>, ids: &[i64]) -> Result<Self> {
        let mut links = Self::open(connection, Direction::Ascending)?;
        if !thread::are_compact(ids) && density::rows_are_short(connection) {
            links.rows = Some(Fed::new(connection, PARENT));
        }
        Ok(links)
    }

    /// Whether the latest message was sought, rather than a few steps along the index away.
    pub fn seeks(&self) -> bool {
        self.scan.sought() || self.single.alone >= Single::ENOUGH
    }

    /// Goes to the nearest jump from a message on in the direction, and gives its id.
    fn seek(&mut self, id: i64) -> Result<Option<i64>> {
        let found = match self.scan.seek(id) {
            // A statement that was kept from a time when the index was there.
            Err(error) if self.jumps && error.lacks_index() => {
                let each = each(&self.connection, self.direction)?;
                self.scan = Scan::new(each, self.direction, NEAR);
                self.jumps = false;
                self.scan.seek(id)?
            }
            other => other?,
        };
        self.single
            .note(self.jumps && self.scan.sought() && found == Some(id));
        Ok(found)
    }

    /// The parent of a message that is there.
    pub fn parent(&mut self, id: i64) -> Result<Option<i64>> {
        if let Some(rows) = &mut self.rows {
            if rows.find(id)? {
                if let Some(row) = rows.row() {
                    return parent_in(row, 0, id);
                }
            }
        }
        if let Some(parent) = self.single.parent(id)? {
            return Ok(parent);
        }
        if self.seek(id)? == Some(id) {
            parent_in(self.scan.row(), 1, id)
        } else {
            Ok(id.checked_sub(1))
        }
    }

    /// The run that ends at a message. `child` is the message whose parent it is, for the text of an error.
    ///
    /// Messages of a run that has several are not known to be there: see [`super::verify`].
    pub fn run(&mut self, last: i64, child: Option<i64>) -> Result<Run> {
        if let Some(parent) = self.single.parent(last)? {
            return Ok(Run {
                first: last,
                last,
                parent,
            });
        }
        match self.seek(last)? {
            // Without this, a walk along a damaged index might never end.
            Some(first) if first > last => Err(Error::corrupt(format!(
                "message {first} is not where an index has it; run REINDEX"
            ))),
            Some(first) if self.jumps || first == last => Ok(Run {
                first,
                last,
                parent: parent_in(self.scan.row(), 1, first)?,
            }),
            _ if self.jumps => {
                // The way ends at a message that is missing, and what is below that is there.
                let end = highest_missing(&self.connection, i64::MIN, last)?;
                match end.checked_add(1) {
                    Some(first) if first <= last => Ok(Run {
                        first,
                        last,
                        parent: Some(end),
                    }),
                    _ => Err(missing(last, child)),
                }
            }
            _ => Err(missing(last, child)),
        }
    }
}

/// The highest id in a run of which there is no message, or the one before the run.
pub fn highest_missing(connection: &Rc<Connection>, first: i64, last: i64) -> Result<i64> {
    let mut ids = connection
        .prepare("SELECT id FROM main.messages WHERE id <= +?1 AND id >= +?2 ORDER BY id DESC")?;
    ids.start(&[last, first])?;
    let mut expected = last;
    while ids.step()? && ids.integer(0) == expected {
        let Some(next) = expected.checked_sub(1) else {
            break;
        };
        expected = next;
    }
    Ok(expected)
}

/// The error for a message that is not there.
pub fn missing(id: i64, child: Option<i64>) -> Error {
    match child {
        Some(child) => Error::corrupt(format!("message {child}: its parent {id} is missing")),
        None => Error::corrupt(format!("message {id} is missing")),
    }
}

/// The error for a message whose row has another parent than an index says.
pub fn unlike_index(id: i64) -> Error {
    Error::corrupt(format!(
        "message {id}: its parent is not as an index says; run REINDEX"
    ))
}

/// Reads the parent of a message from a column of a row.
pub fn parent_in(row: &Statement, column: i32, id: i64) -> Result<Option<i64>> {
    match row.kind(column) {
        Kind::Integer => Ok(Some(row.integer(column))),
        Kind::Null => Ok(None),
        _ => Err(Error::corrupt(format!(
            "message {id}: its parent_entry_id is not an integer"
        ))),
    }
}

/// All jumps from the message `?1` on, ascending, for [`jump_in`]. Fails where the index is missing.
pub fn jumps(connection: &Rc<Connection>) -> Result<Statement> {
    connection.prepare(JUMPS_ASCENDING)
}

/// A jump and its parent, from a row of [`jumps`].
pub fn jump_in(row: &Statement) -> Result<(i64, Option<i64>)> {
    let id = row.integer(0);
    Ok((id, parent_in(row, 1, id)?))
}

/// The same for all messages, where the index is missing.
fn each(connection: &Rc<Connection>, direction: Direction) -> Result<Statement> {
    connection.prepare(match direction {
        Direction::Ascending => EACH_ASCENDING,
        Direction::Descending => EACH_DESCENDING,
    })
}

/// Counts children, best of messages in ascending order.
pub struct ChildCount(Scan);

impl ChildCount {
    /// Opens the index.
    pub fn open(connection: &Rc<Connection>) -> Result<Self> {
        let statement = connection.prepare(
            "SELECT parent_entry_id FROM main.messages WHERE parent_entry_id >= +?1 \
             ORDER BY parent_entry_id",
        )?;
        Ok(Self(Scan::new(statement, Direction::Ascending, 4)))
    }

    /// The number of a message's children, in all threads.
    pub fn of(&mut self, id: i64) -> Result<u32> {
        let mut count = 0;
        let mut parent = self.0.seek(id)?;
        while parent == Some(id) {
            count += 1;
            parent = self.0.step()?;
        }
        Ok(count)
    }

    /// Whether a message has any.
    pub fn any(&mut self, id: i64) -> Result<bool> {
        Ok(self.0.seek(id)? == Some(id))
    }
}

/// Whether a message is there.
pub fn exists(connection: &Rc<Connection>, id: i64) -> Result<bool> {
    let mut statement = connection.prepare("SELECT 1 FROM main.messages WHERE id = +?1")?;
    statement.start(&[id])?;
    statement.step()
}

/// Whether any message has a parent that is not older than itself. Only then can there be cycles, and only then do
/// ids say nothing about who may be above whom.
pub fn any_later_parent(connection: &Rc<Connection>) -> Result<bool> {
    const INDEXED: &str = "SELECT 1 FROM main.messages INDEXED BY branch_messages_later \
         WHERE parent_entry_id >= id LIMIT 1";
    let indexed = connection
        .prepare(INDEXED)
        .and_then(|mut statement| statement.once(&[], |_| Ok(())));
    match indexed {
        Ok(found) => Ok(found.is_some()),
        // Without the index it would take reading everything. Careful is right either way, and cheaper.
        Err(error) if error.lacks_index() => Ok(true),
        Err(error) => Err(error),
    }
}

/// A message's parent, which is None for a first message; None altogether if there is no such message.
pub fn parent(connection: &Rc<Connection>, id: i64) -> Result<Option<Option<i64>>> {
    let mut statement =
        connection.prepare("SELECT id, parent_entry_id FROM main.messages WHERE id = +?1")?;
    statement.once(&[Parameter::Integer(id)], |row| parent_in(row, 1, id))
}
