//! Random conversations with forks, compactions and tool calls in all shapes: every context is the model's.
//!
//! `SQLITE_BRANCH_CASES` sets the number of cases; the test prints it.

use std::io::Write;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use rusqlite::{params, Connection};

use super::model;
use crate::host;

/// What happens next in one of two threads.
#[derive(Debug, Clone)]
enum Act {
    /// A message below the leaf.
    Append(Content),
    /// A message below another one, by its place among all.
    Fork(usize, Content),
    /// A summary that keeps the history from a message of the path on, by its place.
    Compact(Option<usize>),
    /// A summary that some other program wrote, which may name any message.
    Foreign(Option<usize>),
    /// Another branch.
    Switch(usize),
    /// The path to a message as a thread of its own.
    Copy(usize),
}

#[derive(Debug, Clone)]
struct Content {
    role: u8,
    length: usize,
    tokens: Option<i64>,
    /// Calls, by few names so that they meet.
    calls: Vec<u8>,
    results: Vec<u8>,
    shape: u8,
    place: u8,
}

fn any_content() -> impl Strategy<Value = Content> {
    let names = || proptest::collection::vec(0..6_u8, 0..3);
    (
        0..8_u8,
        0..60_usize,
        proptest::option::weighted(0.3, 0..40_i64),
        names(),
        names(),
        0..5_u8,
        0..3_u8,
    )
        .prop_map(
            |(role, length, tokens, calls, results, shape, place)| Content {
                role,
                length,
                tokens,
                calls,
                results,
                shape,
                place,
            },
        )
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => any_content().prop_map(Act::Append),
        3 => (any::<usize>(), any_content()).prop_map(|(at, content)| Act::Fork(at, content)),
        1 => proptest::option::of(any::<usize>()).prop_map(Act::Compact),
        1 => proptest::option::of(any::<usize>()).prop_map(Act::Foreign),
        1 => any::<usize>().prop_map(Act::Switch),
        1 => any::<usize>().prop_map(Act::Copy),
    ]
}

impl Content {
    fn role(&self) -> &'static str {
        ["system", "developer", "tool", "assistant", "user"][usize::from(self.role).min(4)]
    }

    fn item_json(&self) -> Option<String> {
        let name = |id: &u8| format!("\"c{id}\"");
        let list = |ids: &[u8], text: fn(&str) -> String| {
            let texts: Vec<String> = ids.iter().map(|id| text(&name(id))).collect();
            texts.join(",")
        };
        let first = |ids: &[u8], text: fn(&str) -> String| ids.first().map(|id| text(&name(id)));
        let members: Vec<String> = match self.shape {
            // Nothing to be found.
            0 => return self.tokens.map(|tokens| format!("{{\"tokens\":{tokens}}}")),
            // Responses: one call or one result.
            1 => first(&self.calls, |id| {
                format!("\"type\":\"function_call\",\"call_id\":{id}")
            })
            .or(first(&self.results, |id| {
                format!("\"call_id\":{id},\"type\":\"function_call_output\"")
            }))
            .into_iter()
            .collect(),
            // Chat Completions.
            2 => {
                let calls = list(&self.calls, |id| format!("{{\"id\":{id}}}"));
                let result = first(&self.results, |id| format!("\"tool_call_id\":{id}"));
                [format!("\"tool_calls\":[{calls}]")]
                    .into_iter()
                    .chain(result)
                    .collect()
            }
            // Anthropic.
            3 => {
                let calls = list(&self.calls, |id| {
                    format!("{{\"type\":\"tool_use\",\"id\":{id}}}")
                });
                let results = list(&self.results, |id| {
                    format!("{{\"tool_use_id\":{id},\"type\":\"tool_result\"}}")
                });
                let blocks: Vec<String> = [calls, results]
                    .into_iter()
                    .filter(|blocks| !blocks.is_empty())
                    .collect();
                vec![format!("\"content\":[{}]", blocks.join(","))]
            }
            // pi.
            _ => {
                let calls = list(&self.calls, |id| {
                    format!("{{\"type\":\"toolCall\",\"id\":{id}}}")
                });
                let result = first(&self.results, |id| format!("\"toolCallId\":{id}"));
                [format!("\"content\":[{calls}]")]
                    .into_iter()
                    .chain(result)
                    .collect()
            }
        };
        let object = format!("{{{}}}", members.join(","));
        let tokens = self
            .tokens
            .map_or(String::new(), |tokens| format!(",\"tokens\":{tokens}"));
        Some(match self.place {
            0 if members.is_empty() => format!("{{\"a\":1{tokens}}}"),
            0 => format!("{{{}{tokens}}}", members.join(",")),
            1 => format!("{{\"message\":{object}{tokens}}}"),
            _ => format!("{{\"payload\":{object}{tokens}}}"),
        })
    }
}

