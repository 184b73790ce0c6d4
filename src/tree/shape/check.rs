//! Finding what is broken in the stored trees.

use std::collections::HashSet;
use std::rc::Rc;

use crate::error::{push, quoted, Error, Result};
use crate::items::json;
use crate::sqlite::{Connection, Kind, Statement};
use crate::tree::rows::density;
use crate::tree::rows::links::{self, Parents};
use crate::tree::rows::thread;

/// Something that is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The thread's id. None where nobody knows it.
    pub thread: Option<Vec<u8>>,
    /// The message, or the id that a leaf should have.
    pub message: Option<i64>,
    /// What it is.
    pub problem: &'static str,
    /// More about it.
    pub detail: String,
}

/// A query for all threads, and the same for one.
macro_rules! queries {
    ($query:literal, $one:literal) => {
        [$query, concat!($query, " AND ", $one, " = +?1")]
    };
}

/// Problems of one thread or of all, by thread and message.
pub fn check(connection: &Rc<Connection>, thread: Option<&[u8]>) -> Result<Vec<Problem>> {
    let mut check = Check {
        connection,
        thread,
        problems: Vec::new(),
    };
    check.messages()?;
    check.cycles()?;
    check.leaves()?;
    check.threads()?;
    check.uids()?;
    check.labels()?;
    check.problems.sort_unstable();
    Ok(check.problems)
}

