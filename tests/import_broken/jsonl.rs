//! Our own format: what is read is exact, and what an export holds is found again in the file that it comes from.

use rusqlite::Connection;
use serde_json::json;

use super::host::{self, error, integer};
use super::stored;

const HEAD: &str = r#"{"format":"sqlite-branch","version":1,"thread":{"id":"t","created_at":5,"updated_at":6,"leaf":null}}"#;

fn export(db: &Connection, thread: &str) -> String {
    let sql = "SELECT branch_export(?1, 'jsonl')";
    db.query_row(sql, [thread], |row| row.get(0)).unwrap()
}

fn import(db: &Connection, text: &str) -> i64 {
    integer(db, "SELECT branch_import('jsonl', ?1)", &[&text])
}

fn text(db: &Connection, sql: &str) -> String {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Imports an export into the file that it comes from, where nothing happens, and into another, where it is the same then.
fn goes_round(db: &Connection, thread: &str, messages: i64) -> Connection {
    let exported = export(db, thread);
    let before = stored(db);
    assert_eq!(import(db, &exported), 0, "{exported}");
    assert_eq!((stored(db), export(db, thread)), (before, exported.clone()));
    let other = host::migrated();
    assert_eq!(import(&other, &exported), messages, "{exported}");
    assert_eq!(import(&other, &exported), 0, "again: {exported}");
    other
}

#[test]
fn summaries_that_keep_what_is_elsewhere() {
    let db = host::migrated();
    host::add_thread(&db, "t");
    host::add_thread(&db, "other");
    db.execute_batch(
        r#"INSERT INTO messages(id, thread_id, role, content, item_json, created_at, parent_entry_id) VALUES
             (1, 'other', 'user', 'x', NULL, 1, NULL),
             (2, 't', 'user', 'a', NULL, 2, NULL),
             (3, 't', 'summary', 's', '{"type":"compaction","first_kept_id": 1 }', 3, 2),
             (4, 't', 'summary', 's', '{"type":"compaction","first_kept_id": 2 }', 3, 2),
             (5, 't', 'summary', 's', '{"type":"compaction","first_kept_id": null }', 3, 2),
             (6, 't', 'summary', 's', '{"type":"compaction","first_kept_id": 99 }', 3, 2),
             (7, 't', 'summary', 's', '{"type":"compaction","first_kept_id": 8 }', 3, 2),
             (8, 't', 'user', 'b', NULL, 4, 7);
           UPDATE threads SET current_leaf_id = 8 WHERE id = 't'"#,
    )
    .unwrap();
    let other = goes_round(&db, "t", 7);
    // What is in the export, later or earlier, is kept there too.
    assert_eq!(export(&other, "t"), export(&db, "t"));
    assert_eq!(
        text(
            &other,
            "SELECT group_concat(ifnull(item_json ->> '$.first_kept_id', '-')) FROM messages WHERE role = 'summary'"
        ),
        "-,1,-,-,7"
    );
}

#[test]
fn a_path_through_another_thread() {
    let db = host::migrated();
    for thread in ["t", "u", "v"] {
        host::add_thread(&db, thread);
    }
    db.execute_batch(
        "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) VALUES
             (1, 't', 'user', 'a', 1, NULL), (2, 't', 'user', 'b', 2, 1),
             (3, 'u', 'user', 'c', 3, 2), (4, 'u', 'user', 'd', 4, 3), (5, 'u', 'user', 'a', 1, NULL),
             (6, 'v', 'user', 'e', 5, 3);
         UPDATE threads SET current_leaf_id = 4 WHERE id = 'u'",
    )
    .unwrap();
    let u = export(&db, "u");
    let of: Vec<serde_json::Value> = u
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["thread"].clone())
        .collect();
    assert_eq!(json!(of), json!(["t", "t", null, null, null]));
    // Where the other thread is not there, what is above comes along.
    let alone = goes_round(&db, "u", 5);
    assert_eq!(integer(&alone, "SELECT count(*) FROM threads", &[]), 1);
    goes_round(&db, "v", 4);
    goes_round(&db, "t", 2);
    // Where it is, the links are those that were.
    let all = host::migrated();
    for (thread, messages) in [("t", 2), ("u", 3), ("v", 1)] {
        assert_eq!(import(&all, &export(&db, thread)), messages, "{thread}");
    }
    let links = "SELECT group_concat(concat(m.thread_id, m.content, p.thread_id, p.content)) \
         FROM (SELECT * FROM messages ORDER BY thread_id, content) AS m LEFT JOIN messages AS p ON p.id = m.parent_entry_id";
    assert_eq!(text(&all, links), text(&db, links));
    assert_eq!(export(&all, "u"), u);
    // What is new in it goes into its own thread, not into the one that it hangs on.
    let longer =
        u + r#"{"id":6,"parent":2,"role":"user","content":"new","item_json":null,"created_at":9}"#;
    assert_eq!(import(&db, &longer), 1);
    let home = "SELECT thread_id || parent_entry_id FROM messages WHERE content = 'new'";
    assert_eq!(text(&db, home), "u2");
}

