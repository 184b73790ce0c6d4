//! Where a function that writes can be called from, and what can go wrong there: a message and its thread's leaf move
//! together or not at all, and what the caller did before stays the caller's to keep or to undo.

mod host;

use rusqlite::functions::FunctionFlags;
use rusqlite::{ffi, Connection, OpenFlags};

use host::{add_thread, error, integer, maybe, migrated, open};

/// Thread `t` with two messages, thread `u` with one, and tables of the user's own.
fn prepared(connection: &Connection) {
    integer(connection, "SELECT branch_migrate()", &[]);
    add_thread(connection, "t");
    add_thread(connection, "u");
    connection
        .execute_batch(
            "SELECT branch_append('t', 'user', 'one', NULL, 1);
             SELECT branch_append('t', 'assistant', 'two', NULL, 2);
             SELECT branch_append('u', 'user', 'three', NULL, 3);
             CREATE TABLE notes(value INTEGER, word TEXT UNIQUE);",
        )
        .unwrap();
}

fn memory() -> Connection {
    let connection = migrated();
    prepared(&connection);
    connection
}

/// All ids with their parents, and all leaves.
fn state(connection: &Connection) -> String {
    connection
        .query_row(
            "SELECT (SELECT group_concat(id || '<' || ifnull(parent_entry_id, '-'), ' ') \
                     FROM (SELECT * FROM main.messages ORDER BY id)) || ' | ' || \
                    (SELECT group_concat(id || '=' || ifnull(current_leaf_id, '-'), ' ') \
                     FROM (SELECT * FROM main.threads ORDER BY id))",
            [],
            |row| row.get(0),
        )
        .unwrap()
}

const BEFORE: &str = "1<- 2<1 3<- | t=2 u=3";
/// After one message in `t`.
const AFTER: &str = "1<- 2<1 3<- 4<2 | t=4 u=3";

fn notes(connection: &Connection) -> String {
    connection
        .query_row(
            "SELECT ifnull(group_concat(value), '') FROM notes",
            [],
            |row| row.get(0),
        )
        .unwrap()
}

/// Every function that writes, as a call that changes something.
const CALLS: [&str; 7] = [
    "branch_append('t', 'user', 'new', NULL, 9)",
    "branch_fork(1, 'user', 'new', NULL, 9)",
    "branch_alternative(1, 'user', 'new', NULL, 9)",
    "branch_switch('t', 1)",
    "branch_clear('t')",
    "branch_prune(2)",
    "branch_copy(2, 'v', 9)",
];

#[test]
fn select_in_autocommit_mode() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.db");
    let writer = open(&file);
    prepared(&writer);
    let reader = open(&file);
    assert_eq!(
        integer(&writer, "SELECT branch_append('t', 'user', 'new')", &[]),
        4
    );
    assert!(writer.is_autocommit());
    assert_eq!(state(&reader), AFTER);
}

#[test]
fn select_inside_a_transaction_is_the_callers_to_undo() {
    for call in CALLS {
        let connection = memory();
        connection
            .execute_batch("BEGIN; INSERT INTO notes(value) VALUES (7)")
            .unwrap();
        integer(&connection, &format!("SELECT {call}"), &[]);
        assert_ne!(state(&connection), BEFORE, "{call}");
        assert!(!connection.is_autocommit(), "{call}");
        connection.execute_batch("ROLLBACK").unwrap();
        assert_eq!(
            (state(&connection).as_str(), notes(&connection).as_str()),
            (BEFORE, ""),
            "{call}"
        );

        connection.execute_batch("BEGIN; SAVEPOINT here").unwrap();
        integer(&connection, &format!("SELECT {call}"), &[]);
        connection
            .execute_batch("ROLLBACK TO here; INSERT INTO notes(value) VALUES (8); COMMIT")
            .unwrap();
        assert_eq!(
            (state(&connection).as_str(), notes(&connection).as_str()),
            (BEFORE, "8"),
            "{call}"
        );

        connection.execute_batch("BEGIN").unwrap();
        integer(&connection, &format!("SELECT {call}"), &[]);
        let changed = state(&connection);
        connection.execute_batch("COMMIT").unwrap();
        assert_eq!(state(&connection), changed, "{call}");
    }
}

