//! `html`: everything, as one page for a browser that needs nothing else.
//!
//! The page is what lies in `page/`: a frame, a style sheet, and a script in parts that `build.rs` joins. The thread stands in
//! it as JSON that no browser runs, and the script shows whatever a message holds as text. The Content-Security-Policy
//! names the two by their hashes and allows nothing else: no other script, no address to load from or to send to.

use std::rc::Rc;

use super::rows;
use super::text::Text;
use super::whole::{thread_row, Label, Whole};
use crate::error::{push, Result};
use crate::items::parts::Parts;
use crate::items::Item;
use crate::sqlite::{Connection, Statement};

const FRAME: &str = include_str!("page/page.html");
// As build.rs has packed and hashed them.
const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/page.css"));
const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/page.js"));

const TITLE: &str = "SELECT coalesce(nullif(title, ''), id) FROM main.threads WHERE id = +?1";

/// Writes a thread.
pub fn write(connection: &Rc<Connection>, thread: &[u8], text: &mut Text) -> Result<()> {
    let whole = Whole::of(connection, thread)?;
    let title = thread_row(connection, thread, TITLE, |row| {
        Ok(String::from_utf8_lossy(row.text(0)?).into_owned())
    })?;
    let mut rest = FRAME;
    while let Some((before, from)) = rest.split_once("{{") {
        text.write(&before.replace('\r', ""));
        let Some((name, after)) = from.split_once("}}") else {
            break;
        };
        match name {
            "title" => escaped(&title, text),
            "version" => text.write(env!("CARGO_PKG_VERSION")),
            "style" => text.write(STYLE),
            "style hash" => text.write(env!("SQLITE_BRANCH_STYLE_HASH")),
            "script" => text.write(SCRIPT),
            "script hash" => text.write(env!("SQLITE_BRANCH_SCRIPT_HASH")),
            "data" => {
                let mut data = Text::for_page();
                write_data(&whole, &title, &mut data)?;
                text.write(&data.into_string()?);
            }
            _ => {}
        }
        rest = after;
    }
    text.write(&rest.replace('\r', ""));
    Ok(())
}

/// What the script reads: for each message its parent's number (0 for none), its role's place in the list of roles, its
/// time, its text, and what else there is.
fn write_data(whole: &Whole, title: &str, data: &mut Text) -> Result<()> {
    let mut roles: Vec<Vec<u8>> = Vec::new();
    data.write("{\"title\":");
    data.string(title);
    data.write(",\"leaf\":");
    data.optional(whole.leaf());
    data.write(",\"messages\":[");
    whole.each(&mut |number, parent, labels, row| {
        if number > 1 {
            data.write(",\n");
        }
        let role = row.text(rows::ROLE)?;
        let known = roles.iter().position(|known| known == role);
        let role = match known {
            Some(place) => place,
            None => {
                push(&mut roles, role.to_vec())?;
                roles.len() - 1
            }
        };
        data.write("[");
        data.integer(parent.unwrap_or(0));
        data.write(",");
        data.integer(i64::try_from(role).unwrap_or(0));
        data.write(",");
        data.integer(row.integer(rows::CREATED_AT));
        data.write(",");
        data.lossy_string(row.text(rows::CONTENT)?);
        write_rest(row, labels, data)?;
        data.write("]");
        Ok(())
    })?;
    data.write("],\"roles\":[");
    for (at, role) in roles.iter().enumerate() {
        data.write(if at > 0 { "," } else { "" });
        data.lossy_string(role);
    }
    data.write("]}");
    Ok(())
}

/// An object with what only some messages have.
fn write_rest(row: &Statement, labels: &[Label], data: &mut Text) -> Result<()> {
    let item = row.text(rows::ITEM_JSON)?;
    let parts = Parts::read(item);
    let mut rest = Members { data, any: false };
    let content = String::from_utf8_lossy(row.text(rows::CONTENT)?);
    // The text of a result is what the message says, as a rule; some items have it themselves.
    let result = match parts.outputs.as_slice() {
        [only] => only.text.is_empty() || only.text == content,
        _ => false,
    };
    if result {
        rest.name("result");
        rest.data.write("1");
    } else {
        rest.list("outputs", parts.outputs.iter(), |output, data| {
            data.string(&output.text)
        });
    }
    rest.list("calls", parts.calls.iter(), |call, data| {
        data.write("[");
        data.string(&call.name);
        data.write(",");
        data.string(&call.arguments);
        data.write("]");
    });
    if parts.is_thought(&content) {
        rest.name("thought");
        rest.data.write("1");
    } else {
        rest.list("thoughts", parts.thoughts.iter(), |thought, data| {
            data.string(thought)
        });
    }
    rest.list("parts", parts.media.iter(), |medium, data| {
        data.string(&medium.kind)
    });
    rest.list("labels", labels.iter(), |label, data| {
        data.lossy_string(&label.label)
    });
    rest.list("name", parts.name.iter(), |name, data| data.string(name));
    rest.list("model", Item::read(item).model.iter(), |model, data| {
        data.string(model)
    });
    if rest.any {
        rest.data.write("}");
    }
    Ok(())
}

/// The members of an object that is written only if it has any.
struct Members<'a> {
    data: &'a mut Text,
    any: bool,
}

impl Members<'_> {
    fn name(&mut self, name: &str) {
        self.data.write(if self.any { "," } else { ",{" });
        self.any = true;
        self.data.string(name);
        self.data.write(":");
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: impl ExactSizeIterator<Item = T>,
        write: impl Fn(T, &mut Text),
    ) {
        if items.len() == 0 {
            return;
        }
        self.name(name);
        let mut before = "[";
        for item in items {
            self.data.write(before);
            write(item, self.data);
            before = ",";
        }
        self.data.write("]");
    }
}

/// Text between tags.
fn escaped(said: &str, text: &mut Text) {
    text.write(
        &said
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
    );
}
