//! Input that means no good: JSON that is nested deeply, large, or of wrong types in every place that is read; tables
//! that hold anything; broken trees.

use rusqlite::{params, Connection};

use super::model;
use crate::host;

fn thread() -> Connection {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    connection
}

/// Whatever it is, as another program writes it.
fn store(connection: &Connection, role: &str, content: &str, item_json: &str) {
    let sql = format!(
        "INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
         SELECT 't', '{role}', {content}, {item_json}, 1, (SELECT max(id) FROM messages); \
         UPDATE threads SET current_leaf_id = (SELECT max(id) FROM messages)"
    );
    connection.execute_batch(&sql).unwrap();
}

fn ids(connection: &Connection, arguments: &str) -> String {
    connection
        .query_row(
            &format!("SELECT ifnull(group_concat(id), '') FROM branch_context({arguments})"),
            [],
            |row| row.get(0),
        )
        .unwrap()
}

#[test]
fn wrong_types_in_every_place() {
    let wrong = [
        "null",
        "true",
        "-1",
        "1e999",
        "\"x\"",
        "\"\\ud800\"",
        "[]",
        "{}",
        "[[]]",
        "[null,1,\"x\",{}]",
    ];
    let places = [
        "type",
        "id",
        "call_id",
        "tool_use_id",
        "tool_calls",
        "tool_calls_x",
        "content",
        "message",
        "payload",
        "usage",
        "model",
        "tokens",
        "first_kept_id",
        "toolCallId_x",
        "tool_call_id_x",
    ];
    let connection = thread();
    connection.execute_batch("BEGIN").unwrap();
    let mut count = 0;
    for place in places {
        for value in wrong {
            for item in [
                format!("{{\"{place}\":{value}}}"),
                format!("{{\"message\":{{\"{place}\":{value}}}}}"),
                format!("{{\"payload\":{{\"content\":[{{\"{place}\":{value}}}]}}}}"),
                format!("{{\"tool_calls\":[{{\"{place}\":{value}}}]}}"),
                format!("{{\"type\":\"tool_use\",\"{place}\":{value}}}"),
                format!("{{\"type\":\"function_call_output\",\"{place}x\":{value}}}"),
                format!("{{\"usage\":{{\"{place}\":{value},\"cost\":{value},\"input_tokens_details\":{value}}}}}"),
                format!("[{{\"{place}\":{value}}}]"),
            ] {
                let role = if count % 7 == 0 { "summary" } else { "user" };
                host::integer(
                    &connection,
                    "SELECT branch_append('t', ?1, '', ?2, 1)",
                    params![role, item],
                );
                count += 1;
            }
        }
    }
    // No call and no result among them: all are there, after the newest summary.
    let all = host::integer(
        &connection,
        "SELECT count(*) FROM messages WHERE id >= (SELECT max(id) FROM messages WHERE role = 'summary')",
        &[],
    );
    let sent = "SELECT count(*) FROM branch_context('t')";
    assert_eq!(host::integer(&connection, sent, &[]), all);
    // The model reads the same numbers of tokens.
    let leaf = host::integer(&connection, "SELECT max(id) FROM messages", &[]);
    for budget in [None, Some(5), Some(50)] {
        assert_eq!(
            model::asked(&connection, "t", budget, None),
            model::expected(&model::stored(&connection), leaf, budget)
        );
    }
    assert_eq!(
        host::integer(&connection, "SELECT count(*) FROM branch_usage('t')", &[]),
        0
    );
}

#[test]
fn nested_deeply() {
    let connection = thread();
    for depth in [100, 127, 128, 129, 1000, 10_000, 50_000] {
        let arrays = "[".repeat(depth) + &"]".repeat(depth);
        let objects = "{\"message\":".repeat(depth) + "0" + &"}".repeat(depth);
        for item in [
            arrays.clone(),
            objects.clone(),
            format!("{{\"content\":{arrays},\"tool_calls\":[{{\"x\":{objects},\"id\":\"c\"}}],\"tokens\":3}}"),
            format!("{{\"message\":{{\"content\":[{{\"x\":{arrays},\"type\":\"tool_result\",\"tool_use_id\":\"c\"}}]}}}}"),
            format!("{{\"usage\":{{\"x\":{arrays},\"input_tokens\":1,\"cost\":{objects}}}}}"),
        ] {
            host::integer(&connection, "SELECT branch_append('t', 'user', '', ?1, 1)", params![item]);
        }
    }
    assert_eq!(
        host::integer(&connection, "SELECT count(*) FROM branch_context('t')", &[]),
        35
    );
    let tokens = "SELECT sum(tokens = 3) FROM branch_context('t')";
    assert_eq!(host::integer(&connection, tokens, &[]), 7);
    let usage = "SELECT input_tokens FROM branch_usage('t')";
    assert_eq!(host::integer(&connection, usage, &[]), 7);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let summary = host::integer(
        &connection,
        "SELECT branch_compact('t', 's', 1, ?1, 1)",
        params![format!("{{\"deep\":{deep}}}")],
    );
    host::integer(
        &connection,
        "SELECT branch_copy(?1, 'copy', 1)",
        params![summary],
    );
    assert_eq!(
        host::integer(
            &connection,
            "SELECT count(*) FROM branch_context('copy')",
            &[]
        ),
        36
    );
}