#[test]
fn inside_other_statements_of_all_kinds() {
    for begin in ["", "BEGIN"] {
        for call in CALLS {
            let connection = memory();
            connection.execute_batch(begin).unwrap();
            connection.execute_batch(&format!("SELECT {call}")).unwrap();
            let changed = state(&connection);
            let statements = [
                format!("INSERT INTO notes(value) SELECT {call}"),
                format!("INSERT INTO notes(value) VALUES ({call})"),
                format!("UPDATE notes SET value = {call}"),
                format!("INSERT INTO notes(value) VALUES (NULL) RETURNING {call}"),
                format!("CREATE TABLE made AS SELECT {call} AS value"),
                format!("DELETE FROM notes WHERE value IS NOT {call}"),
                format!("REPLACE INTO notes(value, word) VALUES ({call}, 'word')"),
            ];
            for statement in statements {
                let connection = memory();
                connection
                    .execute_batch("INSERT INTO notes(value, word) VALUES (0, 'word')")
                    .unwrap();
                connection.execute_batch(begin).unwrap();
                connection
                    .execute_batch(&statement)
                    .unwrap_or_else(|error| panic!("{statement}: {error}"));
                assert_eq!(state(&connection), changed, "{statement}");
                assert_eq!(connection.is_autocommit(), begin.is_empty(), "{statement}");
                if begin.is_empty() {
                    continue;
                }
                connection.execute_batch("ROLLBACK").unwrap();
                assert_eq!(state(&connection), BEFORE, "{statement}");
            }
        }
    }
}

#[test]
fn insert_select_calls_once_for_each_row() {
    let connection = memory();
    let sql = "INSERT INTO notes(value) SELECT branch_append('t', 'user', value) \
               FROM json_each('[\"a\", \"b\", \"c\"]')";
    assert_eq!(connection.execute(sql, []).unwrap(), 3);
    assert_eq!(notes(&connection), "4,5,6");
    assert_eq!(state(&connection), "1<- 2<1 3<- 4<2 5<4 6<5 | t=6 u=3");
}

#[test]
fn a_statement_that_fails_after_the_call() {
    // The third row breaks the caller's constraint.
    let several = "INSERT INTO notes(value, word) SELECT branch_append('t', 'user', value), \
                   CASE key WHEN 2 THEN 'taken' END FROM json_each('[\"a\", \"b\", \"c\"]')";
    let one = "INSERT INTO notes(value, word) VALUES (branch_append('t', 'user', 'new'), 'taken')";
    for statement in [several, one] {
        let connection = memory();
        connection
            .execute_batch("INSERT INTO notes VALUES (0, 'taken')")
            .unwrap();
        assert_eq!(
            error(&connection, statement, &[]).0,
            ffi::SQLITE_CONSTRAINT_UNIQUE
        );
        assert!(connection.is_autocommit());
        assert_eq!(state(&connection), BEFORE, "{statement}");
        assert_eq!(notes(&connection), "0");
    }
    // In a transaction, a statement of one row has no journal of its own. The message may stay, then, but whole.
    for (statement, after) in [(several, BEFORE), (one, AFTER)] {
        let connection = memory();
        connection
            .execute_batch("INSERT INTO notes VALUES (0, 'taken'); BEGIN")
            .unwrap();
        connection
            .execute_batch("INSERT INTO notes VALUES (1, 'mine')")
            .unwrap();
        assert_eq!(
            error(&connection, statement, &[]).0,
            ffi::SQLITE_CONSTRAINT_UNIQUE
        );
        assert!(!connection.is_autocommit());
        assert_eq!(state(&connection), after, "{statement}");
        assert_eq!(notes(&connection), "0,1");
        connection.execute_batch("ROLLBACK").unwrap();
        assert_eq!(state(&connection), BEFORE);
    }
}

