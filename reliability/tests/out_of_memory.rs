//! What happens when there is no memory: each call is made again and again, and each time a later allocation fails.
//!
//! Two kinds: SQLite's own allocations, every one of them, and the large ones of the extension, which grow with the
//! data. (Its small ones abort the process when they fail, as all Rust programs do.)

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;
use sqlite_branch_reliability::calls::{self, AROUND, READS, WRITES};
use sqlite_branch_reliability::database::{
    add_thread, assert_same, migrated, rows, run, state, try_rows, Failure,
};
use sqlite_branch_reliability::faults::memory;
use sqlite_branch_reliability::size::size;

const NOMEM: i32 = 7;

/// The system's allocator, without its large blocks when it is told so.
struct Limited;

/// The largest block; 0 is no limit.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

fn refused(bytes: usize) -> bool {
    let largest = LARGEST.load(Ordering::Relaxed);
    largest > 0 && bytes > largest
}

// SAFETY: it is the system's allocator, but for some calls that fail, as calls of an allocator can.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if refused(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise is passed on; so below.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: see above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if refused(size) {
            return std::ptr::null_mut();
        }
        // SAFETY: see above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

/// The numbers from 1 at which something fails.
fn moments() -> impl Iterator<Item = usize> {
    let dense = size(30);
    std::iter::successors(Some(1), move |at| Some(at + 1 + at / dense))
}

/// A fresh copy of a file, which is not open.
struct Copies {
    directory: tempfile::TempDir,
}

impl Copies {
    fn new(prepare: impl FnOnce(&Connection)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("pristine.db"));
        prepare(&connection);
        Self { directory }
    }

    fn fresh(&self) -> PathBuf {
        let path = self.directory.path().join("state.db");
        let _ = std::fs::remove_file(path.with_extension("db-journal"));
        std::fs::copy(self.directory.path().join("pristine.db"), &path).unwrap();
        path
    }
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    rows(&connection, "PRAGMA synchronous = off");
    sqlite_branch_store::register(&connection).unwrap();
    connection
}

/// Runs something while the `nth` allocation fails. Gives how many have failed as well.
fn failing<T>(nth: usize, for_good: bool, run: impl FnOnce() -> T) -> (T, usize) {
    memory::fail(nth, for_good);
    let outcome = run();
    (outcome, memory::stop())
}

/// Closes a connection: nothing may be left of it.
fn close(connection: Connection, outstanding: i64, context: &str) {
    drop(connection);
    assert_eq!(memory::outstanding(), outstanding, "{context}: a leak");
}

/// In autocommit mode, and in a transaction of the user's.
fn fail_write(copies: &Copies, sql: &str, for_good: bool) -> usize {
    let mut faults = 0;
    let path = copies.fresh();
    let connection = open(&path);
    let before = state(&connection);
    run(&connection, sql).unwrap();
    let after = state(&connection);
    drop(connection);
    for own in [false, true] {
        for nth in moments() {
            let path = copies.fresh();
            let outstanding = memory::outstanding();
            let connection = open(&path);
            if own {
                connection.execute_batch("BEGIN").unwrap();
            }
            let (outcome, failed) = failing(nth, for_good, || run(&connection, sql));
            let found = state(&connection);
            match outcome {
                // SQLite can do without some of its memory.
                Ok(_) => assert_same(&found, &after, sql),
                Err(failure) => {
                    let context = format!("{sql}: allocation {nth}, for good: {for_good}");
                    check_code(&failure, &context);
                    // As after an interrupt: the statement around the call can fail when the call is done.
                    if found != after {
                        assert_same(&found, &before, &context);
                        assert!(own || connection.is_autocommit(), "{context}");
                        run(&connection, sql)
                            .unwrap_or_else(|failure| panic!("{context}: {failure:?}"));
                        assert_same(&state(&connection), &after, &context);
                    }
                }
            }
            close(connection, outstanding, sql);
            faults += failed.min(1);
            if failed == 0 {
                break;
            }
        }
    }
    faults
}

fn check_code(failure: &Failure, sql: &str) {
    // Where SQLite cannot map or read a file for want of memory.
    const IOERR_NOMEM: i32 = 10 | (12 << 8);
    // Where SQLite rolls everything back for want of memory, and then goes on to say what it thinks of the statement.
    const FORGOTTEN: [&str; 2] = ["no such column: parent_entry_id", "abort due to ROLLBACK"];
    let forgotten =
        sql.contains("branch_migrate") && FORGOTTEN.iter().any(|text| failure.text.contains(text));
    assert!(
        failure.code == NOMEM || failure.code == IOERR_NOMEM || forgotten,
        "{sql}: {failure:?}"
    );
}

