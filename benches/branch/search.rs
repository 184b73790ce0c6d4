//! Searching, compared with FTS5 used directly: a table of the same kind that holds the same texts.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{params, Connection};

use crate::history::THREAD;
use crate::host;
use crate::measure::{interleaved, median, Case};
use crate::report::Target;
use crate::Bench;

/// How many messages, of about 80 words each.
const MESSAGES: usize = 1_000_000;
const QUICK: usize = 50_000;
const WORDS: usize = 80;

/// What somebody does who has FTS5 and no extension.
const TABLE: &str = "CREATE VIRTUAL TABLE plain USING fts5(content, content = '', tokenize = 'unicode61 remove_diacritics 2')";
const FILL: &str = "INSERT INTO plain(rowid, content) SELECT id, content FROM messages";
const MATCH: &str = "SELECT m.*, p.rank FROM plain AS p JOIN messages AS m ON m.id = p.rowid \
     WHERE p.plain MATCH ?1 ORDER BY p.rank";

const SEARCH: &str =
    "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id, rank \
     FROM branch_search(?1)";

/// Words as in a language: the nth most frequent is n times as rare as the first.
struct Words {
    state: u64,
    sums: Vec<f64>,
}

impl Words {
    fn new() -> Self {
        let mut sum = 0.0;
        let sums = (1..=30_000).map(|rank| {
            sum += 1.0 / f64::from(rank);
            sum
        });
        Self {
            state: 7,
            sums: sums.collect(),
        }
    }

    fn next(&mut self) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let most = self.sums.last().copied().unwrap_or(1.0);
        let at = (self.state >> 11) as f64 / (1_u64 << 53) as f64 * most;
        self.sums.partition_point(|sum| *sum < at)
    }

    fn text(&mut self) -> String {
        let words: Vec<String> = (0..WORDS).map(|_| format!("word{}", self.next())).collect();
        words.join(" ")
    }
}

/// A database with so many messages, and its size in bytes and that of the contents.
fn build(path: &Path, messages: usize) -> (u64, u64) {
    let connection = host::open(path);
    host::integer(&connection, "SELECT branch_migrate()", &[]);
    host::add_thread(&connection, THREAD);
    connection
        .execute_batch("PRAGMA synchronous = OFF; BEGIN")
        .unwrap();
    let mut words = Words::new();
    let mut bytes = 0;
    {
        let mut insert = connection
            .prepare(
                "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
                 VALUES (?1, ?2, 'user', ?3, ?1, nullif(?1 - 1, 0))",
            )
            .unwrap();
        for id in 1..=messages as i64 {
            let text = words.text();
            bytes += text.len() as u64;
            insert.execute(params![id, THREAD, text]).unwrap();
        }
    }
    connection
        .execute("UPDATE threads SET current_leaf_id = ?1", [messages as i64])
        .unwrap();
    connection.execute_batch("COMMIT").unwrap();
    (size(&connection), bytes)
}

fn size(connection: &Connection) -> u64 {
    let pragma = |name: &str| host::integer(connection, &format!("PRAGMA {name}"), &[]);
    ((pragma("page_count") - pragma("freelist_count")) * pragma("page_size")) as u64
}

/// Does something to a copy of the database, and gives the time, the copy and its size.
fn on_a_copy(pristine: &Path, name: &str, sql: &[&str]) -> (Duration, PathBuf, u64) {
    let path = pristine.with_file_name(name);
    std::fs::copy(pristine, &path).unwrap();
    let connection = host::open(&path);
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -64000")
        .unwrap();
    // Both find the texts in the system's cache.
    host::integer(
        &connection,
        "SELECT sum(length(content)) FROM messages",
        &[],
    );
    let started = Instant::now();
    connection.execute_batch("BEGIN").unwrap();
    for statement in sql {
        connection.execute_batch(statement).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    (started.elapsed(), path, size(&connection))
}

/// Reads all columns of all rows, and gives their number.
fn read(connection: &Connection, sql: &str, query: &str) -> usize {
    let mut statement = connection.prepare_cached(sql).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([query]).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            std::hint::black_box(row.get_ref(column).unwrap());
        }
        count += 1;
    }
    count
}

