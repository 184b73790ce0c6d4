//! `branch_copy`: a path, as a thread of its own.

use super::*;

/// What is copied, message by message: by the most obvious statement, from the path.
const EXPECTED: &str = "SELECT m.role, m.content, m.item_json, m.created_at \
     FROM branch_path(?) AS p CROSS JOIN main.messages AS m ON m.id = p.id ORDER BY p.distance DESC";

/// Copies the path to a message, and compares it message by message. Gives the ids of the copies.
fn copied(connection: &Connection, message: i64, name: &str) -> Vec<i64> {
    let list = |leaf: i64| {
        let sql = EXPECTED.replace('?', &leaf.to_string());
        rows(
            connection,
            &sql,
            "quote(role), quote(content), quote(item_json), quote(created_at)",
        )
    };
    let expected = list(message);
    let leaf = integer(
        connection,
        "SELECT branch_copy(?1, ?2, 7)",
        &[&message, &name],
    );
    assert_eq!(list(leaf), expected, "{name}");
    // No problem that what was copied did not have.
    let problems =
        "SELECT count(*) FROM branch_check() WHERE message_id IN (SELECT id FROM branch_path(?1))";
    assert_eq!(
        integer(connection, problems, &[&leaf]),
        integer(connection, problems, &[&message]),
        "{name}"
    );
    let sql = "SELECT id FROM branch_messages(?1)";
    let mut statement = connection.prepare(sql).unwrap();
    let ids = statement.query_map([name], |row| row.get(0)).unwrap();
    let ids: Vec<i64> = ids.map(Result::unwrap).collect();
    assert_eq!(ids.last(), Some(&leaf));
    let stored = "SELECT count(*) FROM messages WHERE thread_id = ?1";
    assert_eq!(integer(connection, stored, &[&name]), ids.len() as i64);
    ids
}

/// 300 messages one after the other; then turns with another thread; then a fork in the middle, and 100 below it.
fn long() -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t'); SELECT branch_thread('u');
             INSERT INTO branch_call WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)
             SELECT branch_append('t', iif(i % 2, 'user', 'assistant'), 'text ' || i, iif(i % 3, NULL, json_object('i', i)), i)
             FROM n;
             INSERT INTO branch_call WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50)
             SELECT branch_append(iif(i % 2, 't', 'u'), 'user', 'turn ' || i, NULL, i) FROM n;
             SELECT branch_fork(150, 'user', 'fork', NULL, 1);
             INSERT INTO branch_call WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100)
             SELECT branch_append('t', 'user', 'after ' || i, NULL, i) FROM n;",
        )
        .unwrap();
    connection
}

#[test]
fn a_copy_is_one_run_whatever_it_is_a_copy_of() {
    let connection = long();
    for (message, length) in [
        (1, 1),
        (2, 2),
        (65, 65),
        (66, 66),
        (300, 300),
        (349, 325),
        (451, 251),
    ] {
        let ids = copied(&connection, message, &format!("copy of {message}"));
        assert_eq!(ids.len(), length);
        assert!(ids.windows(2).all(|two| two[0] + 1 == two[1]), "{ids:?}");
    }
    // A copy of a copy.
    let leaf = integer(&connection, "SELECT max(id) FROM messages", &[]);
    assert_eq!(copied(&connection, leaf, "again").len(), 251);
}

/// What is stored as a blob or a number stays one.
#[test]
fn values_keep_their_types() {
    let connection = long();
    connection
        .execute_batch(
            "UPDATE messages SET content = x'00ff' WHERE id = 40; UPDATE messages SET created_at = 1.5 WHERE id = 41;
             UPDATE messages SET content = 'a' || char(0) || 'b' WHERE id = 42; UPDATE messages SET item_json = x'7b7d' WHERE id = 43",
        )
        .unwrap();
    copied(&connection, 44, "copy");
    let kinds = |thread: &str, first: i64| {
        let sql = format!("SELECT typeof(content) || typeof(created_at) || typeof(item_json) || length(CAST(content AS BLOB)) AS k \
                           FROM messages WHERE thread_id = '{thread}' ORDER BY id LIMIT 4 OFFSET {first}");
        rows(&connection, &sql, "k")
    };
    assert_eq!(kinds("copy", 39), kinds("t", 39));
}

