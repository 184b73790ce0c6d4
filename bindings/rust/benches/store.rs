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
use sqlite_branch_store::rusqlite::Connection;
use sqlite_branch_store::{NewMessage, StateStore, Synchronous, ThreadMetadata};

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
            "  {:<44} {:>9.1} µs per message",
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

fn append(dir: &Path) {
    let text = "x".repeat(500);
    let seed = seed_in(dir);
    let full = store(dir, "full", Synchronous::Full);
    let normal = store(dir, "normal", Synchronous::Normal);
    let batch = store(dir, "batch", Synchronous::Full);
    let bare = bare(dir);
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
    let [seed, bare, full, normal, batch] = medians[..] else {
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
    println!(
        "  seed store / append NORMAL   {:>6.1}  (at least 25)",
        ratio(seed, normal)
    );
    println!(
        "  seed store / batch of 100    {:>6.1}  (at least 100)",
        ratio(seed, batch)
    );
}

fn list(dir: &Path) {
    let seed = seed_in(dir);
    let store = store(dir, "ours", Synchronous::Off);
    let text = "x".repeat(500);
    let messages = vec![NewMessage::new("user", &text); 500];
    store.append_messages("t", &messages).unwrap();
    // Both read the same file.
    std::fs::remove_file(&seed.path).unwrap();
    Connection::open(store.db_path())
        .unwrap()
        .execute("VACUUM INTO ?1", [seed.path.to_str().unwrap()])
        .unwrap();
    println!("Listing messages of 500 bytes");
    for (limit, wanted) in [(20, 8), (500, 4)] {
        let mut cases = [
            Case::new("seed store: list_messages", limit, || {
                assert_eq!(seed.list("t", limit as i64).len(), limit);
            }),
            Case::new("list_messages", limit, || {
                assert_eq!(store.list_messages("t", Some(limit)).unwrap().len(), limit);
            }),
        ];
        let medians = measure(&mut cases);
        println!(" {limit} messages");
        print(&cases, &medians);
        println!(
            "  seed store / ours            {:>6.1}  (at least {wanted})",
            ratio(medians[0], medians[1])
        );
    }
}

fn main() {
    let base = std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = || tempfile::tempdir_in(&base).unwrap();
    append(dir().path());
    list(dir().path());
}
