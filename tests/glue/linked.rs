//! Registering without a table of routines, for the backend that calls the SQLite that is linked.

use rusqlite::{ffi, Connection};

use crate::again::in_own_process;
use crate::{conversation, host};

#[test]
fn on_one_connection_alone() {
    if !in_own_process("linked::on_one_connection_alone") {
        return;
    }
    let with = Connection::open_in_memory().unwrap();
    let without = Connection::open_in_memory().unwrap();
    // SAFETY: the connection is open and this thread's.
    unsafe { sqlite_branch::register(with.handle()) }.unwrap();
    conversation(&with);
    assert_eq!(
        host::integer(&with, "SELECT count(*) FROM branch_messages('t')", &[]),
        2
    );
    let (code, text) = host::error(&without, "SELECT branch_version()", &[]);
    assert_eq!(
        (code, text.as_str()),
        (1, "no such function: branch_version")
    );
}

#[test]
fn on_all_connections_from_then_on() {
    if !in_own_process("linked::on_all_connections_from_then_on") {
        return;
    }
    let before = Connection::open_in_memory().unwrap();
    for _ in 0..2 {
        sqlite_branch::register_everywhere().unwrap();
    }
    conversation(&Connection::open_in_memory().unwrap());
    let (code, _) = host::error(&before, "SELECT branch_version()", &[]);
    assert_eq!(code, 1);
}

#[test]
fn without_a_connection() {
    // SAFETY: null is refused before anything is done with it.
    let error = unsafe { sqlite_branch::register(std::ptr::null_mut()) }.unwrap_err();
    assert_eq!(error.code(), ffi::SQLITE_ERROR);
    assert_eq!(
        error.to_string(),
        "sqlite-branch: loaded without a connection or an API table"
    );
}

#[test]
fn what_sqlite_refuses_is_passed_on() {
    let connection = host::memory();
    conversation(&connection);
    let mut statement = connection
        .prepare("SELECT id FROM branch_messages('t')")
        .unwrap();
    let mut rows = statement.raw_query();
    assert!(rows.next().unwrap().is_some());
    // SAFETY: the connection is open and this thread's.
    let error = unsafe { sqlite_branch::register(connection.handle()) }.unwrap_err();
    assert_eq!(error.code(), ffi::SQLITE_BUSY);
    assert!(error.message().contains("active statements"), "{error}");
}
