//! The branch functions and tables of the extension, typed, on any connection.

mod context;
mod exchange;
mod import;
mod read;
mod records;
mod search;
mod threads;
mod write;

use rusqlite::Connection;

use crate::error::{During, Result};
use crate::register::register;
use crate::sql;

pub use context::{Compaction, Context, ContextKind, ContextMessage, UsageRecord};
pub use import::ImportOptions;
pub(crate) use records::message_columns;
pub use records::{
    BranchDiff, ChildRecord, LastMessage, LeafRecord, MessageRecord, NewMessage, PathStep, Problem,
    SiblingRecord, ThreadSummary, TreeNode, VersionRecord,
};
pub use search::{FoundMessage, LabelRecord};

/// The branch methods on a connection: yours, after [`register`](crate::register), or that of a
/// [`Transaction`](crate::Transaction).
///
/// Each write is atomic on its own, and joins the transaction that is open on the connection if there is one.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use sqlite_branch_store::History;
///
/// let conn = rusqlite::Connection::open_in_memory()?;
/// let history = History::register(&conn)?;
/// history.migrate()?;
/// history.create_thread(Some("t"), Some("Sums"))?;
///
/// let question = history.append_message("t", "user", "1 + 1?", None)?;
/// let three = history.append_message("t", "assistant", "3", None)?;
/// let two = history.add_alternative(three, "assistant", "2", None)?;
/// assert_eq!(history.common_ancestor(three, two)?, Some(question));
///
/// let shown = history.list_messages("t", None)?;
/// assert_eq!(shown.iter().map(|m| m.id).collect::<Vec<_>>(), [question, two]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct History<'conn> {
    conn: &'conn Connection,
    created_at: Option<i64>,
}

impl<'conn> History<'conn> {
    /// The branch methods on a connection on which the extension is registered already.
    pub fn new(conn: &'conn Connection) -> Self {
        Self {
            conn,
            created_at: None,
        }
    }

    /// Registers the extension on the connection first.
    pub fn register(conn: &'conn Connection) -> Result<Self> {
        register(conn)?;
        Ok(Self::new(conn))
    }

    /// The same, except that what is written carries this time, in Unix seconds, and not the current one.
    ///
    /// For imports, and for engines that run statements again on other machines.
    #[must_use]
    pub fn at(self, created_at: i64) -> Self {
        Self {
            created_at: Some(created_at),
            ..self
        }
    }

    /// Brings the schema up to date, from an empty file or from any version of the family. Returns how many migrations
    /// changed something.
    pub fn migrate(&self) -> Result<i64> {
        sql::value(self.conn, "SELECT branch_migrate()", [], || {
            format!("migrate {}", self.conn.path().unwrap_or("the database"))
        })
    }

    pub(crate) fn connection(&self) -> &'conn Connection {
        self.conn
    }

    fn created_at(&self) -> i64 {
        self.created_at.unwrap_or_else(sql::now)
    }
}

store_methods! {
    History

    /// The version of the extension.
    read
    fn version(&self) -> Result<String> {
        self.conn
            .query_row("SELECT branch_version()", [], |row| row.get(0))
            .during(|| "read the version of sqlite-branch".to_owned())
    }

    /// Build, commit and SQLite version, for bug reports.
    read
    fn debug(&self) -> Result<String> {
        self.conn
            .query_row("SELECT branch_debug()", [], |row| row.get(0))
            .during(|| "read the build of sqlite-branch".to_owned())
    }
}