/// A trigger that stores messages of its own takes the ids that copies would have had.
#[test]
fn with_a_trigger_that_inserts_messages() {
    for kind in ["", "TEMP "] {
        let connection = long();
        connection
            .execute_batch(&format!(
                "CREATE {kind}TRIGGER echo AFTER INSERT ON main.MESSAGES WHEN new.thread_id = 'copy' AND new.content = 'text 10' BEGIN
                     INSERT INTO messages(thread_id, role, content, created_at) VALUES ('u', 'user', 'echo', 1);
                 END"
            ))
            .unwrap();
        let ids = copied(&connection, 100, "copy");
        assert_eq!(ids[9] + 2, ids[10], "{ids:?}");
        let echoes = "SELECT count(*) FROM messages WHERE content = 'echo'";
        assert_eq!(integer(&connection, echoes, &[]), 1);
    }
}

/// A trigger that swallows one of many.
#[test]
fn with_a_trigger_that_ignores_a_message() {
    let connection = long();
    connection
        .execute_batch(
            "CREATE TRIGGER never BEFORE INSERT ON messages WHEN new.content = 'text 10' BEGIN SELECT raise(IGNORE); END",
        )
        .unwrap();
    let before = text(&connection, "SELECT count(*) || max(id) FROM messages");
    let (_, told) = error(&connection, "SELECT branch_copy(100, 'copy')", &[]);
    assert!(
        told.starts_with("branch_copy: the message was not stored"),
        "{told}"
    );
    assert_eq!(
        text(&connection, "SELECT count(*) || max(id) FROM messages"),
        before
    );
    let threads = "SELECT count(*) FROM threads WHERE id = 'copy'";
    assert_eq!(integer(&connection, threads, &[]), 0);
}

/// Ids at the ends of what there is, where there is no next one.
#[test]
fn at_the_largest_and_the_smallest_id() {
    let connection = long();
    connection
        .execute_batch(
            "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id)
             VALUES (-9223372036854775807, 'u', 'user', 'a', 1, NULL),
                    (-9223372036854775806, 'u', 'user', 'b', 1, -9223372036854775807),
                    (-9223372036854775805, 'u', 'user', 'c', 1, -9223372036854775806)",
        )
        .unwrap();
    copied(
        &connection,
        -9_223_372_036_854_775_805,
        "copy of the smallest",
    );
    connection
        .execute_batch(
            "UPDATE sqlite_sequence SET seq = 9223372036854775797 WHERE name = 'messages'",
        )
        .unwrap();
    copied(&connection, 10, "the last ten ids");
    let before = text(&connection, "SELECT count(*) || max(id) FROM messages");
    let (_, told) = error(&connection, "SELECT branch_copy(2, 'full')", &[]);
    assert!(told.contains("full"), "{told}");
    assert_eq!(
        text(&connection, "SELECT count(*) || max(id) FROM messages"),
        before
    );
}

/// Labels in the middle of what is copied at once.
#[test]
fn with_labels() {
    let connection = long();
    connection
        .execute_batch("SELECT branch_label(1, 'first', 1), branch_label(70, 'in the middle', 2), branch_label(100, 'last', 3), branch_label(101, 'beyond', 4)")
        .unwrap();
    let ids = copied(&connection, 100, "copy");
    let labels =
        "SELECT label, message_id, created_at FROM branch_labels('copy') ORDER BY message_id";
    assert_eq!(
        rows(&connection, labels, "label, message_id, created_at"),
        format!(
            r#"[["first",{},1],["in the middle",{},2],["last",{},3]]"#,
            ids[0], ids[69], ids[99]
        )
    );
}

/// Summaries name the copy of what they named, wherever both lie.
#[test]
fn with_summaries() {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t');
             INSERT INTO branch_call WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 70)
             SELECT branch_append('t', 'user', 'text ' || i) FROM n;
             SELECT branch_compact('t', 'all of it', 69), branch_compact('t', 'at once', 70), branch_compact('t', 'nothing kept');
             INSERT INTO branch_call WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 70)
             SELECT branch_append('t', 'user', 'more ' || i) FROM n;
             SELECT branch_compact('t', 'the second', 2)",
        )
        .unwrap();
    integer(&connection, "SELECT branch_copy(144, 'copy', 7)", &[]);
    let kept = |thread: &str| {
        let sql = format!(
            "SELECT s.content AS summary, k.content AS kept FROM messages AS s \
             LEFT JOIN messages AS k ON k.id = s.item_json ->> 'first_kept_id' AND k.thread_id = s.thread_id \
             WHERE s.thread_id = '{thread}' AND s.role = 'summary' ORDER BY s.id"
        );
        rows(&connection, &sql, "summary, kept")
    };
    assert_eq!(
        kept("copy"),
        r#"[["all of it","text 69"],["at once","text 70"],["nothing kept",null],["the second","text 2"]]"#
    );
    assert_eq!(kept("copy"), kept("t"));
}
