//! What survives a crash, and at what price.

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
