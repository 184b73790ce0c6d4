//! Every function and table with arguments of every kind. What is refused changes nothing, and what is accepted leaves
//! a sound tree.

use fastrand::Rng;
use rusqlite::Connection;
use sqlite_branch::SignatureKind;
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
    Number,
}

use Wanted::{Json, Message, NewThread, Number, Text, Thread};

/// What the arguments of that name should be, in whatever function.
fn wanted(argument: &str) -> Wanted {
    match argument {
        "message_id" | "a" | "b" | "before" | "leaf" | "first_kept_id" => Message,
        "thread_id" | "thread" => Thread,
        "new_thread_id" => NewThread,
        "item_json" => Json,
        "created_at" | "limit" | "budget" | "position" => Number,
        _ => Text,
    }
}

/// Everything that the extension declares, as SQL up to the arguments, and the arguments.
fn calls() -> Vec<(String, Vec<Wanted>)> {
    let declared = sqlite_branch::signatures().into_iter().map(|signature| {
        let from = match signature.kind {
            SignatureKind::Table => "* FROM ",
            _ => "",
        };
        let names = signature.arguments.replace(['[', ']'], "");
        let names = names.split(',').map(str::trim);
        (
            format!("SELECT {from}{}", signature.name),
            names.filter(|name| !name.is_empty()).map(wanted).collect(),
        )
    });
    declared.collect()
}

pub struct Harness {
    connection: Connection,
    calls: Vec<(String, Vec<Wanted>)>,
    left: usize,
}

impl Harness {
    pub fn new() -> Self {
        Self {
            connection: memory(),
            calls: calls(),
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
        let (call, wanted) = &self.calls[random.usize(0..self.calls.len())];
        let sql = format!("{call}({})", arguments(random, wanted));
        let before = state(&self.connection);
        let outcome = run(&self.connection, &sql);
        tally.count(&sql, &outcome, &[ERROR, CORRUPT_VTAB, TOOBIG]);
        match outcome {
            Ok(_) => {
                let problems = rows(&self.connection, "SELECT problem FROM branch_check()");
                // Thread `u` hangs below a message of thread `t`, which can be taken away from it: then its messages have
                // lost their parents or, where they are deleted as well, its leaf is in thread `t`.
                let allowed = if sql.contains("branch_clear") || sql.contains("branch_delete") {
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
            (Some(Number), _) => literals::integer(random),
        })
        .collect();
    list.join(", ")
}
