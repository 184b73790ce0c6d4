//! Connections in this process, with the extension on them: rusqlite's own SQLite, the library linked as a crate.

#![allow(dead_code)] // Each test binary uses a part of it.

use std::ffi::{c_char, c_int};
use std::path::Path;
use std::sync::Once;

use rusqlite::{ffi, params, Connection, ToSql};

type EntryPoint = unsafe extern "C" fn(
    *mut ffi::sqlite3,
    *mut *mut c_char,
    *const ffi::sqlite3_api_routines,
) -> c_int;

/// Puts the extension on every connection that this process opens from now on.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: an entry point by its type but for the names that two crates give to the same C types.
        let code = unsafe {
            let entry: EntryPoint = std::mem::transmute::<*const (), EntryPoint>(
                sqlite_branch::sqlite3_branch_init as *const (),
            );
            ffi::sqlite3_auto_extension(Some(entry))
        };
        assert_eq!(code, ffi::SQLITE_OK);
    });
}

/// An empty database in memory.
pub fn memory() -> Connection {
    install();
    Connection::open_in_memory().unwrap()
}

/// A database in a file, as it is.
pub fn open(path: &Path) -> Connection {
    install();
    let connection = Connection::open(path).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(20))
        .unwrap();
    connection
}

/// A database in memory with all tables.
pub fn migrated() -> Connection {
    let connection = memory();
    integer(&connection, "SELECT branch_migrate()", &[]);
    connection
}

/// Makes a thread.
pub fn add_thread(connection: &Connection, id: &str) {
    connection
        .execute(
            "INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, \
                 cli_version, source) \
             VALUES (?1, 'a preview', 0, 'a provider', 1, 1, 'idle', '/home', '1.0', 'interactive')",
            params![id],
        )
        .unwrap();
}

/// The one value that a query gives, which is an integer or NULL.
pub fn maybe(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Option<i64> {
    connection
        .query_row(sql, values, |row| row.get(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The one value that a query gives, which is an integer.
pub fn integer(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> i64 {
    maybe(connection, sql, values).unwrap_or_else(|| panic!("{sql}: NULL"))
}

/// The extended result code and the text of the error that a query ends with.
pub fn error(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> (i32, String) {
    let outcome = connection.prepare(sql).and_then(|mut statement| {
        let mut rows = statement.query(values)?;
        while rows.next()?.is_some() {}
        Ok(())
    });
    match outcome {
        Ok(()) => panic!("{sql}: no error"),
        Err(rusqlite::Error::SqliteFailure(code, text)) => {
            (code.extended_code, text.unwrap_or_default())
        }
        Err(rusqlite::Error::SqlInputError { error, msg, .. }) => (error.extended_code, msg),
        Err(other) => panic!("{sql}: {other}"),
    }
}

/// How many pages a query reads from the file, when none is in memory.
pub fn pages(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> i32 {
    let misses = || {
        let (mut now, mut highest) = (0, 0);
        // SAFETY: the connection is open, and both places live through the call.
        let outcome = unsafe {
            ffi::sqlite3_db_status(
                connection.handle(),
                ffi::SQLITE_DBSTATUS_CACHE_MISS,
                &mut now,
                &mut highest,
                1,
            )
        };
        assert_eq!(outcome, ffi::SQLITE_OK);
        now
    };
    let mut statement = connection.prepare(sql).unwrap();
    let mut count = 0;
    for _ in 0..2 {
        connection.execute_batch("PRAGMA shrink_memory").unwrap();
        misses();
        let mut rows = statement.query(values).unwrap();
        while rows.next().unwrap().is_some() {}
        count = misses();
    }
    count
}
