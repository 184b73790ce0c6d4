//! What the entry point refuses, and how it says so.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::sync::atomic::{AtomicPtr, Ordering};

use rusqlite::{ffi, Connection};
use sqlite_branch::{sqlite3_branch_init, Handle, Routines};

use crate::again::in_own_process;
use crate::host;

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
fn handle(connection: &Connection) -> *mut ffi::sqlite3 {
    // SAFETY: used while the connection is open.
    unsafe { connection.handle() }
}

#[test]
fn without_a_table() {
    let connection = Connection::open_in_memory().unwrap();
    // There is nothing to allocate a message with.
    assert_eq!(load(handle(&connection), std::ptr::null()), (1, None));
    assert_eq!(load(std::ptr::null_mut(), std::ptr::null()), (1, None));
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

/// The table of an older SQLite is shorter: nothing but the version may be asked of it. Here, whatever else were called
/// is not there, and would show as another message.
fn older_host(version: unsafe extern "C" fn() -> c_int) -> Box<Routines> {
    // SAFETY: a table of no routines at all. All its fields may be null.
    let mut older: Box<Routines> = Box::new(unsafe { std::mem::zeroed() });
    older.libversion_number = Some(version);
    // SAFETY: SQLite's own table.
    older.malloc = unsafe { (*table()).malloc };
    older
}

#[test]
fn a_host_that_is_too_old() {
    unsafe extern "C" fn last_before() -> c_int {
        3_037_002
    }
    unsafe extern "C" fn ancient() -> c_int {
        3_003_013
    }
    let connection = Connection::open_in_memory().unwrap();
    for (version, dotted) in [
        (last_before as unsafe extern "C" fn() -> c_int, "3.37.2"),
        (ancient, "3.3.13"),
    ] {
        let (code, text) = load(handle(&connection), &*older_host(version));
        assert_eq!(code, 1);
        assert_eq!(
            text.unwrap(),
            format!(
                "sqlite-branch: needs SQLite 3.38.0 or newer, this program runs SQLite {dotted}"
            )
        );
    }
}

#[test]
fn a_host_that_does_not_tell_its_version() {
    let connection = Connection::open_in_memory().unwrap();
    unsafe extern "C" fn unused() -> c_int {
        unreachable!()
    }
    let mut silent = older_host(unused);
    silent.libversion_number = None;
    let (code, text) = load(handle(&connection), &*silent);
    assert_eq!(code, 1);
    assert!(text.unwrap().ends_with("this program runs SQLite 0.0.0"));
}

/// Two copies of SQLite in one process have two tables; the library's file can serve one of them.
#[test]
fn a_second_sqlite_in_the_process() {
    let connection = host::memory();
    // SAFETY: a copy of SQLite's own table, bit by bit.
    let second = Box::new(unsafe { std::ptr::read(table()) });
    let (code, text) = load(handle(&connection), &*second);
    assert_eq!(code, 1);
    assert_eq!(
        text.unwrap(),
        "sqlite-branch: another copy of SQLite in this process has loaded this library; give this one a copy of the file"
    );
    // The first one is as it was.
    assert_eq!(
        host::integer(&connection, "SELECT branch_migrate()", &[]),
        8
    );
}

#[test]
fn what_registration_meets_is_said() {
    if !in_own_process("entry::what_registration_meets_is_said") {
        return;
    }
    unsafe extern "C" fn no_memory(
        _: *mut Handle,
        _: *const c_char,
        _: *const sqlite3ext_sys::sqlite3_module,
        _: *mut c_void,
        _: Option<unsafe extern "C" fn(*mut c_void)>,
    ) -> c_int {
        ffi::SQLITE_NOMEM
    }
    // SAFETY: a copy of SQLite's own table. Only this process sees it.
    let own = Box::leak(Box::new(unsafe { std::ptr::read(table()) }));
    let connection = Connection::open_in_memory().unwrap();
    own.create_module_v2 = Some(no_memory);
    let (code, text) = load(handle(&connection), own);
    assert_eq!(
        (code, text.as_deref()),
        (7, Some("sqlite-branch: out of memory"))
    );
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
