//! Threads: their metadata, archiving, deletion, memory mode.

use std::path::PathBuf;

use rusqlite::{params, Row};
use serde::{Deserialize, Serialize};

use crate::error::{unreadable_leaf, Error, Result};
use crate::history::History;
use crate::message_id::IntoMessageId;
use crate::session_index::Entry;
use crate::sql;
use crate::stored_path;
use crate::transaction::Transaction;

/// What a thread is doing.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ThreadStatus {
    /// A turn is running.
    Running,
    /// Waiting for the user. Also what an unknown stored status reads as; such a status stays when the record is written
    /// again.
    Idle,
    /// Done.
    Completed,
    /// Ended by an error.
    Failed,
    /// Stopped for now.
    Paused,
    /// Put away.
    Archived,
}

impl ThreadStatus {
    fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Idle => "idle",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::Archived => "archived",
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "running" => Self::Running,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "paused" => Self::Paused,
            "archived" => Self::Archived,
            _ => Self::Idle,
        }
    }
}

/// Where a thread came from.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SessionSource {
    /// Begun by a user.
    Interactive,
    /// Taken up again.
    Resume,
    /// Copied from a branch of another thread.
    Fork,
    /// Begun by a program.
    Api,
    /// Not known. Also what an unknown stored source reads as; such a source stays when the record is written again.
    Unknown,
}

impl SessionSource {
    fn name(&self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Resume => "resume",
            Self::Fork => "fork",
            Self::Api => "api",
            Self::Unknown => "unknown",
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "interactive" => Self::Interactive,
            "resume" => Self::Resume,
            "fork" => Self::Fork,
            "api" => Self::Api,
            _ => Self::Unknown,
        }
    }
}

/// A thread.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ThreadMetadata {
    /// Any text.
    pub id: String,
    /// Where the program keeps the thread's log.
    pub rollout_path: Option<PathBuf>,
    /// The beginning of the conversation, for lists.
    pub preview: String,
    /// Whether the thread is not meant to be kept.
    pub ephemeral: bool,
    /// Who provides the model.
    pub model_provider: String,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds; lists are sorted by it.
    pub updated_at: i64,
    /// What the thread is doing.
    pub status: ThreadStatus,
    /// A path that belongs to the thread.
    pub path: Option<PathBuf>,
    /// The directory that the thread works in.
    pub cwd: PathBuf,
    /// The version of the program that wrote the thread.
    pub cli_version: String,
    /// Where the thread came from.
    pub source: SessionSource,
    /// The name that the user gave it. Column `title`.
    pub name: Option<String>,
    /// What commands of the thread may touch.
    pub sandbox_policy: Option<String>,
    /// Who approves commands of the thread.
    pub approval_mode: Option<String>,
    /// Whether the thread is put away.
    pub archived: bool,
    /// Unix seconds.
    pub archived_at: Option<i64>,
    /// Commit of the working directory.
    pub git_sha: Option<String>,
    /// Branch of the working directory.
    pub git_branch: Option<String>,
    /// Where the repository of the working directory came from.
    pub git_origin_url: Option<String>,
    /// How the program remembers things for the thread.
    pub memory_mode: Option<String>,
    /// The end of the current branch. Only read: `upsert_thread` leaves the stored leaf as it is.
    pub current_leaf_id: Option<i64>,
}

impl ThreadMetadata {
    /// A thread of now, idle and interactive, with everything else empty.
    pub fn new(id: impl Into<String>) -> Self {
        let now = sql::now();
        Self {
            id: id.into(),
            rollout_path: None,
            preview: String::new(),
            ephemeral: false,
            model_provider: String::new(),
            created_at: now,
            updated_at: now,
            status: ThreadStatus::Idle,
            path: None,
            cwd: PathBuf::new(),
            cli_version: String::new(),
            source: SessionSource::Interactive,
            name: None,
            sandbox_policy: None,
            approval_mode: None,
            archived: false,
            archived_at: None,
            git_sha: None,
            git_branch: None,
            git_origin_url: None,
            memory_mode: None,
            current_leaf_id: None,
        }
    }
}

/// Which threads to list.
#[derive(Debug, Clone)]
pub struct ThreadListFilters {
    /// Also those that are archived.
    pub include_archived: bool,
    /// At most so many; 50 for none.
    pub limit: Option<usize>,
}

/// How many threads are listed when the caller sets no limit.
const THREADS: usize = 50;

impl Default for ThreadListFilters {
    fn default() -> Self {
        Self {
            include_archived: false,
            limit: Some(THREADS),
        }
    }
}

/// The columns that [`read_thread`] reads, for the beginning of a query.
macro_rules! select_threads {
    ($rest:literal) => {
        concat!(
            "SELECT id, rollout_path, preview, ephemeral, model_provider, created_at, updated_at, status, path, cwd, \
             cli_version, source, title, sandbox_policy, approval_mode, archived, archived_at, git_sha, git_branch, \
             git_origin_url, memory_mode, current_leaf_id FROM main.threads ",
            $rest
        )
    };
}

