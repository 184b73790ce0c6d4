//! Whatever is written, by the extension or by plain SQL, and whenever the index is brought up to date: a query finds the
//! messages that it finds in an FTS5 table that has just been filled with all of them.
//!
//! With the one exception that is promised: a message that was changed after it was indexed is found only by queries that
//! both its old and its new content match.

use std::collections::BTreeMap;
use std::io::Write;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::{params, Connection};

use super::{empty, host};

/// Few words, so that queries find something.
const WORDS: [&str; 22] = [
    "peas",
    "Peas",
    "beans",
    "soil",
    "pot",
    "pots",
    "PLANTING",
    "café",
    "cafe",
    "don't",
    "x_1",
    "日本",
    "本",
    "日",
    "語の",
    "カタカナ",
    "한국어",
    "국",
    "𠀀",
    "Python入門",
    "a\0b",
    "…",
];

fn any_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(&WORDS[..]);
    let glue = prop::sample::select(&["", " ", ", ", "\n", "-"][..]);
    prop::collection::vec((word, glue), 0..8).prop_map(|parts| {
        parts
            .iter()
            .flat_map(|(word, glue)| [*word, *glue])
            .collect()
    })
}

/// A query, in a form from which it can be written in two ways.
#[derive(Debug, Clone)]
enum Asked {
    Phrase {
        text: String,
        bare: bool,
        start: bool,
        prefix: bool,
    },
    Near(Vec<String>, u32),
    And(Vec<Asked>),
    Or(Vec<Asked>),
    Not(Box<(Asked, Asked)>),
}

fn any_query() -> impl Strategy<Value = Asked> {
    let word = || prop::sample::select(&WORDS[..]).prop_map(str::to_owned);
    let phrase = (
        prop_oneof![3 => word(), 1 => any_text(), 1 => "[日本語a-c \"]{0,4}"],
        any::<bool>(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(text, bare, start, prefix)| Asked::Phrase {
            text,
            bare,
            start,
            prefix,
        });
    let near = (prop::collection::vec(word(), 1..4), 0..4_u32)
        .prop_map(|(words, far)| Asked::Near(words, far));
    prop_oneof![4 => phrase, 1 => near].prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Asked::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Asked::Or),
            (inner.clone(), inner).prop_map(|both| Asked::Not(Box::new(both))),
        ]
    })
}

impl Asked {
    /// As a user writes it; or, for a plain FTS5 table, with each character of Chinese, Japanese and Korean spaced.
    fn written(&self, spaced: bool) -> String {
        let list = |asked: &[Self], word: &str| {
            let parts: Vec<String> = asked.iter().map(|asked| asked.written(spaced)).collect();
            format!("({})", parts.join(word))
        };
        let quoted = |text: &str| {
            let text = if spaced { space(text) } else { text.to_owned() };
            // FTS5 would end at a NUL; in a text it parts words.
            let text = if spaced {
                text.replace('\0', " ")
            } else {
                text
            };
            format!("\"{}\"", text.replace('"', "\"\""))
        };
        match self {
            Self::Phrase {
                text,
                bare,
                start,
                prefix,
            } => {
                let can_be_bare = !text.is_empty()
                    && text
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii());
                let phrase = if *bare && can_be_bare && !spaced {
                    text.clone()
                } else {
                    quoted(text)
                };
                let start = if *start { "^ " } else { "" };
                let prefix = if *prefix { " *" } else { "" };
                format!("{start}{phrase}{prefix}")
            }
            Self::Near(words, far) => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                format!("NEAR({}, {far})", words.join(" "))
            }
            Self::And(asked) => list(asked, " AND "),
            Self::Or(asked) => list(asked, " OR "),
            Self::Not(both) => format!(
                "({} NOT {})",
                both.0.written(spaced),
                both.1.written(spaced)
            ),
        }
    }
}