#[test]
fn databases_that_cannot_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.db");
    prepared(&open(&file));
    host::install();
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

/// Calls every function under a trigger of the user's that fails in some way, with and without a transaction.
fn under(trigger: &str, call: &str, expected: (i32, &str), keeps: bool) {
    for begin in [false, true] {
        let connection = memory();
        connection.execute_batch(trigger).unwrap();
        if begin {
            connection
                .execute_batch("BEGIN; INSERT INTO notes(value) VALUES (7)")
                .unwrap();
        }
        let (code, text) = error(&connection, &format!("SELECT {call}"), &[]);
        let context = format!("{trigger}: {call}");
        assert_eq!((code, text.as_str()), expected, "{context}");
        assert_eq!(connection.is_autocommit(), !(begin && keeps), "{context}");
        assert_eq!(state(&connection), BEFORE, "{context}");
        assert_eq!(
            notes(&connection),
            if begin && keeps { "7" } else { "" },
            "{context}"
        );
    }
}

#[test]
fn a_trigger_that_refuses_the_leaf() {
    for (action, keeps) in [("ABORT", true), ("FAIL", true), ("ROLLBACK", false)] {
        for time in ["BEFORE", "AFTER"] {
            let trigger = format!(
                "CREATE TRIGGER refuse {time} UPDATE OF current_leaf_id ON threads \
                 BEGIN SELECT RAISE({action}, 'not that leaf'); END"
            );
            for call in CALLS {
                let name = call.split('(').next().unwrap();
                let told = format!("{name}: not that leaf");
                under(
                    &trigger,
                    call,
                    (ffi::SQLITE_CONSTRAINT_TRIGGER, &told),
                    keeps,
                );
            }
        }
    }
}

#[test]
fn a_trigger_that_refuses_the_message() {
    for (action, keeps) in [("ABORT", true), ("FAIL", true), ("ROLLBACK", false)] {
        for event in ["INSERT", "DELETE"] {
            let trigger = format!(
                "CREATE TRIGGER refuse AFTER {event} ON messages \
                 BEGIN SELECT RAISE({action}, 'not that message'); END"
            );
            for call in CALLS {
                let name = call.split('(').next().unwrap();
                let deletes = name == "branch_clear" || name == "branch_prune";
                if name == "branch_switch" || deletes != (event == "DELETE") {
                    continue;
                }
                let told = format!("{name}: not that message");
                under(
                    &trigger,
                    call,
                    (ffi::SQLITE_CONSTRAINT_TRIGGER, &told),
                    keeps,
                );
            }
        }
    }
}

#[test]
fn a_trigger_that_ignores() {
    let stored =
        "the message was not stored; a trigger on messages ignored it, or messages is not a table";
    let moved =
        "the leaf was not moved; a trigger on threads ignored it, or threads is not a table";
    let insert = "CREATE TRIGGER ignore BEFORE INSERT ON messages BEGIN SELECT RAISE(IGNORE); END";
    let update = "CREATE TRIGGER ignore BEFORE UPDATE ON threads BEGIN SELECT RAISE(IGNORE); END";
    for call in CALLS {
        let name = call.split('(').next().unwrap();
        let told = match name {
            "branch_prune" => "a leaf was not moved; a trigger on threads ignored it",
            _ => moved,
        };
        under(
            update,
            call,
            (ffi::SQLITE_ERROR, &format!("{name}: {told}")),
            true,
        );
        if !["branch_switch", "branch_clear", "branch_prune"].contains(&name) {
            under(
                insert,
                call,
                (ffi::SQLITE_ERROR, &format!("{name}: {stored}")),
                true,
            );
        }
    }
}

