//! Threads without their records, and what a list of conversations shows.

use rusqlite::{params, Row};

use super::records::message_from;
use super::{LastMessage, ThreadSummary, VersionRecord};
use crate::error::{Error, Result};
use crate::history::History;
use crate::message_id::IntoMessageId;
use crate::sql;

/// How many threads are listed when the caller sets no limit, and how many messages.
const THREADS: usize = 50;
const MESSAGES: usize = 500;

store_methods! {
    History

    /// Makes a thread if it is not there, with a sensible value in every column, and sets its title if one is given.
    /// Without an id it gets a new one, a UUID that begins with the time. Its name goes to the session index. Returns its
    /// id.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// let chat = store.create_thread(None, Some("Colours"))?;
    /// store.append_message(&chat, "user", "Name a colour.", None)?;
    ///
    /// let listed = store.list_summaries(None)?;
    /// assert_eq!(listed[0].title.as_deref(), Some("Colours"));
    /// assert_eq!(listed[0].last.as_ref().map(|last| last.content.as_str()), Some("Name a colour."));
    /// # Ok(())
    /// # }
    /// ```
    together("make a thread")
    fn create_thread(&self, thread_id: Option<&str>, title: Option<&str>) -> Result<String> {
        sql::value(
            self.conn,
            "SELECT branch_thread(?1, ?2, ?3)",
            params![thread_id, title, self.created_at()],
            || match thread_id {
                Some(id) => format!("make thread {id:?}"),
                None => "make a thread".to_owned(),
            },
        )
    }

    /// Gives a thread another title, or none.
    together("rename thread {thread_id:?}")
    fn rename_thread(&self, thread_id: &str, title: Option<&str>) -> Result<()> {
        let renamed = sql::run(
            self.conn,
            "UPDATE main.threads SET title = ?2 WHERE id = ?1",
            params![thread_id, title],
            || format!("rename thread {thread_id:?}"),
        )?;
        found(thread_id, renamed)
    }

    /// Sets the `updated_at` of a thread, by which lists are sorted, to now. Adding a message does not.
    write("touch thread {thread_id:?}")
    fn touch_thread(&self, thread_id: &str) -> Result<()> {
        let touched = sql::run(
            self.conn,
            "UPDATE main.threads SET updated_at = ?2 WHERE id = ?1",
            params![thread_id, self.created_at()],
            || format!("touch thread {thread_id:?}"),
        )?;
        found(thread_id, touched)
    }

    /// As [`delete_thread`](crate::StateStore::delete_thread), with an error if there is no such thread. Returns how many
    /// messages it had.
    write("delete thread {thread_id:?}")
    fn remove_thread(&self, thread_id: &str) -> Result<usize> {
        let deleted: i64 = sql::value(self.conn, "SELECT branch_delete(?1)", [thread_id], || {
            format!("delete thread {thread_id:?}")
        })
        .map_err(|error| error.refused(Some(thread_id), None))?;
        Ok(usize::try_from(deleted).unwrap_or_default())
    }

    /// Threads as a list of conversations shows them, the latest `updated_at` first: at most `limit`, 50 if none is given.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// let chats = store.list_summaries(None)?;
    /// let last = chats[0].last.as_ref().unwrap();
    /// assert_eq!((chats[0].messages, last.id, last.content.as_str()), (2, blue, "Blue."));
    /// # Ok(())
    /// # }
    /// ```
    read
    fn list_summaries(&self, limit: Option<usize>) -> Result<Vec<ThreadSummary>> {
        sql::all(
            self.conn,
            "SELECT id, title, preview, archived, created_at, updated_at, current_leaf_id, messages, leaves, \
                 last_id, last_role, last_content, last_at \
             FROM branch_threads() ORDER BY updated_at DESC LIMIT ?1",
            [sql::limit(limit.unwrap_or(THREADS))],
            || "list conversations".to_owned(),
            read_summary,
        )
    }

    /// One thread as a list of conversations shows it. `None` if there is no such thread.
    read
    fn summary(&self, thread_id: &str) -> Result<Option<ThreadSummary>> {
        sql::first(
            self.conn,
            "SELECT id, title, preview, archived, created_at, updated_at, current_leaf_id, messages, leaves, \
                 last_id, last_role, last_content, last_at \
             FROM branch_threads() WHERE id = ?1",
            [thread_id],
            || format!("read the summary of thread {thread_id:?}"),
            read_summary,
        )
    }

    /// The thread's current branch as [`list_messages`](crate::StateStore::list_messages) gives it, with each message's uid, and
    /// which of how many alternatives it is: the "‹ 2/3 ›" of a chat.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// store.append_message(&chat, "user", "Name a colour.", None)?;
    /// let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// let red = store.add_alternative(blue, "assistant", "Red.", None)?;
    ///
    /// let shown = store.list_versions(&chat, None)?;
    /// assert_eq!((shown[1].position, shown[1].versions), (2, 2));
    /// // The arrow to the left.
    /// assert_eq!(store.select_message(red, Some(1))?, blue);
    /// # Ok(())
    /// # }
    /// ```
    read
    fn list_versions(
        &self,
        thread_id: &str,
        limit: Option<usize>,
    ) -> Result<Vec<VersionRecord>> {
        sql::all(
            self.conn,
            "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id, uid, position, versions \
             FROM branch_messages(?1, ?2)",
            params![thread_id, sql::limit(limit.unwrap_or(MESSAGES))],
            || format!("list messages of thread {thread_id:?}"),
            |row| {
                Ok(VersionRecord {
                    message: message_from(row, 0)?,
                    uid: row.get(7)?,
                    position: row.get(8)?,
                    versions: row.get(9)?,
                })
            },
        )
    }

    /// The id of the message that has this uid. `None` if none has.
    read
    fn find_message(&self, uid: &str) -> Result<Option<i64>> {
        sql::value(self.conn, "SELECT branch_id(?1)", [uid], || {
            format!("look for the message of uid {uid:?}")
        })
    }

    /// The uid of a message. `None` if it has none, or does not exist.
    read
    fn uid(&self, message_id: impl IntoMessageId) -> Result<Option<String>> {
        let id = message_id.into_message_id()?;
        let doing = || format!("read the uid of message {id}");
        sql::value(self.conn, "SELECT branch_uid(?1)", [id], doing)
    }
}

fn found(thread_id: &str, rows: usize) -> Result<()> {
    if rows == 0 {
        return Err(Error::no_thread(thread_id));
    }
    Ok(())
}

fn read_summary(row: &Row<'_>) -> rusqlite::Result<ThreadSummary> {
    let last = match row.get(9)? {
        Some(id) => Some(LastMessage {
            id,
            role: row.get(10)?,
            content: row.get(11)?,
            created_at: row.get(12)?,
        }),
        None => None,
    };
    Ok(ThreadSummary {
        id: row.get(0)?,
        title: row.get(1)?,
        preview: row.get(2)?,
        archived: row.get::<_, i64>(3)? != 0,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        current_leaf_id: row.get(6)?,
        messages: row.get(7)?,
        leaves: row.get(8)?,
        last,
    })
}
