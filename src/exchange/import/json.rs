//! Reading the members of JSON values that stay the text that they are.

use std::borrow::Cow;
use std::fmt;

use serde_core::de::{Deserializer, Visitor};

pub use crate::items::json::Raw;

/// The members of an object that have these names, the first of several. A null is as not there, and so is what is in
/// something that is not an object.
pub fn pick<'a, const N: usize>(object: Raw<'a>, names: [&str; N]) -> [Option<Raw<'a>>; N] {
    let mut found = [None; N];
    fill(object, &names, &mut found);
    found
}

fn fill<'a>(object: Raw<'a>, names: &[&str], found: &mut [Option<Raw<'a>>]) {
    object.members(&mut |name, value| {
        let at = names.iter().position(|wanted| wanted.as_bytes() == name);
        if let Some(place) = at.and_then(|at| found.get_mut(at)) {
            if place.is_none() && value.text() != "null" {
                *place = Some(value);
            }
        }
    });
}

/// One member of an object.
pub fn member<'a>(object: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    let [found] = pick(object, [name]);
    found
}

/// The elements of an array.
pub fn list<'a>(array: Option<Raw<'a>>) -> Vec<Raw<'a>> {
    let mut elements = Vec::new();
    if let Some(array) = array {
        array.elements(&mut |element| elements.push(element));
    }
    elements
}

/// The text of a string. What is not Unicode in it, a lone half of a surrogate pair, becomes U+FFFD.
pub fn text<'a>(value: Option<Raw<'a>>) -> Option<Cow<'a, str>> {
    let text = value?.text();
    if !text.starts_with('"') {
        return None;
    }
    let plain = text.get(1..text.len().saturating_sub(1))?;
    if memchr::memchr(b'\\', plain.as_bytes()).is_none() {
        return Some(Cow::Borrowed(plain));
    }
    serde_json::Deserializer::from_str(text)
        .deserialize_bytes(Text)
        .ok()
        .map(Cow::Owned)
}

/// The text of a string, or nothing.
pub fn text_or_empty<'a>(value: Option<Raw<'a>>) -> Cow<'a, str> {
    text(value).unwrap_or_default()
}

/// A name or an id: a string that is not empty, or a number as text.
pub fn id<'a>(value: Option<Raw<'a>>) -> Option<Cow<'a, str>> {
    match text(value) {
        Some(id) => Some(id).filter(|id| !id.is_empty()),
        None => value?.integer().map(|id| Cow::Owned(id.to_string())),
    }
}

/// Whether it is `true`.
pub fn is_true(value: Option<Raw<'_>>) -> bool {
    value.is_some_and(|value| value.text() == "true")
}

/// Whether it is an object.
pub fn is_object(value: Raw<'_>) -> bool {
    value.text().starts_with('{')
}

/// Whether it is an array.
pub fn is_array(value: Raw<'_>) -> bool {
    value.text().starts_with('[')
}

/// A text as JSON writes it.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

struct Text;

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            // A half comes as three bytes, and only its first one can begin a character.
            if chunk.invalid().first() == Some(&0xED) {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Ok(text)
    }
}
