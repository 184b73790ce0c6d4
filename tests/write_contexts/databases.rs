//! Databases that refuse: not to be written, in use, out of date, full.

use rusqlite::{ffi, Connection, OpenFlags};

use super::host::{error, install, integer, open};
use super::{notes, prepared, state, AFTER, BEFORE, CALLS};

#[test]
fn databases_that_cannot_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.db");
    prepared(&open(&file));
    install();
    let read_only = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let query_only = open(&file);
    query_only.execute_batch("PRAGMA query_only = ON").unwrap();
    for connection in [&read_only, &query_only] {
        for call in CALLS {
            let (code, text) = error(connection, &format!("SELECT {call}"), &[]);
            assert_eq!(code & 0xff, ffi::SQLITE_READONLY, "{call}: {text}");
            let name = call.split('(').next().unwrap();
            assert_eq!(
                text,
                format!("{name}: attempt to write a readonly database")
            );
            assert!(connection.is_autocommit());
        }
        assert_eq!(state(connection), BEFORE);
        assert_eq!(integer(connection, "SELECT branch_depth(2)", &[]), 1);
    }
}

#[test]
fn a_database_that_others_write() {
    for mode in ["DELETE", "WAL"] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("state.db");
        let other = open(&file);
        other
            .execute_batch(&format!("PRAGMA journal_mode = {mode}"))
            .unwrap();
        prepared(&other);
        let connection = open(&file);
        connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        for call in CALLS {
            let (code, text) = error(&connection, &format!("SELECT {call}"), &[]);
            let name = call.split('(').next().unwrap();
            assert_eq!(
                (code, text),
                (ffi::SQLITE_BUSY, format!("{name}: database is locked")),
                "{mode}"
            );
            assert!(connection.is_autocommit());
        }
        other.execute_batch("COMMIT").unwrap();
        integer(&connection, "SELECT branch_append('t', 'user', 'new')", &[]);
        assert_eq!(state(&connection), AFTER, "{mode}");
    }
}

#[test]
fn a_snapshot_that_is_out_of_date() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.db");
    let other = open(&file);
    other.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    prepared(&other);
    let connection = open(&file);
    connection
        .execute_batch("BEGIN; SELECT * FROM messages")
        .unwrap();
    integer(&other, "SELECT branch_append('t', 'user', 'new')", &[]);
    for call in CALLS {
        // At once, although the busy timeout is long.
        let (code, text) = error(&connection, &format!("SELECT {call}"), &[]);
        assert_eq!(code, ffi::SQLITE_BUSY_SNAPSHOT, "{call}: {text}");
    }
    assert!(!connection.is_autocommit());
    assert_eq!(state(&connection), BEFORE);
    connection.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_append('t', 'user', 'newer')",
            &[]
        ),
        5
    );
}

#[test]
fn a_full_database_keeps_the_callers_work() {
    for (begin, kept) in [
        ("", ""),
        ("BEGIN; INSERT INTO notes(value) VALUES (7);", "7"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("state.db"));
        prepared(&connection);
        connection.execute_batch(begin).unwrap();
        let pages = integer(&connection, "PRAGMA page_count", &[]);
        connection
            .execute_batch(&format!("PRAGMA max_page_count = {}", pages + 1))
            .unwrap();
        let long = "SELECT branch_append('t', 'user', hex(zeroblob(100000)))";
        let (code, text) = error(&connection, long, &[]);
        assert_eq!(code, ffi::SQLITE_FULL);
        assert_eq!(text, "branch_append: database or disk is full");
        assert_eq!(connection.is_autocommit(), begin.is_empty());
        assert_eq!(state(&connection), BEFORE);
        assert_eq!(notes(&connection), kept);
        connection
            .execute_batch("PRAGMA max_page_count = 1000000")
            .unwrap();
        integer(&connection, long, &[]);
        if !begin.is_empty() {
            connection.execute_batch("COMMIT").unwrap();
        }
        assert_eq!(
            (state(&connection).as_str(), notes(&connection).as_str()),
            (AFTER, kept)
        );
    }
}
