//! Copying a path into a thread of its own.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{push, quoted, Error, Result};
use crate::items::json::room;
use crate::items::{compaction, Item};
use crate::sqlite::{Connection, Parameter, Statement};
use crate::tree::path::ancestors::{Climb, Cut, Stretch, Stretches};
use crate::tree::path::gaps::Verify;
use crate::tree::rows::summaries::Summaries;
use crate::tree::rows::thread;
use crate::tree::rows::uids::Message;
use crate::tree::write::append::{inserted, located, optional, set_leaf};
use crate::tree::write::label;

/// Makes a thread with copies of the messages on the path to one. Gives the new thread's leaf.
pub fn copy(
    connection: &Rc<Connection>,
    message: Message<'_>,
    new_thread: &[u8],
    created_at: i64,
) -> Result<i64> {
    connection.atomically(|| {
        let (message, thread) = located(connection, message)?;
        if thread::exists(connection, new_thread)? {
            return Err(Error::misuse(format!(
                "thread {} exists already",
                quoted(new_thread)
            )));
        }
        let mut path =
            Stretches::new(connection, message, Cut::default())?.leafward(Verify::Links)?;
        copy_thread(connection, &thread, new_thread, created_at)?;
        let mut copies = Copies::of(connection, new_thread, message)?;
        while let Some(stretch) = path.next() {
            copies.run(stretch.run.first, stretch.run.last)?;
        }
        set_leaf(connection, new_thread, copies.leaf)?;
        copies
            .leaf
            .ok_or_else(|| Error::corrupt(format!("message {message} has no path")))
    })
}

/// How many messages one statement copies at the most. SQLite keeps them in a temporary table meanwhile, which goes to disk
/// if it is large. (Measured, for 10,000 messages of 100 bytes in thousands of instructions for each: 61 one by one, 27 by 4,
/// 18 by 16, 17 by 64 and by 10,000. An INSERT ... SELECT by hand: 18.)
const AT_ONCE: i64 = 64;

/// Copies of messages, each the child of the one before.
struct Copies<'a> {
    connection: &'a Rc<Connection>,
    new_thread: &'a [u8],
    one: Statement,
    /// Copies messages with consecutive ids, if it is certain which ids the copies get.
    several: Option<Statement>,
    labels: label::Copy,
    kept: Kept,
    /// The last copy.
    leaf: Option<i64>,
}

impl<'a> Copies<'a> {
    /// None yet, for the path to a message.
    fn of(connection: &'a Rc<Connection>, new_thread: &'a [u8], message: i64) -> Result<Self> {
        Ok(Self {
            connection,
            new_thread,
            one: connection.prepare(
                "INSERT INTO main.messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
                 SELECT ?1, role, content, coalesce(?4, item_json), created_at, ?2 FROM main.messages WHERE id = +?3",
            )?,
            several: None,
            labels: label::Copy::new(connection)?,
            kept: Kept::on_path(connection, message)?,
            leaf: None,
        })
    }

    /// Copies the messages of a run.
    fn run(&mut self, first: i64, last: i64) -> Result<()> {
        let mut next = Some(first);
        while let Some(id) = next.filter(|id| *id <= last) {
            let end = self
                .kept
                .next_summary(id, last)
                .map_or(last, |summary| summary.saturating_sub(1));
            let copied = match self.leaf {
                Some(leaf) if end > id => {
                    self.several(id, end.min(id.saturating_add(AT_ONCE - 1)), leaf)?
                }
                _ => None,
            };
            next = match copied {
                Some(end) => end,
                None => {
                    self.one(id)?;
                    id
                }
            }
            .checked_add(1);
        }
        Ok(())
    }

    /// Copies one message.
    fn one(&mut self, id: i64) -> Result<()> {
        let item_json = self.kept.item_json(self.connection, id)?;
        self.one.run(&[
            Parameter::Text(self.new_thread),
            optional(self.leaf),
            Parameter::Integer(id),
            item_json
                .as_deref()
                .map_or(Parameter::Null, Parameter::Text),
        ])?;
        let copy = inserted(self.connection)?;
        if self.leaf.is_none() && has_next_ids(self.connection, copy)? {
            self.several = Some(self.connection.prepare(
                "INSERT INTO main.messages(id, thread_id, role, content, item_json, created_at, parent_entry_id) \
                 SELECT ?2 + (id - ?3), ?1, role, content, item_json, created_at, ?2 + (id - ?3) - 1 \
                 FROM main.messages WHERE id BETWEEN ?3 AND ?4 ORDER BY id",
            )?);
        }
        self.copied(id, id, copy)
    }

    /// Copies consecutive messages, the first as the child of the last copy. Gives the last of them; None if they have to go one by one.
    fn several(&mut self, first: i64, last: i64, leaf: i64) -> Result<Option<i64>> {
        let Some(several) = &mut self.several else {
            return Ok(None);
        };
        let count = last - first + 1;
        let (Some(_), Some(copy)) = (leaf.checked_add(count), leaf.checked_add(1)) else {
            return Ok(None);
        };
        several.run(&[
            Parameter::Text(self.new_thread),
            Parameter::Integer(copy),
            Parameter::Integer(first),
            Parameter::Integer(last),
        ])?;
        if self.connection.changes() != count {
            return Err(Error::corrupt(format!(
                "a message from {first} to {last} is missing"
            )));
        }
        self.copied(first, last, copy)?;
        Ok(Some(last))
    }

