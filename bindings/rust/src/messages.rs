//! The branch methods on a store: those of [`History`](crate::History), on the store's own connections.

use serde_json::Value;

use crate::error::Result;
use crate::history::{
    BranchDiff, ChildRecord, LeafRecord, MessageRecord, NewMessage, PathStep, Problem,
    SiblingRecord, TreeNode,
};
use crate::message_id::IntoMessageId;
use crate::store::StateStore;

/// Writing.
impl StateStore {
    /// Adds a message after the thread's current leaf and makes it the leaf. Returns its id.
    pub fn append_message(
        &self,
        thread_id: &str,
        role: &str,
        content: &str,
        item: Option<Value>,
    ) -> Result<i64> {
        let doing = || format!("append to thread {thread_id:?}");
        self.write(doing, |tx| {
            tx.append_message(thread_id, role, content, item)
        })
    }

    /// Adds messages one after the other, after the thread's current leaf, and makes the last one the leaf: all of them
    /// or none. Returns their ids.
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
    pub fn append_messages(
        &self,
        thread_id: &str,
        messages: &[NewMessage<'_>],
    ) -> Result<Vec<i64>> {
        let doing = || format!("append to thread {thread_id:?}");
        self.write_together(doing, |tx| tx.append_messages(thread_id, messages))
    }

    /// Adds a message after the given one, wherever in its thread that is, and makes it the thread's leaf. Returns its
    /// id.
    pub fn fork_at_message(
        &self,
        message_id: impl IntoMessageId,
        role: &str,
        content: &str,
        item: Option<Value>,
    ) -> Result<i64> {
        let id = message_id.into_message_id()?;
        let doing = || format!("fork at message {id}");
        self.write(doing, |tx| tx.fork_at_message(id, role, content, item))
    }

    /// Adds a message beside the given one, an edited prompt or a regenerated answer, and makes it the thread's leaf.
    /// Returns its id.
    pub fn add_alternative(
        &self,
        message_id: impl IntoMessageId,
        role: &str,
        content: &str,
        item: Option<Value>,
    ) -> Result<i64> {
        let id = message_id.into_message_id()?;
        let doing = || format!("add an alternative to message {id}");
        self.write(doing, |tx| tx.add_alternative(id, role, content, item))
    }

    /// Moves the thread's leaf to any of its messages, or before the first one with `None`.
    ///
    /// A user who picks an alternative expects what came after it as well: switch to its [`tip`](StateStore::tip).
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
    pub fn switch_leaf(&self, thread_id: &str, message_id: Option<i64>) -> Result<()> {
        let doing = || format!("switch thread {thread_id:?}");
        self.write(doing, |tx| tx.switch_leaf(thread_id, message_id))
    }

    /// [`StateStore::switch_leaf`] under the name, and with the id, that the seed has.
    pub fn set_current_leaf_id(
        &self,
        thread_id: &str,
        current_leaf_id: impl IntoMessageId,
    ) -> Result<()> {
        self.switch_leaf(thread_id, Some(current_leaf_id.into_message_id()?))
    }

    /// Deletes all messages of a thread. Returns how many there were: none if there is no such thread.
    pub fn clear_messages(&self, thread_id: &str) -> Result<usize> {
        let doing = || format!("clear thread {thread_id:?}");
        self.write(doing, |tx| tx.clear_messages(thread_id))
    }

    /// Deletes a message with everything below it. A leaf in there moves to the message's parent. Returns how many
    /// messages were deleted.
    pub fn prune(&self, message_id: impl IntoMessageId) -> Result<usize> {
        let id = message_id.into_message_id()?;
        self.write(|| format!("prune message {id}"), |tx| tx.prune(id))
    }

    /// Copies the messages on the path to the given one into a new thread, with the thread's metadata. The session index
    /// gets the new thread's name, which is that of the old one. Returns the new thread's leaf.
    pub fn copy_branch(&self, message_id: impl IntoMessageId, new_thread_id: &str) -> Result<i64> {
        let id = message_id.into_message_id()?;
        let doing = || format!("copy the branch of message {id} to thread {new_thread_id:?}");
        self.write_together(doing, |tx| tx.copy_branch(id, new_thread_id))
    }
}

/// Reading.
impl StateStore {
    /// The thread's current branch, first message to last: its last `limit` messages, 500 if none is given. Empty for
    /// an unknown thread.
    pub fn list_messages(
        &self,
        thread_id: &str,
        limit: Option<usize>,
    ) -> Result<Vec<MessageRecord>> {
        self.read(|tx| tx.list_messages(thread_id, limit))
    }

