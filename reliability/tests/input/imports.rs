//! Exports of every format, damaged: in their structure (values of other types, members that are gone or twice, ids that
//! are others'), and in their bytes. Whatever comes in, it is stored whole or not at all, as trees without a fault, and the
//! same text again adds nothing.

use fastrand::Rng;
use rusqlite::{params, Connection};
use serde_json::{json, Value};
use sqlite_branch_reliability::database::{migrated, rows};

#[path = "../../../tests/exports/mod.rs"]
mod exports;

use crate::Tally;
use exports::{Dice, Tree};

const FORMATS: [&str; 11] = [
    "chatgpt",
    "claude-ai",
    "claude-code",
    "codex",
    "pi",
    "open-webui",
    "librechat",
    "sillytavern",
    "oasst",
    "openai",
    "jsonl",
];

const SAMPLES: [&str; 11] = [
    include_str!("../../../tests/samples/exports/chatgpt.json"),
    include_str!("../../../tests/samples/exports/claude-ai.json"),
    include_str!("../../../tests/samples/exports/claude-code.jsonl"),
    include_str!("../../../tests/samples/exports/codex.jsonl"),
    include_str!("../../../tests/samples/exports/pi.jsonl"),
    include_str!("../../../tests/samples/exports/open-webui.json"),
    include_str!("../../../tests/samples/exports/librechat.json"),
    include_str!("../../../tests/samples/exports/sillytavern.jsonl"),
    include_str!("../../../tests/samples/exports/oasst.jsonl"),
    include_str!("../../../tests/samples/exports/openai.json"),
    include_str!("../../../tests/samples/exports/jsonl.jsonl"),
];

/// A text of that format that is right.
fn right(format: usize, random: &mut Rng) -> String {
    if random.bool() {
        return SAMPLES[format].to_owned();
    }
    let dice = &mut Dice(random.u64(..));
    let tree = Tree::random(random.usize(1..12), dice);
    let there = tree.cut(dice);
    let path = tree.path(there[there.len() - 1]);
    let session = random.usize(0..3);
    let ids: Vec<usize> = (1..=tree.0.len()).collect();
    match FORMATS[format] {
        "chatgpt" => exports::chatgpt(&tree, &there, session, dice),
        "claude-ai" => exports::claude_ai(&tree, &there, session, dice),
        "claude-code" => exports::claude_code(&tree, &there, session, dice),
        "codex" => exports::codex(&tree, &path, session, None, 0, dice).0,
        "pi" => exports::pi(&tree, &there, session, &ids, dice),
        "open-webui" => exports::open_webui(&tree, &there, session, dice),
        "librechat" => exports::librechat(&tree, &there, session, dice),
        "sillytavern" => exports::sillytavern(&tree, &path).0,
        "oasst" => exports::oasst(&tree, &there),
        "openai" => exports::openai(&tree, &path),
        _ => exports::jsonl(&tree, &there, random.bool()),
    }
}

/// Something that nobody expects there.
fn odd(random: &mut Rng) -> Value {
    match random.u32(0..14) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(random.f64() * 1e300),
        4 => json!(""),
        5 => json!(
            [
                "",
                "5",
                " -7 ",
                "\u{0}",
                "a/b",
                "00000000-0000-0000-0000-000000000000"
            ][random.usize(0..6)]
        ),
        6 => json!([]),
        7 => json!({}),
        8 => json!([[null, {"text": "x"}]]),
        9 => json!({"type": "text", "text": {"value": 5}}),
        10 => json!("x".repeat(random.usize(0..5_000))),
        11 => json!({"hex": (["", "00FF", "0", "zz"][random.usize(0..4)])}),
        12 => {
            let mut value = json!({"type": "tool_result", "content": []});
            for _ in 0..random.usize(0..100) {
                value = json!({"type": "tool_result", "content": [value]});
            }
            value
        }
        _ => json!("user"),
    }
}

/// Changes a value somewhere. `others` are values from elsewhere in the text.
fn damage(value: &mut Value, others: &[Value], random: &mut Rng) {
    let go_on = random.u32(0..5) > 0;
    match value {
        Value::Array(list) if go_on && !list.is_empty() => {
            let at = random.usize(0..list.len());
            match random.u32(0..10) {
                0 => drop(list.remove(at)),
                1 => list.insert(at, list[at].clone()),
                2 => list.reverse(),
                _ => damage(&mut list[at], others, random),
            }
        }
        Value::Object(map) if go_on && !map.is_empty() => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = &keys[random.usize(0..keys.len())];
            match random.u32(0..10) {
                0 => drop(map.remove(key)),
                1 => {
                    let moved = map.remove(key).unwrap();
                    map.insert(keys[random.usize(0..keys.len())].clone(), moved);
                }
                2 => drop(map.insert("isSidechain".to_owned(), json!(true))),
                _ => damage(map.get_mut(key).unwrap(), others, random),
            }
        }
        _ if !others.is_empty() && random.bool() => {
            value.clone_from(&others[random.usize(0..others.len())]);
        }
        _ => *value = odd(random),
    }
}

/// The strings and numbers of a value: ids among them.
fn leaves(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| leaves(value, found)),
        Value::Object(map) => map.values().for_each(|value| leaves(value, found)),
        other => found.push(other.clone()),
    }
}

