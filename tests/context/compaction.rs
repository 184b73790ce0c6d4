//! `branch_compact`, and what `branch_copy` makes of summaries.

use rusqlite::{params, Connection};

use crate::host;

fn thread() -> Connection {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    for (role, uid) in [("user", "one"), ("assistant", "two"), ("user", "three")] {
        host::integer(
            &connection,
            "SELECT branch_append('t', ?1, 'said', NULL, 1, ?2)",
            params![role, uid],
        );
    }
    connection
}

fn text(connection: &Connection, sql: &str) -> String {
    connection
        .query_row(sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

const STORED: &str =
    "SELECT json_array(thread_id, role, content, item_json, created_at, parent_entry_id) \
     FROM messages ORDER BY id DESC LIMIT 1";

#[test]
fn a_summary_is_a_message_below_the_leaf() {
    let connection = thread();
    let id = host::integer(
        &connection,
        "SELECT branch_compact('t', 'in short', 2, '{\"by\":\"me\"}', 7)",
        &[],
    );
    assert_eq!(id, 4);
    assert_eq!(
        text(&connection, STORED),
        r#"["t","summary","in short","{\"type\":\"compaction\",\"first_kept_id\":2,\"by\":\"me\"}",7,3]"#
    );
    let leaf = "SELECT current_leaf_id FROM threads";
    assert_eq!(host::integer(&connection, leaf, &[]), 4);
    assert_eq!(
        host::integer(&connection, "SELECT count(*) FROM messages", &[]),
        4
    );
}

#[test]
fn the_first_message_that_is_kept() {
    for (given, stored) in [
        ("'two'", "2"),
        ("'2'", "2"),
        ("2.0", "2"),
        ("3", "3"),
        ("NULL", "null"),
    ] {
        let connection = thread();
        let sql = format!("SELECT branch_compact('t', 's', {given})");
        host::integer(&connection, &sql, &[]);
        let kept = text(&connection, "SELECT item_json FROM messages WHERE id = 4");
        assert_eq!(
            kept,
            format!("{{\"type\":\"compaction\",\"first_kept_id\":{stored}}}")
        );
    }
}

#[test]
fn an_empty_thread_has_nothing_to_keep() {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    assert_eq!(
        host::error(&connection, "SELECT branch_compact('t', 's', 1)", &[]),
        (1, "branch_compact: no message 1".to_owned())
    );
    assert_eq!(
        host::integer(&connection, "SELECT branch_compact('t', 's')", &[]),
        1
    );
    assert_eq!(
        text(&connection, "SELECT item_json FROM messages"),
        r#"{"type":"compaction","first_kept_id":null}"#
    );
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let connection = thread();
    host::integer(
        &connection,
        "SELECT branch_alternative(3, 'user', 'aside', NULL, 1)",
        &[],
    );
    let before = text(&connection, "SELECT json_group_array(id) FROM messages");
    for (arguments, text) in [
        ("'nobody', 's'", "no thread 'nobody'"),
        ("'t', 's', 42", "no message 42"),
        ("'t', 's', 'four'", "no message 'four'"),
        (
            "'t', 's', 3",
            "message 3 is not on the current branch of thread 't'",
        ),
        ("'t', NULL", "summary must be text, not NULL"),
        ("'t', 5", "summary must be text, not an integer"),
        ("'t', x'00'", "summary must be text, not a blob"),
        ("NULL, 's'", "thread_id must be text, not NULL"),
        (
            "'t', 's', 1.5",
            "first_kept_id must be an integer or a uid, not 1.5",
        ),
        (
            "'t', 's', x'31'",
            "first_kept_id must be an integer or a uid, not a blob",
        ),
        ("'t', 's', 1, '[]'", "item_json must be a JSON object"),
        ("'t', 's', 1, '5'", "item_json must be a JSON object"),
        (
            "'t', 's', 1, '{'",
            "item_json is not valid JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            "'t', 's', 1, '{}', 'soon'",
            "created_at must be an integer, not 'soon'",
        ),
        ("'t', 's', 1, '{}', 1, ''", "uid must not be empty"),
        (
            "'t', 's', 1, '{}', 1, '7'",
            "uid must not read as an integer, as '7' does",
        ),
    ] {
        let sql = format!("SELECT branch_compact({arguments})");
        assert_eq!(
            host::error(&connection, &sql, &[]),
            (1, format!("branch_compact: {text}"))
        );
    }
    assert_eq!(
        text(&connection, "SELECT json_group_array(id) FROM messages"),
        before
    );
    assert_eq!(
        host::integer(&connection, "SELECT current_leaf_id FROM threads", &[]),
        4
    );
}

/// The members that are given stay as they are, in their order; the two that make it a compaction are ours.
#[test]
fn a_given_item_is_merged() {
    let connection = thread();
    let given =
        r#" { "z" : [1.50, {"a":1,"a":2}], "first_kept_id":9, "é\n" : "\ud800", "type":"x" } "#;
    host::integer(
        &connection,
        "SELECT branch_compact('t', 's', 1, ?1)",
        params![given],
    );
    assert_eq!(
        text(&connection, "SELECT item_json FROM messages WHERE id = 4"),
        r#"{"type":"compaction","first_kept_id":1,"z":[1.50, {"a":1,"a":2}],"é\n":"\ud800"}"#
    );
}

#[test]
fn a_call_that_is_repeated_happens_once() {
    let connection = thread();
    let compact = |arguments: &str| format!("SELECT branch_compact('t', {arguments}, 1, 'retry')");
    let first = host::integer(&connection, &compact("'s', 'two', '{\"a\":1}'"), &[]);
    assert_eq!(first, 4);
    assert_eq!(
        host::integer(&connection, &compact("'s', 2, '{\"a\":1}'"), &[]),
        4
    );
    host::integer(
        &connection,
        "SELECT branch_append('t', 'user', 'more', NULL, 1)",
        &[],
    );
    assert_eq!(
        host::integer(&connection, &compact("'s', 2, '{\"a\":1}'"), &[]),
        4
    );
    // Elsewhere by now: message 2 is not on the current branch any more, and nothing moves.
    host::integer(&connection, "SELECT branch_switch('t', 1)", &[]);
    assert_eq!(
        host::integer(&connection, &compact("'s', 2, '{\"a\":1}'"), &[]),
        4
    );
    assert_eq!(
        host::integer(&connection, "SELECT current_leaf_id FROM threads", &[]),
        1
    );
    for (arguments, what) in [
        ("'other', 2, '{\"a\":1}'", "content"),
        ("'s', 1, '{\"a\":1}'", "item_json"),
        ("'s', NULL, '{\"a\":1}'", "item_json"),
        ("'s', 2, '{\"a\":2}'", "item_json"),
    ] {
        let (code, message) = host::error(&connection, &compact(arguments), &[]);
        assert_eq!(code & 0xff, 19, "{message}");
        assert!(
            message.ends_with(&format!("which has another {what}")),
            "{message}"
        );
    }
    assert_eq!(
        host::integer(&connection, "SELECT count(*) FROM messages", &[]),
        5
    );
}

#[test]
fn it_is_part_of_the_callers_transaction() {
    let connection = thread();
    connection.execute_batch("BEGIN").unwrap();
    host::integer(&connection, "SELECT branch_compact('t', 's', 1)", &[]);
    connection.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        host::integer(&connection, "SELECT current_leaf_id FROM threads", &[]),
        3
    );
    connection
        .execute_batch("CREATE TABLE log(id); INSERT INTO log SELECT branch_compact('t', 's', 1)")
        .unwrap();
    assert_eq!(host::integer(&connection, "SELECT id FROM log", &[]), 4);
}

/// Ids in the copy: `{"type":"compaction","first_kept_id":N, ...}` of each summary, in the order of the path.
fn kept(connection: &Connection, thread: &str) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT item_json FROM branch_messages(?1) WHERE role = 'summary'")
        .unwrap();
    let rows = statement.query_map([thread], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_copys_summaries_name_the_copies() {
    let connection = thread();
    for sql in [
        "SELECT branch_compact('t', 'a', 2, '{\"n\" : 1}', 1)",
        "SELECT branch_append('t', 'user', 'more', NULL, 1)",
        "SELECT branch_compact('t', 'b', NULL, NULL, 1)",
        "SELECT branch_compact('t', 'c', 2, NULL, 1)",
        "SELECT branch_compact('t', 'd', 4, NULL, 1)",
        // By other programs: one that is not on the path, one that will be the id of a copy, and other members untouched.
        "SELECT branch_append('t', 'summary', 'e', '{\"first_kept_id\":77, \"x\":[]}', 1)",
        "SELECT branch_append('t', 'summary', 'f', '{\"first_kept_id\":12}', 1)",
        "SELECT branch_append('t', 'summary', 'g', '{\"message\":{\"first_kept_id\":2}}', 1)",
        "SELECT branch_append('t', 'summary', 'h', '{\"y\": 1 , \"first_kept_id\" : 9 }', 1)",
        "SELECT branch_append('t', 'user', 'i', '{\"first_kept_id\":2}', 1)",
    ] {
        host::integer(&connection, sql, &[]);
    }
    let copy = host::integer(&connection, "SELECT branch_copy(13, 'copy', 1)", &[]);
    // Message n of the path has become n + 13.
    assert_eq!(copy, 26);
    assert_eq!(
        kept(&connection, "copy"),
        [
            r#"{"type":"compaction","first_kept_id":15,"n":1}"#,
            r#"{"type":"compaction","first_kept_id":null}"#,
            r#"{"type":"compaction","first_kept_id":15}"#,
            r#"{"type":"compaction","first_kept_id":17}"#,
            r#"{"first_kept_id":null, "x":[]}"#,
            r#"{"first_kept_id":12}"#,
            r#"{"message":{"first_kept_id":2}}"#,
            r#"{"y": 1 , "first_kept_id" : 22 }"#,
        ]
    );
    let last = "SELECT item_json FROM messages WHERE id = 26";
    assert_eq!(text(&connection, last), r#"{"first_kept_id":2}"#);
    // The original is as it was.
    assert_eq!(
        kept(&connection, "t")[0],
        r#"{"type":"compaction","first_kept_id":2,"n":1}"#
    );
    // And a copy of the copy.
    host::integer(&connection, "SELECT branch_copy('26', 'again', 1)", &[]);
    assert_eq!(
        kept(&connection, "again")[0],
        r#"{"type":"compaction","first_kept_id":28,"n":1}"#
    );
}

/// Without the index that finds summaries everything is as with it.
#[test]
fn a_database_without_the_index() {
    let connection = thread();
    host::integer(
        &connection,
        "SELECT branch_compact('t', 's', 2, NULL, 1)",
        &[],
    );
    let ids = "SELECT group_concat(id) FROM branch_context('t')";
    assert_eq!(text(&connection, ids), "4,2,3");
    connection
        .execute_batch("DROP INDEX branch_messages_summaries")
        .unwrap();
    // By a statement that was prepared while it was there, and by another one.
    assert_eq!(text(&connection, ids), "4,2,3");
    assert_eq!(text(&connection, ids), "4,2,3");
    host::integer(&connection, "SELECT branch_copy(4, 'copy', 1)", &[]);
    assert_eq!(
        kept(&connection, "copy"),
        [r#"{"type":"compaction","first_kept_id":6}"#]
    );
}
