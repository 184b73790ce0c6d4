//! What a model is sent and what it has used, on a store: [`History`](crate::History)'s methods on the store's own
//! connections.

use serde_json::Value;

use crate::error::Result;
use crate::history::{Compaction, Context, UsageRecord};
use crate::store::StateStore;

impl StateStore {
    /// Adds a summary below the thread's current leaf and makes it the leaf. Nothing is deleted;
    /// [`context`](StateStore::context) sends it in place of what came before. Returns its id.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # store.upsert_thread(&sqlite_branch_store::ThreadMetadata::new("t"))?;
    /// use sqlite_branch_store::Compaction;
    ///
    /// store.append_message("t", "user", "1 + 1?", None)?;
    /// store.append_message("t", "assistant", "2", None)?;
    /// let question = store.append_message("t", "user", "And 2 + 2?", None)?;
    /// let summary = store.compact(
    ///     "t",
    ///     &Compaction {
    ///         first_kept_id: Some(question),
    ///         ..Compaction::new("We add numbers.")
    ///     },
    /// )?;
    /// let context = store.context("t", None, None)?;
    /// let sent: Vec<i64> = context.messages.iter().map(|sent| sent.message.id).collect();
    /// assert_eq!(sent, [summary, question]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn compact(&self, thread_id: &str, compaction: &Compaction<'_>) -> Result<i64> {
        let doing = || format!("compact thread {thread_id:?}");
        self.write(doing, |tx| tx.compact(thread_id, compaction))
    }

    /// What to send to a model for the thread's current branch, or for the path to `leaf` (to have an answer generated
    /// anew, the message above it): the messages of role `system` or `developer` that it begins with, the newest
    /// summary, and of what that keeps and what came after it as much as fits into `budget` tokens, the newest. A
    /// tool's result goes with its call. Empty for an unknown thread or leaf.
    pub fn context(
        &self,
        thread_id: &str,
        budget: Option<u64>,
        leaf: Option<i64>,
    ) -> Result<Context> {
        self.read(|tx| tx.context(thread_id, budget, leaf))
    }

    /// How many tokens a message is taken to have: what its item says in `tokens`, else four bytes for each.
    pub fn tokens(&self, content: &str, item: Option<&Value>) -> Result<i64> {
        self.read(|tx| tx.tokens(content, item))
    }

    /// The tokens that providers have counted, by thread and model: of all branches of a thread, of all threads, or of
    /// the path to `leaf`. A message counts once, however many branches share it.
    pub fn usage(&self, thread_id: Option<&str>, leaf: Option<i64>) -> Result<Vec<UsageRecord>> {
        self.read(|tx| tx.usage(thread_id, leaf))
    }
}
