//! Writing inside a transaction: our functions against the statements that a program would prepare for the same.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{params, Connection};

use crate::history::{drop_our_indexes, warm, Around, Size, Spec, THREAD};
use crate::host;
use crate::measure::{interleaved, Case};
use crate::report::Target;
use crate::Bench;

/// Messages written before the time is taken, so that the pages are there, and while it is.
const FIRST: usize = 20;
const TIMED: usize = 200;

/// Calls `write` in a transaction that is rolled back, so that every round finds the same database.
pub fn rolled_back(connection: &Connection, mut write: impl FnMut()) -> Duration {
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..FIRST {
        write();
    }
    let started = Instant::now();
    for _ in 0..TIMED {
        write();
    }
    let time = started.elapsed() / TIMED as u32;
    connection.execute_batch("ROLLBACK").unwrap();
    time
}

/// Our append.
pub fn ours<'a>(connection: &'a Connection, content: &'a str) -> Case<'a> {
    let mut append = connection
        .prepare("SELECT branch_append(?1, ?2, ?3)")
        .unwrap();
    Case::timed("ours", move || {
        rolled_back(connection, || {
            let id: i64 = append
                .query_row(params![THREAD, "user", content], |row| row.get(0))
                .unwrap();
            assert!(id > 0);
        })
    })
}

/// What an append needs: the leaf, the message, the new leaf.
pub fn raw<'a>(name: &'static str, connection: &'a Connection, content: &'a str) -> Case<'a> {
    let mut leaf = connection
        .prepare("SELECT current_leaf_id FROM threads WHERE id = ?1")
        .unwrap();
    let mut insert = connection
        .prepare(
            "INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
        )
        .unwrap();
    let mut update = connection
        .prepare("UPDATE threads SET current_leaf_id = ?2 WHERE id = ?1")
        .unwrap();
    Case::timed(name, move || {
        rolled_back(connection, || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let parent: Option<i64> = leaf.query_row([THREAD], |row| row.get(0)).unwrap();
            let id: i64 = insert
                .query_row(
                    params![
                        THREAD,
                        "user",
                        content,
                        None::<String>,
                        now.as_secs() as i64,
                        parent
                    ],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(update.execute(params![THREAD, id]).unwrap(), 1);
        })
    })
}

/// A copy of a database, with only the indexes that the seed makes.
fn without_our_indexes(bench: &Bench, spec: Spec, from: &Connection) -> Connection {
    let path = bench
        .histories
        .directory()
        .join(format!("seed{}.db", spec.rows()));
    from.execute("VACUUM INTO ?1", [path.to_str().unwrap()])
        .unwrap();
    let copy = warm(&path);
    copy.pragma_update(None, "journal_mode", "wal").unwrap();
    drop_our_indexes(&copy);
    copy
}

/// `branch_append` against three prepared statements: with our indexes on the table as well, and with the seed's only.
pub fn append(bench: &mut Bench) {
    bench
        .report
        .group("Append inside a transaction", "times as long as the three prepared statements that it needs, with our indexes on the table and with the seed's only");
    for (around, bytes) in [
        (Around::Nothing, 200),
        (Around::Nothing, 500),
        (Around::Nothing, 5000),
        (Around::Busy, 500),
    ] {
        let spec = Spec {
            messages: 10_000,
            size: Size::Bytes(bytes),
            around,
        };
        if bench.quick && around == Around::Busy || !bench.wants(&spec.label()) {
            continue;
        }
        let connection = warm(&bench.histories.get(spec).ours);
        let seed = without_our_indexes(bench, spec, &connection);
        let content = "x".repeat(bytes);
        let cases = vec![
            ours(&connection, &content),
            raw("raw", &connection, &content),
            raw("raw, seed", &seed, &content),
        ];
        let times = interleaved(cases, bench.pace());
        let label = spec.label();
        let report = &mut bench.report;
        let own = times.seconds("ours") * 1e6;
        report.figure(&label, "ours, µs", own, Target::None);
        for (what, base) in [
            ("ours / raw", "raw"),
            ("ours / raw, seed's indexes", "raw, seed"),
        ] {
            let ratio = times.ratio("ours", base);
            report.figure(&label, what, ratio, Target::AtMost(1.3));
        }
        drop(seed);
        std::fs::remove_file(
            bench
                .histories
                .directory()
                .join(format!("seed{}.db", spec.rows())),
        )
        .unwrap();
    }
    bench.report.print_group();
}

/// `branch_fork` at both ends of a long branch against `branch_append`. The first fork ever at the first message comes
/// on its own: it splits pages of indexes that were full, and as SQLite then keeps the statement journal in a file, all
/// later writes of the transaction pay as well.
pub fn fork(bench: &mut Bench) {
    bench.report.group(
        "Fork inside a transaction",
        "times as long as branch_append, at the first and at the last of 100,000 messages",
    );
    for around in [Around::Nothing, Around::Dead, Around::Busy] {
        let spec = Spec {
            messages: 100_000,
            size: Size::Bytes(200),
            around,
        };
        if bench.quick && around == Around::Busy || !bench.wants(&spec.label()) {
            continue;
        }
        let history = bench.histories.get(spec);
        let (first, last) = (history.path[0], history.path[spec.messages - 1]);
        let connection = warm(&history.ours);
        let content = "x".repeat(200);
        let label = spec.label();
        let fresh = interleaved(
            vec![
                ours(&connection, &content),
                forks("first", &connection, first, &content),
            ],
            bench.pace(),
        );
        for id in [first, last] {
            let sql = "SELECT branch_fork(?1, 'user', ?2)";
            host::integer(&connection, sql, params![id, content]);
        }
        let times = interleaved(
            vec![
                ours(&connection, &content),
                forks("first", &connection, first, &content),
                forks("last", &connection, last, &content),
            ],
            bench.pace(),
        );
        // As it was, for those that come after.
        for id in [first, last] {
            let sql = "SELECT branch_prune(max(id)) FROM messages WHERE parent_entry_id = ?1";
            host::integer(&connection, sql, params![id]);
        }
        let report = &mut bench.report;
        let own = times.seconds("ours") * 1e6;
        report.figure(&label, "append, µs", own, Target::None);
        for (what, name) in [("at the first", "first"), ("at the last", "last")] {
            let ratio = times.ratio(name, "ours");
            report.figure(&label, what, ratio, Target::AtMost(1.1));
        }
        let ratio = fresh.ratio("first", "ours");
        report.figure(&label, "at the first, never forked", ratio, Target::None);
    }
    bench.report.print_group();
}

/// Forks at one message.
fn forks<'a>(
    name: &'static str,
    connection: &'a Connection,
    id: i64,
    content: &'a str,
) -> Case<'a> {
    let mut fork = connection
        .prepare("SELECT branch_fork(?1, ?2, ?3)")
        .unwrap();
    Case::timed(name, move || {
        rolled_back(connection, || {
            let new: i64 = fork
                .query_row(params![id, "user", content], |row| row.get(0))
                .unwrap();
            assert!(new > id);
        })
    })
}