fn damaged(text: &str, random: &mut Rng) -> Vec<u8> {
    let mut others = Vec::new();
    let damages = random.usize(0..4);
    let mut text = match serde_json::from_str::<Value>(text) {
        Ok(mut document) => {
            leaves(&document, &mut others);
            for _ in 0..damages {
                damage(&mut document, &others, random);
            }
            document.to_string()
        }
        Err(_) => {
            let mut lines: Vec<Result<Value, String>> = text
                .lines()
                .map(|line| serde_json::from_str(line).map_err(|_| line.to_owned()))
                .collect();
            lines
                .iter()
                .flatten()
                .for_each(|line| leaves(line, &mut others));
            for _ in 0..damages {
                let at = random.usize(0..lines.len());
                match (random.u32(0..8), &mut lines[at]) {
                    (0, _) => drop(lines.remove(at)),
                    (1, line) => {
                        let line = line.clone();
                        lines.insert(at, line);
                    }
                    (2, _) => random.shuffle(&mut lines),
                    (_, Ok(line)) => damage(line, &others, random),
                    (_, Err(line)) => line.push('x'),
                }
                if lines.is_empty() {
                    break;
                }
            }
            let lines: Vec<String> = lines
                .into_iter()
                .map(|line| line.map_or_else(|line| line, |line| line.to_string()))
                .collect();
            lines.join("\n")
        }
    }
    .into_bytes();
    if random.u32(0..3) == 0 {
        for _ in 0..random.usize(1..4) {
            if text.is_empty() {
                break;
            }
            let at = random.usize(0..text.len());
            match random.u32(0..6) {
                0 => text[at] = random.u8(..),
                1 => text.truncate(at),
                2 => drop(text.remove(at)),
                3 => text.insert(at, b"{}[],:\"\\\0\n"[random.usize(0..10)]),
                4 => text
                    .splice(at..at, "[".repeat(random.usize(1..3_000)).into_bytes())
                    .for_each(drop),
                _ => text
                    .splice(
                        at..at,
                        "{\"a\":".repeat(random.usize(1..3_000)).into_bytes(),
                    )
                    .for_each(drop),
            }
        }
    }
    text
}

fn stored(connection: &Connection) -> Vec<String> {
    rows(
        connection,
        "SELECT json_group_array(json_array(id, thread_id, role, hex(content), hex(item_json), created_at, parent_entry_id)) \
             FROM messages \
         UNION ALL SELECT json_group_array(json_array(id, title, preview, created_at, updated_at, current_leaf_id)) FROM threads \
         UNION ALL SELECT json_group_array(json_array(uid, message_id)) FROM message_uids \
         UNION ALL SELECT json_group_array(json_array(thread_id, label, message_id)) FROM message_labels",
    )
}

fn messages(connection: &Connection) -> i64 {
    let sql = "SELECT count(*) FROM messages";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The trees are sound, and whoever reads them gets all of them.
fn assert_sound(connection: &Connection) {
    for sql in [
        // Our own format brings back what was there, right or wrong.
        "SELECT * FROM branch_check() WHERE problem <> 'invalid item_json'",
        "SELECT id FROM messages WHERE parent_entry_id >= id",
        "SELECT threads.id FROM threads WHERE (SELECT count(*) FROM messages WHERE thread_id = threads.id) \
             <> (SELECT count(*) FROM branch_tree(threads.id))",
        "SELECT uid FROM message_uids WHERE message_id NOT IN (SELECT id FROM messages) OR uid = ''",
    ] {
        assert_eq!(rows(connection, sql), Vec::<String>::new(), "{sql}");
    }
}

pub fn case(random: &mut Rng, tally: &mut Tally) {
    let connection = migrated();
    for _ in 0..random.usize(1..4) {
        let format = random.usize(0..FORMATS.len());
        let text = damaged(&right(format, random), random);
        let name = match random.u32(0..10) {
            0 => "auto",
            1 => FORMATS[random.usize(0..FORMATS.len())],
            _ => FORMATS[format],
        };
        let options = [
            "{}",
            r#"{"skip_bad":true}"#,
            r#"{"skip_bad":true,"thread":"t","thread_prefix":"p/"}"#,
            r#"{"created_at":5}"#,
        ][random.usize(0..4)];
        let in_transaction = random.bool();
        if in_transaction {
            connection.execute_batch("BEGIN").unwrap();
        }
        let before = (stored(&connection), messages(&connection));
        let import = |connection: &Connection| {
            connection.query_row(
                "SELECT branch_import(?1, ?2, ?3)",
                params![name, text, options],
                |row| row.get::<_, i64>(0),
            )
        };
        tally.calls += 1;
        match import(&connection) {
            Ok(added) => {
                assert_eq!(messages(&connection), before.1 + added);
                assert_sound(&connection);
                let after = stored(&connection);
                assert_eq!(import(&connection).unwrap(), 0, "{name}: again");
                assert_eq!(stored(&connection), after, "{name}: again");
            }
            Err(error) => {
                tally.refused += 1;
                let text = error.to_string();
                assert!(text.starts_with("branch_import: "), "{text}");
                assert!(!text.contains("internal error"), "{text}");
                assert_eq!(stored(&connection), before.0, "{name}: {text}");
                assert_ne!(connection.is_autocommit(), in_transaction, "{text}");
            }
        }
        if in_transaction {
            connection.execute_batch("COMMIT").unwrap();
        }
    }
}
