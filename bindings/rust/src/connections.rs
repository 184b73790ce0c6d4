//! The connections of a store: one writer that takes turns, and readers that never wait for it.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::durability::{JournalMode, Synchronous};
use crate::error::{During, Error, Result};
use crate::patience;
use crate::register::register;

/// How many prepared statements a connection keeps: more than this crate has.
const STATEMENTS: usize = 128;

/// How every connection of a store is opened.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Absolute, so that a change of the working directory does not lead to another file.
    pub(crate) path: PathBuf,
    pub(crate) read_only: bool,
    pub(crate) journal_mode: JournalMode,
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
    pub(crate) readers: usize,
    pub(crate) mmap_size: u64,
}

impl Settings {
    fn doing(&self) -> String {
        format!("open {}", self.path.display())
    }

    /// Opens a connection that does not create the file. How it waits for locks is set before anything touches the file.
    pub(crate) fn connect(&self) -> Result<Connection> {
        let mode = if self.read_only {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        } else {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        };
        let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = Connection::open_with_flags(&self.path, flags).during(|| self.doing())?;
        patience::teach(&mut conn).during(|| self.doing())?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        if self.mmap_size > 0 {
            let most = i64::try_from(self.mmap_size).unwrap_or(i64::MAX);
            conn.pragma_update_and_check(None, "mmap_size", most, |_| Ok(()))
                .during(|| self.doing())?;
        }
        // SQLite's 2 MB hold five threads of 100 messages that take turns; this holds what a few users read again and again
        // (102 reads of the file for each thread less, 0.7 of the time: docs/performance.md), and is taken as it is needed.
        conn.pragma_update(None, "cache_size", -16_000)
            .during(|| self.doing())?;
        Ok(conn)
    }

    /// Readies a fresh connection for writing: journal mode (verified), synchronous, foreign keys, the extension.
    pub(crate) fn prepare_writer(&self, conn: &Connection) -> Result<()> {
        self.enter_journal_mode(conn)?;
        conn.pragma_update(None, "synchronous", self.synchronous.name())
            .during(|| self.doing())?;
        conn.pragma_update(None, "foreign_keys", true)
            .during(|| self.doing())?;
        register(conn)
    }

    fn open_writer(&self) -> Result<Connection> {
        let conn = self.connect()?;
        self.prepare_writer(&conn)?;
        Ok(conn)
    }

    fn open_reader(&self) -> Result<Connection> {
        let conn = self.connect()?;
        conn.pragma_update(None, "query_only", true)
            .during(|| self.doing())?;
        register(&conn)?;
        Ok(conn)
    }

    fn enter_journal_mode(&self, conn: &Connection) -> Result<()> {
        let wanted = self.journal_mode.name();
        // Asking first spares the lock that a change needs.
        let mut found = self.retry(|| {
            conn.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0))
                .during(|| self.doing())
        })?;
        if !found.eq_ignore_ascii_case(wanted) {
            found = self.retry(|| {
                conn.pragma_update_and_check(None, "journal_mode", wanted, |row| row.get(0))
                    .during(|| self.doing())
            })?;
        }
        if found.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        Err(Error::JournalMode {
            path: self.path.clone(),
            wanted: wanted.to_owned(),
            found,
        })
    }

    /// Tries again while the database is busy. SQLite does not wait by itself where two connections that wait could
    /// block each other, such as two that change the journal mode.
    pub(crate) fn retry<T>(&self, attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let is_busy = |outcome: &Result<T>| matches!(outcome, Err(Error::Busy { .. }));
        patience::retry(self.busy_timeout, is_busy, attempt)
    }
}

/// The open connections of a store.
pub(crate) struct Connections {
    settings: Settings,
    /// Dropped before the writer, so that the writer is the last to close and can tidy the log away.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Option<Connection>>,
    turns: Mutex<Turns>,
    turn_over: Condvar,
}

/// Who writes, and who waits to write: first come, first served, so that a busy thread does not starve the others.
#[derive(Default)]
struct Turns {
    writing: Option<ThreadId>,
    waiting: VecDeque<u64>,
    next: u64,
}

/// The right to write, until it is dropped.
struct Turn<'a>(&'a Connections);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.0.turns).writing = None;
        self.0.turn_over.notify_all();
    }
}

