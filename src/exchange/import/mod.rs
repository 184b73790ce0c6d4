//! Stores the conversations that an export holds.
//!
//! A reader of a format ([`super::formats`]) takes lines or values from the [`source`] and hands conversations and their
//! nodes to the [`store`], which does the rest: it makes threads, finds what is there already, and hangs each message
//! where it belongs. All of it happens in one statement, so an error leaves nothing behind.
//!
//! * [`source`]: the text of an export, piece by piece.
//! * [`json`]: members of JSON values.
//! * [`time`]: times as exports write them.
//! * [`node`]: what a format's reader finds: conversations, and the nodes of their trees.
//! * [`store`]: where each node goes; [`uid`] names those that have no name; [`rows`] are its statements.

pub mod json;
pub mod node;
mod rows;
pub mod source;
pub mod store;
pub mod time;
mod uid;

use std::io::Read;
use std::rc::Rc;

use self::json::Raw;
use self::source::Source;
use self::store::Store;
use super::formats::{self, Format};
use crate::error::{quoted, Error, Result};
use crate::sqlite::Connection;

/// What the caller asks for beside the format.
pub struct Options {
    /// Pass over what cannot be read.
    pub skip_bad: bool,
    /// What thread ids begin with.
    pub thread_prefix: String,
    /// The thread of conversations that have no id.
    pub thread: Option<String>,
    /// The time of messages that have none.
    pub created_at: Option<i64>,
    /// Where nothing else tells.
    pub now: i64,
}

impl Options {
    /// Reads a JSON object, or takes none of them. `now` is the time, in Unix seconds.
    pub fn read(text: Option<&[u8]>, now: i64) -> Result<Self> {
        let mut options = Self {
            skip_bad: false,
            thread_prefix: String::new(),
            thread: None,
            created_at: None,
            now,
        };
        let Some(text) = text else {
            return Ok(options);
        };
        let object = Raw::of(text).filter(|value| json::is_object(*value));
        let object = object.ok_or_else(|| Error::misuse("options must be a JSON object"))?;
        let mut outcome = Ok(());
        object.members(&mut |name, value| {
            if outcome.is_ok() && value.text() != "null" {
                outcome = options.set(name, value);
            }
        });
        outcome.map(|()| options)
    }

    fn set(&mut self, name: &[u8], value: Raw<'_>) -> Result<()> {
        let wrong = |what: &str| {
            let name = String::from_utf8_lossy(name);
            Err(Error::misuse(format!("the option {name} must be {what}")))
        };
        let text = json::text(Some(value)).map(String::from);
        match name {
            b"skip_bad" => match value.text() {
                "true" => self.skip_bad = true,
                "false" => self.skip_bad = false,
                _ => return wrong("true or false"),
            },
            b"thread_prefix" => match text {
                Some(text) => self.thread_prefix = text,
                None => return wrong("text"),
            },
            b"thread" => match text.or_else(|| value.integer().map(|id| id.to_string())) {
                Some(text) => self.thread = Some(text),
                None => return wrong("text"),
            },
            b"created_at" => match value.integer().filter(|time| *time < 100_000_000_000) {
                Some(time) => self.created_at = Some(time),
                None => return wrong("Unix seconds"),
            },
            _ => {
                return Err(Error::misuse(format!(
                    "no option {}; there are skip_bad, thread_prefix, thread and created_at",
                    quoted(name)
                )))
            }
        }
        Ok(())
    }

    /// The id of the thread that a conversation of this id becomes.
    pub fn thread_id(&self, id: &str) -> Vec<u8> {
        format!("{}{id}", self.thread_prefix).into_bytes()
    }
}

/// Stores what a text holds. Gives the number of messages added.
pub fn import(
    connection: &Rc<Connection>,
    format: &[u8],
    input: &mut dyn Read,
    options: &Options,
) -> Result<i64> {
    let wanted = Format::named(format)?;
    connection.atomically(|| {
        let mut source = Source::new(input, options.skip_bad);
        let Some(format) = formats::choose(wanted, &mut source)? else {
            return Ok(0);
        };
        let mut store = Store::new(connection, options, format.name())?;
        format.read(&mut source, &mut store)?;
        Ok(store.added())
    })
}
