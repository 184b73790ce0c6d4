//! `branch_migrate()` where a statement or a transaction is going on already.

use std::path::Path;

use rusqlite::Connection;

use crate::databases::*;
use crate::host::{self, error, integer};

/// The version, and all that makes the schema.
fn state(connection: &Connection) -> Vec<String> {
    let mut state = vec![integer(connection, "PRAGMA user_version", &[]).to_string()];
    state.extend(texts(
        connection,
        "SELECT type || ' ' || name || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name",
    ));
    state
}

fn opened(path: &Path) -> Connection {
    linear(path);
    host::open(path)
}

#[test]
fn in_a_transaction_that_is_rolled_back() {
    for begin in ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT mine"] {
        let (_directory, path) = place();
        let connection = opened(&path);
        let before = state(&connection);
        connection.execute_batch(begin).unwrap();
        connection
            .execute_batch("DELETE FROM messages WHERE id = 9")
            .unwrap();
        assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 8);
        assert!(!connection.is_autocommit());
        assert_eq!(integer(&connection, "SELECT branch_depth(6)", &[]), 2);
        if begin.starts_with("SAVEPOINT") {
            connection
                .execute_batch("ROLLBACK TO mine; RELEASE mine")
                .unwrap();
        } else {
            connection.execute_batch("ROLLBACK").unwrap();
        }
        assert_eq!(state(&connection), before, "{begin}");
        assert_eq!(
            integer(&connection, "SELECT count(*) FROM messages", &[]),
            10
        );
        // And again, for good.
        assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 8);
        assert!(connection.is_autocommit());
        assert_eq!(links(&path), LINEAR_LINKS);
    }
}

#[test]
fn in_a_transaction_that_is_committed() {
    let (_directory, path) = place();
    let connection = opened(&path);
    connection.execute_batch("BEGIN").unwrap();
    assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 8);
    assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 0);
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(links(&path), LINEAR_LINKS);
    assert_eq!(integer(&connection, "PRAGMA user_version", &[]), 2);
}

#[test]
fn in_an_insert() {
    let (_directory, path) = place();
    let connection = opened(&path);
    connection
        .execute_batch("CREATE TABLE log (migrations)")
        .unwrap();
    connection
        .execute("INSERT INTO log SELECT branch_migrate()", [])
        .unwrap();
    assert!(connection.is_autocommit());
    assert_eq!(integer(&connection, "SELECT migrations FROM log", &[]), 8);
    assert_eq!(links(&path), LINEAR_LINKS);
    assert_sound(&path);
}

#[test]
fn in_an_insert_that_fails_all_of_it_is_undone() {
    let (_directory, path) = place();
    let connection = opened(&path);
    connection
        .execute_batch("CREATE TABLE log (migrations CHECK (migrations = 1000))")
        .unwrap();
    let before = state(&connection);
    let (code, text) = error(&connection, "INSERT INTO log SELECT branch_migrate()", &[]);
    assert_eq!((code, &text[..23]), (275, "CHECK constraint failed"));
    assert_eq!(state(&connection), before);
    assert_sound(&path);
}

/// Without a constraint on its table, SQLite keeps no statement journal for the outer statement.
#[test]
fn in_an_insert_a_failure_inside_undoes_all_of_it() {
    for begin in ["SELECT 1", "BEGIN", "SAVEPOINT mine"] {
        let (_directory, path) = place();
        let connection = opened(&path);
        connection
            .execute_batch(
                "CREATE TABLE log (migrations);
                 CREATE TRIGGER no_updates BEFORE UPDATE ON threads WHEN new.id = 'steady'
                 BEGIN SELECT raise(ABORT, 'not this one'); END;",
            )
            .unwrap();
        let before = state(&connection);
        connection.execute_batch(begin).unwrap();
        let (_, text) = error(&connection, "INSERT INTO log SELECT branch_migrate()", &[]);
        assert_eq!(text, "branch_migrate: not this one", "{begin}");
        assert_eq!(connection.is_autocommit(), begin == "SELECT 1", "{begin}");
        assert_eq!(state(&connection), before, "{begin}");
        if begin != "SELECT 1" {
            connection.execute_batch("COMMIT").unwrap();
        }
        assert_eq!(state(&connection), before, "{begin}");
        assert_sound(&path);
        connection.execute_batch("DROP TRIGGER no_updates").unwrap();
        connection
            .execute("INSERT INTO log SELECT branch_migrate()", [])
            .unwrap();
        assert_eq!(
            integer(&connection, "SELECT migrations FROM log", &[]),
            8,
            "{begin}"
        );
        assert_eq!(links(&path), LINEAR_LINKS);
    }
}

