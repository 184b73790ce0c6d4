//! Messages that are nested in each other: each holds a list of its replies.
//!
//! They are found in one pass over the text, without recursion: a conversation may be as deep as it is long.

use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::Slot;
use crate::exchange::import::store::Store;

/// Adds a message below the one that holds it.
type Add<'a> = dyn FnMut(Raw<'_>, Option<Slot>, &mut Store<'_>) -> Result<Slot> + 'a;

/// Hands each message of JSON text that is a message or a list of messages to `add`, those that hold others first.
/// `replies` is the name of the member that holds them.
pub fn each(json: &str, replies: &str, store: &mut Store<'_>, add: &mut Add<'_>) -> Result<()> {
    let (messages, is_whole) = flatten(json, replies);
    if !is_whole {
        store.bad("a message is not an object")?;
    }
    let mut slots: Vec<Slot> = Vec::new();
    for message in messages {
        let around = message.parent.and_then(|parent| slots.get(parent).copied());
        let message = Raw::known(&message.text);
        store.array(json::member(message, replies), replies)?;
        slots.push(add(message, around, store)?);
    }
    Ok(())
}

/// A message of a nested list.
struct Nested {
    /// The message that holds it, by its place in the list that this one is in.
    parent: Option<usize>,
    /// Its JSON, with an empty list of replies.
    text: String,
    /// Where the rest of it begins.
    rest: usize,
}

enum Open {
    /// An object; its number if it is a message.
    Object {
        message: Option<usize>,
        awaits_name: bool,
        in_replies: bool,
    },
    /// An array of messages, and what they reply to.
    Replies(Option<usize>),
    /// Another array.
    Array,
}

/// The messages, and whether there is nothing else among them.
fn flatten(json: &str, replies: &str) -> (Vec<Nested>, bool) {
    let mut messages: Vec<Nested> = Vec::new();
    let mut is_whole = true;
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(byte) = json.as_bytes().get(at) {
        if let Some(Open::Replies(_)) = open.last() {
            // A null is a message that is not there.
            is_whole &= matches!(
                byte,
                b'{' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' | b'n' | b'u' | b'l'
            );
        }
        match byte {
            b'"' => {
                let end = string_end(json, at);
                if let Some(Open::Object {
                    awaits_name: awaits_name @ true,
                    in_replies,
                    ..
                }) = open.last_mut()
                {
                    *awaits_name = false;
                    *in_replies = json.get(at + 1..end) == Some(replies);
                }
                at = end;
            }
            b',' => {
                if let Some(Open::Object { awaits_name, .. }) = open.last_mut() {
                    *awaits_name = true;
                }
            }
            b'{' => {
                let parent = match open.last() {
                    None => Some(None),
                    Some(Open::Replies(parent)) => Some(*parent),
                    Some(_) => None,
                };
                let message = parent.map(|parent| {
                    messages.push(Nested {
                        parent,
                        text: String::new(),
                        rest: at,
                    });
                    messages.len() - 1
                });
                open.push(Open::Object {
                    message,
                    awaits_name: true,
                    in_replies: false,
                });
            }
            b'[' => {
                let array = match open.last() {
                    None => Open::Replies(None),
                    Some(Open::Object {
                        message: Some(message),
                        in_replies: true,
                        ..
                    }) => Open::Replies(Some(*message)),
                    Some(_) => Open::Array,
                };
                if let Open::Replies(Some(message)) = array {
                    cut(&mut messages, message, json, at + 1);
                }
                open.push(array);
            }
            b']' => {
                if let Some(Open::Replies(Some(message))) = open.pop() {
                    if let Some(message) = messages.get_mut(message) {
                        message.rest = at;
                    }
                }
            }
            b'}' => {
                if let Some(Open::Object {
                    message: Some(message),
                    ..
                }) = open.pop()
                {
                    cut(&mut messages, message, json, at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (messages, is_whole)
}

/// Copies what a message has since its rest began.
fn cut(messages: &mut [Nested], message: usize, json: &str, end: usize) {
    if let Some(message) = messages.get_mut(message) {
        let piece = json.get(message.rest..end).unwrap_or_default();
        message.text.push_str(piece);
        message.rest = end;
    }
}

/// Where the string ends that begins here: its closing quote.
fn string_end(json: &str, start: usize) -> usize {
    let bytes = json.as_bytes();
    let mut at = start + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    bytes.len()
}
