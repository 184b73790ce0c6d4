//! Branching message history inside SQLite: SQL functions and table-valued functions that fork a conversation at any
//! message, switch between the alternatives, and list the current branch.
//!
//! A program that links SQLite (with `rusqlite`, `sqlx`, `diesel` or `libsqlite3-sys`, in whatever version it has) adds
//! them to one connection with [`register`], or to all that it opens with [`register_everywhere`]. A program in another
//! language loads the file that `make loadable` builds. The crate `sqlite-branch-store` has a typed interface.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let conn = rusqlite::Connection::open_in_memory()?;
//! // SAFETY: the connection is open, and this thread is the only one that has it.
//! unsafe { sqlite_branch::register(conn.handle().cast())? };
//!
//! conn.query_row("SELECT branch_migrate()", [], |_| Ok(()))?;
//! let version: String = conn.query_row("SELECT branch_version()", [], |row| row.get(0))?;
//! assert_eq!(version, env!("CARGO_PKG_VERSION"));
//! # Ok(())
//! # }
//! ```
//!
//! The SQL is documented in `docs/sql-reference.md` in the repository.

// A read, in order. SQLite calls a table's `filter` (src/tables). That checks its arguments (src/arguments.rs), holds a
// `Snapshot`, so that all its statements see one state, and asks `tree::path` for the way from a message rootward, or
// `tree::shape` for a whole thread. These look links up by key (`tree::rows`), with statements that the connection keeps
// prepared. For each `next` the table goes on by one message; for each `column` it gives what that row holds.
//
// A write, in order. SQLite calls a function (src/functions). That checks its arguments and calls `tree::write`, which
// runs its statements inside `Connection::atomically`: SQLite takes the write lock, and then all of them happen or none.
//
// Where a change belongs, from the top layer down; each uses those below it (tests/layers.rs holds the code to that):
//
// * `functions`, `tables`: what SQL calls: names, arguments, columns, results. One file for each family or table.
// * `exchange`: other programs' formats, in and out.
// * `search`: full-text search over the contents, and its index.
// * `arguments`: what SQL passes in, checked.
// * `tree`: the algorithms, in plain Rust over SQL statements. Its mod.rs says which folder does what.
// * `items`: what `item_json` says, in the shapes of several providers and programs.
// * `sqlite`: a safe surface over SQLite, and the `unsafe` code (but for the border to callers in this file).
// * `error`, `advice`: the one error type; what SQLite's errors say about a database of ours.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod advice;
mod arguments;
mod error;
mod exchange;
mod functions;
mod items;
mod search;
#[allow(unsafe_code)]
mod sqlite;
mod tables;
mod tree;

use std::os::raw::{c_char, c_int};
use std::rc::Rc;

use error::Result;
use sqlite::{code, Connection, Risk};

pub use error::Error;
pub use sqlite::entry::{Handle, Routines};

/// Adds everything to one connection.
fn add_everything(connection: &Rc<Connection>) -> Result<()> {
    for function in functions::ALL {
        connection.register_function(function)?;
    }
    for table in tables::ALL {
        connection.register_table(table)?;
    }
    Ok(())
}

/// How a function or table of the extension is written in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// Its arguments by name, the optional ones in brackets: `a, b [, c [, d]]`.
    pub arguments: String,
    /// What it is.
    pub kind: SignatureKind,
}

/// What a name of the extension stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureKind {
    /// A function that writes.
    Writes,
    /// A function that reads tables.
    Reads,
    /// A function that touches no table.
    Constant,
    /// A table-valued function.
    Table,
}

/// All functions and tables that the extension adds to a connection, for completion, bindings and tests. Some of the
/// tables are for the extension's own statements.
pub fn signatures() -> Vec<Signature> {
    let functions = functions::ALL.iter().map(|function| Signature {
        name: function.name(),
        arguments: function.arguments().to_owned(),
        kind: match function.risk {
            Risk::Writes => SignatureKind::Writes,
            Risk::Reads => SignatureKind::Reads,
            Risk::Nothing => SignatureKind::Constant,
        },
    });
    let tables = tables::ALL.iter().map(|table| Signature {
        name: table.shape.name,
        arguments: table.shape.signature(|name| match name {
            // Beside a column of that name, the hidden one has a shorter name.
            "thread" => "thread_id",
            other => other,
        }),
        kind: SignatureKind::Table,
    });
    functions.chain(tables).collect()
}

/// Adds the `branch_` functions and tables to a connection of the SQLite that this program links.
///
/// Once per connection; again does no harm. Nothing in the file changes: `SELECT branch_migrate()` makes the tables.
/// The type of the handle is `sqlite3` of `libsqlite3-sys`: `conn.handle()` of `rusqlite`, `as_raw_handle().as_ptr()`
/// of `sqlx`'s locked handle. Fails where SQLite is older than 3.38.0, and where a statement that runs on the
/// connection uses what would be replaced.
///
/// # Safety
/// `db` is an open connection, and no other thread uses it during the call, unless SQLite runs in its serialized mode.
#[cfg(feature = "linked")]
#[allow(unsafe_code)]
pub unsafe fn register(db: *mut Handle) -> Result<()> {
    // SAFETY: as the function's own condition says. The backend that is linked needs no table.
    unsafe { sqlite::entry::prepare(db, std::ptr::null(), add_everything) }
}

/// Adds the `branch_` functions and tables to every connection that this process opens from now on, in whichever way:
/// for pools, and for crates that hide the handle. (`sqlite3_auto_extension`; again does no harm.)
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// sqlite_branch::register_everywhere()?;
/// let conn = rusqlite::Connection::open_in_memory()?;
/// conn.query_row("SELECT branch_migrate()", [], |_| Ok(()))?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "linked")]
pub fn register_everywhere() -> Result<()> {
    sqlite::entry::call_for_every_connection(sqlite3_branch_init)
}

/// Runs `work`, in which the first `branch_import(format, NULL)` of this thread takes its text from the reader: text of
/// any size, of which only one conversation or line is in memory at a time.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// sqlite_branch::register_everywhere()?;
/// let conn = rusqlite::Connection::open_in_memory()?;
/// conn.query_row("SELECT branch_migrate()", [], |_| Ok(()))?;
/// let mut export: &[u8] = br#"[{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}]"#;
/// let added: i64 = sqlite_branch::with_reader(&mut export, || {
///     conn.query_row("SELECT branch_import('openai', NULL)", [], |row| row.get(0))
/// })?;
/// assert_eq!(added, 2);
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "linked")]
pub fn with_reader<T>(reader: &mut dyn std::io::Read, work: impl FnOnce() -> T) -> T {
    sqlite::reader::offer(reader, work)
}

/// The entry point, which SQLite calls when it loads the file. The name follows from the file's, `branch`.
///
/// # Safety
/// For SQLite to call: `db` is an open connection, `message` is null or a place for the text of an error, which the
/// caller frees with `sqlite3_free`, and `routines` is SQLite's table of routines for extensions.
#[no_mangle]
#[allow(unsafe_code)]
pub unsafe extern "C" fn sqlite3_branch_init(
    db: *mut Handle,
    message: *mut *mut c_char,
    routines: *const Routines,
) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    unsafe { sqlite::entry::start(db, message, routines, add_everything) }
}
