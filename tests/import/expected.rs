//! Counts what is in an export, by its JSON alone.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub conversations: usize,
    pub messages: usize,
    pub leaves: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}, {}, {}",
            self.conversations, self.messages, self.leaves
        )
    }
}

/// A node: its name, its parent's, and whether it is a message.
type Node = (String, Option<String>, bool);

/// What an export of that format holds.
pub fn count(format: &str, text: &str) -> Counts {
    let mut counts = Counts::default();
    for nodes in conversations(format, text) {
        if !nodes.iter().any(|(_, _, is_message)| *is_message) {
            continue;
        }
        counts.conversations += 1;
        let nodes: HashMap<&String, (&Option<String>, bool)> = nodes
            .iter()
            .map(|(name, parent, is_message)| (name, (parent, *is_message)))
            .collect();
        let mut answered = HashSet::new();
        for (parent, is_message) in nodes.values() {
            counts.messages += usize::from(*is_message);
            let mut above = parent.as_ref().filter(|_| *is_message);
            while let Some((parent, false)) = above.and_then(|above| nodes.get(above)).copied() {
                above = parent.as_ref();
            }
            answered.extend(above.filter(|above| nodes.contains_key(above)));
        }
        counts.leaves += nodes
            .iter()
            .filter(|(name, (_, is_message))| *is_message && !answered.contains(*name))
            .count();
    }
    counts
}

fn conversations(format: &str, text: &str) -> Vec<Vec<Node>> {
    let lines = || -> Vec<Value> {
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    let document = || -> Vec<Value> {
        match serde_json::from_str(text).unwrap() {
            Value::Array(values) => values,
            value => vec![value],
        }
    };
    match format {
        "chatgpt" => document().iter().map(chatgpt).collect(),
        "claude-ai" => document().iter().map(claude_ai).collect(),
        "claude-code" => vec![claude_code(&lines())],
        "codex" => vec![codex(&lines())],
        "pi" => vec![pi(&lines())],
        "open-webui" => document().iter().map(open_webui).collect(),
        "librechat" => document().iter().map(librechat).collect(),
        "sillytavern" => vec![sillytavern(&lines())],
        "oasst" => lines()
            .iter()
            .map(|line| replies(&line["prompt"], "replies", "message_id"))
            .collect(),
        "openai" => vec![line(document().len())],
        "jsonl" => vec![lines()[1..]
            .iter()
            .map(|line| (line["id"].to_string(), name(&line["parent"]), true))
            .collect()],
        _ => panic!("{format}"),
    }
}

/// A name, if it is one.
fn name(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// So many messages one after the other.
fn line(length: usize) -> Vec<Node> {
    let before = |at: usize| at.checked_sub(1).map(|before| before.to_string());
    (0..length)
        .map(|at| (at.to_string(), before(at), true))
        .collect()
}

fn chatgpt(conversation: &Value) -> Vec<Node> {
    let Some(mapping) = conversation["mapping"].as_object() else {
        return Vec::new();
    };
    let shown = |message: &Value| {
        message.is_object()
            && message["metadata"]["is_visually_hidden_from_conversation"] != true
            && message["content"]["content_type"] != "user_editable_context"
    };
    mapping
        .iter()
        .map(|(id, node)| (id.clone(), name(&node["parent"]), shown(&node["message"])))
        .collect()
}

fn claude_ai(conversation: &Value) -> Vec<Node> {
    let messages = conversation["chat_messages"].as_array().unwrap();
    let is_line = messages
        .iter()
        .all(|message| message["parent_message_uuid"].is_null());
    if is_line {
        return line(messages.len());
    }
    let node = |message: &Value| {
        (
            name(&message["uuid"]).unwrap(),
            name(&message["parent_message_uuid"]),
            true,
        )
    };
    messages.iter().map(node).collect()
}

fn claude_code(lines: &[Value]) -> Vec<Node> {
    let is_message = |line: &&Value| {
        ["user", "assistant", "system", "attachment"]
            .iter()
            .any(|kind| line["type"] == **kind)
    };
    if lines.iter().all(|line| line["uuid"].is_null()) {
        return line(lines.iter().filter(is_message).count());
    }
    lines
        .iter()
        .filter(|line| !line["uuid"].is_null())
        .map(|line| {
            let parent = name(&line["parentUuid"]).or(name(&line["logicalParentUuid"]));
            (name(&line["uuid"]).unwrap(), parent, is_message(&line))
        })
        .collect()
}

fn codex(lines: &[Value]) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut last: Option<String> = None;
    let mut turns = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let payload = &line["payload"];
        match line["type"].as_str().unwrap() {
            "response_item" | "compacted" => {
                let text = payload["content"][0]["text"].as_str().unwrap_or_default();
                if payload["role"] == "user" && !text.starts_with('<') {
                    turns.push(last.clone());
                }
                nodes.push((at.to_string(), last.take(), true));
                last = Some(at.to_string());
            }
            "event_msg" if payload["type"] == "thread_rolled_back" => {
                for _ in 0..payload["num_turns"].as_u64().unwrap() {
                    last = turns.pop().unwrap();
                }
            }
            _ => {}
        }
    }
    nodes
}

fn pi(lines: &[Value]) -> Vec<Node> {
    let kinds = ["message", "compaction", "branch_summary", "custom_message"];
    lines[1..]
        .iter()
        .map(|line| {
            let is_message = kinds.iter().any(|kind| line["type"] == **kind);
            (
                name(&line["id"]).unwrap(),
                name(&line["parentId"]),
                is_message,
            )
        })
        .collect()
}

fn open_webui(chat: &Value) -> Vec<Node> {
    let chat = if chat["chat"].is_object() {
        &chat["chat"]
    } else {
        chat
    };
    let messages = chat["history"]["messages"].as_object().unwrap();
    messages
        .iter()
        .map(|(id, message)| (id.clone(), name(&message["parentId"]), true))
        .collect()
}

fn librechat(conversation: &Value) -> Vec<Node> {
    let messages = [&conversation["messages"], &conversation["messagesTree"]];
    let messages = messages.into_iter().find_map(Value::as_array).unwrap();
    if messages.iter().all(|message| message["children"].is_null()) {
        let node = |message: &Value| {
            (
                name(&message["messageId"]).unwrap(),
                name(&message["parentMessageId"]),
                true,
            )
        };
        return messages.iter().map(node).collect();
    }
    messages
        .iter()
        .flat_map(|message| replies(message, "children", "messageId"))
        .collect()
}

fn sillytavern(lines: &[Value]) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut last = None;
    for (at, line) in lines[1..].iter().enumerate() {
        let swipes = line["swipes"].as_array().map_or(1, Vec::len);
        for swipe in 0..swipes {
            nodes.push((format!("{at}/{swipe}"), last.clone(), true));
        }
        last = Some(format!("{at}/{}", line["swipe_id"].as_u64().unwrap_or(0)));
    }
    nodes
}

/// A message that holds those below it.
fn replies(message: &Value, below: &str, id: &str) -> Vec<Node> {
    let mut nodes = vec![(name(&message[id]).unwrap(), None, true)];
    let mut open = vec![message];
    while let Some(message) = open.pop() {
        for reply in message[below].as_array().into_iter().flatten() {
            nodes.push((name(&reply[id]).unwrap(), name(&message[id]), true));
            open.push(reply);
        }
    }
    nodes
}