    /// The page before: the last `limit` (500) messages of the thread's current branch above the given one, which is
    /// normally the first of the page after.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # store.upsert_thread(&sqlite_branch_store::ThreadMetadata::new("t"))?;
    /// # store.append_messages("t", &[sqlite_branch_store::NewMessage::new("user", "x"); 45])?;
    /// // From the newest message back to the first, 20 at a time.
    /// let mut page = store.list_messages("t", Some(20))?;
    /// let mut sizes = vec![];
    /// while let Some(first) = page.first() {
    ///     sizes.push(page.len());
    ///     page = store.list_messages_before("t", first.id, Some(20))?;
    /// }
    /// assert_eq!(sizes, [20, 20, 5]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_messages_before(
        &self,
        thread_id: &str,
        before: impl IntoMessageId,
        limit: Option<usize>,
    ) -> Result<Vec<MessageRecord>> {
        self.read(|tx| tx.list_messages_before(thread_id, before, limit))
    }

    /// The path to a message, first to last, by id: its last `limit` messages, or all of them.
    pub fn path(
        &self,
        message_id: impl IntoMessageId,
        limit: Option<usize>,
    ) -> Result<Vec<PathStep>> {
        self.read(|tx| tx.path(message_id, limit))
    }

    /// The messages of a thread that have no child, by id: the ends of its branches.
    pub fn list_leaf_messages(&self, thread_id: &str) -> Result<Vec<MessageRecord>> {
        self.read(|tx| tx.list_leaf_messages(thread_id))
    }

    /// The same, with where each stands.
    pub fn leaves(&self, thread_id: &str) -> Result<Vec<LeafRecord>> {
        self.read(|tx| tx.leaves(thread_id))
    }

    /// The messages right below one, by id.
    pub fn children(&self, message_id: impl IntoMessageId) -> Result<Vec<ChildRecord>> {
        self.read(|tx| tx.children(message_id))
    }

    /// A message and its alternatives, by id; of a first message, all first messages of its thread.
    pub fn siblings(&self, message_id: impl IntoMessageId) -> Result<Vec<SiblingRecord>> {
        self.read(|tx| tx.siblings(message_id))
    }

    /// All messages of a thread as a drawing, one line each.
    pub fn tree(&self, thread_id: &str) -> Result<Vec<TreeNode>> {
        self.read(|tx| tx.tree(thread_id))
    }

    /// What the paths to two messages do not share.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # store.upsert_thread(&sqlite_branch_store::ThreadMetadata::new("t"))?;
    /// store.append_message("t", "user", "Name a colour.", None)?;
    /// let blue = store.append_message("t", "assistant", "Blue.", None)?;
    /// let red = store.add_alternative(blue, "assistant", "Red.", None)?;
    /// let diff = store.diff(blue, red)?;
    /// assert_eq!((diff.a[0].id, diff.b[0].id), (blue, red));
    /// # Ok(())
    /// # }
    /// ```
    pub fn diff(&self, a: impl IntoMessageId, b: impl IntoMessageId) -> Result<BranchDiff> {
        self.read(|tx| tx.diff(a, b))
    }

    /// What is wrong in the stored trees, of one thread or of all. Nothing, normally.
    pub fn check(&self, thread_id: Option<&str>) -> Result<Vec<Problem>> {
        self.read(|tx| tx.check(thread_id))
    }

    /// The newest message at or below one: what to switch to when the user picks this alternative. `None` for a message
    /// that does not exist.
    pub fn tip(&self, message_id: impl IntoMessageId) -> Result<Option<i64>> {
        self.read(|tx| tx.tip(message_id))
    }

    /// The first message of the path to one. `None` for a message that does not exist.
    pub fn root(&self, message_id: impl IntoMessageId) -> Result<Option<i64>> {
        self.read(|tx| tx.root(message_id))
    }

    /// How many ancestors a message has. `None` for a message that does not exist.
    pub fn depth(&self, message_id: impl IntoMessageId) -> Result<Option<i64>> {
        self.read(|tx| tx.depth(message_id))
    }

    /// The nearest message on the paths to both, which may be one of the two. `None` if they share nothing, or if one
    /// of them does not exist.
    pub fn common_ancestor(
        &self,
        a: impl IntoMessageId,
        b: impl IntoMessageId,
    ) -> Result<Option<i64>> {
        self.read(|tx| tx.common_ancestor(a, b))
    }

    /// Whether `a` is `b` or above it. `None` if one of them does not exist.
    pub fn is_ancestor(
        &self,
        a: impl IntoMessageId,
        b: impl IntoMessageId,
    ) -> Result<Option<bool>> {
        self.read(|tx| tx.is_ancestor(a, b))
    }

    /// The version of the extension.
    pub fn version(&self) -> Result<String> {
        self.read(|tx| tx.version())
    }

    /// Build, commit and SQLite version, for bug reports.
    pub fn debug(&self) -> Result<String> {
        self.read(|tx| tx.debug())
    }
}
