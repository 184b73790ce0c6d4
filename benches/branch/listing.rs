//! Listing a whole branch: our table, our walk with the caller's join, a plain table, the seed's query.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::history::{warm, Around, History, Size, Spec, THREAD};
use crate::measure::{interleaved, Case, Times};
use crate::query::{read, BRANCH, BY_HAND, FLAT, JOINED, KNOW, KNOWN, SEED, SHARED};
use crate::report::Target;
use crate::Bench;

const LEGEND: &str =
    "plain: a table of just these rows, per message; ours: branch_messages; join: branch_path joined to messages; \n  \
     seed: its recursive query; shared: a plain table with the rows of all threads, read through an index; \n  \
     known: the same rows of the same file by ids known beforehand; hand: a recursion over ids, joined";

fn specs(bench: &Bench) -> Vec<Spec> {
    let sizes = [
        (40, Size::Bytes(500)),
        (500, Size::Bytes(500)),
        (500, Size::Bytes(20_000)),
        (10_000, Size::Bytes(500)),
        (10_000, Size::Bytes(5000)),
        (100_000, Size::Bytes(200)),
        (10_000, Size::Agent),
    ];
    let mut specs = Vec::new();
    for (messages, size) in sizes {
        for around in [Around::Nothing, Around::Dead, Around::Busy] {
            let spec = Spec {
                messages,
                size,
                around,
            };
            let bytes = match size {
                Size::Bytes(bytes) => bytes,
                Size::Agent => 2400,
            };
            // A quick run leaves out what takes long to build.
            if (!bench.quick || spec.rows() * bytes <= 70_000_000) && bench.wants(&spec.label()) {
                specs.push(spec);
            }
        }
    }
    specs
}

/// With everything in the page cache.
pub fn in_memory(bench: &mut Bench) {
    bench.report.group("List a branch, page cache warm", LEGEND);
    for spec in specs(bench) {
        let history = bench.histories.get(spec);
        let connection = warm(&history.ours);
        let plain = warm(&history.flat);
        connection
            .execute_batch("CREATE TEMP TABLE known(number INTEGER PRIMARY KEY, id INTEGER)")
            .unwrap();
        connection.execute(KNOW, [THREAD]).unwrap();
        let mut cases = Vec::new();
        let more = [("known", KNOWN), ("hand", BY_HAND)].map(|(who, sql)| Query {
            who,
            sql,
            plain: false,
        });
        for query in queries(spec).into_iter().chain(more) {
            if bench.spin.as_ref().is_some_and(|who| who != query.who) {
                continue;
            }
            let connection = if query.plain { &plain } else { &connection };
            let mut statement = connection.prepare(query.sql).unwrap();
            cases.push(Case::new(query.who, move || {
                list(&mut statement, &query, spec);
            }));
        }
        let times = interleaved(cases, bench.pace());
        if let Some(who) = &bench.spin {
            println!("{}: {who} {:.3} ms", spec.label(), times.seconds(who) * 1e3);
            continue;
        }
        note_known(bench, spec, &times);
        note(bench, &history, &times, Target::AtLeast(2.5));
        forget(bench, spec);
    }
    bench.report.print_group();
}

/// With nothing in memory: a new connection, and a file that the system has dropped from its cache. Each time is that
/// of opening the database, preparing the statement, and reading the rows.
pub fn from_disk(bench: &mut Bench) {
    if !cfg!(target_os = "linux") {
        println!("\nNo figures from disk: only on Linux can a file be dropped from the cache.");
        return;
    }
    bench.report.group("List a branch, cold from disk", LEGEND);
    for spec in specs(bench) {
        let history = bench.histories.get(spec);
        let mut cases = Vec::new();
        for query in queries(spec) {
            let path = if query.plain {
                &history.flat
            } else {
                &history.ours
            };
            cases.push(Case::timed(query.who, move || cold(path, &query, spec)));
        }
        let times = interleaved(cases, bench.pace());
        note(bench, &history, &times, Target::AtLeast(1.0));
        forget(bench, spec);
    }
    bench.report.print_group();
}

