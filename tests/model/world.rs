//! A database and a model, to both of which the same things are done.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::types::Value;

use super::acts::{Act, Form};
use super::asking::{ask, Dice};
use super::compare::Comparison;
use super::everyday::{given, CONSTRAINT, INSERT};
use super::places::{Opened, Place};
use super::reads::{integer, text};
use super::writes::Draft;
use super::{Model, Thread};

pub(super) const ERROR: i32 = 1;

/// The database and what it should hold.
pub struct World<'a> {
    place: &'a Place,
    pub(super) opened: Opened,
    pub(super) model: Model,
    /// What was there before each transaction and savepoint that is open, with the savepoint's name.
    pub(super) before: Vec<(Option<String>, Model)>,
    others: Vec<String>,
    made: usize,
    /// What was added with a uid: the function, what to, the message.
    added: Vec<(&'static str, Value, Draft)>,
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs() as i64
}

pub(super) fn pick<T: Clone>(at: u16, list: Vec<T>) -> Option<T> {
    (!list.is_empty()).then(|| list[usize::from(at) * list.len() / 0x1_0000].clone())
}

impl<'a> World<'a> {
    pub fn new(place: &'a Place) -> Self {
        let opened = place.open();
        let others = place.others(&opened.connection);
        let mut world = Self {
            place,
            opened,
            model: Model::default(),
            before: Vec::new(),
            others,
            made: 0,
            added: Vec::new(),
        };
        world.new_thread();
        world
    }

    pub(super) fn threads(&self) -> Vec<String> {
        self.model.threads.keys().cloned().collect()
    }

    pub(super) fn messages(&self) -> Vec<i64> {
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
        let number = self.made - 1;
        match number % 4 {
            3 => format!("%s 'ü' \n{number}"),
            _ => format!("t{number}"),
        }
    }

