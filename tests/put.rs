//! `branch_put`: the whole history that a stateless client sends with each request becomes a path of the tree.

mod host;

#[path = "put/model.rs"]
mod model;
#[path = "put/random.rs"]
mod random;
#[path = "put/same.rs"]
mod same;

use host::{error, integer, maybe, migrated};
use rusqlite::Connection;
use serde_json::{json, Value};

/// Sends a history to the thread `t`.
fn put(connection: &Connection, messages: &Value) -> Option<i64> {
    let messages = messages.to_string();
    maybe(connection, "SELECT branch_put('t', ?1, 100)", &[&messages])
}

fn user(content: &str) -> Value {
    json!({"role": "user", "content": content})
}

fn assistant(content: &str) -> Value {
    json!({"role": "assistant", "content": content})
}

/// The current branch, as ids.
fn branch(connection: &Connection) -> Vec<i64> {
    let mut statement = connection
        .prepare("SELECT id FROM branch_messages('t')")
        .unwrap();
    let ids = statement.query_map([], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

fn count(connection: &Connection) -> i64 {
    integer(connection, "SELECT count(*) FROM messages", &[])
}

#[test]
fn a_conversation_grows_by_what_is_new() {
    let db = migrated();
    // The thread is made.
    assert_eq!(put(&db, &json!([user("a")])), Some(1));
    assert_eq!(
        integer(&db, "SELECT created_at FROM threads WHERE id = 't'", &[]),
        100
    );
    // The server stores its answer as it likes.
    let answer = r#"{"usage":{"total_tokens":7},"model":"m"}"#;
    integer(
        &db,
        "SELECT branch_append('t', 'assistant', 'b', ?1)",
        &[&answer],
    );
    let next = json!([user("a"), assistant("b"), user("c")]);
    assert_eq!(put(&db, &next), Some(3));
    assert_eq!(branch(&db), [1, 2, 3]);
    // Repeated: nothing is added, and the leaf goes back to its end.
    integer(&db, "SELECT branch_append('t', 'assistant', 'd')", &[]);
    assert_eq!(put(&db, &next), Some(3));
    assert_eq!((branch(&db), count(&db)), (vec![1, 2, 3], 4));
    // The regenerated answer is an alternative of the first.
    integer(&db, "SELECT branch_append('t', 'assistant', 'd2')", &[]);
    let siblings = "SELECT group_concat(id) FROM branch_siblings(4)";
    let siblings: String = db.query_row(siblings, [], |row| row.get(0)).unwrap();
    assert_eq!(siblings, "4,5");
    // An edited prompt is a fork, wherever it is.
    assert_eq!(
        put(&db, &json!([user("a"), assistant("b"), user("c2")])),
        Some(6)
    );
    assert_eq!(branch(&db), [1, 2, 6]);
    assert_eq!(put(&db, &json!([user("a2")])), Some(7));
    assert_eq!(branch(&db), [7]);
    // What comes back to an earlier branch finds it.
    let back = json!([
        user("a"),
        assistant("b"),
        user("c"),
        assistant("d2"),
        user("e")
    ]);
    assert_eq!(put(&db, &back), Some(8));
    assert_eq!(branch(&db), [1, 2, 3, 5, 8]);
    // The beginning of what is there.
    assert_eq!(put(&db, &json!([user("a")])), Some(1));
    assert_eq!(put(&db, &json!([])), None);
    assert_eq!((branch(&db), count(&db)), (vec![], 8));
}

#[test]
fn originals_are_kept() {
    let db = migrated();
    let sent = r#"[ {"role":"user", "content":[{"type":"text","text":"a"}], "x":1.50} ,{"role":"assistant","content":null,
        "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"out"}]"#;
    assert_eq!(maybe(&db, "SELECT branch_put('t', ?1)", &[&sent]), Some(3));
    let rows = "SELECT group_concat(role || '=' || content || '=' || item_json, '|') FROM messages";
    let rows: String = db.query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(
        rows,
        "user=a={\"role\":\"user\", \"content\":[{\"type\":\"text\",\"text\":\"a\"}], \"x\":1.50}\
         |assistant=={\"role\":\"assistant\",\"content\":null,\n        \"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\
         \"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}\
         |tool=out={\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"out\"}"
    );
    // A whole request will do.
    let request = format!(r#"{{"model":"m","messages":{sent},"stream":true}}"#);
    assert_eq!(
        maybe(&db, "SELECT branch_put('t', ?1)", &[&request]),
        Some(3)
    );
    assert_eq!(count(&db), 3);
}

/// Texts are compared as they stand in JSON, escapes and all.
#[test]
fn escapes_are_what_they_stand_for() {
    let db = migrated();
    for (sent, content) in [
        (r#""plain""#, "plain"),
        (
            r#""a\n\nb \"c\" \\ \/ \t\r\b\f""#,
            "a\n\nb \"c\" \\ / \t\r\u{8}\u{c}",
        ),
        (r#""\u00e9\u0000\ud83d\ude00\n""#, "é\0😀\n"),
        (r#""half \ud83d of it""#, "half \u{fffd} of it"),
        (r#""""#, ""),
        (r#"["x\ny", {"text":"z"}]"#, "x\ny\n\nz"),
    ] {
        put(&db, &json!([]));
        let first = integer(&db, "SELECT branch_append('t', 'user', ?1)", &[&content]);
        let array = format!(r#"[{{"role":"user","content":{sent}}}]"#);
        let sent = maybe(&db, "SELECT branch_put('t', ?1)", &[&array]);
        assert_eq!(sent, Some(first), "{array}");
        for other in [
            format!("{content}x"),
            content.replace('\n', "n"),
            format!("x{content}"),
        ] {
            integer(&db, "SELECT branch_clear('t')", &[]);
            let first = integer(&db, "SELECT branch_append('t', 'user', ?1)", &[&other]);
            let sent = maybe(&db, "SELECT branch_put('t', ?1)", &[&array]);
            assert_eq!(sent == Some(first), other == content, "{array} {other}");
        }
        integer(&db, "SELECT branch_clear('t')", &[]);
    }
}

/// An import of the same array makes the same messages.
#[test]
fn what_was_imported_is_found() {
    let db = migrated();
    let sent = json!([
        {"role": "system", "content": "S"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"},
            {"type": "image_url", "image_url": {"url": "x"}}]},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "o"}, {"type": "text", "text": "ut"}]},
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c2", "output": "o2"},
        {"type": "web_search_call", "id": "ws", "status": "completed"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]},
        {"role": "assistant", "content": null, "refusal": "no"}
    ]);
    let text = sent.to_string();
    let import = "SELECT branch_import('openai', ?1, '{\"thread\":\"t\"}')";
    assert_eq!(integer(&db, import, &[&text]), 10);
    assert_eq!(put(&db, &sent), Some(10));
    assert_eq!(count(&db), 10);
}

/// A client does not know of summaries, and what it sends goes on below them.
#[test]
fn summaries_are_passed_over() {
    let db = migrated();
    put(&db, &json!([user("a"), assistant("b")]));
    let summary = "SELECT branch_append('t', 'summary', 'short', '{\"type\":\"compaction\",\"first_kept_id\":2}')";
    assert_eq!(integer(&db, summary, &[]), 3);
    let history = json!([user("a"), assistant("b"), user("c")]);
    assert_eq!(put(&db, &history), Some(4));
    assert_eq!(branch(&db), [1, 2, 3, 4]);
    assert_eq!(put(&db, &history), Some(4));
    assert_eq!(
        put(&db, &json!([user("a"), assistant("b"), user("c2")])),
        Some(5)
    );
    assert_eq!(branch(&db), [1, 2, 3, 5]);
    // An edit above it leaves it.
    assert_eq!(put(&db, &json!([user("a"), assistant("b2")])), Some(6));
    assert_eq!(branch(&db), [1, 6]);
}

/// Among equal messages, the path that goes on longest wins, and then the newest.
#[test]
fn among_equal_ones_the_longest_and_then_the_newest() {
    let db = migrated();
    put(&db, &json!([user("a")]));
    for sql in [
        "SELECT branch_fork(1, 'assistant', 'b')",
        "SELECT branch_fork(1, 'assistant', 'b')",
        "SELECT branch_fork(1, 'assistant', 'b')",
        "SELECT branch_fork(3, 'user', 'c')",
        "SELECT branch_fork(5, 'assistant', 'd')",
        "SELECT branch_fork(2, 'user', 'x')",
    ] {
        integer(&db, sql, &[]);
    }
    // 3 goes on with 5 and 6, 2 with 7 only, 4 with nothing.
    assert_eq!(put(&db, &json!([user("a"), assistant("b")])), Some(3));
    // All of what was sent decides first.
    assert_eq!(
        put(&db, &json!([user("a"), assistant("b"), user("x")])),
        Some(7)
    );
    integer(&db, "SELECT branch_prune(5)", &[]);
    integer(&db, "SELECT branch_prune(7)", &[]);
    assert_eq!(put(&db, &json!([user("a"), assistant("b")])), Some(4));
}

/// Nesting of any depth is no danger to the stack, and stays as it is.
#[test]
fn deep_json() {
    let deep = |inside: &str| "[".repeat(20_000) + inside + &"]".repeat(20_000);
    let db = migrated();
    let sent = format!(
        r#"[{{"role":"user","content":"a","x":{0}}},{{"role":"assistant","content":[{0},{{"type":"image","y":{0}}}],
            "tool_calls":[{{"id":"c","function":{{"name":"f","arguments":{0}}}}}]}}]"#,
        deep("")
    );
    assert_eq!(maybe(&db, "SELECT branch_put('t', ?1)", &[&sent]), Some(2));
    // Not byte for byte, so that it is compared part by part.
    let spaced = sent
        .replace("\"x\":", "\"x\" : ")
        .replace("\"y\":", "\"y\" : ");
    assert_eq!(
        maybe(&db, "SELECT branch_put('t', ?1)", &[&spaced]),
        Some(2)
    );
    for sent in [
        deep(""),
        format!("[{}]", deep("1")),
        "[{\"a\":".repeat(20_000),
    ] {
        let (code, said) = error(&db, "SELECT branch_put('t', ?1)", &[&sent]);
        assert!(
            code == 1 && said.starts_with("branch_put: messages"),
            "{said}"
        );
    }
    for format in ["jsonl", "markdown", "openai", "html"] {
        let length = "SELECT length(branch_export('t', ?1))";
        assert!(integer(&db, length, &[&format]) > 100, "{format}");
    }
}

#[test]
fn what_is_no_history_is_refused_and_nothing_happens() {
    let db = migrated();
    for (sent, said) in [
        ("", "messages is not valid JSON: EOF while parsing a value at line 1 column 0"),
        ("5", "messages must be a JSON array of messages, or an object with \"messages\" or \"input\""),
        ("{}", "messages must be a JSON array of messages, or an object with \"messages\" or \"input\""),
        ("[1]", "messages: message 1 is not an object"),
        (r#"[{"role":"user","content":"a"},{}]"#, "messages: message 2 has neither a role nor a type"),
        (r#"[{"role":5,"content":"a"}]"#, "messages: message 1 has a role that is not text"),
        (r#"[{"role":"user","content":{"a":1}}]"#, "messages: message 1 has a content that is neither text nor an array"),
    ] {
        assert_eq!(
            error(&db, "SELECT branch_put('t', ?1)", &[&sent]),
            (1, format!("branch_put: {said}")),
        );
    }
    assert_eq!(integer(&db, "SELECT count(*) FROM threads", &[]), 0);
}
