//! The array that the OpenAI interfaces take: messages of Chat Completions, or items of Responses, or both mixed.
//!
//! What `branch_put` and the import's format `openai` have in common: from each element the role, the text that a person
//! would read, and the original.

use crate::error::{push, Error, Result};
use crate::items::json::Raw;
use crate::items::parts::{self, Members};

/// An element of the array.
pub struct Element<'a> {
    /// Who speaks.
    pub role: String,
    /// What a person would read is in here: a string, an array of parts, or nothing.
    said: Option<Raw<'a>>,
    /// The element as it came.
    pub original: Raw<'a>,
    /// What else there is.
    pub members: Members<'a>,
}

impl Element<'_> {
    /// What a person would read.
    pub fn content(&self) -> String {
        self.said.map(parts::text).unwrap_or_default()
    }

    /// Whether that is a text. Most are compared as they stand in the JSON, without a copy.
    pub fn says(&self, text: &[u8]) -> bool {
        let Some(said) = self.said else {
            return text.is_empty();
        };
        match said.same_string(text) {
            Some(same) => same,
            None => parts::text(said).as_bytes() == text,
        }
    }
}

/// Reads all elements. `text` may also be a whole request, whose `messages` or `input` is the array.
pub fn elements<'a>(name: &str, text: &'a [u8]) -> Result<Vec<Element<'a>>> {
    let invalid = || {
        let why = crate::arguments::invalid_json(text).unwrap_or_default();
        Error::misuse(format!("{name} is not valid JSON: {why}"))
    };
    let whole = Raw::unchecked(text).ok_or_else(invalid)?;
    if !matches!(whole.text().as_bytes().first(), Some(b'[' | b'{')) && Raw::of(text).is_none() {
        return Err(invalid());
    }
    let mut array = Some(whole).filter(|whole| whole.text().starts_with('['));
    let valid = whole.members(&mut |name, value| {
        let wanted = matches!(name, b"messages" | b"input") && value.text().starts_with('[');
        if wanted && array.is_none() {
            array = Some(value);
        }
    });
    if !valid {
        return Err(invalid());
    }
    let array = array.ok_or_else(|| {
        Error::misuse(format!(
            "{name} must be a JSON array of messages, or an object with \"messages\" or \"input\""
        ))
    })?;
    let mut all = Vec::new();
    let mut outcome = Ok(());
    let valid = array.elements(&mut |original| {
        if outcome.is_ok() {
            outcome = element(original)
                .map_err(|why| Error::misuse(format!("{name}: message {} {why}", all.len() + 1)))
                .and_then(|element| push(&mut all, element));
        }
    });
    match valid {
        true => outcome.map(|()| all),
        false => Err(invalid()),
    }
}

fn element(original: Raw<'_>) -> std::result::Result<Element<'_>, &'static str> {
    if !original.text().starts_with('{') {
        return Err("is not an object");
    }
    let (mut role, mut kind, mut content, mut refusal) = (None, None, None, None);
    let (mut output, mut summary) = (None, None);
    let mut members = Members::default();
    original.members(&mut |name, value| {
        members.take(name, value);
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
    let kind = kind.and_then(Raw::string).unwrap_or_default();
    let (role, said) = match role {
        Some(role) => {
            let role = role.string().ok_or("has a role that is not text")?;
            let (text, nothing) = match content.and_then(|content| content.text().bytes().next()) {
                Some(b'"' | b'[') => (
                    content,
                    matches!(content.map(Raw::text), Some("\"\"" | "[]")),
                ),
                Some(b'n') | None => (None, true),
                Some(_) => return Err("has a content that is neither text nor an array"),
            };
            (role, if nothing { refusal.or(text) } else { text })
        }
        None if kind.is_empty() => return Err("has neither a role nor a type"),
        None if kind.ends_with("_output") => ("tool".to_owned(), output),
        // A call has no text; what a model has thought has one. Of what will be invented, the text is its content.
        None if kind.ends_with("_call") => ("assistant".to_owned(), None),
        None if kind == "reasoning" => ("assistant".to_owned(), summary),
        None => ("assistant".to_owned(), content),
    };
    Ok(Element {
        role,
        said,
        original,
        members,
    })
}
