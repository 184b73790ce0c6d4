//! `INSERT INTO branch_messages(thread_id, role, content ...)`: adds messages as the functions do.

use std::rc::Rc;

use crate::arguments;
use crate::error::{Error, Result};
use crate::sqlite::{Change, Connection, Kind, Value};
use crate::tree::rows::columns::{ID, WIDTH};
use crate::tree::write::append::{self, Draft};

const THREAD_ID: usize = ID + 1;
const ROLE: usize = ID + 2;
const CONTENT: usize = ID + 3;
const ITEM_JSON: usize = ID + 4;
const CREATED_AT: usize = ID + 5;
const PARENT: usize = ID + 6;
pub(super) const DISTANCE: usize = WIDTH;
/// The first of the arguments.
const THREAD: usize = DISTANCE + 1;
pub(super) const UID: usize = THREAD + 3;
pub(super) const POSITION: usize = UID + 1;
pub(super) const VERSIONS: usize = UID + 2;

/// What the statement says of a column that cannot be set.
const REFUSED: [(usize, &str); 7] = [
    (ID, "id is given by the database"),
    (DISTANCE, "distance follows from where the message is"),
    (THREAD, "thread is an argument for reading; name thread_id"),
    (THREAD + 1, "limit is an argument for reading"),
    (THREAD + 2, "before is an argument for reading"),
    (POSITION, "position follows from where the message is"),
    (VERSIONS, "versions follows from where the message is"),
];

/// What an UPDATE or DELETE of any rows hears, which SQLite begins with reading them.
pub const INSTEAD: &str =
    " (no UPDATE or DELETE: branch_alternative stores an edited message, branch_prune and branch_clear delete)";

/// Stores a message. Gives its id.
pub fn write(connection: &Rc<Connection>, change: Change<'_>) -> Result<i64> {
    let (rowid, columns) = match change {
        Change::Insert { rowid, columns } => (rowid, columns),
        Change::Update => {
            return Err(Error::misuse(
                "no UPDATE: branch_alternative(message_id, role, content) stores an edited message beside the old one, \
                 branch_switch moves the leaf",
            ))
        }
        Change::Delete => {
            return Err(Error::misuse(
                "no DELETE: branch_prune(message_id) deletes a message with all below it, branch_clear(thread_id) all \
                 of a thread",
            ))
        }
    };
    let column = |at: usize| columns.get(at).copied().filter(is_given);
    if is_given(&rowid) {
        return Err(Error::misuse(
            "id is given by the database, and cannot be set",
        ));
    }
    for (at, why) in REFUSED {
        if column(at).is_some() {
            return Err(Error::misuse(format!("{why}, and cannot be set")));
        }
    }
    let required = |at: usize| columns.get(at).copied().ok_or_else(Error::no_memory);
    let thread = arguments::thread_id("thread_id", required(THREAD_ID)?)?;
    let draft = Draft {
        role: arguments::text("role", required(ROLE)?)?,
        content: arguments::text("content", required(CONTENT)?)?,
        item_json: match column(ITEM_JSON) {
            Some(value) => arguments::json("item_json", value)?,
            None => None,
        },
        created_at: match column(CREATED_AT) {
            Some(value) => arguments::time("created_at", value)?,
            None => arguments::now(),
        },
        uid: match column(UID) {
            Some(value) => arguments::uid("uid", value)?,
            None => None,
        },
    };
    match column(PARENT) {
        Some(parent) => {
            let parent = arguments::message("parent_entry_id", parent)?;
            append::fork_in(connection, thread, parent, draft)
        }
        None => append::append(connection, thread, draft),
    }
}

fn is_given(value: &Value<'_>) -> bool {
    value.kind() != Kind::Null
}