/// Making the index, its size, and asking it.
pub fn search(bench: &mut Bench) {
    let messages = if bench.quick { QUICK } else { MESSAGES };
    let label = format!("{messages} messages");
    bench.report.group(
        "Search",
        "times what FTS5 takes by itself, with the same texts in a table of the same kind",
    );
    let directory = bench.histories.directory().join("search");
    std::fs::create_dir_all(&directory).unwrap();
    let pristine = directory.join("pristine.db");
    let (empty, text) = build(&pristine, messages);

    // Each way in turn, as the machine's mood changes within minutes.
    let mut ratios = Vec::new();
    let (mut ours, mut plain) = (pristine.clone(), pristine.clone());
    let (mut ours_size, mut plain_size) = (0, 0);
    for _ in 0..if bench.quick { 3 } else { 1 } {
        let by_hand = on_a_copy(&pristine, "plain.db", &[TABLE, FILL]);
        let by_us = on_a_copy(&pristine, "ours.db", &["SELECT branch_index()"]);
        ratios.push(by_us.0.as_secs_f64() / by_hand.0.as_secs_f64());
        (plain, plain_size) = (by_hand.1, by_hand.2 - empty);
        (ours, ours_size) = (by_us.1, by_us.2 - empty);
    }
    let report = &mut bench.report;
    report.figure(
        &label,
        "indexing / filling",
        median(ratios),
        Target::AtMost(2.0),
    );
    report.figure(
        &label,
        "index / text",
        ours_size as f64 / text as f64,
        Target::None,
    );
    report.figure(
        &label,
        "index / plain index",
        ours_size as f64 / plain_size as f64,
        Target::AtMost(1.5),
    );
    report.print_group();

    bench.report.group(
        "Search for two words",
        "all rows with all columns, best first; times MATCH joined to messages, ORDER BY rank",
    );
    let plain = host::open(&plain);
    let ours = host::open(&ours);
    for (what, query) in [
        ("both frequent", "word30 word60"),
        ("one rare", "word20 word4000"),
        ("both rare", "word900 word1200"),
    ] {
        let hits = read(&plain, MATCH, query);
        assert_eq!(read(&ours, SEARCH, query), hits);
        let limited = [format!("{MATCH} LIMIT 20"), format!("{SEARCH} LIMIT 20")];
        let cases = vec![
            Case::new("plain", || assert_eq!(read(&plain, MATCH, query), hits)),
            Case::new("ours", || assert_eq!(read(&ours, SEARCH, query), hits)),
            Case::new("plain 20", || {
                assert_eq!(read(&plain, &limited[0], query), hits.min(20))
            }),
            Case::new("ours 20", || {
                assert_eq!(read(&ours, &limited[1], query), hits.min(20))
            }),
        ];
        let times = interleaved(cases, bench.pace());
        let label = format!("{what}, {hits} rows of {messages}");
        let report = &mut bench.report;
        report.figure(&label, "ms", times.seconds("ours") * 1e3, Target::None);
        report.figure(
            &label,
            "ours / MATCH",
            times.ratio("ours", "plain"),
            Target::AtMost(1.5),
        );
        report.figure(
            &label,
            "LIMIT 20: ours / MATCH",
            times.ratio("ours 20", "plain 20"),
            Target::AtMost(1.5),
        );
    }
    // What comes after the index was made.
    ours.execute_batch("PRAGMA synchronous = OFF; BEGIN")
        .unwrap();
    let mut words = Words::new();
    for new in [0, 100, 1000] {
        for _ in 0..new {
            let text = words.text();
            host::integer(
                &ours,
                "SELECT branch_append(?1, 'user', ?2)",
                params![THREAD, text],
            );
        }
        let query = "word900 word1200";
        let hits = read(&ours, SEARCH, query);
        let cases = vec![Case::new("ours", || {
            assert_eq!(read(&ours, SEARCH, query), hits)
        })];
        let times = interleaved(cases, bench.pace());
        let label = format!(
            "with {} messages not indexed",
            if new == 1000 { 1100 } else { new }
        );
        bench
            .report
            .figure(&label, "ms", times.seconds("ours") * 1e3, Target::None);
    }
    ours.execute_batch("ROLLBACK").unwrap();
    bench.report.print_group();
}
