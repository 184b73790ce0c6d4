//! `branch_import()`, `branch_put()` and `branch_export()`: conversations in and out.

use std::io::Read;
use std::rc::Rc;

use super::{argument, time};
use crate::arguments;
use crate::error::{Error, Result};
use crate::exchange;
use crate::exchange::import::Options;
use crate::sqlite::{reader, Answer, Connection, Kind, Value};

/// `branch_import(format, text [, options])`: the number of messages added.
pub fn import(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let format = arguments::text("format", argument(values, 0)?)?;
    let text = argument(values, 1)?;
    let options = match values.get(2) {
        Some(value) => arguments::json("options", *value)?,
        None => None,
    };
    let options = Options::read(options, arguments::now())?;
    let import =
        |input: &mut dyn Read| exchange::import::import(connection, format, input, &options);
    let added = match text.kind() {
        Kind::Text => import(&mut text.text()?),
        Kind::Blob => import(&mut text.blob()?),
        other => {
            let offered = (other == Kind::Null).then(|| reader::take(import));
            offered.flatten().unwrap_or_else(|| {
                Err(Error::misuse(format!(
                    "text must be text or a blob, not {}",
                    other.described()
                )))
            })
        }
    };
    added.map(Answer::Integer)
}

/// `branch_put(thread_id, messages [, created_at])`: the new leaf.
pub fn put(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let thread = arguments::thread_id("thread_id", argument(values, 0)?)?;
    let messages = arguments::text("messages", argument(values, 1)?)?;
    let created_at = time(values, 2)?;
    exchange::put::put(connection, thread, messages, created_at).map(Answer::from)
}

/// `branch_export(thread_id, format)`: the thread as text.
pub fn export(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let thread = arguments::thread_id("thread_id", argument(values, 0)?)?;
    let format = arguments::text("format", argument(values, 1)?)?;
    exchange::export::export(connection, thread, format).map(Answer::Text)
}
