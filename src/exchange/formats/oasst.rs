//! `oasst`: trees of OpenAssistant, one on each line: `{"message_tree_id", "prompt": {"message_id", "text", "role", "replies": [...]}}`.

use super::{nested, Head, UNKNOWN};
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Leaf, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_line(source, store, &mut tree)
}

fn tree(value: Raw<'_>, store: &mut Store<'_>) -> Result<bool> {
    let [id, prompt] = json::pick(value, ["message_tree_id", "prompt"]);
    let Some(prompt) = store.object(prompt, "prompt")? else {
        return Ok(false);
    };
    super::begin(
        &Head {
            id,
            ..Head::default()
        },
        store,
    )?;
    nested::each(prompt.text(), "replies", store, &mut add)?;
    store.end(Leaf::Newest)?;
    Ok(true)
}

fn add(message: Raw<'_>, parent: Option<Slot>, store: &mut Store<'_>) -> Result<Slot> {
    let [id, role, said, created] =
        json::pick(message, ["message_id", "role", "text", "created_date"]);
    super::add(
        store,
        store.id(id, "message_id")?.as_deref(),
        Parent::Slot(parent),
        match json::id(role).as_deref().unwrap_or(UNKNOWN) {
            "prompter" => "user",
            role => role,
        },
        &json::text_or_empty(said),
        message.text(),
        time::read(created),
    )
}
