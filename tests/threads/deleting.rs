//! `branch_delete`: the thread, and all that belongs to it.

use super::*;

/// Two threads that have everything that a thread can have.
fn furnished(foreign_keys: bool) -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch(&format!("PRAGMA foreign_keys = {foreign_keys}"))
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE thread_goals(thread_id TEXT PRIMARY KEY NOT NULL, goal_id TEXT NOT NULL,
                 FOREIGN KEY(thread_id) REFERENCES threads(id) ON DELETE CASCADE);
             CREATE TABLE theirs(name TEXT, thread TEXT REFERENCES threads ON DELETE CASCADE, PRIMARY KEY(name, thread));
             CREATE TABLE below_theirs(a TEXT, b TEXT, note TEXT, FOREIGN KEY(a, b) REFERENCES theirs ON DELETE CASCADE);
             CREATE TABLE \"a \"\"name\"(\"the key\" TEXT REFERENCES Threads(id) ON DELETE SET NULL);
             CREATE TABLE unrelated(thread_id TEXT, other INTEGER);",
        )
        .unwrap();
    for thread in ["gone", "stays"] {
        connection
            .execute_batch(&format!(
                "SELECT branch_thread('{thread}', 'A title', 1);
                 SELECT branch_append('{thread}', 'user', 'one', NULL, 1, '{thread}-1');
                 SELECT branch_append('{thread}', 'assistant', 'two', NULL, 2, '{thread}-2');
                 SELECT branch_fork('{thread}-1', 'assistant', 'other two', NULL, 3);
                 SELECT branch_label('{thread}-2', 'here', 5);
                 INSERT INTO checkpoints VALUES ('{thread}', 'c', '{{}}', 1);
                 INSERT INTO thread_dynamic_tools VALUES ('{thread}', 0, 'tool', NULL, '{{}}');
                 INSERT INTO thread_goals VALUES ('{thread}', 'goal');
                 INSERT INTO theirs VALUES ('n', '{thread}');
                 INSERT INTO below_theirs VALUES ('n', '{thread}', 'x');
                 INSERT INTO \"a \"\"name\" VALUES ('{thread}');
                 INSERT INTO unrelated VALUES ('{thread}', 1);"
            ))
            .unwrap();
    }
    connection
}

#[test]
fn deleting_takes_all_that_belongs_to_the_thread_whatever_the_pragma() {
    for foreign_keys in [true, false] {
        let connection = furnished(foreign_keys);
        assert_eq!(integer(&connection, "SELECT branch_delete('gone')", &[]), 3);
        for (table, column) in [
            ("threads", "id"),
            ("messages", "DISTINCT thread_id"),
            ("checkpoints", "thread_id"),
            ("thread_dynamic_tools", "thread_id"),
            ("thread_goals", "thread_id"),
            ("message_labels", "thread_id"),
            ("theirs", "thread"),
            ("below_theirs", "b"),
            ("\"a \"\"name\"", "\"the key\""),
        ] {
            assert_eq!(
                text(
                    &connection,
                    &format!("SELECT group_concat({column}) FROM {table}")
                ),
                "stays",
                "{table}, {foreign_keys}"
            );
        }
        assert_eq!(
            integer(&connection, "SELECT count(*) FROM \"a \"\"name\"", &[]),
            2
        );
        assert_eq!(
            integer(&connection, "SELECT count(*) FROM unrelated", &[]),
            2
        );
        assert_eq!(
            text(
                &connection,
                "SELECT group_concat(uid) FROM (SELECT uid FROM message_uids ORDER BY 1)"
            ),
            "stays-1,stays-2"
        );
        assert_eq!(
            integer(&connection, "SELECT count(*) FROM branch_check", &[]),
            0
        );
        assert_eq!(
            error(&connection, "SELECT branch_delete('gone')", &[]),
            (1, "branch_delete: no thread 'gone'".to_owned())
        );
        // Its names are free again.
        connection
            .execute_batch("SELECT branch_thread('gone')")
            .unwrap();
        assert_eq!(
            integer(
                &connection,
                "SELECT branch_append('gone', 'user', 'anew', NULL, 9, 'gone-1')",
                &[]
            ),
            7
        );
    }
}

#[test]
fn a_delete_that_fails_is_none() {
    for foreign_keys in [true, false] {
        let connection = furnished(foreign_keys);
        connection
            .execute_batch(
                "CREATE TRIGGER not_this_one BEFORE DELETE ON threads WHEN old.id = 'gone' BEGIN SELECT raise(ABORT, 'no'); END",
            )
            .unwrap();
        let all = "SELECT (SELECT count(*) FROM messages) || (SELECT count(*) FROM message_uids) || (SELECT count(*) FROM checkpoints) \
             || (SELECT count(*) FROM message_labels) || (SELECT count(*) FROM below_theirs) || (SELECT count(\"the key\") FROM \"a \"\"name\")";
        for around in ["", "BEGIN", "SAVEPOINT here"] {
            connection.execute_batch(around).unwrap();
            let before = text(&connection, all);
            assert_eq!(
                error(&connection, "SELECT branch_delete('gone')", &[]),
                (1811, "branch_delete: no".to_owned())
            );
            assert_eq!(text(&connection, all), before);
            if !connection.is_autocommit() {
                connection.execute_batch("COMMIT").unwrap();
            }
        }
    }
    // A table that forbids it, where keys are enforced.
    let connection = furnished(true);
    connection
        .execute_batch(
            "CREATE TABLE strict(t REFERENCES threads(id)); INSERT INTO strict VALUES ('gone')",
        )
        .unwrap();
    let (code, told) = error(&connection, "SELECT branch_delete('gone')", &[]);
    assert_eq!(
        (code, told.as_str()),
        (787, "branch_delete: FOREIGN KEY constraint failed")
    );
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM messages", &[]),
        6
    );
}

/// A file without the tables that were added, and without those of the agents.
#[test]
fn deleting_where_tables_are_missing() {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('a'); SELECT branch_append('a', 'user', 'x');
             DROP TABLE message_uids; DROP TABLE message_labels; DROP TABLE checkpoints; DROP TABLE thread_dynamic_tools",
        )
        .unwrap();
    assert_eq!(integer(&connection, "SELECT branch_delete('a')", &[]), 1);
    assert_eq!(integer(&connection, "SELECT count(*) FROM threads", &[]), 0);
}
