//! The same places for what makes, shows and deletes threads, and for INSERT: each is a whole statement here.

use rusqlite::config::DbConfig;
use rusqlite::{ffi, Connection, OpenFlags};

use super::host::{error, install, integer, open};
use super::{prepared, state};

/// Statements, each of which changes something.
const STATEMENTS: [&str; 9] = [
    "SELECT branch_thread('w', 'W', 9)",
    "SELECT branch_select(2)",
    "SELECT branch_delete('t')",
    "SELECT branch_append('t', 'user', 'new', NULL, 9, 'a uid')",
    "INSERT INTO branch_messages(thread_id, role, content, uid) VALUES ('t', 'user', 'new', 'a uid')",
    "INSERT INTO branch_messages(thread_id, role, content, parent_entry_id) VALUES ('t', 'user', 'new', 2), ('u', 'user', 'new', NULL)",
    "INSERT INTO branch_messages(thread_id, role, content) SELECT 't', role, content FROM branch_messages('u')",
    "INSERT INTO branch_call SELECT branch_select('named')",
    "INSERT INTO branch_call VALUES (branch_fork(2, 'user', 'new', NULL, 9, 'a uid'))",
];

/// The usual tables, and a branch beside the one that is shown, on which a message has a name.
fn furnished(connection: &Connection) {
    prepared(connection);
    connection
        .execute_batch(
            "SELECT branch_append('t', 'user', 'four', NULL, 4, 'named');
             SELECT branch_fork(1, 'user', 'five', NULL, 5);
             SELECT branch_label(5, 'here', 6);",
        )
        .unwrap();
}

fn memory() -> Connection {
    let connection = super::memory();
    connection
        .execute_batch(
            "SELECT branch_append('t', 'user', 'four', NULL, 4, 'named');
             SELECT branch_fork(1, 'user', 'five', NULL, 5);
             SELECT branch_label(5, 'here', 6);",
        )
        .unwrap();
    connection
}

