//! The contract of `branch_context` in the most obvious way: messages in a map, rows taken away one by one until
//! everything fits. JSON is read with serde_json's values, built in memory.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, Row};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: i64,
    pub role: String,
    pub content: String,
    pub item_json: Option<String>,
    pub parent: Option<i64>,
}

/// A row of `branch_context`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub message: Message,
    pub kind: String,
    pub tokens: i64,
    pub total: i64,
    pub dropped: i64,
}

impl Message {
    fn item(&self) -> Value {
        let text = self.item_json.as_deref().unwrap_or("null");
        serde_json::from_str(text).unwrap_or(Value::Null)
    }

    pub fn tokens(&self) -> i64 {
        let longest = self
            .content
            .len()
            .max(self.item_json.as_ref().map_or(0, String::len));
        self.item()["tokens"]
            .as_i64()
            .unwrap_or((longest as i64 + 3) / 4)
    }

    /// The ids that `find` finds in the three places.
    fn ids(&self, find: fn(&Value) -> Vec<&Value>) -> HashSet<String> {
        let item = self.item();
        [&item, &item["message"], &item["payload"]]
            .into_iter()
            .flat_map(find)
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    fn calls(&self) -> HashSet<String> {
        self.ids(|item| {
            let mut found = Vec::new();
            if item["type"] == "function_call" {
                found.push(&item["call_id"]);
            }
            for call in item["tool_calls"].as_array().into_iter().flatten() {
                found.push(&call["id"]);
            }
            for block in item["content"].as_array().into_iter().flatten() {
                if block["type"] == "tool_use" || block["type"] == "toolCall" {
                    found.push(&block["id"]);
                }
            }
            found
        })
    }

    fn results(&self) -> HashSet<String> {
        self.ids(|item| {
            let mut found = vec![&item["tool_call_id"], &item["toolCallId"]];
            if item["type"] == "function_call_output" {
                found.push(&item["call_id"]);
            }
            for block in item["content"].as_array().into_iter().flatten() {
                if block["type"] == "tool_result" {
                    found.push(&block["tool_use_id"]);
                }
            }
            found
        })
    }
}

pub type Messages = BTreeMap<i64, Message>;

/// All messages of a database.
pub fn stored(connection: &Connection) -> Messages {
    let mut statement = connection
        .prepare("SELECT id, role, content, item_json, parent_entry_id FROM messages")
        .unwrap();
    let rows = statement.query_map([], message).unwrap();
    rows.map(|row| row.map(|message| (message.id, message)).unwrap())
        .collect()
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get("id")?,
        role: row.get("role")?,
        content: row.get("content")?,
        item_json: row.get("item_json")?,
        parent: row.get("parent_entry_id")?,
    })
}

/// What `branch_context` gives.
pub fn asked(
    connection: &Connection,
    thread: &str,
    budget: Option<i64>,
    leaf: Option<i64>,
) -> Vec<Sent> {
    let mut statement = connection
        .prepare("SELECT * FROM branch_context(?1, ?2, ?3)")
        .unwrap();
    let rows = statement
        .query_map(rusqlite::params![thread, budget, leaf], |row| {
            Ok(Sent {
                message: message(row)?,
                kind: row.get("kind")?,
                tokens: row.get("tokens")?,
                total: row.get("total")?,
                dropped: row.get("dropped")?,
            })
        })
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// The messages of a path, first to last.
pub fn path(messages: &Messages, leaf: i64) -> Vec<&Message> {
    let mut path: Vec<&Message> =
        std::iter::successors(messages.get(&leaf), |at| messages.get(&at.parent?)).collect();
    path.reverse();
    path
}

/// Of these rows, those that are not a result without its call, which is the nearest of its id above it: in the same
/// message, among the candidates, or else in one of those that are always there. `fixed` stay in any case.
fn paired<'a>(
    rows: &[&'a Message],
    fixed: &[i64],
    candidates: &[&Message],
    always: &[&Message],
) -> Vec<&'a Message> {
    let mut rows = rows.to_vec();
    loop {
        let there: HashSet<i64> = rows.iter().map(|row| row.id).collect();
        let has_call = |row: &Message, result: &String| {
            let at = candidates.iter().position(|other| other.id == row.id);
            let above = candidates[..at.map_or(0, |at| at + 1)].iter().rev();
            let nearest = above
                .copied()
                .find(|message| message.calls().contains(result));
            match nearest {
                Some(nearest) => there.contains(&nearest.id),
                None => always.iter().any(|row| row.calls().contains(result)),
            }
        };
        let before = rows.len();
        rows.retain(|row| {
            fixed.contains(&row.id) || row.results().iter().all(|result| has_call(row, result))
        });
        if rows.len() == before {
            return rows;
        }
    }
}

/// What `branch_context` has to give for a path.
pub fn expected(messages: &Messages, leaf: i64, budget: Option<i64>) -> Vec<Sent> {
    let path = path(messages, leaf);
    let leading: Vec<&Message> = path
        .iter()
        .copied()
        .take_while(|message| ["system", "developer"].contains(&message.role.as_str()))
        .collect();
    let newest = path.iter().rposition(|message| message.role == "summary");
    let from = match newest {
        None => 0,
        Some(newest) => {
            let kept = path[newest].item()["first_kept_id"].as_i64();
            let kept = path[..newest]
                .iter()
                .position(|message| Some(message.id) == kept);
            kept.unwrap_or(newest)
        }
    };
    let candidates: Vec<&Message> = path
        .iter()
        .copied()
        .skip(from.max(leading.len()))
        .filter(|message| message.role != "summary")
        .collect();
    let mut always = leading.clone();
    always.extend(newest.map(|newest| path[newest]));
    let mut fixed: Vec<i64> = always.iter().map(|message| message.id).collect();
    fixed.push(leaf);
    let mut gone = 0;
    let rows = loop {
        let mut rows = always.clone();
        rows.extend(&candidates[gone..]);
        let rows = paired(&rows, &fixed, &candidates, &always);
        let sum: i64 = rows.iter().map(|message| message.tokens()).sum();
        let droppable = candidates
            .get(gone)
            .is_some_and(|message| message.id != leaf);
        if budget.is_none_or(|budget| sum <= budget) || !droppable {
            break rows;
        }
        gone += 1;
    };
    let oldest = rows.get(always.len());
    let dropped = oldest.map_or(candidates.len(), |oldest| {
        candidates
            .iter()
            .position(|candidate| candidate.id == oldest.id)
            .unwrap()
    });
    let total = rows.iter().map(|message| message.tokens()).sum();
    let kind = |at: usize| {
        if at < leading.len() {
            "system"
        } else if at < always.len() {
            "summary"
        } else {
            "message"
        }
    };
    rows.iter()
        .enumerate()
        .map(|(at, message)| Sent {
            message: (*message).clone(),
            kind: kind(at).to_owned(),
            tokens: message.tokens(),
            total,
            dropped: dropped as i64,
        })
        .collect()
}
