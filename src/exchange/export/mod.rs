//! `branch_export`: a thread as text, one file for each format.
//!
//! * [`jsonl`]: everything, for `branch_import`.
//! * [`markdown`]: the current branch, for people.
//! * [`openai`]: the context, as a request to a model.
//! * [`html`]: everything, as a page for a browser.
//!
//! [`whole`] reads a thread with all its branches, [`rows`] single messages; [`text`] is what they write into.

mod html;
mod jsonl;
mod markdown;
mod openai;
mod rows;
mod text;
mod whole;

use std::rc::Rc;

use self::text::Text;
use crate::error::{quoted, Error, Result};
use crate::sqlite::Connection;

/// Writes a thread in the format of that name.
pub fn export(connection: &Rc<Connection>, thread: &[u8], format: &[u8]) -> Result<String> {
    let mut text = Text::default();
    match format {
        b"jsonl" => jsonl::write(connection, thread, &mut text)?,
        b"markdown" => markdown::write(connection, thread, &mut text)?,
        b"openai" => openai::write(connection, thread, &mut text)?,
        b"html" => html::write(connection, thread, &mut text)?,
        _ => {
            return Err(Error::misuse(format!(
                "no format {}; there are jsonl, markdown, openai and html",
                quoted(format)
            )))
        }
    }
    text.into_string()
}
