//! The names of threads, in the session index.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::session_index::{Entry, SessionIndexReport};
use crate::store::StateStore;
use crate::transaction::Transaction;

impl Transaction<'_> {
    /// See [`StateStore::append_thread_name`]. The session index has the name after the commit.
    pub fn append_thread_name(
        &self,
        thread_id: &str,
        thread_name: Option<String>,
        updated_at: i64,
        rollout_path: Option<PathBuf>,
    ) -> Result<()> {
        self.add_name(Entry {
            thread_id: thread_id.to_owned(),
            thread_name,
            updated_at,
            rollout_path,
        });
        Ok(())
    }
}

impl StateStore {
    /// Adds the name of a thread to the session index, unless that is what the index has for it already. The thread
    /// need not be in the database.
    pub fn append_thread_name(
        &self,
        thread_id: &str,
        thread_name: Option<String>,
        updated_at: i64,
        rollout_path: Option<PathBuf>,
    ) -> Result<()> {
        self.refuse_read_only(|| format!("name thread {thread_id:?}"))?;
        self.index().append(&[Entry {
            thread_id: thread_id.to_owned(),
            thread_name,
            updated_at,
            rollout_path,
        }])
    }

    /// The latest name of a thread in the session index. `None` if it has none, or is not there.
    pub fn find_thread_name_by_id(&self, thread_id: &str) -> Result<Option<String>> {
        self.index()
            .look_up(|names| names.get(thread_id).and_then(|e| e.thread_name.clone()))
    }

    /// The same for several threads: one entry in the map for each id.
    pub fn find_thread_names_by_ids(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, Option<String>>> {
        self.index().look_up(|names| {
            let name = |id: &String| names.get(id).and_then(|e| e.thread_name.clone());
            ids.iter().map(|id| (id.clone(), name(id))).collect()
        })
    }

    /// The rollout path of the thread with this name, whatever the case of its ASCII letters. Of several, the one with
    /// the latest `updated_at`; of equal ones, the one that was added to the index last.
    pub fn find_thread_path_by_name_str(&self, name: &str) -> Result<Option<PathBuf>> {
        self.index()
            .look_up(|names| names.named(name).and_then(|e| e.rollout_path.clone()))
    }

    /// How large the session index is, and which of its lines cannot be read. Look-ups skip those.
    pub fn session_index_report(&self) -> Result<SessionIndexReport> {
        self.index().report()
    }

    /// Fails with [`Error::TornIndex`] if the session index has lines that cannot be read.
    pub fn verify_session_index(&self) -> Result<()> {
        let report = self.session_index_report()?;
        if report.unreadable.is_empty() {
            return Ok(());
        }
        Err(Error::TornIndex {
            path: report.path,
            lines: report.unreadable,
        })
    }

    /// Rewrites the session index with one line for each thread. Appending does this by itself once the index has
    /// 64 KiB and four entries for each thread.
    ///
    /// The old file is replaced in one step, so a crash leaves the old one or the new one. Lines that cannot be read are
    /// dropped, except those that are JSON of another kind. What programs append without the lock, as the seed does, is
    /// carried over, unless one opened the old file before it was replaced and writes to it after this call returned.
    pub fn compact_session_index(&self) -> Result<()> {
        self.refuse_read_only(|| "compact the session index".to_owned())?;
        self.index().compact()
    }
}
