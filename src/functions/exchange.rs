//! `branch_put()` and `branch_export()`: conversations in and out.

use std::rc::Rc;

use super::{argument, time};
use crate::arguments;
use crate::error::Result;
use crate::exchange;
use crate::sqlite::{Answer, Connection, Value};

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