fn read_thread(row: &Row<'_>) -> rusqlite::Result<ThreadMetadata> {
    let path = |column| -> rusqlite::Result<Option<PathBuf>> {
        let text: Option<String> = row.get(column)?;
        Ok(text.map(stored_path::from_text))
    };
    let flag = |column| -> rusqlite::Result<bool> { Ok(row.get::<_, i64>(column)? != 0) };
    let id: String = row.get(0)?;
    // The seed took anything for a leaf.
    let leaf = row.get_ref(21)?.as_i64_or_null();
    Ok(ThreadMetadata {
        current_leaf_id: leaf.map_err(|_| unreadable_leaf(21, &id))?,
        id,
        rollout_path: path(1)?,
        preview: row.get(2)?,
        ephemeral: flag(3)?,
        model_provider: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        status: ThreadStatus::named(row.get_ref(7)?.as_str()?),
        path: path(8)?,
        cwd: stored_path::from_text(row.get(9)?),
        cli_version: row.get(10)?,
        source: SessionSource::named(row.get_ref(11)?.as_str()?),
        name: row.get(12)?,
        sandbox_policy: row.get(13)?,
        approval_mode: row.get(14)?,
        archived: flag(15)?,
        archived_at: row.get(16)?,
        git_sha: row.get(17)?,
        git_branch: row.get(18)?,
        git_origin_url: row.get(19)?,
        memory_mode: row.get(20)?,
    })
}

/// What a thread adds to the session index.
fn index_entry(thread: &ThreadMetadata) -> Entry {
    Entry {
        thread_id: thread.id.clone(),
        thread_name: thread.name.clone(),
        updated_at: thread.updated_at,
        rollout_path: thread.rollout_path.clone(),
    }
}

impl Transaction<'_> {
    /// See [`StateStore::create_thread`](crate::StateStore::create_thread). The session index has the name after the commit.
    pub fn create_thread(&self, thread_id: Option<&str>, title: Option<&str>) -> Result<String> {
        let id = History::create_thread(self, thread_id, title)?;
        self.add_stored_name(&id)?;
        Ok(id)
    }

    /// See [`StateStore::rename_thread`](crate::StateStore::rename_thread). The session index has the name after the commit.
    pub fn rename_thread(&self, id: &str, title: Option<&str>) -> Result<()> {
        History::rename_thread(self, id, title)?;
        self.add_stored_name(id)
    }

    fn add_stored_name(&self, id: &str) -> Result<()> {
        if let Some(thread) = self.get_thread(id)? {
            self.add_name(index_entry(&thread));
        }
        Ok(())
    }

    /// See [`StateStore::copy_branch`](crate::StateStore::copy_branch). The session index has the name of the new thread
    /// after the commit.
    pub fn copy_branch(&self, message_id: impl IntoMessageId, new_thread_id: &str) -> Result<i64> {
        let leaf = History::copy_branch(self, message_id, new_thread_id)?;
        self.add_stored_name(new_thread_id)?;
        Ok(leaf)
    }
}

