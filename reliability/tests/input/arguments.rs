//! Every function and table with arguments of every kind. What is refused changes nothing, and what is accepted leaves
//! a sound tree.

use fastrand::Rng;
use rusqlite::Connection;
use sqlite_branch_reliability::calls;
use sqlite_branch_reliability::database::{assert_same, memory, rows, run, state};

use crate::{literals, Tally, CORRUPT_VTAB, ERROR, TOOBIG};

/// What an argument should be.
#[derive(Clone, Copy)]
enum Wanted {
    Message,
    Thread,
    NewThread,
    Text,
    Json,
    Time,
    Limit,
}

use Wanted::{Json, Limit, Message, NewThread, Text, Thread, Time};

const FUNCTIONS: [(&str, &[Wanted]); 15] = [
    ("branch_append", &[Thread, Text, Text, Json, Time]),
    ("branch_fork", &[Message, Text, Text, Json, Time]),
    ("branch_alternative", &[Message, Text, Text, Json, Time]),
    ("branch_switch", &[Thread, Message]),
    ("branch_clear", &[Thread]),
    ("branch_prune", &[Message]),
    ("branch_copy", &[Message, NewThread, Time]),
    ("branch_migrate", &[]),
    ("branch_version", &[]),
    ("branch_debug", &[]),
    ("branch_depth", &[Message]),
    ("branch_root", &[Message]),
    ("branch_tip", &[Message]),
    ("branch_common_ancestor", &[Message, Message]),
    ("branch_is_ancestor", &[Message, Message]),
];

const TABLES: [(&str, &[Wanted]); 9] = [
    ("branch_path", &[Message, Limit]),
    ("branch_messages", &[Thread, Limit, Message]),
    ("branch_leaves", &[Thread]),
    ("branch_children", &[Message]),
    ("branch_siblings", &[Message]),
    ("branch_tree", &[Thread]),
    ("branch_diff", &[Message, Message]),
    ("branch_check", &[Thread]),
    ("branch_write", &[Text]),
];

pub struct Harness {
    connection: Connection,
    left: usize,
}

impl Harness {
    pub fn new() -> Self {
        Self {
            connection: memory(),
            left: 0,
        }
    }

    /// A database that many cases use, in one of SQLite's encodings.
    fn renew(&mut self, random: &mut Rng) {
        const ENCODINGS: [&str; 3] = ["UTF-8", "UTF-16le", "UTF-16be"];
        self.connection = memory();
        let encoding = ENCODINGS[random.usize(0..3)];
        rows(&self.connection, &format!("PRAGMA encoding = '{encoding}'"));
        calls::prepare(&self.connection);
        self.left = 50;
    }

    pub fn case(&mut self, random: &mut Rng, tally: &mut Tally) {
        if self.left == 0 {
            self.renew(random);
        }
        self.left -= 1;
        let sql = if random.bool() {
            let (name, wanted) = FUNCTIONS[random.usize(0..FUNCTIONS.len())];
            format!("SELECT {name}({})", arguments(random, wanted))
        } else {
            let (name, wanted) = TABLES[random.usize(0..TABLES.len())];
            format!("SELECT * FROM {name}({})", arguments(random, wanted))
        };
        let before = state(&self.connection);
        let outcome = run(&self.connection, &sql);
        tally.count(&sql, &outcome, &[ERROR, CORRUPT_VTAB, TOOBIG]);
        match outcome {
            Ok(_) => {
                let problems = rows(&self.connection, "SELECT problem FROM branch_check()");
                // Thread `u` hangs below a message of thread `t`, which can be taken away from it: then its messages have
                // lost their parents or, where they are deleted as well, its leaf is in thread `t`.
                let allowed = if sql.contains("branch_clear") {
                    "parent missing"
                } else if sql.contains("branch_prune") {
                    "leaf of another thread"
                } else {
                    ""
                };
                for problem in &problems {
                    assert_eq!(problem, allowed, "{sql}");
                    self.left = 0;
                }
            }
            Err(failure) => {
                assert_same(&state(&self.connection), &before, &sql);
                // Nothing is broken here, so only the caller can be wrong.
                assert_ne!(failure.code, CORRUPT_VTAB, "{sql}: {failure:?}");
                let sqlites_own = ["wrong number of arguments", "too many arguments", "no such"];
                assert!(
                    failure.text.starts_with("branch_")
                        || sqlites_own
                            .iter()
                            .any(|text| failure.text.starts_with(text)),
                    "{sql}: {failure:?}"
                );
            }
        }
    }
}

/// Arguments that are mostly as they should be: what is wrong should be met late, too.
fn arguments(random: &mut Rng, wanted: &[Wanted]) -> String {
    let count = match random.u32(0..10) {
        0 => random.usize(0..7),
        _ => random.usize(wanted.len().min(1)..=wanted.len()),
    };
    let list: Vec<String> = (0..count)
        .map(|at| match (wanted.get(at), random.u32(0..4)) {
            (None, _) | (_, 0) => literals::any(random),
            (Some(Message), _) => literals::id(random),
            (Some(Thread), _) => "'t'".to_owned(),
            (Some(NewThread), _) => format!("'new-{}'", random.u32(..)),
            (Some(Text), _) => literals::text(random),
            (Some(Json), _) => literals::json(random),
            (Some(Time | Limit), _) => literals::integer(random),
        })
        .collect();
    list.join(", ")
}