fn fail_read(copies: &Copies, sql: &str, for_good: bool) -> usize {
    let mut faults = 0;
    let path = copies.fresh();
    let expected = rows(&open(&path), sql);
    for nth in moments() {
        let outstanding = memory::outstanding();
        let connection = open(&path);
        let (outcome, failed) = failing(nth, for_good, || try_rows(&connection, sql));
        match outcome {
            Ok(found) => assert_eq!(found, expected, "{sql}: allocation {nth}"),
            Err(failure) => check_code(&failure, sql),
        }
        assert_eq!(rows(&connection, sql), expected, "{sql}");
        close(connection, outstanding, sql);
        faults += failed.min(1);
        if failed == 0 {
            break;
        }
    }
    faults
}

/// Registering fails, or works.
fn fail_registering(for_good: bool) -> usize {
    let mut faults = 0;
    for nth in moments() {
        let outstanding = memory::outstanding();
        let connection = Connection::open_in_memory().unwrap();
        let (outcome, failed) =
            failing(nth, for_good, || sqlite_branch_store::register(&connection));
        if outcome.is_ok() {
            run(&connection, "SELECT branch_migrate()").unwrap();
            run(&connection, "SELECT * FROM branch_check()").unwrap();
        }
        close(connection, outstanding, "registering");
        faults += failed.min(1);
        if failed == 0 {
            break;
        }
    }
    faults
}

/// A deep thread with many forks: everything about it takes memory that grows with it.
fn large() -> Connection {
    const MESSAGES: i64 = 20_000;
    let connection = migrated();
    add_thread(&connection, "t");
    connection
        .execute(
            "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
             SELECT value, 't', 'user', value, value, nullif(max(value - 1 - value % 3 % 2, 0), 0) \
             FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?1) \
                   SELECT value FROM n)",
            [MESSAGES],
        )
        .unwrap();
    run(
        &connection,
        "UPDATE threads SET current_leaf_id = (SELECT max(id) FROM messages)",
    )
    .unwrap();
    connection
}

/// No block over some size: an error, not an abort.
fn large_blocks() -> usize {
    let mut faults = 0;
    let connection = large();
    let calls = [
        "SELECT branch_depth(20000)",
        "SELECT branch_tip(1)",
        "SELECT branch_common_ancestor(19999, 20000)",
        "SELECT id FROM branch_path(20000)",
        "SELECT * FROM branch_messages('t')",
        "SELECT * FROM branch_messages('t') ORDER BY id",
        "SELECT * FROM branch_leaves('t')",
        "SELECT * FROM branch_children(1)",
        "SELECT * FROM branch_siblings(20000)",
        "SELECT graph FROM branch_tree('t')",
        "SELECT * FROM branch_diff(20000, 19999)",
        "SELECT * FROM branch_check()",
        "SELECT * FROM branch_context('t')",
        "SELECT * FROM branch_context('t', 100)",
        "SELECT * FROM branch_usage('t')",
        "SELECT * FROM branch_usage('t', 20000)",
        "SELECT branch_compact('t', 's', 1, NULL, 1)",
        "SELECT branch_prune(1)",
        "SELECT branch_copy(20000, 'copied', 1)",
        "SELECT branch_clear('t')",
    ];
    let before = state(&connection);
    for sql in calls {
        // A cursor of branch_diff, which holds two walks, is itself a block of almost 4,000.
        for largest in [6_000, 10_000, 30_000, 100_000, 300_000] {
            connection.execute_batch("BEGIN").unwrap();
            LARGEST.store(largest, Ordering::Relaxed);
            let outcome = run(&connection, sql);
            LARGEST.store(0, Ordering::Relaxed);
            if let Err(failure) = outcome {
                check_code(&failure, sql);
                assert_same(&state(&connection), &before, sql);
                faults += 1;
            }
            // Out of memory, SQLite may have rolled back itself.
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK").unwrap();
            }
        }
    }
    assert!(faults > calls.len(), "hardly anything took memory");
    faults
}

