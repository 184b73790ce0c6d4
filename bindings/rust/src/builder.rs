//! Opening a store, and what that decides.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use crate::connections::{Connections, Settings};
use crate::durability::{JournalMode, Synchronous};
use crate::error::{During, Error, Result};
use crate::patience;
use crate::private_files;
use crate::schema;
use crate::session_index::SessionIndex;
use crate::store::StateStore;

/// Opens a [`StateStore`] with other settings than [`StateStore::open`] has.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("state.db");
/// use sqlite_branch_store::{StateStore, Synchronous};
/// use std::time::Duration;
///
/// let store = StateStore::builder()
///     .path(&path)
///     .synchronous(Synchronous::Normal)
///     .busy_timeout(Duration::from_secs(30))
///     .open()?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    path: Option<PathBuf>,
    read_only: bool,
    journal_mode: JournalMode,
    synchronous: Synchronous,
    busy_timeout: Duration,
    readers: usize,
    mmap_size: u64,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            path: None,
            read_only: false,
            journal_mode: JournalMode::default(),
            synchronous: Synchronous::default(),
            busy_timeout: Duration::from_secs(5),
            readers: 4,
            mmap_size: 0,
        }
    }
}

impl Builder {
    /// The database file. Default: `$CODEWHALE_HOME/state.db`; without that variable `~/.codewhale/state.db` if it is
    /// there, else `~/.deepseek/state.db`.
    pub fn path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Only read: nothing is created, migrated or changed, and every write is [`Error::ReadOnly`](crate::Error::ReadOnly).
    /// The database must exist, with branches in it: one that the seed's oldest versions left must have been opened for
    /// writing once. A database in WAL mode needs its `-shm` file or a directory in which it can be made.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// The journal mode to put the database in. Default: [`JournalMode::Wal`].
    pub fn journal_mode(mut self, mode: JournalMode) -> Self {
        self.journal_mode = mode;
        self
    }

    /// When writes are synced. Default: [`Synchronous::Full`].
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long a call waits for other writers, threads and processes, before it fails with
    /// [`Error::Busy`](crate::Error::Busy). Default: 5 seconds; at most 24 days, which is what SQLite can count.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout.min(Duration::from_secs(24 * 24 * 60 * 60));
        self
    }

    /// How many connections for reading are kept open. They are opened when first needed. More reads than this at one
    /// time do not wait: each opens a connection for itself. Default: 4.
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers;
        self
    }

    /// How many bytes of the file are read as memory, rather than by a call for each page: for files that are much larger
    /// than SQLite's cache, where it halves the time of reading (docs/performance.md), if it is as large as the file. At most
    /// what SQLite allows, 2 GB as a rule. Default: 0, because an error of the disk, or another program that cuts the file short, then
    /// ends the process instead of being an [`Error`](crate::Error).
    pub fn mmap_size(mut self, bytes: u64) -> Self {
        self.mmap_size = bytes;
        self
    }

    /// Opens the store: creates what is missing and migrates the schema, unless it only reads.
    pub fn open(self) -> Result<StateStore> {
        StateStore::open_with(self)
    }
}

impl StateStore {
    /// Opens a database, creating or migrating it where that is needed. Without a path:
    /// `$CODEWHALE_HOME/state.db`; without that variable `~/.codewhale/state.db` if it is there, else
    /// `~/.deepseek/state.db`.
    ///
    /// Journal mode WAL, fully synchronous, 5 seconds of patience with other writers; [`StateStore::builder`] sets
    /// these. New files and directories are private to the user. The session index is `session_index.jsonl` beside the
    /// database.
    pub fn open(path: Option<PathBuf>) -> Result<Self> {
        Self::open_with(Builder {
            path,
            ..Builder::default()
        })
    }

    /// Opens a database with other settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn open_with(builder: Builder) -> Result<Self> {
        let db_path = builder.path.unwrap_or_else(default_path);
        if db_path.as_os_str() == ":memory:" {
            return Err(Error::InvalidValue {
                what: "path \":memory:\"".to_owned(),
                reason:
                    "is no file; for a database in memory use History on a connection of your own"
                        .to_owned(),
            });
        }
        let path = std::path::absolute(&db_path)
            .during(|| format!("find the database {:?}", db_path.display().to_string()))?;
        let settings = Settings {
            path,
            read_only: builder.read_only,
            journal_mode: builder.journal_mode,
            synchronous: builder.synchronous,
            busy_timeout: builder.busy_timeout,
            readers: builder.readers,
            mmap_size: builder.mmap_size,
        };
        let writer = patience::with(settings.busy_timeout, || open_first(&settings))?;
        let index = SessionIndex::new(
            settings.path.with_file_name("session_index.jsonl"),
            settings.busy_timeout,
            settings.synchronous != Synchronous::Off,
        );
        let connections = Connections::new(settings, writer);
        Ok(Self::new(db_path, connections, index))
    }
}

/// Opens the first connection of a store: creates and migrates the database, or verifies that it can be read.
fn open_first(settings: &Settings) -> Result<Option<Connection>> {
    if settings.read_only {
        schema::check_readable(&settings.connect()?, settings)?;
        return Ok(None);
    }
    private_files::create_parent(&settings.path)?;
    private_files::create(&settings.path)?;
    let conn = settings.connect()?;
    // Before anything in the file changes.
    schema::refuse_unusable(&conn, settings)?;
    settings.prepare_writer(&conn)?;
    schema::migrate(&conn, settings)?;
    Ok(Some(conn))
}

/// The name of the database, wherever it is.
const FILE: &str = "state.db";

/// Where the programs of the family have their database: the newest of them at a place of the user's choice or in a
/// directory of its own, the seed in its.
fn default_path() -> PathBuf {
    let chosen = std::env::var_os("CODEWHALE_HOME").filter(|home| !home.is_empty());
    if let Some(home) = chosen {
        return PathBuf::from(home).join(FILE);
    }
    let home = std::env::home_dir()
        .filter(|home| !home.as_os_str().is_empty())
        .unwrap_or_else(|| PathBuf::from("."));
    let newest = home.join(".codewhale").join(FILE);
    if newest.is_file() {
        newest
    } else {
        home.join(".deepseek").join(FILE)
    }
}
