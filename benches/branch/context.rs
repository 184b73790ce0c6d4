//! What to send to a model: the newest 50 messages that fit into a budget, out of conversations of any length; tool calls
//! whose results come late; token counts.

use std::rc::Rc;

use rusqlite::{params, Connection};

use crate::history::{warm, Around, Size, Spec, THREAD};
use crate::host;
use crate::measure::{interleaved, Case};
use crate::query::{read, BRANCH};
use crate::report::Target;
use crate::Bench;

const SENT: i64 = 50;
const SHALLOW: usize = 100;
const DEEP: usize = 100_000;

/// The columns that the comparison reads too.
const CONTEXT: &str =
    "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
     FROM branch_context(?1, ?2)";

/// As programs store messages, with the token count that makes the budget exact.
const ITEMS: &str =
    "UPDATE messages SET item_json = json_object('role', role, 'content', content, 'tokens', 50) \
     WHERE thread_id = ?1";

/// A budget that ends after 50 messages, 100 and 100,000 messages deep.
pub fn budget(bench: &mut Bench) {
    bench.report.group(
        "Context of 50 messages",
        "ours at 100,000 messages against ours at 100; against branch_messages of the same rows",
    );
    for around in [Around::Nothing, Around::Dead] {
        for items in [false, true] {
            let spec = |messages| Spec {
                messages,
                size: Size::Bytes(200),
                around,
            };
            let label = match (around, items) {
                (Around::Nothing, false) => "alone",
                (Around::Nothing, true) => "alone, with item_json",
                (_, false) => "2 dead siblings",
                (_, true) => "2 dead siblings, with item_json",
            };
            if !bench.wants(label) {
                continue;
            }
            let open = |messages| {
                let connection = warm(&bench.histories.get(spec(messages)).ours);
                // Rolled back with the connection's end.
                connection.execute_batch("BEGIN").unwrap();
                if items {
                    connection.execute(ITEMS, [THREAD]).unwrap();
                }
                connection
            };
            let mut open = open;
            let (deep, shallow) = (open(DEEP), open(SHALLOW));
            let limited = BRANCH.replace("?1", "?1, ?2");
            let mut cases = Vec::new();
            for (sql, value, connection, name) in [
                (CONTEXT, 50 * SENT, &deep, "deep"),
                (CONTEXT, 50 * SENT, &shallow, "shallow"),
                (limited.as_str(), SENT, &deep, "messages"),
            ] {
                let mut statement = connection.prepare(sql).unwrap();
                cases.push(Case::new(name, move || {
                    let rows = read(&mut statement, (THREAD, value));
                    assert_eq!(rows, SENT as usize);
                }));
            }
            let times = interleaved(cases, bench.pace());
            // Where each message is a run of its own, the climb to the first message is one of as many steps.
            let target = |limit| match around {
                Around::Nothing => Target::AtMost(limit),
                _ => Target::None,
            };
            let report = &mut bench.report;
            report.figure(
                label,
                "µs at 100,000",
                times.seconds("deep") * 1e6,
                Target::None,
            );
            report.figure(
                label,
                "100,000 / 100",
                times.ratio("deep", "shallow"),
                target(1.5),
            );
            report.figure(
                label,
                "context / branch_messages",
                times.ratio("deep", "messages"),
                target(2.0),
            );
        }
    }
    bench.report.print_group();
}

/// Calls all in the beginning, and their results all at the end.
const LATE: &str =
    "INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
     SELECT ?1, 'assistant', '', json_object('tool_calls', json_array(json_object('id', 'c' || value))), 1, NULL \
     FROM generate(1, ?2) UNION ALL \
     SELECT ?1, 'tool', 'found', json_object('tool_call_id', 'c' || value), 1, NULL FROM generate(1, ?2)";

/// As many messages without calls, of the same length.
const NONE: &str =
    "INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
     SELECT ?1, 'assistant', '', json_object('tool_cells', json_array(json_object('id', 'c' || value))), 1, NULL \
     FROM generate(1, ?2) UNION ALL \
     SELECT ?1, 'user', 'found', json_object('tool_cell_id', 'c' || value), 1, NULL FROM generate(1, ?2)";

