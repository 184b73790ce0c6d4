//! Every value of every sample, replaced by one of another type: the text is an error that names the line and the format, or
//! it is read, and then all messages that are in it are stored. A small reader of what is there says how many those are.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{params, Connection};
use serde_json::{json, Value};

use super::exports::SAMPLES;
use super::host::{self, integer};
use super::stored;
use crate::dist;

/// What a text holds: the values of a document, or of its lines.
fn values(text: &str) -> (bool, Vec<Value>) {
    match serde_json::from_str(text) {
        Ok(document) => (false, vec![document]),
        Err(_) => {
            // Some samples have lines that are not JSON, on purpose.
            let lines = text.lines();
            let lines = lines.filter_map(|line| serde_json::from_str(line).ok());
            (true, lines.collect())
        }
    }
}

fn written(in_lines: bool, values: &[Value]) -> String {
    assert!(in_lines || values.len() == 1);
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    lines.join("\n")
}

/// All places in a value, as JSON pointers.
fn places(value: &Value, here: &str, all: &mut Vec<String>) {
    all.push(here.to_owned());
    match value {
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                places(value, &format!("{here}/{at}"), all);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{here}/{name}"), all);
            }
        }
        _ => {}
    }
}

/// How many messages there are; None where something that holds messages, or says where one belongs, is of another type.
type Count = Option<usize>;

/// The members of an object that is there; none where it is not.
fn object(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Object(members) => Some(members.values().collect()),
        _ => None,
    }
}

fn array(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(list) => Some(list.iter().collect()),
        _ => None,
    }
}

/// Whether something can be an id, or is none.
fn id(value: &Value) -> Option<()> {
    let is_one = value.is_null() || value.is_string() || value.is_i64() || value.is_u64();
    is_one.then_some(())
}

fn ids(value: &Value, names: &[&str]) -> Option<()> {
    names.iter().try_for_each(|name| id(&value[*name]))
}

/// An object or nothing.
fn there(value: &Value) -> Option<bool> {
    object(value).map(|_| value.is_object())
}

fn total(counts: impl Iterator<Item = Count>) -> Count {
    counts.sum()
}

/// Messages that hold others.
fn replies(list: &Value, below: &str, names: &[&str], found: &mut BTreeSet<String>) -> Count {
    total(array(list)?.into_iter().map(|message| {
        if !there(message)? {
            return Some(0);
        }
        ids(message, names)?;
        let own = &message[names[0]];
        let is_new = own.is_null() || own == "" || found.insert(own.to_string());
        Some(usize::from(is_new) + replies(&message[below], below, names, found)?)
    }))
}

fn count(format: &str, values: &[Value]) -> Count {
    let document = || match &values[0] {
        Value::Array(list) => list.clone(),
        value => vec![value.clone()],
    };
    let conversations = |one: &dyn Fn(&Value) -> Option<Count>| {
        let document = document();
        let mut known = false;
        let counts = document.iter().map(|value| {
            if !there(value)? {
                return Some(0);
            }
            match one(value) {
                Some(count) => {
                    known = true;
                    count
                }
                None => Some(0),
            }
        });
        let count = total(counts);
        // Nothing but nulls is an empty export.
        count.filter(|_| known || document.iter().all(Value::is_null))
    };
    match format {
        "chatgpt" => conversations(&|value| {
            (!value["mapping"].is_null()).then(|| {
                ids(value, &["conversation_id"])?;
                if value["conversation_id"].is_null() {
                    ids(value, &["id"])?;
                }
                total(object(&value["mapping"])?.into_iter().map(|node| {
                    there(node)?;
                    ids(node, &["parent"])?;
                    let message = &node["message"];
                    let hidden = &message["metadata"]["is_visually_hidden_from_conversation"];
                    let kind = &message["content"]["content_type"];
                    let shown = *hidden != true && kind != "user_editable_context";
                    Some(usize::from(there(message)? && shown))
                }))
            })
        }),
        "claude-ai" => conversations(&|value| {
            (!value["chat_messages"].is_null()).then(|| {
                ids(value, &["uuid"])?;
                total(array(&value["chat_messages"])?.into_iter().map(|message| {
                    there(message)?;
                    ids(message, &["uuid", "parent_message_uuid"])?;
                    Some(usize::from(message.is_object()))
                }))
            })
        }),
        "open-webui" => conversations(&|value| {
            let inner = match there(&value["chat"]) {
                Some(true) => &value["chat"],
                Some(false) => value,
                None => return Some(None),
            };
            (!inner["history"].is_null()).then(|| {
                there(&inner["history"])?;
                let own = if value["id"].is_null() { inner } else { value };
                ids(own, &["id"])?;
                let messages = &inner["history"]["messages"];
                total(object(messages)?.into_iter().map(|message| {
                    let is_one = there(message)?;
                    ids(message, &["parentId"])?;
                    Some(usize::from(is_one))
                }))
            })
        }),
        "librechat" => conversations(&|value| {
            let list = [&value["messages"], &value["messagesTree"]];
            let list = list.into_iter().find(|list| !list.is_null())?;
            Some(ids(value, &["conversationId"]).and_then(|()| {
                let names = ["messageId", "parentMessageId"];
                replies(list, "children", &names, &mut BTreeSet::new())
            }))
        }),
        "openai" => {
            let one = |message: &Value| {
                let kind = message["type"].as_str().unwrap_or_default();
                let content = &message["content"];
                let role = &message["role"];
                let says = content.is_null() || content.is_string() || content.is_array();
                match there(message)? {
                    false => Some(0),
                    true if role.is_string() => says.then_some(1),
                    true => (role.is_null() && !kind.is_empty()).then_some(1),
                }
            };
            // An array in it is a conversation of its own.
            total(document().iter().map(|message| match message {
                Value::Array(list) => total(list.iter().map(one)),
                message => one(message),
            }))
        }
        _ => lines(format, values),
    }
}

