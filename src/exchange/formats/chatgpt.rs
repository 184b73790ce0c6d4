//! `chatgpt`: the `conversations.json` of ChatGPT's data export, an array of conversations or one alone.
//!
//! `{"conversation_id", "title", "create_time", "update_time", "current_node", "mapping": {id: {"parent", "message"}}}`

use std::borrow::Cow;

use super::{Head, UNKNOWN};
use crate::error::{sort_by_number, total_order, Result};
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Leaf, Node, Parent};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    super::each_conversation(source, store, "mapping", &mut conversation)
}

fn conversation(value: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
    let [id, conversation_id, title, created_at, updated_at, archived, current, mapping] =
        json::pick(
            value,
            [
                "id",
                "conversation_id",
                "title",
                "create_time",
                "update_time",
                "is_archived",
                "current_node",
                "mapping",
            ],
        );
    let Some(mapping) = store.object(mapping, "mapping")? else {
        return Ok(());
    };
    super::begin(
        &Head {
            id: conversation_id.or(id),
            title,
            created_at,
            updated_at,
            archived,
        },
        store,
    )?;
    let mut nodes = Vec::new();
    let mut outcome = Ok(());
    mapping.members(&mut |name, value| {
        if outcome.is_ok() {
            outcome = MappedNode::of(name, value, store).map(|node| nodes.push(node));
        }
    });
    outcome?;
    // The order of an object means nothing: the oldest comes first, so that alternatives are in their order.
    sort_by_number(&mut nodes, |node| total_order(node.created_at))?;
    for node in &nodes {
        node.add(store)?;
    }
    let current = json::id(current);
    store.end(match current.as_deref() {
        Some(id) => Leaf::Id(id),
        None => Leaf::Newest,
    })
}

struct MappedNode<'a> {
    id: String,
    parent: Option<Cow<'a, str>>,
    message: Option<Message<'a>>,
    /// Unix seconds with their fraction; before all others where there is none.
    created_at: f64,
}

struct Message<'a> {
    whole: Raw<'a>,
    author: Option<Raw<'a>>,
    content: Option<Raw<'a>>,
    metadata: Option<Raw<'a>>,
    time: Option<Raw<'a>>,
}

impl<'a> MappedNode<'a> {
    fn of(name: &[u8], value: Raw<'a>, store: &Store<'_>) -> Result<Self> {
        let value = store.object(Some(value), "a node of mapping")?;
        let [parent, message] =
            value.map_or([None; 2], |value| json::pick(value, ["parent", "message"]));
        let message = store.object(message, "message")?.map(|whole| {
            let [author, content, metadata, time] =
                json::pick(whole, ["author", "content", "metadata", "create_time"]);
            Message {
                whole,
                author,
                content,
                metadata,
                time,
            }
        });
        let time = message.as_ref().and_then(|message| message.time);
        Ok(Self {
            id: String::from_utf8_lossy(name).into_owned(),
            parent: store.id(parent, "parent")?,
            message,
            created_at: time.and_then(Raw::number).unwrap_or(f64::NEG_INFINITY),
        })
    }

    fn add(&self, store: &mut Store<'_>) -> Result<()> {
        let (role, text);
        let mut node = Node {
            id: Some(&self.id),
            parent: self.parent.as_deref().map_or(Parent::First, Parent::Id),
            is_message: false,
            ..Node::default()
        };
        if let Some(message) = &self.message {
            let member = |object: Option<Raw<'a>>, name| json::member(object?, name);
            let hidden = member(message.metadata, "is_visually_hidden_from_conversation");
            let kind;
            (kind, text) = message.content.map(self::text).unwrap_or_default();
            node.is_message = !json::is_true(hidden) && kind != "user_editable_context";
            role = json::id(member(message.author, "role"));
            node.role = role.as_deref().unwrap_or(UNKNOWN).as_bytes();
            node.text = text.as_bytes();
            node.item_json = Some(message.whole.text().as_bytes());
            node.created_at = time::read(message.time);
        }
        store.add(node)?;
        Ok(())
    }
}

/// The type of a content, and what a person would read.
fn text(content: Raw<'_>) -> (String, String) {
    if let Some(text) = json::text(Some(content)) {
        return (String::new(), text.into_owned());
    }
    let [kind, parts, text, result, thoughts, inner] = json::pick(
        content,
        [
            "content_type",
            "parts",
            "text",
            "result",
            "thoughts",
            "content",
        ],
    );
    let mut pieces = Vec::new();
    for part in json::list(parts) {
        let text = match json::is_object(part) {
            // An image or a sound has none; what was said in one has.
            true => json::text(json::member(part, "text")),
            false => json::text(Some(part)),
        };
        pieces.extend(text);
    }
    for thought in json::list(thoughts) {
        pieces.extend(json::text(json::member(thought, "content")));
    }
    if pieces.is_empty() {
        pieces.extend(
            json::text(text)
                .or_else(|| json::text(result))
                .or_else(|| json::text(inner)),
        );
    }
    pieces.retain(|piece| !piece.is_empty());
    (json::text_or_empty(kind).into_owned(), pieces.join("\n"))
}