    /// Notes the copies of consecutive messages, of which the first is `copy`.
    fn copied(&mut self, first: i64, last: i64, copy: i64) -> Result<()> {
        self.kept.copied(first, last, copy);
        self.leaf = Some(copy + (last - first));
        self.labels.messages(self.new_thread, first, last, copy)
    }
}

/// Whether messages that are inserted now get the ids after this one, which was inserted last: there is no higher id, and no
/// trigger inserts any.
fn has_next_ids(connection: &Rc<Connection>, id: i64) -> Result<bool> {
    const ASK: &str = "SELECT (SELECT max(id) FROM main.messages) = ?1 AND NOT EXISTS (\
         SELECT 1 FROM (SELECT type, tbl_name FROM main.sqlite_schema \
                        UNION ALL SELECT type, tbl_name FROM temp.sqlite_schema) \
         WHERE type = 'trigger' AND lower(tbl_name) = 'messages')";
    // Where the host does not let the schema be read, one by one is what remains.
    let Ok(mut ask) = connection.prepare(ASK) else {
        return Ok(false);
    };
    Ok(ask.once(&[Parameter::Integer(id)], |row| Ok(row.integer(0)))? == Some(1))
}

/// The summaries on the path, whose `first_kept_id` is to name a copy.
#[derive(Default)]
struct Kept {
    /// Those that are not copied yet, from the leaf rootward: each with the message from which on it keeps the history.
    left: Vec<(i64, i64)>,
    /// By that message, its copy once it is there.
    copies: HashMap<i64, Option<i64>>,
    /// The first copy of all.
    first_copy: Option<i64>,
}

impl Kept {
    fn on_path(connection: &Rc<Connection>, message: i64) -> Result<Self> {
        let mut kept = Self::default();
        let mut summaries = Summaries::open(connection)?;
        let mut read = connection.prepare("SELECT item_json FROM main.messages WHERE id = +?1")?;
        let mut climb = Climb::from(connection, message)?;
        while let Some(Stretch { mut run, .. }) = climb.next()? {
            while let Some(summary) = summaries.newest_in(&run)? {
                let first = read.once(&[Parameter::Integer(summary)], |row| {
                    room(row.text(0)?)?;
                    Ok(Item::read(row.text(0)?).first_kept_id)
                })?;
                if let Some(first) = first.flatten() {
                    push(&mut kept.left, (summary, first))?;
                    kept.copies.insert(first, None);
                }
                if summary == run.first {
                    break;
                }
                run.last = summary - 1;
            }
        }
        Ok(kept)
    }

    /// The next of them, if it is one of the messages from `first` to `last`, which are copied next.
    fn next_summary(&self, first: i64, last: i64) -> Option<i64> {
        let (summary, _) = self.left.last()?;
        (first..=last).contains(summary).then_some(*summary)
    }

    /// Notes where the copies of consecutive messages are, of which the first is `copy`.
    fn copied(&mut self, first: i64, last: i64, copy: i64) {
        self.first_copy.get_or_insert(copy);
        if self.copies.is_empty() {
            return;
        }
        for id in first..=last {
            if let Some(place) = self.copies.get_mut(&id) {
                *place = Some(copy + (id - first));
            }
        }
    }

    /// The `item_json` for the copy of a summary, if it has to be another one.
    fn item_json(&mut self, connection: &Rc<Connection>, id: i64) -> Result<Option<Vec<u8>>> {
        let Some((_, first)) = self.left.pop_if(|(summary, _)| *summary == id) else {
            return Ok(None);
        };
        let copy = self.copies.get(&first).copied().flatten();
        // One that is not on the path keeps nothing, and stays as it is unless it would come to name a copy.
        if copy.is_none() && self.first_copy.is_none_or(|first_copy| first < first_copy) {
            return Ok(None);
        }
        let mut read = connection.prepare("SELECT item_json FROM main.messages WHERE id = +?1")?;
        let changed = read.once(&[Parameter::Integer(id)], |row| {
            room(row.text(0)?)?;
            Ok(compaction::with_first_kept(row.text(0)?, copy))
        })?;
        Ok(changed.flatten())
    }
}

fn copy_thread(
    connection: &Rc<Connection>,
    thread: &[u8],
    new_thread: &[u8],
    created_at: i64,
) -> Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO main.threads(id, source, created_at, updated_at, \
             rollout_path, preview, ephemeral, model_provider, status, path, cwd, cli_version, title, \
             sandbox_policy, approval_mode, archived, archived_at, git_sha, git_branch, git_origin_url, memory_mode) \
         SELECT ?2, 'fork', ?3, ?3, \
             rollout_path, preview, ephemeral, model_provider, status, path, cwd, cli_version, title, \
             sandbox_policy, approval_mode, archived, archived_at, git_sha, git_branch, git_origin_url, memory_mode \
         FROM main.threads WHERE id = +?1",
    )?;
    insert.run(&[
        Parameter::Text(thread),
        Parameter::Text(new_thread),
        Parameter::Integer(created_at),
    ])?;
    if connection.changes() == 1 {
        Ok(())
    } else {
        Err(Error::misuse(
            "the thread was not stored; a trigger on threads ignored it, or threads is not a table",
        ))
    }
}
