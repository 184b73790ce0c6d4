//! What a model is sent: `branch_tokens()`.

use std::rc::Rc;

use super::argument;
use crate::arguments;
use crate::error::Result;
use crate::items::json::room;
use crate::items::Item;
use crate::sqlite::{Answer, Connection, Value};

/// `branch_tokens(content, item_json)`: how many tokens a message is taken to have.
pub fn tokens(_: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let (_, content) = arguments::stored("content", argument(values, 0)?)?;
    let (item_json, size) = arguments::stored("item_json", argument(values, 1)?)?;
    room(item_json)?;
    let tokens = Item::read(item_json).tokens_or_estimate(content, size);
    Ok(Answer::Integer(tokens))
}
