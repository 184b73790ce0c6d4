//! Compaction: a summary stands for what came before it. Nothing is deleted.

use std::rc::Rc;

use crate::error::{quoted, Error, Result};
use crate::items::compaction;
use crate::items::json::room;
use crate::sqlite::Connection;
use crate::tree::path::common;
use crate::tree::rows::links;
use crate::tree::rows::thread;
use crate::tree::rows::uids::Message;
use crate::tree::write::append::{add, stored, Draft};

pub use crate::tree::rows::summaries::ROLE;

/// Adds a summary as the child of a thread's leaf, and makes it the leaf. `first_kept` is the message on the path from which on
/// the history is kept beside the summary; without one, nothing before it is.
pub fn compact(
    connection: &Rc<Connection>,
    thread: &[u8],
    summary: Draft<'_>,
    first_kept: Option<Message<'_>>,
) -> Result<i64> {
    connection.atomically(|| {
        let leaf =
            thread::present_leaf(connection, thread)?.ok_or_else(|| thread::unknown(thread))?;
        let kept = match first_kept {
            Some(message) => Some(message.known_id(connection)?),
            None => None,
        };
        room(summary.item_json.unwrap_or_default())?;
        let item_json = compaction::written(summary.item_json, kept)
            .ok_or_else(|| Error::misuse("item_json must be a JSON object"))?;
        let summary = Draft {
            item_json: Some(item_json.as_bytes()),
            ..summary
        };
        // Before anything is compared with the path: since the first call, the leaf may have moved elsewhere.
        if let Some(id) = stored(connection, Some(thread), summary)? {
            return Ok(id);
        }
        if let (Some(message), Some(kept)) = (first_kept, kept) {
            if !links::exists(connection, kept)? {
                return Err(message.unknown());
            }
            let on_path = match leaf {
                Some(leaf) => common::is_ancestor(connection, kept, leaf)?,
                None => false,
            };
            if !on_path {
                return Err(Error::misuse(format!(
                    "message {kept} is not on the current branch of thread {}",
                    quoted(thread)
                )));
            }
        }
        add(connection, thread, leaf, summary)
    })
}
