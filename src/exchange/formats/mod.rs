//! The formats that are read. Each has a file with a function `read`, which takes lines or values from the source and
//! hands conversations to the store, and knows nothing of the database.

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

use super::import::json::{self, Raw};
use super::import::source::Source;
use super::import::store::Store;
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

/// The error for a value that is not what a format has there.
pub fn unexpected(line: u64, what: &str) -> Error {
    Error::misuse(format!("line {line}: {what}"))
}

/// Hands each conversation of a document to `take`: the objects that have this member. A document in which no object has it
/// is of another format.
fn each_conversation(
    source: &mut Source<'_>,
    member: &str,
    take: &mut dyn FnMut(Raw<'_>) -> Result<()>,
) -> Result<()> {
    each_object(source, &mut |value| {
        let is_one = json::member(value, member).is_some();
        if is_one {
            take(value)?;
        }
        Ok(is_one)
    })
}

/// Hands each object of a document to `take`, which says whether it knew it. A null is passed over.
fn each_object(
    source: &mut Source<'_>,
    take: &mut dyn FnMut(Raw<'_>) -> Result<bool>,
) -> Result<()> {
    let skip_bad = source.skips_bad();
    let (mut known, mut unknown) = (false, None);
    while let Some(found) = source.value()? {
        let (line, value) = (found.line, found.value);
        if json::is_object(value) {
            match take(value)? {
                true => known = true,
                false => unknown = unknown.or(Some(line)),
            }
        } else if value.text() != "null" && !skip_bad {
            return Err(unexpected(line, "this is not an object"));
        }
    }
    match unknown {
        Some(line) if !known && !skip_bad => {
            Err(unexpected(line, "this is no conversation of that format"))
        }
        _ => Ok(()),
    }
}

/// Hands each line to `take`. A line must be an object.
fn each_line(source: &mut Source<'_>, take: &mut dyn FnMut(Raw<'_>) -> Result<()>) -> Result<()> {
    each_numbered_line(source, &mut |_, value| take(value))
}

/// As [`each_line`], with the line's number.
fn each_numbered_line(
    source: &mut Source<'_>,
    take: &mut dyn FnMut(u64, Raw<'_>) -> Result<()>,
) -> Result<()> {
    let skip_bad = source.skips_bad();
    while let Some(found) = source.line()? {
        if json::is_object(found.value) {
            take(found.line, found.value)?;
        } else if !skip_bad {
            return Err(unexpected(found.line, "this is not an object"));
        }
    }
    Ok(())
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
