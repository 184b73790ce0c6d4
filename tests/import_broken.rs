//! Files as they really are: broken. For each format: what is kept, what is left out, what is an error, and that nothing
//! is ever half imported. `docs/formats.md` says the same.

mod dist;
mod exports;
mod host;

#[path = "import_broken/atomic.rs"]
mod atomic;
#[path = "import_broken/files.rs"]
mod files;
#[path = "import_broken/hostile.rs"]
mod hostile;
#[path = "import_broken/jsonl.rs"]
mod jsonl;
#[path = "import_broken/trees.rs"]
mod trees;
#[path = "import_broken/types.rs"]
mod types;
#[path = "import_broken/values.rs"]
mod values;

use rusqlite::Connection;

use exports::{Dice, Tree};
use host::integer;

/// A node as a broken file has it: id, parent, text.
type Node = (&'static str, Option<&'static str>, &'static str);

/// Writes nodes in a format that has ids and parents. By hand, because no library writes an object with a name twice.
fn write(format: &str, nodes: &[Node]) -> String {
    let quoted = |id: Option<&str>| id.map_or("null".to_owned(), |id| format!("\"{id}\""));
    let each = |between: &str, one: &dyn Fn(&str, &str, &str) -> String| -> String {
        let all: Vec<String> = nodes
            .iter()
            .map(|(id, parent, text)| one(id, &quoted(*parent), text))
            .collect();
        all.join(between)
    };
    match format {
        "chatgpt" => {
            let nodes = each(",", &|id, parent, text| {
                format!(
                    r#""{id}":{{"id":"{id}","parent":{parent},"children":["x"],"message":{{"author":{{"role":"user"}},"content":{{"content_type":"text","parts":["{text}"]}}}}}}"#
                )
            });
            format!(r#"[{{"id":"t","mapping":{{{nodes}}}}}]"#)
        }
        "claude-ai" => {
            let nodes = each(",", &|id, parent, text| {
                let parent = match parent {
                    "null" => "\"00000000-0000-4000-8000-000000000000\"",
                    parent => parent,
                };
                format!(
                    r#"{{"uuid":"{id}","parent_message_uuid":{parent},"sender":"human","text":"{text}"}}"#
                )
            });
            format!(r#"[{{"uuid":"t","chat_messages":[{nodes}]}}]"#)
        }
        "claude-code" => each("\n", &|id, parent, text| {
            format!(
                r#"{{"type":"user","uuid":"{id}","parentUuid":{parent},"sessionId":"t","message":{{"role":"user","content":"{text}"}}}}"#
            )
        }),
        "pi" => {
            let lines = each("\n", &|id, parent, text| {
                format!(
                    r#"{{"type":"message","id":"{id}","parentId":{parent},"message":{{"role":"user","content":"{text}"}}}}"#
                )
            });
            format!("{{\"type\":\"session\",\"id\":\"t\"}}\n{lines}")
        }
        "open-webui" => {
            let nodes = each(",", &|id, parent, text| {
                format!(
                    r#""{id}":{{"id":"{id}","parentId":{parent},"childrenIds":["x"],"role":"user","content":"{text}"}}"#
                )
            });
            format!(r#"[{{"id":"t","chat":{{"history":{{"messages":{{{nodes}}}}}}}}}]"#)
        }
        "librechat" => {
            let nodes = each(",", &|id, parent, text| {
                format!(
                    r#"{{"messageId":"{id}","parentMessageId":{parent},"isCreatedByUser":true,"text":"{text}"}}"#
                )
            });
            format!(r#"{{"conversationId":"t","messages":[{nodes}]}}"#)
        }
        "jsonl" => {
            let lines = each("\n", &|id, parent, text| {
                format!(
                    r#"{{"id":"{id}","parent":{parent},"role":"user","content":"{text}","item_json":null,"created_at":5}}"#
                )
            });
            format!("{{\"format\":\"sqlite-branch\",\"version\":1,\"thread\":{{\"id\":\"t\",\"created_at\":5,\"updated_at\":5,\"leaf\":null}}}}\n{lines}")
        }
        _ => panic!("{format}"),
    }
}

const WITH_PARENTS: [&str; 7] = [
    "chatgpt",
    "claude-ai",
    "claude-code",
    "pi",
    "open-webui",
    "librechat",
    "jsonl",
];

/// A file of each format, of several messages.
fn whole(dice: &mut Dice) -> Vec<(&'static str, String, usize)> {
    let tree = Tree::random(9, dice);
    let there: Vec<usize> = (0..9).collect();
    let path = tree.path(8);
    let (chat, swipes) = exports::sillytavern(&tree, &path);
    let (rollout, items) = exports::codex(&tree, &path, 0, None, 0, dice);
    let claude_code = exports::claude_code(&tree, &there, 0, dice);
    let claude_code = &claude_code[..=claude_code.rfind('\n').unwrap()];
    let ids: Vec<usize> = (1..10).collect();
    vec![
        ("chatgpt", exports::chatgpt(&tree, &there, 0, dice), 9),
        ("claude-ai", exports::claude_ai(&tree, &there, 0, dice), 9),
        ("claude-code", claude_code.to_owned(), 9),
        ("codex", rollout, items.len()),
        ("pi", exports::pi(&tree, &there, 0, &ids, dice), 9),
        ("open-webui", exports::open_webui(&tree, &there, 0, dice), 9),
        ("librechat", exports::librechat(&tree, &there, 0, dice), 9),
        ("sillytavern", chat, swipes.len()),
        ("oasst", exports::oasst(&tree, &there), 9),
        ("openai", exports::openai(&tree, &path), path.len()),
        ("jsonl", exports::jsonl(&tree, &there, true), 9),
    ]
}

const IN_LINES: [&str; 6] = [
    "claude-code",
    "codex",
    "pi",
    "sillytavern",
    "oasst",
    "jsonl",
];

fn stored(connection: &Connection) -> [i64; 3] {
    ["threads", "messages", "message_uids"]
        .map(|table| integer(connection, &format!("SELECT count(*) FROM {table}"), &[]))
}
