//! Hostile input: arguments, SQL, contents of the tables, database files, session indexes, exports of other programs, and histories that
//! clients send again and again.
//!
//! Each case is made from a number, in a child process, which tells the number first. So a crash or a hang is known by
//! its number: `RELIABILITY_SEED=<seed> RELIABILITY_CASE=<number>` runs that one alone.

mod arguments;
mod contents;
mod files;
mod imports;
mod indexes;
mod literals;
mod puts;
mod queries;
mod session_index;
mod sizes;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use sqlite_branch_reliability::child::{self, Process, Role};
use sqlite_branch_reliability::database::Failure;
use sqlite_branch_reliability::size::{random, size};

/// A case gets far less time than this to end.
const HANG: Duration = Duration::from_secs(120);

/// Runs cases in a child process, and gives what it says at the end.
fn run_cases(role: &str, short: usize) {
    let directory = tempfile::tempdir().unwrap();
    let cases = match std::env::var("RELIABILITY_CASE") {
        Ok(one) => format!("{one}..{}", one.parse::<usize>().unwrap() + 1),
        Err(_) => format!("0..{}", size(short)),
    };
    let mut child = Process::start(role, directory.path(), &cases);
    let (sender, lines) = mpsc::channel();
    let mut at = "none".to_owned();
    thread::scope(|scope| {
        let (mut killer, output) = child.split();
        scope.spawn(move || {
            for line in output {
                // The receiver is gone when it has given up.
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        loop {
            match lines.recv_timeout(HANG) {
                Ok(line) => at = line,
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    killer.kill();
                    panic!("{role}: case {at} hangs");
                }
            }
        }
    });
    let status = child.wait();
    assert!(status.success(), "{role}: case {at}: {status}");
    println!("input, {at}");
}

#[test]
fn of_arguments() {
    run_cases("arguments", 3_000);
}

#[test]
fn of_contents() {
    run_cases("contents", 150);
}

#[test]
fn of_queries() {
    run_cases("queries", 1_000);
}

#[test]
fn of_files() {
    run_cases("files", 150);
}

#[test]
fn of_indexes() {
    run_cases("indexes", 60);
}

#[test]
fn of_imports() {
    run_cases("imports", 250);
}

#[test]
fn of_histories() {
    run_cases("puts", 150);
}

#[test]
fn of_session_indexes() {
    run_cases("session_index", 300);
}

/// Makes a case from random numbers, and runs it.
type Case = Box<dyn FnMut(&mut fastrand::Rng, &mut Tally)>;

/// Runs the cases that the parent asks for.
#[test]
fn child_process() {
    let Some(Role { role, file, name }) = child::role() else {
        return;
    };
    let (from, to) = name.split_once("..").unwrap();
    let cases = from.parse::<usize>().unwrap()..to.parse().unwrap();
    let mut tally = Tally::default();
    let mut run: Case = match role.as_str() {
        "arguments" => {
            let mut harness = arguments::Harness::new();
            Box::new(move |random, tally| harness.case(random, tally))
        }
        "contents" => Box::new(contents::case),
        "queries" => {
            let harness = queries::Harness::new();
            Box::new(move |random, tally| harness.case(random, tally))
        }
        "files" => {
            let harness = files::Harness::new(&file);
            Box::new(move |random, tally| harness.case(random, tally))
        }
        "indexes" => Box::new(indexes::case),
        "imports" => Box::new(imports::case),
        "puts" => Box::new(puts::case),
        "session_index" => Box::new(move |random, tally| session_index::case(&file, random, tally)),
        other => panic!("no role {other}"),
    };
    for case in cases {
        child::tell(case);
        run(&mut random(case), &mut tally);
        tally.cases += 1;
    }
    child::tell(format!(
        "{role}: {} cases, {} calls, {} of them refused, crashes: 0, hangs: 0",
        tally.cases, tally.calls, tally.refused
    ));
}

/// How much was tried.
#[derive(Default)]
pub struct Tally {
    cases: usize,
    calls: usize,
    refused: usize,
}

impl Tally {
    /// Counts a call, and makes sure that a failure is one that may be.
    pub fn count<T>(&mut self, sql: &str, outcome: &Result<T, Failure>, codes: &[i32]) {
        self.calls += 1;
        if let Err(failure) = outcome {
            self.refused += 1;
            assert!(
                codes.contains(&failure.code) || codes.contains(&failure.primary()),
                "{sql}: {failure:?}"
            );
            assert!(
                !failure.text.contains("internal error") && failure.code != 2,
                "{sql}: {failure:?}"
            );
        }
    }
}

pub const ERROR: i32 = 1;
pub const TOOBIG: i32 = 18;
pub const MISMATCH: i32 = 20;
pub const CONSTRAINT: i32 = 19;
pub const CORRUPT_VTAB: i32 = 11 | (1 << 8);
