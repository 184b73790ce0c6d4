//! `librechat`: a conversation exported from LibreChat as JSON, its messages in a list or nested in each other.

use super::{blocks, nested, Head};
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Leaf, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_object(source, store, &mut conversation)
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
    let messages = store.array(messages, "messages")?;
    let Some(messages) = messages.or(store.array(tree, "messagesTree")?) else {
        return Ok(false);
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
    nested::each(messages.text(), "children", store, &mut add)?;
    store.end(Leaf::Newest)?;
    Ok(true)
}

fn add(message: Raw<'_>, around: Option<Slot>, store: &mut Store<'_>) -> Result<Slot> {
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
    let parent = store.id(parent, "parentMessageId")?;
    let parent = parent.filter(|parent| !super::is_nil(parent));
    let mut shown = json::text_or_empty(said).into_owned();
    if shown.is_empty() {
        shown = blocks::text(content);
    }
    super::add(
        store,
        store.id(id, "messageId")?.as_deref(),
        match parent.as_deref() {
            Some(parent) => Parent::Id(parent),
            None => Parent::Slot(around),
        },
        match &json::id(role) {
            Some(role) => role,
            None if json::is_true(by_user) => "user",
            None => "assistant",
        },
        &shown,
        message.text(),
        time::read(created_at),
    )
}
