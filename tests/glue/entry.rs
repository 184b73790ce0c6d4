//! What the entry point refuses, and how it says so.

use std::ffi::{c_char, c_int, CStr};
use std::sync::atomic::{AtomicPtr, Ordering};

use rusqlite::{ffi, Connection};
use sqlite_branch::{sqlite3_branch_init, Handle, Routines};

static TABLE: AtomicPtr<Routines> = AtomicPtr::new(std::ptr::null_mut());

unsafe extern "C" fn keep_table(
    _: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    table: *const ffi::sqlite3_api_routines,
) -> c_int {
    TABLE.store(table.cast_mut().cast(), Ordering::Release);
    ffi::SQLITE_OK
}

/// SQLite's own table of routines, which it hands to extensions only.
pub fn table() -> *mut Routines {
    // SAFETY: an entry point. Registering it again changes nothing.
    let code = unsafe { ffi::sqlite3_auto_extension(Some(keep_table)) };
    assert_eq!(code, ffi::SQLITE_OK);
    drop(Connection::open_in_memory().unwrap());
    let table = TABLE.load(Ordering::Acquire);
    assert!(!table.is_null());
    table
}

/// Calls the entry point. Gives its result and what it says.
pub fn load(db: *mut ffi::sqlite3, table: *const Routines) -> (c_int, Option<String>) {
    let mut message = std::ptr::null_mut();
    // SAFETY: the connection is open or null, the table SQLite's, a copy of it, or null.
    unsafe {
        let code = sqlite3_branch_init(db.cast::<Handle>(), &mut message, table);
        let text = (!message.is_null()).then(|| {
            let text = CStr::from_ptr(message).to_string_lossy().into_owned();
            ffi::sqlite3_free(message.cast());
            text
        });
        (code, text)
    }
}

/// A connection without the extension, if that has not been installed for all of them.
#[cfg(feature = "loaded")]
pub fn handle(connection: &Connection) -> *mut ffi::sqlite3 {
    // SAFETY: used while the connection is open.
    unsafe { connection.handle() }
}

#[test]
fn without_a_connection() {
    let (code, text) = load(std::ptr::null_mut(), table());
    assert_eq!(code, 1);
    assert_eq!(
        text.as_deref(),
        Some("sqlite-branch: loaded without a connection or an API table")
    );
}

#[test]
fn without_a_place_for_a_message() {
    // SAFETY: as SQLite itself calls it where nobody asks for the message.
    let code = unsafe { sqlite3_branch_init(std::ptr::null_mut(), std::ptr::null_mut(), table()) };
    assert_eq!(code, 1);
}

#[test]
fn loaded_into_a_shell_the_message_is_seen() {
    // The file itself, by SQLite's own loader, with an entry point that is not there.
    let connection = Connection::open_in_memory().unwrap();
    // SAFETY: the library is ours.
    let outcome = unsafe {
        connection.load_extension_enable().unwrap();
        connection.load_extension(crate::dist::loadable_stem(), Some("sqlite3_other_init"))
    };
    assert!(outcome
        .unwrap_err()
        .to_string()
        .contains("sqlite3_other_init"));
    // SAFETY: as above.
    unsafe {
        connection
            .load_extension(crate::dist::loadable_stem(), None::<&str>)
            .unwrap();
    }
    let version: String = connection
        .query_row("SELECT branch_version()", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
}
