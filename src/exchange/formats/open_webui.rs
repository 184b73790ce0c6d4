//! `open-webui`: chats exported from Open WebUI: an array of `{"id", "title", "chat": {"history": {"currentId", "messages"}}}`,
//! or the inner chat alone.

use super::{blocks, Head, UNKNOWN};
use crate::error::{sort_by_number, Result};
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Leaf, Parent};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_object(source, store, &mut conversation)
}

fn conversation(outer: Raw<'_>, store: &mut Store<'_>) -> Result<bool> {
    let inner = store.object(json::member(outer, "chat"), "chat")?;
    let inner = inner.unwrap_or(outer);
    let [inner_id, inner_title, timestamp, history] =
        json::pick(inner, ["id", "title", "timestamp", "history"]);
    let Some(history) = store.object(history, "history")? else {
        return Ok(false);
    };
    let [id, title, created_at, updated_at, archived] = json::pick(
        outer,
        ["id", "title", "created_at", "updated_at", "archived"],
    );
    super::begin(
        &Head {
            id: id.or(inner_id),
            title: title.or(inner_title),
            created_at: created_at.or(timestamp),
            updated_at,
            archived,
        },
        store,
    )?;
    let [current, messages] = json::pick(history, ["currentId", "messages"]);
    let mut nodes = Vec::new();
    let mut outcome = Ok(());
    if let Some(messages) = store.object(messages, "messages")? {
        messages.members(
            &mut |name, value| match store.object(Some(value), "a message of messages") {
                Ok(Some(value)) => {
                    let time = time::read(json::member(value, "timestamp"));
                    nodes.push((time, String::from_utf8_lossy(name).into_owned(), value));
                }
                Ok(None) => {}
                Err(error) => outcome = Err(error),
            },
        );
    }
    outcome?;
    sort_by_number(&mut nodes, |(time, ..)| time.unwrap_or(i64::MIN))?;
    for (time, id, value) in &nodes {
        let [parent, role, content] = json::pick(*value, ["parentId", "role", "content"]);
        let parent = store.id(parent, "parentId")?;
        super::add(
            store,
            Some(id),
            parent.as_deref().map_or(Parent::First, Parent::Id),
            json::id(role).as_deref().unwrap_or(UNKNOWN),
            &blocks::text(content),
            value.text(),
            *time,
        )?;
    }
    let current = json::id(current);
    store.end(match current.as_deref() {
        Some(id) => Leaf::Id(id),
        None => Leaf::Newest,
    })?;
    Ok(true)
}
