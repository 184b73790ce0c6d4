//! Deleting: what other tables' foreign keys say about it, and where leaves go.

mod host;

use host::{error, integer, maybe};
use rusqlite::Connection;

fn text(connection: &Connection, sql: &str) -> String {
    connection
        .query_row(sql, [], |row| row.get::<_, Option<String>>(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .unwrap_or_else(|| "NULL".to_owned())
}

/// The threads `fallback` and `gone`, the second with two messages, and a table that refers to threads by a column with
/// this default.
fn referred(foreign_keys: bool, column: &str) -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch(&format!(
            "PRAGMA foreign_keys = {foreign_keys};
             SELECT branch_thread('fallback'), branch_thread('gone'), branch_append('gone', 'user', 'one'),
                 branch_append('gone', 'user', 'two');
             CREATE TABLE notes(id INTEGER PRIMARY KEY, t {column} REFERENCES threads(id) ON DELETE SET DEFAULT);
             INSERT INTO notes VALUES (1, 'gone'), (2, 'fallback'), (3, NULL);"
        ))
        .unwrap();
    connection
}

/// As SQLite itself does it where the pragma is on, whatever way the default is written.
#[test]
fn a_reference_is_set_to_its_default() {
    for (column, expected) in [
        ("TEXT DEFAULT 'fallback'", "'fallback'"),
        ("TEXT DEFAULT fallback", "'fallback'"),
        ("TEXT DEFAULT \"fallback\"", "'fallback'"),
        ("TEXT DEFAULT [fallback]", "'fallback'"),
        ("TEXT DEFAULT ('fall' || 'back')", "'fallback'"),
        ("TEXT DEFAULT (lower('FALLBACK'))", "'fallback'"),
        ("TEXT DEFAULT NULL", "NULL"),
        ("TEXT", "NULL"),
    ] {
        for foreign_keys in [true, false] {
            let connection = referred(foreign_keys, column);
            assert_eq!(integer(&connection, "SELECT branch_delete('gone')", &[]), 2);
            assert_eq!(
                text(
                    &connection,
                    "SELECT group_concat(quote(t)) FROM (SELECT t FROM notes ORDER BY id)"
                ),
                format!("{expected},'fallback',NULL"),
                "{column}, {foreign_keys}"
            );
        }
    }
    // A default that refers to nothing is SQLite's error where keys are enforced, and is set where they are not.
    for (column, expected) in [
        ("TEXT DEFAULT 'nobody'", "'nobody'"),
        ("TEXT DEFAULT true", "'1'"),
        ("TEXT DEFAULT -5", "'-5'"),
        ("TEXT DEFAULT (3 * 4)", "'12'"),
        ("INTEGER DEFAULT '7'", "7"),
        ("DEFAULT 1.5", "1.5"),
        ("DEFAULT x'00ff'", "X'00FF'"),
        ("TEXT DEFAULT 'it''s'", "'it''s'"),
    ] {
        let connection = referred(true, column);
        assert_eq!(
            error(&connection, "SELECT branch_delete('gone')", &[]).0,
            787,
            "{column}"
        );
        let connection = referred(false, column);
        assert_eq!(integer(&connection, "SELECT branch_delete('gone')", &[]), 2);
        assert_eq!(
            text(&connection, "SELECT quote(t) FROM notes WHERE id = 1"),
            expected,
            "{column}"
        );
    }
}

/// Keys of several columns, and tables further down.
#[test]
fn defaults_of_several_columns_and_below_other_tables() {
    for foreign_keys in [true, false] {
        let connection = host::migrated();
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = {foreign_keys};
                 SELECT branch_thread('gone');
                 CREATE TABLE theirs(name TEXT, thread TEXT REFERENCES threads ON DELETE CASCADE, PRIMARY KEY(name, thread));
                 CREATE TABLE below(a TEXT DEFAULT 'n', \"the b\" TEXT DEFAULT NULL, note TEXT,
                     FOREIGN KEY(a, \"the b\") REFERENCES theirs ON DELETE SET DEFAULT);
                 INSERT INTO theirs VALUES ('m', 'gone'); INSERT INTO below VALUES ('m', 'gone', 'x'), ('k', NULL, 'y');"
            ))
            .unwrap();
        assert_eq!(integer(&connection, "SELECT branch_delete('gone')", &[]), 0);
        assert_eq!(
            text(
                &connection,
                "SELECT json_group_array(json_array(a, \"the b\", note)) FROM below"
            ),
            r#"[["n",null,"x"],["k",null,"y"]]"#
        );
    }
}

/// A default that calls what cannot be called from here is an error that names it, and nothing is deleted. What a
/// hostile file's default calls is not called.
#[test]
fn a_default_that_cannot_be_evaluated() {
    let connection = referred(false, "TEXT DEFAULT (branch_clear('fallback') || 'x')");
    connection
        .execute_batch("SELECT branch_append('fallback', 'user', 'kept')")
        .unwrap();
    let (code, told) = error(&connection, "SELECT branch_delete('gone')", &[]);
    assert_eq!(code & 0xff, 1);
    assert!(
        told.starts_with(
            "branch_delete: table \"notes\": the default of column \"t\" cannot be evaluated: "
        ),
        "{told}"
    );
    let counts = "SELECT (SELECT count(*) FROM threads) || ',' || (SELECT count(*) FROM messages)";
    assert_eq!(text(&connection, counts), "2,3");
    assert_eq!(
        text(&connection, "SELECT t FROM notes WHERE id = 1"),
        "gone"
    );
    // It matters to nobody where nothing refers to the thread.
    connection
        .execute_batch("UPDATE notes SET t = NULL WHERE id = 1")
        .unwrap();
    assert_eq!(integer(&connection, "SELECT branch_delete('gone')", &[]), 2);
    assert_eq!(text(&connection, counts), "1,1");
}

/// NO ACTION and RESTRICT forbid where keys are enforced, and say nothing where they are not.
#[test]
fn references_that_only_forbid() {
    for action in ["", "ON DELETE NO ACTION", "ON DELETE RESTRICT"] {
        for foreign_keys in [true, false] {
            let connection = host::migrated();
            connection
                .execute_batch(&format!(
                    "PRAGMA foreign_keys = {foreign_keys}; SELECT branch_thread('gone');
                     CREATE TABLE notes(t REFERENCES threads(id) {action}); INSERT INTO notes VALUES ('gone')"
                ))
                .unwrap();
            if foreign_keys {
                let (code, told) = error(&connection, "SELECT branch_delete('gone')", &[]);
                assert_eq!(code & 0xff, 19, "{told}");
                assert_eq!(integer(&connection, "SELECT count(*) FROM threads", &[]), 1);
            } else {
                assert_eq!(integer(&connection, "SELECT branch_delete('gone')", &[]), 0);
                assert_eq!(text(&connection, "SELECT t FROM notes"), "gone");
            }
        }
    }
}

/// Tables that refer to the messages of a thread that is deleted.
#[test]
fn what_refers_to_messages_goes_with_the_thread() {
    for foreign_keys in [true, false] {
        let connection = host::migrated();
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = {foreign_keys};
                 SELECT branch_thread('gone'), branch_thread('stays'), branch_append('gone', 'user', 'one'),
                     branch_append('stays', 'user', 'two');
                 CREATE TABLE files(message INTEGER REFERENCES messages(id) ON DELETE CASCADE);
                 CREATE TABLE marks(message INTEGER DEFAULT 2 REFERENCES messages(id) ON DELETE SET DEFAULT);
                 INSERT INTO files VALUES (1), (2); INSERT INTO marks VALUES (1);"
            ))
            .unwrap();
        assert_eq!(integer(&connection, "SELECT branch_delete('gone')", &[]), 1);
        for table in ["files", "marks"] {
            assert_eq!(
                text(
                    &connection,
                    &format!("SELECT group_concat(message) FROM {table}")
                ),
                "2",
                "{table}, {foreign_keys}"
            );
        }
    }
}

