//! `branch_export`: what each format holds.

mod host;

#[path = "export/again.rs"]
mod again;
#[path = "export/openai.rs"]
mod openai;

use host::{error, integer, migrated};
use rusqlite::Connection;
use serde_json::{json, Value};

fn export(connection: &Connection, thread: &str, format: &str) -> String {
    connection
        .query_row("SELECT branch_export(?1, ?2)", [thread, format], |row| {
            row.get(0)
        })
        .unwrap()
}

/// The lines of an export as JSON.
fn lines(connection: &Connection, thread: &str) -> Vec<Value> {
    let text = export(connection, thread, "jsonl");
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

#[test]
fn what_is_not_there_is_an_error() {
    let db = migrated();
    host::add_thread(&db, "t");
    for format in ["jsonl", "markdown", "openai", "html"] {
        let unknown = format!("SELECT branch_export('x', '{format}')");
        assert_eq!(
            error(&db, &unknown, &[]),
            (1, "branch_export: no thread 'x'".to_owned())
        );
    }
    assert_eq!(
        error(&db, "SELECT branch_export('t', 'JSONL')", &[]),
        (
            1,
            "branch_export: no format 'JSONL'; there are jsonl, markdown, openai and html"
                .to_owned()
        )
    );
}

#[test]
fn jsonl_holds_everything() {
    let db = migrated();
    host::add_thread(&db, "t");
    host::add_thread(&db, "other");
    for sql in [
        "UPDATE threads SET title = 'A \"title\"' || char(10, 0, 1) || '漢', archived = 1 WHERE id = 't'",
        // Ids have gaps in the database, and none in the export.
        "SELECT branch_append('other', 'user', 'x')",
        "SELECT branch_append('t', 'user', 'a', ' {\"x\" : 1.50}' || char(10), 11, 'first')",
        "SELECT branch_append('other', 'user', 'y')",
        "SELECT branch_append('t', 'assistant', 'b' || char(0) || 'c', NULL, 12)",
        "SELECT branch_append('t', 'summary', 's', '{\"type\":\"compaction\",\"first_kept_id\": 4 ,\"z\":1}', 13)",
        "SELECT branch_fork(2, 'user', '</script>', NULL, 14)",
        "INSERT INTO messages(thread_id, role, content, item_json, created_at) VALUES ('t', 'user', CAST(x'61C328' AS TEXT), 'no json', 15)",
        "SELECT branch_label(4, 'z', 20)",
        "SELECT branch_label(4, 'a', 21)",
    ] {
        db.query_row(sql, [], |_| Ok(()))
            .or_else(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => Ok(()),
                other => Err(other),
            })
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let found = lines(&db, "t");
    assert_eq!(found[0]["thread"]["title"], "A \"title\"\n\0\u{1}漢");
    assert_eq!(found[0]["thread"]["archived"], 1);
    assert_eq!(found[0]["thread"]["leaf"], 4);
    let columns: usize = integer(
        &db,
        "SELECT count(*) FROM pragma_table_info('threads')",
        &[],
    )
    .try_into()
    .unwrap();
    assert_eq!(found[0]["thread"].as_object().unwrap().len(), columns);
    assert_eq!(
        found[1..],
        [
            json!({"id": 1, "parent": null, "role": "user", "content": "a", "item_json": " {\"x\" : 1.50}\n",
                "created_at": 11, "uid": "first"}),
            json!({"id": 2, "parent": 1, "role": "assistant", "content": "b\0c", "item_json": null, "created_at": 12,
                "labels": [{"label": "a", "created_at": 21}, {"label": "z", "created_at": 20}]}),
            json!({"id": 3, "parent": 2, "role": "summary", "content": "s",
                "item_json": "{\"type\":\"compaction\",\"first_kept_id\": 2 ,\"z\":1}", "created_at": 13}),
            json!({"id": 4, "parent": 1, "role": "user", "content": "</script>", "item_json": null, "created_at": 14}),
            json!({"id": 5, "parent": null, "role": "user", "content": {"hex": "61C328"}, "item_json": "no json",
                "created_at": 15}),
        ]
    );
    // The same text each time.
    assert_eq!(export(&db, "t", "jsonl"), export(&db, "t", "jsonl"));
    // A thread without messages.
    host::add_thread(&db, "empty");
    let empty = lines(&db, "empty");
    assert_eq!(
        (empty.len(), &empty[0]["thread"]["leaf"]),
        (1, &Value::Null)
    );
}

/// Data that other programs write.
#[test]
fn parents_come_first_and_ancestors_come_along() {
    let db = migrated();
    host::add_thread(&db, "t");
    host::add_thread(&db, "u");
    db.execute_batch(
        "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) VALUES
             (1, 't', 'user', 'a', 1, 3), (2, 't', 'user', 'b', 2, 1), (3, 't', 'user', 'c', 3, NULL),
             (4, 'u', 'user', 'd', 4, 2), (5, 't', 'user', 'e', 5, NULL);
         UPDATE threads SET current_leaf_id = 4 WHERE id = 'u'",
    )
    .unwrap();
    let shape = |thread: &str| -> Vec<(String, Value)> {
        let found = lines(&db, thread);
        let messages = found[1..].iter();
        messages
            .map(|line| {
                (
                    line["content"].as_str().unwrap().to_owned(),
                    line["parent"].clone(),
                )
            })
            .collect()
    };
    let expected = |rows: &[(&str, Value)]| -> Vec<(String, Value)> {
        rows.iter()
            .map(|(text, parent)| ((*text).to_owned(), parent.clone()))
            .collect()
    };
    assert_eq!(
        shape("t"),
        expected(&[
            ("c", json!(null)),
            ("e", json!(null)),
            ("a", json!(1)),
            ("b", json!(3))
        ])
    );
    assert_eq!(
        shape("u"),
        expected(&[
            ("c", json!(null)),
            ("a", json!(1)),
            ("b", json!(2)),
            ("d", json!(3))
        ])
    );
    db.execute_batch("UPDATE messages SET parent_entry_id = 77 WHERE id = 5")
        .unwrap();
    assert_eq!(
        error(&db, "SELECT branch_export('t', 'jsonl')", &[]),
        (
            267,
            "branch_export: message 5: its parent 77 is missing".to_owned()
        )
    );
}

/// A file that was not brought up to date has no uids and no labels, and can be read all the same.
#[test]
fn a_file_without_our_tables() {
    let db = migrated();
    host::add_thread(&db, "t");
    integer(&db, "SELECT branch_append('t', 'user', 'a', NULL, 5)", &[]);
    db.execute_batch("DROP TABLE message_uids; DROP TABLE message_labels")
        .unwrap();
    assert_eq!(lines(&db, "t").len(), 2);
    assert!(export(&db, "t", "markdown").ends_with("UTC\n\na\n"));
}

#[test]
fn markdown_is_the_current_branch() {
    let db = migrated();
    host::add_thread(&db, "t");
    db.execute_batch("UPDATE threads SET title = 'Two\nlines'")
        .unwrap();
    assert_eq!(export(&db, "t", "markdown"), "# Two lines\n");
    let call = r#"{"message":{"content":[{"type":"thinking","thinking":"Let me ``` see"},{"type":"text","text":"I look."},
        {"type":"tool_use","id":"c1","name":"look","input":{"at":"sky"}},{"type":"image","source":{}}]}}"#;
    for (sql, item) in [
        (
            "SELECT branch_append('t', 'user', 'left out' || ?1, NULL, 0)",
            "",
        ),
        (
            "SELECT branch_alternative(1, 'user', '# Hi' || char(10), ?1, 1700000000)",
            "{}",
        ),
        (
            "SELECT branch_append('t', 'assistant', 'I look.', ?1, 1700000060)",
            call,
        ),
        (
            "SELECT branch_append('t', 'tool', '```' || char(10) || 'blue', ?1, 1700000061)",
            r#"{"tool_call_id":"c1"}"#,
        ),
    ] {
        integer(&db, sql, &[&item]);
    }
    assert_eq!(
        export(&db, "t", "markdown"),
        "# Two lines\n\n## User · 2023-11-14 22:13 UTC\n\n# Hi\n\n## Assistant · 2023-11-14 22:14 UTC\n\nThought:\n\n\
         ````\nLet me ``` see\n````\n\nI look.\n\n*[image]*\n\nCall of **look**:\n\n```json\n{\"at\":\"sky\"}\n```\n\n\
         ## Tool · 2023-11-14 22:14 UTC\n\nResult:\n\n````\n```\nblue\n````\n"
    );
}
