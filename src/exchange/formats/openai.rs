//! `openai`: the messages of a Chat Completions request or the items of a Responses request, as an array. The whole
//! request is taken too, and several of them one after the other.

use std::borrow::Cow;

use super::blocks;
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Leaf, Naming, Node, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    let skip_bad = source.skips_bad();
    // The array that the conversation is, and its last message.
    let mut begun: Option<(u64, Option<Slot>)> = None;
    while let Some(found) = source.value()? {
        let value = found.value;
        if let Some(messages) = messages(value) {
            if let Some((_, last)) = begun.take() {
                store.end(Leaf::Slot(last))?;
            }
            store.begin(Conversation::default())?;
            let mut last = None;
            for message in json::list(Some(messages)) {
                last = add(message, last, store)?.or(last);
            }
            store.end(Leaf::Slot(last))?;
            continue;
        }
        if !json::is_object(value) {
            if value.text() == "null" || skip_bad {
                continue;
            }
            return Err(super::unexpected(found.line, "this is no message"));
        }
        let last = match begun {
            Some((array, last)) if array == found.array => last,
            _ => {
                if let Some((_, last)) = begun {
                    store.end(Leaf::Slot(last))?;
                }
                store.begin(Conversation::default())?;
                None
            }
        };
        match add(value, last, store)? {
            None if !skip_bad => return Err(super::unexpected(found.line, "this is no message")),
            added => begun = Some((found.array, added.or(last))),
        }
    }
    match begun {
        Some((_, last)) => store.end(Leaf::Slot(last)),
        None => Ok(()),
    }
}

/// The messages of a whole request, or of one of several arrays in an array.
fn messages(value: Raw<'_>) -> Option<Raw<'_>> {
    if json::is_array(value) {
        return Some(value);
    }
    let [messages, input] = json::pick(value, ["messages", "input"]);
    messages
        .or(input)
        .filter(|messages| json::is_array(*messages))
}

/// Adds a message or an item. None if it is neither.
fn add(value: Raw<'_>, last: Option<Slot>, store: &mut Store<'_>) -> Result<Option<Slot>> {
    let [role, kind, content, output, summary, refusal, created_at] = json::pick(
        value,
        [
            "role",
            "type",
            "content",
            "output",
            "summary",
            "refusal",
            "created_at",
        ],
    );
    let kind = json::text_or_empty(kind);
    let role = match json::id(role) {
        Some(role) => role,
        None if kind.is_empty() => return Ok(None),
        None if kind.ends_with("_output") => Cow::Borrowed("tool"),
        None => Cow::Borrowed("assistant"),
    };
    let text = match kind.as_ref() {
        "reasoning" => blocks::text(summary.filter(|summary| json::is_array(*summary))),
        _ => match blocks::text(content.or(output)) {
            text if text.is_empty() => json::text_or_empty(refusal).into_owned(),
            text => text,
        },
    };
    let slot = store.add(Node {
        naming: Naming::Hash,
        parent: Parent::Slot(last),
        role: role.as_bytes(),
        text: text.as_bytes(),
        item_json: Some(value.text().as_bytes()),
        created_at: time::read(created_at),
        ..Node::default()
    })?;
    Ok(Some(slot))
}