fn ids(connection: &Connection, sql: &str) -> Vec<i64> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn act(connection: &Connection, act: &Act, copies: &mut usize) {
    let all = ids(connection, "SELECT id FROM messages ORDER BY id");
    let path = ids(
        connection,
        "SELECT id FROM branch_messages('t') ORDER BY distance DESC",
    );
    let pick = |list: &[i64], at: usize| (!list.is_empty()).then(|| list[at % list.len()]);
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        host::integer(connection, sql, values);
    };
    match act {
        Act::Append(content) => run(
            "SELECT branch_append('t', ?1, ?2, ?3, 1)",
            params![
                content.role(),
                "x".repeat(content.length),
                content.item_json()
            ],
        ),
        Act::Fork(at, content) => {
            if let Some(id) = pick(&all, *at) {
                run(
                    "SELECT branch_fork(?4, ?1, ?2, ?3, 1)",
                    params![
                        content.role(),
                        "x".repeat(content.length),
                        content.item_json(),
                        id
                    ],
                );
            }
        }
        Act::Compact(kept) => {
            let kept = kept.and_then(|at| pick(&path, at));
            run(
                "SELECT branch_compact('t', 'in short', ?1, NULL, 1)",
                params![kept],
            );
        }
        Act::Foreign(kept) => {
            let kept = kept.and_then(|at| pick(&all, at));
            let item = kept.map(|id| format!("{{\"first_kept_id\":{id}}}"));
            run(
                "SELECT branch_append('t', 'summary', 'others say', ?1, 1)",
                params![item],
            );
        }
        Act::Switch(at) => {
            let own = ids(
                connection,
                "SELECT id FROM messages WHERE thread_id = 't' ORDER BY id",
            );
            if let Some(id) = pick(&own, *at) {
                run("SELECT branch_switch('t', ?1)", params![id]);
            }
        }
        Act::Copy(at) => {
            if let Some(id) = pick(&all, *at) {
                *copies += 1;
                run(
                    "SELECT branch_copy(?1, ?2, 1)",
                    params![id, format!("copy {copies}")],
                );
            }
        }
    }
}

/// What is sent for a path, without what differs in a copy: ids.
fn without_ids(rows: Vec<model::Sent>) -> Vec<(String, String, String, i64, i64, i64)> {
    let fields = |row: model::Sent| {
        let message = row.message;
        (
            message.role,
            message.content,
            row.kind,
            row.tokens,
            row.total,
            row.dropped,
        )
    };
    rows.into_iter().map(fields).collect()
}

#[test]
fn every_context_is_the_models() {
    let cases = std::env::var("SQLITE_BRANCH_CASES")
        .ok()
        .map_or(150, |cases| cases.parse().expect("a number"));
    writeln!(
        std::io::stderr(),
        "every_context_is_the_models: {cases} cases"
    )
    .unwrap();
    let config = Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/seeds/context.txt",
        ))),
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let strategy = (
        proptest::collection::vec(any_act(), 1..50),
        proptest::collection::vec(0..200_i64, 4),
    );
    let outcome = TestRunner::new(config).run(&strategy, |(acts, budgets)| {
        let connection = host::migrated();
        host::add_thread(&connection, "t");
        let mut copies = 0;
        for one in &acts {
            act(&connection, one, &mut copies);
        }
        let messages = model::stored(&connection);
        let budgets = budgets
            .into_iter()
            .map(Some)
            .chain([None, Some(0), Some(i64::MAX)]);
        for budget in budgets {
            let own = "SELECT id FROM messages WHERE thread_id = 't' ORDER BY id * ?1 % 31 LIMIT 5";
            let own = own.replace("?1", &budget.unwrap_or(7).to_string());
            for leaf in ids(&connection, &own) {
                let expected = model::expected(&messages, leaf, budget);
                let asked = model::asked(&connection, "t", budget, Some(leaf));
                prop_assert_eq!(asked, expected, "budget {:?}, leaf {}", budget, leaf);
            }
            let leaf = host::maybe(
                &connection,
                "SELECT current_leaf_id FROM threads WHERE id = 't'",
                &[],
            );
            let expected = leaf.map_or(Vec::new(), |leaf| model::expected(&messages, leaf, budget));
            prop_assert_eq!(model::asked(&connection, "t", budget, None), expected);
            // A copy is sent as its original is.
            for copy in 1..=copies {
                let thread = format!("copy {copy}");
                let leaf = host::integer(
                    &connection,
                    "SELECT current_leaf_id FROM threads WHERE id = ?1",
                    params![thread],
                );
                let expected = model::expected(&messages, leaf, budget);
                prop_assert_eq!(model::asked(&connection, &thread, budget, None), expected);
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn a_copy_is_sent_as_its_original_is() {
    let strategy = proptest::collection::vec(any_act(), 1..40);
    let config = Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&strategy, |acts| {
        let connection = host::migrated();
        host::add_thread(&connection, "t");
        let mut copies = 0;
        for one in &acts {
            act(&connection, one, &mut copies);
        }
        let leaf = "SELECT current_leaf_id FROM threads WHERE id = 't'";
        if host::maybe(&connection, leaf, &[]).is_some() {
            let copy = format!("SELECT branch_copy(({leaf}), 'the copy', 1)");
            host::integer(&connection, &copy, &[]);
            for budget in [None, Some(20), Some(60)] {
                let original = model::asked(&connection, "t", budget, None);
                let copied = model::asked(&connection, "the copy", budget, None);
                // first_kept_id may have more digits in the copy, which counts where nothing else says the tokens.
                let estimates = original
                    .iter()
                    .zip(&copied)
                    .any(|(a, b)| a.tokens != b.tokens);
                if !estimates {
                    prop_assert_eq!(without_ids(copied), without_ids(original));
                }
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
