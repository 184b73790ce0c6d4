//! Threads in one call, uids, versions, and writing with INSERT: the model's side, and what is compared.

use rusqlite::types::Value;

use super::acts::Form;
use super::asking::ask;
use super::compare::Comparison;
use super::reads::{integer, text, Row};
use super::writes::Draft;
use super::Model;

/// The code of a uid that names another message.
pub const CONSTRAINT: i32 = 19;

/// `INSERT INTO branch_messages`, which takes the arguments of `branch_append` and, with a parent, of `branch_fork`.
pub const INSERT: &str =
    "INSERT INTO branch_messages(thread_id, role, content, item_json, created_at, uid, parent_entry_id) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// What a call gives in one of its forms. The last rowid has no NULL.
pub fn given(form: Form, answer: Option<i64>) -> Option<i64> {
    match form {
        Form::Call | Form::Into => Some(answer.unwrap_or(0)),
        _ => answer,
    }
}

impl Model {
    /// The message that a draft's uid names already, or how that one differs.
    pub fn stored_already(&self, thread: &str, draft: &Draft) -> Option<Result<i64, String>> {
        let uid = draft.uid.as_ref()?;
        let id = *self.uids.get(uid)?;
        let message = &self.messages[&id];
        let differs = [
            (message.thread != thread, "thread"),
            (message.role != draft.role, "role"),
            (message.content != draft.content, "content"),
            (message.item_json != draft.item_json, "item_json"),
        ];
        Some(match differs.iter().find(|(differs, _)| *differs) {
            None => Ok(id),
            Some((_, what)) => Err(format!(
                "uid '{uid}' names message {id} already, which has another {what}"
            )),
        })
    }

    /// Takes messages away, and their uids.
    pub fn forget(&mut self, ids: &[i64]) {
        for id in ids {
            self.messages.remove(id);
        }
        self.uids.retain(|_, id| !ids.contains(id));
    }

    /// The alternatives of a message, itself among them.
    pub fn alternatives_of(&self, id: i64) -> Vec<i64> {
        let message = &self.messages[&id];
        self.messages
            .iter()
            .filter(|(_, other)| other.parent == message.parent && other.thread == message.thread)
            .map(|(id, _)| *id)
            .collect()
    }

    pub fn select(&mut self, id: i64, position: Option<i64>) -> Result<i64, String> {
        let alternatives = self.alternatives_of(id);
        let shown = match position {
            None => id,
            Some(position) => {
                let at = usize::try_from(position - 1).ok();
                let found = at.and_then(|at| alternatives.get(at).copied());
                found.ok_or_else(|| {
                    let (verb, count) = match alternatives.len() {
                        1 => ("is", 1),
                        count => ("are", count),
                    };
                    format!("message {id} has no alternative {position}; there {verb} {count}")
                })?
            }
        };
        let tip = self.below(shown).map(|ids| ids.into_iter().max());
        let tip = tip.unwrap().unwrap();
        let thread = self.messages[&id].thread.clone();
        self.threads.get_mut(&thread).unwrap().leaf = Some(tip);
        Ok(tip)
    }

    pub fn delete(&mut self, thread: &str) -> i64 {
        let ids = self.messages_of(thread);
        self.forget(&ids);
        self.threads.remove(thread);
        ids.len() as i64
    }

    fn uid_of(&self, id: i64) -> Value {
        let found = self.uids.iter().find(|(_, named)| **named == id);
        found.map_or(Value::Null, |(uid, _)| text(uid))
    }
}

impl Comparison<'_> {
    /// Uids, the columns that `SELECT *` leaves out, and the list of conversations.
    pub fn everyday(&self) {
        let uids = self.model.uids.iter();
        let expected: Vec<Row> = uids
            .map(|(uid, id)| vec![text(uid), integer(*id)])
            .collect();
        let stored = "SELECT uid, message_id FROM main.message_uids ORDER BY uid";
        assert_eq!(ask(self.connection, stored, &[]), Ok(expected));
        for (uid, id) in self.model.uids.iter().take(5) {
            for sql in [
                "SELECT branch_id(?1)",
                "SELECT max(id) FROM branch_path(?1)",
            ] {
                assert_eq!(
                    ask(self.connection, sql, &[text(uid)]),
                    Ok(vec![vec![integer(*id)]])
                );
            }
            let sql = "SELECT branch_uid(?1)";
            assert_eq!(
                ask(self.connection, sql, &[integer(*id)]),
                Ok(vec![vec![text(uid)]])
            );
        }
        for thread in self.model.threads.keys() {
            let mut ids = self.model.branch(thread).unwrap().ids;
            ids.reverse();
            let versions = ids.into_iter().map(|id| {
                let all = self.model.alternatives_of(id);
                let position = all.iter().position(|other| *other == id).unwrap() + 1;
                vec![
                    integer(id),
                    self.model.uid_of(id),
                    integer(position as i64),
                    integer(all.len() as i64),
                ]
            });
            let sql = "SELECT id, uid, position, versions FROM branch_messages(?1)";
            assert_eq!(
                ask(self.connection, sql, &[text(thread)]),
                Ok(versions.collect()),
                "{thread}"
            );
        }
        self.conversations();
    }

    fn conversations(&self) {
        let rows = |descending: bool| -> Vec<Row> {
            let mut rows: Vec<Row> = self
                .model
                .threads
                .iter()
                .map(|(id, thread)| {
                    let ids = self.model.messages_of(id);
                    let leaves = ids
                        .iter()
                        .filter(|id| self.model.children(**id).is_empty())
                        .count();
                    let last = thread.leaf.map(|leaf| &self.model.messages[&leaf]);
                    vec![
                        text(id),
                        thread.title.as_deref().map_or(Value::Null, text),
                        integer(thread.updated_at),
                        integer(thread.leaf),
                        integer(ids.len() as i64),
                        integer(leaves as i64),
                        integer(thread.leaf),
                        last.map_or(Value::Null, |last| text(&last.role)),
                        last.map_or(Value::Null, |last| text(&last.content)),
                        last.map_or(Value::Null, |last| integer(last.created_at)),
                    ]
                })
                .collect();
            if descending {
                rows.reverse();
            }
            rows
        };
        let columns = "id, title, updated_at, current_leaf_id, messages, leaves, last_id, last_role, last_content, last_at";
        for (order, descending) in [("id", false), ("id DESC", true)] {
            let sql = format!("SELECT {columns} FROM branch_threads() ORDER BY {order}");
            assert_eq!(
                ask(self.connection, &sql, &[]),
                Ok(rows(descending)),
                "{order}"
            );
        }
        for row in rows(false).into_iter().take(3) {
            let sql = format!("SELECT {columns} FROM branch_threads() WHERE id = ?1");
            assert_eq!(ask(self.connection, &sql, &row[..1]), Ok(vec![row.clone()]));
        }
    }
}
