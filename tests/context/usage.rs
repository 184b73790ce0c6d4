//! `branch_usage` and `branch_tokens`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::{params, Connection};

use crate::host;

fn thread() -> Connection {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    connection
}

fn append(connection: &Connection, item_json: &str) -> i64 {
    host::integer(
        connection,
        "SELECT branch_append('t', 'assistant', '', ?1, 1)",
        params![item_json],
    )
}

/// Thread, model, messages, input, cached, output, cost.
type Row = (String, Option<String>, i64, i64, i64, i64, Option<f64>);

fn usage(connection: &Connection, arguments: &str) -> Vec<Row> {
    let sql = format!("SELECT * FROM branch_usage({arguments})");
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement
        .query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
                row.get(6)?,
            ))
        })
        .unwrap();
    rows.map(Result::unwrap).collect()
}

fn row(thread: &str, model: Option<&str>, counts: [i64; 4], cost: Option<f64>) -> Row {
    let [messages, input, cached, output] = counts;
    let model = model.map(str::to_owned);
    (
        thread.to_owned(),
        model,
        messages,
        input,
        cached,
        output,
        cost,
    )
}

const OPENAI: &str = r#"{"model":"gpt","usage":{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":60}}}"#;
const RESPONSES: &str = r#"{"payload":{"model":"gpt","usage":{"input_tokens":100,"output_tokens":7,"input_tokens_details":{"cached_tokens":60}}}}"#;
const ANTHROPIC: &str = r#"{"message":{"id":"msg_1","model":"claude","usage":{"input_tokens":4,"cache_creation_input_tokens":20,"cache_read_input_tokens":300,"output_tokens":7}}}"#;
const PI: &str = r#"{"type":"message","id":"a1b2c3d4","message":{"role":"assistant","model":"glm","usage":{"input":4,"output":7,"cacheRead":300,"cacheWrite":20,"totalTokens":331,"cost":{"input":0.5,"output":1.5,"cacheRead":0.25,"cacheWrite":0,"total":2.25}}}}"#;

