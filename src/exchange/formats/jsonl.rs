//! `jsonl`: our own, which holds everything. See docs/formats.md.

use std::borrow::Cow;

use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{
    Blobs, Cell, Conversation, Copies, Leaf, Naming, Node, Parent,
};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::items::{compaction, Item};
use crate::tree::rows::uids::reads_as_integer;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    let mut reader = Reader {
        skip_bad: source.skips_bad(),
        ..Reader::default()
    };
    super::each_line(source, store, &mut |value, store| {
        reader.line(value, store).map(|()| true)
    })?;
    reader.end(store)
}

#[derive(Default)]
struct Reader {
    skip_bad: bool,
    has_begun: bool,
    leaf: Option<String>,
    /// Messages that came before their parents: the line, the id and the parent's.
    early: Vec<(u64, String, String)>,
}

impl Reader {
    fn end(&mut self, store: &mut Store<'_>) -> Result<()> {
        if !std::mem::take(&mut self.has_begun) {
            return Ok(());
        }
        let early = std::mem::take(&mut self.early);
        for (line, id, parent) in &early {
            if !store.has_come(parent) {
                let what = format!("message {id}: its parent {parent} is not in the thread");
                return Err(store.error(*line, &what));
            }
        }
        for (line, id, _) in &early {
            if store.is_awaited(id) {
                let what = format!("message {id}: its parents are a circle");
                return Err(store.error(*line, &what));
            }
        }
        match self.leaf.take() {
            Some(leaf) => store.end(Leaf::Id(&leaf)),
            None => store.end(Leaf::Before),
        }
    }

    fn line(&mut self, value: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
        let [format, version, thread] = json::pick(value, ["format", "version", "thread"]);
        if json::text(format).as_deref() != Some("sqlite-branch") {
            if !self.has_begun {
                return store.bad("a message before the line of its thread");
            }
            return self.message(value, store);
        }
        let line = store.line();
        self.end(store)?;
        if version.and_then(Raw::integer) != Some(1) {
            return Err(store.error(line, "only version 1 of the format can be read here"));
        }
        let thread = store.object(thread, "thread")?;
        let thread = thread.ok_or_else(|| store.error(line, "thread is missing"))?;
        let [id, leaf] = json::pick(thread, ["id", "leaf"]);
        let id = id
            .and_then(text)
            .and_then(|id| String::from_utf8(id.into_owned()).ok());
        let id = id.ok_or_else(|| store.error(line, "thread has no id that is text"))?;
        let mut begun = Conversation {
            id: Some(id),
            copies: Copies::Equal,
            is_exact: true,
            ..Conversation::default()
        };
        let mut outcome = Ok(());
        thread.members(&mut |name, value| {
            let Ok(name) = std::str::from_utf8(name) else {
                return;
            };
            // What is null is as not given: a column that has to be filled has its default.
            match cell(value) {
                Some(Cell::Null) => {}
                _ if name == "leaf" => {}
                _ if holds_numbers(name) && value.number().is_none() => {
                    outcome = store.bad(&format!("{name} is not a number"));
                }
                Some(cell) => begun.row.set(name, cell),
                None => outcome = store.bad(&format!("{name} is neither text nor a number")),
            }
        });
        outcome?;
        self.leaf = store.id(leaf, "leaf")?.map(Cow::into_owned);
        self.has_begun = true;
        store.begin(begun)
    }

