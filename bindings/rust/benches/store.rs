//! What the store's calls cost, in multiples of the seed's way of working and of what the disk takes at least.
//!
//! `cargo bench -p sqlite-branch-store`. All cases run in turn within each round, so that whatever else the machine does
//! hits them alike; the figures are medians over the rounds. The files are in the directory that `BENCH_DIR` names, or
//! in the one for temporary files, which should be on a real disk.

#[path = "../tests/seed/mod.rs"]
mod seed;

use std::path::Path;
use std::time::{Duration, Instant};

use seed::Seed;
use sqlite_branch_store::rusqlite::{self, params, Connection, TransactionBehavior};
use sqlite_branch_store::{MessageRecord, NewMessage, StateStore, Synchronous, ThreadMetadata};

const ROUNDS: usize = 200;
const BATCH: usize = 100;

/// Something to measure: it does its work some times over, each time the duration of one.
struct Case<'a> {
    name: &'a str,
    /// How many messages one run writes or reads.
    messages: u32,
    run: Box<dyn FnMut() + 'a>,
    times: Vec<Duration>,
}

impl<'a> Case<'a> {
    fn new(name: &'a str, messages: usize, run: impl FnMut() + 'a) -> Self {
        Self {
            name,
            messages: u32::try_from(messages).unwrap(),
            run: Box::new(run),
            times: Vec::new(),
        }
    }
}

