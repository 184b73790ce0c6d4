//! The branch functions and tables that read.

use rusqlite::{params, Params, Row};

use super::records::{message_columns, message_from};
use super::{
    BranchDiff, ChildRecord, History, LeafRecord, MessageRecord, PathStep, Problem, SiblingRecord,
    TreeNode,
};
use crate::error::{Error, Result};
use crate::message_id::IntoMessageId;
use crate::sql;

/// How many messages are listed when the caller sets no limit.
const MESSAGES: usize = 500;

/// The messages of a branch as ranges of ids, which cost what a plain scan costs.
macro_rules! by_stretches {
    ($arguments:literal) => {
        concat!(
            "SELECT m.",
            message_columns!(),
            " FROM branch_stretches(",
            $arguments,
            ") AS s CROSS JOIN main.messages AS m ON m.id BETWEEN s.first AND s.last"
        )
    };
}

/// The same messages one by one.
macro_rules! one_by_one {
    ($arguments:literal) => {
        concat!(
            "SELECT ",
            message_columns!(),
            " FROM branch_messages(",
            $arguments,
            ") ORDER BY distance DESC"
        )
    };
}

/// Whether messages are the whole of what was asked for, each the parent of the next.
fn is_chain(messages: &[MessageRecord], limit: usize) -> bool {
    let follow = |pair: &[MessageRecord]| pair[1].parent_entry_id == Some(pair[0].id);
    match messages.first() {
        Some(first) => {
            (messages.len() == limit || first.parent_entry_id.is_none())
                && messages.windows(2).all(follow)
        }
        None => false,
    }
}

