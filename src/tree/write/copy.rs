//! Copying a path into a thread of its own.

use std::rc::Rc;

use crate::error::{quoted, Error, Result};
use crate::sqlite::{Connection, Parameter};
use crate::tree::path::ancestors::{Cut, Stretches};
use crate::tree::path::gaps::Verify;
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
             SELECT ?1, role, content, item_json, created_at, ?2 FROM main.messages WHERE id = +?3",
        )?;
        let mut labels = label::Copy::new(connection)?;
        let mut leaf = None;
        while let Some(stretch) = path.next() {
            for id in stretch.run.first..=stretch.run.last {
                insert.run(&[
                    Parameter::Text(new_thread),
                    optional(leaf),
                    Parameter::Integer(id),
                ])?;
                let copied = inserted(connection)?;
                labels.message(new_thread, copied, id)?;
                leaf = Some(copied);
            }
        }
        set_leaf(connection, new_thread, leaf)?;
        leaf.ok_or_else(|| Error::corrupt(format!("message {message} has no path")))
    })
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
