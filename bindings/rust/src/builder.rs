//! What opening a store decides.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Result;
use crate::store::StateStore;

/// How SQLite keeps a transaction safe until it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum JournalMode {
    /// A write-ahead log: readers never wait for the writer, and a commit costs one sync. The file keeps this mode for
    /// whoever opens it next, `-wal` and `-shm` files stand beside it while it is open, and all processes that use it
    /// must be on one machine.
    #[default]
    Wal,
    /// A rollback journal, deleted after each transaction: SQLite's own default, and the seed's. Readers and the writer
    /// wait for each other.
    Delete,
    /// Like [`JournalMode::Delete`], but the journal is cut to no length, which is faster on some systems.
    Truncate,
    /// Like [`JournalMode::Delete`], but the journal stays and its head is overwritten.
    Persist,
}

impl JournalMode {
    /// The name that SQLite has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wal => "wal",
            Self::Delete => "delete",
            Self::Truncate => "truncate",
            Self::Persist => "persist",
        }
    }
}

/// When a write is on the disk, and not just with the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Synchronous {
    /// Never synced. A crash of the program loses nothing; a crash of the system or a power loss can lose the database.
    Off,
    /// In WAL mode the log is synced only before it is copied into the database: a power loss can take the last
    /// transactions back, and does not damage the database. A crash of the program loses nothing. In the other journal
    /// modes there is a very small chance of damage on old file systems.
    Normal,
    /// Synced before a write call returns: what was acknowledged survives a power loss, as far as the disk does not lie.
    /// The default, and what the seed has.
    #[default]
    Full,
    /// Like [`Synchronous::Full`], and in [`JournalMode::Delete`] the directory is synced as well after the journal went.
    Extra,
}

impl Synchronous {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Normal => "normal",
            Self::Full => "full",
            Self::Extra => "extra",
        }
    }
}

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
    pub(crate) path: Option<PathBuf>,
    pub(crate) read_only: bool,
    pub(crate) journal_mode: JournalMode,
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
    pub(crate) readers: usize,
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
        }
    }
}

impl Builder {
    /// The database file. Default: `~/.deepseek/state.db`.
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

    /// Opens the store: creates what is missing and migrates the schema, unless it only reads.
    pub fn open(self) -> Result<StateStore> {
        StateStore::open_with(self)
    }
}
