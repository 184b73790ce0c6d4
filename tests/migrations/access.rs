//! Files that cannot be written, and files that others write.

use rusqlite::{Connection, OpenFlags};

use crate::databases::*;
use crate::host::{self, error, integer};
use crate::{journal, with_branches};

fn read_only(path: &std::path::Path) -> Connection {
    host::install();
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

#[test]
fn nothing_to_do_is_no_error_for_a_reader_and_takes_no_lock() {
    for mode in ["delete", "wal"] {
        let (_directory, path) = place();
        with_branches(&path);
        journal(&path, mode);
        assert_eq!(
            integer(&read_only(&path), "SELECT branch_migrate()", &[]),
            0
        );

        let guarded = host::open(&path);
        guarded.pragma_update(None, "query_only", true).unwrap();
        assert_eq!(integer(&guarded, "SELECT branch_migrate()", &[]), 0);

        // Beside a writer that does not let go, with no patience at all.
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("BEGIN IMMEDIATE; DELETE FROM jobs;")
            .unwrap();
        let reader = host::open(&path);
        reader.busy_timeout(std::time::Duration::ZERO).unwrap();
        assert_eq!(
            integer(&reader, "SELECT branch_migrate()", &[]),
            0,
            "{mode}"
        );
        writer.execute_batch("COMMIT").unwrap();
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named_as_that() {
    let (_directory, path) = place();
    linear(&path);
    let before = dump(&path);
    const READONLY: i32 = 8;
    let expected = (
        READONLY,
        "branch_migrate: attempt to write a readonly database".to_owned(),
    );
    assert_eq!(
        error(&read_only(&path), "SELECT branch_migrate()", &[]),
        expected
    );

    let guarded = host::open(&path);
    guarded.pragma_update(None, "query_only", true).unwrap();
    assert_eq!(error(&guarded, "SELECT branch_migrate()", &[]), expected);
    assert!(guarded.is_autocommit());
    guarded.pragma_update(None, "query_only", false).unwrap();
    drop(guarded);
    assert_eq!(dump(&path), before);

    // An empty file, too.
    let (_directory, path) = place();
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 0")
        .unwrap();
    assert_eq!(
        error(&read_only(&path), "SELECT branch_migrate()", &[]),
        expected
    );
}

#[test]
fn a_file_that_another_program_writes_is_busy() {
    let (_directory, path) = place();
    linear(&path);
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let other = host::open(&path);
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    const BUSY: i32 = 5;
    assert_eq!(
        error(&other, "SELECT branch_migrate()", &[]),
        (BUSY, "branch_migrate: database is locked".to_owned())
    );
    assert!(other.is_autocommit());
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(integer(&other, "SELECT branch_migrate()", &[]), 8);
    assert_eq!(links(&path), LINEAR_LINKS);
}
