//! The session index: `session_index.jsonl` beside the database, one line for each time that a thread was named.
//!
//! Of the lines of a thread the last one counts. Other programs of the family read and append to the file too, without
//! any lock. Ours lock a file beside it, because compaction replaces the index itself and would take a lock on it away.

mod compact;
mod lines;
mod names;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::connections::lock;
use crate::error::{During, Error, Result};
use crate::patience;
use crate::private_files;
use crate::stored_path;
pub(crate) use names::Names;

/// A line of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) thread_id: String,
    pub(crate) thread_name: Option<String>,
    pub(crate) updated_at: i64,
    #[serde(default, with = "stored_path::optional")]
    pub(crate) rollout_path: Option<PathBuf>,
}

/// What [`session_index_report`](crate::StateStore::session_index_report) tells of the session index.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionIndexReport {
    /// The file.
    pub path: PathBuf,
    /// How many lines it has.
    pub lines: u64,
    /// How many threads it names.
    pub threads: usize,
    /// Numbers, from 1, of the lines that cannot be read, or only in part: torn by a crash, written over each other, or
    /// not of this index. Entries that can be made out in them count.
    pub unreadable: Vec<u64>,
}

/// An index that is smaller than this is not worth compacting.
const SMALL: u64 = 64 * 1024;

/// Compacted when there are more entries than this for each thread, on average.
const SUPERSEDED: u64 = 4;

#[derive(Debug)]
pub(crate) struct SessionIndex {
    path: PathBuf,
    lock_path: PathBuf,
    patience: Duration,
    sync: bool,
    /// One thread of this process appends at a time; look-ups do not wait for it.
    appending: Mutex<()>,
    names: Mutex<Names>,
}

impl SessionIndex {
    pub(crate) fn new(path: PathBuf, patience: Duration, sync: bool) -> Self {
        let mut lock_path = path.clone().into_os_string();
        lock_path.push(".lock");
        Self {
            path,
            lock_path: lock_path.into(),
            patience,
            sync,
            appending: Mutex::default(),
            names: Mutex::default(),
        }
    }

    fn doing(&self, what: &str) -> String {
        format!("{what} session index {}", self.path.display())
    }

    /// Looks something up in what the file holds now.
    pub(crate) fn look_up<T>(&self, look: impl FnOnce(&Names) -> T) -> Result<T> {
        let mut names = lock(&self.names);
        names.refresh(&self.path).during(|| self.doing("read"))?;
        Ok(look(&names))
    }

    /// Appends entries that say something new, in one write, and compacts the file if that is worth it.
    pub(crate) fn append(&self, entries: &[Entry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let _appending = lock(&self.appending);
        let _locked = self.lock()?;
        let (mut text, news) = self.look_up(|names| news(names, entries))??;
        if news == 0 {
            return Ok(());
        }
        let doing = || self.doing("append to");
        let mut file = private_files::options()
            .create(true)
            .read(true)
            .append(true)
            .open(&self.path)
            .during(doing)?;
        let is_new = file.metadata().during(doing)?.len() == 0;
        if !ends_in_newline(&mut file).during(doing)? {
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes()).during(doing)?;
        if self.sync {
            file.sync_data().during(doing)?;
            if is_new {
                private_files::sync_parent(&self.path).during(doing)?;
            }
        }
        if self.look_up(Names::worth_compacting)? {
            // The entries are safe. What stands in the way of compacting, a full disk perhaps, will be met again.
            let _ = self.compact_locked();
        }
        Ok(())
    }

    pub(crate) fn report(&self) -> Result<SessionIndexReport> {
        self.look_up(|names| SessionIndexReport {
            path: self.path.clone(),
            lines: names.lines(),
            threads: names.threads(),
            unreadable: names.unreadable(),
        })
    }

    /// Leaves one line for each thread.
    pub(crate) fn compact(&self) -> Result<()> {
        let _appending = lock(&self.appending);
        let _locked = self.lock()?;
        self.compact_locked()
    }

    fn compact_locked(&self) -> Result<()> {
        // Some systems do not replace a file that is open.
        *lock(&self.names) = Names::default();
        compact::replace(&self.path, self.sync).during(|| self.doing("compact"))
    }

    /// Takes the lock that all appending programs of ours take, until the file is dropped.
    fn lock(&self) -> Result<File> {
        let doing = || format!("lock {}", self.lock_path.display());
        private_files::create_parent(&self.path)?;
        let file = private_files::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock_path)
            .during(doing)?;
        let is_busy =
            |outcome: &Result<(), TryLockError>| matches!(outcome, Err(TryLockError::WouldBlock));
        match patience::retry(self.patience, is_busy, || file.try_lock()) {
            Ok(()) => Ok(file),
            Err(TryLockError::Error(error)) => Err(error).during(doing),
            Err(TryLockError::WouldBlock) => Err(Error::Busy {
                doing: doing(),
                source: None,
            }),
        }
    }
}

/// The lines of the entries that are not what the index says already, and how many those are.
fn news(names: &Names, entries: &[Entry]) -> Result<(String, usize)> {
    let mut latest: HashMap<&str, &Entry> = HashMap::new();
    let mut text = String::new();
    let mut news = 0;
    for entry in entries {
        let known = latest
            .insert(&entry.thread_id, entry)
            .or_else(|| names.get(&entry.thread_id));
        if known == Some(entry) {
            continue;
        }
        let line = serde_json::to_string(entry).map_err(|source| Error::InvalidJson {
            what: format!("the session index entry of thread {:?}", entry.thread_id),
            source,
        })?;
        text.push_str(&line);
        text.push('\n');
        news += 1;
    }
    Ok((text, news))
}

/// Whether what is written next begins a line.
fn ends_in_newline(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
