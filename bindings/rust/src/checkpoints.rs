//! Saved states of a thread.
//!
//! Times are stored in whole seconds, so the order of saves within one second comes from the row number: every save,
//! also one of an id that is there already, takes the highest. The latest checkpoint is the one with the largest
//! `(created_at, rowid)`.

use rusqlite::{params, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Result, Thing};
use crate::sql;
use crate::transaction::Transaction;

/// A saved state of a thread.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckpointRecord {
    /// The thread.
    pub thread_id: String,
    /// Unique in the thread.
    pub checkpoint_id: String,
    /// What was saved.
    pub state: Value,
    /// Unix seconds of the latest save.
    pub created_at: i64,
}

/// How many checkpoints are listed when the caller sets no limit.
const CHECKPOINTS: usize = 100;

fn read_checkpoint(row: &Row<'_>) -> rusqlite::Result<CheckpointRecord> {
    let thread_id: String = row.get(0)?;
    let checkpoint_id: String = row.get(1)?;
    let state = sql::json(row, 2, || {
        format!("the state of checkpoint {checkpoint_id:?} of thread {thread_id:?}")
    })?;
    Ok(CheckpointRecord {
        thread_id,
        checkpoint_id,
        state,
        created_at: row.get(3)?,
    })
}

store_methods! {
    Transaction

    /// Saves a state of a thread, over the one with the same id if there is one.
    write("save checkpoint {checkpoint_id:?} of thread {thread_id:?}")
    fn save_checkpoint(
        &self,
        thread_id: &str,
        checkpoint_id: &str,
        state: &Value,
    ) -> Result<()> {
        let doing = || format!("save checkpoint {checkpoint_id:?} of thread {thread_id:?}");
        let state = sql::json_text(state, || {
            format!("the state of checkpoint {checkpoint_id:?} of thread {thread_id:?}")
        })?;
        sql::run(
            self.conn(),
            "INSERT INTO main.checkpoints(thread_id, checkpoint_id, state_json, created_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT(thread_id, checkpoint_id) DO UPDATE SET state_json = excluded.state_json, \
             created_at = excluded.created_at, rowid = (SELECT max(rowid) + 1 FROM main.checkpoints)",
            params![thread_id, checkpoint_id, state, sql::now()],
            doing,
        )
        .map_err(|error| error.or_missing(Thing::Thread, thread_id))?;
        Ok(())
    }

    /// Loads a checkpoint, or without an id the one that was saved last. `None` if there is none. A state that does not
    /// parse is [`Error::InvalidJson`](crate::Error::InvalidJson).
    read
    fn load_checkpoint(
        &self,
        thread_id: &str,
        checkpoint_id: Option<&str>,
    ) -> Result<Option<CheckpointRecord>> {
        match checkpoint_id {
            Some(id) => sql::first(
                self.conn(),
                "SELECT thread_id, checkpoint_id, state_json, created_at FROM main.checkpoints \
                 WHERE thread_id = ?1 AND checkpoint_id = ?2",
                [thread_id, id],
                || format!("load checkpoint {id:?} of thread {thread_id:?}"),
                read_checkpoint,
            ),
            None => sql::first(
                self.conn(),
                "SELECT thread_id, checkpoint_id, state_json, created_at FROM main.checkpoints \
                 WHERE thread_id = ?1 ORDER BY created_at DESC, rowid DESC LIMIT 1",
                [thread_id],
                || format!("load the latest checkpoint of thread {thread_id:?}"),
                read_checkpoint,
            ),
        }
    }

    /// Lists the checkpoints of a thread, the one that was saved last first, at most `limit` (100).
    read
    fn list_checkpoints(
        &self,
        thread_id: &str,
        limit: Option<usize>,
    ) -> Result<Vec<CheckpointRecord>> {
        sql::all(
            self.conn(),
            "SELECT thread_id, checkpoint_id, state_json, created_at FROM main.checkpoints \
             WHERE thread_id = ?1 ORDER BY created_at DESC, rowid DESC LIMIT ?2",
            params![thread_id, sql::limit(limit.unwrap_or(CHECKPOINTS))],
            || format!("list checkpoints of thread {thread_id:?}"),
            read_checkpoint,
        )
    }

    /// Deletes a checkpoint. Nothing if there is no such checkpoint.
    write("delete checkpoint {checkpoint_id:?} of thread {thread_id:?}")
    fn delete_checkpoint(&self, thread_id: &str, checkpoint_id: &str) -> Result<()> {
        sql::run(
            self.conn(),
            "DELETE FROM main.checkpoints WHERE thread_id = ?1 AND checkpoint_id = ?2",
            [thread_id, checkpoint_id],
            || format!("delete checkpoint {checkpoint_id:?} of thread {thread_id:?}"),
        )?;
        Ok(())
    }
}
