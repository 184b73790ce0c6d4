//! Making the extension's functions and tables known to a connection. All of this crate's `unsafe` code is here.
#![allow(unsafe_code)]

use rusqlite::{ffi, Connection};

use crate::error::{During, Result};

/// Registers the `branch_` functions and tables on a connection of your own.
///
/// Once per connection; again does no harm. Nothing in the file changes: `SELECT branch_migrate()`, or
/// [`History::migrate`](crate::History::migrate), makes the tables.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let conn = rusqlite::Connection::open_in_memory()?;
/// sqlite_branch_store::register(&conn)?;
/// let version: String = conn.query_row("SELECT branch_version()", [], |row| row.get(0))?;
/// assert_eq!(version, env!("CARGO_PKG_VERSION"));
/// # Ok(())
/// # }
/// ```
pub fn register(conn: &Connection) -> Result<()> {
    // SAFETY: `conn` keeps its connection open through the call, and a `Connection` is used by one thread at a time.
    let registered = unsafe { sqlite_branch::register(conn.handle()) };
    registered
        .map_err(|error| {
            rusqlite::Error::SqliteFailure(ffi::Error::new(error.code()), Some(error.to_string()))
        })
        .during(|| "register sqlite-branch on a connection".to_owned())
}