#[test]
fn a_constraint_of_the_users_own() {
    let connection = memory();
    connection
        .execute_batch("CREATE UNIQUE INDEX words ON messages(content); CREATE UNIQUE INDEX ends ON threads(current_leaf_id)")
        .unwrap();
    let (code, text) = error(&connection, "SELECT branch_append('t', 'user', 'one')", &[]);
    assert_eq!(code, ffi::SQLITE_CONSTRAINT_UNIQUE);
    assert_eq!(
        text,
        "branch_append: UNIQUE constraint failed: messages.content"
    );
    assert_eq!(state(&connection), BEFORE);

    let connection = memory();
    connection
        .execute_batch("ALTER TABLE threads ADD COLUMN high CHECK (current_leaf_id < 4)")
        .unwrap();
    for call in [
        "branch_append('t', 'user', 'x')",
        "branch_fork(1, 'user', 'x')",
        "branch_copy(2, 'v')",
    ] {
        let (code, _) = error(&connection, &format!("SELECT {call}"), &[]);
        assert_eq!(code, ffi::SQLITE_CONSTRAINT_CHECK, "{call}");
        assert_eq!(state(&connection), BEFORE, "{call}");
    }
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

#[test]
fn not_from_the_schema() {
    for call in CALLS.into_iter().chain(["branch_migrate()"]) {
        let name = call.split('(').next().unwrap();
        let unsafe_use = format!("unsafe use of {name}()");
        let uses = [
            (
                format!("CREATE VIEW trap AS SELECT {call} AS id"),
                "SELECT * FROM trap",
            ),
            (
                format!("CREATE TRIGGER trap AFTER INSERT ON notes BEGIN SELECT {call}; END"),
                "INSERT INTO notes(value) VALUES (1)",
            ),
            (
                format!("CREATE TABLE trap(a, b DEFAULT ({call}))"),
                "INSERT INTO trap(a) VALUES (1)",
            ),
        ];
        for (make, use_it) in uses {
            let connection = memory();
            connection.execute_batch(&make).unwrap();
            let (code, text) = error(&connection, use_it, &[]);
            assert_eq!((code, &text), (ffi::SQLITE_ERROR, &unsafe_use), "{make}");
            assert_eq!(state(&connection), BEFORE);
        }
        let refused = [
            format!("CREATE TABLE trap(a, CHECK ({call} > 0))"),
            format!("CREATE TABLE trap(a, b AS ({call}))"),
            format!("CREATE TABLE trap(a, b AS ({call}) STORED)"),
            format!("CREATE INDEX trap ON notes({call})"),
            format!("CREATE INDEX trap ON notes(value) WHERE {call}"),
        ];
        for make in refused {
            let connection = memory();
            // Some are refused when they are made, the others when they are used.
            let text = match connection.execute_batch(&make) {
                Err(error) => error.to_string(),
                Ok(()) => error(&connection, "INSERT INTO trap(a) VALUES (1)", &[]).1,
            };
            let known = [
                "unsafe use of",
                "non-deterministic functions prohibited",
                "non-deterministic use of",
            ];
            assert!(
                known.iter().any(|known| text.contains(known)),
                "{make}: {text}"
            );
            assert_eq!(state(&connection), BEFORE, "{make}");
        }
    }
}

#[test]
fn the_inner_table_is_for_the_functions_alone() {
    let connection = memory();
    let told = "branch_write: for the functions of sqlite-branch alone";
    for sql in [
        "INSERT INTO branch_write VALUES (1)",
        "INSERT INTO branch_write SELECT 1",
        "INSERT INTO branch_write(work) SELECT branch_append('t', 'user', 'x') WHERE 0 UNION ALL SELECT 1",
        "SELECT * FROM branch_write",
        "UPDATE branch_write SET work = 1",
        "DELETE FROM branch_write",
    ] {
        let (code, text) = error(&connection, sql, &[]);
        assert_eq!((code, text.as_str()), (ffi::SQLITE_ERROR, told), "{sql}");
    }
    connection
        .execute_batch("CREATE TRIGGER trap AFTER INSERT ON messages BEGIN INSERT INTO branch_write SELECT 1; END")
        .unwrap();
    let (_, text) = error(&connection, "SELECT branch_append('t', 'user', 'x')", &[]);
    assert_eq!(
        text,
        "branch_append: unsafe use of virtual table \"branch_write\""
    );
    assert_eq!(state(&connection), BEFORE);
}

#[test]
fn calls_within_calls() {
    let connection = memory();
    let sql = "SELECT branch_append('t', 'user', \
                   'after ' || branch_append('t', 'user', 'after ' || branch_fork(1, 'user', 'first')))";
    assert_eq!(integer(&connection, sql, &[]), 6);
    assert_eq!(state(&connection), "1<- 2<1 3<- 4<1 5<4 6<5 | t=6 u=3");
    let content = "SELECT content FROM messages WHERE id = 6";
    let content: String = connection.query_row(content, [], |row| row.get(0)).unwrap();
    assert_eq!(content, "after 5");
}

/// A function of the user's that calls ours, from a trigger that runs while ours writes.
#[test]
fn writing_while_writing() {
    let connection = memory();
    connection
        .create_scalar_function("also", 1, FunctionFlags::SQLITE_UTF8, |context| {
            let content: String = context.get(0)?;
            // SAFETY: the connection is used within the call only, and by this thread.
            let connection = unsafe { context.get_connection()? };
            let sql = "SELECT branch_append('u', 'system', ?1)";
            connection.query_row(sql, [format!("also {content}")], |row| row.get::<_, i64>(0))
        })
        .unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER also AFTER INSERT ON messages WHEN new.thread_id = 't' \
             BEGIN SELECT also(new.content); END",
        )
        .unwrap();
    assert_eq!(
        integer(&connection, "SELECT branch_append('t', 'user', 'new')", &[]),
        4
    );
    assert_eq!(state(&connection), "1<- 2<1 3<- 4<2 5<3 | t=4 u=5");
    // If the inner one fails, the outer one does.
    connection
        .execute_batch("UPDATE threads SET current_leaf_id = 99 WHERE id = 'u'")
        .unwrap();
    let (_, text) = error(
        &connection,
        "SELECT branch_append('t', 'user', 'newer')",
        &[],
    );
    assert!(text.contains("its current leaf 99 is missing"), "{text}");
    assert_eq!(state(&connection), "1<- 2<1 3<- 4<2 5<3 | t=4 u=99");
}