/// Messages, leaves, uids and labels.
fn all(connection: &Connection) -> String {
    let more: String = connection
        .query_row(
            "SELECT (SELECT ifnull(group_concat(uid || '=' || message_id, ' '), '') FROM message_uids) || ' | ' || \
                    (SELECT ifnull(group_concat(label || '=' || message_id, ' '), '') FROM message_labels)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    format!("{} | {more}", state(connection))
}

const BEFORE: &str = "1<- 2<1 3<- 4<2 5<1 | t=5 u=3 | named=4 | here=5";

fn run(connection: &Connection, sql: &str) {
    connection
        .execute_batch(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[test]
fn a_transaction_or_savepoint_that_is_undone() {
    for sql in STATEMENTS {
        let connection = memory();
        assert_eq!(all(&connection), BEFORE);
        run(&connection, sql);
        let changed = all(&connection);
        assert_ne!(changed, BEFORE, "{sql}");
        for (before, after) in [
            ("BEGIN", "ROLLBACK"),
            ("SAVEPOINT here", "ROLLBACK TO here; RELEASE here"),
            ("BEGIN; SAVEPOINT here", "ROLLBACK TO here; COMMIT"),
        ] {
            let connection = memory();
            run(&connection, before);
            run(&connection, sql);
            assert_eq!(all(&connection), changed, "{sql}");
            assert!(!connection.is_autocommit());
            run(&connection, after);
            assert!(connection.is_autocommit());
            assert_eq!(all(&connection), BEFORE, "{sql}, {before}");
        }
    }
}

#[test]
fn a_database_that_cannot_be_written_or_that_others_write() {
    for mode in ["DELETE", "WAL"] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("state.db");
        let other = open(&file);
        run(&other, &format!("PRAGMA journal_mode = {mode}"));
        furnished(&other);
        install();
        let read_only =
            Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let query_only = open(&file);
        run(&query_only, "PRAGMA query_only = ON");
        let waiting = open(&file);
        waiting.busy_timeout(std::time::Duration::ZERO).unwrap();
        for sql in STATEMENTS {
            for connection in [&read_only, &query_only] {
                assert_eq!(
                    error(connection, sql, &[]).0 & 0xff,
                    ffi::SQLITE_READONLY,
                    "{sql}"
                );
            }
            run(&other, "BEGIN IMMEDIATE");
            let (code, text) = error(&waiting, sql, &[]);
            assert_eq!(code, ffi::SQLITE_BUSY, "{sql}: {text}");
            assert!(waiting.is_autocommit());
            run(&other, "COMMIT");
            assert_eq!(all(&waiting), BEFORE);
        }
        // What was read is out of date: at once, and the transaction stays.
        if mode == "WAL" {
            run(&waiting, "BEGIN; SELECT * FROM messages");
            integer(&other, "SELECT branch_append('u', 'user', 'new')", &[]);
            for sql in STATEMENTS {
                assert_eq!(
                    error(&waiting, sql, &[]).0,
                    ffi::SQLITE_BUSY_SNAPSHOT,
                    "{sql}"
                );
                assert!(!waiting.is_autocommit());
            }
            assert_eq!(all(&waiting), BEFORE);
        }
    }
}

/// Without triggers, and with a schema that is not trusted, all is as it was: nothing here uses either.
#[test]
fn with_triggers_off_and_a_schema_that_is_not_trusted() {
    for sql in STATEMENTS {
        let connection = memory();
        run(&connection, sql);
        let changed = all(&connection);
        let connection = memory();
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)
            .unwrap();
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
            .unwrap();
        run(&connection, "PRAGMA trusted_schema = OFF");
        run(&connection, sql);
        assert_eq!(all(&connection), changed, "{sql}");
    }
}

/// Nothing fits any more: nothing is half done, and what the caller did before is kept.
#[test]
fn a_full_database() {
    for begin in ["", "BEGIN; INSERT INTO notes(value) VALUES (7);"] {
        let long = "hex(zeroblob(100000))";
        for sql in [
            format!("INSERT INTO branch_messages(thread_id, role, content) SELECT 't', 'user', {long}"),
            format!("INSERT INTO branch_messages(thread_id, role, content, uid) VALUES ('t', 'user', 'fits', 'x'), ('t', 'user', {long}, 'y')"),
            format!("INSERT INTO branch_call SELECT branch_append('t', 'user', {long})"),
            format!("SELECT branch_thread('w', {long})"),
            format!("SELECT branch_append('t', 'user', 'fits', NULL, NULL, {long} || 'x')"),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let connection = open(&directory.path().join("state.db"));
            furnished(&connection);
            run(&connection, begin);
            let pages = integer(&connection, "PRAGMA page_count", &[]);
            run(&connection, &format!("PRAGMA max_page_count = {}", pages + 1));
            let (code, text) = error(&connection, &sql, &[]);
            assert_eq!(code, ffi::SQLITE_FULL, "{sql}: {text}");
            assert_eq!(connection.is_autocommit(), begin.is_empty(), "{sql}");
            assert_eq!(all(&connection), BEFORE, "{sql}");
            assert_eq!(super::notes(&connection), if begin.is_empty() { "" } else { "7" });
            run(&connection, "PRAGMA max_page_count = 1000000");
            run(&connection, &sql);
            assert_ne!(all(&connection), BEFORE, "{sql}");
        }
    }
}

/// Interrupted after so many steps: done or not done.
#[test]
fn interrupted() {
    for sql in STATEMENTS {
        let connection = memory();
        run(&connection, sql);
        let changed = all(&connection);
        let mut interrupted = 0;
        for patience in 0..200 {
            let mut connection = memory();
            let mut left = patience;
            connection
                .progress_handler(
                    1,
                    Some(move || {
                        left -= 1;
                        left < 0
                    }),
                )
                .unwrap();
            let outcome = connection.execute_batch(sql);
            connection
                .progress_handler(0, None::<fn() -> bool>)
                .unwrap();
            assert!(connection.is_autocommit(), "{sql}");
            match outcome {
                Err(_) => {
                    interrupted += 1;
                    // SQLite asks once more after a statement has ended, and then says that one was interrupted that is done.
                    let found = all(&connection);
                    assert!(
                        [BEFORE, changed.as_str()].contains(&found.as_str()),
                        "{sql} after {patience} steps: {found}"
                    );
                }
                Ok(()) => assert_eq!(all(&connection), changed, "{sql} after {patience} steps"),
            }
        }
        assert!(interrupted > 5, "{sql}: {interrupted}");
    }
}

/// Triggers of the user's own that refuse what is written inside.
#[test]
fn triggers_that_refuse() {
    for (trigger, statements) in [
        ("BEFORE UPDATE ON threads", &[1, 3, 4, 5, 6, 7, 8][..]),
        ("AFTER INSERT ON messages", &[3, 4, 5, 6, 8]),
        ("BEFORE INSERT ON message_uids", &[3, 4, 8]),
        ("BEFORE DELETE ON messages", &[2]),
        ("BEFORE DELETE ON message_uids", &[2]),
        ("BEFORE DELETE ON message_labels", &[2]),
        ("AFTER INSERT ON threads", &[0]),
    ] {
        for (action, keeps) in [("ABORT", true), ("FAIL", true), ("ROLLBACK", false)] {
            for at in statements {
                for begin in ["", "BEGIN; INSERT INTO notes(value) VALUES (7);"] {
                    let connection = memory();
                    run(&connection, &format!("CREATE TRIGGER refuse {trigger} BEGIN SELECT RAISE({action}, 'no'); END"));
                    run(&connection, begin);
                    let sql = STATEMENTS[*at];
                    let (code, text) = error(&connection, sql, &[]);
                    let context = format!("{trigger}, {action}: {sql}");
                    assert_eq!(code, ffi::SQLITE_CONSTRAINT_TRIGGER, "{context}");
                    assert!(text.ends_with(": no"), "{context}: {text}");
                    assert_eq!(all(&connection), BEFORE, "{context}");
                    assert_eq!(
                        connection.is_autocommit(),
                        begin.is_empty() || !keeps,
                        "{context}"
                    );
                    let kept = if keeps && !begin.is_empty() { "7" } else { "" };
                    assert_eq!(super::notes(&connection), kept, "{context}");
                }
            }
        }
    }
}
