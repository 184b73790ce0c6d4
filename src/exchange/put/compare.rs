//! When a message that was sent is one that is stored.
//!
//! Role, text, name, calls with their arguments, results, and parts that are not text: those make a message. What a store
//! has beside (usage, ids of its own, times, what a model has thought) does not.

use crate::exchange::openai::Element;
use crate::items::canonical::canonical;
use crate::items::parts::{Members, Output, Parts};

/// Whether a message that was sent is a stored one, whose item is read only if need be.
pub fn is(sent: &Element<'_>, role: &[u8], content: &[u8], item: Option<&[u8]>) -> bool {
    if sent.role.as_bytes() != role || !sent.says(content) {
        return false;
    }
    if item == Some(sent.original.text().as_bytes()) {
        return true;
    }
    // As a rule the store has something beside, and the rest is written alike.
    let stored = match item {
        Some(item) => Members::of(item),
        None => Some(Members::default()),
    };
    if stored.is_some_and(|stored| stored.are_surely(&sent.members)) {
        return true;
    }
    let stored = Parts::read(item.unwrap_or_default());
    Comparable::of(sent.members.clone().parts(), content) == Comparable::of(stored, content)
}

/// What of an item is compared.
#[derive(PartialEq)]
struct Comparable {
    name: Option<String>,
    /// Ids, names, arguments.
    calls: Vec<(Option<String>, String, String)>,
    outputs: Vec<Result>,
    media: Vec<String>,
}

/// Of results in different shapes, what one has no place for does not count.
struct Result(Output);

impl PartialEq for Result {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (&self.0, &other.0);
        let (openai, beside) = if one.of_openai {
            (one, other)
        } else {
            (other, one)
        };
        let alike = openai.of_openai == beside.of_openai;
        let same_name =
            one.name == other.name || !alike && (one.name.is_none() || other.name.is_none());
        let same_error = one.is_error == other.is_error || !alike && !openai.is_error;
        one.id == other.id && one.text == other.text && same_name && same_error
    }
}

impl Comparable {
    fn of(parts: Parts, content: &[u8]) -> Self {
        Self {
            name: parts.name,
            calls: parts
                .calls
                .into_iter()
                .map(|call| {
                    let arguments = canonical(&call.arguments).into_owned();
                    (call.id, call.name, arguments)
                })
                .collect(),
            outputs: parts
                .outputs
                .into_iter()
                .map(|output| {
                    // Where the item has the call's id alone, the text is the message's.
                    let text = if output.text.is_empty() {
                        String::from_utf8_lossy(content).into_owned()
                    } else {
                        output.text
                    };
                    Result(Output { text, ..output })
                })
                .collect(),
            media: parts
                .media
                .iter()
                .map(|media| canonical(&media.json).into_owned())
                .collect(),
        }
    }
}
