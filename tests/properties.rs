//! What must hold whatever people do: every answer is the one of a plain model, through random sequences of writes,
//! transactions and refused calls, and over trees that are broken in random ways.
//!
//! `SQLITE_BRANCH_CASES` sets the number of cases; each test prints it.

mod host;
mod model;

use std::time::{SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::types::Value;

use model::compare::{ask, Comparison, Dice};
use model::places::{any_place, Opened, Place};
use model::reads::{integer, text};
use model::writes::Draft;
use model::{Message, Model, Parent, Thread};

const ERROR: i32 = 1;

/// The number of cases, from the environment or as given.
fn cases(usual: u32) -> u32 {
    std::env::var("SQLITE_BRANCH_CASES")
        .ok()
        .map_or(usual, |cases| {
            cases.parse().expect("SQLITE_BRANCH_CASES is a number")
        })
}

fn runner(name: &str, usual: u32) -> TestRunner {
    let config = Config {
        cases: cases(usual),
        source_file: Some(file!()),
        max_shrink_iters: 2000,
        ..Config::default()
    };
    println!("{name}: {} cases", config.cases);
    TestRunner::new(config)
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Select,
    InsertSelect,
    InsertValues,
    Update,
    Returning,
}

/// One thing that somebody does. Threads and messages are picked from those that are there.
#[derive(Debug, Clone)]
enum Act {
    NewThread,
    Append(u16, Draft, Form),
    Fork(u16, Draft, Form),
    Alternative(u16, Draft, Form),
    Switch(u16, Option<u16>, Form),
    Prune(u16, Form),
    Copy(u16, Option<i64>, Form),
    Clear(u16, Form),
    Begin,
    Savepoint,
    RollbackTo(u16),
    Release(u16),
    Commit,
    Rollback,
    Refused(Refusal, u16),
    Look(u64),
}

/// A call that must change nothing.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    UnknownThread,
    UnknownMessage,
    InvalidJson,
    NullRole,
    NotAnId,
    MessageOfAnotherThread,
    CopyToAThreadThatExists,
    ClearOfAnUnknownThread,
    PruneOfAnUnknownMessage,
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{0,8}( [a-z]{1,8}){0,3}",
        1 => "[a-z]{3,9}( [a-z]{3,9}){6,15}",
        1 => "\\PC{0,40}",
        1 => Just("%s%n %d\u{0}after a NUL".to_owned()),
        1 => Just("two\nlines\tand 'quotes' \"double\"".to_owned()),
        1 => Just(String::new()),
    ]
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let item = prop_oneof![
        3 => Just(None),
        1 => Just(Some("{\"type\":\"message\",\"n\":[1,2.5,null]}".to_owned())),
        1 => Just(Some(" 12 ".to_owned())),
    ];
    let role = prop_oneof![Just("user"), Just("assistant"), Just("tool"), Just("")];
    // Clocks go back, too.
    let time = prop_oneof![1 => Just(None), 3 => (-5_i64..2_000_000_000).prop_map(Some)];
    (role, any_text(), item, time).prop_map(|(role, content, item_json, created_at)| Draft {
        role: role.to_owned(),
        content,
        item_json,
        created_at,
    })
}

fn any_act() -> impl Strategy<Value = Act> {
    let form = || {
        prop_oneof![
            6 => Just(Form::Select),
            1 => Just(Form::InsertSelect),
            1 => Just(Form::InsertValues),
            1 => Just(Form::Update),
            1 => Just(Form::Returning),
        ]
    };
    let pick = any::<u16>;
    let refusal = prop_oneof![
        Just(Refusal::UnknownThread),
        Just(Refusal::UnknownMessage),
        Just(Refusal::InvalidJson),
        Just(Refusal::NullRole),
        Just(Refusal::NotAnId),
        Just(Refusal::MessageOfAnotherThread),
        Just(Refusal::CopyToAThreadThatExists),
        Just(Refusal::ClearOfAnUnknownThread),
        Just(Refusal::PruneOfAnUnknownMessage),
    ];
    prop_oneof![
        2 => Just(Act::NewThread),
        16 => (pick(), any_draft(), form()).prop_map(|(at, draft, form)| Act::Append(at, draft, form)),
        8 => (pick(), any_draft(), form()).prop_map(|(at, draft, form)| Act::Fork(at, draft, form)),
        5 => (pick(), any_draft(), form()).prop_map(|(at, draft, form)| Act::Alternative(at, draft, form)),
        6 => (pick(), proptest::option::weighted(0.8, pick()), form())
            .prop_map(|(thread, message, form)| Act::Switch(thread, message, form)),
        3 => (pick(), form()).prop_map(|(at, form)| Act::Prune(at, form)),
        3 => (pick(), proptest::option::of(0_i64..9_999_999), form())
            .prop_map(|(at, time, form)| Act::Copy(at, time, form)),
        1 => (pick(), form()).prop_map(|(at, form)| Act::Clear(at, form)),
        3 => Just(Act::Begin),
        3 => Just(Act::Savepoint),
        2 => pick().prop_map(Act::RollbackTo),
        1 => pick().prop_map(Act::Release),
        2 => Just(Act::Commit),
        1 => Just(Act::Rollback),
        3 => (refusal, pick()).prop_map(|(refusal, at)| Act::Refused(refusal, at)),
        8 => any::<u64>().prop_map(Act::Look),
    ]
}

