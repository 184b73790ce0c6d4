//! The branch functions that write.

use rusqlite::{params, ToSql};
use serde_json::Value;

use super::{History, NewMessage};
use crate::error::{Error, Result};
use crate::message_id::IntoMessageId;
use crate::sql;

store_methods! {
    History

    /// Adds a message after the thread's current leaf and makes it the leaf. Returns its id.
    write("append to thread {thread_id:?}")
    fn append_message(
        &self,
        thread_id: &str,
        role: &str,
        content: &str,
        item: Option<Value>,
    ) -> Result<i64> {
        self.append(
            thread_id,
            &NewMessage {
                item: item.as_ref(),
                ..NewMessage::new(role, content)
            },
        )
    }

    /// Adds messages one after the other, after the thread's current leaf, and makes the last one the leaf: all of them
    /// or none. Returns their ids. (On a [`History`](crate::History) outside of a transaction, each is written by itself.)
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # store.upsert_thread(&sqlite_branch_store::ThreadMetadata::new("t"))?;
    /// use sqlite_branch_store::NewMessage;
    ///
    /// let ids = store.append_messages(
    ///     "t",
    ///     &[NewMessage::new("user", "1 + 1?"), NewMessage::new("assistant", "2")],
    /// )?;
    /// assert_eq!(ids.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    together("append to thread {thread_id:?}")
    fn append_messages(
        &self,
        thread_id: &str,
        messages: &[NewMessage<'_>],
    ) -> Result<Vec<i64>> {
        messages
            .iter()
            .map(|message| self.append(thread_id, message))
            .collect()
    }

    /// Adds a message after the given one, wherever in its thread that is, and makes it the thread's leaf. Returns its
    /// id.
    ///
    /// Fails with [`Error::NotFound`](crate::Error::NotFound) if there is no such message.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// let purple = store.fork_at_message(question, "assistant", "Purple.", None)?;
    /// assert_eq!(store.list_messages(&chat, None)?.last().unwrap().id, purple);
    /// assert_eq!(store.children(question)?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    write("fork at message {message_id}"; message_id)
    fn fork_at_message(
        &self,
        message_id: impl IntoMessageId,
        role: &str,
        content: &str,
        item: Option<Value>,
    ) -> Result<i64> {
        self.fork(
            message_id,
            &NewMessage {
                item: item.as_ref(),
                ..NewMessage::new(role, content)
            },
        )
    }

    /// Adds a message beside the given one, an edited prompt or a regenerated answer, and makes it the thread's leaf.
    /// Returns its id.
    ///
    /// Fails with [`Error::NotFound`](crate::Error::NotFound) if there is no such message.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// let green = store.add_alternative(blue, "assistant", "Green.", None)?;
    /// assert_eq!(store.siblings(blue)?[1].message.id, green);
    /// # Ok(())
    /// # }
    /// ```
    write("add an alternative to message {message_id}"; message_id)
    fn add_alternative(
        &self,
        message_id: impl IntoMessageId,
        role: &str,
        content: &str,
        item: Option<Value>,
    ) -> Result<i64> {
        self.alternative(
            message_id,
            &NewMessage {
                item: item.as_ref(),
                ..NewMessage::new(role, content)
            },
        )
    }

    /// Adds a message after the thread's current leaf and makes it the leaf. Returns its id.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// use sqlite_branch_store::NewMessage;
    ///
    /// let message = NewMessage { uid: Some("request-17"), ..NewMessage::new("user", "Name a colour.") };
    /// let id = store.append(&chat, &message)?;
    /// // The answer was lost, and the client asks again.
    /// assert_eq!(store.append(&chat, &message)?, id);
    /// assert_eq!(store.find_message("request-17")?, Some(id));
    /// # Ok(())
    /// # }
    /// ```
    write("append to thread {thread_id:?}")
    fn append(&self, thread_id: &str, message: &NewMessage<'_>) -> Result<i64> {
        let doing = || format!("append to thread {thread_id:?}");
        self.add(
            "SELECT branch_append(?1, ?2, ?3, ?4, ?5, ?6)",
            thread_id,
            message,
            doing,
        )
        .map_err(|error| error.refused(Some(thread_id), None))
    }

    /// Adds a message after the given one, wherever in its thread that is, and makes it the thread's leaf. Returns its
    /// id.
    ///
    /// Fails with [`Error::NotFound`](crate::Error::NotFound) if there is no such message.
    /// With a uid that names another message: [`Error::UidTaken`](crate::Error::UidTaken).
    write("fork at message {message_id}"; message_id)
    fn fork(&self, message_id: impl IntoMessageId, message: &NewMessage<'_>) -> Result<i64> {
        let message_id = message_id.into_message_id()?;
        let doing = || format!("fork at message {message_id}");
        self.add(
            "SELECT branch_fork(?1, ?2, ?3, ?4, ?5, ?6)",
            message_id,
            message,
            doing,
        )
        .map_err(|error| error.refused(None, Some(message_id)))
    }

    /// Adds a message beside the given one, an edited prompt or a regenerated answer, and makes it the thread's leaf.
    /// Returns its id.
    ///
    /// Fails with [`Error::NotFound`](crate::Error::NotFound) if there is no such message.
    /// With a uid that names another message: [`Error::UidTaken`](crate::Error::UidTaken).
    write("add an alternative to message {message_id}"; message_id)
    fn alternative(
        &self,
        message_id: impl IntoMessageId,
        message: &NewMessage<'_>,
    ) -> Result<i64> {
        let message_id = message_id.into_message_id()?;
        let doing = || format!("add an alternative to message {message_id}");
        self.add(
            "SELECT branch_alternative(?1, ?2, ?3, ?4, ?5, ?6)",
            message_id,
            message,
            doing,
        )
        .map_err(|error| error.refused(None, Some(message_id)))
    }

    /// Shows a message: its thread's leaf goes to its [`tip`](crate::StateStore::tip); with a position, to the tip of its
    /// alternative of that position, where 1 is the oldest. An unknown message or position is an error, and moves nothing.
    /// Returns the new leaf.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// let green = store.add_alternative(blue, "assistant", "Green.", None)?;
    /// // "‹ 1/2 ›", and forward again.
    /// assert_eq!(store.select_message(green, Some(1))?, blue);
    /// assert_eq!(store.select_message(blue, Some(2))?, green);
    /// # Ok(())
    /// # }
    /// ```
    write("select message {message_id}"; message_id)
    fn select_message(
        &self,
        message_id: impl IntoMessageId,
        position: Option<i64>,
    ) -> Result<i64> {
        let message_id = message_id.into_message_id()?;
        sql::value(
            self.conn,
            "SELECT branch_select(?1, ?2)",
            params![message_id, position],
            || format!("select message {message_id}"),
        )
        .map_err(|error| error.refused(None, Some(message_id)))
    }

    /// Moves the thread's leaf to any of its messages, or before the first one with `None`.
    ///
    /// A user who picks an alternative expects what came after it as well: switch to its [`tip`](crate::StateStore::tip).
    /// The tip of an unknown message is `None`, which would switch to before the first one: check its id first.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # store.upsert_thread(&sqlite_branch_store::ThreadMetadata::new("t"))?;
    /// let question = store.append_message("t", "user", "Name a colour.", None)?;
    /// let blue = store.append_message("t", "assistant", "Blue.", None)?;
    /// store.append_message("t", "user", "Another.", None)?;
    /// store.add_alternative(question, "user", "Name a fruit.", None)?;
    ///
    /// store.switch_leaf("t", store.tip(blue)?)?;
    /// assert_eq!(store.list_messages("t", None)?.len(), 3);
    /// # Ok(())
    /// # }
    /// ```
    write("switch thread {thread_id:?}")
    fn switch_leaf(&self, thread_id: &str, message_id: Option<i64>) -> Result<()> {
        let doing = || match message_id {
            Some(id) => format!("switch thread {thread_id:?} to message {id}"),
            None => format!("switch thread {thread_id:?} to before its first message"),
        };
        sql::value::<Option<i64>>(
            self.conn,
            "SELECT branch_switch(?1, ?2)",
            params![thread_id, message_id],
            doing,
        )
        .map_err(|error| error.refused(Some(thread_id), message_id))?;
        Ok(())
    }

    /// [`StateStore::switch_leaf`](crate::StateStore::switch_leaf) under the name, and with the id, that the seed has.
    write("switch thread {thread_id:?}"; current_leaf_id)
    fn set_current_leaf_id(
        &self,
        thread_id: &str,
        current_leaf_id: impl IntoMessageId,
    ) -> Result<()> {
        self.switch_leaf(thread_id, Some(current_leaf_id.into_message_id()?))
    }

    /// Deletes all messages of a thread. Returns how many there were: none if there is no such thread.
    write("clear thread {thread_id:?}")
    fn clear_messages(&self, thread_id: &str) -> Result<usize> {
        let cleared = sql::value(self.conn, "SELECT branch_clear(?1)", [thread_id], || {
            format!("clear thread {thread_id:?}")
        })
        .map(count)
        .map_err(|error| error.refused(Some(thread_id), None));
        match cleared {
            Err(Error::NotFound { .. }) => Ok(0),
            other => other,
        }
    }

    /// Deletes a message with everything below it. A leaf in there moves to the message's parent. Returns how many
    /// messages were deleted.
    ///
    /// Fails with [`Error::NotFound`](crate::Error::NotFound) if there is no such message.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// store.append_message(&chat, "user", "Another.", None)?;
    /// assert_eq!(store.prune(blue)?, 2);
    /// assert_eq!(store.list_messages(&chat, None)?.last().unwrap().id, question);
    /// # Ok(())
    /// # }
    /// ```
    write("prune message {message_id}"; message_id)
    fn prune(&self, message_id: impl IntoMessageId) -> Result<usize> {
        let message_id = message_id.into_message_id()?;
        sql::value(self.conn, "SELECT branch_prune(?1)", [message_id], || {
            format!("prune message {message_id}")
        })
        .map(count)
        .map_err(|error| error.refused(None, Some(message_id)))
    }

    /// Copies the messages on the path to the given one into a new thread, with the thread's metadata. The session index
    /// gets the new thread's name, which is that of the old one. Returns the new thread's leaf.
    ///
    /// Fails with [`Error::AlreadyExists`](crate::Error::AlreadyExists) if there is a thread of that id, and with
    /// [`Error::NotFound`](crate::Error::NotFound) if there is no such message.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// let leaf = store.copy_branch(blue, "a new chat")?;
    /// assert_eq!(store.depth(leaf)?, Some(1));
    /// assert_eq!(store.get_thread("a new chat")?.unwrap().current_leaf_id, Some(leaf));
    /// # Ok(())
    /// # }
    /// ```
    together("copy the branch of message {message_id} to thread {new_thread_id:?}"; message_id)
    fn copy_branch(&self, message_id: impl IntoMessageId, new_thread_id: &str) -> Result<i64> {
        let message_id = message_id.into_message_id()?;
        sql::value(
            self.conn,
            "SELECT branch_copy(?1, ?2, ?3)",
            params![message_id, new_thread_id, self.created_at()],
            || format!("copy the branch of message {message_id} to thread {new_thread_id:?}"),
        )
        .map_err(|error| error.refused(Some(new_thread_id), Some(message_id)))
    }
}

impl History<'_> {
    fn add(
        &self,
        call: &str,
        to: impl ToSql,
        message: &NewMessage<'_>,
        doing: impl Fn() -> String,
    ) -> Result<i64> {
        let item = item_text(message.item, &doing)?;
        let created_at = message.created_at.unwrap_or_else(|| self.created_at());
        sql::value(
            self.conn,
            call,
            params![
                to,
                message.role,
                message.content,
                item,
                created_at,
                message.uid
            ],
            doing,
        )
        .map_err(|error| error.or_taken(message.uid))
    }
}

/// How many rows a function says that it deleted.
fn count(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or_default()
}

pub(super) fn item_text(
    item: Option<&Value>,
    doing: impl Fn() -> String,
) -> Result<Option<String>> {
    item.map(|item| sql::json_text(item, || format!("the item of a message ({})", doing())))
        .transpose()
}
