//! Registering twice, closing, and leaving no memory behind.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

use rusqlite::{ffi, Connection};

use crate::again::in_own_process;
use crate::entry::{load, table};
use crate::{conversation, host, READS, WRITES};

extern "C" {
    /// In the bundled SQLite, though the bindings leave it out.
    fn sqlite3_close_v2(db: *mut ffi::sqlite3) -> std::ffi::c_int;
}

/// Counts the bytes that Rust code holds.
struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as isize, Ordering::Relaxed);
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        System.dealloc(memory, layout);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Uses everything once, errors included.
fn use_everything(connection: &Connection) {
    conversation(connection);
    for (name, sql) in READS.into_iter().chain(WRITES) {
        let mut statement = connection.prepare(sql).unwrap();
        let mut rows = statement.raw_query();
        // Some to the end, some not.
        while rows.next().unwrap().is_some() && name.len() % 2 == 0 {}
    }
    for sql in [
        "SELECT branch_depth(x'00')",
        "SELECT branch_append('no thread', 'user', '')",
        "SELECT * FROM branch_path(x'00')",
        "SELECT * FROM branch_messages('t', -1)",
    ] {
        host::error(connection, sql, &[]);
    }
}

#[test]
fn registered_twice() {
    let connection = host::memory();
    conversation(&connection);
    let mut statement = connection
        .prepare("SELECT id FROM branch_messages('t')")
        .unwrap();
    let mut rows = statement.raw_query();
    assert!(rows.next().unwrap().is_some());
    // Functions cannot be replaced while a statement runs; SQLite's word for that is passed on.
    // SAFETY: the connection stays open.
    let db = unsafe { connection.handle() };
    let (code, text) = load(db, table());
    assert_eq!(code, ffi::SQLITE_BUSY);
    assert_eq!(
        text.as_deref(),
        Some("sqlite-branch: unable to delete/modify user-function due to active statements")
    );
    assert!(rows.next().unwrap().is_some());
    drop(rows);
    drop(statement);
    for _ in 0..3 {
        assert_eq!(load(db, table()), (ffi::SQLITE_OK, None));
        assert_eq!(
            host::integer(
                &connection,
                "SELECT count(*) FROM branch_messages('t')",
                &[]
            ),
            2
        );
        host::integer(&connection, "SELECT branch_switch('t', 4)", &[]);
    }
    connection.close().map_err(|(_, error)| error).unwrap();
}

/// `sqlite3_close` refuses as long as a statement is open. Those that the extension keeps must not count.
#[test]
fn statements_that_are_kept_do_not_hinder_closing() {
    for (_, sql) in READS.into_iter().chain(WRITES) {
        // Each of them alone: a connection may never have seen one of our tables.
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        {
            let connection = host::open(&path);
            conversation(&connection);
            connection.close().map_err(|(_, error)| error).unwrap();
        }
        let connection = host::open(&path);
        for _ in 0..3 {
            let mut statement = connection.prepare(sql).unwrap();
            // The last few fail the second time, which is as well.
            drop(statement.raw_query().next());
        }
        connection.close().map_err(|(_, error)| error).unwrap();
    }
    let connection = host::memory();
    use_everything(&connection);
    connection.close().map_err(|(_, error)| error).unwrap();
}

/// Nor do they hold a lock, or anything else that a statement which has ended does not hold.
#[test]
fn statements_that_are_kept_hinder_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let connection = host::open(&path);
    use_everything(&connection);
    let other = host::open(&path);
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    other
        .execute_batch("BEGIN EXCLUSIVE; UPDATE threads SET title = 'new'; COMMIT;")
        .unwrap();
    connection
        .execute_batch(
            "VACUUM;
             ATTACH ':memory:' AS more; DETACH more;
             PRAGMA journal_mode = wal; PRAGMA journal_mode = delete;
             BEGIN; ROLLBACK;
             ALTER TABLE messages ADD COLUMN tokens INTEGER;
             ALTER TABLE threads RENAME COLUMN title TO heading;
             ALTER TABLE threads RENAME COLUMN heading TO title;
             DROP INDEX branch_messages_jumps;
             DROP INDEX idx_messages_parent_entry_id;",
        )
        .unwrap();
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "delete");
    // With another schema than when they were prepared.
    connection
        .execute_batch("DELETE FROM messages; DELETE FROM threads; DELETE FROM sqlite_sequence;")
        .unwrap();
    use_everything(&connection);
    connection
        .execute_batch("DROP TABLE messages; DROP TABLE threads;")
        .unwrap();
    let (code, text) = host::error(&connection, "SELECT branch_depth(1)", &[]);
    assert_eq!(code, 1);
    assert!(
        text.starts_with("branch_depth: no such table: main.messages"),
        "{text}"
    );
    connection.close().map_err(|(_, error)| error).unwrap();
}