/// A conversation of so many calls and results.
fn conversation(sql: &str, calls: i64) -> Rc<Connection> {
    let connection = host::migrated();
    host::add_thread(&connection, THREAD);
    let numbers = "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?2) SELECT value FROM n)";
    connection
        .execute(
            &sql.replace("generate(1, ?2)", numbers),
            params![THREAD, calls],
        )
        .unwrap();
    connection
        .execute_batch(
            "UPDATE messages SET parent_entry_id = id - 1 WHERE id > 1; \
             UPDATE threads SET current_leaf_id = (SELECT max(id) FROM messages)",
        )
        .unwrap();
    Rc::new(connection)
}

/// Calls whose results all come at the end.
pub fn tools(bench: &mut Bench) {
    bench.report.group(
        "Tool calls whose results all come at the end",
        "20,000 calls against 10,000; 10,000 calls against as many messages without calls",
    );
    let all = i64::MAX;
    for (label, budget) in [
        ("no cut", all),
        ("half of it fits", 150_000),
        ("nothing fits", 0),
    ] {
        if !bench.wants(label) {
            continue;
        }
        let mut cases = Vec::new();
        for (name, sql, calls) in [
            ("10,000", LATE, 10_000),
            ("20,000", LATE, 20_000),
            ("plain", NONE, 10_000),
        ] {
            let connection = conversation(sql, calls);
            let budget = if calls == 20_000 && budget != all {
                2 * budget
            } else {
                budget
            };
            cases.push(Case::new(name, move || {
                let mut statement = connection.prepare_cached(CONTEXT).unwrap();
                read(&mut statement, (THREAD, budget));
            }));
        }
        let times = interleaved(cases, bench.pace());
        let report = &mut bench.report;
        report.figure(
            label,
            "ms for 10,000",
            times.seconds("10,000") * 1e3,
            Target::None,
        );
        report.figure(
            label,
            "20,000 / 10,000",
            times.ratio("20,000", "10,000"),
            Target::AtMost(2.6),
        );
        report.figure(
            label,
            "calls / no calls",
            times.ratio("10,000", "plain"),
            Target::None,
        );
    }
    bench.report.print_group();
}

/// What is stored is read once, whatever it is.
pub fn items(bench: &mut Bench) {
    bench.report.group(
        "One message with a large item_json",
        "100 MB against 10 MB, as branch_tokens reads it; against SQLite's json_valid of the same",
    );
    let text = |bytes: usize| {
        let text = "x".repeat(bytes);
        format!("{{\"message\":{{\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}]}}}}")
    };
    let blocks = |bytes: usize| {
        let block = "{\"type\":\"tool_use\",\"id\":\"c\"},";
        let blocks = block.repeat(bytes / block.len());
        format!("{{\"message\":{{\"content\":[{blocks}{{}}]}}}}")
    };
    let nested = |bytes: usize| {
        let (open, close) = ("[".repeat(bytes / 2), "]".repeat(bytes / 2));
        format!("{{\"message\":{{\"content\":[{{\"type\":{open}{close}}}]}}}}")
    };
    type Make<'a> = &'a dyn Fn(usize) -> String;
    for (label, make) in [
        ("one long text", &text as Make<'_>),
        ("calls", &blocks as Make<'_>),
        ("nested arrays", &nested as Make<'_>),
    ] {
        if !bench.wants(label) {
            continue;
        }
        let connection = host::memory();
        let mut cases = Vec::new();
        for (name, sql, bytes) in [
            ("100 MB", "SELECT branch_tokens('', ?1)", 100_000_000),
            ("10 MB", "SELECT branch_tokens('', ?1)", 10_000_000),
            ("SQLite, 10 MB", "SELECT json_valid(?1)", 10_000_000),
        ] {
            let item = make(bytes);
            let mut statement = connection.prepare(sql).unwrap();
            cases.push(Case::new(name, move || {
                assert_eq!(read(&mut statement, [&item]), 1);
            }));
        }
        let times = interleaved(cases, bench.pace());
        let report = &mut bench.report;
        report.figure(
            label,
            "ms for 100 MB",
            times.seconds("100 MB") * 1e3,
            Target::None,
        );
        report.figure(
            label,
            "100 MB / 10 MB",
            times.ratio("100 MB", "10 MB"),
            // Ten times the text, and not in the processor's cache any more.
            Target::None,
        );
        report.figure(
            label,
            "ours / json_valid",
            times.ratio("10 MB", "SQLite, 10 MB"),
            Target::None,
        );
    }
    bench.report.print_group();
}