/// A table of messages that names its parents as a foreign key, as a user's own may.
#[test]
fn parents_that_are_a_foreign_key() {
    for action in ["CASCADE", "RESTRICT", "NO ACTION", "SET NULL"] {
        let connection = host::memory();
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = ON;
                 CREATE TABLE threads(id TEXT PRIMARY KEY, title TEXT, created_at INTEGER, updated_at INTEGER, archived INTEGER,
                     archived_at INTEGER, current_leaf_id INTEGER);
                 CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, thread_id TEXT NOT NULL, role TEXT NOT NULL,
                     content TEXT NOT NULL, item_json TEXT, created_at INTEGER NOT NULL,
                     parent_entry_id INTEGER REFERENCES messages(id) ON DELETE {action});
                 SELECT branch_migrate(), branch_thread('t'), branch_append('t', 'user', '1'), branch_append('t', 'user', '2'),
                     branch_append('t', 'user', '3'), branch_fork(2, 'user', '4');"
            ))
            .unwrap();
        assert_eq!(
            integer(&connection, "SELECT branch_prune(2)", &[]),
            3,
            "{action}"
        );
        assert_eq!(
            integer(&connection, "SELECT current_leaf_id FROM threads", &[]),
            1
        );
        assert_eq!(integer(&connection, "SELECT branch_clear('t')", &[]), 1);
    }
}

