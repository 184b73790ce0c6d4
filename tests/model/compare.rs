//! Asks a database, and holds its answers against the model's.

use rusqlite::types::Value;
use rusqlite::Connection;

use super::asking::{ask, Dice};
use super::reads::{integer, text, Listing, Row, Verdict};
use super::{drawing, Damage, Model};

const CORRUPT_VTAB: i32 = 267;

/// One of a table's uses: its name, its columns, what it is called with.
struct Use<'a> {
    name: &'static str,
    columns: &'a [&'static str],
    arguments: Vec<Value>,
}

const M: [&str; 7] = [
    "id",
    "thread_id",
    "role",
    "content",
    "item_json",
    "created_at",
    "parent_entry_id",
];

/// The columns of `messages`, and more.
fn with_m(more: &[&'static str]) -> Vec<&'static str> {
    M.iter().chain(more).copied().collect()
}

pub struct Comparison<'a> {
    pub connection: &'a Connection,
    pub model: &'a Model,
    pub dice: Dice,
}

impl Comparison<'_> {
    /// Every read function and table, for some of the threads and messages.
    pub fn reads(&mut self) {
        let mut ids: Vec<i64> = self.model.messages.keys().copied().collect();
        // And one that is not there.
        ids.push(self.model.highest + 1);
        ids.extend(
            self.model
                .messages
                .keys()
                .next()
                .and_then(|lowest| lowest.checked_sub(1)),
        );
        let mut threads: Vec<String> = self.model.threads.keys().cloned().collect();
        threads.push("nobody".to_owned());
        for _ in 0..5 {
            let (a, b) = (self.dice.pick(&ids), self.dice.pick(&ids));
            self.scalars(a, b);
            self.path(a);
            self.alternatives(a);
            self.diff(a, b);
        }
        for thread in &threads {
            self.messages(thread, &ids);
            self.leaves(thread);
            self.tree(thread);
            self.check(Some(thread));
        }
        self.check(None);
    }

    /// What the tables themselves hold.
    pub fn stored(&self) {
        let messages = format!("SELECT {} FROM main.messages ORDER BY id", M.join(", "));
        let expected: Vec<Row> = self
            .model
            .messages
            .keys()
            .map(|id| self.model.row(*id))
            .collect();
        assert_eq!(ask(self.connection, &messages, &[]), Ok(expected));
        let threads = "SELECT id, current_leaf_id, source, title, created_at, updated_at \
                       FROM main.threads ORDER BY id";
        let expected = self.model.threads.iter().map(|(id, thread)| {
            vec![
                text(id),
                integer(thread.leaf),
                text(&thread.source),
                thread.title.as_deref().map_or(Value::Null, text),
                integer(thread.created_at),
                integer(thread.updated_at),
            ]
        });
        assert_eq!(ask(self.connection, threads, &[]), Ok(expected.collect()));
    }

    fn scalars(&self, a: i64, b: i64) {
        let model = self.model;
        let one = [Value::Integer(a)];
        let two = [Value::Integer(a), Value::Integer(b)];
        self.scalar("branch_depth", &one, model.depth(a));
        self.scalar("branch_root", &one, model.root(a));
        self.scalar("branch_tip", &one, model.tip(a));
        self.scalar("branch_is_ancestor", &two, model.is_ancestor(a, b));
        let shared = model.common_ancestor(a, b).map(integer);
        self.scalar("branch_common_ancestor", &two, shared);
    }

    fn scalar(&self, name: &str, arguments: &[Value], verdict: Verdict<Value>) {
        let sql = format!("SELECT {name}({})", marks(arguments.len()));
        self.holds(
            name,
            &sql,
            arguments,
            verdict.map(|value| vec![vec![value]]),
        );
    }

    /// Asks, and holds the answer against the verdict.
    fn holds(&self, name: &str, sql: &str, values: &[Value], verdict: Verdict<Vec<Row>>) {
        let answer = ask(self.connection, sql, values);
        // Where several things are broken it may be another one that is told, but it has to be true.
        let told = |code: i32, text: &str, damage: &[Damage]| {
            code == CORRUPT_VTAB
                && self
                    .model
                    .all_damage()
                    .iter()
                    .chain(damage)
                    .flat_map(|damage| &damage.texts)
                    .any(|expected| text == format!("{name}: {expected}"))
        };
        let fits = match (&answer, &verdict) {
            (Ok(rows), Verdict::Is(expected) | Verdict::Either(expected, _)) => rows == expected,
            (Err((code, text)), Verdict::Fails(damage) | Verdict::Either(_, damage)) => {
                told(*code, text, damage)
            }
            _ => false,
        };
        assert!(
            fits,
            "{sql} with {values:?}\nanswers {answer:?}\nand must be {verdict:?}\nin {:#?}",
            self.model
        );
    }

    fn path(&mut self, id: i64) {
        let limit = self.dice.limit();
        let listing = self.model.path(id, limit);
        let columns = ["id", "distance"];
        let arguments = vec![Value::Integer(id), integer(limit.map(|limit| limit as i64))];
        self.branch(
            &Use {
                name: "branch_path",
                columns: &columns,
                arguments,
            },
            Verdict::Is(listing),
        );
    }

    fn messages(&mut self, thread: &str, ids: &[i64]) {
        let columns = with_m(&["distance"]);
        for _ in 0..3 {
            let limit = self.dice.limit();
            let before = (self.dice.roll(2) == 0).then(|| self.dice.pick(ids));
            let verdict = self.model.branch_messages(thread, limit, before);
            let used = Use {
                name: "branch_messages",
                columns: &columns,
                arguments: vec![
                    text(thread),
                    integer(limit.map(|limit| limit as i64)),
                    integer(before),
                ],
            };
            self.branch(&used, verdict);
        }
    }

    /// A listing of a branch, in one of its orders.
    fn branch(&mut self, used: &Use, verdict: Verdict<Listing>) {
        let last = used.columns.len() - 1;
        let mut orders = vec![
            ("", last, true),
            ("", last, true),
            ("ORDER BY distance", last, false),
            ("ORDER BY distance DESC", last, true),
            ("ORDER BY id", 0, false),
            ("ORDER BY id DESC", 0, true),
            ("ORDER BY rowid", 0, false),
            ("ORDER BY rowid DESC", 0, true),
        ];
        if let Some(at) = used.columns.iter().position(|name| *name == "created_at") {
            orders.push(("ORDER BY created_at, id", at, false));
        }
        let (order, key, descending) = self.dice.pick(&orders);
        let limit = self.dice.limit();
        // Upwards, what is broken may come after the last row that is wanted.
        let lazy =
            key == last && !descending || key == 0 && descending && self.model.only_goes_down();
        let enough = |listing: &Listing| {
            listing.enough || lazy && limit.is_some_and(|limit| limit <= listing.rows.len())
        };
        let sorted = |listing: Listing| {
            let mut rows = listing.rows;
            rows.sort_by_key(|row| {
                let number = whole(&row[key]);
                (if descending { !number } else { number }, whole(&row[0]))
            });
            cut(rows, limit)
        };
        let (listing, mut damage) = match verdict {
            Verdict::Is(listing) => (Some(listing), Vec::new()),
            Verdict::Either(listing, damage) => (Some(listing), damage),
            Verdict::Fails(damage) => (None, damage),
        };
        damage.extend(listing.iter().flat_map(|listing| listing.damage.clone()));
        // Contents are looked at on the way down, so what is broken below the last row that is wanted is not met.
        let columns = self.some_of(used.columns.len());
        let looks = columns.iter().any(|at| *at != 0 && *at != last);
        let verdict = match listing {
            Some(listing)
                if looks && limit.is_some() && !damage.is_empty() && !enough(&listing) =>
            {
                return;
            }
            // Nobody asks, then.
            _ if limit == Some(0) => Verdict::Is(Vec::new()),
            Some(listing) if damage.is_empty() => Verdict::Is(sorted(listing)),
            Some(listing) if enough(&listing) => Verdict::Either(sorted(listing), damage),
            _ => Verdict::Fails(damage),
        };
        self.table(used, order, limit, Some(columns), verdict);
    }

    /// A table's rows, all of them or the first ones, with all columns or some.
    fn table(
        &mut self,
        used: &Use,
        order: &str,
        limit: Option<usize>,
        columns: Option<Vec<usize>>,
        verdict: Verdict<Vec<Row>>,
    ) {
        let columns = columns.unwrap_or_else(|| self.some_of(used.columns.len()));
        let names: Vec<&str> = columns.iter().map(|at| used.columns[*at]).collect();
        let limit = limit.map_or(String::new(), |limit| format!(" LIMIT {limit}"));
        let sql = format!(
            "SELECT {} FROM {}({}) {order}{limit}",
            names.join(", "),
            used.name,
            marks(used.arguments.len())
        );
        let project = |row: Row| columns.iter().map(|at| row[*at].clone()).collect();
        let verdict = verdict.map(|rows| rows.into_iter().map(project).collect());
        self.holds(used.name, &sql, &used.arguments, verdict);
    }

    /// Some of so many columns: the first, all, or any.
    fn some_of(&mut self, count: usize) -> Vec<usize> {
        match self.dice.roll(4) {
            0 => vec![0],
            1 => (0..count).collect(),
            _ => {
                let mut some: Vec<usize> = (0..count).filter(|_| self.dice.roll(2) == 0).collect();
                if some.is_empty() {
                    some.push(count - 1);
                }
                some
            }
        }
    }

    /// A list of messages by id, of which the columns in `fragile` may fail, `lazy` says: row by row.
    fn list(
        &mut self,
        used: &Use,
        rows: Vec<Row>,
        fragile: std::ops::Range<usize>,
        damage: Vec<Damage>,
        fails: bool,
        lazy: bool,
    ) {
        let mut orders = vec![
            ("", false),
            ("ORDER BY id", false),
            ("ORDER BY id DESC", true),
            ("ORDER BY rowid DESC", true),
            ("ORDER BY role, id DESC", true),
        ];
        if used.columns.contains(&"position") {
            orders.push(("ORDER BY position DESC", true));
            orders.push(("ORDER BY position", false));
        }
        let (order, reverse) = self.dice.pick(&orders);
        let limit = self.dice.limit();
        let columns = self.some_of(used.columns.len());
        let touched = columns.iter().any(|at| fragile.contains(at));
        let mut rows = rows;
        if reverse {
            rows.reverse();
        }
        if order.contains("role") {
            rows.sort_by(|a, b| words(&a[2]).cmp(words(&b[2])));
        }
        let rows = cut(rows, limit);
        // A thread's links are read for its leaves, so one that is not an integer may be met there, too.
        let unreadable = !lazy
            && damage
                .iter()
                .flat_map(|damage| &damage.texts)
                .any(|text| text.ends_with("integer"));
        let verdict = if limit == Some(0) || damage.is_empty() || !(touched || unreadable) {
            Verdict::Is(rows)
        } else if !touched {
            Verdict::Either(rows, damage)
        } else if fails && (limit.is_none() || !lazy) {
            Verdict::Fails(damage)
        } else {
            Verdict::Either(rows, damage)
        };
        self.table(used, order, limit, Some(columns), verdict);
    }

    fn leaves(&mut self, thread: &str) {
        let columns = with_m(&["depth", "fork_id", "is_current"]);
        let (rows, damage) = self.model.leaves(thread);
        let used = Use {
            name: "branch_leaves",
            columns: &columns,
            arguments: vec![text(thread)],
        };
        let fragile = M.len()..M.len() + 2;
        self.list(&used, rows, fragile, damage, true, false);
    }

    fn alternatives(&mut self, id: i64) {
        let columns = with_m(&["is_current"]);
        let children = self.model.branch_children(id);
        let used = Use {
            name: "branch_children",
            columns: &columns,
            arguments: vec![Value::Integer(id)],
        };
        let fragile = M.len()..M.len() + 1;
        self.list(
            &used,
            children.rows,
            fragile,
            children.damage,
            children.fails,
            true,
        );
        let columns = with_m(&["position", "is_current"]);
        let used = Use {
            name: "branch_siblings",
            columns: &columns,
            arguments: vec![Value::Integer(id)],
        };
        match self.model.siblings(id) {
            Verdict::Is(found) => {
                let fragile = M.len() + 1..M.len() + 2;
                self.list(&used, found.rows, fragile, found.damage, found.fails, true);
            }
            Verdict::Fails(damage) | Verdict::Either(_, damage) => {
                self.table(&used, "", None, None, Verdict::Fails(damage));
            }
        }
    }

    fn tree(&mut self, thread: &str) {
        let columns = [
            "id",
            "parent_entry_id",
            "role",
            "created_at",
            "depth",
            "children",
            "is_leaf",
            "is_current",
            "preview",
        ];
        let used = Use {
            name: "branch_tree",
            columns: &columns,
            arguments: vec![text(thread)],
        };
        let (order, reverse) = self
            .dice
            .pick(&[("", false), ("ORDER BY rowid DESC", true)]);
        let limit = self.dice.limit();
        let verdict = match self.model.tree(thread) {
            _ if limit == Some(0) => Verdict::Is(Vec::new()),
            other => other.map(|mut rows| {
                if reverse {
                    rows.reverse();
                }
                cut(rows, limit)
            }),
        };
        let sound = !matches!(verdict, Verdict::Fails(_));
        self.table(&used, order, limit, None, verdict);
        if sound && limit != Some(0) && self.model.threads.contains_key(thread) {
            let sql = "SELECT graph FROM branch_tree(?1)";
            let rows = ask(self.connection, sql, &used.arguments).unwrap();
            let lines: Vec<String> = rows.iter().map(|row| words(&row[0]).to_owned()).collect();
            drawing::check(self.model, thread, &lines);
        }
    }

    fn diff(&mut self, a: i64, b: i64) {
        let columns: Vec<&str> = ["side"].into_iter().chain(M).collect();
        let used = Use {
            name: "branch_diff",
            columns: &columns,
            arguments: vec![Value::Integer(a), Value::Integer(b)],
        };
        let orders = [
            ("", false),
            ("ORDER BY rowid", false),
            ("ORDER BY rowid DESC", true),
        ];
        let (order, reverse) = self.dice.pick(&orders);
        let limit = self.dice.limit();
        let verdict = match self.model.diff(a, b) {
            _ if limit == Some(0) => Verdict::Is(Vec::new()),
            other => other.map(|mut rows| {
                if reverse {
                    rows.reverse();
                }
                cut(rows, limit)
            }),
        };
        self.table(&used, order, limit, None, verdict);
    }

    fn check(&mut self, thread: Option<&str>) {
        let columns = ["thread_id", "message_id", "problem", "detail"];
        let used = Use {
            name: "branch_check",
            columns: &columns,
            arguments: vec![thread.map_or(Value::Null, text)],
        };
        let mut rows = self.model.check(thread);
        let sql = "SELECT thread_id, message_id, problem, \
                   CASE problem WHEN 'invalid item_json' THEN NULL ELSE detail END FROM branch_check(?1)";
        self.holds(used.name, sql, &used.arguments, Verdict::Is(rows.clone()));
        rows.reverse();
        let first_three = Some(vec![0, 1, 2]);
        self.table(
            &used,
            "ORDER BY rowid DESC",
            None,
            first_three,
            Verdict::Is(rows),
        );
    }
}

fn marks(count: usize) -> String {
    let marks: Vec<String> = (1..=count).map(|at| format!("?{at}")).collect();
    marks.join(", ")
}

fn cut(mut rows: Vec<Row>, limit: Option<usize>) -> Vec<Row> {
    rows.truncate(limit.unwrap_or(usize::MAX));
    rows
}

fn whole(value: &Value) -> i64 {
    match value {
        Value::Integer(number) => *number,
        other => panic!("not an integer: {other:?}"),
    }
}

fn words(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        other => panic!("not text: {other:?}"),
    }
}
