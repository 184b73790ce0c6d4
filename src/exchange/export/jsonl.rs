//! `jsonl`: everything, one message a line, to be imported again without loss. docs/formats.md describes it.

use std::borrow::Cow;
use std::rc::Rc;

use super::rows;
use super::text::Text;
use super::whole::{thread_row, Label, Whole};
use crate::error::Result;
use crate::items::{compaction, json, Item};
use crate::sqlite::{Connection, Kind, Statement};

/// The columns of a thread but for its leaf, and their names in the export.
const COLUMNS: [&str; 21] = [
    "id",
    "rollout_path",
    "preview",
    "ephemeral",
    "model_provider",
    "created_at",
    "updated_at",
    "status",
    "path",
    "cwd",
    "cli_version",
    "source",
    "title",
    "sandbox_policy",
    "approval_mode",
    "archived",
    "archived_at",
    "git_sha",
    "git_branch",
    "git_origin_url",
    "memory_mode",
];

/// In the order of [`COLUMNS`].
const THREAD: &str = "SELECT id, rollout_path, preview, ephemeral, model_provider, created_at, updated_at, status, \
     path, cwd, cli_version, source, title, sandbox_policy, approval_mode, archived, archived_at, git_sha, git_branch, \
     git_origin_url, memory_mode FROM main.threads WHERE id = +?1";

/// Writes a thread.
pub fn write(connection: &Rc<Connection>, thread: &[u8], text: &mut Text) -> Result<()> {
    let whole = Whole::of(connection, thread)?;
    thread_row(connection, thread, THREAD, |row| {
        text.write("{\"format\":\"sqlite-branch\",\"version\":1,\"thread\":{");
        for (at, name) in (0..).zip(COLUMNS) {
            text.string(name);
            text.write(":");
            value(row, at, text)?;
            text.write(",");
        }
        text.write("\"leaf\":");
        text.optional(whole.leaf());
        text.write("}}\n");
        Ok(())
    })?;
    whole.each(&mut |number, parent, labels, row| {
        text.write("{\"id\":");
        text.integer(number);
        text.write(",\"parent\":");
        text.optional(parent);
        text.write(",\"role\":");
        text.exact(row.text(rows::ROLE)?);
        text.write(",\"content\":");
        value(row, rows::CONTENT, text)?;
        text.write(",\"item_json\":");
        let is_summary = row.text(rows::ROLE)? == b"summary";
        if is_summary && row.kind(rows::ITEM_JSON) == Kind::Text {
            text.exact(&with_number(row.text(rows::ITEM_JSON)?, &whole));
        } else {
            value(row, rows::ITEM_JSON, text)?;
        }
        text.write(",\"created_at\":");
        value(row, rows::CREATED_AT, text)?;
        if row.kind(rows::UID) != Kind::Null {
            text.write(",\"uid\":");
            text.exact(row.text(rows::UID)?);
        }
        write_labels(labels, text);
        // An ancestor that came along.
        if row.text(rows::THREAD)? != thread {
            text.write(",\"thread\":");
            text.exact(row.text(rows::THREAD)?);
        }
        text.write("}\n");
        Ok(())
    })
}

/// Any value of a column.
fn value(row: &Statement, column: i32, text: &mut Text) -> Result<()> {
    match row.kind(column) {
        Kind::Null => text.write("null"),
        Kind::Integer => text.integer(row.integer(column)),
        Kind::Real => {
            let real = row.text(column)?;
            // An infinity is no JSON.
            match json::why_invalid(real) {
                None => text.lossy(real),
                Some(_) => text.write("null"),
            }
        }
        Kind::Text => text.exact(row.text(column)?),
        Kind::Blob => text.hex("blob", row.blob(column)),
    }
    Ok(())
}

fn write_labels(labels: &[Label], text: &mut Text) {
    if labels.is_empty() {
        return;
    }
    text.write(",\"labels\":[");
    for (at, label) in labels.iter().enumerate() {
        if at > 0 {
            text.write(",");
        }
        text.write("{\"label\":");
        text.exact(&label.label);
        text.write(",\"created_at\":");
        text.integer(label.created_at);
        text.write("}");
    }
    text.write("]");
}

/// A summary's item with the number of the first message that it keeps in place of that one's id; all else stays byte for
/// byte. A message that is not in the export is none: nothing is kept then, which is what it means in the context too.
fn with_number<'a>(json: &'a [u8], whole: &Whole) -> Cow<'a, [u8]> {
    let changed = Item::read(json)
        .first_kept_id
        .and_then(|id| compaction::with_first_kept(json, whole.number(id)));
    changed.map_or(Cow::Borrowed(json), Cow::Owned)
}
