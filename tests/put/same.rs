//! Which messages are the same for `branch_put`.

use serde_json::json;

use super::{count, host::migrated, integer, put};

/// Results of one call in all shapes, an error or not. Chat Completions and Responses have no place for that.
const RESULTS: [[&str; 2]; 4] = [
    [
        r#"{"content":[{"type":"tool_result","tool_use_id":"c1","content":"out","is_error":true}]}"#,
        r#"{"content":[{"type":"tool_result","tool_use_id":"c1","content":"out"}]}"#,
    ],
    [
        r#"{"message":{"role":"toolResult","toolCallId":"c1","content":"out","isError":true}}"#,
        r#"{"message":{"role":"toolResult","toolCallId":"c1","content":"out","isError":false}}"#,
    ],
    [
        r#"{"role":"tool","tool_call_id":"c1","content":"out","is_error":true}"#,
        r#"{"role":"tool","tool_call_id":"c1","content":"out"}"#,
    ],
    [
        r#"{"type":"function_call_output","call_id":"c1","output":"out","is_error":true}"#,
        r#"{"type":"function_call_output","call_id":"c1","output":"out"}"#,
    ],
];

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

/// The name of the tool beside a result, and whether the result is an error.
#[test]
fn by_what_stands_beside_a_result() {
    let result = |beside: &str| -> serde_json::Value {
        let text = format!(r#"{{"role":"tool","tool_call_id":"c1","content":"out"{beside}}}"#);
        serde_json::from_str(&text).unwrap()
    };
    let kinds = [
        "",
        r#","name":"f""#,
        r#","name":"g""#,
        r#","is_error":true"#,
    ];
    for stored in kinds {
        for sent in kinds {
            let item = result(stored).to_string();
            assert_eq!(
                same("tool", "out", Some(&item), &result(sent)),
                stored == sent,
                "{stored} {sent}"
            );
        }
    }
    let item = result("").to_string();
    assert!(same(
        "tool",
        "out",
        Some(&item),
        &result(r#","is_error":false"#)
    ));
    for [error, fine] in &RESULTS[..2] {
        let sent = |text: &str| {
            json!({"role": "tool", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "out", "is_error": text == *error}]})
        };
        assert!(same("tool", "", Some(error), &sent(error)));
        assert!(!same("tool", "", Some(error), &sent(fine)));
        assert!(!same("tool", "", Some(fine), &sent(error)));
        // What a shape has no place for is not what makes the difference.
        assert!(same("tool", "out", Some(error), &result("")));
        assert!(same("tool", "out", Some(error), &result(r#","name":"f""#)));
        assert!(!same(
            "tool",
            "out",
            Some(fine),
            &result(r#","is_error":true"#)
        ));
    }
}

/// What a client of Chat Completions is given and sends back is what is there, whatever shape it is stored in.
#[test]
fn what_is_exported_is_there() {
    let calls = [
        r#"{"message":{"content":[{"type":"tool_use","id":"c1","name":"f","input":{"a":1}}]}}"#,
        r#"{"message":{"content":[{"type":"toolCall","id":"c1","name":"f","arguments":{"a":1}}]}}"#,
        r#"{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}"#,
        r#"{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}"#,
        r#"{"role":"assistant","name":"Bob","tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{ \"a\": 1 }"}}]}"#,
    ];
    let named = r#"{"role":"tool","name":"f","tool_call_id":"c1","content":"out"}"#;
    let results = RESULTS[..2]
        .as_flattened()
        .iter()
        .chain(RESULTS[2..].iter().map(|kinds| &kinds[1]))
        .chain([&named]);
    for result in results {
        for call in calls {
            let db = migrated();
            put(
                &db,
                &json!([{"role": "user", "name": "Ann", "content": "go"}]),
            );
            for (role, content, item) in [
                ("assistant", "", Some(call)),
                ("tool", "out", Some(*result)),
                ("assistant", "done", None),
            ] {
                integer(
                    &db,
                    "SELECT branch_append('t', ?1, ?2, ?3)",
                    &[&role, &content, &item],
                );
            }
            let sent: String = db
                .query_row("SELECT branch_export('t', 'openai')", [], |row| row.get(0))
                .unwrap();
            assert_eq!(
                integer(&db, "SELECT branch_put('t', ?1)", &[&sent]),
                4,
                "{call}, {result}: {sent}"
            );
            assert_eq!(count(&db), 4, "{call}, {result}: {sent}");
        }
    }
}
