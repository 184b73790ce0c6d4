//! Copying a path into a thread of its own.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{quoted, Error, Result};
use crate::items::{compaction, Item};
use crate::sqlite::{Connection, Parameter};
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
        let mut path = Stretches::new(connection, message, Cut::default())?.downward(Verify::Links)?;
        copy_thread(connection, &thread, new_thread, created_at)?;
        let mut insert = connection.prepare(
            "INSERT INTO main.messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
             SELECT ?1, role, content, coalesce(?4, item_json), created_at, ?2 FROM main.messages WHERE id = +?3",
        )?;
        let mut labels = label::Copy::new(connection)?;
        let mut kept = Kept::on_path(connection, message)?;
        let mut leaf = None;
        while let Some(stretch) = path.next() {
            for id in stretch.run.first..=stretch.run.last {
                let item_json = kept.item_json(connection, id)?;
                insert.run(&[
                    Parameter::Text(new_thread),
                    optional(leaf),
                    Parameter::Integer(id),
                    item_json.as_deref().map_or(Parameter::Null, Parameter::Text),
                ])?;
                let copied = inserted(connection)?;
                kept.copied(id, copied);
                labels.message(new_thread, copied, id)?;
                leaf = Some(copied);
            }
        }
        set_leaf(connection, new_thread, leaf)?;
        leaf.ok_or_else(|| Error::corrupt(format!("message {message} has no path")))
    })
}

/// The summaries on the path, whose `first_kept_id` is to name a copy.
#[derive(Default)]
struct Kept {
    /// By summary, the message from which on it keeps the history.
    first_kept: HashMap<i64, i64>,
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
                    Ok(Item::read(row.text(0)?).first_kept_id)
                })?;
                if let Some(first) = first.flatten() {
                    kept.first_kept.insert(summary, first);
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

    /// Notes where a message's copy is.
    fn copied(&mut self, id: i64, copy: i64) {
        self.first_copy.get_or_insert(copy);
        if let Some(place) = self.copies.get_mut(&id) {
            *place = Some(copy);
        }
    }

    /// The `item_json` for the copy of a summary, if it has to be another one.
    fn item_json(&self, connection: &Rc<Connection>, id: i64) -> Result<Option<Vec<u8>>> {
        let Some(first) = self.first_kept.get(&id) else {
            return Ok(None);
        };
        let copy = self.copies.get(first).copied().flatten();
        // One that is not on the path keeps nothing, and stays as it is unless it would come to name a copy.
        if copy.is_none() && self.first_copy.is_none_or(|first_copy| *first < first_copy) {
            return Ok(None);
        }
        let mut read = connection.prepare("SELECT item_json FROM main.messages WHERE id = +?1")?;
        let changed = read.once(&[Parameter::Integer(id)], |row| {
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
