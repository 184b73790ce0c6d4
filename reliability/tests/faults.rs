//! What happens when a call cannot be completed: it is interrupted, the disk is full, the disk fails.
//!
//! Each call is made again and again, and fails a little later each time, until it succeeds. After each failure either
//! nothing has changed, or SQLite has rolled the user's whole transaction back, and the connection can go on.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rusqlite::{Connection, OpenFlags};
use sqlite_branch_reliability::calls::{self, AROUND, READS, WRITES};
use sqlite_branch_reliability::database::{
    add_thread, assert_same, memory, open, rows, run, state, try_rows, Failure,
};
use sqlite_branch_reliability::faults::files::{self, How, Which};
use sqlite_branch_reliability::size::size;

const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const FULL: i32 = 13;

/// The numbers from 1 at which something fails: all of them up to a number that grows with the size, and then ever fewer.
fn moments() -> impl Iterator<Item = usize> {
    let dense = size(25);
    std::iter::successors(Some(1), move |at| Some(at + 1 + at / dense))
}

/// Statements that write, in each of the places where a call can be.
fn write_statements() -> impl Iterator<Item = String> {
    WRITES
        .iter()
        .flat_map(|call| AROUND.iter().map(|around| around.replace("{}", call)))
}

/// What one statement does to a database, by itself and in a transaction of the user's.
struct Expected {
    before: String,
    after: String,
    /// With what the user wrote first.
    before_in_transaction: String,
    after_in_transaction: String,
}

const OWN: &str = "UPDATE log SET entry = 'own'";