/// A plain way to make each character a word that is of a language without spaces.
fn space(text: &str) -> String {
    let cjk = |c: char| {
        matches!(u32::from(c), 0x1100..=0x11ff | 0x3005..=0x3007 | 0x3021..=0x30fa | 0x30fc..=0x9fff | 0xac00..=0xd7ff
            | 0xf900..=0xfaff | 0xff66..=0xffdc | 0x20000..=0x3ffff)
    };
    let mut spaced = String::new();
    for c in text.chars() {
        if cjk(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced
}

#[derive(Debug, Clone)]
enum Act {
    Append(String),
    Fork(usize, String),
    Prune(usize),
    Copy(usize),
    /// By plain SQL, with an id: of a message that is gone, between others, below all.
    Insert(i64, String),
    InsertNext(String),
    Update(usize, String),
    Delete(usize),
    DeleteSome(i64),
    Index,
    Rebuild,
    /// What follows is undone.
    Undone(Vec<Act>),
    Ask(Asked),
}

fn any_act() -> impl Strategy<Value = Act> {
    let which = || 0..60_usize;
    let simple = prop_oneof![
        4 => any_text().prop_map(Act::Append),
        2 => (which(), any_text()).prop_map(|(at, text)| Act::Fork(at, text)),
        1 => which().prop_map(Act::Prune),
        1 => which().prop_map(Act::Copy),
        3 => (-5..60_i64, any_text()).prop_map(|(id, text)| Act::Insert(id, text)),
        2 => any_text().prop_map(Act::InsertNext),
        3 => (which(), any_text()).prop_map(|(at, text)| Act::Update(at, text)),
        2 => which().prop_map(Act::Delete),
        1 => (2..6_i64).prop_map(Act::DeleteSome),
        4 => Just(Act::Index),
        1 => Just(Act::Rebuild),
        6 => any_query().prop_map(Act::Ask),
    ];
    let several = prop::collection::vec(simple.clone(), 1..6).prop_map(Act::Undone);
    prop_oneof![9 => simple, 1 => several]
}

/// A database, and what was indexed of it.
struct World {
    connection: Connection,
    /// What it is compared with.
    plain: Connection,
    /// By message, the content when it was indexed. Messages that are gone stay.
    indexed: BTreeMap<i64, String>,
    queries: usize,
    found: usize,
}

impl World {
    fn contents(&self) -> BTreeMap<i64, String> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, content FROM messages")
            .unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn nth(&self, at: usize) -> Option<i64> {
        let ids: Vec<i64> = self.contents().into_keys().collect();
        (!ids.is_empty()).then(|| ids[at % ids.len()])
    }

    /// Runs a statement on the message that is meant, if there is any.
    fn on(&self, at: usize, sql: &str, text: Option<&str>) {
        let Some(id) = self.nth(at) else { return };
        match text {
            Some(text) => self.run(sql, params![id, text]),
            None => self.run(sql, params![id]),
        }
    }

    fn run(&self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) {
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        let mut rows = statement
            .query(parameters)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        while rows
            .next()
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
            .is_some()
        {}
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Append(text) => self.run("SELECT branch_append('t', 'user', ?1)", params![text]),
            Act::Fork(at, text) => self.on(*at, "SELECT branch_fork(?1, 'user', ?2)", Some(text)),
            Act::Prune(at) => self.on(*at, "SELECT branch_prune(?1)", None),
            Act::Copy(at) => self.on(*at, "SELECT branch_copy(?1, hex(randomblob(16)))", None),
            Act::Insert(id, text) => self.run(
                "INSERT OR IGNORE INTO messages(id, thread_id, role, content, created_at) VALUES (?1, 't', 'x', ?2, 1)",
                params![id, text],
            ),
            Act::InsertNext(text) => self.run(
                "INSERT INTO messages(thread_id, role, content, created_at) VALUES ('u', 'x', ?1, 1)",
                params![text],
            ),
            Act::Update(at, text) => self.on(*at, "UPDATE messages SET content = ?2 WHERE id = ?1", Some(text)),
            Act::Delete(at) => {
                self.on(*at, "UPDATE threads SET current_leaf_id = NULL WHERE ?1", None);
                self.on(*at, "UPDATE messages SET parent_entry_id = NULL WHERE parent_entry_id = ?1", None);
                self.on(*at, "DELETE FROM messages WHERE id = ?1", None);
            }
            Act::DeleteSome(step) => {
                self.run("UPDATE threads SET current_leaf_id = NULL", params![]);
                self.run("UPDATE messages SET parent_entry_id = NULL", params![]);
                self.run("DELETE FROM messages WHERE id % ?1 = 0", params![step]);
            }
            Act::Index => {
                let mut missing = self.contents();
                missing.retain(|id, _| !self.indexed.contains_key(id));
                let added = host::integer(&self.connection, "SELECT branch_index()", &[]);
                assert_eq!(added, missing.len() as i64);
                self.indexed.append(&mut missing);
            }
            Act::Rebuild => {
                self.indexed = self.contents();
                let added = host::integer(&self.connection, "SELECT branch_index('rebuild')", &[]);
                assert_eq!(added, self.indexed.len() as i64);
            }
            Act::Undone(acts) => {
                let indexed = self.indexed.clone();
                self.connection.execute_batch("SAVEPOINT undone").unwrap();
                for act in acts {
                    self.act(act);
                }
                self.connection.execute_batch("ROLLBACK TO undone; RELEASE undone").unwrap();
                self.indexed = indexed;
            }
            Act::Ask(asked) => self.ask(asked),
        }
    }

    fn ask(&mut self, asked: &Asked) {
        let contents = self.contents();
        let query = asked.written(false);
        let now = matching(&self.plain, &contents, asked);
        let then = matching(&self.plain, &self.indexed, asked);
        let expected: Vec<i64> = now
            .into_iter()
            .filter(|id| match self.indexed.get(id) {
                Some(indexed) if *indexed != contents[id] => then.contains(id),
                _ => true,
            })
            .collect();
        assert_eq!(super::ids(&self.connection, &query), expected, "{query:?}");
        self.queries += 1;
        self.found += expected.len();
        self.details(&query, &contents, &expected);
        for order in ["", "ORDER BY rank DESC"] {
            let sql = format!("SELECT id, rank FROM branch_search(?1, 't') {order}");
            let mut statement = self.connection.prepare_cached(&sql).unwrap();
            let rows = statement
                .query_map([&query], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap();
            let rows: Vec<(i64, f64)> = rows.map(Result::unwrap).collect();
            assert!(
                rows.is_sorted_by(|a, b| if order.is_empty() {
                    a.1 <= b.1
                } else {
                    a.1 >= b.1
                }),
                "{rows:?}"
            );
            let mut ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
            ids.sort_unstable();
            let of_thread = "SELECT id FROM messages WHERE thread_id = 't' ORDER BY id";
            let mut in_thread = self.connection.prepare_cached(of_thread).unwrap();
            let in_thread = in_thread.query_map([], |row| row.get(0)).unwrap();
            let in_thread: Vec<i64> = in_thread
                .map(Result::unwrap)
                .filter(|id| expected.contains(id))
                .collect();
            assert_eq!(ids, in_thread, "{query:?}");
        }
    }

    /// Each row is the message, and what is shown of it is a part of it with the matches marked.
    fn details(&self, query: &str, contents: &BTreeMap<i64, String>, expected: &[i64]) {
        let sql =
            "SELECT s.id, s.content, s.snippet, s.thread_id IS m.thread_id AND s.role IS m.role \
                   AND s.item_json IS m.item_json AND s.created_at IS m.created_at \
                   AND s.parent_entry_id IS m.parent_entry_id \
                   FROM branch_search(?1) AS s LEFT JOIN messages AS m ON m.id = s.id";
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        let mut rows = statement.query([query]).unwrap();
        let mut count = 0;
        while let Some(row) = rows.next().unwrap() {
            let (id, content, snippet, same): (i64, String, String, bool) = (
                row.get(0).unwrap(),
                row.get(1).unwrap(),
                row.get(2).unwrap(),
                row.get(3).unwrap(),
            );
            assert!(same, "{id}");
            assert_eq!(content, contents[&id]);
            let shown = snippet.replace(['«', '»'], "");
            let shown = shown.strip_prefix('…').unwrap_or(&shown);
            let shown = shown.strip_suffix('…').unwrap_or(shown);
            let line = |text: &str| {
                text.split([' ', '\n', '\0'])
                    .filter(|word| !word.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            assert!(
                line(&content).contains(line(shown).as_str()),
                "{content:?}: {snippet:?}"
            );
            assert_eq!(snippet.matches('«').count(), snippet.matches('»').count());
            count += 1;
        }
        assert_eq!(count, expected.len());
    }
}

/// An FTS5 table that anybody could have made.
fn plain() -> Connection {
    let plain = Connection::open_in_memory().unwrap();
    plain
        .execute_batch("CREATE VIRTUAL TABLE plain USING fts5(content, tokenize = 'unicode61 remove_diacritics 2')")
        .unwrap();
    plain
}

/// The messages that a query finds where the table has just been filled with them.
fn matching(plain: &Connection, contents: &BTreeMap<i64, String>, asked: &Asked) -> Vec<i64> {
    plain.execute_batch("BEGIN").unwrap();
    for (id, content) in contents {
        plain
            .prepare_cached("INSERT INTO plain(rowid, content) VALUES (?1, ?2)")
            .unwrap()
            .execute(params![id, space(content)])
            .unwrap();
    }
    let sql = "SELECT rowid FROM plain WHERE plain MATCH ?1 ORDER BY rowid";
    let mut statement = plain.prepare_cached(sql).unwrap();
    let query = asked.written(true);
    let rows = statement.query_map([&query], |row| row.get(0)).unwrap();
    let ids = rows.map(|id| id.unwrap_or_else(|error| panic!("{query:?}: {error}")));
    let ids = ids.collect();
    plain.execute_batch("ROLLBACK").unwrap();
    ids
}

#[test]
fn the_same_rows_as_a_new_fts5_table_of_all_messages() {
    let cases = std::env::var("SQLITE_BRANCH_CASES").map_or(300, |cases| cases.parse().unwrap());
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let acts = prop::collection::vec(any_act(), 1..50);
    let totals = std::cell::Cell::new((0, 0));
    let outcome = TestRunner::new(config).run(&acts, |acts| {
        let mut world = World {
            connection: empty(),
            plain: plain(),
            indexed: BTreeMap::new(),
            queries: 0,
            found: 0,
        };
        for act in &acts {
            world.act(act);
        }
        let (queries, found) = totals.get();
        totals.set((queries + world.queries, found + world.found));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let (queries, found) = totals.get();
    writeln!(
        std::io::stderr(),
        "{cases} histories, {queries} queries, {found} messages found"
    )
    .unwrap();
    assert!(
        found > queries / 4,
        "{queries} queries found {found} messages"
    );
}
