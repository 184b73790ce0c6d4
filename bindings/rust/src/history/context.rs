//! What a model is sent, and what it has used.

use rusqlite::params;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::records::{message_columns, message_from};
use super::write::item_text;
use super::MessageRecord;
use crate::error::Result;
use crate::history::History;
use crate::sql;

/// A summary of what came before, for [`compact`](crate::StateStore::compact).
#[derive(Debug, Clone, Copy)]
pub struct Compaction<'a> {
    /// The text of the summary.
    pub summary: &'a str,
    /// The message on the current branch from which on the history stays beside the summary; none to keep nothing.
    pub first_kept_id: Option<i64>,
    /// What else the program keeps with the summary, as a JSON object.
    pub item: Option<&'a Value>,
    /// Unix seconds; none for the time of writing.
    pub created_at: Option<i64>,
    /// The summary's own name: a call that is repeated with it happens once.
    pub uid: Option<&'a str>,
}

impl<'a> Compaction<'a> {
    /// A summary beside which nothing is kept, of now.
    pub fn new(summary: &'a str) -> Self {
        Self {
            summary,
            first_kept_id: None,
            item: None,
            created_at: None,
            uid: None,
        }
    }
}

/// What to send to a model.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Context {
    /// The messages, in the order in which they are to be sent.
    pub messages: Vec<ContextMessage>,
    /// Their tokens.
    pub total: i64,
    /// How many messages that could have been there lie before the oldest one after the summary.
    pub dropped: i64,
}

/// A message that is to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContextMessage {
    /// The message.
    pub message: MessageRecord,
    /// Why it is there.
    pub kind: ContextKind,
    /// How many tokens it is taken to have.
    pub tokens: i64,
}

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextKind {
    /// The conversation begins with it, as `system` or `developer`.
    System,
    /// It is the newest summary.
    Summary,
    /// It is one of those that the summary keeps, or that came after it.
    Message,
}

impl FromSql for ContextKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "system" => Ok(Self::System),
            "summary" => Ok(Self::Summary),
            "message" => Ok(Self::Message),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// The tokens that providers have counted for a model in a thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// The thread.
    pub thread_id: String,
    /// The model; none where no message names one.
    pub model: Option<String>,
    /// How many answers were counted.
    pub messages: i64,
    /// What was sent, with what came from the provider's cache.
    pub input_tokens: i64,
    /// The part of it that came from the cache.
    pub cached_tokens: i64,
    /// What the model wrote.
    pub output_tokens: i64,
    /// What it has cost; none where no message says.
    pub cost: Option<f64>,
}

store_methods! {
    History

    /// Adds a summary below the thread's current leaf and makes it the leaf. Nothing is deleted;
    /// [`context`](crate::StateStore::context) sends it in place of what came before. Returns its id.
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
    write("compact thread {thread_id:?}")
    fn compact(&self, thread_id: &str, compaction: &Compaction<'_>) -> Result<i64> {
        let doing = || format!("compact thread {thread_id:?}");
        let Compaction {
            summary,
            first_kept_id,
            uid,
            ..
        } = *compaction;
        let item = item_text(compaction.item, doing)?;
        let created_at = compaction.created_at.unwrap_or_else(|| self.created_at());
        sql::value(
            self.conn,
            "SELECT branch_compact(?1, ?2, ?3, ?4, ?5, ?6)",
            params![thread_id, summary, first_kept_id, item, created_at, uid],
            doing,
        )
        .map_err(|error| error.refused(Some(thread_id), first_kept_id))
    }

    /// What to send to a model for the thread's current branch, or for the path to `leaf` (to have an answer generated
    /// anew, the message above it): the messages of role `system` or `developer` that it begins with, the newest
    /// summary, and of what that keeps and what came after it as much as fits into `budget` tokens, the newest. A
    /// tool's result goes with its call. Empty for an unknown thread or leaf.
    read
    fn context(
        &self,
        thread_id: &str,
        budget: Option<u64>,
        leaf: Option<i64>,
    ) -> Result<Context> {
        let mut context = Context::default();
        let budget = budget.map(|budget| i64::try_from(budget).unwrap_or(i64::MAX));
        context.messages = sql::all(
            self.conn,
            concat!("SELECT ", message_columns!(), ", kind, tokens, total, dropped \
             FROM branch_context(?1, ?2, ?3)"),
            params![thread_id, budget, leaf],
            || format!("read the context of thread {thread_id:?}"),
            |row| {
                context.total = row.get(9)?;
                context.dropped = row.get(10)?;
                Ok(ContextMessage {
                    message: message_from(row, 0)?,
                    kind: row.get(7)?,
                    tokens: row.get(8)?,
                })
            },
        )
        .map_err(|error| error.refused(Some(thread_id), leaf))?;
        Ok(context)
    }

    /// How many tokens a message is taken to have: what its item says in `tokens`, else four bytes for each.
    read
    fn tokens(&self, content: &str, item: Option<&Value>) -> Result<i64> {
        let doing = || "count the tokens of a message".to_owned();
        let item = item_text(item, doing)?;
        sql::value(
            self.conn,
            "SELECT branch_tokens(?1, ?2)",
            params![content, item],
            doing,
        )
    }

    /// The tokens that providers have counted, by thread and model: of all branches of a thread, of all threads, or of
    /// the path to `leaf`. A message counts once, however many branches share it.
    read
    fn usage(&self, thread_id: Option<&str>, leaf: Option<i64>) -> Result<Vec<UsageRecord>> {
        sql::all(
            self.conn,
            "SELECT thread_id, model, messages, input_tokens, cached_tokens, output_tokens, cost \
             FROM branch_usage(?1, ?2)",
            params![thread_id, leaf],
            || match thread_id {
                Some(thread_id) => format!("sum up the usage of thread {thread_id:?}"),
                None => "sum up the usage of all threads".to_owned(),
            },
            |row| {
                Ok(UsageRecord {
                    thread_id: row.get(0)?,
                    model: row.get(1)?,
                    messages: row.get(2)?,
                    input_tokens: row.get(3)?,
                    cached_tokens: row.get(4)?,
                    output_tokens: row.get(5)?,
                    cost: row.get(6)?,
                })
            },
        )
        .map_err(|error| error.refused(thread_id, leaf))
    }
}
