//! Finding what is broken in the stored trees.

use std::collections::{BinaryHeap, HashSet};
use std::rc::Rc;

use crate::error::{push, quoted, Error, Result};
use crate::items::json;
use crate::sqlite::{Connection, Kind, Statement};
use crate::tree::rows::density;
use crate::tree::rows::links::{self, Links};
use crate::tree::rows::scan::Direction;
use crate::tree::rows::thread;
use crate::tree::shape::names::{Namer, Names};
use crate::tree::shape::problem::Problem;

/// Problems of one thread or of all, by thread and message.
pub fn check(connection: &Rc<Connection>, thread: Option<&[u8]>) -> Result<Vec<Problem>> {
    let mut check = Check {
        connection,
        thread,
        problems: Vec::new(),
    };
    check.messages()?;
    check.cycles()?;
    check.threads()?;
    Ok(BinaryHeap::from(check.problems).into_sorted_vec())
}

struct Check<'a> {
    connection: &'a Rc<Connection>,
    thread: Option<&'a [u8]>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    /// What names messages, of the thread or of all.
    fn names(&self, namers: &[Namer]) -> Result<Vec<Names>> {
        let mut names = Vec::new();
        for namer in namers {
            names.extend(Names::open(self.connection, *namer, self.thread)?);
        }
        Ok(names)
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
            Some(thread) => {
                let ids = thread::messages(self.connection, thread)?;
                if density::rows_are_short(self.connection) {
                    self.rows_of(thread, &ids)?;
                } else {
                    self.links_of(thread, &ids)?;
                    self.items_of(thread)?;
                }
                for mut names in self.names(&[Namer::Leaf, Namer::Label])? {
                    names.each(self.connection, &ids, &mut self.problems)?;
                }
                Ok(())
            }
            None => match self.scan() {
                // The index is not there.
                Err(error) if error.lacks_index() => self.each_parent(),
                other => other,
            },
        }
    }

    fn rows_of(&mut self, thread: &[u8], ids: &[i64]) -> Result<()> {
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
            self.parent(thread, ids, id, parent)?;
            self.item(thread, id, &rows, 2)?;
        }
        Ok(())
    }

    /// Behind long contents, a row's parent is far to reach, and the indexes tell it too.
    fn links_of(&mut self, thread: &[u8], ids: &[i64]) -> Result<()> {
        let mut parents = Links::open(self.connection, Direction::Ascending)?;
        for id in ids {
            let parent = match parents.parent(*id) {
                Ok(parent) => Ok(parent),
                Err(error) if error.code() == crate::code::CORRUPT_VTAB => Err(()),
                Err(error) => return Err(error),
            };
            self.parent(thread, ids, *id, parent)?;
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

    /// All threads. Parents come from their index in ascending order, leaves, uids and labels sorted, and messages from the
    /// table: side by side, what is in the one and not in the other shows without a look-up, which would be a page each.
    fn scan(&mut self) -> Result<()> {
        const PARENTS: &str = "SELECT parent_entry_id, id FROM main.messages INDEXED BY idx_messages_parent_entry_id \
             WHERE parent_entry_id IS NOT NULL ORDER BY parent_entry_id";
        const ROWS: &str = "SELECT id, thread_id, item_json FROM main.messages ORDER BY id";
        let mut parents = self.connection.prepare(PARENTS)?;
        parents.start(&[])?;
        let mut rows = self.connection.prepare(ROWS)?;
        rows.start(&[])?;
        let mut names = self.names(&Namer::ALL)?;
        let mut more = parents.step()?;
        loop {
            let id = rows.step()?.then(|| rows.integer(0));
            for names in &mut names {
                names.up_to(id, &rows, &mut self.problems)?;
            }
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
        let mut names = self.names(&Namer::ALL)?;
        while rows.step()? {
            for names in &mut names {
                names.up_to(Some(rows.integer(0)), &rows, &mut self.problems)?;
            }
            let (id, thread) = (rows.integer(0), rows.text(1)?);
            let parent = match rows.kind(3) {
                Kind::Null => Ok(None),
                Kind::Integer => Ok(Some(rows.integer(3))),
                _ => Err(()),
            };
            self.parent(thread, &[], id, parent)?;
            self.item(thread, id, &rows, 2)?;
        }
        for names in &mut names {
            names.up_to(None, &rows, &mut self.problems)?;
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
        // The detail is for people; a cycle may have a million messages.
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
}
