//! Labels, and search over all messages.

use rusqlite::{params, Row};
use serde::{Deserialize, Serialize};

use super::records::{message_columns, message_from};
use super::MessageRecord;
use crate::error::Result;
use crate::history::History;
use crate::message_id::IntoMessageId;
use crate::sql;

/// How many messages are found when the caller sets no limit.
const FOUND: usize = 50;

/// A name for a place in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRecord {
    /// The thread.
    pub thread_id: String,
    /// The name, of which the thread has one.
    pub label: String,
    /// The message that it names.
    pub message_id: i64,
    /// Unix seconds.
    pub created_at: i64,
    /// Whether the message is on the current branch of the thread.
    pub is_current: bool,
}

/// A message that was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoundMessage {
    /// The message.
    pub message: MessageRecord,
    /// How well it matches: the lower the better. FTS5's bm25.
    pub rank: f64,
    /// The place in its content, in one line, with the matches in `«` and `»`.
    pub snippet: String,
    /// Whether it is on the current branch of its thread.
    pub is_current: bool,
}

store_methods! {
    History

    /// Names a place in a thread. A label that is on another message of the thread moves here. Returns whether anything
    /// changed: not if the message has the label already.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// let plan = store.append_message(&chat, "user", "Make a plan.", None)?;
    /// store.set_label(plan, "start")?;
    ///
    /// let labels = store.list_labels(Some(&chat))?;
    /// assert_eq!((labels[0].label.as_str(), labels[0].message_id), ("start", plan));
    /// # Ok(())
    /// # }
    /// ```
    write("label message {message_id}"; message_id)
    fn set_label(&self, message_id: impl IntoMessageId, label: &str) -> Result<bool> {
        let id = message_id.into_message_id()?;
        let changed: i64 = sql::value(
            self.conn,
            "SELECT branch_label(?1, ?2, ?3)",
            // Without a time of the caller's, a label that is there already keeps its own.
            params![id, label, self.created_at],
            || format!("label message {id}"),
        )
        .map_err(|error| error.refused(None, Some(id)))?;
        Ok(changed > 0)
    }

    /// Removes a label. Returns whether the thread had it.
    write("remove a label of thread {thread_id:?}")
    fn remove_label(&self, thread_id: &str, label: &str) -> Result<bool> {
        let removed: i64 = sql::value(
            self.conn,
            "SELECT branch_unlabel(?1, ?2)",
            [thread_id, label],
            || format!("remove label {label:?} of thread {thread_id:?}"),
        )
        .map_err(|error| error.refused(Some(thread_id), None))?;
        Ok(removed > 0)
    }

    /// Removes all labels of a message. Returns how many it had.
    write("remove the labels of message {message_id}"; message_id)
    fn clear_labels(&self, message_id: impl IntoMessageId) -> Result<usize> {
        let id = message_id.into_message_id()?;
        let removed: i64 = sql::value(self.conn, "SELECT branch_label(?1, NULL)", [id], || {
            format!("remove the labels of message {id}")
        })
        .map_err(|error| error.refused(None, Some(id)))?;
        Ok(usize::try_from(removed).unwrap_or_default())
    }

    /// The labels of a thread or, without one, of all threads, by thread and label.
    read
    fn list_labels(&self, thread_id: Option<&str>) -> Result<Vec<LabelRecord>> {
        sql::all(
            self.conn,
            "SELECT thread_id, label, message_id, created_at, is_current FROM branch_labels(?1)",
            [thread_id],
            || "list labels".to_owned(),
            |row| {
                Ok(LabelRecord {
                    thread_id: row.get(0)?,
                    label: row.get(1)?,
                    message_id: row.get(2)?,
                    created_at: row.get(3)?,
                    is_current: row.get(4)?,
                })
            },
        )
    }

    /// The messages that match a query, on all branches of a thread or, without one, of all threads. The best comes first; at
    /// most `limit`, 50 if none is given.
    ///
    /// The query has [FTS5's syntax](https://sqlite.org/fts5.html#full_text_query_syntax); what is none is
    /// [`Error::InvalidValue`](crate::Error::InvalidValue). Chinese, Japanese and Korean are found by one character or more.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// store.append_message(&chat, "user", "What can I plant in March?", None)?;
    /// let found = store.search("plant* march", None, None)?;
    /// assert_eq!(found[0].snippet, "What can I «plant» in «March»?");
    /// # Ok(())
    /// # }
    /// ```
    read
    fn search(
        &self,
        query: &str,
        thread_id: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Vec<FoundMessage>> {
        sql::all(
            self.conn,
            concat!(
                "SELECT ",
                message_columns!(),
                ", rank, snippet, is_current FROM branch_search(?1, ?2) ORDER BY rank LIMIT ?3"
            ),
            params![query, thread_id, sql::limit(limit.unwrap_or(FOUND))],
            || format!("search for {query:?}"),
            found,
        )
        .map_err(|error| error.query_refused(query))
    }

    /// Brings the index that [`search`](crate::StateStore::search) uses up to date. It finds everything without too, but
    /// reads the messages that are not indexed each time. Returns how many were added. With nothing to do it takes no
    /// lock.
    write("index messages")
    fn index_messages(&self) -> Result<usize> {
        let added: i64 = sql::value(self.conn, "SELECT branch_index()", [], || {
            "index messages".to_owned()
        })?;
        Ok(usize::try_from(added).unwrap_or_default())
    }

    /// Makes the index anew: messages that were changed after they were indexed are then found by their new words. Returns
    /// how many are in it.
    write("rebuild the index of messages")
    fn rebuild_index(&self) -> Result<usize> {
        let added: i64 = sql::value(self.conn, "SELECT branch_index('rebuild')", [], || {
            "rebuild the index of messages".to_owned()
        })?;
        Ok(usize::try_from(added).unwrap_or_default())
    }
}

fn found(row: &Row<'_>) -> rusqlite::Result<FoundMessage> {
    Ok(FoundMessage {
        message: message_from(row, 0)?,
        rank: row.get(7)?,
        snippet: row.get(8)?,
        is_current: row.get(9)?,
    })
}
