//! The context as a request: what the interface of Chat Completions asks of it.

use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{json, Value};

use super::export;
use super::host::{self, integer, maybe};

/// The request for the thread `t`, after a look at whether the interface would take it.
fn request(db: &Connection) -> Value {
    let request: Value = serde_json::from_str(&export(db, "t", "openai")).unwrap();
    check(request["messages"].as_array().unwrap());
    request
}

/// The rules for `messages`.
fn check(messages: &[Value]) {
    let mut at = 0;
    while let Some(message) = messages.get(at) {
        at += 1;
        let role = message["role"].as_str().unwrap();
        let content = &message["content"];
        let known: Vec<&str> = match role {
            "assistant" => vec!["role", "content", "name", "tool_calls"],
            "system" | "developer" | "user" => vec!["role", "content", "name"],
            other => panic!("{other} at {at}: {messages:#?}"),
        };
        for member in message.as_object().unwrap().keys() {
            assert!(known.contains(&member.as_str()), "{message}");
        }
        let calls = message
            .get("tool_calls")
            .map(|calls| calls.as_array().unwrap());
        assert!(
            content.is_string() || (role == "user" && content.is_array()) || calls.is_some(),
            "{message}"
        );
        let Some(calls) = calls else {
            continue;
        };
        assert!(!calls.is_empty());
        let mut open: Vec<&str> = calls
            .iter()
            .map(|call| {
                assert_eq!(call["type"], "function");
                let arguments = call["function"]["arguments"].as_str().unwrap();
                assert!(serde_json::from_str::<Value>(arguments)
                    .unwrap()
                    .is_object());
                let name = call["function"]["name"].as_str().unwrap();
                assert!(
                    !name.is_empty()
                        && name
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
                );
                call["id"].as_str().unwrap()
            })
            .collect();
        // A call at the very end is waiting for the program that runs it.
        if at == messages.len() {
            return;
        }
        while let Some(id) = messages
            .get(at)
            .filter(|next| next["role"] == "tool")
            .map(|next| next["tool_call_id"].as_str().unwrap())
        {
            assert!(messages[at]["content"].is_string());
            let position = open.iter().position(|call| *call == id);
            open.remove(position.unwrap_or_else(|| panic!("{id} is no call: {messages:#?}")));
            at += 1;
        }
        assert_eq!(open, [""; 0], "without results: {messages:#?}");
    }
}

fn append(db: &Connection, role: &str, content: &str, item: &Value) {
    let item = Some(item.to_string()).filter(|_| !item.is_null());
    integer(
        db,
        "SELECT branch_append('t', ?1, ?2, ?3)",
        &[&role, &content, &item],
    );
}

fn conversation() -> Connection {
    let db = host::migrated();
    host::add_thread(&db, "t");
    db
}

/// What was taken in as a request comes out as one.
#[test]
fn a_request_comes_back() {
    let sent = json!([
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}}], "name": "ann"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"at\": 1}"}},
            {"id": "c2", "type": "function", "function": {"name": "look", "arguments": "{\"at\": 2}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
        {"role": "tool", "tool_call_id": "c2", "content": "a hat"},
        {"role": "assistant", "content": "A cat with a hat."},
        {"role": "user", "content": ""}
    ]);
    let db = conversation();
    maybe(&db, "SELECT branch_put('t', ?1)", &[&sent.to_string()]);
    assert_eq!(request(&db), json!({"messages": sent}));
    // And is the same history when it is sent back.
    let again = export(&db, "t", "openai");
    assert_eq!(maybe(&db, "SELECT branch_put('t', ?1)", &[&again]), Some(7));
    assert_eq!(integer(&db, "SELECT count(*) FROM messages", &[]), 7);
}