impl Expected {
    /// The database is as it was when this returns.
    fn of(connection: &Connection, sql: &str) -> Self {
        let before = state(connection);
        let tried = |first: Option<&str>| {
            connection.execute_batch("BEGIN").unwrap();
            if let Some(first) = first {
                run(connection, first).unwrap();
            }
            let before = state(connection);
            run(connection, sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"));
            let after = state(connection);
            connection.execute_batch("ROLLBACK").unwrap();
            (before, after)
        };
        let (_, after) = tried(None);
        let (before_in_transaction, after_in_transaction) = tried(Some(OWN));
        assert_eq!(state(connection), before);
        Self {
            before,
            after,
            before_in_transaction,
            after_in_transaction,
        }
    }

    /// After a failure outside a transaction: nothing has changed, and the same succeeds now.
    fn check_undone(&self, connection: &Connection, sql: &str) {
        assert!(
            connection.is_autocommit(),
            "{sql}: a transaction is left open"
        );
        assert_same(&state(connection), &self.before, sql);
        connection.execute_batch("BEGIN").unwrap();
        run(connection, sql).unwrap();
        assert_same(&state(connection), &self.after, sql);
        connection.execute_batch("ROLLBACK").unwrap();
    }

    /// After a failure in a transaction of the user's: that is as it was before, or all of it is rolled back. Ends it, and
    /// gives whether it was there still.
    fn check_transaction(&self, connection: &Connection, sql: &str) -> bool {
        let kept = !connection.is_autocommit();
        if kept && state(connection) == self.after_in_transaction {
            // See `interrupts`.
            connection.execute_batch("ROLLBACK").unwrap();
        } else if kept {
            assert_same(&state(connection), &self.before_in_transaction, sql);
            run(connection, sql).unwrap();
            assert_same(&state(connection), &self.after_in_transaction, sql);
            connection.execute_batch("ROLLBACK").unwrap();
        }
        self.check_undone(connection, sql);
        kept
    }
}

/// How many virtual machine steps are left before an interrupt; 0 is no interrupt.
static STEPS: AtomicUsize = AtomicUsize::new(0);
/// Whether every step after that is interrupted as well.
static LASTING: AtomicBool = AtomicBool::new(false);

fn interrupted_after(
    connection: &Connection,
    steps: usize,
    lasting: bool,
    sql: &str,
) -> Result<usize, Failure> {
    LASTING.store(lasting, Ordering::Relaxed);
    STEPS.store(steps, Ordering::Relaxed);
    let outcome = run(connection, sql);
    STEPS.store(0, Ordering::Relaxed);
    outcome
}

fn interruptible(prepare: fn(&Connection)) -> Connection {
    let mut connection = memory();
    prepare(&connection);
    let handler = || {
        let steps = STEPS.load(Ordering::Relaxed);
        if steps > 1 || !LASTING.load(Ordering::Relaxed) {
            STEPS.store(steps.saturating_sub(1), Ordering::Relaxed);
        }
        steps == 1
    };
    connection.progress_handler(1, Some(handler)).unwrap();
    connection
}

/// A linear database that was never migrated.
fn legacy(connection: &Connection) {
    connection
        .execute_batch(include_str!("../../sql/0001_threads.sql"))
        .unwrap();
    add_thread(connection, "t");
    connection
        .execute_batch(
            "CREATE TABLE log(entry);
             INSERT INTO messages(thread_id, role, content, created_at)
             SELECT 't', 'user', value, value FROM json_each('[1, 2, 3, 4, 5, 6]');",
        )
        .unwrap();
}

fn check_interrupted(failure: &Failure, sql: &str) {
    // SQLite itself forgets that it was interrupted when that was in the middle of preparing an UPDATE ... FROM.
    const FORGOTTEN: &str = "expected 0 columns for ''";
    assert!(
        failure.primary() == INTERRUPT || failure.text.contains(FORGOTTEN),
        "{sql}: {failure:?}"
    );
}

/// Interrupts a statement that writes after one step, after two, and so on. Gives how often, how often the user's
/// transaction was kept, and how often it had happened nevertheless.
fn interrupt_write(prepare: fn(&Connection), sql: &str, lasting: bool) -> [usize; 3] {
    let mut connection = interruptible(prepare);
    let expected = Expected::of(&connection, sql);
    let [mut faults, mut kept, mut done] = [0; 3];
    for steps in moments() {
        match interrupted_after(&connection, steps, lasting, sql) {
            Ok(_) => {
                assert_same(&state(&connection), &expected.after, sql);
                break;
            }
            Err(failure) => check_interrupted(&failure, sql),
        }
        faults += 1;
        // What a SELECT calls is done when the call returns, and the SELECT itself can be interrupted after that. SQLite
        // can also interrupt any statement after its very last step. But then it is done as a whole.
        if state(&connection) == expected.after {
            connection = interruptible(prepare);
            done += 1;
        }
        expected.check_undone(&connection, sql);

        connection.execute_batch("BEGIN").unwrap();
        run(&connection, OWN).unwrap();
        match interrupted_after(&connection, steps, lasting, sql) {
            Ok(_) => {
                assert_same(&state(&connection), &expected.after_in_transaction, sql);
                connection.execute_batch("ROLLBACK").unwrap();
            }
            Err(failure) => {
                check_interrupted(&failure, sql);
                kept += usize::from(expected.check_transaction(&connection, sql));
                faults += 1;
            }
        }
    }
    [faults, kept, done]
}

// One test: the counter of steps is one for the process.
#[test]
fn interrupts() {
    let mut sums = [0; 3];
    for lasting in [false, true] {
        let mut add = |found: [usize; 3]| {
            for (sum, one) in sums.iter_mut().zip(found) {
                *sum += one;
            }
        };
        for sql in write_statements() {
            add(interrupt_write(calls::prepare, &sql, lasting));
        }
        for around in AROUND {
            let sql = around.replace("{}", "branch_migrate()");
            add(interrupt_write(legacy, &sql, lasting));
        }
    }
    let [faults, kept, done] = sums;

    let connection = interruptible(calls::prepare);
    let mut reads = 0;
    for sql in READS {
        let expected = rows(&connection, sql);
        for steps in moments() {
            match interrupted_after(&connection, steps, false, sql) {
                Ok(_) => break,
                Err(failure) => check_interrupted(&failure, sql),
            }
            assert_eq!(rows(&connection, sql), expected, "{sql}");
            reads += 1;
        }
    }
    println!(
        "faults, interrupts: {faults} of writes ({kept} transactions kept, {done} just after the call was done), \
         {reads} of reads, half done: 0"
    );
}

/// A file with the small database, and a fresh copy of it for each try.
struct Copies {
    directory: tempfile::TempDir,
}

impl Copies {
    fn new(journal: &str, prepare: impl FnOnce(&Connection)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("pristine.db"));
        prepare(&connection);
        rows(&connection, &format!("PRAGMA journal_mode = {journal}"));
        Self { directory }
    }

    fn fresh(&self) -> std::path::PathBuf {
        let path = self.directory.path().join("state.db");
        for suffix in ["-journal", "-wal", "-shm"] {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            let _ = std::fs::remove_file(name);
        }
        std::fs::copy(self.directory.path().join("pristine.db"), &path).unwrap();
        path
    }
}

#[test]
fn a_full_database() {
    let (mut faults, mut kept, mut fits) = (0, 0, 0);
    for journal in ["wal", "delete", "memory"] {
        let copies = Copies::new(journal, calls::prepare);
        for sql in write_statements() {
            let sql = sql.as_str();
            let connection = open(&copies.fresh());
            rows(&connection, &format!("PRAGMA journal_mode = {journal}"));
            let expected = Expected::of(&connection, sql);
            let pages: i64 = rows(&connection, "PRAGMA page_count")[0].parse().unwrap();
            let limit = |pages: i64| {
                rows(&connection, &format!("PRAGMA max_page_count = {pages}"));
            };
            for more in 0.. {
                connection.execute_batch("BEGIN").unwrap();
                run(&connection, OWN).unwrap();
                limit(pages + more);
                let inside = run(&connection, sql);
                limit(1 << 30);
                match &inside {
                    Ok(_) => {
                        assert_same(&state(&connection), &expected.after_in_transaction, sql);
                        connection.execute_batch("ROLLBACK").unwrap();
                    }
                    Err(failure) => {
                        assert_eq!(failure.primary(), FULL, "{sql}: {failure:?}");
                        kept += usize::from(expected.check_transaction(&connection, sql));
                        faults += 1;
                    }
                }
                limit(pages + more);
                let outcome = run(&connection, sql);
                limit(1 << 30);
                match outcome {
                    Ok(_) => {
                        assert_same(&state(&connection), &expected.after, sql);
                        fits += 1;
                        break;
                    }
                    Err(failure) => {
                        assert_eq!(failure.primary(), FULL, "{sql}: {failure:?}");
                        expected.check_undone(&connection, sql);
                        faults += 1;
                    }
                }
            }
        }
    }
    println!(
        "faults, full database: {faults} ({kept} transactions kept), {fits} calls that then fit, half done: 0"
    );
}

