//! Processes that index what there is, killed at any moment: the index is complete or as it was before.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sqlite_branch_reliability::child::Process;
use sqlite_branch_reliability::database::{add_thread, assert_sound, open, rows, run};
use sqlite_branch_reliability::size::{random, size};

/// How many messages are indexed before, and how many are not.
const BEFORE: usize = 500;
const NEW: usize = 2500;

/// Messages of which each third has the word `third`, the first ones indexed.
fn prepare(path: &Path) {
    let connection = open(path);
    run(&connection, "SELECT branch_migrate()").unwrap();
    add_thread(&connection, "t");
    let add = |count: usize| {
        connection
            .execute(
                "WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < ?1) \
                 INSERT INTO messages(thread_id, role, content, created_at) \
                 SELECT 't', 'user', iif(at % 3, 'other ', 'third ') || replace(hex(randomblob(150)), 'F', ' '), at \
                 FROM n",
                [count as i64],
            )
            .unwrap();
    };
    add(BEFORE);
    assert_eq!(
        rows(&connection, "SELECT branch_index()"),
        [BEFORE.to_string()]
    );
    add(NEW);
}

/// The number of messages that are in the index, all of which a search finds, as it does the others.
fn indexed(connection: &Connection) -> usize {
    connection
        .execute_batch("INSERT INTO message_search(message_search) VALUES ('integrity-check')")
        .unwrap();
    let third = (BEFORE / 3 + NEW / 3).to_string();
    assert_eq!(
        rows(connection, "SELECT count(*) FROM branch_search('third')"),
        [third]
    );
    let rows = rows(connection, "SELECT count(*) FROM message_search_rows");
    rows[0].parse().unwrap()
}

pub fn run_and_kill() {
    let directory = tempfile::tempdir().unwrap();
    let pristine = directory.path().join("pristine.db");
    prepare(&pristine);
    let (mut kills, mut undone, mut complete) = (0, 0, 0);
    for round in 0..size(8) {
        let mut random = random(round);
        let path = directory.path().join(format!("{round}.db"));
        std::fs::copy(&pristine, &path).unwrap();
        if round % 2 == 1 {
            rows(
                &Connection::open(&path).unwrap(),
                "PRAGMA journal_mode = wal",
            );
        }
        let (call, all) = if round % 4 < 2 {
            ("branch_index()", NEW)
        } else {
            ("branch_index('rebuild')", BEFORE + NEW)
        };
        // How long it takes here and now.
        let copy = directory.path().join("whole.db");
        std::fs::copy(&pristine, &copy).unwrap();
        let started = Instant::now();
        assert_eq!(
            rows(&open(&copy), &format!("SELECT {call}")),
            [all.to_string()]
        );
        let whole = started.elapsed();
        let mut shell = Process::shell(&path);
        shell.write(&format!(
            ".once /dev/stdout\nSELECT 'begun|';\n.once /dev/stdout\nSELECT 'indexed|', {call};\n"
        ));
        assert_eq!(shell.next().as_deref(), Some("begun|"));
        // The shell loads an optimized library: most calls would be over at the same moment.
        let moment = Instant::now() + whole.mul_f64(random.f64()).min(Duration::from_secs(10));
        while Instant::now() < moment {
            thread::yield_now();
        }
        shell.kill();
        let said = shell.next().is_some();
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&shell.wait()),
            Some(9)
        );
        kills += 1;
        let connection = open(&path);
        assert_sound(&connection);
        let found = indexed(&connection);
        assert!(
            found == BEFORE || found == BEFORE + NEW,
            "{call}: {found} messages"
        );
        assert!(
            found > BEFORE || !said,
            "an index that was reported is lost"
        );
        if found > BEFORE {
            complete += 1;
        } else {
            undone += 1;
        }
        let rest = BEFORE + NEW - found;
        assert_eq!(
            rows(&connection, "SELECT branch_index()"),
            [rest.to_string()]
        );
        assert_eq!(indexed(&connection), BEFORE + NEW);
        drop(connection);
        std::fs::remove_file(&path).unwrap();
    }
    println!("kill, indexing: {kills} kills, {undone} undone, {complete} complete, half done: 0");
}
