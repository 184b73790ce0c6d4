//! Nothing is left behind: not by calls, not by connections, not by loading the library again and again.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_int;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::ffi;
use sqlite_branch_reliability::calls::{self, READS};
use sqlite_branch_reliability::database::{memory, open_and_load, rows, run};
use sqlite_branch_reliability::size::size;

/// The system's allocator, which counts.
struct Counting;

static BYTES: AtomicI64 = AtomicI64::new(0);

// SAFETY: it is the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on; so below.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: see above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that Rust code has, and bytes that SQLite has.
fn in_use() -> (i64, i64) {
    // SAFETY: it takes nothing and counts.
    let sqlite = unsafe { ffi::sqlite3_memory_used() };
    (BYTES.load(Ordering::Relaxed), sqlite)
}

/// A million calls at size 500, of all functions, those that fail included: what is in use at the end is what was in
/// use after the first few.
fn many_calls() {
    const FAILING: [&str; 4] = [
        "SELECT branch_append('nobody', 'user', 'x')",
        "SELECT branch_fork(999, 'user', 'x', '{')",
        "SELECT * FROM branch_messages('t', -1)",
        "SELECT * FROM branch_path",
    ];
    let connection = memory();
    calls::prepare(&connection);
    let round = |at: usize| {
        let made = &rows(&connection, "SELECT branch_append('t', 'user', 'x', '[1]')")[0];
        run(&connection, READS[at % READS.len()]).unwrap();
        run(&connection, &format!("SELECT branch_switch('t', {made})")).unwrap();
        run(&connection, FAILING[at % FAILING.len()]).unwrap_err();
        rows(
            &connection,
            &format!("SELECT branch_copy({made}, 'copied')"),
        );
        rows(&connection, "SELECT branch_clear('copied')");
        run(&connection, "DELETE FROM threads WHERE id = 'copied'").unwrap();
        rows(&connection, &format!("SELECT branch_prune({made})"));
        8
    };
    let warm = 4 * READS.len();
    for at in 0..warm {
        round(at);
    }
    let before = in_use();
    let calls: usize = (0..size(250)).map(round).sum();
    let after = in_use();
    // Ids get longer, and SQLite's pages are not always as full.
    assert!((after.0 - before.0).abs() < 1_000, "{before:?} {after:?}");
    assert!((after.1 - before.1).abs() < 50_000, "{before:?} {after:?}");
    println!(
        "memory: {calls} calls, growth {} bytes in the extension, {} in SQLite",
        after.0 - before.0,
        after.1 - before.1
    );
}

/// Connections that come and go.
fn many_connections() {
    let connection = |_| {
        let connection = memory();
        calls::prepare(&connection);
        READS.iter().for_each(|sql| drop(run(&connection, sql)));
        rows(&connection, "SELECT branch_append('t', 'user', 'x')");
    };
    connection(0);
    let before = in_use();
    (0..size(20)).for_each(connection);
    assert_eq!(in_use(), before);
    println!("memory: {} connections, growth 0 bytes", size(20));
}

extern "C" {
    // SQLite has it, and the bindings do not.
    fn sqlite3_close_v2(db: *mut ffi::sqlite3) -> c_int;
}

/// Connections that are closed in the middle of something.
fn open_cursors() {
    let before = in_use();
    let mut closed = 0;
    for sql in READS {
        let connection = memory();
        calls::prepare(&connection);
        // SAFETY: the handle is that of an open connection, which nobody uses after this; each call is made as SQLite's
        // documentation says, and each statement is finalized once.
        unsafe {
            let db = connection.handle();
            let mut statement = std::ptr::null_mut();
            let prepared = ffi::sqlite3_prepare_v2(
                db,
                sql.as_ptr().cast(),
                sql.len() as c_int,
                &mut statement,
                std::ptr::null_mut(),
            );
            assert_eq!(prepared, ffi::SQLITE_OK);
            let stepped = ffi::sqlite3_step(statement);
            assert!(stepped == ffi::SQLITE_ROW || stepped == ffi::SQLITE_DONE);
            // The user's own statement is in the way, and after it nothing of ours.
            if stepped == ffi::SQLITE_ROW {
                let (connection, error) = connection.close().unwrap_err();
                assert_eq!(
                    error.sqlite_error_code(),
                    Some(ffi::ErrorCode::DatabaseBusy)
                );
                ffi::sqlite3_step(statement);
                if closed % 2 == 0 {
                    assert_eq!(ffi::sqlite3_finalize(statement), ffi::SQLITE_OK);
                    connection.close().unwrap();
                } else {
                    // Closed all the same, as a garbage collector's binding does, and finalized afterwards.
                    assert_eq!(sqlite3_close_v2(db), ffi::SQLITE_OK);
                    // No statement can be prepared any more, so this may be an error.
                    ffi::sqlite3_step(statement);
                    ffi::sqlite3_finalize(statement);
                    // Its handle is gone.
                    std::mem::forget(connection);
                }
                closed += 1;
            } else {
                ffi::sqlite3_finalize(statement);
                connection.close().unwrap();
            }
        }
    }
    let after = in_use();
    assert_eq!(after.1, before.1, "SQLite's");
    println!("memory: {closed} connections closed with open cursors, growth 0 bytes in SQLite");
}

/// The library is loaded, used and unloaded. Here it has an allocator of its own, so what counts is what the system says.
fn loading() {
    let Some(_) = resident() else {
        println!("memory: no /proc here, so loading and unloading is not measured");
        return;
    };
    let load = |_| {
        let connection = open_and_load(Path::new(":memory:"));
        calls::prepare(&connection);
        rows(&connection, "SELECT count(*) FROM branch_tree('t')");
    };
    (0..200).for_each(load);
    let before = resident().unwrap();
    (0..size(100)).for_each(load);
    let after = resident().unwrap();
    let growth = after.saturating_sub(before);
    // A leak of 1 KB for each would be 10 MB in the long run; a few pages come and go.
    assert!(growth < 2_000, "{before} KB, {after} KB");
    println!(
        "memory: {} times loaded and unloaded, growth {growth} KB",
        size(100)
    );
}

/// The memory that this process has, in KB.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

// One test: it counts what the process has.
#[test]
fn nothing_is_left_behind() {
    many_calls();
    many_connections();
    open_cursors();
    loading();
}
