//! What the branch methods take and return.

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sql;

/// A stored message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageRecord {
    /// Unique in the database; grows with every message.
    pub id: i64,
    /// The thread that the message belongs to.
    pub thread_id: String,
    /// Who speaks: `user`, `assistant`, `tool`, … Any text.
    pub role: String,
    /// The text of the message.
    pub content: String,
    /// What else the program keeps with the message, as JSON.
    pub item: Option<Value>,
    /// Unix seconds.
    pub created_at: i64,
    /// The message before this one on its branch; none for a first message.
    pub parent_entry_id: Option<i64>,
}

/// A message to be written, for [`append_messages`](crate::StateStore::append_messages).
#[derive(Debug, Clone, Copy)]
pub struct NewMessage<'a> {
    /// Who speaks.
    pub role: &'a str,
    /// The text of the message.
    pub content: &'a str,
    /// What else the program keeps with the message, as JSON.
    pub item: Option<&'a Value>,
    /// Unix seconds; none for the time of writing.
    pub created_at: Option<i64>,
    /// A name of its own, unique in the file, which is not empty and does not read as an integer. If it names a message
    /// already that is the same, nothing is written, and that one's id is returned: a call that is repeated after a lost
    /// answer happens once.
    pub uid: Option<&'a str>,
}

impl<'a> NewMessage<'a> {
    /// A message without an item, of now.
    pub fn new(role: &'a str, content: &'a str) -> Self {
        Self {
            role,
            content,
            item: None,
            created_at: None,
            uid: None,
        }
    }
}

/// A message of the current branch, with what a chat shows beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VersionRecord {
    /// The message.
    pub message: MessageRecord,
    /// Its uid, if it has one.
    pub uid: Option<String>,
    /// Its place among its alternatives, from 1: the 2 of "2 of 3".
    pub position: i64,
    /// How many alternatives there are, itself included: the 3.
    pub versions: i64,
}

/// A thread as a list of conversations shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ThreadSummary {
    /// The thread.
    pub id: String,
    /// The name that the user gave it.
    pub title: Option<String>,
    /// The beginning of the conversation, for lists.
    pub preview: String,
    /// Whether the thread is put away.
    pub archived: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
    /// The end of its current branch.
    pub current_leaf_id: Option<i64>,
    /// How many messages it has, on all branches.
    pub messages: i64,
    /// How many branches.
    pub leaves: i64,
    /// The message at the end of its current branch, unless that is missing.
    pub last: Option<LastMessage>,
}

/// The message at the end of a thread's current branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMessage {
    /// The message.
    pub id: i64,
    /// Who speaks.
    pub role: String,
    /// The text of the message.
    pub content: String,
    /// Unix seconds.
    pub created_at: i64,
}

/// A message with no child, and where it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LeafRecord {
    /// The message.
    pub message: MessageRecord,
    /// How many ancestors it has.
    pub depth: i64,
    /// Its nearest ancestor with more than one child; none if its branch never forked.
    pub fork_id: Option<i64>,
    /// Whether it is the leaf of its thread.
    pub is_current: bool,
}

/// A message right below another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChildRecord {
    /// The message.
    pub message: MessageRecord,
    /// Whether it is on the current branch of its thread.
    pub is_current: bool,
}

/// A message among its alternatives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SiblingRecord {
    /// The message.
    pub message: MessageRecord,
    /// Its place among them, from 1: the 2 of "2 of 3".
    pub position: i64,
    /// Whether it is on the current branch of its thread.
    pub is_current: bool,
}

/// A message on a path, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStep {
    /// The message.
    pub id: i64,
    /// How many steps above the end of the path it is; 0 at the end itself.
    pub distance: i64,
}

/// A line of the drawn tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeNode {
    /// The message.
    pub id: i64,
    /// The message before it; none for a first message.
    pub parent_entry_id: Option<i64>,
    /// Who speaks.
    pub role: String,
    /// Unix seconds.
    pub created_at: i64,
    /// How many ancestors it has in the drawing.
    pub depth: i64,
    /// How many children it has.
    pub children: i64,
    /// Whether it has none.
    pub is_leaf: bool,
    /// Whether it is on the current branch of its thread.
    pub is_current: bool,
    /// The beginning of its text, on one line.
    pub preview: String,
    /// The line to show to people.
    pub graph: String,
}

/// What two branches do not share.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BranchDiff {
    /// Below the common ancestor on the way to the first message, first to last.
    pub a: Vec<MessageRecord>,
    /// Below the common ancestor on the way to the second message, first to last.
    pub b: Vec<MessageRecord>,
}

/// Something wrong in the stored trees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The thread.
    pub thread_id: Option<String>,
    /// The message; none if the problem is the thread's own.
    pub message_id: Option<i64>,
    /// What kind of problem.
    pub problem: String,
    /// The ids, and what is wrong with them.
    pub detail: String,
}

/// The columns that [`message_from`] reads, as text for a statement.
macro_rules! message_columns {
    () => {
        "id, thread_id, role, content, item_json, created_at, parent_entry_id"
    };
}
pub(crate) use message_columns;

/// Reads a message from the columns of [`message_columns`], which begin at `first`.
pub(super) fn message_from(row: &Row<'_>, first: usize) -> rusqlite::Result<MessageRecord> {
    let text = |column: usize| -> rusqlite::Result<String> {
        Ok(row.get_ref(first + column)?.as_str()?.to_owned())
    };
    let id: i64 = row.get(first)?;
    let thread_id = text(1)?;
    let item = sql::optional_json(row, first + 4, || {
        format!("the item of message {id} in thread {thread_id:?}")
    })?;
    Ok(MessageRecord {
        id,
        role: text(2)?,
        content: text(3)?,
        item,
        created_at: row.get(first + 5)?,
        parent_entry_id: row.get(first + 6)?,
        thread_id,
    })
}