/// The user's own open statement does count, as with any table, and can be finished after the connection was closed.
#[test]
fn closing_with_an_open_cursor() {
    for (name, sql) in READS.into_iter().filter(|(_, sql)| sql.contains('*')) {
        let connection = host::memory();
        conversation(&connection);
        // SAFETY: raw calls of SQLite's interface in the order that it asks for: prepare, step, finalize. The
        // connection is closed by hand, and `connection` forgotten.
        unsafe {
            let db = connection.handle();
            let mut statement = std::ptr::null_mut();
            let text = std::ffi::CString::new(sql).unwrap();
            let code = ffi::sqlite3_prepare_v2(
                db,
                text.as_ptr(),
                -1,
                &mut statement,
                std::ptr::null_mut(),
            );
            assert_eq!(code, ffi::SQLITE_OK);
            let first = ffi::sqlite3_step(statement);
            let some = name != "branch_check";
            assert_eq!(first == ffi::SQLITE_ROW, some, "{sql}");
            if some {
                assert_eq!(ffi::sqlite3_close(db), ffi::SQLITE_BUSY, "{sql}");
            }
            std::mem::forget(connection);
            // The connection becomes a zombie that goes with its last statement.
            assert_eq!(sqlite3_close_v2(db), ffi::SQLITE_OK);
            if some {
                let next = ffi::sqlite3_step(statement);
                assert!(
                    [ffi::SQLITE_ROW, ffi::SQLITE_DONE].contains(&next),
                    "{sql}: {next}"
                );
            }
            assert_eq!(ffi::sqlite3_finalize(statement), ffi::SQLITE_OK);
        }
    }
}

/// SQLite unloads the file with the last connection that has loaded it, on whatever thread that is.
#[test]
fn the_file_is_loaded_and_unloaded_many_times() {
    for _ in 0..50 {
        let opened: Vec<_> = (0..2)
            .map(|_| {
                let connection = Connection::open_in_memory().unwrap();
                // SAFETY: the library is ours.
                unsafe {
                    connection.load_extension_enable().unwrap();
                    connection
                        .load_extension(crate::dist::loadable_stem(), None::<&str>)
                        .unwrap();
                }
                connection
            })
            .collect();
        let threads: Vec<_> = opened
            .into_iter()
            .map(|connection| {
                std::thread::spawn(move || {
                    use_everything(&connection);
                    connection.close().map_err(|(_, error)| error).unwrap();
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

/// A connection may be used on one thread after another.
#[test]
fn a_connection_that_goes_from_thread_to_thread() {
    let mut connection = host::memory();
    use_everything(&connection);
    for _ in 0..4 {
        connection = std::thread::spawn(move || {
            for (_, sql) in READS {
                drop(connection.prepare(sql).unwrap().raw_query().next());
            }
            connection
        })
        .join()
        .unwrap();
    }
    std::thread::spawn(move || connection.close().map_err(|(_, error)| error).unwrap())
        .join()
        .unwrap();
}

#[test]
fn nothing_is_left_behind() {
    if !in_own_process("lifetime::nothing_is_left_behind") {
        return;
    }
    let measure = || {
        for _ in 0..20 {
            let connection = host::memory();
            use_everything(&connection);
            // Registering again replaces what was registered before.
            // SAFETY: the connection stays open.
            let db = unsafe { connection.handle() };
            for _ in 0..20 {
                assert_eq!(load(db, table()), (ffi::SQLITE_OK, None));
            }
            connection.close().map_err(|(_, error)| error).unwrap();
        }
        // SAFETY: a question that needs no connection.
        let sqlite = unsafe { ffi::sqlite3_memory_used() };
        (HELD.load(Ordering::Relaxed), sqlite)
    };
    measure();
    let before = measure();
    assert_eq!(measure(), before, "bytes held by Rust, and by SQLite");
}

#[test]
fn an_error_in_the_middle_leaves_nothing_behind() {
    if !in_own_process("lifetime::an_error_in_the_middle_leaves_nothing_behind") {
        return;
    }
    let connection = host::memory();
    conversation(&connection);
    connection
        .execute_batch("UPDATE messages SET parent_entry_id = 77 WHERE id = 1")
        .unwrap();
    let measure = || {
        for _ in 0..50 {
            for sql in [
                "SELECT * FROM branch_messages('t')",
                "SELECT * FROM branch_messages('t') ORDER BY distance",
                "SELECT * FROM branch_path(3) ORDER BY distance",
                "SELECT branch_depth(3)",
                "SELECT branch_copy(3, 'copy')",
            ] {
                let (code, _) = host::error(&connection, sql, &[]);
                assert_eq!(code, 267, "{sql}");
            }
        }
        // SAFETY: a question that needs no connection.
        let sqlite = unsafe { ffi::sqlite3_memory_used() };
        (HELD.load(Ordering::Relaxed), sqlite)
    };
    measure();
    let before = measure();
    assert_eq!(measure(), before, "bytes held by Rust, and by SQLite");
}
