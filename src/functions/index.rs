//! Bringing the index of the search up to date.

use std::rc::Rc;

use crate::arguments;
use crate::error::{quoted, Error, Result};
use crate::search::index;
use crate::sqlite::{Answer, Connection, Kind, Value};

/// `branch_index([what])`: how many messages were added to it.
pub fn index(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let added = match values.first() {
        Some(value) if value.kind() != Kind::Null => match arguments::text("what", *value)? {
            b"rebuild" => index::rebuild(connection)?,
            other => {
                return Err(Error::misuse(format!(
                    "what must be 'rebuild' or left out, not {}",
                    quoted(other)
                )))
            }
        },
        _ => index::update(connection)?,
    };
    Ok(Answer::Integer(added))
}