#[test]
fn by_thread_and_model() {
    let connection = thread();
    for item in [OPENAI, RESPONSES, ANTHROPIC, PI, PI] {
        append(&connection, item);
    }
    append(&connection, r#"{"usage":{"output_tokens":1,"cost":0.125}}"#);
    append(&connection, r#"{"usage":{}}"#);
    append(&connection, r#"{"model":"gpt"}"#);
    host::add_thread(&connection, "a");
    host::integer(
        &connection,
        "SELECT branch_append('a', 'user', '', ?1, 1)",
        params![OPENAI],
    );
    let of_t = [
        row("t", None, [1, 0, 0, 1], Some(0.125)),
        row("t", Some("claude"), [1, 324, 300, 7], None),
        row("t", Some("glm"), [2, 648, 600, 14], Some(4.5)),
        row("t", Some("gpt"), [2, 200, 120, 14], None),
    ];
    let of_a = [row("a", Some("gpt"), [1, 100, 60, 7], None)];
    assert_eq!(usage(&connection, "'t'"), of_t);
    assert_eq!(usage(&connection, "'a'"), of_a);
    assert_eq!(usage(&connection, ""), [&of_a[..], &of_t[..]].concat());
    assert_eq!(usage(&connection, "NULL"), usage(&connection, ""));
    assert_eq!(usage(&connection, "NULL, NULL"), usage(&connection, ""));
    for nothing in [
        "'nobody'",
        "'t', 42",
        "'t', 'no uid'",
        "'nobody', 1",
        "NULL, 42",
    ] {
        assert_eq!(usage(&connection, nothing), [], "{nothing}");
    }
    let reverse: String = connection
        .query_row(
            "SELECT group_concat(thread_id || ifnull(model, '-')) FROM \
             (SELECT * FROM branch_usage ORDER BY thread_id DESC, model DESC)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(reverse, "tgpt,tglm,tclaude,t-,agpt");
    let plan: String = connection
        .query_row(
            "EXPLAIN QUERY PLAN SELECT * FROM branch_usage ORDER BY thread_id, model",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

#[test]
fn a_shared_beginning_counts_once() {
    let connection = thread();
    for _ in 0..3 {
        append(&connection, OPENAI);
    }
    for _ in 0..2 {
        host::integer(
            &connection,
            "SELECT branch_alternative(3, 'assistant', '', ?1, 1)",
            params![PI],
        );
    }
    assert_eq!(
        usage(&connection, "'t'"),
        [
            row("t", Some("glm"), [2, 648, 600, 14], Some(4.5)),
            row("t", Some("gpt"), [3, 300, 180, 21], None)
        ]
    );
    // Of one path, what lies on it.
    let of_5 = [
        row("t", Some("glm"), [1, 324, 300, 7], Some(2.25)),
        row("t", Some("gpt"), [2, 200, 120, 14], None),
    ];
    assert_eq!(usage(&connection, "'t', 5"), of_5);
    assert_eq!(usage(&connection, "NULL, 5"), of_5);
    assert_eq!(
        usage(&connection, "'t', 3"),
        [row("t", Some("gpt"), [3, 300, 180, 21], None)]
    );
}

#[test]
fn a_stream_in_several_rows_counts_once_with_its_last_figures() {
    let connection = thread();
    let part = |id: &str, output: i64| {
        format!(
            r#"{{"message":{{"id":"{id}","model":"claude","usage":{{"input_tokens":10,"output_tokens":{output}}}}}}}"#
        )
    };
    for item in [
        part("m1", 1),
        part("m1", 2),
        part("m2", 5),
        part("m1", 9),
        part("", 1),
    ] {
        append(&connection, &item);
    }
    // A row of the same answer without figures changes nothing.
    append(
        &connection,
        r#"{"message":{"id":"m1","model":"claude","usage":null}}"#,
    );
    assert_eq!(
        usage(&connection, "'t'"),
        [row("t", Some("claude"), [3, 30, 0, 15], None)]
    );
    assert_eq!(
        usage(&connection, "'t', 2"),
        [row("t", Some("claude"), [1, 10, 0, 2], None)]
    );
    // An answer without a real name counts by itself.
    for name in ["\"\"", "\" \"", "null", "7", "{}"] {
        let connection = thread();
        for _ in 0..3 {
            append(
                &connection,
                &format!(r#"{{"id":{name},"usage":{{"input_tokens":10}}}}"#),
            );
        }
        assert_eq!(
            usage(&connection, "'t'"),
            [row("t", None, [3, 30, 0, 0], None)],
            "{name}"
        );
    }
    // Another thread's answer of the same name is that thread's.
    host::integer(&connection, "SELECT branch_copy(2, 'copy', 1)", &[]);
    assert_eq!(
        usage(&connection, "'copy'"),
        [row("copy", Some("claude"), [1, 10, 0, 2], None)]
    );
    // The name is the one beside the usage: a row's own id elsewhere is none.
    let connection = thread();
    for _ in 0..2 {
        append(
            &connection,
            r#"{"id":"row","message":{"usage":{"input_tokens":10}}}"#,
        );
    }
    assert_eq!(
        usage(&connection, "'t'"),
        [row("t", None, [2, 20, 0, 0], None)]
    );
}

#[test]
fn figures_of_any_size() {
    let connection = thread();
    for _ in 0..3 {
        append(
            &connection,
            r#"{"usage":{"input_tokens":9223372036854775807,"cache_read_input_tokens":9223372036854775807,"output_tokens":9223372036854775807,"cost":1e308}}"#,
        );
    }
    append(
        &connection,
        r#"{"usage":{"input_tokens":-5,"output_tokens":99999999999999999999,"cost":1e999}}"#,
    );
    let found = usage(&connection, "'t'");
    assert_eq!(
        found,
        [row(
            "t",
            None,
            [3, i64::MAX, i64::MAX, i64::MAX],
            Some(f64::INFINITY)
        )]
    );
}

/// Any usages on random trees: the sums of a plain count.
#[test]
fn the_sums_are_those_of_a_plain_count() {
    // Parent, model, id of the answer, tokens.
    let message = (any::<prop::sample::Index>(), 0..3_u8, 0..6_u8, 0..1000_i64);
    let messages = proptest::collection::vec(message, 1..40);
    let config = Config {
        cases: 100,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&messages, |messages| {
        let connection = thread();
        let mut parents: Vec<Option<usize>> = Vec::new();
        for (number, (parent, model, name, tokens)) in messages.iter().enumerate() {
            let parent = (number > 0).then(|| parent.index(number));
            parents.push(parent);
            let id = if *name < 4 { format!("\"id\":\"answer {name}\",") } else { String::new() };
            let item = format!("{{{id}\"model\":\"m{model}\",\"usage\":{{\"input_tokens\":{tokens}}}}}");
            connection
                .execute(
                    "INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
                     VALUES ('t', 'assistant', '', ?1, 1, ?2)",
                    params![item, parent.map(|parent| parent as i64 + 1)],
                )
                .unwrap();
        }
        let count = |numbers: &[usize]| {
            let mut last = BTreeMap::new();
            for number in numbers {
                let (_, _, name, _) = &messages[*number];
                let key = if *name < 4 { (*name, 0) } else { (*name, *number) };
                last.insert(key, *number);
            }
            let mut sums = BTreeMap::new();
            for number in last.into_values() {
                let (_, model, _, tokens) = &messages[number];
                let sum: &mut (i64, i64) = sums.entry(*model).or_default();
                sum.0 += 1;
                sum.1 += tokens;
            }
            let rows = sums.into_iter().map(|(model, (messages, input))| {
                row("t", Some(&format!("m{model}")), [messages, input, 0, 0], None)
            });
            rows.collect::<Vec<_>>()
        };
        let all: Vec<usize> = (0..messages.len()).collect();
        prop_assert_eq!(usage(&connection, "'t'"), count(&all));
        for leaf in 0..messages.len() {
            let mut path: Vec<usize> = std::iter::successors(Some(leaf), |at| parents[*at]).collect();
            path.reverse();
            prop_assert_eq!(usage(&connection, &format!("'t', {}", leaf + 1)), count(&path));
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn tokens() {
    let connection = host::memory();
    for (arguments, expected) in [
        ("'', NULL", 0),
        ("'a', NULL", 1),
        ("'abcd', NULL", 1),
        ("'abcde', NULL", 2),
        ("'日本語', NULL", 3),
        ("'a' || char(0) || 'bcde', NULL", 2),
        ("'', '{\"a\":\"bcde\"}'", 3),
        ("'twenty bytes of text', '{}'", 5),
        ("'abcd', '{\"tokens\":7}'", 7),
        ("'abcd', '{\"a\":{},\"tokens\" : 0 }'", 0),
        ("'abcd', '{\"tokens\":-3}'", -3),
        ("'abcd', '{\"tokens\":9223372036854775807}'", i64::MAX),
        // No integers: by length.
        ("'', '{\"tokens\":9223372036854775808}'", 8),
        ("'', '{\"tokens\":1.0}'", 4),
        ("'', '{\"tokens\":\"9\"}'", 4),
        ("'', '{\"tokens\":1e2}'", 4),
        ("'', '{\"tokens\":null}'", 4),
        ("'', '{\"tokens\":[1]}'", 4),
        ("'', '{\"a\":{\"tokens\":1}}'", 5),
        ("'', '[{\"tokens\":1}]'", 4),
        ("'', '{\"tokens\":5'", 3),
        ("'', 'no JSON'", 2),
        ("NULL, NULL", 0),
        ("NULL, '{\"tokens\":5}'", 5),
        ("zeroblob(9), NULL", 3),
        ("'', zeroblob(9)", 3),
        ("x'', x''", 0),
        // As for json_extract(), the first one.
        ("'', '{\"tokens\":1,\"tokens\":2}'", 1),
    ] {
        let sql = format!("SELECT branch_tokens({arguments})");
        assert_eq!(host::integer(&connection, &sql, &[]), expected, "{sql}");
    }
    for (arguments, text) in [
        ("5, NULL", "content must be text, not an integer"),
        ("'', 5", "item_json must be text, not an integer"),
        ("1.5, 'x'", "content must be text, not a real number"),
    ] {
        let sql = format!("SELECT branch_tokens({arguments})");
        assert_eq!(
            host::error(&connection, &sql, &[]),
            (1, format!("branch_tokens: {text}"))
        );
    }
    // It touches no table: from the schema too.
    connection
        .execute_batch(
            "PRAGMA trusted_schema = off; CREATE TABLE m(content, item_json, tokens CHECK (tokens = branch_tokens(content, item_json))); \
             INSERT INTO m VALUES ('abcd', NULL, 1)",
        )
        .unwrap();
}