/// Runs all cases in turn and returns the median of each, per message.
fn measure(cases: &mut [Case<'_>]) -> Vec<Duration> {
    for round in 0..ROUNDS + ROUNDS / 10 {
        for case in &mut *cases {
            let started = Instant::now();
            (case.run)();
            let time = started.elapsed() / case.messages;
            // The first rounds only warm up.
            if round >= ROUNDS / 10 {
                case.times.push(time);
            }
        }
    }
    let median = |case: &mut Case<'_>| {
        case.times.sort_unstable();
        case.times[case.times.len() / 2]
    };
    cases.iter_mut().map(median).collect()
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn print(names: &[Case<'_>], medians: &[Duration]) {
    for (case, median) in names.iter().zip(medians) {
        println!(
            "  {:<44} {:>9.2} µs per message",
            case.name,
            median.as_secs_f64() * 1e6
        );
    }
}

fn store(dir: &Path, name: &str, synchronous: Synchronous) -> StateStore {
    let path = dir.join(name).join("state.db");
    let store = StateStore::builder()
        .path(path)
        .synchronous(synchronous)
        .open()
        .unwrap();
    store.upsert_thread(&ThreadMetadata::new("t")).unwrap();
    store
}

fn seed_in(dir: &Path) -> Seed {
    std::fs::create_dir(dir.join("seed")).unwrap();
    let seed = Seed::new(dir.join("seed").join("state.db"));
    seed.upsert_thread("t", 1);
    seed
}

/// One row, one commit, nothing else: what a durable write takes at least.
fn bare(dir: &Path) -> Connection {
    let conn = Connection::open(dir.join("bare.db")).unwrap();
    conn.pragma_update(None, "journal_mode", "wal").unwrap();
    conn.pragma_update(None, "synchronous", "full").unwrap();
    conn.execute_batch("CREATE TABLE m(id INTEGER PRIMARY KEY, content TEXT)")
        .unwrap();
    conn
}

/// The seed's tables on one kept connection.
fn raw(dir: &Path) -> Connection {
    let seed = Seed::new(dir.join("raw.db"));
    seed.upsert_thread("t", 1);
    let conn = seed.conn();
    conn.pragma_update(None, "journal_mode", "wal").unwrap();
    conn.pragma_update(None, "synchronous", "full").unwrap();
    conn
}

/// What an append must do to them, and nothing else.
fn append_raw(conn: &Connection, text: &str) {
    let tx = rusqlite::Transaction::new_unchecked(conn, TransactionBehavior::Immediate).unwrap();
    let leaf: Option<i64> = tx
        .prepare_cached("SELECT current_leaf_id FROM threads WHERE id = ?1")
        .unwrap()
        .query_row(["t"], |row| row.get(0))
        .unwrap();
    tx.prepare_cached(
        "INSERT INTO messages(thread_id, role, content, created_at, parent_entry_id) VALUES ('t', 'user', ?1, 1, ?2)",
    )
    .unwrap()
    .execute(params![text, leaf])
    .unwrap();
    tx.prepare_cached("UPDATE threads SET current_leaf_id = ?1 WHERE id = 't'")
        .unwrap()
        .execute([tx.last_insert_rowid()])
        .unwrap();
    tx.commit().unwrap();
}

fn append(dir: &Path) {
    let text = "x".repeat(500);
    let seed = seed_in(dir);
    let full = store(dir, "full", Synchronous::Full);
    let normal = store(dir, "normal", Synchronous::Normal);
    let batch = store(dir, "batch", Synchronous::Full);
    let bare = bare(dir);
    let raw = raw(dir);
    let messages = vec![NewMessage::new("user", &text); BATCH];
    let mut cases = [
        Case::new("seed store: append_message", 1, || {
            seed.append("t", "user", &text, None);
        }),
        Case::new("a bare row, WAL, synchronous FULL", 1, || {
            let mut insert = bare
                .prepare_cached("INSERT INTO m(content) VALUES (?1)")
                .unwrap();
            insert.execute([&text]).unwrap();
        }),
        Case::new("raw: three statements, kept, WAL, FULL", 1, || {
            append_raw(&raw, &text);
        }),
        Case::new("append_message, synchronous FULL", 1, || {
            full.append_message("t", "user", &text, None).unwrap();
        }),
        Case::new("append_message, synchronous NORMAL", 1, || {
            normal.append_message("t", "user", &text, None).unwrap();
        }),
        Case::new("append_messages, 100 in a call, FULL", BATCH, || {
            batch.append_messages("t", &messages).unwrap();
        }),
    ];
    let medians = measure(&mut cases);
    println!("Appending 500 bytes");
    print(&cases, &medians);
    let [seed, bare, raw, full, normal, batch] = medians[..] else {
        unreachable!()
    };
    println!(
        "  seed store / append FULL     {:>6.1}  (at least 3)",
        ratio(seed, full)
    );
    println!(
        "  append FULL / bare row       {:>6.2}  (at most 1.1)",
        ratio(full, bare)
    );
    println!("  append FULL / raw            {:>6.2}", ratio(full, raw));
    println!(
        "  seed store / append NORMAL   {:>6.1}  (at least 25)",
        ratio(seed, normal)
    );
    println!(
        "  seed store / batch of 100    {:>6.1}  (at least 100)",
        ratio(seed, batch)
    );
}

/// A conversation of so many messages, in a store of ours, in a file that the seed reads (in SQLite's own
/// journal mode, as it leaves it), and in a table without branches.
struct Listed {
    store: StateStore,
    seed: Seed,
    flat: Connection,
}

fn listed(dir: &Path, contents: &[String]) -> Listed {
    let seed = seed_in(dir);
    let store = store(dir, "ours", Synchronous::Off);
    let messages: Vec<NewMessage<'_>> = contents
        .iter()
        .map(|content| NewMessage::new("user", content))
        .collect();
    store.append_messages("t", &messages).unwrap();
    let copy = |to: &Path| {
        let ours = Connection::open(store.db_path()).unwrap();
        ours.execute("VACUUM INTO ?1", [to.to_str().unwrap()])
            .unwrap();
    };
    std::fs::remove_file(&seed.path).unwrap();
    copy(&seed.path);
    let flat = dir.join("flat.db");
    copy(&flat);
    let flat = Connection::open(flat).unwrap();
    Listed { store, seed, flat }
}

/// Reads as many rows, into the same records, without a branch to find.
fn scan(conn: &Connection, limit: usize) -> Vec<MessageRecord> {
    let mut statement = conn
        .prepare_cached(
            "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id FROM messages LIMIT ?1",
        )
        .unwrap();
    let rows = statement.query_map([limit as i64], |row| {
        Ok(MessageRecord {
            id: row.get(0)?,
            thread_id: row.get(1)?,
            role: row.get(2)?,
            content: row.get(3)?,
            item: row
                .get::<_, Option<String>>(4)?
                .map(|text| serde_json::from_str(&text).unwrap()),
            created_at: row.get(5)?,
            parent_entry_id: row.get(6)?,
        })
    });
    rows.unwrap().map(|row| row.unwrap()).collect()
}

/// Sizes like those of an agent's messages: median 1 KB, mean about 2.4 KB, 1 in 100 over 20 KB, largest 116 KB.
fn agent_sizes(count: usize) -> Vec<usize> {
    // A fixed sequence, so that every run measures the same: the sum of 12 even numbers is all but normal.
    let mut state = 1_u64;
    let mut even = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let mut size = || {
        let normal = (0..12).map(|_| even()).sum::<f64>() - 6.0;
        (1_000.0 * (1.32 * normal).exp()) as usize
    };
    (0..count).map(|_| size().min(116_000)).collect()
}

fn list(dir: &Path, what: &str, sizes: &[usize]) {
    let contents: Vec<String> = sizes.iter().map(|&size| "x".repeat(size)).collect();
    let listed = listed(dir, &contents);
    println!("Listing messages {what}");
    for (limit, wanted) in [(20, 8), (500, 4)] {
        let mut cases = [
            Case::new("seed store: list_messages", limit, || {
                assert_eq!(listed.seed.list("t", limit as i64).len(), limit);
            }),
            Case::new("flat: rows of a table without branches", limit, || {
                assert_eq!(scan(&listed.flat, limit).len(), limit);
            }),
            Case::new("list_messages", limit, || {
                let messages = listed.store.list_messages("t", Some(limit)).unwrap();
                assert_eq!(messages.len(), limit);
            }),
        ];
        let medians = measure(&mut cases);
        println!(" {limit} messages");
        print(&cases, &medians);
        println!(
            "  seed store / ours            {:>6.1}  (at least {wanted})",
            ratio(medians[0], medians[2])
        );
        println!(
            "  ours / flat                  {:>6.2}",
            ratio(medians[2], medians[1])
        );
    }
}

fn main() {
    let base = std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = || tempfile::tempdir_in(&base).unwrap();
    append(dir().path());
    list(dir().path(), "of 500 bytes", &[500; 500]);
    list(dir().path(), "as large as an agent's", &agent_sizes(500));
}
