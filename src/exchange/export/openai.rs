//! `openai`: what a model is sent (see `branch_context`), as a request that Chat Completions accepts.
//!
//! The interface wants each assistant's calls followed by their results, all of them and nothing else. Stores have them in
//! other shapes (a row for each call, results after something else, several results in one row of the user's), so messages
//! are taken apart into what is said, calls and results, and put together anew.

use std::collections::HashMap;
use std::rc::Rc;

use super::rows::{self, Messages};
use super::text::Text;
use crate::error::{push, Result};
use crate::items::json::Raw;
use crate::items::parts::{Call, Media, Output, Parts};
use crate::items::Item;
use crate::sqlite::{Connection, Statement};
use crate::tree::context::window::{Kind, Window};
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::thread;

/// Part of a request: a message, or a result, which is one when its call is there.
enum Entry {
    Said(Said),
    Result(Output),
}

#[derive(Default)]
struct Said {
    role: &'static str,
    name: Option<String>,
    /// JSON: a string or an array. None if nothing is said.
    content: Option<String>,
    calls: Vec<Call>,
}

/// Writes a thread's context.
pub fn write(connection: &Rc<Connection>, thread: &[u8], text: &mut Text) -> Result<()> {
    let _snapshot = Snapshot::hold(connection)?;
    let leaf = thread::present_leaf(connection, thread)?.ok_or_else(|| thread::unknown(thread))?;
    let window = match leaf {
        Some(leaf) => Window::of(connection, leaf, None)?,
        None => Window::default(),
    };
    let mut messages = Messages::open(connection)?;
    let mut model = None;
    let mut entries = Vec::new();
    for sent in &window.sent {
        let row = messages.read(sent.id)?;
        take_apart(row, sent.kind, &mut entries)?;
        let named = Item::read(row.text(rows::ITEM_JSON)?).model;
        model = named.or(model);
    }
    text.write("{");
    if let Some(model) = model {
        text.write("\"model\":");
        text.string(&model);
        text.write(",");
    }
    text.write("\"messages\":[");
    put_together(&entries, text)?;
    text.write("]}\n");
    Ok(())
}

/// What a row becomes.
fn take_apart(row: &Statement, kind: Kind, entries: &mut Vec<Entry>) -> Result<()> {
    let role = String::from_utf8_lossy(row.text(rows::ROLE)?);
    let content = String::from_utf8_lossy(row.text(rows::CONTENT)?);
    let item = row.text(rows::ITEM_JSON)?;
    let parts = match kind {
        // What it keeps beside the text is the store's.
        Kind::Summary => Parts::default(),
        _ => Parts::read(item),
    };
    let role = match role.as_ref() {
        "system" if parts.calls.is_empty() => "system",
        "developer" if parts.calls.is_empty() => "developer",
        "assistant" | "model" | "ai" => "assistant",
        // Only an assistant calls.
        _ if parts.calls.iter().any(|call| call.id.is_some()) => "assistant",
        _ => "user",
    };
    // The text of a row that has one result is that of the result.
    let result = match parts.outputs.as_slice() {
        [only] => only.text.is_empty() || only.text == content,
        _ => false,
    };
    let is_thought = parts.is_thought(&content);
    let said = Said {
        role,
        name: parts.name,
        content: match result || is_thought {
            true => None,
            false => said(role, &content, item, &parts.media)?,
        },
        calls: parts
            .calls
            .into_iter()
            .filter(|call| call.id.is_some())
            .collect(),
    };
    let is_assistant = role == "assistant";
    let mut results = Vec::new();
    for output in parts.outputs {
        let text = match result {
            true => content.clone().into_owned(),
            false => output.text,
        };
        push(&mut results, Entry::Result(Output { text, ..output }))?;
    }
    // What the user says beside results comes after them; a model's own results come after their calls.
    if !is_assistant {
        for result in results.drain(..) {
            push(entries, result)?;
        }
    }
    add(said, entries)?;
    for result in results {
        push(entries, result)?;
    }
    Ok(())
}

/// Calls that follow what an assistant has said are part of that message, as are several calls in a row.
fn add(said: Said, entries: &mut Vec<Entry>) -> Result<()> {
    if said.content.is_none() && said.calls.is_empty() {
        return Ok(());
    }
    if let Some(Entry::Said(before)) = entries.last_mut() {
        let assistants = before.role == "assistant" && said.role == "assistant";
        if assistants && said.content.is_none() && said.name == before.name {
            before.calls.extend(said.calls);
            return Ok(());
        }
    }
    push(entries, Entry::Said(said))
}

/// The content of a message as JSON.
fn said(role: &str, content: &str, item: &[u8], media: &[Media]) -> Result<Option<String>> {
    if media.is_empty() || role != "user" {
        let nothing = content.is_empty() && role == "assistant";
        return match nothing {
            true => Ok(None),
            false => json_string(content).map(Some),
        };
    }
    if let Some(original) = chat_content(item) {
        return Ok(Some(original.to_owned()));
    }
    let mut list = Text::default();
    list.write("[");
    if !content.is_empty() {
        list.write("{\"type\":\"text\",\"text\":");
        list.string(content);
        list.write("},");
    }
    for (at, medium) in media.iter().enumerate() {
        if at > 0 {
            list.write(",");
        }
        part(medium, &mut list);
    }
    list.write("]");
    list.into_string().map(Some)
}

/// An array of the parts that Chat Completions has, as it is.
fn chat_content(item: &[u8]) -> Option<&str> {
    let mut content = None;
    Raw::of(item)?.members(&mut |name, value| {
        if name == b"content" && value.text().starts_with('[') {
            content.get_or_insert(value);
        }
    });
    let mut known = true;
    content?.elements(&mut |part| {
        let kind = member(part, b"type").and_then(Raw::string);
        known &= kind.is_some_and(|kind| {
            matches!(kind.as_str(), "text" | "image_url" | "input_audio" | "file")
        });
    });
    content.filter(|_| known).map(Raw::text)
}

