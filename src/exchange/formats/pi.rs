//! `pi`: a session of pi, `~/.pi/agent/sessions/**/*.jsonl`.
//!
//! A header of type `session`, then entries with `id` and `parentId`; version 1 has neither, and the order of the file is
//! the tree. Ids are unique within their session only. A fork is a file of its own that begins with copies.

use std::borrow::Cow;

use super::blocks;
use crate::error::{push, Result};
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Copies, Leaf, Naming, Node, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    let mut session = Session::default();
    super::each_line(source, store, &mut |value, store| {
        session.line(value, store)
    })?;
    session.end(store)
}

#[derive(Default)]
struct Session {
    has_begun: bool,
    /// The entries in the order of the file, the header first, and whether each is a message.
    entries: Vec<Option<(Slot, bool)>>,
    /// Entries that are no messages, by their numbers.
    passed_over: Vec<Option<PassedOver>>,
    previous: Option<Slot>,
    name: Option<String>,
    /// The last label that each entry was given, if it was not taken off again, and when; by the entries' numbers.
    labels: Vec<Option<(String, Option<i64>)>>,
}

/// An entry that is no message: what it hangs on, and the message that follows it.
#[derive(Clone, Copy)]
struct PassedOver {
    above: Option<Slot>,
    first: Option<Slot>,
}

impl Session {
    fn end(&mut self, store: &mut Store<'_>) -> Result<()> {
        if self.has_begun {
            let name = self.name.take().map(Cow::Owned);
            store.conversation().row.set_text("title", name);
            for (slot, label) in self.labels.iter().enumerate() {
                if let Some((label, time)) = label {
                    store.label(slot, label.as_bytes(), *time);
                }
            }
            store.end(Leaf::Newest)?;
        }
        Ok(())
    }

    fn line(&mut self, line: Raw<'_>, store: &mut Store<'_>) -> Result<bool> {
        let [kind, id, parent, timestamp] =
            json::pick(line, ["type", "id", "parentId", "timestamp"]);
        let kind = store.text(kind, "type")?;
        if kind.is_empty() {
            return Ok(false);
        }
        if kind == "session" {
            self.end(store)?;
            *self = Self::default();
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            let begun = conversation(line, kind == "session", store)?;
            store.begin(begun)?;
        }
        if kind == "session" {
            self.entries.push(None);
            return Ok(true);
        }
        let (id, parent) = (store.id(id, "id")?, store.id(parent, "parentId")?);
        let said = said(&kind, line, store)?;
        let is_message = said.is_some();
        let (role, text) = said.unwrap_or_default();
        let first_kept = match kind.as_ref() {
            "compaction" => Some(self.first_kept(line, store)?),
            _ => None,
        };
        let slot = store.add(Node {
            naming: Naming::InSession,
            id: id.as_deref(),
            parent: match parent.as_deref() {
                Some(parent) => Parent::Id(parent),
                None if id.is_some() => Parent::First,
                None => Parent::Slot(self.previous),
            },
            is_message,
            role: role.as_bytes(),
            text: text.as_bytes(),
            item_json: Some(line.text().as_bytes()),
            created_at: time::read(timestamp),
            first_kept,
            ..Node::default()
        })?;
        self.previous = Some(slot);
        self.entries.push(Some((slot, is_message)));
        let above = match parent.as_deref() {
            Some(parent) => Some(store.slot(parent.as_bytes())?),
            None => None,
        };
        if is_message {
            self.follows(above, slot);
        } else {
            let passed_over = PassedOver { above, first: None };
            put(&mut self.passed_over, slot, Some(passed_over))?;
        }
        match kind.as_ref() {
            "session_info" => {
                let name = json::id(json::member(line, "name"));
                self.name = name.map(Cow::into_owned).or(self.name.take());
            }
            "label" => {
                let [target, label] = json::pick(line, ["targetId", "label"]);
                if let Some(target) = json::id(target) {
                    let label = json::id(label).map(Cow::into_owned);
                    let target = store.slot(target.as_bytes())?;
                    let label = label.map(|label| (label, time::read(timestamp)));
                    put(&mut self.labels, target, label)?;
                }
            }
            _ => {}
        }
        Ok(true)
    }

    /// Notes which message comes first below entries that are none.
    fn follows(&mut self, mut above: Option<Slot>, slot: Slot) {
        while let Some(Some(next)) = above.and_then(|above| self.passed_over.get_mut(above)) {
            if next.first.is_some() {
                return;
            }
            next.first = Some(slot);
            above = next.above;
        }
    }

    /// The first message that a compaction keeps.
    fn first_kept(&self, line: Raw<'_>, store: &mut Store<'_>) -> Result<Option<Slot>> {
        let [id, index] = json::pick(line, ["firstKeptEntryId", "firstKeptEntryIndex"]);
        if let Some(id) = json::id(id) {
            let slot = store.slot(id.as_bytes())?;
            return Ok(match self.passed_over.get(slot) {
                Some(Some(entry)) => entry.first,
                _ => Some(slot),
            });
        }
        let index = index.and_then(Raw::integer);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let kept = index.and_then(|index| self.entries.get(index..));
        let kept = kept.unwrap_or_default().iter().flatten();
        Ok(kept
            .filter(|(_, is_message)| *is_message)
            .map(|(slot, _)| *slot)
            .next())
    }
}

/// Puts something in the place of a number, in a list that grows as need be.
fn put<T>(list: &mut Vec<Option<T>>, slot: Slot, value: Option<T>) -> Result<()> {
    while list.len() <= slot {
        push(list, None)?;
    }
    if let Some(place) = list.get_mut(slot) {
        *place = value;
    }
    Ok(())
}

fn conversation(header: Raw<'_>, is_header: bool, store: &Store<'_>) -> Result<Conversation> {
    let mut begun = Conversation {
        copies: Copies::Entries,
        ..Conversation::default()
    };
    if is_header {
        let [id, timestamp, cwd] = json::pick(header, ["id", "timestamp", "cwd"]);
        begun.id = store.id(id, "the id of the session")?.map(Cow::into_owned);
        begun.session = begun.id.clone().unwrap_or_default();
        begun.row.set_integer("created_at", time::read(timestamp));
        begun.row.set_text("cwd", json::text(cwd));
    }
    Ok(begun)
}

/// Role and text of an entry that is a message.
fn said<'a>(
    kind: &str,
    line: Raw<'a>,
    store: &Store<'_>,
) -> Result<Option<(Cow<'a, str>, String)>> {
    let [message, summary, content] = json::pick(line, ["message", "summary", "content"]);
    Ok(match kind {
        "message" => {
            let Some(message) = store.object(message, "message")? else {
                return Ok(None);
            };
            let [role, content, command, output] =
                json::pick(message, ["role", "content", "command", "output"]);
            let role = match json::id(role).unwrap_or(Cow::Borrowed("unknown")) {
                role if role == "toolResult" => Cow::Borrowed("tool"),
                role => role,
            };
            let text = match json::text(command) {
                Some(command) => format!("$ {command}\n{}", json::text_or_empty(output)),
                None => blocks::text(content),
            };
            Some((role, text))
        }
        "compaction" => Some((Cow::Borrowed("summary"), blocks::text(summary))),
        "branch_summary" => Some((Cow::Borrowed("branch_summary"), blocks::text(summary))),
        "custom_message" => Some((Cow::Borrowed("custom_message"), blocks::text(content))),
        _ => None,
    })
}
