//! What is read of `item_json`, and what is not.

use super::{compaction, Item, Usage};

fn calls(text: &str) -> Vec<String> {
    Item::read(text.as_bytes()).calls
}

fn results(text: &str) -> Vec<String> {
    Item::read(text.as_bytes()).results
}

fn usage(text: &str) -> (i64, i64, i64, Option<f64>) {
    let Usage {
        input,
        cached,
        output,
        cost,
    } = Item::read(text.as_bytes()).usage.unwrap_or_default();
    (input, cached, output, cost)
}

/// The same object at the top level, in `message` and in `payload`.
fn places(object: &str) -> [String; 3] {
    [
        object.to_owned(),
        format!(r#"{{"message":{object},"type":"message"}}"#),
        format!(r#"{{"id":"line","payload":{object}}}"#),
    ]
}

#[test]
fn calls_and_results_of_the_four_shapes_are_found_in_all_three_places() {
    let shapes = [
        // Responses
        (
            r#"{"type":"function_call","call_id":"c1","id":"fc_1","name":"f","arguments":"{}"}"#,
            r#"{"call_id":"c1","output":"x","type":"function_call_output"}"#,
        ),
        (
            r#"{"call_id":"c1","type":"custom_tool_call"}"#,
            r#"{"type":"custom_tool_call_output","call_id":"c1"}"#,
        ),
        // Chat Completions
        (
            r#"{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{}}]}"#,
            r#"{"role":"tool","tool_call_id":"c1","content":"x"}"#,
        ),
        // Anthropic
        (
            r#"{"role":"assistant","content":[{"type":"text","text":"t"},{"id":"c1","type":"tool_use","input":{}}]}"#,
            r#"{"role":"user","content":[{"tool_use_id":"c1","type":"tool_result","content":[{"type":"text"}]}]}"#,
        ),
        // pi
        (
            r#"{"role":"assistant","content":[{"type":"toolCall","id":"c1","name":"f","arguments":{}}]}"#,
            r#"{"role":"toolResult","toolCallId":"c1","content":[{"type":"text","text":"x"}]}"#,
        ),
    ];
    for (call, result) in shapes {
        for text in places(call) {
            assert_eq!(calls(&text), ["c1"], "{text}");
            assert!(results(&text).is_empty(), "{text}");
        }
        for text in places(result) {
            assert_eq!(results(&text), ["c1"], "{text}");
            assert!(calls(&text).is_empty(), "{text}");
        }
    }
}

#[test]
fn several_calls_in_one_message_are_found_in_their_order() {
    let text = r#"{"content":[{"type":"tool_use","id":"a"},{"type":"tool_use","id":"b"}],
                   "tool_calls":[{"id":"c"},{"id":"d"}]}"#;
    assert_eq!(calls(text), ["a", "b", "c", "d"]);
    let blocks = r#"[{"type":"tool_use","id":"a"},{"type":"function_call","call_id":"b"}]"#;
    assert_eq!(calls(blocks), ["a", "b"]);
}

#[test]
fn ids_with_escapes_are_the_texts_that_they_stand_for() {
    assert_eq!(results(r#"{"tool_call_id":"caf\u00e9\n"}"#), ["café\n"]);
    assert_eq!(results(r#"{"tool_\u0063all_id":"c"}"#), ["c"]);
}

#[test]
fn wrong_types_are_passed_over() {
    for wrong in [
        "null",
        "true",
        "5",
        "1.5e999",
        "[]",
        "{}",
        r#""x""#,
        r#""\ud800""#,
        "[[[{}]]]",
    ] {
        for member in [
            "type",
            "id",
            "call_id",
            "tool_use_id",
            "content",
            "tool_calls",
            "message",
            "payload",
            "usage",
            "model",
            "tokens",
            "first_kept_id",
        ] {
            let text = format!(r#"{{"{member}":{wrong},"tool_call_id":"c","other":"\ud800"}}"#);
            assert_eq!(results(&text), ["c"], "{text}");
            assert!(calls(&text).is_empty(), "{text}");
        }
        for member in ["tool_call_id", "toolCallId"]
            .iter()
            .filter(|_| wrong != r#""x""#)
        {
            assert!(results(&format!(r#"{{"{member}":{wrong}}}"#)).is_empty());
        }
        for member in [
            "prompt_tokens",
            "input_tokens",
            "output",
            "cost",
            "input_tokens_details",
        ] {
            let text = format!(r#"{{"usage":{{"{member}":{wrong}}}}}"#);
            let found = Item::read(text.as_bytes()).usage;
            assert_eq!(
                found.is_some(),
                wrong == "5" && !member.contains("cost") && !member.contains("details"),
                "{text}"
            );
        }
    }
    for text in [
        "",
        " ",
        "{",
        "nul",
        "\"a\"",
        "5",
        "{\"tool_call_id\":\"c\"",
        "{\"tool_call_id\":\"c\"} x",
    ] {
        assert_eq!(Item::read(text.as_bytes()), Item::default(), "{text}");
    }
    assert_eq!(Item::read(b"{\"tool_call_id\":\"\xff\"}"), Item::default());
}

#[test]
fn what_is_nested_deeply_is_passed_over_and_what_is_beside_it_found() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let objects = r#"{"message":"#.repeat(100_000) + "1" + &"}".repeat(100_000);
    for deep in [&deep, &objects] {
        assert_eq!(
            results(&format!(r#"{{"content":{deep},"tool_call_id":"c"}}"#)),
            ["c"]
        );
        assert_eq!(
            calls(&format!(
                r#"{{"content":[{{"x":{deep},"type":"tool_use","id":"c"}}]}}"#
            )),
            ["c"]
        );
        assert_eq!(Item::read(deep.as_bytes()), Item::default());
    }
}

#[test]
fn usage_is_that_of_the_provider_with_cached_tokens_in_the_input() {
    // Chat Completions
    assert_eq!(
        usage(
            r#"{"usage":{"prompt_tokens":100,"completion_tokens":7,"total_tokens":107,
                  "prompt_tokens_details":{"cached_tokens":60}}}"#
        ),
        (100, 60, 7, None)
    );
    // DeepSeek
    assert_eq!(
        usage(
            r#"{"usage":{"prompt_tokens":100,"completion_tokens":7,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}}"#
        ),
        (100, 64, 7, None)
    );
    // OpenRouter
    assert_eq!(
        usage(r#"{"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":0.25}}"#),
        (1, 0, 2, Some(0.25))
    );
    // Responses
    assert_eq!(
        usage(
            r#"{"payload":{"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60},"output_tokens":7,
                  "output_tokens_details":{"reasoning_tokens":3},"total_tokens":107}}}"#
        ),
        (100, 60, 7, None)
    );
    // Anthropic
    assert_eq!(
        usage(
            r#"{"message":{"usage":{"input_tokens":4,"cache_creation_input_tokens":20,"cache_read_input_tokens":300,
                  "output_tokens":7,"service_tier":"standard"}}}"#
        ),
        (324, 300, 7, None)
    );
    assert_eq!(
        usage(
            r#"{"usage":{"input_tokens":4,"cache_creation_input_tokens":null,"cache_read_input_tokens":0,"output_tokens":7}}"#
        ),
        (4, 0, 7, None)
    );
    // pi
    assert_eq!(
        usage(
            r#"{"message":{"usage":{"input":4,"output":7,"cacheRead":300,"cacheWrite":20,"totalTokens":331,
                  "cost":{"input":0.5,"output":1.5,"cacheRead":0.25,"cacheWrite":0,"total":2.25}}}}"#
        ),
        (324, 300, 7, Some(2.25))
    );
    assert_eq!(
        usage(r#"{"usage":{"input":4,"output":7,"cost":{"input":0.5,"output":1.5}}}"#),
        (4, 0, 7, Some(2.0))
    );
}

#[test]
fn a_usage_that_counts_nothing_is_none() {
    for text in [
        "{}",
        "[]",
        "null",
        r#"{"cost":1}"#,
        r#"{"input_tokens":-1}"#,
        r#"{"prompt_tokens":1.5}"#,
    ] {
        let text = format!(r#"{{"usage":{text}}}"#);
        assert_eq!(Item::read(text.as_bytes()).usage, None, "{text}");
    }
}

#[test]
fn model_and_provider_id_are_those_beside_the_usage() {
    let item = Item::read(
        br#"{"id":"row","model":"other","message":{"id":"msg_1","model":"m","usage":{"input_tokens":1}}}"#,
    );
    assert_eq!(item.model.as_deref(), Some("m"));
    assert_eq!(item.provider_id.as_deref(), Some("msg_1"));
    let item = Item::read(br#"{"id":"row","payload":{"model":"m"}}"#);
    assert_eq!(item.model.as_deref(), Some("m"));
    assert_eq!(item.provider_id, None);
}

#[test]
fn tokens_and_first_kept_id_are_integers_at_the_top_level() {
    let item = Item::read(br#"{"type":"compaction","tokens":-0,"first_kept_id":9007199254740993}"#);
    assert_eq!(item.tokens, Some(0));
    assert_eq!(item.first_kept_id, Some(9_007_199_254_740_993));
    assert!(item.is_compaction);
    let item = Item::read(
        br#"{"message":{"tokens":5,"first_kept_id":6,"type":"compaction"},"tokens":5.0}"#,
    );
    assert_eq!(
        (item.tokens, item.first_kept_id, item.is_compaction),
        (None, None, false)
    );
    // As json_extract() has it.
    assert_eq!(Item::read(br#"{"tokens":1,"tokens":2}"#).tokens, Some(1));
}

#[test]
fn the_item_of_a_summary_has_what_was_given_beside() {
    let written = |given: Option<&str>, id| compaction::written(given.map(str::as_bytes), id);
    assert_eq!(
        written(None, None).as_deref(),
        Some(r#"{"type":"compaction","first_kept_id":null}"#)
    );
    assert_eq!(
        written(
            Some(r#" {"a" : [1, 2.50], "type":"x", "q\"\n":"\ud800", "first_kept_id":7} "#),
            Some(5)
        )
        .as_deref(),
        Some(r#"{"type":"compaction","first_kept_id":5,"a":[1, 2.50],"q\"\n":"\ud800"}"#)
    );
    for given in ["[]", "5", "null", "\"{}\""] {
        assert_eq!(written(Some(given), None), None);
    }
}

#[test]
fn another_first_kept_id_leaves_the_rest_as_it_is() {
    let changed = |text: &str| {
        let changed = compaction::with_first_kept(text.as_bytes(), Some(12))?;
        Some(String::from_utf8_lossy(&changed).into_owned())
    };
    assert_eq!(
        changed(" { \"x\" : 1,\"first_kept_id\" : 7 , \"y\":\"é\"}\n").as_deref(),
        Some(" { \"x\" : 1,\"first_kept_id\" : 12 , \"y\":\"é\"}\n")
    );
    assert_eq!(changed(r#"{"message":{"first_kept_id":7}}"#), None);
    assert_eq!(changed("[]"), None);
}

#[test]
fn a_string_is_compared_as_it_stands() {
    use super::json::Raw;
    // Escapes at every place among the eight bytes that are compared at once.
    for length in 0..20 {
        for at in 0..=length {
            for (escape, meant) in [
                ("", ""),
                ("\\n", "\n"),
                ("\\\"", "\""),
                ("\\\\", "\\"),
                ("\\\\n", "\\n"),
                ("\\/", "/"),
                ("é\\t", "é\t"),
            ] {
                let (before, after) = ("x".repeat(at), "y".repeat(length - at));
                let json = format!("\"{before}{escape}{after}\"");
                let text = format!("{before}{meant}{after}");
                let same = |text: &str| Raw::known(&json).same_string(text.as_bytes());
                assert_eq!(same(&text), Some(true), "{json}");
                assert_eq!(same(&format!("{text}z")), Some(false), "{json}");
                for changed in 0..text.len() {
                    let mut bytes = text.clone().into_bytes();
                    bytes[changed] ^= 1;
                    let same = Raw::known(&json).same_string(&bytes);
                    assert_eq!(same, Some(false), "{json}, {changed}");
                    let same = Raw::known(&json).same_string(&text.as_bytes()[..changed]);
                    assert_eq!(same, Some(false), "{json}, {changed}");
                }
            }
        }
    }
    assert_eq!(Raw::known(r#""\u00e9""#).same_string("é".as_bytes()), None);
    assert_eq!(Raw::known("5").same_string(b"5"), None);
}
