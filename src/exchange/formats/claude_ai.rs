//! `claude-ai`: the `conversations.json` of claude.ai's data export, an array of conversations or one alone.
//!
//! `{"uuid", "name", "created_at", "updated_at", "chat_messages": [{"uuid", "sender", "text", "content": [...],
//! "parent_message_uuid"}]}`. Without parents, the order of the array is the tree.

use std::borrow::Cow;

use super::{blocks, UNKNOWN};
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Leaf, Naming, Node, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_conversation(source, "chat_messages", &mut |value| {
        conversation(value, store)
    })
}

fn conversation(value: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
    let [uuid, name, created_at, updated_at, leaf, messages] = json::pick(
        value,
        [
            "uuid",
            "name",
            "created_at",
            "updated_at",
            "current_leaf_message_uuid",
            "chat_messages",
        ],
    );
    let mut begun = Conversation {
        id: json::id(uuid).map(Cow::into_owned),
        ..Conversation::default()
    };
    begun.row.set_text("title", json::text(name));
    begun.row.set_integer("created_at", time::read(created_at));
    begun.row.set_integer("updated_at", time::read(updated_at));
    store.begin(begun)?;
    let messages = json::list(messages);
    // Where one has a parent, those without are first messages.
    let has_parents = messages
        .iter()
        .any(|message| json::member(*message, "parent_message_uuid").is_some());
    let mut previous = None;
    for value in messages {
        previous = message(value, has_parents, previous, store)?.or(previous);
    }
    let leaf = json::id(leaf);
    store.end(match leaf.as_deref() {
        Some(id) => Leaf::Id(id),
        None if has_parents => Leaf::Newest,
        None => Leaf::Slot(previous),
    })
}

fn message(
    value: Raw<'_>,
    has_parents: bool,
    previous: Option<Slot>,
    store: &mut Store<'_>,
) -> Result<Option<Slot>> {
    if !json::is_object(value) {
        return Ok(None);
    }
    let [uuid, parent, sender, created_at, content, text] = json::pick(
        value,
        [
            "uuid",
            "parent_message_uuid",
            "sender",
            "created_at",
            "content",
            "text",
        ],
    );
    let parent = json::id(parent).filter(|parent| !super::is_nil(parent));
    let mut shown = blocks::text(content);
    if shown.is_empty() {
        shown = json::text_or_empty(text).into_owned();
    }
    let role = json::id(sender);
    let id = json::id(uuid);
    let slot = store.add(Node {
        naming: if id.is_some() {
            Naming::Own
        } else {
            Naming::Hash
        },
        id: id.as_deref(),
        parent: match parent.as_deref() {
            Some(parent) => Parent::Id(parent),
            None if has_parents => Parent::First,
            None => Parent::Slot(previous),
        },
        role: match role.as_deref().unwrap_or(UNKNOWN) {
            "human" => b"user",
            role => role.as_bytes(),
        },
        text: shown.as_bytes(),
        item_json: Some(value.text().as_bytes()),
        created_at: time::read(created_at),
        ..Node::default()
    })?;
    Ok(Some(slot))
}
