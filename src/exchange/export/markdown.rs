//! `markdown`: the current branch, for people and for programs that take notes.
//!
//! What was said stands there as it is. Calls, results and thoughts are code blocks, with fences that nothing in them ends.

use std::rc::Rc;

use super::rows::{self, Messages};
use super::text::Text;
use super::whole::thread_row;
use crate::error::Result;
use crate::items::parts::Parts;
use crate::sqlite::{Connection, Kind, Statement};
use crate::tree::path::ancestors::{Cut, Stretches};
use crate::tree::path::gaps::Verify;
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::thread;

const TITLE: &str = "SELECT coalesce(nullif(title, ''), id) FROM main.threads WHERE id = +?1";

/// Writes a thread's current branch.
pub fn write(connection: &Rc<Connection>, thread: &[u8], text: &mut Text) -> Result<()> {
    let _snapshot = Snapshot::hold(connection)?;
    thread_row(connection, thread, TITLE, |row| {
        text.write("# ");
        line(row.text(0)?, text);
        Ok(())
    })?;
    let Some(leaf) = thread::present_leaf(connection, thread)?.flatten() else {
        return Ok(());
    };
    let mut messages = Messages::open(connection)?;
    let mut path = Stretches::new(connection, leaf, Cut::default())?.leafward(Verify::Links)?;
    while let Some(stretch) = path.next() {
        for id in stretch.run.first..=stretch.run.last {
            message(messages.read(id)?, text)?;
        }
    }
    Ok(())
}

fn message(row: &Statement, text: &mut Text) -> Result<()> {
    text.write("\n## ");
    let role = String::from_utf8_lossy(row.text(rows::ROLE)?).into_owned();
    let mut letters = role.chars();
    let capital: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let mut heading = format!("{capital}{}", letters.as_str());
    if row.kind(rows::TIME) != Kind::Null {
        heading.push_str(" · ");
        heading.push_str(&String::from_utf8_lossy(row.text(rows::TIME)?));
        heading.push_str(" UTC");
    }
    line(heading.as_bytes(), text);
    let parts = Parts::read(row.text(rows::ITEM_JSON)?);
    for thought in &parts.thoughts {
        block("Thought:", thought, "", text);
    }
    let content = String::from_utf8_lossy(row.text(rows::CONTENT)?);
    // The text of a result is what was said, as a rule; some items have it themselves.
    let result = match parts.outputs.as_slice() {
        [only] => only.text.is_empty() || only.text == content,
        _ => false,
    };
    if result {
        block("Result:", &content, "", text);
    } else {
        if !content.is_empty() && !parts.is_thought(&content) {
            text.write("\n");
            text.write(content.trim_end_matches(['\n', '\r']));
            text.write("\n");
        }
        for output in &parts.outputs {
            block("Result:", &output.text, "", text);
        }
    }
    for media in &parts.media {
        text.write("\n*[");
        text.write(media.kind.trim_end_matches("_url"));
        text.write("]*\n");
    }
    for call in &parts.calls {
        let json = crate::items::json::why_invalid(call.arguments.as_bytes()).is_none();
        let language = if json { "json" } else { "" };
        let named = format!("Call of **{}**:", call.name.replace(['\n', '\r'], " "));
        block(&named, &call.arguments, language, text);
    }
    Ok(())
}

/// Text on a line of its own.
fn line(said: &[u8], text: &mut Text) {
    text.write(&String::from_utf8_lossy(said).replace(['\n', '\r'], " "));
    text.write("\n");
}

/// A code block, with a fence that is longer than any in it.
fn block(above: &str, said: &str, language: &str, text: &mut Text) {
    let mut longest = 0;
    let mut run = 0;
    for byte in said.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    let said = said.trim_end_matches(['\n', '\r']);
    for part in [
        "\n", above, "\n\n", &fence, language, "\n", said, "\n", &fence, "\n",
    ] {
        text.write(part);
    }
}
