//! The formats that are read. Each has a file with a function `read`, which takes lines or values from the source and
//! hands conversations to the store, and knows nothing of the database.
//!
//! * [`detect`]: which format a text looks like.
//! * [`chatgpt`], [`claude_ai`], [`claude_code`], [`codex`], [`jsonl`], [`librechat`], [`oasst`], [`open_webui`], [`openai`],
//!   [`pi`], [`sillytavern`]: one format each.
//! * [`blocks`], [`nested`]: what several of them have in common.

mod blocks;
mod chatgpt;
mod claude_ai;
mod claude_code;
mod codex;
mod detect;
mod jsonl;
mod librechat;
mod nested;
mod oasst;
mod open_webui;
mod openai;
mod pi;
mod sillytavern;

use std::borrow::Cow;

use super::import::json::{self, Raw};
use super::import::node::{Cell, Conversation, Node, Parent, Slot};
use super::import::source::Source;
use super::import::store::Store;
use super::import::time;
use crate::error::{quoted, Error, Result};

type Reader = fn(&mut Source<'_>, &mut Store<'_>) -> Result<()>;

/// A format.
#[derive(Clone, Copy)]
pub struct Format {
    name: &'static str,
    read: Reader,
}

/// All of them.
const ALL: [Format; 11] = [
    format("chatgpt", chatgpt::read),
    format("claude-ai", claude_ai::read),
    format("claude-code", claude_code::read),
    format("codex", codex::read),
    format("pi", pi::read),
    format("open-webui", open_webui::read),
    format("librechat", librechat::read),
    format("sillytavern", sillytavern::read),
    format("oasst", oasst::read),
    format("openai", openai::read),
    format("jsonl", jsonl::read),
];

const fn format(name: &'static str, read: Reader) -> Format {
    Format { name, read }
}

impl Format {
    /// The format of a name; None for `auto`.
    pub fn named(name: &[u8]) -> Result<Option<Self>> {
        if name == b"auto" {
            return Ok(None);
        }
        let found = ALL.iter().find(|format| format.name.as_bytes() == name);
        found.copied().map(Some).ok_or_else(|| {
            let names: Vec<_> = ALL.iter().map(|format| format.name).collect();
            Error::misuse(format!(
                "no format {}; there are {} and auto",
                quoted(name),
                names.join(", ")
            ))
        })
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Reads all conversations.
    pub fn read(&self, source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
        (self.read)(source, store)
    }
}

/// The format to read a text with: the one that was asked for, or for `auto` the one that it looks like. An error where
/// it looks like another. None if there is nothing in the text.
pub fn choose(wanted: Option<Format>, source: &mut Source<'_>) -> Result<Option<Format>> {
    let is_empty = source.is_empty()?;
    let looks_like = source.peek(detect::name)?;
    match (wanted, looks_like) {
        (None, None) if is_empty => Ok(None),
        (None, None) => Err(Error::misuse(
            "cannot tell the format of this text; name it instead of auto",
        )),
        (Some(wanted), Some(name)) if wanted.name != name => Err(Error::misuse(format!(
            "this is not {}, it looks like {name}",
            wanted.name
        ))),
        (Some(wanted), _) => Ok(Some(wanted)),
        (None, Some(name)) => Format::named(name.as_bytes()),
    }
}

/// Hands each conversation of a document to `take`: the objects that have this member. A document in which no object has it
/// is of another format.
fn each_conversation(
    source: &mut Source<'_>,
    store: &mut Store<'_>,
    member: &str,
    take: &mut dyn FnMut(Raw<'_>, &mut Store<'_>) -> Result<()>,
) -> Result<()> {
    each_object(source, store, &mut |value, store| {
        let is_one = json::member(value, member).is_some();
        if is_one {
            take(value, store)?;
        }
        Ok(is_one)
    })
}

/// What takes an object, and says whether it knew it.
type Take<'t> = dyn FnMut(Raw<'_>, &mut Store<'_>) -> Result<bool> + 't;

/// Hands each object of a document to `take`. A null is passed over.
fn each_object(source: &mut Source<'_>, store: &mut Store<'_>, take: &mut Take<'_>) -> Result<()> {
    each(false, source, store, take)
}

/// Hands each line to `take`. A line must be an object.
fn each_line(source: &mut Source<'_>, store: &mut Store<'_>, take: &mut Take<'_>) -> Result<()> {
    each(true, source, store, take)
}

/// A text in which nothing is known is of another format.
fn each(
    is_lines: bool,
    source: &mut Source<'_>,
    store: &mut Store<'_>,
    take: &mut Take<'_>,
) -> Result<()> {
    let (mut known, mut unknown) = (false, None);
    while let Some(found) = match is_lines {
        true => source.line()?,
        false => source.value()?,
    } {
        store.at_line(found.line);
        if json::is_object(found.value) {
            match take(found.value, store)? {
                true => known = true,
                false => unknown = unknown.or(Some(found.line)),
            }
        } else if is_lines || found.value.text() != "null" {
            store.bad("this is not an object")?;
        }
    }
    match unknown {
        Some(line) if !known => {
            store.at_line(line);
            store.bad("this is no conversation of that format")
        }
        _ => Ok(()),
    }
}

/// What conversations of most formats have.
#[derive(Default)]
struct Head<'a> {
    id: Option<Raw<'a>>,
    title: Option<Raw<'a>>,
    created_at: Option<Raw<'a>>,
    updated_at: Option<Raw<'a>>,
    archived: Option<Raw<'a>>,
}

/// Begins a conversation.
fn begin(head: &Head<'_>, store: &mut Store<'_>) -> Result<()> {
    let mut begun = Conversation {
        id: store
            .id(head.id, "the id of the conversation")?
            .map(Cow::into_owned),
        ..Conversation::default()
    };
    let row = &mut begun.row;
    row.set_text("title", json::text(head.title));
    row.set_integer("created_at", time::read(head.created_at));
    row.set_integer("updated_at", time::read(head.updated_at));
    if json::is_true(head.archived) {
        row.set("archived", Cell::Integer(1));
    }
    store.begin(begun)
}

/// Adds a message with nothing special about it. Without an id its uid is a hash.
fn add(
    store: &mut Store<'_>,
    id: Option<&str>,
    parent: Parent<'_>,
    role: &str,
    text: &str,
    original: &str,
    created_at: Option<i64>,
) -> Result<Slot> {
    store.add(Node {
        id,
        parent,
        role: role.as_bytes(),
        text: text.as_bytes(),
        item_json: Some(original.as_bytes()),
        created_at,
        ..Node::default()
    })
}

/// The role of a message that has none.
const UNKNOWN: &str = "unknown";

/// Whether an id is all zeros, which means none.
fn is_nil(id: &str) -> bool {
    matches!(
        id,
        "00000000-0000-0000-0000-000000000000" | "00000000-0000-4000-8000-000000000000"
    )
}
