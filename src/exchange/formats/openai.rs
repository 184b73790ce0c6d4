//! `openai`: the messages of a Chat Completions request or the items of a Responses request, as an array. The whole
//! request is taken too, and several of them one after the other.

use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Leaf, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;
use crate::exchange::openai::element;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    // The array that the conversation is, and its last message.
    let mut begun: Option<(u64, Option<Slot>)> = None;
    while let Some(found) = source.value()? {
        store.at_line(found.line);
        let value = found.value;
        let whole = messages(value);
        // An array or a request is a conversation of its own; single messages belong to the array that they are in.
        if whole.is_some() || begun.is_none_or(|(array, _)| array != found.array) {
            if let Some((_, last)) = begun.take() {
                store.end(Leaf::Slot(last))?;
            }
            store.begin(Conversation::default())?;
            begun = Some((found.array, None));
        }
        let Some((_, last)) = &mut begun else {
            continue;
        };
        let Some(messages) = whole else {
            add(value, last, store)?;
            continue;
        };
        for message in json::list(Some(messages)) {
            add(message, last, store)?;
        }
        store.end(Leaf::Slot(*last))?;
        begun = None;
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

/// Adds a message or an item below the last one. A null is passed over.
fn add(value: Raw<'_>, last: &mut Option<Slot>, store: &mut Store<'_>) -> Result<()> {
    let Some(value) = store.object(Some(value), "a message")? else {
        return Ok(());
    };
    match element(value) {
        Ok(element) => {
            *last = Some(super::add(
                store,
                None,
                Parent::Slot(*last),
                &element.role,
                &element.content(),
                value.text(),
                time::read(json::member(value, "created_at")),
            )?);
            Ok(())
        }
        Err(why) => store.bad(&format!("a message {why}")),
    }
}
