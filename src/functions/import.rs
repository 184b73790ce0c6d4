//! `branch_import(format, text [, options])`: adds what an export of another program holds.

use std::rc::Rc;

use crate::arguments;
use crate::error::{Error, Result};
use crate::exchange::import::{self, Options};
use crate::sqlite::{Answer, Connection, Kind, Value};

pub fn import(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let format = arguments::text("format", super::argument(values, 0)?)?;
    let text = super::argument(values, 1)?;
    let options = match values.get(2) {
        Some(value) => arguments::json("options", *value)?,
        None => None,
    };
    let options = Options::read(options)?;
    let mut text = match text.kind() {
        Kind::Text => text.text()?,
        Kind::Blob => text.blob()?,
        other => {
            return Err(Error::misuse(format!(
                "text must be text or a blob of UTF-8, not {}",
                other.described()
            )))
        }
    };
    import::import(connection, format, &mut text, &options).map(Answer::Integer)
}