#[test]
fn for_each_row_of_a_query() {
    let (_directory, path) = place();
    let connection = opened(&path);
    assert_eq!(
        texts(
            &connection,
            "SELECT branch_migrate() || ' ' || id FROM threads ORDER BY rowid"
        ),
        ["8 steady", "0 clock", "0 empty", "0 single"]
    );
    assert_eq!(links(&path), LINEAR_LINKS);
    assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 0);
}

#[test]
fn a_failure_inside_undoes_all_of_it() {
    for begin in ["SELECT 1", "BEGIN", "SAVEPOINT mine"] {
        let (_directory, path) = place();
        let connection = opened(&path);
        connection
            .execute_batch(
                "CREATE TRIGGER no_updates BEFORE UPDATE ON threads WHEN new.id = 'steady'
                 BEGIN SELECT raise(ABORT, 'not this one'); END;",
            )
            .unwrap();
        let before = state(&connection);
        connection.execute_batch(begin).unwrap();
        let (code, text) = error(&connection, "SELECT branch_migrate()", &[]);
        const CONSTRAINT_TRIGGER: i32 = 1811;
        assert_eq!(
            (code, text.as_str()),
            (CONSTRAINT_TRIGGER, "branch_migrate: not this one")
        );
        assert_eq!(connection.is_autocommit(), begin == "SELECT 1", "{begin}");
        assert_eq!(state(&connection), before, "{begin}");
        if begin != "SELECT 1" {
            connection.execute_batch("COMMIT").unwrap();
        }
        connection.execute_batch("DROP TRIGGER no_updates").unwrap();
        assert_eq!(
            integer(&connection, "SELECT branch_migrate()", &[]),
            8,
            "{begin}"
        );
        assert_eq!(links(&path), LINEAR_LINKS);
    }
}

/// Migrations take long on large files, and people lose patience.
#[test]
fn an_interrupt_undoes_all_of_it() {
    let (_directory, path) = place();
    large(&path, 200);
    let mut connection = host::open(&path);
    let before = state(&connection);
    let mut interrupted = 0;
    for patience in [1, 10, 40, 160, 640] {
        let mut ticks = 0;
        connection
            .progress_handler(
                1000,
                Some(move || {
                    ticks += 1;
                    ticks > patience
                }),
            )
            .unwrap();
        const INTERRUPT: i32 = 9;
        assert_eq!(
            error(&connection, "SELECT branch_migrate()", &[]),
            (INTERRUPT, "branch_migrate: interrupted".to_owned()),
            "after {patience} ticks"
        );
        interrupted += 1;
        connection
            .progress_handler(0, None::<fn() -> bool>)
            .unwrap();
        assert!(connection.is_autocommit());
        assert_eq!(state(&connection), before);
    }
    assert_eq!(interrupted, 5);
    assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 8);
    assert_large_is_linked(&path, 200);
}

#[test]
fn beside_a_query_that_has_not_ended() {
    let (_directory, path) = place();
    let connection = opened(&path);
    let mut statement = connection.prepare("SELECT id FROM messages").unwrap();
    let mut rows = statement.query([]).unwrap();
    assert!(rows.next().unwrap().is_some());
    assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 8);
    let mut more = 0;
    while rows.next().unwrap().is_some() {
        more += 1;
    }
    assert_eq!(more, 9);
    drop(rows);
    drop(statement);
    assert_eq!(links(&path), LINEAR_LINKS);
}