    fn message(&mut self, value: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
        let [id, parent, role, content, item_json, created_at, uid, labels, thread] = json::pick(
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
                "thread",
            ],
        );
        let Some(id) = store.id(id, "id")? else {
            return store.bad("id is missing");
        };
        if store.has_come(&id) {
            return store.bad(&format!("message {id} is there twice"));
        }
        let parent = store.id(parent, "parent")?;
        let Some(role) = role.and_then(text) else {
            return store.bad("role is missing or no text");
        };
        let Some((content, content_is_blob)) = content.and_then(bytes) else {
            return store.bad("content is missing or no text");
        };
        let item_json = item_json.map(|item| {
            // JSON in JSON: other programs, and people, need not write it as a string.
            bytes(item).unwrap_or((Cow::Borrowed(item.text().as_bytes()), false))
        });
        let Some(created_at) = created_at.and_then(seconds) else {
            return store.bad("created_at is missing or no number");
        };
        let thread = thread.and_then(text);
        let thread = thread
            .as_deref()
            .and_then(|id| std::str::from_utf8(id).ok());
        let uid = match uid.map(text) {
            None => None,
            Some(Some(uid)) if !uid.is_empty() && !reads_as_integer(&uid) => Some(uid),
            Some(Some(_)) => return store.bad("uid is empty or reads as an integer"),
            Some(None) => return store.bad("uid is no text"),
        };
        let mut labelled = Vec::new();
        for value in json::list(store.array(labels, "labels")?) {
            let [label, created_at] = json::pick(value, ["label", "created_at"]);
            match label.and_then(text) {
                Some(label) => labelled.push((label, created_at.and_then(seconds))),
                None => store.bad("label is missing or no text")?,
            }
        }
        if let Some(parent) = parent.as_deref() {
            if !self.skip_bad && !store.has_come(parent) {
                self.early
                    .push((store.line(), id.as_ref().to_owned(), parent.to_owned()));
            }
        }
        let first_kept = match &item_json {
            Some((item, false)) if *role == *b"summary" => match Item::read(item).first_kept_id {
                Some(kept) => Some(Some(store.slot(kept.to_string().as_bytes())?)),
                None if keeps_null(item) => Some(None),
                None => None,
            },
            _ => None,
        };
        let slot = store.add(Node {
            id: Some(&id),
            naming: Naming::None,
            uid: uid.as_deref(),
            parent: parent.as_deref().map_or(Parent::First, Parent::Id),
            role: &role,
            text: &content,
            item_json: item_json.as_ref().map(|(item, _)| item.as_ref()),
            created_at: Some(created_at),
            session: thread,
            first_kept,
            blobs: Blobs {
                text: content_is_blob,
                item_json: item_json.as_ref().is_some_and(|(_, is_blob)| *is_blob),
            },
            ..Node::default()
        })?;
        for (label, created_at) in labelled {
            store.label(slot, &label, created_at);
        }
        Ok(())
    }
}

/// Whether a summary's item says that it keeps nothing.
fn keeps_null(item: &[u8]) -> bool {
    compaction::with_first_kept(item, None).is_some_and(|same| same == item)
}

/// The bytes of a string, of `{"hex": ...}`, which is text that is not UTF-8, or of `{"blob": ...}`; and whether they are a
/// blob.
fn bytes<'a>(value: Raw<'a>) -> Option<(Cow<'a, [u8]>, bool)> {
    if let Some(text) = json::text(Some(value)) {
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        return Some((text, false));
    }
    let (mut members, mut found) = (0, None);
    value.members(&mut |name, value| {
        members += 1;
        if matches!(name, b"hex" | b"blob") {
            found = json::text(Some(value)).map(|hex| (hex, name == b"blob"));
        }
    });
    let (hex, is_blob) = found.filter(|_| members == 1)?;
    let digits: Option<Vec<_>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => (high * 16 + low) as u8,
        _ => 0,
    });
    Some((Cow::Owned(bytes.collect()), is_blob))
}

/// A text of any bytes.
fn text(value: Raw<'_>) -> Option<Cow<'_, [u8]>> {
    bytes(value)
        .filter(|(_, is_blob)| !is_blob)
        .map(|(text, _)| text)
}

/// A time: whole seconds. What other programs have stored with a fraction is cut.
fn seconds(value: Raw<'_>) -> Option<i64> {
    let cut = || value.number().map(|seconds| seconds as i64);
    value.integer().or_else(cut)
}

/// What a column of a thread holds. None if it is nothing that a column can hold.
fn cell(value: Raw<'_>) -> Option<Cell> {
    if value.text() == "null" {
        return Some(Cell::Null);
    }
    if let Some(integer) = value.integer() {
        return Some(Cell::Integer(integer));
    }
    if value.number().is_some() {
        // SQLite makes a number of it again.
        return Some(Cell::Text(value.text().as_bytes().to_vec()));
    }
    bytes(value).map(|(bytes, is_blob)| match is_blob {
        true => Cell::Blob(bytes.into_owned()),
        false => Cell::Text(bytes.into_owned()),
    })
}

/// Whether a column of a thread holds numbers alone.
fn holds_numbers(name: &str) -> bool {
    matches!(
        name,
        "ephemeral" | "created_at" | "updated_at" | "archived" | "archived_at"
    )
}
