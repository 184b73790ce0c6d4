//! `librechat`: a conversation exported from LibreChat as JSON, its messages in a list or nested in each other.

use std::borrow::Cow;

use super::{blocks, nested};
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Leaf, Naming, Node, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_object(source, &mut |value| conversation(value, store))
}

fn conversation(value: Raw<'_>, store: &mut Store<'_>) -> Result<bool> {
    let [id, title, created_at, updated_at, messages, tree] = json::pick(
        value,
        [
            "conversationId",
            "title",
            "createdAt",
            "updatedAt",
            "messages",
            "messagesTree",
        ],
    );
    let Some(messages) = messages
        .or(tree)
        .filter(|messages| json::is_array(*messages))
    else {
        return Ok(false);
    };
    let mut begun = Conversation {
        id: json::id(id).map(Cow::into_owned),
        ..Conversation::default()
    };
    begun.row.set_text("title", json::text(title));
    begun.row.set_integer("created_at", time::read(created_at));
    begun.row.set_integer("updated_at", time::read(updated_at));
    store.begin(begun)?;
    let mut slots: Vec<Option<Slot>> = Vec::new();
    for message in nested::flatten(messages.text(), "children") {
        let around = message.parent.and_then(|parent| slots.get(parent).copied());
        slots.push(Some(add(&message.text, around.flatten(), store)?));
    }
    store.end(Leaf::Newest)?;
    Ok(true)
}

fn add(text: &str, around: Option<Slot>, store: &mut Store<'_>) -> Result<Slot> {
    let message = Raw::known(text);
    let [id, parent, by_user, role, created_at, said, content] = json::pick(
        message,
        [
            "messageId",
            "parentMessageId",
            "isCreatedByUser",
            "role",
            "createdAt",
            "text",
            "content",
        ],
    );
    let (id, role) = (json::id(id), json::id(role));
    let parent = json::id(parent).filter(|parent| !super::is_nil(parent));
    let mut shown = json::text_or_empty(said).into_owned();
    if shown.is_empty() {
        shown = blocks::text(content);
    }
    store.add(Node {
        naming: if id.is_some() {
            Naming::Own
        } else {
            Naming::Hash
        },
        id: id.as_deref(),
        parent: match parent.as_deref() {
            Some(parent) => Parent::Id(parent),
            None => Parent::Slot(around),
        },
        role: match &role {
            Some(role) => role.as_bytes(),
            None if json::is_true(by_user) => b"user",
            None => b"assistant",
        },
        text: shown.as_bytes(),
        item_json: Some(text.as_bytes()),
        created_at: time::read(created_at),
        ..Node::default()
    })
}