/// The database and what it should hold.
struct World<'a> {
    place: &'a Place,
    opened: Opened,
    model: Model,
    /// What was there before each transaction and savepoint that is open, with the savepoint's name.
    before: Vec<(Option<String>, Model)>,
    others: Vec<String>,
    made: usize,
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs() as i64
}

fn pick<T: Clone>(at: u16, list: Vec<T>) -> Option<T> {
    (!list.is_empty()).then(|| list[usize::from(at) * list.len() / 0x1_0000].clone())
}

impl<'a> World<'a> {
    fn new(place: &'a Place) -> Self {
        let opened = place.open();
        let others = place.others(&opened.connection);
        let mut world = Self {
            place,
            opened,
            model: Model::default(),
            before: Vec::new(),
            others,
            made: 0,
        };
        world.new_thread();
        world
    }

    fn threads(&self) -> Vec<String> {
        self.model.threads.keys().cloned().collect()
    }

    fn messages(&self) -> Vec<i64> {
        self.model.messages.keys().copied().collect()
    }

    fn run(&self, sql: &str) {
        self.opened
            .connection
            .execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("t{}", self.made - 1)
    }

    fn new_thread(&mut self) {
        let id = self.name();
        let title = self.made.is_multiple_of(2).then(|| format!("Title of {id}"));
        let thread = Thread {
            leaf: None,
            source: "interactive".to_owned(),
            title,
            created_at: self.made as i64,
            updated_at: 2 * self.made as i64,
        };
        let sql = "INSERT INTO main.threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, \
                       cwd, cli_version, source, title) \
                   VALUES (?1, 'p', 0, 'm', ?2, ?3, 'idle', '/', '1', 'interactive', ?4)";
        let values = [
            text(&id),
            integer(thread.created_at),
            integer(thread.updated_at),
            thread.title.as_deref().map_or(Value::Null, text),
        ];
        ask(&self.opened.connection, sql, &values).unwrap();
        self.model.threads.insert(id, thread);
    }

    /// Calls a function, and gives what it returns.
    fn call(&self, form: Form, call: &str, values: &[Value]) -> Result<Option<i64>, (i32, String)> {
        let connection = &self.opened.connection;
        let noted = |sql: &str| {
            ask(connection, sql, values)?;
            let note = "SELECT value FROM main.notes WHERE number = 1";
            Ok(ask(connection, note, &[]).unwrap())
        };
        let delete = "DELETE FROM main.notes";
        ask(connection, delete, &[]).unwrap();
        let rows = match form {
            Form::Select => ask(connection, &format!("SELECT {call}"), values),
            Form::InsertSelect => noted(&format!("INSERT INTO main.notes SELECT 1, {call}")),
            Form::InsertValues => noted(&format!("INSERT INTO main.notes VALUES (1, {call})")),
            Form::Update => {
                ask(connection, "INSERT INTO main.notes VALUES (1, 'none')", &[]).unwrap();
                noted(&format!("UPDATE main.notes SET value = {call}"))
            }
            Form::Returning => ask(
                connection,
                &format!("INSERT INTO main.notes VALUES (1, 'none') RETURNING {call}"),
                values,
            ),
        };
        let _ = ask(connection, delete, &[]).unwrap();
        rows.map(|rows| match rows[..] {
            [ref row] => match row[..] {
                [Value::Integer(id)] => Some(id),
                [Value::Null] => None,
                _ => panic!("{call}: {row:?}"),
            },
            _ => panic!("{call}: {rows:?}"),
        })
    }

