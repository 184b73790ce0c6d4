//! Several calls that commit together.

use std::cell::RefCell;
use std::ops::Deref;

use rusqlite::Connection;

use crate::history::History;
use crate::session_index::Entry;

/// What [`StateStore::transaction`](crate::StateStore::transaction) hands to its closure: the store's methods, reading
/// and writing in one transaction. The branch methods are those of [`History`], which this derefs to.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
/// # let thread = sqlite_branch_store::ThreadMetadata::new("t");
/// let answer = store.transaction(|tx| {
///     tx.upsert_thread(&thread)?;
///     let question = tx.append_message("t", "user", "1 + 1?", None)?;
///     tx.at(1_700_000_000).fork_at_message(question, "assistant", "2", None)
/// })?;
/// assert_eq!(store.list_messages("t", None)?[1].id, answer);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Transaction<'conn> {
    history: History<'conn>,
    /// What is to be added to the session index once the transaction is committed.
    names: RefCell<Vec<Entry>>,
}

impl<'conn> Transaction<'conn> {
    pub(crate) fn new(conn: &'conn Connection) -> Self {
        Self {
            history: History::new(conn),
            names: RefCell::default(),
        }
    }

    pub(crate) fn conn(&self) -> &'conn Connection {
        self.history.connection()
    }

    pub(crate) fn add_name(&self, entry: Entry) {
        self.names.borrow_mut().push(entry);
    }

    pub(crate) fn into_names(self) -> Vec<Entry> {
        self.names.into_inner()
    }
}

impl<'conn> Deref for Transaction<'conn> {
    type Target = History<'conn>;

    fn deref(&self) -> &History<'conn> {
        &self.history
    }
}
