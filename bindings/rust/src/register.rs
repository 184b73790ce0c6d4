//! Making the extension's functions and tables known to a connection. All of this crate's `unsafe` code is here.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, CStr};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use rusqlite::{ffi, Connection};

use crate::error::{During, Error, Result};

/// SQLite's table of functions for extensions: one static per process, so it stays good once it is found.
static API: AtomicPtr<ffi::sqlite3_api_routines> = AtomicPtr::new(ptr::null_mut());

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
    let doing = || "register sqlite-branch on a connection".to_owned();
    let api = api_routines()?;
    let mut message: *mut c_char = ptr::null_mut();
    // SAFETY: the handle is that of an open connection, which `conn` keeps open through the call; the message pointer
    // lives through it; the table is SQLite's own, static, and of the library that the connection belongs to. The
    // pointer types differ only by the crate that declares them.
    let code = unsafe {
        sqlite_branch::sqlite3_branch_init(
            conn.handle().cast(),
            ptr::from_mut(&mut message).cast(),
            api.cast(),
        )
    };
    // SAFETY: by SQLite's convention for entry points the message is NULL or a string from its allocator, ours to free.
    let text = unsafe {
        let text = (!message.is_null()).then(|| CStr::from_ptr(message).to_string_lossy().into());
        ffi::sqlite3_free(message.cast());
        text
    };
    if code == ffi::SQLITE_OK {
        return Ok(());
    }
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), text)).during(doing)
}

/// The API table, which SQLite hands out only to the entry points of extensions: this opens a connection for one.
fn api_routines() -> Result<*const ffi::sqlite3_api_routines> {
    let known = API.load(Ordering::Acquire);
    if !known.is_null() {
        return Ok(known);
    }
    let doing = || "find SQLite's table of functions for extensions".to_owned();
    // SAFETY: `capture` is an entry point of the right type. Two threads may be here at once: to add it twice does
    // nothing, and whichever takes it away has run it before.
    let opened = unsafe {
        let code = ffi::sqlite3_auto_extension(Some(capture));
        if code != ffi::SQLITE_OK {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)).during(doing);
        }
        let opened = Connection::open_in_memory();
        ffi::sqlite3_cancel_auto_extension(Some(capture));
        opened
    };
    drop(opened.during(doing)?);
    let found = API.load(Ordering::Acquire);
    if found.is_null() {
        return Err(Error::Sqlite {
            doing: doing(),
            source: rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_ERROR),
                Some("this SQLite was built without extensions".to_owned()),
            ),
        });
    }
    Ok(found)
}

/// An entry point that only keeps the table that it is handed.
unsafe extern "C" fn capture(
    _connection: *mut ffi::sqlite3,
    _message: *mut *mut c_char,
    api: *const ffi::sqlite3_api_routines,
) -> c_int {
    API.store(api.cast_mut(), Ordering::Release);
    ffi::SQLITE_OK
}