store_methods! {
    Transaction

    /// Writes a thread, new or not, and its name to the session index. The stored leaf stays as it is, whatever
    /// `current_leaf_id` says, and so does a stored status or source that the record cannot hold, where the record still
    /// says what that reads as. If only the session index cannot be written, the error says so, and the thread is stored.
    write("write thread {id:?}", id = thread.id)
    fn upsert_thread(&self, thread: &ThreadMetadata) -> Result<()> {
        sql::run(
            self.conn(),
            "INSERT INTO main.threads(id, rollout_path, preview, ephemeral, model_provider, created_at, updated_at, \
             status, path, cwd, cli_version, source, title, sandbox_policy, approval_mode, archived, archived_at, \
             git_sha, git_branch, git_origin_url, memory_mode) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21) \
             ON CONFLICT(id) DO UPDATE SET rollout_path = excluded.rollout_path, preview = excluded.preview, \
             ephemeral = excluded.ephemeral, model_provider = excluded.model_provider, \
             created_at = excluded.created_at, updated_at = excluded.updated_at, \
             status = CASE WHEN excluded.status = 'idle' AND threads.status NOT IN \
                 ('running', 'completed', 'failed', 'paused', 'archived') THEN threads.status ELSE excluded.status END, \
             path = excluded.path, cwd = excluded.cwd, cli_version = excluded.cli_version, \
             source = CASE WHEN excluded.source = 'unknown' AND threads.source NOT IN \
                 ('interactive', 'resume', 'fork', 'api') THEN threads.source ELSE excluded.source END, \
             title = excluded.title, sandbox_policy = excluded.sandbox_policy, \
             approval_mode = excluded.approval_mode, archived = excluded.archived, \
             archived_at = excluded.archived_at, git_sha = excluded.git_sha, git_branch = excluded.git_branch, \
             git_origin_url = excluded.git_origin_url, memory_mode = excluded.memory_mode",
            params![
                thread.id,
                thread.rollout_path.as_deref().map(stored_path::to_text),
                thread.preview,
                thread.ephemeral,
                thread.model_provider,
                thread.created_at,
                thread.updated_at,
                thread.status.name(),
                thread.path.as_deref().map(stored_path::to_text),
                stored_path::to_text(&thread.cwd),
                thread.cli_version,
                thread.source.name(),
                thread.name,
                thread.sandbox_policy,
                thread.approval_mode,
                thread.archived,
                thread.archived_at,
                thread.git_sha,
                thread.git_branch,
                thread.git_origin_url,
                thread.memory_mode,
            ],
            || format!("write thread {:?}", thread.id),
        )?;
        self.add_name(index_entry(thread));
        Ok(())
    }

    /// Reads a thread. `None` if there is no such thread.
    read
    fn get_thread(&self, id: &str) -> Result<Option<ThreadMetadata>> {
        sql::first(
            self.conn(),
            select_threads!("WHERE id = ?1"),
            [id],
            || format!("read thread {id:?}"),
            read_thread,
        )
    }

    /// Lists threads, the latest `updated_at` first, of equal ones the one that was created last.
    read
    fn list_threads(&self, filters: ThreadListFilters) -> Result<Vec<ThreadMetadata>> {
        let query = if filters.include_archived {
            select_threads!("ORDER BY updated_at DESC, rowid DESC LIMIT ?1")
        } else {
            select_threads!("WHERE archived = 0 ORDER BY updated_at DESC, rowid DESC LIMIT ?1")
        };
        sql::all(
            self.conn(),
            query,
            [sql::limit(filters.limit.unwrap_or(THREADS))],
            || "list threads".to_owned(),
            read_thread,
        )
    }

    /// Puts a thread away: archived, now, with status [`ThreadStatus::Archived`]. Nothing if there is no such thread.
    write("archive thread {id:?}")
    fn mark_archived(&self, id: &str) -> Result<()> {
        sql::run(
            self.conn(),
            "UPDATE main.threads SET archived = 1, archived_at = ?2, status = 'archived' WHERE id = ?1",
            params![id, sql::now()],
            || format!("archive thread {id:?}"),
        )?;
        Ok(())
    }

    /// Takes a thread out of the archive. Its status, if it is [`ThreadStatus::Archived`], becomes
    /// [`ThreadStatus::Idle`]; what it was before is not stored. Nothing if there is no such thread.
    write("unarchive thread {id:?}")
    fn mark_unarchived(&self, id: &str) -> Result<()> {
        sql::run(
            self.conn(),
            "UPDATE main.threads SET archived = 0, archived_at = NULL, \
             status = CASE status WHEN 'archived' THEN 'idle' ELSE status END WHERE id = ?1",
            [id],
            || format!("unarchive thread {id:?}"),
        )?;
        Ok(())
    }

    /// Deletes a thread with all that belongs to it: its messages, uids, labels, tools, checkpoints and goals. Nothing if
    /// there is no such thread. The session index keeps its name.
    together("delete thread {id:?}")
    fn delete_thread(&self, id: &str) -> Result<()> {
        match self.remove_thread(id) {
            Err(Error::NotFound { .. }) => {}
            other => return other.map(drop),
        }
        // What is left of a thread whose row another program has deleted alone.
        for statement in [
            "DELETE FROM main.messages WHERE thread_id = ?1",
            "DELETE FROM main.thread_dynamic_tools WHERE thread_id = ?1",
            "DELETE FROM main.checkpoints WHERE thread_id = ?1",
        ] {
            sql::run(self.conn(), statement, [id], || {
                format!("delete thread {id:?}")
            })?;
        }
        Ok(())
    }

    /// Sets or removes the memory mode of a thread. Nothing if there is no such thread.
    write("set the memory mode of thread {id:?}")
    fn set_thread_memory_mode(&self, id: &str, mode: Option<&str>) -> Result<()> {
        sql::run(
            self.conn(),
            "UPDATE main.threads SET memory_mode = ?2 WHERE id = ?1",
            params![id, mode],
            || format!("set the memory mode of thread {id:?}"),
        )?;
        Ok(())
    }

    /// The memory mode of a thread. `None` if it has none, or if there is no such thread.
    read
    fn get_thread_memory_mode(&self, id: &str) -> Result<Option<String>> {
        let mode = sql::first(
            self.conn(),
            "SELECT memory_mode FROM main.threads WHERE id = ?1",
            [id],
            || format!("read the memory mode of thread {id:?}"),
            |row| row.get(0),
        )?;
        Ok(mode.flatten())
    }

    /// The rollout path of a thread. `None` if it has none, or if there is no such thread.
    read
    fn find_rollout_path_by_id(&self, id: &str) -> Result<Option<PathBuf>> {
        let path = sql::first(
            self.conn(),
            "SELECT rollout_path FROM main.threads WHERE id = ?1",
            [id],
            || format!("read the rollout path of thread {id:?}"),
            |row| row.get::<_, Option<String>>(0),
        )?;
        Ok(path.flatten().map(stored_path::from_text))
    }
}
