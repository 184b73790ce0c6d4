//! Database files in which bytes have changed. Errors are right, crashes and hangs are not.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use sqlite_branch_reliability::calls::{self, READS, WRITES};
use sqlite_branch_reliability::database::{open, rows, run, try_rows, Failure};
use sqlite_branch_store::{StateStore, ThreadListFilters};

use crate::Tally;

pub struct Harness {
    directory: PathBuf,
    pristine: Vec<u8>,
}

impl Harness {
    pub fn new(directory: &Path) -> Self {
        let path = directory.join("pristine.db");
        let connection = open(&path);
        rows(&connection, "PRAGMA page_size = 512");
        calls::prepare(&connection);
        for at in 0..60 {
            let from = at % 7 + 1;
            run(
                &connection,
                &format!("SELECT branch_fork({from}, 'user', 'message {at}', '{{}}')"),
            )
            .unwrap();
        }
        drop(connection);
        Self {
            directory: directory.to_owned(),
            pristine: std::fs::read(path).unwrap(),
        }
    }

    pub fn case(&self, random: &mut Rng, tally: &mut Tally) {
        const PAGE: usize = 512;
        let mut bytes = self.pristine.clone();
        let changes = if random.bool() { 3 } else { 30 };
        for _ in 0..random.usize(1..changes) {
            let at = random.usize(0..bytes.len());
            match random.u32(0..6) {
                // The schema and the heads of pages matter most.
                0 => bytes[at / PAGE * PAGE + random.usize(0..12)] = random.u8(..),
                1 => bytes[random.usize(100..PAGE * 4)] = random.u8(..),
                2 => {
                    let (from, to) = (at / PAGE * PAGE, random.usize(0..bytes.len()) / PAGE * PAGE);
                    bytes.copy_within(from..from + PAGE, to);
                }
                3 => bytes[at] ^= 1 << random.u32(0..8),
                _ => bytes[at] = random.u8(..),
            }
        }
        if random.u32(0..10) == 0 {
            bytes.truncate(random.usize(0..bytes.len()));
        }
        let path = self.directory.join("state.db");
        for suffix in ["db-journal", "db-wal", "db-shm"] {
            let _ = std::fs::remove_file(path.with_extension(suffix));
        }
        std::fs::write(&path, &bytes).unwrap();
        let connection = open(&path);
        let count = |sql: &str, tally: &mut Tally| {
            let outcome = try_rows(&connection, sql);
            tally.calls += 1;
            if let Err(Failure { text, .. }) = outcome {
                tally.refused += 1;
                assert!(!text.contains("internal error"), "{sql}: {text}");
            }
        };
        for sql in READS {
            count(sql, tally);
        }
        for call in WRITES {
            count(&format!("SELECT {call}"), tally);
        }
        for sql in READS {
            count(sql, tally);
        }
        drop(connection);
        std::fs::write(&path, &bytes).unwrap();
        use_store(&path, tally);
    }
}

/// The Rust store takes such a file, or refuses it.
fn use_store(path: &Path, tally: &mut Tally) {
    let store = match StateStore::open(Some(path.to_owned())) {
        Ok(store) => store,
        Err(error) => {
            tally.calls += 1;
            tally.refused += 1;
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let outcomes = [
        store.list_threads(ThreadListFilters::default()).err(),
        store.get_thread("t").err(),
        store.list_messages("t", None).err(),
        store.list_messages_before("u", 10, Some(3)).err(),
        store.path(7, None).err(),
        store.list_leaf_messages("t").err(),
        store.leaves("t").err(),
        store.children(2).err(),
        store.siblings(3).err(),
        store.tree("t").err(),
        store.diff(5, 11).err(),
        store.check(None).err(),
        store.tip(1).err(),
        store.append_message("t", "user", "x", None).err(),
        store.fork_at_message(3, "user", "x", None).err(),
        store.add_alternative(1, "user", "x", None).err(),
        store.switch_leaf("t", Some(2)).err(),
        store.copy_branch(5, "copied").err(),
        store.prune(6).err(),
        store.clear_messages("u").err(),
        store.delete_thread("u").err(),
        store.list_messages("t", None).err(),
    ];
    tally.calls += outcomes.len();
    for error in outcomes.into_iter().flatten() {
        tally.refused += 1;
        let text = format!("{error} {error:?}");
        assert!(!text.contains("internal error"), "{text}");
    }
}