    /// The values for the arguments of a draft, after the first one; those at the end that are not given are left out.
    fn add(&mut self, name: &str, first: Value, draft: &Draft, form: Form) {
        let mut values = vec![first.clone(), text(&draft.role), text(&draft.content)];
        if draft.item_json.is_some() || draft.created_at.is_some() {
            values.push(draft.item_json.as_deref().map_or(Value::Null, text));
        }
        if let Some(time) = draft.created_at {
            values.push(integer(time));
        }
        let marks: Vec<String> = (1..=values.len()).map(|at| format!("?{at}")).collect();
        let earliest = now();
        let answer = self.call(form, &format!("{name}({})", marks.join(", ")), &values);
        let latest = now();
        let expected = match (name, &first) {
            ("branch_append", Value::Text(thread)) => self.model.append(thread, draft, earliest),
            ("branch_fork", Value::Integer(id)) => self.model.fork(*id, draft, earliest),
            (_, Value::Integer(id)) => self.model.alternative(*id, draft, earliest),
            other => panic!("{other:?}"),
        };
        let id = expected.unwrap();
        assert_eq!(answer, Ok(Some(id)), "{name}");
        if draft.created_at.is_none() {
            let sql = "SELECT created_at FROM main.messages WHERE id = ?1";
            let stored = match ask(&self.opened.connection, sql, &[integer(id)]).unwrap()[0][0] {
                Value::Integer(time) => time,
                ref other => panic!("{other:?}"),
            };
            assert!((earliest..=latest).contains(&stored));
            self.model.messages.get_mut(&id).unwrap().created_at = stored;
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::NewThread => self.new_thread(),
            Act::Append(at, draft, form) => {
                let thread = pick(*at, self.threads()).unwrap();
                self.add("branch_append", text(&thread), draft, *form);
            }
            Act::Fork(at, draft, form) => {
                if let Some(id) = pick(*at, self.messages()) {
                    self.add("branch_fork", integer(id), draft, *form);
                }
            }
            Act::Alternative(at, draft, form) => {
                if let Some(id) = pick(*at, self.messages()) {
                    self.add("branch_alternative", integer(id), draft, *form);
                }
            }
            Act::Switch(thread, message, form) => {
                let thread = pick(*thread, self.threads()).unwrap();
                let message = message.and_then(|at| pick(at, self.model.messages_of(&thread)));
                let values = [text(&thread), integer(message)];
                let answer = self.call(*form, "branch_switch(?1, ?2)", &values);
                assert_eq!(answer, Ok(message));
                assert_eq!(self.model.switch(&thread, message), Ok(message));
            }
            Act::Prune(at, form) => {
                if let Some(id) = pick(*at, self.messages()) {
                    let answer = self.call(*form, "branch_prune(?1)", &[integer(id)]);
                    let count = self.model.prune(id).unwrap();
                    assert_eq!(answer, Ok(Some(count)));
                }
            }
            Act::Copy(at, time, form) => {
                if let Some(id) = pick(*at, self.messages()) {
                    let name = self.name();
                    self.copy(id, &name, *time, *form);
                }
            }
            Act::Clear(at, form) => {
                let thread = pick(*at, self.threads()).unwrap();
                let answer = self.call(*form, "branch_clear(?1)", &[text(&thread)]);
                let count = self.model.clear(&thread).unwrap();
                assert_eq!(answer, Ok(Some(count)));
            }
            Act::Refused(refusal, at) => self.refused(*refusal, *at),
            Act::Look(seed) => self.look(*seed),
            Act::Begin
            | Act::Savepoint
            | Act::RollbackTo(_)
            | Act::Release(_)
            | Act::Commit
            | Act::Rollback => self.transaction(act),
        }
    }

