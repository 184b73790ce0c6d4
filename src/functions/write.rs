//! The functions that change the tree. Each is one statement inside, and so happens as a whole or not at all.

use std::rc::Rc;

use super::{argument, time};
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Answer, Connection, Value};
use crate::tree::write::append::{self, Draft};
use crate::tree::write::compact;
use crate::tree::write::copy;
use crate::tree::write::remove;
use crate::tree::write::select;

/// `branch_append(thread_id, role, content [, item_json [, created_at [, uid]]])`: the id of the new message.
pub fn append(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let thread = arguments::thread_id("thread_id", argument(values, 0)?)?;
    append::append(connection, thread, draft(values)?).map(Answer::Integer)
}

/// `branch_fork(message_id, role, content [, item_json [, created_at [, uid]]])`: the id of the new message.
pub fn fork(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let message = arguments::message("message_id", argument(values, 0)?)?;
    append::fork(connection, message, draft(values)?).map(Answer::Integer)
}

/// `branch_alternative(message_id, role, content [, item_json [, created_at [, uid]]])`: the id of the new message.
pub fn alternative(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let message = arguments::message("message_id", argument(values, 0)?)?;
    append::alternative(connection, message, draft(values)?).map(Answer::Integer)
}

/// `branch_switch(thread_id, message_id)`: the new leaf.
pub fn switch(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let thread = arguments::thread_id("thread_id", argument(values, 0)?)?;
    let message = arguments::optional_message("message_id", argument(values, 1)?)?;
    append::switch(connection, thread, message).map(Answer::from)
}

/// `branch_select(message_id [, position])`: the new leaf.
pub fn select(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let message = arguments::message("message_id", argument(values, 0)?)?;
    let position = match values.get(1) {
        Some(value) => arguments::position(*value)?,
        None => None,
    };
    select::select(connection, message, position).map(Answer::Integer)
}

/// `branch_clear(thread_id)`: how many messages were deleted.
pub fn clear(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let thread = arguments::thread_id("thread_id", argument(values, 0)?)?;
    remove::clear(connection, thread).map(Answer::Integer)
}

/// `branch_prune(message_id)`: how many messages were deleted.
pub fn prune(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let message = arguments::message("message_id", argument(values, 0)?)?;
    remove::prune(connection, message).map(Answer::Integer)
}

/// `branch_copy(message_id, new_thread_id [, created_at])`: the new thread's leaf.
pub fn copy(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let message = arguments::message("message_id", argument(values, 0)?)?;
    let thread = arguments::thread_id("new_thread_id", argument(values, 1)?)?;
    let created_at = time(values, 2)?;
    copy::copy(connection, message, thread, created_at).map(Answer::Integer)
}

/// The arguments after the first.
fn draft<'a>(values: &[Value<'a>]) -> Result<Draft<'a>> {
    Ok(Draft {
        role: arguments::text("role", argument(values, 1)?)?,
        content: arguments::text("content", argument(values, 2)?)?,
        ..extras(values)?
    })
}

/// The optional arguments of what adds a message, from the fourth on.
fn extras<'a>(values: &[Value<'a>]) -> Result<Draft<'a>> {
    Ok(Draft {
        role: &[],
        content: &[],
        item_json: match values.get(3) {
            Some(value) => arguments::json("item_json", *value)?,
            None => None,
        },
        created_at: time(values, 4)?,
        uid: match values.get(5) {
            Some(value) => arguments::uid("uid", *value)?,
            None => None,
        },
    })
}

/// `branch_compact(thread_id, summary [, first_kept_id [, item_json [, created_at [, uid]]]])`: the id of the new message.
pub fn compact(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let thread = arguments::thread_id("thread_id", argument(values, 0)?)?;
    let first_kept = match values.get(2) {
        Some(value) => arguments::optional_message("first_kept_id", *value)?,
        None => None,
    };
    let summary = Draft {
        role: compact::ROLE,
        content: arguments::text("summary", argument(values, 1)?)?,
        ..extras(values)?
    };
    compact::compact(connection, thread, summary, first_kept).map(Answer::Integer)
}
