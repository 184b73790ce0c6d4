//! The one error type, and how SQLite's errors become it.

use std::io;
use std::path::PathBuf;

use rusqlite::ffi;
use rusqlite::types::Type;
use rusqlite::ErrorCode;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A kind of row that a call can name and that may not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Thing {
    /// A row of `threads`.
    Thread,
    /// A row of `messages`.
    Message,
    /// A row of `workflow_runs`.
    WorkflowRun,
    /// A row of `branch_runs`.
    BranchRun,
    /// A row of `control_node_runs`.
    ControlNodeRun,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Thread => "thread",
            Self::Message => "message",
            Self::WorkflowRun => "workflow run",
            Self::BranchRun => "branch run",
            Self::ControlNodeRun => "control node run",
        })
    }
}

/// Why a call failed. Every variant names the thing it is about.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// use sqlite_branch_store::{Error, StateStore};
///
/// let store = StateStore::open(Some(dir.path().join("state.db")))?;
/// let error = store.append_message("nobody", "user", "hello", None).unwrap_err();
/// assert!(matches!(error, Error::NotFound { .. }));
/// assert_eq!(error.to_string(), "no thread 'nobody'");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A thread, a message or another row that the call needs does not exist.
    #[error("no {what} {}", shown(*what, id))]
    NotFound {
        /// What was looked for.
        what: Thing,
        /// Its id.
        id: String,
    },
    /// What the call was to create is there already.
    #[error("{what} {} exists already", shown(*what, id))]
    AlreadyExists {
        /// What was to be created.
        what: Thing,
        /// Its id.
        id: String,
    },
    /// A uid names another message already. One that is the same is no error: its id is returned.
    #[error("{detail}")]
    UidTaken {
        /// The uid.
        uid: String,
        /// Which message has it, and what it differs in.
        detail: String,
    },
    /// Another writer kept the database, or the session index, for longer than the busy timeout. On a connection of your
    /// own also, and at once, when a transaction that has read wants to write after another connection has written
    /// (`SQLITE_BUSY_SNAPSHOT`): begin it with [`TransactionBehavior::Immediate`](rusqlite::TransactionBehavior).
    #[error("{doing}: busy, {}", why_busy(source.as_ref()))]
    Busy {
        /// What was being done.
        doing: String,
        /// What SQLite said; none if the wait was not for SQLite.
        source: Option<rusqlite::Error>,
    },
    /// Something that is no message id, or the id of a message in another thread.
    #[error("{} {reason}", shown_id(id))]
    InvalidId {
        /// What was given.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value that a column cannot hold or a setting that does not exist, such as a progress of 130.
    #[error("{what} {reason}")]
    InvalidValue {
        /// The value, with what it belongs to.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Stored JSON does not parse, or a value cannot be written as JSON.
    #[error("invalid JSON in {what}: {source}")]
    InvalidJson {
        /// The message, checkpoint, tool or run that it belongs to.
        what: String,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// The stored tree is broken: a parent is missing, or messages are their own ancestors.
    #[error("{doing}: {detail}")]
    CorruptTree {
        /// What was being done.
        doing: String,
        /// The ids, and what is wrong with them.
        detail: String,
    },
    /// The database is of a newer program, and lacks what this one needs or wants what this one cannot give.
    #[error("{} has schema version {found}; this program knows up to {supported}: {detail}", path.display())]
    SchemaTooNew {
        /// The database.
        path: PathBuf,
        /// Its `user_version`.
        found: i64,
        /// The highest version that this program writes.
        supported: i64,
        /// What does not fit.
        detail: String,
    },
    /// The file is not a state database, or not one that can be used as it is.
    #[error("{} cannot be used as a state database: {detail}", path.display())]
    Schema {
        /// The database.
        path: PathBuf,
        /// What does not fit.
        detail: String,
    },
    /// SQLite did not take up the journal mode that was asked for (WAL needs shared memory, which network drives lack).
    #[error("{} stays in journal mode {found}, {wanted} was asked for", path.display())]
    JournalMode {
        /// The database.
        path: PathBuf,
        /// The mode that was asked for.
        wanted: String,
        /// The mode that the database is in.
        found: String,
    },
    /// A write to a store, a file or a connection that only reads.
    #[error("{doing}: {}", why_read_only(source.as_ref()))]
    ReadOnly {
        /// What was being done.
        doing: String,
        /// What SQLite said; none if the store was opened read-only.
        source: Option<rusqlite::Error>,
    },
    /// A store method that writes was called inside `StateStore::transaction` of the same thread, which it would wait
    /// for without end. Call the same method on the transaction.
    #[error("{doing}: this thread is inside StateStore::transaction; use the transaction's own methods there")]
    InsideTransaction {
        /// What was being done.
        doing: String,
    },
    /// Lines of the session index that cannot be read. Only `StateStore::verify_session_index` returns this.
    #[error("{} has unreadable lines: {lines:?}", path.display())]
    TornIndex {
        /// The session index.
        path: PathBuf,
        /// Line numbers, from 1.
        lines: Vec<u64>,
    },
    /// A file or a directory could not be read or written, or the disk is full.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done, with the path.
        doing: String,
        /// What the system, or SQLite, said.
        source: io::Error,
    },
    /// Everything else that SQLite refused.
    #[error("{doing}: {source}")]
    Sqlite {
        /// What was being done.
        doing: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl Error {
    /// What SQLite said, if the error came from there: for its extended result code.
    pub fn sqlite_error(&self) -> Option<&rusqlite::Error> {
        match self {
            Self::Sqlite { source, .. } => Some(source),
            Self::Busy { source, .. } | Self::ReadOnly { source, .. } => source.as_ref(),
            Self::Io { source, .. } => source.get_ref()?.downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn no_thread(id: &str) -> Self {
        Self::NotFound {
            what: Thing::Thread,
            id: id.to_owned(),
        }
    }

    pub(crate) fn no_message(id: i64) -> Self {
        Self::NotFound {
            what: Thing::Message,
            id: id.to_string(),
        }
    }

    /// The same error, or that what a row refers to is missing if a foreign key says so.
    pub(crate) fn or_missing(self, what: Thing, id: &str) -> Self {
        let code = self.sqlite_error().and_then(|error| error.sqlite_error());
        if code.is_some_and(|code| code.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY) {
            let id = id.to_owned();
            return Self::NotFound { what, id };
        }
        self
    }

    /// The variant for what the extension refused, if it refused what was called with these. Its texts are part of its
    /// interface, and it is linked in, so they are those of the same version.
    pub(crate) fn refused(self, thread_id: Option<&str>, message_id: Option<i64>) -> Self {
        let Some(refusal) = self.refusal() else {
            return self;
        };
        if let Some(id) = message_id {
            if refusal.starts_with("no message ") {
                return Self::no_message(id);
            }
            if refusal.starts_with(&format!("message {id} is not on the current branch ")) {
                return Self::InvalidId {
                    id: id.to_string(),
                    reason: format!(
                        "is not on the current branch of thread '{}'",
                        thread_id.unwrap_or_default()
                    ),
                };
            }
            if refusal.starts_with(&format!("message {id} is not in thread ")) {
                return Self::InvalidId {
                    id: id.to_string(),
                    reason: format!("is not in thread '{}'", thread_id.unwrap_or_default()),
                };
            }
        }
        if let Some(id) = thread_id {
            if refusal.starts_with("no thread ") {
                return Self::no_thread(id);
            }
            // "thread 'x' exists already"; the text ends at a NUL in the id.
            if refusal.starts_with("thread ") {
                return Self::AlreadyExists {
                    what: Thing::Thread,
                    id: id.to_owned(),
                };
            }
        }
        self
    }

    /// The variant for a query that is not FTS5 syntax, if that is what the extension says.
    pub(crate) fn query_refused(self, query: &str) -> Self {
        match self.refusal().and_then(|said| said.strip_prefix("query ")) {
            Some(reason) => Self::InvalidValue {
                what: format!("query {query:?}"),
                reason: reason.to_owned(),
            },
            None => self,
        }
    }

    /// The variant for a uid that names another message, if that is what the extension says.
    pub(crate) fn or_taken(self, uid: Option<&str>) -> Self {
        if let (
            Some(uid),
            Self::Sqlite {
                source: rusqlite::Error::SqliteFailure(code, Some(text)),
                ..
            },
        ) = (uid, &self)
        {
            let detail = text.split_once(": ").map(|(_, detail)| detail);
            if let (ffi::SQLITE_CONSTRAINT, Some(detail)) = (code.extended_code, detail) {
                if detail.starts_with("uid ") {
                    return Self::UidTaken {
                        uid: uid.to_owned(),
                        detail: detail.to_owned(),
                    };
                }
            }
        }
        self
    }

    /// What the extension said, after the name of the function, when it refused its arguments.
    fn refusal(&self) -> Option<&str> {
        let Self::Sqlite {
            source: rusqlite::Error::SqliteFailure(code, Some(text)),
            ..
        } = self
        else {
            return None;
        };
        let (function, refusal) = text.split_once(": ")?;
        let is_ours = function.starts_with("branch_") && code.extended_code == ffi::SQLITE_ERROR;
        is_ours.then_some(refusal)
    }

    /// The variant that a SQLite error belongs to.
    fn classify(doing: String, error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(column, kind, inner) => {
                match inner.downcast::<Unreadable>().map(|unreadable| *unreadable) {
                    Ok(Unreadable::Json { what, source }) => Self::InvalidJson { what, source },
                    Ok(Unreadable::Leaf(detail)) => Self::CorruptTree { doing, detail },
                    Err(inner) => Self::Sqlite {
                        doing,
                        source: rusqlite::Error::FromSqlConversionFailure(column, kind, inner),
                    },
                }
            }
            rusqlite::Error::SqliteFailure(code, text) => Self::of_code(doing, code, text),
            source => Self::Sqlite { doing, source },
        }
    }

    fn of_code(doing: String, code: ffi::Error, text: Option<String>) -> Self {
        let broken_tree = code.extended_code == ffi::SQLITE_CORRUPT_VTAB;
        if broken_tree {
            return Self::CorruptTree {
                doing,
                detail: text.unwrap_or_else(|| "the stored tree is broken".to_owned()),
            };
        }
        let source = rusqlite::Error::SqliteFailure(code, text);
        match code.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy {
                doing,
                source: Some(source),
            },
            ErrorCode::ReadOnly => Self::ReadOnly {
                doing,
                source: Some(source),
            },
            ErrorCode::DiskFull => Self::Io {
                doing,
                source: io::Error::new(io::ErrorKind::StorageFull, source),
            },
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => Self::Io {
                doing,
                source: io::Error::other(source),
            },
            _ => Self::Sqlite { doing, source },
        }
    }
}

/// An id as the extension's own errors show it: text in quotes, numbers without.
fn shown(what: Thing, id: &str) -> String {
    match what {
        Thing::Message => id.to_owned(),
        _ => format!("'{id}'"),
    }
}

/// What was given for a message id.
fn shown_id(id: &str) -> String {
    match id.parse::<i64>() {
        Ok(id) => format!("message {id}"),
        Err(_) => format!("'{id}'"),
    }
}

fn extended_code(source: Option<&rusqlite::Error>) -> Option<i32> {
    Some(source?.sqlite_error()?.extended_code)
}

fn why_busy(source: Option<&rusqlite::Error>) -> &'static str {
    match extended_code(source) {
        Some(ffi::SQLITE_BUSY_SNAPSHOT) => {
            "another connection has written since this transaction began to read (begin it IMMEDIATE)"
        }
        _ => "another writer did not finish in time",
    }
}

fn why_read_only(source: Option<&rusqlite::Error>) -> String {
    match source {
        Some(source) => source.to_string(),
        None => "the store is read-only".to_owned(),
    }
}

/// Adds to a failure what was being done, and finds its variant.
pub(crate) trait During<T> {
    fn during(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T> During<T> for rusqlite::Result<T> {
    fn during(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Error::classify(doing(), error))
    }
}

impl<T> During<T> for io::Result<T> {
    fn during(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io {
            doing: doing(),
            source,
        })
    }
}

/// A stored value that is not what its column is for, on its way out of a row reader.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("invalid JSON in {what}: {source}")]
    Json {
        what: String,
        source: serde_json::Error,
    },
    #[error("{0}")]
    Leaf(String),
}

impl Unreadable {
    fn at(self, column: usize) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(self))
    }
}

/// Stored JSON that does not parse, as an error that a row reader can return.
pub(crate) fn unreadable_json(
    column: usize,
    what: String,
    source: serde_json::Error,
) -> rusqlite::Error {
    Unreadable::Json { what, source }.at(column)
}

/// A stored leaf that is no message id, as an error that a row reader can return.
pub(crate) fn unreadable_leaf(column: usize, thread_id: &str) -> rusqlite::Error {
    let detail = format!("thread {thread_id:?}: its current_leaf_id is not an integer");
    Unreadable::Leaf(detail).at(column)
}
