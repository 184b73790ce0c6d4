//! `oasst`: trees of OpenAssistant, one on each line: `{"message_tree_id", "prompt": {"message_id", "text", "role", "replies": [...]}}`.

use std::borrow::Cow;

use super::{nested, UNKNOWN};
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Leaf, Naming, Node, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_line(source, &mut |value| tree(value, store))
}

fn tree(value: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
    let [id, prompt] = json::pick(value, ["message_tree_id", "prompt"]);
    let Some(prompt) = prompt.filter(|prompt| json::is_object(*prompt)) else {
        return Ok(());
    };
    store.begin(Conversation {
        id: json::id(id).map(Cow::into_owned),
        ..Conversation::default()
    })?;
    let mut slots: Vec<Slot> = Vec::new();
    for message in nested::flatten(prompt.text(), "replies") {
        let parent = message.parent.and_then(|parent| slots.get(parent).copied());
        slots.push(add(&message.text, parent, store)?);
    }
    store.end(Leaf::Newest)
}

fn add(text: &str, parent: Option<Slot>, store: &mut Store<'_>) -> Result<Slot> {
    let [id, role, said, created] = json::pick(
        Raw::known(text),
        ["message_id", "role", "text", "created_date"],
    );
    let (id, role) = (json::id(id), json::id(role));
    store.add(Node {
        naming: if id.is_some() {
            Naming::Own
        } else {
            Naming::Hash
        },
        id: id.as_deref(),
        parent: Parent::Slot(parent),
        role: match role.as_deref().unwrap_or(UNKNOWN) {
            "prompter" => b"user",
            role => role.as_bytes(),
        },
        text: json::text_or_empty(said).as_bytes(),
        item_json: Some(text.as_bytes()),
        created_at: time::read(created),
        ..Node::default()
    })
}