store_methods! {
    History

    /// The thread's current branch, first message to last: its last `limit` messages, 500 if none is given. Empty for
    /// an unknown thread.
    read
    fn list_messages(
        &self,
        thread_id: &str,
        limit: Option<usize>,
    ) -> Result<Vec<MessageRecord>> {
        let limit = limit.unwrap_or(MESSAGES);
        self.list_branch(
            [by_stretches!("?1, ?2"), one_by_one!("?1, ?2")],
            params![thread_id, sql::limit(limit)],
            limit,
            || format!("list messages of thread {thread_id:?}"),
        )
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
    read
    fn list_messages_before(
        &self,
        thread_id: &str,
        before: impl IntoMessageId,
        limit: Option<usize>,
    ) -> Result<Vec<MessageRecord>> {
        let before = before.into_message_id()?;
        let limit = limit.unwrap_or(MESSAGES);
        self.list_branch(
            [by_stretches!("?1, ?2, ?3"), one_by_one!("?1, ?2, ?3")],
            params![thread_id, sql::limit(limit), before],
            limit,
            || format!("list messages of thread {thread_id:?} before message {before}"),
        )
    }

    /// The path to a message, first to last, by id: its last `limit` messages, or all of them.
    read
    fn path(
        &self,
        message_id: impl IntoMessageId,
        limit: Option<usize>,
    ) -> Result<Vec<PathStep>> {
        let message_id = message_id.into_message_id()?;
        sql::all(
            self.conn,
            "SELECT id, distance FROM branch_path(?1, ?2)",
            params![message_id, limit.map(sql::limit)],
            || format!("list the path to message {message_id}"),
            |row| {
                Ok(PathStep {
                    id: row.get(0)?,
                    distance: row.get(1)?,
                })
            },
        )
    }

    /// The messages of a thread that have no child, by id: the ends of its branches.
    read
    fn list_leaf_messages(&self, thread_id: &str) -> Result<Vec<MessageRecord>> {
        sql::all(
            self.conn,
            concat!("SELECT ", message_columns!(), " FROM branch_leaves(?1)"),
            [thread_id],
            || format!("list leaf messages of thread {thread_id:?}"),
            |row| message_from(row, 0),
        )
    }

    /// The same, with where each stands.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// store.add_alternative(blue, "assistant", "Green.", None)?;
    /// let ends: Vec<_> = store.leaves(&chat)?.into_iter().map(|leaf| (leaf.depth, leaf.fork_id, leaf.is_current)).collect();
    /// assert_eq!(ends, [(1, Some(question), false), (1, Some(question), true)]);
    /// # Ok(())
    /// # }
    /// ```
    read
    fn leaves(&self, thread_id: &str) -> Result<Vec<LeafRecord>> {
        sql::all(
            self.conn,
            concat!("SELECT ", message_columns!(), ", depth, fork_id, is_current \
             FROM branch_leaves(?1)"),
            [thread_id],
            || format!("list leaves of thread {thread_id:?}"),
            |row| {
                Ok(LeafRecord {
                    message: message_from(row, 0)?,
                    depth: row.get(7)?,
                    fork_id: row.get(8)?,
                    is_current: row.get(9)?,
                })
            },
        )
    }

    /// The messages right below one, by id.
    read
    fn children(&self, message_id: impl IntoMessageId) -> Result<Vec<ChildRecord>> {
        let message_id = message_id.into_message_id()?;
        sql::all(
            self.conn,
            concat!("SELECT ", message_columns!(), ", is_current \
             FROM branch_children(?1)"),
            [message_id],
            || format!("list children of message {message_id}"),
            |row| {
                Ok(ChildRecord {
                    message: message_from(row, 0)?,
                    is_current: row.get(7)?,
                })
            },
        )
    }

    /// A message and its alternatives, by id; of a first message, all first messages of its thread.
    read
    fn siblings(&self, message_id: impl IntoMessageId) -> Result<Vec<SiblingRecord>> {
        let message_id = message_id.into_message_id()?;
        sql::all(
            self.conn,
            concat!("SELECT ", message_columns!(), ", position, is_current \
             FROM branch_siblings(?1)"),
            [message_id],
            || format!("list siblings of message {message_id}"),
            |row| {
                Ok(SiblingRecord {
                    message: message_from(row, 0)?,
                    position: row.get(7)?,
                    is_current: row.get(8)?,
                })
            },
        )
    }

    /// All messages of a thread as a drawing, one line each.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// store.add_alternative(blue, "assistant", "Green.", None)?;
    /// let lines: Vec<_> = store.tree(&chat)?.into_iter().map(|node| node.graph).collect();
    /// assert_eq!(lines, ["● 1 user: Name a colour.", "├─○ 2 assistant: Blue.", "◉ 3 assistant: Green."]);
    /// # Ok(())
    /// # }
    /// ```
    read
    fn tree(&self, thread_id: &str) -> Result<Vec<TreeNode>> {
        sql::all(
            self.conn,
            "SELECT id, parent_entry_id, role, created_at, depth, children, is_leaf, is_current, preview, graph \
             FROM branch_tree(?1)",
            [thread_id],
            || format!("draw the tree of thread {thread_id:?}"),
            tree_node,
        )
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
    read
    fn diff(&self, a: impl IntoMessageId, b: impl IntoMessageId) -> Result<BranchDiff> {
        let (a, b) = (a.into_message_id()?, b.into_message_id()?);
        let rows = sql::all(
            self.conn,
            concat!("SELECT side, ", message_columns!(), " \
             FROM branch_diff(?1, ?2)"),
            [a, b],
            || format!("compare the branches of messages {a} and {b}"),
            |row| Ok((row.get::<_, String>(0)?, message_from(row, 1)?)),
        )?;
        let mut diff = BranchDiff::default();
        for (side, message) in rows {
            let list = if side == "a" {
                &mut diff.a
            } else {
                &mut diff.b
            };
            list.push(message);
        }
        Ok(diff)
    }

    /// What is wrong in the stored trees, of one thread or of all. Nothing, normally.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// assert!(store.check(None)?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    read
    fn check(&self, thread_id: Option<&str>) -> Result<Vec<Problem>> {
        let doing = || match thread_id {
            Some(id) => format!("check thread {id:?}"),
            None => "check all threads".to_owned(),
        };
        let read = |row: &Row<'_>| {
            Ok(Problem {
                thread_id: row.get(0)?,
                message_id: row.get(1)?,
                problem: row.get(2)?,
                detail: row.get(3)?,
            })
        };
        match thread_id {
            Some(id) => sql::all(
                self.conn,
                "SELECT thread_id, message_id, problem, detail FROM branch_check(?1)",
                [id],
                doing,
                read,
            ),
            None => sql::all(
                self.conn,
                "SELECT thread_id, message_id, problem, detail FROM branch_check",
                [],
                doing,
                read,
            ),
        }
    }

    /// The newest message at or below one: what to switch to when the user picks this alternative. `None` for a message
    /// that does not exist.
    read
    fn tip(&self, message_id: impl IntoMessageId) -> Result<Option<i64>> {
        let id = message_id.into_message_id()?;
        let doing = || format!("find the tip of message {id}");
        sql::value(self.conn, "SELECT branch_tip(?1)", [id], doing)
    }

    /// The first message of the path to one. `None` for a message that does not exist.
    read
    fn root(&self, message_id: impl IntoMessageId) -> Result<Option<i64>> {
        let id = message_id.into_message_id()?;
        let doing = || format!("find the root of message {id}");
        sql::value(self.conn, "SELECT branch_root(?1)", [id], doing)
    }

    /// How many ancestors a message has. `None` for a message that does not exist.
    read
    fn depth(&self, message_id: impl IntoMessageId) -> Result<Option<i64>> {
        let id = message_id.into_message_id()?;
        let doing = || format!("count the ancestors of message {id}");
        sql::value(self.conn, "SELECT branch_depth(?1)", [id], doing)
    }

    /// The nearest message on the paths to both, which may be one of the two. `None` if they share nothing, or if one
    /// of them does not exist.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// # let chat = store.create_thread(None, None)?;
    /// # let question = store.append_message(&chat, "user", "Name a colour.", None)?;
    /// # let blue = store.append_message(&chat, "assistant", "Blue.", None)?;
    /// let green = store.add_alternative(blue, "assistant", "Green.", None)?;
    /// assert_eq!(store.common_ancestor(blue, green)?, Some(question));
    /// assert_eq!(store.root(green)?, Some(question));
    /// assert_eq!(store.depth(green)?, Some(1));
    /// assert_eq!(store.tip(question)?, Some(green));
    /// assert_eq!(store.is_ancestor(blue, green)?, Some(false));
    /// # Ok(())
    /// # }
    /// ```
    read
    fn common_ancestor(
        &self,
        a: impl IntoMessageId,
        b: impl IntoMessageId,
    ) -> Result<Option<i64>> {
        let (a, b) = (a.into_message_id()?, b.into_message_id()?);
        let doing = || format!("find the common ancestor of messages {a} and {b}");
        sql::value(
            self.conn,
            "SELECT branch_common_ancestor(?1, ?2)",
            [a, b],
            doing,
        )
    }

    /// Whether `a` is `b` or above it. `None` if one of them does not exist.
    read
    fn is_ancestor(
        &self,
        a: impl IntoMessageId,
        b: impl IntoMessageId,
    ) -> Result<Option<bool>> {
        let (a, b) = (a.into_message_id()?, b.into_message_id()?);
        let doing = || format!("tell whether message {a} is above message {b}");
        sql::value(
            self.conn,
            "SELECT branch_is_ancestor(?1, ?2)",
            [a, b],
            doing,
        )
    }
}

impl History<'_> {
    fn list_branch(
        &self,
        [fast, careful]: [&str; 2],
        values: impl Params + Copy,
        limit: usize,
        doing: impl Fn() -> String,
    ) -> Result<Vec<MessageRecord>> {
        let read = |row: &Row<'_>| message_from(row, 0);
        match sql::all(self.conn, fast, values, &doing, read) {
            Ok(messages) if is_chain(&messages, limit) => return Ok(messages),
            // Nothing is listed, or the tree or an index is damaged. The other query has a word to say about that.
            Ok(_) | Err(Error::CorruptTree { .. }) => {}
            Err(error) => return Err(error),
        }
        sql::all(self.conn, careful, values, doing, read)
    }
}

