//! Messages with any parents, and threads with any leaves.

use proptest::prelude::*;
use rusqlite::types::Value as Stored;

use super::asking::ask;
use super::places::{any_place, Opened, Place};
use super::reads::{integer, text};
use super::{Message, Model, Parent, Thread};

/// Where the parent of a message points, before there are ids.
#[derive(Debug, Clone)]
enum Aim {
    First,
    /// The message before it, as in most histories.
    Before,
    /// Any id from the range in which ids are.
    At(u8),
    Itself,
    Text,
    TextOfANumber,
    Real,
    Blob,
}

fn any_aim() -> impl Strategy<Value = Aim> {
    prop_oneof![
        2 => Just(Aim::First),
        12 => Just(Aim::Before),
        8 => any::<u8>().prop_map(Aim::At),
        1 => Just(Aim::Itself),
        1 => prop_oneof![Just(Aim::Text), Just(Aim::TextOfANumber), Just(Aim::Real), Just(Aim::Blob)],
    ]
}

#[derive(Debug, Clone)]
pub struct Raw {
    place: Place,
    /// Whether the column of parents has no type, so that a text stays one even if it is a number.
    untyped: bool,
    first_id: i64,
    /// The gap before each message's id, its thread, its parent, whether its item is JSON.
    messages: Vec<(u8, u8, Aim, u8)>,
    leaves: Vec<Option<u8>>,
    pub seed: u64,
}

pub fn any_raw() -> impl Strategy<Value = Raw> {
    let gap = prop_oneof![8 => Just(1_u8), 2 => 2..4_u8];
    let message = (gap, any::<u8>(), any_aim(), 0..20_u8);
    // The lowest and the highest ids are worth looking at, and 0.
    let first_id = prop_oneof![
        6 => Just(1_i64),
        1 => Just(-3),
        // Not the lowest one itself: the id before it is a real number for SQLite.
        1 => Just(i64::MIN + 1),
        1 => Just(i64::MAX - 100),
    ];
    (
        any_place(),
        any::<bool>(),
        first_id,
        proptest::collection::vec(message, 1..14),
        proptest::collection::vec(proptest::option::weighted(0.8, any::<u8>()), 1..4),
        any::<u64>(),
    )
        .prop_map(|(place, untyped, first_id, messages, leaves, seed)| Raw {
            place,
            untyped,
            first_id,
            messages,
            leaves,
            seed,
        })
}

impl Raw {
    /// What is stored.
    pub fn model(&self) -> Model {
        let mut ids = Vec::new();
        let mut next = self.first_id;
        for (gap, ..) in &self.messages {
            next += i64::from(gap - 1);
            ids.push(next);
            next += 1;
        }
        // One before the first and some after the last are missing.
        let low = self.first_id.saturating_sub(1);
        let span = next.abs_diff(low) + 1;
        let at = |pick: u8| low.saturating_add_unsigned(u64::from(pick) * span / 256);
        let mut model = Model {
            // AUTOINCREMENT counts from 0.
            highest: (next - 1).max(0),
            ..Model::default()
        };
        for (number, leaf) in self.leaves.iter().enumerate() {
            let thread = Thread {
                leaf: leaf.map(at),
                source: "interactive".to_owned(),
                title: None,
                created_at: 0,
                updated_at: 0,
            };
            model.threads.insert(format!("t{number}"), thread);
        }
        for (id, (_, thread, aim, item)) in ids.iter().zip(&self.messages) {
            let number = |text: &str| match self.untyped {
                true => Parent::Other(Stored::Text(text.to_owned())),
                false => Parent::Id(text.parse().unwrap()),
            };
            let message = Message {
                thread: format!("t{}", usize::from(*thread) * self.leaves.len() / 256),
                role: "user".to_owned(),
                content: format!("message {id}"),
                item_json: match item {
                    0 => Some("{broken".to_owned()),
                    1 => Some("[]".to_owned()),
                    _ => None,
                },
                created_at: i64::from(*item),
                parent: match aim {
                    Aim::First => Parent::None,
                    Aim::Before => id.checked_sub(1).map_or(Parent::None, Parent::Id),
                    Aim::At(pick) => Parent::Id(at(*pick)),
                    Aim::Itself => Parent::Id(*id),
                    Aim::Text => Parent::Other(Stored::Text("above".to_owned())),
                    Aim::TextOfANumber => number(&id.saturating_sub(2).to_string()),
                    Aim::Real => Parent::Other(Stored::Real(1.5)),
                    Aim::Blob => Parent::Other(Stored::Blob(vec![0x31])),
                },
            };
            model.messages.insert(*id, message);
        }
        model
    }

    /// Stores it, past all that would refuse it.
    pub fn store(&self, model: &Model) -> Opened {
        let opened = self.place.open();
        let connection = &opened.connection;
        if self.untyped {
            let indexes: Vec<String> = ask(
                connection,
                "SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND tbl_name = 'messages' AND sql IS NOT NULL",
                &[],
            )
            .unwrap()
            .into_iter()
            .map(|row| match &row[0] {
                // The text as it is stored names no database.
                Stored::Text(sql) => sql.replacen("INDEX ", "INDEX main.", 1),
                other => panic!("{other:?}"),
            })
            .collect();
            let script = format!(
                "DROP TABLE main.messages;
                 CREATE TABLE main.messages(id INTEGER PRIMARY KEY AUTOINCREMENT, thread_id TEXT NOT NULL,
                     role TEXT NOT NULL, content TEXT NOT NULL, item_json TEXT, created_at INTEGER NOT NULL,
                     parent_entry_id);
                 {};",
                indexes.join(";")
            );
            connection.execute_batch(&script).unwrap();
        }
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; BEGIN")
            .unwrap();
        for (id, thread) in &model.threads {
            host_thread(connection, id, thread.leaf);
        }
        for id in model.messages.keys() {
            let sql = "INSERT INTO main.messages(id, thread_id, role, content, item_json, created_at, parent_entry_id) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            ask(connection, sql, &model.row(*id)).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        opened
    }
}

fn host_thread(connection: &rusqlite::Connection, id: &str, leaf: Option<i64>) {
    let sql = "INSERT INTO main.threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, \
                   cli_version, source, current_leaf_id) \
               VALUES (?1, '', 0, '', 0, 0, '', '', '', 'interactive', ?2)";
    ask(connection, sql, &[text(id), integer(leaf)]).unwrap();
}