/// At growing depth, for the plot.
pub fn by_depth(bench: &mut Bench) {
    bench
        .report
        .group("List a branch at growing depth", "µs per message");
    for around in [Around::Nothing, Around::Dead] {
        for messages in [10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000] {
            let spec = Spec {
                messages,
                size: Size::Bytes(500),
                around,
            };
            if !bench.wants(&spec.label()) || bench.quick && messages > 10_000 {
                continue;
            }
            let history = bench.histories.get(spec);
            let connection = warm(&history.ours);
            let plain = warm(&history.flat);
            let mut cases = Vec::new();
            let chosen = queries(spec).into_iter();
            let chosen: Vec<Query> = chosen.filter(|query| query.who != "joined").collect();
            for query in &chosen {
                let connection = if query.plain { &plain } else { &connection };
                let mut statement = connection.prepare(query.sql).unwrap();
                let query = *query;
                cases.push(Case::new(query.who, move || {
                    list(&mut statement, &query, spec);
                }));
            }
            let times = interleaved(cases, bench.pace());
            for query in chosen {
                let label = spec.label();
                let seconds = times.seconds(query.who);
                let each = seconds * 1e6 / messages as f64;
                bench.report.figure(&label, query.who, each, Target::None);
                bench.report.time(&label, messages, query.who, seconds);
            }
            forget(bench, spec);
        }
    }
    bench.report.print_group();
}

/// One of the ways to list.
#[derive(Clone, Copy)]
struct Query {
    who: &'static str,
    sql: &'static str,
    /// Reads the plain table.
    plain: bool,
}

fn queries(spec: Spec) -> Vec<Query> {
    let query = |who, sql| Query {
        who,
        sql,
        plain: sql == FLAT,
    };
    let mut list = vec![
        query("flat", FLAT),
        query("ours", BRANCH),
        query("joined", JOINED),
        query("seed", SEED),
    ];
    if spec.around == Around::Busy {
        list.push(query("shared", SHARED));
    }
    list
}

fn list(statement: &mut rusqlite::Statement<'_>, query: &Query, spec: Spec) {
    let rows = match query.sql {
        FLAT => read(statement, []),
        SEED | BY_HAND => read(statement, (THREAD, spec.messages as i64)),
        KNOWN => read(statement, []),
        _ => read(statement, [THREAD]),
    };
    assert_eq!(rows, spec.messages, "{}", query.who);
}

fn cold(path: &Path, query: &Query, spec: Spec) -> Duration {
    evict(path);
    let started = Instant::now();
    let connection: Connection = crate::host::open(path);
    let mut statement = connection.prepare(query.sql).unwrap();
    list(&mut statement, query, spec);
    let time = started.elapsed();
    drop(statement);
    drop(connection);
    time
}

#[cfg(target_os = "linux")]
fn evict(path: &Path) {
    let file = File::open(path).unwrap();
    // Pages that are not written yet would stay.
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn evict(_path: &Path) {}

/// What a user would do instead, and how near that is to what the file allows.
fn note_known(bench: &mut Bench, spec: Spec, times: &Times) {
    let label = spec.label();
    let report = &mut bench.report;
    let known = times.seconds("known") * 1e6 / spec.messages as f64;
    report.figure(&label, "known, µs", known, Target::None);
    let most = Target::AtMost(if spec.size.is_large() { 1.15 } else { 1.8 });
    let faster = Target::AtLeast(match spec.around {
        Around::Nothing => 2.0,
        Around::Dead | Around::Busy => 1.3,
    });
    for (what, a, b, target) in [
        ("join / known", "joined", "known", Target::AtMost(1.15)),
        ("ours / known", "ours", "known", most),
        ("hand / join", "hand", "joined", faster),
        ("hand / ours", "hand", "ours", faster),
    ] {
        report.figure(&label, what, times.ratio(a, b), target);
    }
}

fn note(bench: &mut Bench, history: &History, times: &Times, faster: Target) {
    let spec = history.spec;
    let label = spec.label();
    let report = &mut bench.report;
    let most = Target::AtMost(if spec.size.is_large() { 1.1 } else { 1.3 });
    let flat = times.seconds("flat") * 1e6 / spec.messages as f64;
    report.figure(&label, "plain, µs", flat, Target::None);
    report.figure(&label, "ours / plain", times.ratio("ours", "flat"), most);
    report.figure(
        &label,
        "join / plain",
        times.ratio("joined", "flat"),
        Target::AtMost(1.15),
    );
    report.figure(&label, "seed / ours", times.ratio("seed", "ours"), faster);
    if spec.around == Around::Busy {
        // The floor where many threads share a table: its rows lie apart, branches or not.
        report.figure(
            &label,
            "shared / plain",
            times.ratio("shared", "flat"),
            Target::None,
        );
        report.figure(
            &label,
            "ours / shared",
            times.ratio("ours", "shared"),
            Target::None,
        );
    }
    for query in queries(spec) {
        report.time(&label, spec.messages, query.who, times.seconds(query.who));
    }
}

/// Files that are large, or that no other group reads, make room.
fn forget(bench: &mut Bench, spec: Spec) {
    if bench.quick || spec.rows() > 200_000 && spec.messages < 100_000 {
        bench.histories.drop(spec);
    }
}
