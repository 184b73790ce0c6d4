//! Histories as stateless clients send them, again and again: grown, cut, edited, repeated, between messages that others add.
//! After each, what is stored is what a plain model says: what was there is there and unchanged, the beginning that was
//! there already is shared, the rest hangs below it, and the same once more changes nothing.

use fastrand::Rng;
use rusqlite::{params, Connection};
use serde_json::{json, Value};
use sqlite_branch_reliability::database::{migrated, rows};

use crate::Tally;

/// A message of the model; its id is its place plus one.
#[derive(Clone)]
struct Stored {
    parent: Option<usize>,
    /// What two messages are compared by; None for a summary.
    same: Option<String>,
    /// The row.
    row: String,
}

/// What a client sends, and what it is compared by.
#[derive(Clone)]
struct Sent {
    message: Value,
    same: String,
}

/// One of few messages, in one of the ways in which clients write it.
fn message(at: usize, random: &mut Rng) -> Sent {
    let text = ["a", "b", "", "c\u{0}\n\"", "é漢"][random.usize(0..5)];
    let beside = random.u32(0..3);
    let (mut message, same) = match (at % 2, random.u32(0..6)) {
        (0, 0) => {
            let name = ["Ann", "Bob"][random.usize(0..2)];
            let message = json!({"role": "user", "name": name, "content": text});
            (message, format!("user {name} {text}"))
        }
        (0, _) => (
            json!({"role": "user", "content": text}),
            format!("user {text}"),
        ),
        (_, 0) => {
            let id = ["c1", "c2"][random.usize(0..2)];
            let arguments = [r#"{"x":1,"y":2}"#, r#"{ "y" : 2, "x" : 1 }"#][random.usize(0..2)];
            let call = json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
            let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
            (message, format!("call {id}"))
        }
        (_, 1) => {
            let id = ["c1", "c2"][random.usize(0..2)];
            let message = json!({"role": "tool", "tool_call_id": id, "content": text});
            (message, format!("tool {id} {text}"))
        }
        _ => (
            json!({"role": "assistant", "content": text}),
            format!("assistant {text}"),
        ),
    };
    match beside {
        // The same text, as a list of its one part.
        0 if message["content"].is_string() && message["role"] != "tool" && !text.is_empty() => {
            message["content"] = json!([{"type": "text", "text": text}]);
        }
        // What nobody compares.
        1 => message["usage"] = json!({"total_tokens": random.u32(..)}),
        _ => {}
    }
    Sent { message, same }
}

/// The messages from the first one to this one.
fn path(tree: &[Stored], end: Option<usize>) -> Vec<usize> {
    let mut path: Vec<usize> = std::iter::successors(end, |at| tree[*at].parent).collect();
    path.reverse();
    path
}

/// What a client knows of a path.
fn history(tree: &[Stored], end: Option<usize>) -> Vec<&str> {
    let path = path(tree, end);
    path.iter()
        .filter_map(|at| tree[*at].same.as_deref())
        .collect()
}

/// How many messages of what was sent are on a path already: the most of all paths.
fn shared(tree: &[Stored], sent: &[Sent]) -> usize {
    (0..tree.len())
        .filter(|at| tree[*at].same.is_some())
        .map(|at| history(tree, Some(at)))
        .filter(|known| {
            known.len() <= sent.len()
                && known
                    .iter()
                    .zip(sent)
                    .all(|(known, sent)| *known == sent.same)
        })
        .map(|known| known.len())
        .max()
        .unwrap_or(0)
}

/// All rows by id: thread, parent, and everything else as text.
fn stored(db: &Connection) -> Vec<(Option<i64>, String)> {
    let sql = "SELECT parent_entry_id, json_array(id, thread_id, role, hex(content), item_json, created_at, parent_entry_id) \
               FROM messages ORDER BY id";
    let mut statement = db.prepare(sql).unwrap();
    let all = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    all.unwrap().map(Result::unwrap).collect()
}

fn put(db: &Connection, sent: &[Sent], request: bool) -> Option<i64> {
    let messages: Vec<&Value> = sent.iter().map(|sent| &sent.message).collect();
    let text = match request {
        true => json!({"model": "m", "messages": messages}).to_string(),
        false => json!(messages).to_string(),
    };
    let sql = "SELECT branch_put('t', ?1, 7)";
    db.query_row(sql, [text], |row| row.get(0)).unwrap()
}

pub fn case(random: &mut Rng, tally: &mut Tally) {
    let db = migrated();
    // Another thread with the same messages is none of its business.
    let first = message(0, random);
    for thread in ["other", "t"] {
        let sql = "SELECT branch_put(?1, ?2, 7)";
        let text = json!([first.message]).to_string();
        let put = |thread| db.query_row(sql, params![thread, text], |row| row.get::<_, i64>(0));
        put(thread).unwrap();
        tally.calls += 1;
    }
    let other = stored(&db).remove(0);
    let mut tree = vec![Stored {
        parent: None,
        same: Some(first.same.clone()),
        row: stored(&db)[1].1.clone(),
    }];
    let mut sent = vec![first];
    // Ids in the file: the other thread's message has 1.
    let id = |at: usize| i64::try_from(at).unwrap() + 2;
    for _ in 0..random.usize(1..25) {
        match random.u32(0..10) {
            0 => sent.truncate(random.usize(0..=sent.len())),
            1 if !sent.is_empty() => {
                let at = random.usize(0..sent.len());
                sent[at] = message(at, random);
            }
            2 if !sent.is_empty() => drop(sent.remove(random.usize(0..sent.len()))),
            3 => {}
            // Somebody adds a message below any other, or a summary.
            4 | 5 => {
                let parent = random.usize(0..tree.len());
                let is_summary = random.bool();
                let added = message(history(&tree, Some(parent)).len(), random);
                let role = match is_summary {
                    true => "summary",
                    false => added.message["role"].as_str().unwrap(),
                };
                let text = match &added.message["content"] {
                    Value::String(text) => text.clone(),
                    Value::Array(parts) => parts[0]["text"].as_str().unwrap().to_owned(),
                    _ => String::new(),
                };
                let fork = "SELECT branch_fork(?1, ?2, ?3, ?4, 5)";
                let item = added.message.to_string();
                let values = params![id(parent), role, text, item];
                db.query_row(fork, values, |row| row.get::<_, i64>(0))
                    .unwrap();
                tree.push(Stored {
                    parent: Some(parent),
                    same: (!is_summary).then_some(added.same),
                    row: stored(&db).pop().unwrap().1,
                });
                continue;
            }
            _ => {
                for _ in 0..random.usize(1..4) {
                    sent.push(message(sent.len(), random));
                }
            }
        }
        let known = shared(&tree, &sent);
        let leaf = put(&db, &sent, random.bool());
        tally.calls += 2;
        // What was there is unchanged, and no more was added than had to be.
        let now = stored(&db);
        assert_eq!(now[0], other);
        assert_eq!(now.len() - 1, tree.len() + sent.len() - known);
        for (at, stored) in tree.iter().enumerate() {
            assert_eq!(now[at + 1].1, stored.row);
        }
        for (at, sent) in (tree.len()..).zip(&sent[known..]) {
            let (parent, row) = now[at + 1].clone();
            tree.push(Stored {
                parent: parent.map(|parent| usize::try_from(parent - 2).unwrap()),
                same: Some(sent.same.clone()),
                row,
            });
        }
        // The leaf is the end of what was sent, and the current one.
        let end = leaf.map(|leaf| usize::try_from(leaf - 2).unwrap());
        let expected: Vec<&str> = sent.iter().map(|sent| sent.same.as_str()).collect();
        assert_eq!(history(&tree, end), expected);
        let current = "SELECT ifnull(current_leaf_id, 'none') FROM threads WHERE id = 't'";
        let leaf_text = leaf.map_or("none".to_owned(), |leaf| leaf.to_string());
        let shown: String = db
            .query_row(&format!("SELECT CAST(({current}) AS TEXT)"), [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(shown, leaf_text);
        // Once more: nothing.
        assert_eq!(put(&db, &sent, random.bool()), leaf);
        assert_eq!(stored(&db), now);
        let broken = rows(&db, "SELECT * FROM branch_check()");
        assert_eq!(broken, Vec::<String>::new());
    }
}
