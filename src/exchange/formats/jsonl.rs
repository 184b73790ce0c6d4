//! `jsonl`: our own, which holds everything. See docs/formats.md.

use std::borrow::Cow;

use super::unexpected;
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Cell, Conversation, Copies, Leaf, Naming, Node, Parent};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::items::Item;
use crate::tree::rows::uids::reads_as_integer;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    let mut reader = Reader::default();
    super::each_numbered_line(source, &mut |line, value| reader.line(line, value, store))?;
    reader.end(store)
}

#[derive(Default)]
struct Reader {
    has_begun: bool,
    leaf: Option<String>,
}

impl Reader {
    fn end(&mut self, store: &mut Store<'_>) -> Result<()> {
        if !std::mem::take(&mut self.has_begun) {
            return Ok(());
        }
        match self.leaf.take() {
            Some(leaf) => store.end(Leaf::Id(&leaf)),
            None => store.end(Leaf::Before),
        }
    }

    fn line(&mut self, line: u64, value: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
        let [format, version, thread] = json::pick(value, ["format", "version", "thread"]);
        if json::text(format).as_deref() != Some("sqlite-branch") {
            if !self.has_begun {
                return Err(unexpected(line, "a message before the line of its thread"));
            }
            return message(line, value, store);
        }
        self.end(store)?;
        if version.and_then(Raw::integer) != Some(1) {
            return Err(unexpected(
                line,
                "only version 1 of the format can be read here",
            ));
        }
        let thread = thread.ok_or_else(|| unexpected(line, "thread is missing"))?;
        let [id, leaf] = json::pick(thread, ["id", "leaf"]);
        let id = id
            .and_then(text)
            .and_then(|id| String::from_utf8(id.into_owned()).ok());
        let mut begun = Conversation {
            id: Some(id.ok_or_else(|| unexpected(line, "thread has no id that is text"))?),
            copies: Copies::Equal,
            is_exact: true,
            ..Conversation::default()
        };
        thread.members(&mut |name, value| {
            if let Ok(name) = std::str::from_utf8(name) {
                if let Some(cell) = cell(value) {
                    begun.row.set(name, cell);
                }
            }
        });
        self.leaf = json::id(leaf).map(Cow::into_owned);
        self.has_begun = true;
        store.begin(begun)
    }
}

fn message(line: u64, value: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
    let [id, parent, role, content, item_json, created_at, uid, labels] = json::pick(
        value,
        [
            "id",
            "parent",
            "role",
            "content",
            "item_json",
            "created_at",
            "uid",
            "labels",
        ],
    );
    let needed = |value: Option<Raw<'_>>, name: &str| match value.and_then(text) {
        Some(text) => Ok(text.into_owned()),
        None => Err(unexpected(line, &format!("{name} is missing or no text"))),
    };
    let id = json::id(id).ok_or_else(|| unexpected(line, "id is missing"))?;
    let parent = json::id(parent);
    let item_json = item_json.and_then(text);
    let role = needed(role, "role")?;
    let first_kept = match item_json.as_deref() {
        Some(item_json) if *role == *b"summary" => Item::read(item_json).first_kept_id,
        _ => None,
    };
    let first_kept = match first_kept {
        Some(kept) => Some(Some(store.slot(kept.to_string().as_bytes())?)),
        None => None,
    };
    let created_at = created_at.and_then(Raw::integer);
    let uid = uid.and_then(text);
    if uid
        .as_deref()
        .is_some_and(|uid| uid.is_empty() || reads_as_integer(uid))
    {
        return Err(unexpected(line, "uid is empty or reads as an integer"));
    }
    let slot = store.add(Node {
        id: Some(&id),
        naming: Naming::None,
        uid: uid.as_deref(),
        parent: parent.as_deref().map_or(Parent::First, Parent::Id),
        role: &role,
        text: &needed(content, "content")?,
        item_json: item_json.as_deref(),
        created_at: Some(created_at.ok_or_else(|| unexpected(line, "created_at is missing"))?),
        first_kept,
        ..Node::default()
    })?;
    for value in json::list(labels) {
        let [label, created_at] = json::pick(value, ["label", "created_at"]);
        let label = needed(label, "label")?;
        store.label(slot, &label, created_at.and_then(Raw::integer));
    }
    Ok(())
}

/// A text of any bytes: a string, or `{"hex": ...}`.
fn text<'a>(value: Raw<'a>) -> Option<Cow<'a, [u8]>> {
    if let Some(text) = json::text(Some(value)) {
        return Some(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        });
    }
    let hex = json::text(json::member(value, "hex"))?;
    let digits: Option<Vec<_>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => (high * 16 + low) as u8,
        _ => 0,
    });
    Some(Cow::Owned(bytes.collect()))
}

fn cell(value: Raw<'_>) -> Option<Cell> {
    if value.text() == "null" {
        return Some(Cell::Null);
    }
    let integer = value.integer().map(Cell::Integer);
    integer.or_else(|| text(value).map(|text| Cell::Text(text.into_owned())))
}