    fn copy(&mut self, id: i64, name: &str, time: Option<i64>, form: Form) {
        let earliest = now();
        let values = [integer(id), text(name), integer(time)];
        let answer = match time {
            Some(_) => self.call(form, "branch_copy(?1, ?2, ?3)", &values),
            None => self.call(form, "branch_copy(?1, ?2)", &values[..2]),
        };
        let latest = now();
        let leaf = self.model.copy(id, name, time.unwrap_or(earliest)).unwrap();
        assert_eq!(answer, Ok(Some(leaf)));
        if time.is_none() {
            let sql = "SELECT created_at FROM main.threads WHERE id = ?1";
            let stored = match ask(&self.opened.connection, sql, &[text(name)]).unwrap()[0][0] {
                Value::Integer(time) => time,
                ref other => panic!("{other:?}"),
            };
            assert!((earliest..=latest).contains(&stored));
            let thread = self.model.threads.get_mut(name).unwrap();
            thread.created_at = stored;
            thread.updated_at = stored;
        }
    }

    fn transaction(&mut self, act: &Act) {
        let open: Vec<usize> = (0..self.before.len())
            .filter(|at| self.before[*at].0.is_some())
            .collect();
        match act {
            Act::Begin if self.before.is_empty() => {
                self.run("BEGIN");
                self.before.push((None, self.model.clone()));
            }
            Act::Savepoint => {
                // Also outside a transaction, where it begins one.
                let name = format!("s{}", self.before.len());
                self.run(&format!("SAVEPOINT {name}"));
                self.before.push((Some(name), self.model.clone()));
            }
            Act::RollbackTo(at) => {
                if let Some(at) = pick(*at, open) {
                    let name = self.before[at].0.clone().unwrap();
                    self.run(&format!("ROLLBACK TO {name}"));
                    self.model = self.before[at].1.clone();
                    self.before.truncate(at + 1);
                }
            }
            Act::Release(at) => {
                if let Some(at) = pick(*at, open) {
                    let name = self.before[at].0.clone().unwrap();
                    self.run(&format!("RELEASE {name}"));
                    self.before.truncate(at);
                }
            }
            Act::Commit if !self.before.is_empty() => {
                self.run("COMMIT");
                self.before.clear();
            }
            Act::Rollback if !self.before.is_empty() => {
                self.run("ROLLBACK");
                self.model = self.before.remove(0).1;
                self.before.clear();
            }
            _ => {}
        }
        assert_eq!(
            self.opened.connection.is_autocommit(),
            self.before.is_empty()
        );
    }

    /// A call that must fail, and change nothing: neither the tables nor the transaction that is open.
    fn refused(&mut self, refusal: Refusal, at: u16) {
        let unknown = self.model.highest + 1 + i64::from(at);
        let thread = pick(at, self.threads()).unwrap();
        let other = pick(at, self.messages()).filter(|id| self.model.messages[id].thread != thread);
        let user = [text("user"), text("hello")];
        let (name, values, told) = match refusal {
            Refusal::UnknownThread => {
                let values = [&[text("%nobody")], &user[..]].concat();
                ("branch_append", values, "no thread '%nobody'".to_owned())
            }
            Refusal::UnknownMessage => {
                let name = if at.is_multiple_of(2) {
                    "branch_fork"
                } else {
                    "branch_alternative"
                };
                let values = [&[integer(unknown)], &user[..]].concat();
                (name, values, format!("no message {unknown}"))
            }
            Refusal::InvalidJson => {
                let values = [&[text(&thread)], &user[..], &[text("{\"a\":")]].concat();
                let told =
                    "item_json is not valid JSON: EOF while parsing a value at line 1 column 5";
                ("branch_append", values, told.to_owned())
            }
            Refusal::NullRole => {
                let values = vec![text(&thread), Value::Null, text("")];
                (
                    "branch_append",
                    values,
                    "role must be text, not NULL".to_owned(),
                )
            }
            Refusal::NotAnId => {
                let values = [&[text("1x")], &user[..]].concat();
                let told = "message_id must be an integer, not '1x'";
                ("branch_fork", values, told.to_owned())
            }
            Refusal::MessageOfAnotherThread => match other {
                Some(id) => {
                    let told = format!("message {id} is not in thread '{thread}'");
                    ("branch_switch", vec![text(&thread), integer(id)], told)
                }
                None => {
                    let told = format!("no message {unknown}");
                    ("branch_switch", vec![text(&thread), integer(unknown)], told)
                }
            },
            Refusal::CopyToAThreadThatExists => match pick(at, self.messages()) {
                Some(id) => {
                    let told = format!("thread '{thread}' exists already");
                    ("branch_copy", vec![integer(id), text(&thread)], told)
                }
                None => return,
            },
            Refusal::ClearOfAnUnknownThread => (
                "branch_clear",
                vec![text("%s%n")],
                "no thread '%s%n'".to_owned(),
            ),
            Refusal::PruneOfAnUnknownMessage => (
                "branch_prune",
                vec![integer(unknown)],
                format!("no message {unknown}"),
            ),
        };
        let marks: Vec<String> = (1..=values.len()).map(|at| format!("?{at}")).collect();
        let call = format!("{name}({})", marks.join(", "));
        let form = [
            Form::Select,
            Form::InsertSelect,
            Form::InsertValues,
            Form::Update,
        ][usize::from(at % 4)];
        let answer = self.call(form, &call, &values);
        assert_eq!(answer, Err((ERROR, format!("{name}: {told}"))));
        assert_eq!(
            self.opened.connection.is_autocommit(),
            self.before.is_empty()
        );
        self.comparison(0).stored();
    }

