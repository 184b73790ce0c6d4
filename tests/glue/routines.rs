//! What the entry point refuses of a table of routines, and how it says so. For the backend that calls through one.

use std::ffi::{c_char, c_int, c_void};

use rusqlite::{ffi, Connection};
use sqlite_branch::{Handle, Routines};

use crate::again::in_own_process;
use crate::entry::{handle, load, table};
use crate::host;

#[test]
fn without_a_table() {
    let connection = Connection::open_in_memory().unwrap();
    // There is nothing to allocate a message with.
    assert_eq!(load(handle(&connection), std::ptr::null()), (1, None));
    assert_eq!(load(std::ptr::null_mut(), std::ptr::null()), (1, None));
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
    assert!(host::integer(&connection, "SELECT branch_migrate()", &[]) > 0);
}

#[test]
fn what_registration_meets_is_said() {
    if !in_own_process("routines::what_registration_meets_is_said") {
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
