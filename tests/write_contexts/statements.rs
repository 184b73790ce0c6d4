//! The statements from which the functions can be called.

use rusqlite::functions::FunctionFlags;
use rusqlite::{ffi, Connection};

use super::host::{error, integer, open};
use super::{memory, notes, prepared, state, AFTER, BEFORE, CALLS};

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
                format!("INSERT INTO branch_call SELECT {call}"),
                format!("INSERT INTO branch_call VALUES ({call})"),
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

/// Runs a query to its end, and counts its rows.
fn rows(connection: &Connection, sql: &str) -> usize {
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut count = 0;
    while rows.next().unwrap().is_some() {
        count += 1;
    }
    count
}

#[test]
fn reading_a_branch_while_writing_to_it() {
    for (order, contents) in [
        ("", "one,two,one,two"),
        ("ORDER BY distance", "one,two,two,one"),
        ("ORDER BY id DESC", "one,two,two,one"),
    ] {
        for columns in [
            "content",
            "(SELECT content FROM messages AS m WHERE m.id = b.id)",
        ] {
            let connection = memory();
            let sql = format!("SELECT branch_append('t', 'user', {columns}) FROM branch_messages('t') AS b {order}");
            assert_eq!(rows(&connection, &sql), 2, "{sql}");
            let after = "SELECT group_concat(content) FROM branch_messages('t')";
            let after: String = connection.query_row(after, [], |row| row.get(0)).unwrap();
            assert_eq!(after, contents, "{sql}");
            assert_eq!(state(&connection), "1<- 2<1 3<- 4<2 5<4 | t=5 u=3", "{sql}");
        }
    }
}

#[test]
fn pruning_what_is_being_read() {
    let connection = memory();
    let upwards = "SELECT branch_prune(id) FROM branch_messages('t') ORDER BY distance";
    assert_eq!(rows(&connection, upwards), 2);
    assert_eq!(state(&connection), "3<- | t=- u=3");

    // Downwards the first call takes everything away.
    let connection = memory();
    let downwards = "INSERT INTO notes(value) SELECT branch_prune(id) FROM branch_messages('t')";
    let (_, text) = error(&connection, downwards, &[]);
    assert_eq!(text, "branch_prune: no message 2");
    assert_eq!(state(&connection), BEFORE);
}
