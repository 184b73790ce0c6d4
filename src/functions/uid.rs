//! From a message's own name to its id, and back.

use std::rc::Rc;

use super::argument;
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Answer, Connection, Kind, Value};
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::uids;

/// `branch_id(uid)`: the id of the message that has that uid.
pub fn id(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let uid = argument(values, 0)?;
    if uid.kind() == Kind::Null {
        return Ok(Answer::Null);
    }
    let uid = arguments::text("uid", uid)?;
    uids::find(connection, uid).map(Answer::from)
}

/// `branch_uid(message_id)`: the message's uid.
pub fn uid(connection: &Rc<Connection>, values: &[Value<'_>]) -> Result<Answer> {
    let _snapshot = Snapshot::hold(connection)?;
    let message = arguments::known_message_id(connection, "message_id", argument(values, 0)?)?;
    let uid = match message {
        Some(id) => uids::of(connection, id)?,
        None => None,
    };
    Ok(uid.map_or(Answer::Null, Answer::Bytes))
}
