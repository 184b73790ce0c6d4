//! The array that the OpenAI interfaces take: messages of Chat Completions, or items of Responses, or both mixed.
//!
//! What `branch_put` and the import's format `openai` have in common: from each element the role, the text that a person
//! would read, and the original.

use crate::error::{push, Error, Result};
use crate::items::json::Raw;
use crate::items::parts;

/// An element of the array.
pub struct Element<'a> {
    /// Who speaks.
    pub role: String,
    /// What a person would read.
    pub content: String,
    /// The element as it came.
    pub original: Raw<'a>,
}

/// Reads all elements. `text` may also be a whole request, whose `messages` or `input` is the array.
pub fn elements<'a>(name: &str, text: &'a [u8]) -> Result<Vec<Element<'a>>> {
    let Some(whole) = Raw::of(text) else {
        let why = crate::arguments::invalid_json(text).unwrap_or_default();
        return Err(Error::misuse(format!("{name} is not valid JSON: {why}")));
    };
    let array = array(whole).ok_or_else(|| {
        Error::misuse(format!(
            "{name} must be a JSON array of messages, or an object with \"messages\" or \"input\""
        ))
    })?;
    let mut all = Vec::new();
    let mut outcome = Ok(());
    array.elements(&mut |original| {
        if outcome.is_ok() {
            outcome = element(original)
                .map_err(|why| Error::misuse(format!("{name}: message {} {why}", all.len() + 1)))
                .and_then(|element| push(&mut all, element));
        }
    });
    outcome.map(|()| all)
}

fn array(whole: Raw<'_>) -> Option<Raw<'_>> {
    if whole.text().starts_with('[') {
        return Some(whole);
    }
    let mut found = None;
    whole.members(&mut |name, value| {
        let wanted = matches!(name, b"messages" | b"input") && value.text().starts_with('[');
        if wanted && found.is_none() {
            found = Some(value);
        }
    });
    found
}

fn element(original: Raw<'_>) -> std::result::Result<Element<'_>, &'static str> {
    if !original.text().starts_with('{') {
        return Err("is not an object");
    }
    let (mut role, mut kind, mut content, mut refusal) = (None, None, None, None);
    let (mut output, mut summary) = (None, None);
    original.members(&mut |name, value| {
        let slot = match name {
            b"role" => &mut role,
            b"type" => &mut kind,
            b"content" => &mut content,
            b"refusal" => &mut refusal,
            b"output" => &mut output,
            b"summary" => &mut summary,
            _ => return,
        };
        // Of members of the same name the first one counts, as for SQLite's `->`.
        slot.get_or_insert(value);
    });
    let text = |value: Option<Raw<'_>>| value.map(parts::text).unwrap_or_default();
    let kind = kind.and_then(Raw::string).unwrap_or_default();
    let (role, content) = match role {
        Some(role) => {
            let role = role.string().ok_or("has a role that is not text")?;
            let well_formed = content.is_none_or(|content| {
                matches!(content.text().as_bytes().first(), Some(b'"' | b'[' | b'n'))
            });
            if !well_formed {
                return Err("has a content that is neither text nor an array");
            }
            let mut said = text(content);
            if said.is_empty() {
                said = text(refusal);
            }
            (role, said)
        }
        None if kind.is_empty() => return Err("has neither a role nor a type"),
        None if kind.ends_with("_output") => ("tool".to_owned(), text(output)),
        // A call has no text; what a model has thought has one. Of what will be invented, the text is its content.
        None if kind.ends_with("_call") => ("assistant".to_owned(), String::new()),
        None if kind == "reasoning" => ("assistant".to_owned(), text(summary)),
        None => ("assistant".to_owned(), text(content)),
    };
    Ok(Element {
        role,
        content,
        original,
    })
}