fn tree_node(row: &Row<'_>) -> rusqlite::Result<TreeNode> {
    Ok(TreeNode {
        id: row.get(0)?,
        parent_entry_id: row.get(1)?,
        role: row.get(2)?,
        created_at: row.get(3)?,
        depth: row.get(4)?,
        children: row.get(5)?,
        is_leaf: row.get(6)?,
        is_current: row.get(7)?,
        preview: row.get(8)?,
        graph: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// The branch comes in its order by itself, and each message is found by its id.
    #[test]
    fn a_listing_needs_no_sorter_and_no_scan() {
        let conn = Connection::open_in_memory().unwrap();
        History::register(&conn).unwrap().migrate().unwrap();
        for query in [by_stretches!("?1, ?2"), by_stretches!("?1, ?2, ?3")] {
            let mut explain = conn
                .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
                .unwrap();
            let steps: Vec<String> = explain
                .raw_query()
                .mapped(|row| row.get("detail"))
                .collect::<rusqlite::Result<_>>()
                .unwrap();
            assert_eq!(steps.len(), 2, "{steps:?}");
            assert!(
                steps[0].starts_with("SCAN s VIRTUAL TABLE INDEX"),
                "{steps:?}"
            );
            assert_eq!(
                steps[1],
                "SEARCH m USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
            );
        }
    }
}