fn open_faulty(path: &Path) -> Connection {
    let connection =
        Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_WRITE, files::VFS)
            .unwrap();
    sqlite_branch_store::register(&connection).unwrap();
    connection
}

/// Makes one file operation fail after the other, until a statement succeeds. Gives how many failed.
fn failing_files(copies: &Copies, sql: &str, which: Which, how: How, for_good: bool) -> usize {
    let path = copies.fresh();
    let expected = Expected::of(&open(&path), sql);
    let context = format!("{sql}: {which:?}, {how:?}, for good: {for_good}");
    let mut faults = 0;
    for nth in moments() {
        let path = copies.fresh();
        let connection = open_faulty(&path);
        files::fail(nth, which, how, for_good);
        let outcome = run(&connection, sql);
        if !for_good {
            let failed = files::stop();
            faults += failed;
            match &outcome {
                // SQLite tries some operations again, and can do without others.
                Ok(_) => assert_same(&state(&connection), &expected.after, &context),
                Err(failure) => {
                    check_code(failure, how, &context);
                    expected.check_undone(&connection, sql);
                }
            }
            if failed == 0 {
                break;
            }
        }
        // With the disk gone for good, this is a crash: nobody can put things in order any more.
        drop(connection);
        if for_good {
            let failed = files::stop();
            faults += failed.min(1);
            let connection = open(&path);
            assert_eq!(rows(&connection, "PRAGMA integrity_check"), ["ok"]);
            let found = state(&connection);
            match &outcome {
                Ok(_) => assert_same(&found, &expected.after, &context),
                Err(failure) => {
                    check_code(failure, how, &context);
                    assert!(
                        found == expected.before || found == expected.after,
                        "{context}: half done"
                    );
                }
            }
            if failed == 0 {
                break;
            }
        }
    }
    faults
}

fn check_code(failure: &Failure, how: How, context: &str) {
    const CANTOPEN: i32 = 14;
    let right = match how {
        How::Full => [FULL, IOERR, CANTOPEN].contains(&failure.primary()),
        How::Error | How::Torn => [IOERR, CANTOPEN].contains(&failure.primary()),
    };
    assert!(right, "{context}: {failure:?}");
}

// One test: what fails is set for the process.
#[test]
fn failing_disks() {
    files::install();
    let mut figures = Vec::new();
    for journal in ["delete", "wal"] {
        let copies = Copies::new(journal, calls::prepare);
        let old = Copies::new(journal, legacy);
        for (which, how, for_good) in [
            (Which::Writes, How::Error, false),
            (Which::Writes, How::Full, false),
            (Which::Writes, How::Torn, true),
            (Which::Writes, How::Error, true),
            (Which::Reads, How::Error, false),
        ] {
            let mut faults = 0;
            for call in WRITES {
                for around in &AROUND[..2] {
                    let sql = around.replace("{}", call);
                    faults += failing_files(&copies, &sql, which, how, for_good);
                }
            }
            for around in &AROUND[..2] {
                let sql = around.replace("{}", "branch_migrate()");
                faults += failing_files(&old, &sql, which, how, for_good);
            }
            figures.push(format!("{journal} {which:?} {how:?}: {faults}"));
        }
        let mut faults = 0;
        for sql in READS {
            let path = copies.fresh();
            let expected = rows(&open(&path), sql);
            for nth in moments() {
                let connection = open_faulty(&path);
                files::fail(nth, Which::Reads, How::Error, false);
                let outcome = try_rows(&connection, sql);
                let failed = files::stop();
                match outcome {
                    Ok(found) => assert_eq!(found, expected, "{sql}"),
                    Err(failure) => check_code(&failure, How::Error, sql),
                }
                assert_eq!(rows(&connection, sql), expected, "{sql}");
                faults += failed;
                if failed == 0 {
                    break;
                }
            }
        }
        figures.push(format!("{journal} reads of read calls: {faults}"));
    }
    println!(
        "faults, failing disk: {}; lost or half done: 0",
        figures.join(", ")
    );
}