/// Messages that are elsewhere already do not leave an empty thread behind; an export without messages makes one.
#[test]
fn a_thread_is_made_for_messages_or_when_it_has_none() {
    let db = host::migrated();
    host::add_thread(&db, "x");
    let append = "SELECT branch_append('x', 'user', 'a', NULL, 5, 'uid-1')";
    assert_eq!(integer(&db, append, &[]), 1);
    host::add_thread(&db, "empty");
    let other = host::migrated();
    host::add_thread(&other, "y");
    let append = append.replace("'x'", "'y'");
    assert_eq!(integer(&other, &append, &[]), 1);
    assert_eq!(import(&other, &export(&db, "x")), 0);
    assert_eq!(text(&other, "SELECT group_concat(id) FROM threads"), "y");
    for _ in 0..2 {
        assert_eq!(import(&other, &export(&db, "empty")), 0);
        assert_eq!(export(&other, "empty"), export(&db, "empty"));
    }
    assert_eq!(integer(&other, "SELECT count(*) FROM threads", &[]), 2);
}

/// Blobs and times with fractions, as other programs may have stored them.
#[test]
fn what_is_no_text_and_no_integer() {
    for encoding in ["UTF-8", "UTF-16le"] {
        let db = host::memory();
        db.pragma_update(None, "encoding", encoding).unwrap();
        integer(&db, "SELECT branch_migrate()", &[]);
        host::add_thread(&db, "t");
        db.execute_batch(
            "INSERT INTO messages(thread_id, role, content, item_json, created_at) VALUES
                 ('t', 'user', X'00FF61', X'7B7D', 5), ('t', 'user', 'a', X'', 5), ('t', 'user', X'', '{}', 5),
                 ('t', 'summary', 'a', X'7B7D', 5);
             UPDATE threads SET title = X'FF00', archived_at = 1.5, created_at = 2.5 WHERE id = 't'",
        )
        .unwrap();
        let exported = export(&db, "t");
        assert!(exported.contains(r#""content":{"blob":"00FF61"},"item_json":{"blob":"7B7D"}"#));
        let other = goes_round(&db, "t", 4);
        assert_eq!(export(&other, "t"), exported);
        let kinds = "SELECT group_concat(concat(typeof(content), iif(typeof(content) = 'blob', hex(content), content), \
             typeof(item_json), iif(typeof(item_json) = 'blob', hex(item_json), item_json))) FROM messages";
        assert_eq!(text(&other, kinds), text(&db, kinds));
        let row = "SELECT concat(typeof(title), hex(title), archived_at, created_at) FROM threads";
        assert_eq!(text(&other, row), text(&db, row));
        // A message's time is whole seconds: a fraction is cut, and the message is found all the same.
        db.execute_batch("UPDATE messages SET created_at = created_at + 0.75")
            .unwrap();
        let other = goes_round(&db, "t", 4);
        let times = "SELECT group_concat(created_at) FROM messages";
        assert_eq!(text(&other, times), "5,5,5,5");
    }
}

/// JSON in JSON need not be a string.
#[test]
fn item_json_as_it_is() {
    let db = host::migrated();
    for (at, (written, stored)) in [
        (r#""{\"a\": 1}""#, r#"{"a": 1}"#),
        (r#"{"a": 1}"#, r#"{"a": 1}"#),
        (r#"{ "hex" : "7b7D" }"#, "{}"),
        (r#"{"hex":"7b7D","b":2}"#, r#"{"hex":"7b7D","b":2}"#),
        (r#"{"hex":"no"}"#, r#"{"hex":"no"}"#),
        ("{}", "{}"),
        ("[1, 2]", "[1, 2]"),
        ("1.50", "1.50"),
        ("true", "true"),
        (r#""no json""#, "no json"),
    ]
    .into_iter()
    .enumerate()
    {
        let line = format!(
            r#"{{"id":1,"role":"user","content":"{at}","item_json":{written},"created_at":5}}"#
        );
        let whole = format!("{HEAD}\n{line}");
        assert_eq!(import(&db, &whole), 1, "{line}");
        assert_eq!(import(&db, &whole), 0, "{line}");
        let item = format!("SELECT item_json FROM messages WHERE content = '{at}'");
        assert_eq!(text(&db, &item), stored);
    }
}

#[test]
fn a_head_without_times_has_those_of_its_messages() {
    let db = host::migrated();
    let head = r#"{"format":"sqlite-branch","version":1,"thread":{"id":"t","title":null,"preview":null,"archived":null}}"#;
    let lines = r#"
{"id":1,"role":"user","content":"a","created_at":7}
{"id":2,"parent":1,"role":"user","content":"b","created_at":9}"#;
    assert_eq!(import(&db, &format!("{head}{lines}")), 2);
    let row =
        "SELECT concat_ws('|', id, created_at, updated_at, archived, preview, status) FROM threads";
    assert_eq!(text(&db, row), "t|7|9|0||idle");
    assert_eq!(import(&db, &head.replace("\"t\"", "\"none\"")), 0);
    let now =
        "SELECT min(created_at, updated_at) >= unixepoch() - 60 FROM threads WHERE id = 'none'";
    assert_eq!(integer(&db, now, &[]), 1);
}

/// What cannot be read is named with its line, and nothing is stored; or it is passed over.
#[test]
fn what_cannot_be_read() {
    let message = |id: &str, rest: &str| {
        format!(r#"{{"id":{id},"role":"user","content":"x","created_at":5{rest}}}"#)
    };
    let head =
        |thread: &str| format!(r#"{{"format":"sqlite-branch","version":1,"thread":{thread}}}"#);
    let good = message("1", "");
    for (lines, wrong, kept) in [
        (
            vec![good.clone(), good.clone()],
            "line 3: message 1 is there twice",
            1,
        ),
        (
            vec![good.clone(), message("2", r#","parent":7"#)],
            "line 3: message 2: its parent 7 is not in the thread",
            2,
        ),
        (
            vec![message("3", r#","parent":3"#)],
            "line 2: message 3: its parents are a circle",
            1,
        ),
        (
            vec![
                message("3", r#","parent":4"#),
                message("4", r#","parent":5"#),
                message("5", r#","parent":3"#),
            ],
            "line 2: message 3: its parents are a circle",
            3,
        ),
        // Of the next thread, the number is another message.
        (
            vec![
                good.clone(),
                HEAD.replace("\"t\"", "\"u\""),
                message("2", r#","parent":1"#),
            ],
            "line 4: message 2: its parent 1 is not in the thread",
            2,
        ),
        (
            vec![r#"{"role":"user"}"#.to_owned(), good.clone()],
            "line 2: id is missing",
            1,
        ),
        (
            vec![message("{}", ""), good.clone()],
            "line 2: id is not an id",
            1,
        ),
        (
            vec![message("true", ""), good.clone()],
            "line 2: id is not an id",
            1,
        ),
        (
            vec![message("1.5", ""), good.clone()],
            "line 2: id is not an id",
            1,
        ),
        (
            vec![message("2", r#","parent":{}"#)],
            "line 2: parent is not an id",
            1,
        ),
        (
            vec![good.replace("\"user\"", "5"), good.clone()],
            "line 2: role is missing or no text",
            1,
        ),
        (
            vec![good.replace("\"x\"", "{\"hex\":\"0\"}"), good.clone()],
            "line 2: content is missing or no text",
            1,
        ),
        (
            vec![good.replace("\"x\"", "null"), good.clone()],
            "line 2: content is missing or no text",
            1,
        ),
        (
            vec![good.replace(":5", ":\"5\""), good.clone()],
            "line 2: created_at is missing or no number",
            1,
        ),
        (
            vec![message("2", r#","uid":5"#), good.clone()],
            "line 2: uid is no text",
            1,
        ),
        (
            vec![message("2", r#","uid":"5""#), good.clone()],
            "line 2: uid is empty or reads as an integer",
            1,
        ),
        (
            vec![message("2", r#","labels":"a""#)],
            "line 2: labels is not an array",
            1,
        ),
        (
            vec![message("2", r#","labels":[5]"#)],
            "line 2: label is missing or no text",
            1,
        ),
    ] {
        let text = format!("{HEAD}\n{}", lines.join("\n"));
        let db = host::migrated();
        let refused = error(&db, "SELECT branch_import('jsonl', ?1)", &[&text]);
        assert_eq!(
            refused,
            (1, format!("branch_import: {wrong} (jsonl)")),
            "{text}"
        );
        assert_eq!(stored(&db), [0; 3]);
        let sql = "SELECT branch_import('jsonl', ?1, '{\"skip_bad\":true}')";
        assert_eq!(integer(&db, sql, &[&text]), kept, "{text}");
        assert_eq!(integer(&db, "SELECT count(*) FROM branch_check()", &[]), 0);
        assert_eq!(integer(&db, sql, &[&text]), 0, "again: {text}");
    }
    for (thread, wrong) in [
        ("null", "thread is missing"),
        ("[]", "thread is not an object"),
        ("{}", "thread has no id that is text"),
        (r#"{"id":5}"#, "thread has no id that is text"),
        (
            r#"{"id":"t","created_at":"yesterday"}"#,
            "created_at is not a number",
        ),
        (r#"{"id":"t","archived":true}"#, "archived is not a number"),
        (
            r#"{"id":"t","title":[]}"#,
            "title is neither text nor a number",
        ),
        (r#"{"id":"t","leaf":{}}"#, "leaf is not an id"),
    ] {
        let db = host::migrated();
        let text = format!("{}\n{good}", head(thread));
        let refused = error(&db, "SELECT branch_import('jsonl', ?1)", &[&text]);
        assert_eq!(
            refused,
            (1, format!("branch_import: line 1: {wrong} (jsonl)"))
        );
        assert_eq!(stored(&db), [0; 3]);
    }
}
