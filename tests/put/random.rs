//! Random histories: cut, edited, repeated; compared with the model, and sent from several connections at once.

use std::collections::BTreeSet;
use std::sync::Barrier;

use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{json, Value};

use super::host::{self, integer, maybe};
use super::model::Tree;

/// What happens next; numbers choose among what is there.
#[derive(Clone, Debug)]
enum Act {
    /// A history that is there, up to some message, with other messages after it.
    Send {
        from: usize,
        keep: usize,
        more: Vec<u8>,
    },
    /// The same with one message in it changed.
    Edit {
        from: usize,
        at: usize,
        text: u8,
        more: Vec<u8>,
    },
    /// A message written by the server, below any other one: also one that is equal to a sibling.
    Append { from: usize, text: u8 },
    /// A summary below any message.
    Summarize { from: usize },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let texts = || prop::collection::vec(0..3_u8, 0..4);
    let any = 0..1000_usize;
    let act = prop_oneof![
        4 => (any.clone(), any.clone(), texts()).prop_map(|(from, keep, more)| Act::Send { from, keep, more }),
        2 => (any.clone(), any.clone(), 0..3_u8, texts())
            .prop_map(|(from, at, text, more)| Act::Edit { from, at, text, more }),
        2 => (any.clone(), 0..3_u8).prop_map(|(from, text)| Act::Append { from, text }),
        1 => any.prop_map(|from| Act::Summarize { from }),
    ];
    prop::collection::vec(act, 1..25)
}

/// Texts alternate between two roles, as chats do, so that equal texts meet each other often.
fn message(at: usize, text: u8) -> Value {
    json!({"role": if at.is_multiple_of(2) { "user" } else { "assistant" }, "content": format!("text {text}")})
}

fn array(history: &[u8]) -> String {
    let messages: Vec<Value> = history
        .iter()
        .enumerate()
        .map(|(at, text)| message(at, *text))
        .collect();
    Value::from(messages).to_string()
}

/// The text of a message of the model is its role and what it says, since a client's histories have both.
fn key(at: usize, text: u8) -> u8 {
    text * 2 + u8::from(at % 2 == 1)
}

fn keyed(history: &[u8]) -> Vec<u8> {
    history
        .iter()
        .enumerate()
        .map(|(at, text)| key(at, *text))
        .collect()
}

fn texts(keys: &[u8]) -> Vec<u8> {
    keys.iter().map(|key| key / 2).collect()
}

/// All that is stored: parents, roles and contents by id.
fn stored(connection: &Connection) -> Vec<(Option<i64>, String, String)> {
    let mut statement = connection
        .prepare("SELECT parent_entry_id, role, content FROM messages ORDER BY id")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn id(at: usize) -> i64 {
    i64::try_from(at).unwrap() + 1
}

fn run(acts: &[Act]) {
    let connection = host::migrated();
    assert_eq!(
        maybe(&connection, "SELECT branch_put('t', '[]')", &[]),
        None
    );
    let mut tree = Tree::default();
    for act in acts {
        let from = |number: usize| match tree.nodes.len() {
            0 => None,
            count => Some(number % (count + 1)).filter(|at| *at < count),
        };
        let send = match act {
            Act::Send {
                from: at,
                keep,
                more,
            } => {
                let mut history = texts(&tree.history(from(*at)));
                history.truncate(keep % (history.len() + 1));
                history.extend(more);
                Some(history)
            }
            Act::Edit {
                from: place,
                at,
                text,
                more,
            } => {
                let mut history = texts(&tree.history(from(*place)));
                if !history.is_empty() {
                    let at = at % history.len();
                    history[at] = *text;
                }
                history.extend(more);
                Some(history)
            }
            Act::Append { from: at, text } => {
                let parent = from(*at);
                let depth = tree.history(parent).len();
                let message = message(depth, *text);
                let (role, content) = (message["role"].as_str(), message["content"].as_str());
                add(&connection, &tree, parent, role.unwrap(), content.unwrap());
                tree.add(parent, Some(key(depth, *text)));
                None
            }
            Act::Summarize { from: at } => {
                let parent = from(*at);
                add(&connection, &tree, parent, "summary", "so far");
                tree.add(parent, None);
                None
            }
        };
        if let Some(history) = send {
            let leaf = maybe(
                &connection,
                "SELECT branch_put('t', ?1)",
                &[&array(&history)],
            );
            assert_eq!(leaf, tree.put(&keyed(&history)).map(id), "{history:?}");
            let current = maybe(&connection, "SELECT current_leaf_id FROM threads", &[]);
            assert_eq!(current, leaf);
        }
        let expected: Vec<_> = tree
            .nodes
            .iter()
            .map(|node| {
                let (role, content) = match node.text {
                    None => ("summary".to_owned(), "so far".to_owned()),
                    Some(key) => (
                        if key % 2 == 0 { "user" } else { "assistant" }.to_owned(),
                        format!("text {}", key / 2),
                    ),
                };
                (node.parent.map(id), role, content)
            })
            .collect();
        assert_eq!(stored(&connection), expected);
    }
}

fn add(connection: &Connection, tree: &Tree, parent: Option<usize>, role: &str, content: &str) {
    match parent {
        Some(parent) => integer(
            connection,
            "SELECT branch_fork(?1, ?2, ?3)",
            &[&id(parent), &role, &content],
        ),
        None => {
            assert_eq!(
                maybe(connection, "SELECT branch_switch('t', NULL)", &[]),
                None
            );
            integer(
                connection,
                "SELECT branch_append('t', ?1, ?2)",
                &[&role, &content],
            )
        }
    };
    assert_eq!(
        integer(connection, "SELECT max(id) FROM messages", &[]),
        id(tree.nodes.len())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_is_that_of_the_model(acts in acts()) {
        run(&acts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// In whatever order they come: all beginnings of what was sent are there, each once, and nothing else.
    #[test]
    fn from_several_connections_at_once(
        requests in prop::collection::vec(prop::collection::vec(prop::collection::vec(0..2_u8, 1..8), 8), 4)
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shared.db");
        let first = host::open(&path);
        integer(&first, "SELECT branch_migrate()", &[]);
        let barrier = Barrier::new(requests.len());
        std::thread::scope(|scope| {
            for histories in &requests {
                let (path, barrier) = (&path, &barrier);
                scope.spawn(move || {
                    let connection = host::open(path);
                    barrier.wait();
                    for history in histories {
                        let leaf = integer(&connection, "SELECT branch_put('t', ?1)", &[&array(history)]);
                        let depth = integer(&connection, "SELECT branch_depth(?1) + 1", &[&leaf]);
                        assert_eq!(usize::try_from(depth).unwrap(), history.len());
                    }
                });
            }
        });
        let mut expected = BTreeSet::new();
        for history in requests.iter().flatten() {
            for end in 1..=history.len() {
                expected.insert(keyed(&history[..end]));
            }
        }
        let rows = stored(&first);
        prop_assert_eq!(rows.len(), expected.len());
        let mut tree = Tree::default();
        for (parent, role, content) in &rows {
            let text: u8 = content.trim_start_matches("text ").parse().unwrap();
            let parent = parent.map(|parent| usize::try_from(parent).unwrap() - 1);
            tree.add(parent, Some(text * 2 + u8::from(role == "assistant")));
        }
        let found: BTreeSet<Vec<u8>> = (0..tree.nodes.len()).map(|at| tree.history(Some(at))).collect();
        prop_assert_eq!(found, expected);
    }
}