#[test]
fn the_last_inserted_row_is_the_message() {
    let connection = memory();
    let last = |connection: &Connection| integer(connection, "SELECT last_insert_rowid()", &[]);
    for call in [
        "branch_append('t', 'user', 'a')",
        "branch_fork(1, 'user', 'b')",
        "branch_alternative(2, 'user', 'c')",
        "branch_copy(5, 'v')",
    ] {
        let id = integer(&connection, &format!("SELECT {call}"), &[]);
        assert_eq!(last(&connection), id, "{call}");
        assert_eq!(connection.last_insert_rowid(), id, "{call}");
    }
    // In an INSERT of the user's it is the user's row.
    connection
        .execute_batch(
            "INSERT INTO notes(rowid, value) VALUES (77, branch_append('t', 'user', 'd'))",
        )
        .unwrap();
    assert_eq!(last(&connection), 77);
}

#[test]
fn after_a_rollback_the_connection_goes_on() {
    let connection = memory();
    connection
        .execute_batch("CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END; BEGIN")
        .unwrap();
    let (code, _) = error(&connection, "SELECT branch_append('t', 'user', 'new')", &[]);
    assert_eq!(code, ffi::SQLITE_CONSTRAINT_TRIGGER);
    assert!(connection.is_autocommit());
    connection.execute_batch("DROP TRIGGER refuse").unwrap();
    integer(&connection, "SELECT branch_append('t', 'user', 'new')", &[]);
    assert_eq!(state(&connection), AFTER);
    assert_eq!(
        maybe(&connection, "SELECT count(*) FROM branch_check", &[]),
        Some(0)
    );
}