/// The same with a message that is itself large, in each place where a message has something.
fn large_messages() -> usize {
    let mut faults = 0;
    // With escapes, so that none of it can be used as it stands.
    let big = r#"tool \n \u00e9 \"x\" "#.repeat(2_000);
    let histories = [
        r#"[{"role":"user","content":"BIG"}]"#,
        r#"[{"role":"user","content":[{"type":"text","text":"BIG"},{"type":"text","text":"b"}]}]"#,
        r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"BIG"}}]}]"#,
        r#"[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
            "function":{"name":"n","arguments":"BIG"}}]}]"#,
        r#"[{"role":"tool","tool_call_id":"c","content":"BIG"}]"#,
        r#"[{"role":"user","name":"BIG","content":"x","model":"BIG"}]"#,
        r#"[{"role":"assistant","tool_calls":[{"id":"BIG"}],"usage":{"input_tokens":1}}]"#,
        r#"[{"role":"BIG","content":"x"}]"#,
        r#"[{"type":"reasoning","summary":[{"type":"summary_text","text":"BIG"}]}]"#,
        r#"[{"type":"function_call_output","call_id":"c","output":"BIG"}]"#,
    ];
    let session = format!(
        "{{\"type\":\"session\",\"id\":\"s\",\"timestamp\":1}}\n{{\"type\":\"message\",\"id\":\"a\",\"timestamp\":1,\
         \"message\":{{\"role\":\"user\",\"content\":\"{big}\"}}}}\n"
    );
    let calls = [
        "SELECT branch_put('u', :history, 1)",
        "SELECT branch_put('t', replace(:history, ':', ' :'), 1)",
        "SELECT branch_import('openai', :history, '{\"thread\":\"u\",\"created_at\":1}')",
        "SELECT branch_import('pi', :session)",
        "SELECT branch_export('t', 'jsonl')",
        "SELECT branch_export('t', 'markdown')",
        "SELECT branch_export('t', 'openai')",
        "SELECT branch_export('t', 'html')",
        "SELECT * FROM branch_context('t')",
        "SELECT * FROM branch_usage('t')",
        "SELECT branch_tokens(content, item_json) FROM messages",
        "SELECT * FROM branch_check()",
        "SELECT preview FROM branch_tree('t')",
        "SELECT snippet FROM branch_search('tool')",
        "SELECT branch_index()",
        "SELECT branch_copy(1, 'u', 1)",
        "SELECT branch_compact('t', content, 1, item_json, 1) FROM messages WHERE id = 1",
        "SELECT branch_append('t', 'user', content, item_json, 1) FROM messages WHERE id = 1",
    ];
    for history in histories {
        let history = history.replace("BIG", &big);
        let connection = migrated();
        let put = "SELECT branch_put('t', ?1, 1)";
        connection.query_row(put, [&history], |_| Ok(())).unwrap();
        let before = state(&connection);
        for sql in calls {
            for largest in [10_000, 30_000, 100_000] {
                connection.execute_batch("BEGIN").unwrap();
                LARGEST.store(largest, Ordering::Relaxed);
                let outcome = call_with(&connection, sql, &history, &session);
                LARGEST.store(0, Ordering::Relaxed);
                if let Err(failure) = outcome {
                    check_code(&failure, sql);
                    assert_same(&state(&connection), &before, sql);
                    faults += 1;
                }
                if !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK").unwrap();
                }
            }
        }
    }
    assert!(faults > histories.len() * 10, "hardly anything took memory");
    faults
}

/// Runs a statement with the parameters that it has.
fn call_with(
    connection: &Connection,
    sql: &str,
    history: &str,
    session: &str,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(sql)?;
    for (name, text) in [(":history", history), (":session", session)] {
        if let Some(at) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(at, text)?;
        }
    }
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

// One test: the allocators are those of the process.
#[test]
fn out_of_memory() {
    memory::install();
    let large_messages = large_messages();
    // What SQLite allocates once, for all connections, it keeps.
    drop(migrated());
    let new = Copies::new(calls::prepare);
    let old = Copies::new(|connection| {
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
    });
    let [mut writes, mut reads, mut registering] = [0; 3];
    for for_good in [false, true] {
        registering += fail_registering(for_good);
        for around in &AROUND[..2] {
            for call in WRITES {
                writes += fail_write(&new, &around.replace("{}", call), for_good);
            }
            writes += fail_write(&old, &around.replace("{}", "branch_migrate()"), for_good);
        }
        for sql in READS {
            reads += fail_read(&new, sql, for_good);
        }
    }
    println!(
        "faults, out of memory: {writes} in writes, {reads} in reads, {registering} in registering, half done: 0, leaks: 0"
    );
    println!(
        "faults, large blocks refused: {}, of large messages {}, aborts: 0",
        large_blocks(),
        large_messages
    );
}
