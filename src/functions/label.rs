//! Names for places in a thread.

use std::rc::Rc;

use super::argument;
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Answer, Connection, Kind, Value};
use crate::tree::write::label;

/// `branch_label(message_id, label [, created_at])`: how many labels changed.
pub fn label(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let message = arguments::message("message_id", argument(values, 0)?)?;
    let name = argument(values, 1)?;
    let created_at = match values.get(2) {
        Some(value) if value.kind() != Kind::Null => Some(arguments::time("created_at", *value)?),
        _ => None,
    };
    if name.kind() == Kind::Null {
        return label::remove_all(connection, message).map(Answer::Integer);
    }
    let name = arguments::text("label", name)?;
    label::set(connection, message, name, created_at, arguments::now()).map(Answer::Integer)
}

/// `branch_unlabel(thread_id, label)`: how many labels were removed.
pub fn unlabel(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let thread = arguments::thread_id("thread_id", argument(values, 0)?)?;
    let name = arguments::text("label", argument(values, 1)?)?;
    label::remove(connection, thread, name).map(Answer::Integer)
}