/// A part that is not text: an image in one of the shapes, or at least its kind.
fn part(medium: &Media, text: &mut Text) {
    if matches!(medium.kind.as_str(), "image_url" | "input_audio" | "file") {
        text.write(&medium.json);
        return;
    }
    let url = Raw::of(medium.json.as_bytes()).and_then(|json| {
        // Responses.
        if let Some(url) = member(json, b"image_url").and_then(Raw::string) {
            return Some(url);
        }
        // Anthropic, and pi.
        let source = member(json, b"source").unwrap_or(json);
        if let Some(url) = member(source, b"url").and_then(Raw::string) {
            return Some(url);
        }
        let data = member(source, b"data")?.string()?;
        let kind = member(source, b"media_type").or(member(source, b"mimeType"))?;
        Some(format!("data:{};base64,{data}", kind.string()?))
    });
    match url {
        Some(url) => {
            text.write("{\"type\":\"image_url\",\"image_url\":{\"url\":");
            text.string(&url);
            text.write("}}");
        }
        None => {
            text.write("{\"type\":\"text\",\"text\":");
            text.string(&format!("[{}]", medium.kind));
            text.write("}");
        }
    }
}

fn member<'a>(object: Raw<'a>, wanted: &[u8]) -> Option<Raw<'a>> {
    let mut found = None;
    object.members(&mut |name, value| {
        if name == wanted {
            found.get_or_insert(value);
        }
    });
    found
}

/// Writes the messages, each call's result right after it.
fn put_together(entries: &[Entry], text: &mut Text) -> Result<()> {
    // By call, its results from the last one to the first, with their places; and where in there those of an id are.
    let mut results: Vec<Vec<(usize, &Output)>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (at, entry) in entries.iter().enumerate().rev() {
        if let Entry::Result(output) = entry {
            let place = *known.entry(output.id.clone()).or_insert(results.len());
            if place == results.len() {
                push(&mut results, Vec::new())?;
            }
            if let Some(all) = results.get_mut(place) {
                push(all, (at, output))?;
            }
        }
    }
    let mut first = true;
    for (at, entry) in entries.iter().enumerate() {
        let Entry::Said(said) = entry else {
            continue;
        };
        let pending = at + 1 == entries.len();
        let mut calls = Vec::new();
        for call in &said.calls {
            let Some(id) = call.id.as_deref() else {
                continue;
            };
            // Some providers begin to count anew with each answer, so each result is given to one call.
            let all = known.get(id).and_then(|place| results.get_mut(*place));
            let result = all.and_then(|all| {
                while all.last().is_some_and(|result| result.0 < at) {
                    all.pop();
                }
                all.pop().map(|result| result.1)
            });
            if result.is_some() || pending {
                push(&mut calls, (id, call, result))?;
            }
        }
        if said.content.is_none() && calls.is_empty() {
            continue;
        }
        if !std::mem::take(&mut first) {
            text.write(",");
        }
        message(said, &calls, text)?;
        for (id, _, result) in &calls {
            if let Some(result) = result {
                text.write(",{\"role\":\"tool\",\"tool_call_id\":");
                text.string(id);
                text.write(",\"content\":");
                text.string(&result.text);
                write_name(result.name.as_deref(), text);
                text.write("}");
            }
        }
    }
    Ok(())
}

fn message(said: &Said, calls: &[(&str, &Call, Option<&Output>)], text: &mut Text) -> Result<()> {
    text.write("{\"role\":\"");
    text.write(said.role);
    text.write("\",\"content\":");
    text.write(said.content.as_deref().unwrap_or("null"));
    write_name(said.name.as_deref(), text);
    if !calls.is_empty() {
        text.write(",\"tool_calls\":[");
        for (at, (id, call, _)) in calls.iter().enumerate() {
            if at > 0 {
                text.write(",");
            }
            text.write("{\"id\":");
            text.string(id);
            text.write(",\"type\":\"function\",\"function\":{\"name\":");
            text.string(&function_name(&call.name));
            text.write(",\"arguments\":");
            text.string(&arguments(&call.arguments)?);
            text.write("}}");
        }
        text.write("]");
    }
    text.write("}");
    Ok(())
}

/// Arguments are an object in JSON; the free text of a custom tool becomes one.
fn arguments(given: &str) -> Result<String> {
    match Raw::of(given.as_bytes()) {
        Some(json) if json.text().starts_with('{') => Ok(given.to_owned()),
        _ if given.is_empty() => Ok("{}".to_owned()),
        _ => Ok(format!("{{\"input\":{}}}", json_string(given)?)),
    }
}

/// As the interface takes it: letters, digits, `_` and `-`, at most 64.
fn function_name(name: &str) -> String {
    const LONGEST: usize = 64;
    if name.is_empty() {
        return "tool".to_owned();
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    name.chars()
        .take(LONGEST)
        .map(|letter| if allowed(letter) { letter } else { '_' })
        .collect()
}

/// Writes the name of a speaker or a tool, if the interface takes it for one.
fn write_name(name: Option<&str>, text: &mut Text) {
    if let Some(name) = name.filter(|name| is_name(name)) {
        text.write(",\"name\":");
        text.string(name);
    }
}

/// Whether the interface takes it for the name of a speaker.
fn is_name(name: &str) -> bool {
    let refused = |letter: char| letter.is_whitespace() || "<|\\/>".contains(letter);
    !name.is_empty() && name.len() <= 64 && !name.contains(refused)
}

fn json_string(string: &str) -> Result<String> {
    let mut text = Text::default();
    text.string(string);
    text.into_string()
}