    fn new_thread(&mut self) {
        let id = self.name();
        let title = self
            .made
            .is_multiple_of(2)
            .then(|| format!("Title of {id}"));
        // One in three by SQL, as other programs do.
        let by_sql = self.made.is_multiple_of(3);
        let thread = Thread {
            leaf: None,
            source: if by_sql { "interactive" } else { "api" }.to_owned(),
            title,
            created_at: self.made as i64,
            updated_at: (if by_sql { 2 } else { 1 }) * self.made as i64,
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
        if by_sql {
            ask(&self.opened.connection, sql, &values).unwrap();
        } else {
            let values = [values[0].clone(), values[3].clone(), values[1].clone()];
            let made = ask(
                &self.opened.connection,
                "SELECT branch_thread(?1, ?2, ?3)",
                &values,
            );
            assert_eq!(made, Ok(vec![vec![text(&id)]]));
        }
        self.model.threads.insert(id, thread);
    }

    /// Calls a function, and gives what it returns.
    pub(super) fn call(
        &self,
        form: Form,
        call: &str,
        values: &[Value],
    ) -> Result<Option<i64>, (i32, String)> {
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
            Form::Call | Form::Into => ask(
                connection,
                &format!("INSERT INTO branch_call SELECT {call}"),
                values,
            )
            .and_then(|_| ask(connection, "SELECT last_insert_rowid()", &[])),
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
    fn add(&mut self, name: &'static str, first: Value, draft: &Draft, form: Form) {
        let mut values = vec![
            self.named(&first, draft.content.len()),
            text(&draft.role),
            text(&draft.content),
            draft.item_json.as_deref().map_or(Value::Null, text),
            integer(draft.created_at),
            draft.uid.as_deref().map_or(Value::Null, text),
        ];
        let into = form == Form::Into && name != "branch_alternative";
        let earliest = now();
        let (told, answer) = if into {
            values.push(Value::Null);
            if let Value::Integer(parent) = first {
                values.swap(0, 6);
                values[0] = text(&self.model.messages[&parent].thread);
            }
            let connection = &self.opened.connection;
            let last = "SELECT last_insert_rowid()";
            let answer = ask(connection, INSERT, &values).map(|_| {
                match ask(connection, last, &[]).unwrap()[0][0] {
                    Value::Integer(id) => Some(id),
                    ref other => panic!("{other:?}"),
                }
            });
            ("branch_messages", answer)
        } else {
            while values.len() > 3 && values.last() == Some(&Value::Null) {
                values.pop();
            }
            let marks: Vec<String> = (1..=values.len()).map(|at| format!("?{at}")).collect();
            (
                name,
                self.call(form, &format!("{name}({})", marks.join(", ")), &values),
            )
        };
        let latest = now();
        let known = self.model.highest;
        if draft.uid.is_some() {
            self.added.push((name, first.clone(), draft.clone()));
        }
        let expected = match (name, &first) {
            ("branch_append", Value::Text(thread)) => self.model.append(thread, draft, earliest),
            ("branch_fork", Value::Integer(id)) => self.model.fork(*id, draft, earliest),
            (_, Value::Integer(id)) => self.model.alternative(*id, draft, earliest),
            other => panic!("{other:?}"),
        };
        let id = match expected {
            Ok(id) => id,
            Err(why) => {
                let why = why.replace('\0', "\u{2400}");
                assert_eq!(answer, Err((CONSTRAINT, format!("{told}: {why}"))));
                return self.comparison(0).stored();
            }
        };
        assert_eq!(answer, Ok(Some(id)), "{name}");
        if draft.created_at.is_none() && id > known {
            let sql = "SELECT created_at FROM main.messages WHERE id = ?1";
            let stored = match ask(&self.opened.connection, sql, &[integer(id)]).unwrap()[0][0] {
                Value::Integer(time) => time,
                ref other => panic!("{other:?}"),
            };
            assert!((earliest..=latest).contains(&stored));
            self.model.messages.get_mut(&id).unwrap().created_at = stored;
        }
    }

    /// A message by its id or, if it has one and the number is odd, by its uid.
    fn named(&self, message: &Value, number: usize) -> Value {
        match message {
            Value::Integer(id) if !number.is_multiple_of(2) => {
                let mut uids = self.model.uids.iter();
                let found = uids.find(|(_, named)| *named == id);
                found.map_or_else(|| message.clone(), |(uid, _)| text(uid))
            }
            _ => message.clone(),
        }
    }

    /// The call whose answer was lost.
    fn again(&mut self, at: u16) {
        let Some((name, first, draft)) = pick(at, self.added.clone()) else {
            return;
        };
        let there = match &first {
            Value::Integer(id) => self.model.messages.contains_key(id),
            Value::Text(thread) => self.model.threads.contains_key(thread),
            _ => false,
        };
        if there {
            self.add(name, first, &draft, Form::Select);
        }
    }

    fn select(&mut self, id: i64, position: Option<i64>, form: Form) {
        let values = [self.named(&integer(id), id as usize), integer(position)];
        let answer = self.call(form, "branch_select(?1, ?2)", &values);
        match self.model.select(id, position) {
            Ok(leaf) => assert_eq!(answer, Ok(Some(leaf))),
            Err(why) => assert_eq!(answer, Err((ERROR, format!("branch_select: {why}")))),
        }
    }

    pub fn act(&mut self, act: &Act) {
        match act {
            Act::NewThread => self.new_thread(),
            Act::Again(at) => self.again(*at),
            Act::Select(at, position, form) => {
                if let Some(id) = pick(*at, self.messages()) {
                    self.select(id, position.map(i64::from), *form);
                }
            }
            Act::Delete(at, form) => {
                if self.model.threads.len() > 1 {
                    let thread = pick(*at, self.threads()).unwrap();
                    let answer = self.call(*form, "branch_delete(?1)", &[text(&thread)]);
                    assert_eq!(answer, Ok(Some(self.model.delete(&thread))));
                }
            }
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
                let named = message.map_or(Value::Null, |id| self.named(&integer(id), id as usize));
                let values = [text(&thread), named];
                let answer = self.call(*form, "branch_switch(?1, ?2)", &values);
                assert_eq!(answer, Ok(given(*form, message)));
                assert_eq!(self.model.switch(&thread, message), Ok(message));
            }
            Act::Prune(at, form) => {
                if let Some(id) = pick(*at, self.messages()) {
                    let named = self.named(&integer(id), id as usize);
                    let answer = self.call(*form, "branch_prune(?1)", &[named]);
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

    pub(super) fn comparison(&self, seed: u64) -> Comparison<'_> {
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
        comparison.everyday();
        assert_eq!(self.place.others(&self.opened.connection), self.others);
    }

    /// Everything once more, also from a connection that knows nothing of what happened before.
    pub fn finish(mut self, seed: u64) {
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