struct Check<'a> {
    connection: &'a Rc<Connection>,
    thread: Option<&'a [u8]>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    /// A started statement: the first query for all threads, the second one for one.
    fn query(&self, queries: [&'static str; 2]) -> Result<Statement> {
        let [all, one] = queries;
        Ok(match self.thread {
            None => {
                let mut statement = self.connection.prepare(all)?;
                statement.start(&[])?;
                statement
            }
            Some(thread) => {
                let mut statement = self.connection.prepare(one)?;
                statement.start_text(thread)?;
                statement
            }
        })
    }

    fn found(
        &mut self,
        thread: &[u8],
        message: Option<i64>,
        problem: &'static str,
        detail: String,
    ) -> Result<()> {
        push(
            &mut self.problems,
            Problem {
                thread: Some(thread.to_vec()),
                message,
                problem,
                detail,
            },
        )
    }

    /// What the messages themselves say. Of one thread, its rows are read once, and no others; of all, the table is scanned
    /// once, beside the index on parents.
    fn messages(&mut self) -> Result<()> {
        match self.thread {
            Some(thread) if density::rows_are_short(self.connection) => self.rows_of(thread),
            Some(thread) => {
                self.links_of(thread)?;
                self.items_of(thread)
            }
            None => match self.scan() {
                // The index is not there.
                Err(error) if error.lacks_index() => self.each_parent(),
                other => other,
            },
        }
    }

    fn rows_of(&mut self, thread: &[u8]) -> Result<()> {
        let ids = thread::messages(self.connection, thread)?;
        let mut rows = self.connection.prepare(
            "SELECT id, parent_entry_id, item_json FROM main.messages WHERE thread_id = +?1",
        )?;
        rows.start_text(thread)?;
        while rows.step()? {
            let id = rows.integer(0);
            let parent = match rows.kind(1) {
                Kind::Null => Ok(None),
                Kind::Integer => Ok(Some(rows.integer(1))),
                _ => Err(()),
            };
            self.parent(thread, &ids, id, parent)?;
            self.item(thread, id, &rows, 2)?;
        }
        Ok(())
    }

    /// Behind long contents, a row's parent is far to reach, and the indexes tell it too.
    fn links_of(&mut self, thread: &[u8]) -> Result<()> {
        let ids = thread::messages(self.connection, thread)?;
        let mut parents = Parents::open(self.connection)?;
        for id in &ids {
            let parent = match parents.of(*id) {
                Ok(parent) => Ok(parent),
                Err(error) if error.code() == crate::code::CORRUPT_VTAB => Err(()),
                Err(error) => return Err(error),
            };
            self.parent(thread, &ids, *id, parent)?;
        }
        Ok(())
    }

    fn items_of(&mut self, thread: &[u8]) -> Result<()> {
        let mut rows = self.connection.prepare(
            "SELECT id, item_json FROM main.messages WHERE thread_id = +?1 AND item_json IS NOT NULL",
        )?;
        rows.start_text(thread)?;
        while rows.step()? {
            self.item(thread, rows.integer(0), &rows, 1)?;
        }
        Ok(())
    }

    /// A message's parent, which is an error if it is not an integer. `ids` are messages that are there, sorted.
    fn parent(
        &mut self,
        thread: &[u8],
        ids: &[i64],
        id: i64,
        parent: std::result::Result<Option<i64>, ()>,
    ) -> Result<()> {
        let Ok(parent) = parent else {
            return self.no_integer(thread, id);
        };
        let Some(parent) = parent else {
            return Ok(());
        };
        if ids.binary_search(&parent).is_err() && !links::exists(self.connection, parent)? {
            self.missing(thread, id, parent)?;
        }
        if parent > id {
            self.later(thread, id, parent)?;
        }
        Ok(())
    }

    fn no_integer(&mut self, thread: &[u8], id: i64) -> Result<()> {
        let detail = "its parent_entry_id is not an integer".to_owned();
        self.found(thread, Some(id), "parent missing", detail)
    }

    fn missing(&mut self, thread: &[u8], id: i64, parent: i64) -> Result<()> {
        let detail = format!("its parent {parent} is missing");
        self.found(thread, Some(id), "parent missing", detail)
    }

    fn later(&mut self, thread: &[u8], id: i64, parent: i64) -> Result<()> {
        let detail = format!("its parent {parent} has a higher id");
        self.found(thread, Some(id), "parent in a later id", detail)
    }

    /// All threads. Parents come from their index in ascending order, and messages from the table: side by side, what is
    /// in the one and not in the other shows without a look-up.
    fn scan(&mut self) -> Result<()> {
        const PARENTS: &str = "SELECT parent_entry_id, id FROM main.messages INDEXED BY idx_messages_parent_entry_id \
             WHERE parent_entry_id IS NOT NULL ORDER BY parent_entry_id";
        const ROWS: &str = "SELECT id, thread_id, item_json FROM main.messages ORDER BY id";
        let mut parents = self.connection.prepare(PARENTS)?;
        parents.start(&[])?;
        let mut rows = self.connection.prepare(ROWS)?;
        rows.start(&[])?;
        let mut more = parents.step()?;
        loop {
            let id = rows.step()?.then(|| rows.integer(0));
            if let Some(id) = id {
                if rows.kind(2) != Kind::Null {
                    self.item(rows.text(1)?, id, &rows, 2)?;
                }
            }
            while more
                && id.is_none_or(|id| parents.kind(0) != Kind::Integer || parents.integer(0) <= id)
            {
                let child = parents.integer(1);
                let parent = (parents.kind(0) == Kind::Integer).then(|| parents.integer(0));
                if parent.is_none() || parent != id || parent > Some(child) {
                    let thread = thread::of_message(self.connection, child)?.unwrap_or_default();
                    match parent {
                        None => self.no_integer(&thread, child)?,
                        Some(parent) if Some(parent) != id => {
                            self.missing(&thread, child, parent)?
                        }
                        Some(_) => {}
                    }
                    if let Some(parent) = parent.filter(|parent| *parent > child) {
                        self.later(&thread, child, parent)?;
                    }
                }
                more = parents.step()?;
            }
            if id.is_none() {
                return Ok(());
            }
        }
    }

    /// The same, one by one.
    fn each_parent(&mut self) -> Result<()> {
        self.problems.clear();
        let mut rows = self.connection.prepare(
            "SELECT id, thread_id, item_json, parent_entry_id FROM main.messages ORDER BY id",
        )?;
        rows.start(&[])?;
        while rows.step()? {
            let (id, thread) = (rows.integer(0), rows.text(1)?);
            let parent = match rows.kind(3) {
                Kind::Null => Ok(None),
                Kind::Integer => Ok(Some(rows.integer(3))),
                _ => Err(()),
            };
            self.parent(thread, &[], id, parent)?;
            self.item(thread, id, &rows, 2)?;
        }
        Ok(())
    }

    /// A message's `item_json`, from a column of its row.
    fn item(&mut self, thread: &[u8], id: i64, row: &Statement, column: i32) -> Result<()> {
        let why = match row.kind(column) {
            Kind::Null => None,
            Kind::Blob => Some("it is a blob, not text".to_owned()),
            _ => json::why_invalid(row.text(column)?),
        };
        match why {
            Some(why) => self.found(thread, Some(id), "invalid item_json", why),
            None => Ok(()),
        }
    }

    fn ids(&self, sql: &'static str) -> Result<Vec<i64>> {
        let mut statement = self.connection.prepare(sql)?;
        statement.start(&[])?;
        let mut ids = Vec::new();
        while statement.step()? {
            push(&mut ids, statement.integer(0))?;
        }
        Ok(ids)
    }

    /// Each cycle has a link to a higher id or to itself. From each of those, rootward until a message comes again or none.
    fn cycles(&mut self) -> Result<()> {
        const INDEXED: &str = "SELECT id FROM main.messages INDEXED BY branch_messages_later \
             WHERE parent_entry_id >= id AND typeof(parent_entry_id) = 'integer'";
        const ANY: &str = "SELECT id FROM main.messages \
             WHERE parent_entry_id >= id AND typeof(parent_entry_id) = 'integer'";
        let starts = match self.ids(INDEXED) {
            Err(error) if error.lacks_index() => self.ids(ANY)?,
            other => other?,
        };
        let mut seen = HashSet::new();
        for start in starts {
            let mut way = Vec::new();
            let mut at = Some(start);
            while let Some(id) = at.filter(|id| !seen.contains(id)) {
                seen.try_reserve(1).map_err(|_| Error::no_memory())?;
                seen.insert(id);
                push(&mut way, id)?;
                at = match links::parent(self.connection, id) {
                    Ok(parent) => parent.flatten(),
                    // A parent that is not an integer ends the way; that is reported with the missing ones.
                    Err(error) if error.code() == crate::code::CORRUPT_VTAB => None,
                    Err(error) => return Err(error),
                };
            }
            let begin = at.and_then(|id| way.iter().position(|seen| *seen == id));
            if let Some(cycle) = begin.and_then(|begin| way.get(begin..)) {
                self.cycle(cycle)?;
            }
        }
        Ok(())
    }

    fn cycle(&mut self, cycle: &[i64]) -> Result<()> {
        const SHOWN: usize = 10;
        let mut threads = HashSet::new();
        for id in cycle {
            threads.extend(thread::of_message(self.connection, *id)?);
        }
        if self.thread.is_some_and(|thread| !threads.contains(thread)) {
            return Ok(());
        }
        let Some((start, id)) = cycle.iter().enumerate().min_by_key(|(_, id)| **id) else {
            return Ok(());
        };
        let mut detail = String::new();
        for id in cycle
            .iter()
            .cycle()
            .skip(start)
            .take(cycle.len().min(SHOWN))
        {
            detail.push_str(&format!("{id} → "));
        }
        if cycle.len() > SHOWN {
            detail.push_str("… → ");
        }
        detail.push_str(&id.to_string());
        let thread = match self.thread {
            Some(thread) => thread.to_vec(),
            None => thread::of_message(self.connection, *id)?.unwrap_or_default(),
        };
        self.found(&thread, Some(*id), "cycle", detail)
    }

    fn leaves(&mut self) -> Result<()> {
        let mut rows = self.query(queries!(
            "SELECT t.id, t.current_leaf_id FROM main.threads AS t \
             WHERE t.current_leaf_id IS NOT NULL \
               AND (typeof(t.current_leaf_id) <> 'integer' \
                    OR NOT EXISTS (SELECT 1 FROM main.messages AS m WHERE m.id = t.current_leaf_id))",
            "t.id"
        ))?;
        while rows.step()? {
            let (leaf, detail) = if rows.kind(1) == Kind::Integer {
                let leaf = rows.integer(1);
                (Some(leaf), format!("its leaf {leaf} is missing"))
            } else {
                (None, "its current_leaf_id is not an integer".to_owned())
            };
            self.found(rows.text(0)?, leaf, "leaf missing", detail)?;
        }
        let mut rows = self.query(queries!(
            "SELECT t.id, t.current_leaf_id, m.thread_id FROM main.threads AS t \
             JOIN main.messages AS m ON m.id = t.current_leaf_id \
             WHERE m.thread_id <> t.id AND typeof(t.current_leaf_id) = 'integer'",
            "t.id"
        ))?;
        while rows.step()? {
            self.found(
                rows.text(0)?,
                Some(rows.integer(1)),
                "leaf of another thread",
                format!("it belongs to thread {}", quoted(rows.text(2)?)),
            )?;
        }
        Ok(())
    }

    fn threads(&mut self) -> Result<()> {
        let mut rows = match self.thread {
            Some(thread) if thread::exists(self.connection, thread)? => return Ok(()),
            Some(thread) => {
                let mut rows = self
                    .connection
                    .prepare("SELECT thread_id, id FROM main.messages WHERE thread_id = +?1")?;
                rows.start_text(thread)?;
                rows
            }
            None => {
                let mut rows = self.connection.prepare(
                    "SELECT m.thread_id, m.id FROM main.messages AS m WHERE m.thread_id IN (\
                         SELECT thread_id FROM (SELECT DISTINCT thread_id FROM main.messages) EXCEPT SELECT id FROM main.threads)",
                )?;
                rows.start(&[])?;
                rows
            }
        };
        while rows.step()? {
            let thread = rows.text(0)?;
            let detail = format!("its thread {} is missing", quoted(thread));
            self.found(thread, Some(rows.integer(1)), "thread missing", detail)?;
        }
        Ok(())
    }

    /// Nobody knows whose a uid was whose message is gone, so it is a problem of no thread.
    fn uids(&mut self) -> Result<()> {
        const LOST: &str = "SELECT u.uid, u.message_id FROM main.message_uids AS u \
             WHERE NOT EXISTS (SELECT 1 FROM main.messages AS m WHERE m.id = u.message_id)";
        if self.thread.is_some() {
            return Ok(());
        }
        let started = self.connection.prepare(LOST).and_then(|mut lost| {
            lost.start(&[])?;
            Ok((lost.step()?, lost))
        });
        let Some((mut there, mut lost)) = Connection::if_added(started)? else {
            return Ok(());
        };
        while there {
            let message = (lost.kind(1) == Kind::Integer).then(|| lost.integer(1));
            let problem = Problem {
                thread: None,
                message,
                problem: "uid of a missing message",
                detail: format!("uid {}: its message is missing", quoted(lost.text(0)?)),
            };
            push(&mut self.problems, problem)?;
            there = lost.step()?;
        }
        Ok(())
    }

    fn labels(&mut self) -> Result<()> {
        let there = self
            .connection
            .prepare("SELECT 1 FROM main.message_labels LIMIT 1")
            .and_then(|mut labels| labels.once(&[], |_| Ok(())));
        if Connection::if_added(there)?.is_none() {
            return Ok(());
        }
        let mut rows = self.query(queries!(
            "SELECT l.thread_id, l.message_id, l.label, m.thread_id FROM main.message_labels AS l \
             LEFT JOIN main.messages AS m ON m.id = l.message_id \
             WHERE m.thread_id IS NOT l.thread_id",
            "l.thread_id"
        ))?;
        while rows.step()? {
            let label = quoted(rows.text(2)?);
            let detail = if rows.kind(3) == Kind::Null {
                format!("label {label}: its message is missing")
            } else {
                format!(
                    "label {label}: its message is in thread {}",
                    quoted(rows.text(3)?)
                )
            };
            self.found(
                rows.text(0)?,
                Some(rows.integer(1)),
                "label of a missing message",
                detail,
            )?;
        }
        Ok(())
    }
}
