//! The store itself, and how its methods get at a connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::TransactionBehavior;

use crate::connections::Connections;
use crate::error::{During, Error, Result};
use crate::session_index::SessionIndex;
use crate::transaction::Transaction;

/// Threads with branching histories, checkpoints, jobs and workflow traces in one SQLite file.
///
/// A store keeps its connections open: one that writes, and some that read and never wait for it. Clones share them. Use
/// it from as many threads as you like; other processes may use the same file at the same time. Writes wait for each
/// other, up to the busy timeout.
///
/// A process that forks without `exec` must not go on using the store in the child: SQLite forbids it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("state.db");
/// use sqlite_branch_store::{StateStore, ThreadMetadata};
///
/// let store = StateStore::open(Some(path))?;
/// store.upsert_thread(&ThreadMetadata::new("t"))?;
///
/// let question = store.append_message("t", "user", "Name a colour.", None)?;
/// let blue = store.append_message("t", "assistant", "Blue.", None)?;
/// let red = store.add_alternative(blue, "assistant", "Red.", None)?;
/// assert_eq!(store.siblings(blue)?.len(), 2);
///
/// store.switch_leaf("t", Some(blue))?;
/// let shown = store.list_messages("t", None)?;
/// assert_eq!(shown.iter().map(|m| m.id).collect::<Vec<_>>(), [question, blue]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StateStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    db_path: PathBuf,
    connections: Connections,
    index: SessionIndex,
}

impl StateStore {
    /// A store of what has been opened.
    pub(crate) fn new(db_path: PathBuf, connections: Connections, index: SessionIndex) -> Self {
        Self {
            inner: Arc::new(Inner {
                db_path,
                connections,
                index,
            }),
        }
    }

    /// The database file, as it was given to [`StateStore::open`].
    pub fn db_path(&self) -> &Path {
        &self.inner.db_path
    }

    /// Runs several calls as one: all that they write is committed together, or not at all if the closure returns an
    /// error or panics. It holds the right to write until the closure returns. Let the closure return the errors of the
    /// calls in it: after some of them, such as a full disk, SQLite has given the transaction up.
    ///
    /// Inside the closure, call the methods of the transaction. Those of the store that write would wait for it to end;
    /// they fail with [`Error::InsideTransaction`]. Those that read see what was committed before. Names for the session
    /// index are added to it after the commit.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # store.upsert_thread(&sqlite_branch_store::ThreadMetadata::new("t"))?;
    /// store.transaction(|tx| {
    ///     tx.append_message("t", "user", "1 + 1?", None)?;
    ///     tx.append_message("t", "assistant", "2", None)?;
    ///     tx.save_checkpoint("t", "after the answer", &serde_json::json!({"step": 1}))
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn transaction<T>(&self, run: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.write_together(|| "run a transaction".to_owned(), run)
    }

    pub(crate) fn index(&self) -> &SessionIndex {
        &self.inner.index
    }

    /// Refuses to write to a store that only reads.
    pub(crate) fn refuse_read_only(&self, doing: impl Fn() -> String) -> Result<()> {
        if self.inner.connections.settings().read_only {
            return Err(Error::ReadOnly {
                doing: doing(),
                source: None,
            });
        }
        Ok(())
    }

    /// Reads with a connection of its own.
    pub(crate) fn read<T>(&self, reading: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.inner
            .connections
            .read(|conn| reading(&Transaction::new(conn)))
    }

    /// Writes with a single statement, which is a transaction by itself.
    pub(crate) fn write<T>(
        &self,
        doing: impl Fn() -> String,
        writing: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.inner.connections.write(doing, |conn| {
            let tx = Transaction::new(conn);
            let result = writing(&tx)?;
            self.index().append(&tx.into_names())?;
            Ok(result)
        })
    }

    /// Writes with several statements, in a transaction that takes the right to write at once.
    pub(crate) fn write_together<T>(
        &self,
        doing: impl Fn() -> String,
        writing: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.inner.connections.write(&doing, |conn| {
            // Rolls back when it is dropped before the commit.
            let open = rusqlite::Transaction::new_unchecked(conn, TransactionBehavior::Immediate)
                .during(&doing)?;
            let tx = Transaction::new(conn);
            let result = writing(&tx)?;
            open.commit().during(&doing)?;
            // Still in turn, so that the index has the names in the order in which they were committed.
            self.index().append(&tx.into_names())?;
            Ok(result)
        })
    }
}
