//! A request that sends 10,000 messages again, with one more: `branch_put` against the least that takes, which is to parse the
//! array and to read the path.

use std::time::Instant;

use rusqlite::{params, Connection};
use serde_json::{json, Value};

use crate::host;
use crate::measure::{interleaved, Case};
use crate::query::{read, BRANCH};
use crate::report::Target;
use crate::Bench;

const MESSAGES: usize = 10_000;

/// The history of a chat: every eighth message is an answer with a call, and the next one its result.
fn history(bytes: usize) -> Vec<Value> {
    (0..=MESSAGES)
        .map(|at| {
            let text = format!("{at} {}", "what \"people\" say to each other, in a line that is as long as most lines of prose are\n".repeat(bytes / 80));
            match at % 8 {
                1 => json!({"role": "assistant", "content": text, "tool_calls": [
                    {"id": format!("call_{at}"), "type": "function", "function": {"name": "look", "arguments": "{\"at\": 1}"}}]}),
                2 => json!({"role": "tool", "tool_call_id": format!("call_{}", at - 1), "content": text}),
                _ if at % 2 == 0 => json!({"role": "user", "content": text}),
                _ => json!({"role": "assistant", "content": text}),
            }
        })
        .collect()
}

/// A thread with all but the last message. `stored` says how they came there.
fn thread(history: &[Value], stored: &str) -> Connection {
    let connection = host::migrated();
    let all = &history[..MESSAGES];
    let put = |messages: &[Value]| -> Option<i64> {
        connection
            .query_row(
                "SELECT branch_put('t', ?1)",
                [Value::from(messages).to_string()],
                |row| row.get(0),
            )
            .unwrap()
    };
    match stored {
        "as they were sent" => {
            put(all);
        }
        // The server keeps the answer of its model, with what that says of itself.
        _ => {
            put(&[]);
            for message in all {
                let mut item = message.clone();
                let content = item["content"].take();
                item["usage"] = json!({"prompt_tokens": 1000, "completion_tokens": 100});
                let parameters =
                    params![message["role"].as_str(), content.as_str(), item.to_string()];
                connection
                    .query_row("SELECT branch_append('t', ?1, ?2, ?3)", parameters, |_| {
                        Ok(())
                    })
                    .unwrap();
            }
        }
    }
    connection
}

/// Ours against parsing and reading.
pub fn put(bench: &mut Bench) {
    bench.report.group(
        "A request of 10,000 messages that are there and one that is new",
        "branch_put against serde_json's values of the array and branch_messages of the path, all columns",
    );
    for bytes in [100, 500, 2_000] {
        for stored in ["as they were sent", "with usage"] {
            let label = format!("{bytes} B, stored {stored}");
            if !bench.wants(&label) {
                continue;
            }
            let history = history(bytes);
            let connection = thread(&history, stored);
            let request = Value::from(history).to_string();
            let mut put = connection.prepare("SELECT branch_put('t', ?1)").unwrap();
            let mut path = connection.prepare(BRANCH).unwrap();
            let cases = vec![
                Case::timed("ours", || {
                    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                    let started = Instant::now();
                    let leaf: i64 = put.query_row([&request], |row| row.get(0)).unwrap();
                    let time = started.elapsed();
                    assert_eq!(leaf, MESSAGES as i64 + 1);
                    connection.execute_batch("ROLLBACK").unwrap();
                    time
                }),
                Case::timed("floor", || {
                    let started = Instant::now();
                    let values: Vec<Value> = serde_json::from_str(&request).unwrap();
                    let rows = read(&mut path, ["t"]);
                    let time = started.elapsed();
                    assert_eq!(values.len(), rows + 1);
                    time
                }),
            ];
            let times = interleaved(cases, bench.pace());
            bench
                .report
                .figure(&label, "ms", times.seconds("ours") * 1e3, Target::None);
            bench.report.figure(
                &label,
                "ours / parse and read",
                times.ratio("ours", "floor"),
                Target::AtMost(1.5),
            );
        }
    }
    bench.report.print_group();
}