/// `t`: 1 ─ 2, and 4 below message 3 of `u`, which hangs below 2; then 5, of `u` again.
fn threads_that_share() -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t'), branch_thread('u'), branch_append('t', 'user', '1'), branch_append('t', 'user', '2'),
                 branch_append('u', 'user', '3'), branch_append('t', 'user', '4'), branch_append('u', 'user', '5');
             UPDATE messages SET parent_entry_id = id - 1 WHERE id > 1;",
        )
        .unwrap();
    connection
}

/// Other programs may hang a thread's messages below those of another one. A leaf stays in its thread: it goes to the
/// nearest message above that is the thread's own, or before the first.
#[test]
fn pruning_leaves_each_leaf_in_its_thread() {
    let leaves = "SELECT group_concat(id || coalesce(current_leaf_id, '-')) FROM (SELECT * FROM threads ORDER BY id)";
    for (pruned, count, expected) in [
        (5, 1, "t4,u3"),
        (4, 2, "t2,u3"),
        (3, 3, "t2,u-"),
        (2, 4, "t1,u-"),
        (1, 5, "t-,u-"),
    ] {
        let connection = threads_that_share();
        assert_eq!(
            integer(&connection, "SELECT branch_prune(?1)", &[&pruned]),
            count
        );
        assert_eq!(text(&connection, leaves), expected, "{pruned}");
        assert_eq!(
            integer(&connection, "SELECT count(*) FROM branch_check()", &[]),
            0
        );
    }
    // Above a missing message, and on a cycle of another thread's, there is nothing to be found.
    for broken in [
        "DELETE FROM messages WHERE id = 1; UPDATE messages SET thread_id = 'u' WHERE id = 2",
        "UPDATE messages SET thread_id = 'u' WHERE id < 3; UPDATE messages SET parent_entry_id = 2 WHERE id = 1",
        "UPDATE messages SET thread_id = 'u', parent_entry_id = 'x' WHERE id = 2",
    ] {
        let connection = threads_that_share();
        connection.execute_batch(broken).unwrap();
        assert_eq!(integer(&connection, "SELECT branch_prune(4)", &[]), 2);
        assert_eq!(
            maybe(&connection, "SELECT current_leaf_id FROM threads WHERE id = 't'", &[]),
            None,
            "{broken}"
        );
    }
}

/// A trigger that ignores a deletion makes it an error, and nothing is deleted: not the uids, the labels, the thread.
#[test]
fn a_trigger_that_keeps_messages() {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t'), branch_append('t', 'user', '1', NULL, 1, 'a'), branch_append('t', 'user', '2', NULL, 1, 'b'),
                 branch_label(1, 'here');
             CREATE TRIGGER keep BEFORE DELETE ON messages WHEN old.id = 2 BEGIN SELECT raise(IGNORE); END;
             CREATE TRIGGER keep_label BEFORE DELETE ON message_labels BEGIN SELECT raise(IGNORE); END;",
        )
        .unwrap();
    for (call, function) in [
        ("SELECT branch_prune(1)", "prune"),
        ("SELECT branch_clear('t')", "clear"),
        ("SELECT branch_delete('t')", "delete"),
    ] {
        assert_eq!(
            error(&connection, call, &[]),
            (
                1,
                format!(
                    "branch_{function}: message 2 was not deleted; a trigger on messages ignored it, or messages is not a table"
                )
            )
        );
        assert_eq!(
            text(
                &connection,
                "SELECT (SELECT group_concat(id) FROM messages) || (SELECT group_concat(uid) FROM message_uids) \
                     || (SELECT group_concat(label) FROM message_labels) || (SELECT current_leaf_id FROM threads)"
            ),
            "1,2a,bhere2"
        );
    }
    assert_eq!(
        integer(&connection, "SELECT branch_unlabel('t', 'here')", &[]),
        0
    );
}
