//! Database files in which bytes have changed. Errors are right, crashes and hangs are not.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use sqlite_branch_reliability::calls::{self, READS, WRITES};
use sqlite_branch_reliability::database::{open, rows, run, try_rows, Failure};

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
        let _ = std::fs::remove_file(path.with_extension("db-journal"));
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
    }
}
