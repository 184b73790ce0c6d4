//! The functions that read the tree. NULL for a message that does not exist.

use std::rc::Rc;

use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Answer, Connection, Value};
use crate::tree::path::common;
use crate::tree::rows::links;
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::shape::descendants;

/// `branch_depth(message_id)`: the number of its ancestors.
pub fn depth(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    of_one(connection, values, common::depth)
}

/// `branch_root(message_id)`: the first message of its path.
pub fn root(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    of_one(connection, values, common::root)
}

/// `branch_tip(message_id)`: the newest of it and its descendants.
pub fn tip(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    of_one(connection, values, descendants::tip)
}

/// `branch_common_ancestor(a, b)`: the nearest message on both paths.
pub fn common_ancestor(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    of_two(connection, values, |connection, a, b| {
        Ok(common::common(connection, a, b)?.into())
    })
}

/// `branch_is_ancestor(a, b)`: 1 if a is b or an ancestor of b, else 0.
pub fn is_ancestor(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    of_two(connection, values, |connection, a, b| {
        let is_ancestor = common::is_ancestor(connection, a, b)?;
        Ok(Answer::Integer(i64::from(is_ancestor)))
    })
}

fn of_one(
    connection: &Rc<Connection>,
    values: &[Value<'_>],
    ask: fn(&Rc<Connection>, i64) -> Result<i64>,
) -> Result<Answer> {
    let _snapshot = Snapshot::hold(connection)?;
    let Some(id) = id(connection, values, 0, "message_id")? else {
        return Ok(Answer::Null);
    };
    if !links::exists(connection, id)? {
        return Ok(Answer::Null);
    }
    ask(connection, id).map(Answer::Integer)
}

fn of_two(
    connection: &Rc<Connection>,
    values: &[Value<'_>],
    ask: fn(&Rc<Connection>, i64, i64) -> Result<Answer>,
) -> Result<Answer> {
    let _snapshot = Snapshot::hold(connection)?;
    let (a, b) = (
        id(connection, values, 0, "a")?,
        id(connection, values, 1, "b")?,
    );
    let (Some(a), Some(b)) = (a, b) else {
        return Ok(Answer::Null);
    };
    if !links::exists(connection, a)? || !links::exists(connection, b)? {
        return Ok(Answer::Null);
    }
    ask(connection, a, b)
}

fn id(
    connection: &Rc<Connection>,
    values: &[Value<'_>],
    at: usize,
    name: &str,
) -> Result<Option<i64>> {
    match values.get(at) {
        Some(value) => arguments::known_message_id(connection, name, *value),
        None => Ok(None),
    }
}