    fn comparison(&self, seed: u64) -> Comparison<'_> {
        Comparison {
            connection: &self.opened.connection,
            model: &self.model,
            dice: Dice::new(seed),
        }
    }

    fn look(&self, seed: u64) {
        let mut comparison = self.comparison(seed);
        comparison.stored();
        comparison.reads();
        comparison.joins();
        assert_eq!(self.place.others(&self.opened.connection), self.others);
    }

    /// Everything once more, also from a connection that knows nothing of what happened before.
    fn finish(mut self, seed: u64) {
        if !self.before.is_empty() {
            self.run("COMMIT");
            self.before.clear();
        }
        self.look(seed);
        self.opened = self.opened.reopen();
        let mut comparison = self.comparison(seed.wrapping_add(1));
        comparison.stored();
        comparison.reads();
    }
}

#[test]
fn every_answer_is_the_models() {
    let acts = proptest::collection::vec(any_act(), 1..60);
    let case = (any_place(), acts, any::<u64>());
    let outcome = runner("every_answer_is_the_models", 96).run(&case, |(place, acts, seed)| {
        let mut world = World::new(&place);
        for act in &acts {
            world.act(act);
        }
        world.finish(seed);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

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
struct Raw {
    place: Place,
    /// Whether the column of parents has no type, so that a text stays one even if it is a number.
    untyped: bool,
    first_id: i64,
    /// The gap before each message's id, its thread, its parent, whether its item is JSON.
    messages: Vec<(u8, u8, Aim, u8)>,
    leaves: Vec<Option<u8>>,
    seed: u64,
}

fn any_raw() -> impl Strategy<Value = Raw> {
    let gap = prop_oneof![8 => Just(1_u8), 2 => 2..4_u8];
    let message = (gap, any::<u8>(), any_aim(), 0..20_u8);
    // The lowest and the highest ids are worth looking at, and 0.
    let first_id = prop_oneof![
        6 => Just(1_i64),
        1 => Just(-3),
        // Not the lowest one itself: the id before it is a real number for SQLite.
        1 => Just(i64::MIN + 1),
        1 => Just(i64::MAX - 40),
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
    fn model(&self) -> Model {
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
            highest: next - 1,
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
                true => Parent::Other(Value::Text(text.to_owned())),
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
                    Aim::Text => Parent::Other(Value::Text("above".to_owned())),
                    Aim::TextOfANumber => number(&id.saturating_sub(2).to_string()),
                    Aim::Real => Parent::Other(Value::Real(1.5)),
                    Aim::Blob => Parent::Other(Value::Blob(vec![0x31])),
                },
            };
            model.messages.insert(*id, message);
        }
        model
    }

    fn store(&self, model: &Model) -> Opened {
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
                Value::Text(sql) => sql.replacen("INDEX ", "INDEX main.", 1),
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

#[test]
fn broken_trees_give_the_right_answer_or_say_what_is_broken() {
    let name = "broken_trees_give_the_right_answer_or_say_what_is_broken";
    let outcome = runner(name, 384).run(&any_raw(), |raw| {
        let model = raw.model();
        let opened = raw.store(&model);
        let mut comparison = Comparison {
            connection: &opened.connection,
            model: &model,
            dice: Dice::new(raw.seed),
        };
        comparison.stored();
        comparison.reads();
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