#[test]
fn what_other_programs_store_becomes_one() {
    let db = conversation();
    append(
        &db,
        "user",
        "Look.",
        &json!({"type": "user", "message": {"role": "user", "content": "Look."}}),
    );
    // Anthropic, a line for each block.
    let line = |block: Value| json!({"message": {"model": "claude", "content": [block]}});
    append(
        &db,
        "assistant",
        "",
        &line(json!({"type": "thinking", "thinking": "Hm."})),
    );
    append(
        &db,
        "assistant",
        "I look.",
        &line(json!({"type": "text", "text": "I look."})),
    );
    append(
        &db,
        "assistant",
        "",
        &line(json!({"type": "tool_use", "id": "a", "name": "fs.read", "input": {"p": 1}})),
    );
    append(
        &db,
        "assistant",
        "",
        &line(json!({"type": "tool_use", "id": "b", "name": "ls", "input": {}})),
    );
    append(
        &db,
        "user",
        "and mind",
        &json!({"message": {"content": [
        {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "files"}]},
        {"type": "tool_result", "tool_use_id": "a", "content": "text"},
        {"type": "text", "text": "and mind"}]}}),
    );
    // Responses; the second call has no result.
    append(
        &db,
        "assistant",
        "",
        &json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}),
    );
    append(
        &db,
        "assistant",
        "",
        &json!({"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "free text"}),
    );
    append(
        &db,
        "tool",
        "out",
        &json!({"type": "function_call_output", "call_id": "c", "output": "out"}),
    );
    append(
        &db,
        "toolResult",
        "stray",
        &json!({"message": {"role": "toolResult", "toolCallId": "nowhere"}}),
    );
    append(&db, "bashExecution", "ls", &Value::Null);
    append(
        &db,
        "user",
        "See.",
        &json!({"message": {"content": [{"type": "text", "text": "See."},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}]}}),
    );
    // The end waits for its result.
    append(
        &db,
        "assistant",
        "",
        &json!({"type": "custom_tool_call", "call_id": "e", "name": "g", "input": "free text"}),
    );
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    assert_eq!(
        request(&db),
        json!({"model": "claude", "messages": [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": "I look.", "tool_calls": [call("a", "fs_read", "{\"p\":1}"), call("b", "ls", "{}")]},
            {"role": "tool", "tool_call_id": "a", "content": "text"},
            {"role": "tool", "tool_call_id": "b", "content": "files"},
            {"role": "user", "content": "and mind"},
            {"role": "assistant", "content": null, "tool_calls": [call("c", "f", "{}")]},
            {"role": "tool", "tool_call_id": "c", "content": "out"},
            {"role": "user", "content": "ls"},
            {"role": "user", "content": [{"type": "text", "text": "See."},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]},
            {"role": "assistant", "content": null, "tool_calls": [call("e", "g", "{\"input\":\"free text\"}")]}
        ]})
    );
}

#[test]
fn it_is_the_context() {
    let db = conversation();
    assert_eq!(request(&db), json!({"messages": []}));
    append(&db, "system", "Be short.", &Value::Null);
    append(&db, "user", "a", &Value::Null);
    append(&db, "assistant", "b", &Value::Null);
    integer(&db, "SELECT branch_compact('t', 'They said a.', 3)", &[]);
    append(&db, "user", "c", &Value::Null);
    assert_eq!(
        request(&db)["messages"],
        json!([
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "They said a."},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"}
        ])
    );
}

/// An item in one of the shapes, with ids of which several are the same.
fn any_message() -> impl Strategy<Value = (String, String, Value)> {
    let role = prop::sample::select(vec![
        "user",
        "assistant",
        "tool",
        "toolResult",
        "system",
        "odd",
    ]);
    let text = prop::sample::select(vec!["", "text", "out"]);
    let id = || prop::sample::select(vec!["a", "b", "c"]);
    let item = prop_oneof![
        2 => Just(Value::Null),
        2 => prop::collection::vec(id(), 1..3).prop_map(|ids| json!({"tool_calls": ids.iter().map(|id|
            json!({"id": id, "type": "function", "function": {"name": "f g", "arguments": "{}"}})).collect::<Vec<_>>()})),
        2 => id().prop_map(|id| json!({"tool_call_id": id})),
        1 => id().prop_map(|id| json!({"payload": {"type": "function_call", "call_id": id, "arguments": "no json"}})),
        1 => id().prop_map(|id| json!({"payload": {"type": "function_call_output", "call_id": id, "output": "x"}})),
        1 => prop::collection::vec((id(), any::<bool>()), 1..4).prop_map(|blocks| json!({"message": {"content":
            blocks.iter().map(|(id, call)| match call {
                true => json!({"type": "tool_use", "id": id, "name": "", "input": {}}),
                false => json!({"type": "tool_result", "tool_use_id": id, "content": "y"}),
            }).collect::<Vec<_>>()}})),
        1 => Just(json!({"message": {"role": "assistant", "content": [{"type": "toolCall", "id": "c", "name": "n", "arguments": 5}]}})),
    ];
    (role, text, item).prop_map(|(role, text, item)| (role.to_owned(), text.to_owned(), item))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_stored_the_interface_takes_it(messages in prop::collection::vec(any_message(), 0..12)) {
        let db = conversation();
        for (role, content, item) in &messages {
            append(&db, role, content, item);
        }
        request(&db);
    }
}