/// Megabytes (a hundred of them in the bench `tools`), in each of the shapes in which something is looked for.
#[test]
fn of_megabytes() {
    const SIZE: usize = 4_000_000;
    let connection = thread();
    let long = "x".repeat(SIZE);
    host::integer(
        &connection,
        "SELECT branch_append('t', 'user', ?1, ?2, 1)",
        params![
            long,
            format!("{{\"content\":\"{long}\",\"tool_calls\":[{{\"id\":\"c\"}}]}}")
        ],
    );
    let blocks = "{\"type\":\"text\",\"text\":\"x\"},".repeat(SIZE / 27);
    drop(long);
    host::integer(
        &connection,
        "SELECT branch_append('t', 'user', '', ?1, 1)",
        params![format!("{{\"message\":{{\"content\":[{blocks}{{\"type\":\"tool_result\",\"tool_use_id\":\"c\"}}]}}}}")],
    );
    let sql = "SELECT sum(tokens) FROM branch_context('t')";
    let tokens = host::integer(&connection, sql, &[]);
    assert!((tokens - 2 * SIZE as i64 / 4).abs() < 100, "{tokens}");
    assert_eq!(ids(&connection, "'t', 0"), "2");
}

/// Columns of messages with values of other types, as SQLite lets anybody store them.
#[test]
fn columns_of_any_type() {
    let connection = thread();
    for (content, item_json) in [
        ("x'001122'", "NULL"),
        ("''", "x'7b7d'"),
        ("x''", "x''"),
        ("5", "6"),
        ("1.5", "2.5"),
        ("'{'", "'{'"),
        ("CAST(x'ff' AS TEXT)", "CAST(x'ff' AS TEXT)"),
        ("zeroblob(1000)", "zeroblob(1000)"),
        (
            "''",
            "CAST(x'7b22746f6f6c5f63616c6c5f6964223a2263227d' AS BLOB)",
        ),
    ] {
        store(&connection, "user", content, item_json);
    }
    store(
        &connection,
        "summary",
        "'s'",
        "x'7b2266697273745f6b6570745f6964223a327d'",
    );
    store(&connection, "user", "'u'", "NULL");
    // The blob reads {"first_kept_id":2}, and the one before that is a result without its call.
    assert_eq!(ids(&connection, "'t'"), "10,2,3,4,5,6,7,8,11");
    assert_eq!(
        host::integer(&connection, "SELECT count(*) FROM branch_usage('t')", &[]),
        0
    );
    let copied = host::integer(&connection, "SELECT branch_copy(11, 'copy', 1)", &[]);
    assert_eq!(copied, 22);
    assert_eq!(ids(&connection, "'copy'"), "21,13,14,15,16,17,18,19,22");
}

#[test]
fn broken_trees() {
    let connection = thread();
    for _ in 0..6 {
        store(
            &connection,
            "user",
            "'u'",
            "'{\"usage\":{\"input_tokens\":1}}'",
        );
    }
    let both = [
        "SELECT * FROM branch_context('t')",
        "SELECT * FROM branch_usage('t', 6)",
    ];
    for (damage, text) in [
        (
            "UPDATE messages SET parent_entry_id = 42 WHERE id = 1",
            "message 1: its parent 42 is missing",
        ),
        (
            "UPDATE messages SET parent_entry_id = 4 WHERE id = 2",
            "is its own ancestor",
        ),
        (
            "UPDATE messages SET parent_entry_id = 3 WHERE id = 3",
            "message 3 is its own ancestor",
        ),
        (
            "UPDATE messages SET parent_entry_id = 'x' WHERE id = 3",
            "message 3: its parent_entry_id is not an integer",
        ),
        (
            "DELETE FROM messages WHERE id = 4",
            "message 5: its parent 4 is missing",
        ),
    ] {
        connection
            .execute_batch(&format!("SAVEPOINT s; {damage}"))
            .unwrap();
        for sql in both {
            let (code, message) = host::error(&connection, sql, &[]);
            assert_eq!(code, 267, "{damage}: {message}");
            assert!(message.ends_with(text), "{damage}: {message}");
        }
        connection
            .execute_batch("ROLLBACK TO s; RELEASE s")
            .unwrap();
    }
    connection
        .execute_batch("UPDATE threads SET current_leaf_id = 42")
        .unwrap();
    assert_eq!(
        host::error(&connection, both[0], &[]),
        (
            267,
            "branch_context: thread 't': its current leaf 42 is missing".to_owned()
        )
    );
    // Links to higher ids, which are no cycle: ids say nothing about the order.
    connection
        .execute_batch(
            "UPDATE threads SET current_leaf_id = 3; UPDATE messages SET parent_entry_id = 6 WHERE id = 1; \
             UPDATE messages SET parent_entry_id = NULL WHERE id = 4; UPDATE messages SET role = 'summary', \
             item_json = '{\"first_kept_id\":5}' WHERE id = 6",
        )
        .unwrap();
    assert_eq!(ids(&connection, "'t'"), "6,5,1,2,3");
    assert_eq!(
        host::integer(
            &connection,
            "SELECT dropped FROM branch_context('t', 0) LIMIT 1",
            &[]
        ),
        3
    );
}
