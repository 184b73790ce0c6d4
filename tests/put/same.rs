//! Which messages are the same for `branch_put`.

use serde_json::json;

use super::{count, host::migrated, integer, put};

/// Whether the second is taken for the first, which was stored with these columns.
fn same(role: &str, content: &str, item: Option<&str>, sent: &serde_json::Value) -> bool {
    let db = migrated();
    put(&db, &json!([]));
    integer(
        &db,
        "SELECT branch_append('t', ?1, ?2, ?3)",
        &[&role, &content, &item],
    );
    put(&db, &json!([sent]));
    count(&db) == 1
}

#[test]
fn by_role_and_text_in_whatever_form() {
    let parts = json!({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]});
    assert!(same("user", "a\n\nb", None, &parts));
    assert!(same(
        "user",
        "a",
        None,
        &json!({"role": "user", "content": "a"})
    ));
    assert!(!same(
        "user",
        "a",
        None,
        &json!({"role": "user", "content": "b"})
    ));
    assert!(!same(
        "user",
        "a",
        None,
        &json!({"role": "system", "content": "a"})
    ));
    let responses = json!({"type": "message", "id": "msg_9", "status": "completed", "role": "assistant",
        "content": [{"type": "output_text", "text": "a", "annotations": []}]});
    assert!(same("assistant", "a", None, &responses));
    assert!(same(
        "assistant",
        "",
        None,
        &json!({"role": "assistant", "content": null})
    ));
    assert!(same(
        "assistant",
        "no",
        None,
        &json!({"role": "assistant", "content": null, "refusal": "no"})
    ));
    assert!(!same(
        "user",
        "a",
        None,
        &json!({"role": "user", "content": "a", "name": "Ann"})
    ));
    assert!(same(
        "user",
        "a",
        Some(r#"{"name":"Ann"}"#),
        &json!({"role": "user", "content": "a", "name": "Ann"})
    ));
}

#[test]
fn not_by_what_the_store_has_beside() {
    for beside in [
        r#"{"usage":{"prompt_tokens":5,"completion_tokens":6},"model":"m","id":"chatcmpl-1","created":17}"#,
        r#"{"message":{"id":"msg_1","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}]}}"#,
        r#"{"tokens":12}"#,
        "null",
        "[]",
    ] {
        assert!(
            same(
                "assistant",
                "a",
                Some(beside),
                &json!({"role": "assistant", "content": "a"})
            ),
            "{beside}"
        );
    }
}

#[test]
fn by_tool_calls_and_results() {
    let call = |id: &str, name: &str, arguments: &str| {
        json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]})
    };
    // Stored as Anthropic has it, with the text of the arguments built anew.
    let stored = r#"{"message":{"content":[{"type":"tool_use","id":"c1","name":"f","input":{"b":2,"a":1}}]}}"#;
    assert!(same(
        "assistant",
        "",
        Some(stored),
        &call("c1", "f", "{\"a\": 1, \"b\": 2}")
    ));
    assert!(!same(
        "assistant",
        "",
        Some(stored),
        &call("c1", "f", "{\"a\": 1, \"b\": 3}")
    ));
    assert!(!same(
        "assistant",
        "",
        Some(stored),
        &call("c1", "g", "{\"a\": 1, \"b\": 2}")
    ));
    assert!(!same(
        "assistant",
        "",
        Some(stored),
        &call("c2", "f", "{\"a\": 1, \"b\": 2}")
    ));
    assert!(!same(
        "assistant",
        "",
        Some(stored),
        &json!({"role": "assistant", "content": ""})
    ));
    assert!(!same("assistant", "", None, &call("c1", "f", "{}")));
    let item = json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\":1,\"b\":2}"});
    assert!(same("assistant", "", Some(stored), &item));
    let result = json!({"role": "tool", "tool_call_id": "c1", "content": "out"});
    assert!(same(
        "tool",
        "out",
        Some(r#"{"tool_call_id":"c1"}"#),
        &result
    ));
    assert!(!same(
        "tool",
        "out",
        Some(r#"{"tool_call_id":"c2"}"#),
        &result
    ));
    assert!(!same(
        "tool",
        "other",
        Some(r#"{"tool_call_id":"c1"}"#),
        &result
    ));
    assert!(!same("tool", "out", None, &result));
    let output = json!({"type": "function_call_output", "call_id": "c1", "output": "out"});
    assert!(same(
        "tool",
        "out",
        Some(r#"{"tool_call_id":"c1"}"#),
        &output
    ));
}

#[test]
fn by_what_is_not_text() {
    let image = |url: &str| json!({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": url}}]});
    let stored = image("x").to_string();
    assert!(same("user", "a", Some(&stored), &image("x")));
    assert!(!same("user", "a", Some(&stored), &image("y")));
    assert!(!same("user", "a", None, &image("x")));
}
