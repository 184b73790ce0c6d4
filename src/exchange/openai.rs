//! The array that the OpenAI interfaces take: messages of Chat Completions, or items of Responses, or both mixed.
//!
//! What `branch_put` and the import's format `openai` have in common: from each element the role, the text that a person
//! would read, and the original.

use crate::error::{push, Error, Result};
use crate::items::json::{Event, Raw};
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
        let why = crate::items::json::why_invalid(text).unwrap_or_default();
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
    let mut found = Found::default();
    let valid = array.objects(&mut |event| {
        let element = match event {
            Event::Member(name, value) => return found.take(name, value),
            Event::End(original) => std::mem::take(&mut found).element(original),
            Event::Other => Err("is not an object"),
        };
        if outcome.is_ok() {
            outcome = element
                .map_err(|why| Error::misuse(format!("{name}: message {} {why}", all.len() + 1)))
                .and_then(|element| push(&mut all, element));
        }
    });
    match valid {
        true => outcome.map(|()| all),
        false => Err(invalid()),
    }
}

/// Reads one element. An error says what is wrong with it.
pub fn element(value: Raw<'_>) -> std::result::Result<Element<'_>, &'static str> {
    let mut found = Found::default();
    value.members(&mut |name, value| found.take(name, value));
    found.element(value)
}

/// The members of an element.
#[derive(Default)]
struct Found<'a> {
    role: Option<Raw<'a>>,
    refusal: Option<Raw<'a>>,
    summary: Option<Raw<'a>>,
    members: Members<'a>,
}

impl<'a> Found<'a> {
    fn take(&mut self, name: &[u8], value: Raw<'a>) {
        self.members.take(name, value);
        let slot = match name {
            // A null is as not there.
            b"role" if value.text() == "null" => return,
            b"role" => &mut self.role,
            b"refusal" => &mut self.refusal,
            b"summary" => &mut self.summary,
            _ => return,
        };
        // Of members of the same name the first one counts, as for SQLite's `->`.
        slot.get_or_insert(value);
    }

    fn element(self, original: Raw<'a>) -> std::result::Result<Element<'a>, &'static str> {
        let Self {
            role,
            refusal,
            summary,
            members,
        } = self;
        let kind = members.kind().unwrap_or_default();
        let content = members.content();
        let (role, said) = match role {
            Some(role) => {
                let role = role.string().ok_or("has a role that is not text")?;
                let (text, nothing) =
                    match content.and_then(|content| content.text().bytes().next()) {
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
            None if kind.ends_with("_output") => ("tool".to_owned(), members.output()),
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
}
