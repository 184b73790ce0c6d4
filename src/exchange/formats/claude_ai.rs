//! `claude-ai`: the `conversations.json` of claude.ai's data export, an array of conversations or one alone.
//!
//! `{"uuid", "name", "created_at", "updated_at", "chat_messages": [{"uuid", "sender", "text", "content": [...],
//! "parent_message_uuid"}]}`. Without parents, the order of the array is the tree.

use super::{blocks, Head, UNKNOWN};
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Leaf, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_conversation(source, store, "chat_messages", &mut conversation)
}

fn conversation(value: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
    let [id, title, created_at, updated_at, leaf, messages] = json::pick(
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
    let Some(messages) = store.array(messages, "chat_messages")? else {
        return Ok(());
    };
    super::begin(
        &Head {
            id,
            title,
            created_at,
            updated_at,
            ..Head::default()
        },
        store,
    )?;
    let messages = json::list(Some(messages));
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
    let Some(value) = store.object(Some(value), "a message of chat_messages")? else {
        return Ok(None);
    };
    let [id, parent, sender, created_at, content, text] = json::pick(
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
    let parent = store.id(parent, "parent_message_uuid")?;
    let parent = parent.filter(|parent| !super::is_nil(parent));
    let mut shown = blocks::text(content);
    if shown.is_empty() {
        shown = json::text_or_empty(text).into_owned();
    }
    let slot = super::add(
        store,
        store.id(id, "uuid")?.as_deref(),
        match parent.as_deref() {
            Some(parent) => Parent::Id(parent),
            None if has_parents => Parent::First,
            None => Parent::Slot(previous),
        },
        match json::id(sender).as_deref().unwrap_or(UNKNOWN) {
            "human" => "user",
            role => role,
        },
        &shown,
        value.text(),
        time::read(created_at),
    )?;
    Ok(Some(slot))
}
