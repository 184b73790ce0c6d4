//! `open-webui`: chats exported from Open WebUI: an array of `{"id", "title", "chat": {"history": {"currentId", "messages"}}}`,
//! or the inner chat alone.

use std::borrow::Cow;

use super::{blocks, UNKNOWN};
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Cell, Conversation, Leaf, Naming, Node, Parent};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_object(source, &mut |value| conversation(value, store))
}

fn conversation(outer: Raw<'_>, store: &mut Store<'_>) -> Result<bool> {
    let inner = json::member(outer, "chat").filter(|chat| json::is_object(*chat));
    let inner = inner.unwrap_or(outer);
    let [inner_id, inner_title, timestamp, history] =
        json::pick(inner, ["id", "title", "timestamp", "history"]);
    let Some(history) = history.filter(|history| json::is_object(*history)) else {
        return Ok(false);
    };
    let [id, title, created_at, updated_at, archived] = json::pick(
        outer,
        ["id", "title", "created_at", "updated_at", "archived"],
    );
    let mut begun = Conversation {
        id: json::id(id)
            .or_else(|| json::id(inner_id))
            .map(Cow::into_owned),
        ..Conversation::default()
    };
    begun
        .row
        .set_text("title", json::text(title.or(inner_title)));
    begun
        .row
        .set_integer("created_at", time::read(created_at.or(timestamp)));
    begun.row.set_integer("updated_at", time::read(updated_at));
    if json::is_true(archived) {
        begun.row.set("archived", Cell::Integer(1));
    }
    store.begin(begun)?;
    let [current, messages] = json::pick(history, ["currentId", "messages"]);
    let mut nodes = Vec::new();
    if let Some(messages) = messages {
        messages.members(&mut |name, value| {
            if json::is_object(value) {
                let time = time::read(json::member(value, "timestamp"));
                nodes.push((time, String::from_utf8_lossy(name).into_owned(), value));
            }
        });
    }
    nodes.sort_by_key(|(time, ..)| *time);
    for (time, id, value) in &nodes {
        let [parent, role, content] = json::pick(*value, ["parentId", "role", "content"]);
        let parent = json::id(parent);
        store.add(Node {
            id: Some(id),
            naming: Naming::Own,
            parent: parent.as_deref().map_or(Parent::First, Parent::Id),
            role: json::id(role).as_deref().unwrap_or(UNKNOWN).as_bytes(),
            text: blocks::text(content).as_bytes(),
            item_json: Some(value.text().as_bytes()),
            created_at: *time,
            ..Node::default()
        })?;
    }
    let current = json::id(current);
    store.end(match current.as_deref() {
        Some(id) => Leaf::Id(id),
        None => Leaf::Newest,
    })?;
    Ok(true)
}
