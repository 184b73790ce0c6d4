//! Making and deleting threads.

use std::rc::Rc;

use super::argument;
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Answer, Connection, Kind, Value};
use crate::tree::write::thread;

/// `branch_thread(thread_id [, title [, created_at]])`: the thread's id.
pub fn thread(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let id = argument(values, 0)?;
    let id = match id.kind() {
        Kind::Null => None,
        _ => Some(arguments::thread_id("thread_id", id)?),
    };
    let title = match values.get(1) {
        Some(title) if title.kind() != Kind::Null => Some(arguments::text("title", *title)?),
        _ => None,
    };
    let created_at = match values.get(2) {
        Some(value) => arguments::time("created_at", *value)?,
        None => arguments::now(),
    };
    thread::ensure(connection, id, title, created_at).map(Answer::Bytes)
}

/// `branch_delete(thread_id)`: how many messages were deleted.
pub fn delete(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let thread = arguments::thread_id("thread_id", argument(values, 0)?)?;
    thread::delete(connection, thread).map(Answer::Integer)
}