fn lines(format: &str, values: &[Value]) -> Count {
    if !values.iter().all(Value::is_object) {
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut known = false;
    let count = total(values.iter().map(|line| {
        let kind = line["type"].as_str().unwrap_or_default();
        if matches!(format, "claude-code" | "codex" | "pi") && !line["type"].is_null() {
            line["type"].as_str()?;
        }
        match format {
            "claude-code" => {
                let uuid = &line["uuid"];
                let is_message = match kind {
                    "user" | "assistant" => there(&line["message"])?,
                    "attachment" => there(&line["attachment"])?,
                    "summary" | "ai-title" | "custom-title" => {
                        known = true;
                        return Some(0);
                    }
                    kind => kind == "system",
                };
                ids(line, &["uuid"])?;
                known |= is_message || !uuid.is_null() || !kind.is_empty();
                if is_message || (!uuid.is_null() && uuid != "") {
                    let parent = ["parentUuid", "logicalParentUuid"];
                    let parent = parent.iter().find(|name| !line[**name].is_null());
                    ids(line, &["sessionId"])?;
                    ids(line, parent.map_or(&[][..], std::slice::from_ref))?;
                }
                let is_new = uuid.is_null() || uuid == "" || seen.insert(uuid.to_string());
                Some(usize::from(is_message && is_new))
            }
            "codex" => {
                let payload = &line["payload"];
                let has_one = there(payload)?;
                known |= !kind.is_empty() || has_one;
                match kind {
                    "session_meta" => {
                        has_one.then_some(())?;
                        ids(payload, &["id", "forked_from_id"])?;
                        Some(0)
                    }
                    "response_item" => {
                        has_one.then_some(usize::from(payload["type"] != "ghost_snapshot"))
                    }
                    "compacted" => has_one.then_some(1),
                    "event_msg" => {
                        has_one.then_some(())?;
                        let is_rollback = payload["type"] == "thread_rolled_back";
                        (!is_rollback || payload["num_turns"].is_i64()).then_some(0)
                    }
                    "message" | "function_call" | "function_call_output" | "reasoning"
                        if !has_one =>
                    {
                        Some(1)
                    }
                    _ => Some(0),
                }
            }
            "pi" => {
                known |= !kind.is_empty();
                if kind.is_empty() {
                    return Some(0);
                }
                if kind == "session" {
                    ids(line, &["id"])?;
                    return Some(0);
                }
                ids(line, &["id", "parentId"])?;
                let is_message = match kind {
                    "message" => there(&line["message"])?,
                    kind => ["compaction", "branch_summary", "custom_message"].contains(&kind),
                };
                Some(usize::from(is_message))
            }
            "sillytavern" => {
                let said = &line["mes"];
                if !said.is_null() {
                    said.as_str()?;
                }
                let mut texts: Vec<&Value> = array(&line["swipes"])?;
                texts.retain(|text| !text.is_null());
                if !texts.iter().all(|text| text.is_string()) {
                    return None;
                }
                if !said.is_null() && !texts.contains(&said) {
                    texts.push(said);
                }
                known |= !texts.is_empty();
                known |= ["user_name", "character_name", "chat_metadata"]
                    .iter()
                    .any(|name| !line[*name].is_null());
                Some(texts.len())
            }
            "oasst" => {
                let is_tree = there(&line["prompt"])?;
                known |= is_tree;
                if is_tree {
                    ids(line, &["message_tree_id"])?;
                }
                let prompt = json!([line["prompt"]]);
                replies(&prompt, "replies", &["message_id"], &mut BTreeSet::new())
            }
            "jsonl" => {
                known = true;
                if line["format"] == "sqlite-branch" {
                    let thread = &line["thread"];
                    let whole = line["version"] == 1 && thread["id"].is_string();
                    let numbers = ["ephemeral", "created_at", "updated_at", "archived"];
                    let numbers = numbers.iter().chain(&["archived_at"]);
                    let right = |value: &Value| {
                        value.is_null() || value.is_number() || value.is_string()
                    };
                    id(&thread["leaf"])?;
                    let mut members = thread.as_object()?.iter().filter(|(name, _)| *name != "leaf");
                    let whole = whole
                        && members.all(|(_, value)| right(value))
                        && numbers.map(|name| &thread[*name]).all(|value| value.is_null() || value.is_number());
                    return whole.then_some(0);
                }
                let is_id = |value: &Value| id(value).filter(|()| !value.is_null() && value != "");
                is_id(&line["id"])?;
                id(&line["parent"])?;
                let mut own = seen.clone();
                own.insert(line["id"].to_string().replace('"', ""));
                let whole = line["role"].is_string()
                    && line["content"].is_string()
                    && line["created_at"].is_number()
                    && array(&line["labels"])?.iter().all(|label| label["label"].is_string())
                    && (line["uid"].is_null() || line["uid"].as_str().is_some_and(|uid| !uid.is_empty()))
                    // The parents of the sample come first.
                    && (line["parent"].is_null() || line["parent"] == "" || seen.contains(&line["parent"].to_string().replace('"', "")));
                let is_new = own.len() > seen.len();
                seen = own;
                (whole && is_new).then_some(1)
            }
            _ => panic!("{format}"),
        }
    }));
    count.filter(|_| known)
}

/// Imports, and compares what is stored with what there is.
fn compare(db: &Connection, format: &str, name: &str, change: &str, text: &str, there: Count) {
    db.execute_batch("SAVEPOINT a").unwrap();
    let sql = "SELECT branch_import(?1, ?2)";
    let outcome = db.query_row(sql, params![format, text], |row| row.get::<_, i64>(0));
    let what = || format!("{format}, {name}, {change}: {outcome:?}, there: {there:?}");
    match &outcome {
        Ok(added) => {
            assert_eq!(Some(usize::try_from(*added).unwrap()), there, "{}", what());
            assert_eq!(integer(db, "SELECT count(*) FROM messages", &[]), *added);
            // Our own format brings back what was there, right or wrong.
            let broken = "SELECT count(*) FROM branch_check() WHERE problem <> 'invalid item_json'";
            assert_eq!(integer(db, broken, &[]), 0, "{}", what());
            assert_eq!(integer(db, sql, &[&format, &text]), 0, "again: {}", what());
        }
        Err(error) => {
            let said = error.to_string();
            assert!(said.starts_with("branch_import: "), "{}", what());
            let other = said.starts_with(&format!(
                "branch_import: this is not {format}, it looks like "
            ));
            let named =
                said.starts_with("branch_import: line ") && said.ends_with(&format!("({format})"));
            assert!(other || named, "{}", what());
            assert!(other || there.is_none(), "{}", what());
            assert_eq!(stored(db), [0; 3], "{}", what());
        }
    }
    db.execute_batch("ROLLBACK TO a; RELEASE a").unwrap();
}

/// Replaces values of a file, one after the other; at most so many places.
fn replace(format: &str, path: &Path, most: usize) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    let (in_lines, whole) = values(&text);
    let in_lines = in_lines || path.extension().is_some_and(|ending| ending == "jsonl");
    let db = host::migrated();
    let right = written(in_lines, &whole);
    compare(
        &db,
        format,
        &name,
        "as it is",
        &right,
        count(format, &whole),
    );
    let mut all = Vec::new();
    for (line, value) in whole.iter().enumerate() {
        let mut places_here = Vec::new();
        places(value, "", &mut places_here);
        all.extend(places_here.into_iter().map(|place| (line, place)));
    }
    let others = [
        json!(null),
        json!(5),
        json!(-1.5),
        json!(true),
        json!("x"),
        json!(""),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({"a": 1}),
    ];
    let step = (all.len() / most).max(1);
    let mut tried = 0;
    for (at, (line, place)) in all.iter().enumerate() {
        for (number, other) in others.iter().enumerate() {
            // Of a long file each place has one of them.
            if step > 1 && (at % step != 0 || number != (at / step) % others.len()) {
                continue;
            }
            let mut values = whole.clone();
            *values[*line].pointer_mut(place).unwrap() = other.clone();
            let change = format!("line {}, {place} = {other}", line + 1);
            let text = written(in_lines, &values);
            compare(&db, format, &name, &change, &text, count(format, &values));
            tried += 1;
        }
    }
    tried
}

#[test]
fn our_own_samples() {
    let mut tried = 0;
    for (format, name) in SAMPLES {
        let path = dist::root().join("tests/samples/exports").join(name);
        tried += replace(format, &path, usize::MAX);
    }
    println!("{tried} texts");
    assert!(tried > 3_000, "{tried}");
}

#[test]
fn the_samples_beside_the_repository() {
    let folder = dist::root().join("../shared/data/exports");
    if !folder.exists() {
        dist::not_run(
            "the replacing of values in other projects' samples",
            "shared",
        );
        return;
    }
    let mut files = 0;
    for (format, _) in SAMPLES {
        let Ok(entries) = std::fs::read_dir(folder.join(format)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if !path.ends_with("schema.json") {
                replace(format, &path, 30);
                files += 1;
            }
        }
    }
    assert!(files > 10, "{files}");
}