impl Connections {
    /// With a connection for writing that is ready, unless the settings only allow to read.
    pub(crate) fn new(settings: Settings, writer: Option<Connection>) -> Self {
        Self {
            settings,
            readers: Mutex::default(),
            writer: Mutex::new(writer),
            turns: Mutex::default(),
            turn_over: Condvar::new(),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Runs something with a connection that only reads.
    pub(crate) fn read<T>(&self, reading: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let kept = lock(&self.readers).pop();
        let conn = match kept {
            Some(conn) => conn,
            None => patience::with(self.settings.busy_timeout, || self.settings.open_reader())?,
        };
        let result = patience::with(self.settings.busy_timeout, || reading(&conn));
        let mut readers = lock(&self.readers);
        if readers.len() < self.settings.readers {
            readers.push(conn);
        }
        result
    }

    /// Runs something with the connection that writes, when it is this thread's turn.
    pub(crate) fn write<T>(
        &self,
        doing: impl Fn() -> String,
        writing: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        if self.settings.read_only {
            return Err(Error::ReadOnly {
                doing: doing(),
                source: None,
            });
        }
        let _turn = self.turn(doing)?;
        let kept = lock(&self.writer).take();
        let conn = match kept {
            Some(conn) => conn,
            None => patience::with(self.settings.busy_timeout, || self.settings.open_writer())?,
        };
        let result = patience::with(self.settings.busy_timeout, || writing(&conn));
        // After a panic in `writing`, or a rollback that failed, the connection is closed, and the next call opens one.
        if conn.is_autocommit() {
            *lock(&self.writer) = Some(conn);
        }
        result
    }

    fn turn(&self, doing: impl Fn() -> String) -> Result<Turn<'_>> {
        let me = thread::current().id();
        let deadline = Instant::now() + self.settings.busy_timeout;
        let mut turns = lock(&self.turns);
        if turns.writing == Some(me) {
            return Err(Error::InsideTransaction { doing: doing() });
        }
        let ticket = turns.next;
        turns.next += 1;
        turns.waiting.push_back(ticket);
        while turns.writing.is_some() || turns.waiting.front() != Some(&ticket) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                turns.waiting.retain(|&waiting| waiting != ticket);
                drop(turns);
                self.turn_over.notify_all();
                return Err(Error::Busy {
                    doing: doing(),
                    source: None,
                });
            }
            turns = self
                .turn_over
                .wait_timeout(turns, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        turns.waiting.pop_front();
        turns.writing = Some(me);
        Ok(Turn(self))
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

/// Locks a mutex. What these guard is whole at all times, so a panic elsewhere is no reason to stop.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked on the connections themselves: from outside one cannot see what they are set to.
    #[test]
    fn connections_are_set_up_as_the_settings_say() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        crate::private_files::create(&path).unwrap();
        let settings = Settings {
            path,
            read_only: false,
            journal_mode: JournalMode::Wal,
            synchronous: Synchronous::Extra,
            busy_timeout: Duration::ZERO,
            readers: 1,
            mmap_size: 1 << 20,
        };
        let value = |conn: &Connection, pragma: &str| -> String {
            let value = conn.pragma_query_value(None, pragma, |row| row.get(0));
            match value.unwrap() {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                other => panic!("{other:?}"),
            }
        };
        let writer = settings.open_writer().unwrap();
        for (pragma, expected) in [
            ("journal_mode", "wal"),
            ("synchronous", "3"),
            ("foreign_keys", "1"),
            ("query_only", "0"),
        ] {
            assert_eq!(value(&writer, pragma), expected, "{pragma}");
        }
        let reader = settings.open_reader().unwrap();
        assert_eq!(value(&reader, "query_only"), "1");
        assert_eq!(value(&reader, "journal_mode"), "wal");

        // SQLite answers with the mode that it stays in, and not with an error.
        let error = settings
            .enter_journal_mode(&Connection::open_in_memory().unwrap())
            .unwrap_err();
        assert!(
            matches!(&error, Error::JournalMode { wanted, found, .. } if wanted == "wal" && found == "memory"),
            "{error:?}"
        );
    }
}
