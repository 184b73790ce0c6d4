//! What a model is sent: `branch_tokens()`.

use std::rc::Rc;

use crate::arguments;
use crate::error::Result;
use crate::items::Item;
use crate::sqlite::{Answer, Connection, Value};

/// `branch_tokens(content, item_json)`: how many tokens a message is taken to have.
pub fn tokens(_: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let bytes = |at: usize, name| match values.get(at) {
        Some(value) => arguments::optional_bytes(name, *value),
        None => Ok(&[][..]),
    };
    let (content, item_json) = (bytes(0, "content")?, bytes(1, "item_json")?);
    let tokens = Item::read(item_json).tokens_or_estimate(content.len(), item_json.len());
    Ok(Answer::Integer(tokens))
}
