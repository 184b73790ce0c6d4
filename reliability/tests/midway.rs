//! What can happen on a connection while one of the tables is being read: whatever it is, the reading ends, with rows or
//! with an error; and several threads that each have a connection.

use std::thread;

use rusqlite::Connection;
use sqlite_branch_reliability::calls::{self, READS, WRITES};
use sqlite_branch_reliability::database::{memory, open, rows, run, Failure};
use sqlite_branch_reliability::size::size;

/// Things that change what a reader stands on. Some of them SQLite refuses while there is a reader.
const MEANWHILE: [&str; 20] = [
    "ROLLBACK",
    "COMMIT",
    "DELETE FROM messages",
    "DELETE FROM threads",
    "DROP TABLE messages",
    "DROP TABLE threads",
    "DROP INDEX branch_messages_jumps",
    "DROP INDEX idx_messages_parent_entry_id",
    "CREATE INDEX theirs ON messages(role)",
    "ALTER TABLE messages ADD COLUMN theirs",
    "ALTER TABLE messages RENAME COLUMN content TO theirs",
    "ALTER TABLE messages RENAME TO theirs",
    "UPDATE messages SET parent_entry_id = id + 1",
    "UPDATE messages SET parent_entry_id = 'none', content = NULL WHERE 0",
    "UPDATE messages SET id = id + 100",
    "INSERT INTO messages(thread_id, role, content, created_at, parent_entry_id) \
         SELECT thread_id, role, content, 1, id FROM messages",
    "VACUUM",
    "REINDEX",
    "PRAGMA encoding = 'UTF-16'",
    "PRAGMA writable_schema = reset",
];

/// Reads some rows, lets something happen, and reads the rest. Gives whether that was without an error.
fn disturbed(connection: &Connection, read: &str, after: usize, meanwhile: &str) -> bool {
    let mut statement = connection.prepare(read).unwrap();
    let columns = statement.column_count();
    let mut reading = statement.query([]).unwrap();
    let mut failed: Option<Failure> = None;
    for at in 0.. {
        if at == after {
            if let Err(failure) = run(connection, meanwhile) {
                assert!(
                    !failure.text.contains("internal error"),
                    "{meanwhile}: {failure:?}"
                );
            }
        }
        assert!(at < 1_000, "{read}, {meanwhile}: no end");
        match reading.next() {
            Ok(Some(row)) => (0..columns).for_each(|column| drop(row.get_ref(column))),
            Ok(None) => break,
            Err(error) => {
                failed = Some(error.into());
                break;
            }
        }
    }
    if let Some(failure) = &failed {
        assert!(
            !failure.text.contains("internal error") && failure.code != 2,
            "{read}, {meanwhile}: {failure:?}"
        );
    }
    failed.is_none()
}

#[test]
fn under_an_open_cursor() {
    let writes = WRITES.iter().map(|call| format!("SELECT {call}"));
    let others = MEANWHILE.iter().map(|sql| (*sql).to_owned());
    let (mut tried, mut whole) = (0, 0);
    for meanwhile in writes.chain(others) {
        for read in READS {
            for after in 0..3 {
                for begun in [false, true] {
                    // The longer run is over files too.
                    let directory = tempfile::tempdir().unwrap();
                    let connection = if size(1) > 1 && after == 1 {
                        open(&directory.path().join("state.db"))
                    } else {
                        memory()
                    };
                    calls::prepare(&connection);
                    if begun {
                        connection
                            .execute_batch("BEGIN; INSERT INTO log VALUES (1)")
                            .unwrap();
                    }
                    whole += usize::from(disturbed(&connection, read, after, &meanwhile));
                    tried += 1;
                    if !connection.is_autocommit() {
                        connection.execute_batch("ROLLBACK").unwrap();
                    }
                    connection.close().unwrap();
                }
            }
        }
    }
    println!("midway: {tried} readers disturbed, {whole} read on to the end, crashes: 0, hangs: 0");
}

/// Each thread opens connections, uses them and closes them, at the same time as the others.
#[test]
fn in_several_threads() {
    const THREADS: usize = 8;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..size(5) {
                    let connection = memory();
                    calls::prepare(&connection);
                    for call in WRITES {
                        run(&connection, "SAVEPOINT one").unwrap();
                        run(&connection, &format!("SELECT {call}")).unwrap();
                        connection
                            .execute_batch("ROLLBACK TO one; RELEASE one")
                            .unwrap();
                    }
                    for sql in READS {
                        run(&connection, sql).unwrap();
                    }
                }
            });
        }
    });
    println!(
        "midway: {} connections in {THREADS} threads",
        THREADS * size(5)
    );
}

/// A connection goes from thread to thread in the middle of its work.
#[test]
fn from_thread_to_thread() {
    let mut connection = memory();
    calls::prepare(&connection);
    for at in 0..size(20) {
        connection = thread::spawn(move || {
            run(&connection, READS[at % READS.len()]).unwrap();
            let id = rows(&connection, "SELECT branch_append('t', 'user', 'x')");
            assert_eq!(rows(&connection, "SELECT branch_tip(8)"), id);
            connection
        })
        .join()
        .unwrap();
    }
    connection.close().unwrap();
}

/// The extension comes once more: as it is linked here, and from its file.
#[test]
fn registered_again() {
    let use_all = |connection: &Connection| {
        for call in WRITES {
            run(connection, "SAVEPOINT one").unwrap();
            run(connection, &format!("SELECT {call}")).unwrap();
            connection
                .execute_batch("ROLLBACK TO one; RELEASE one")
                .unwrap();
        }
        for sql in READS {
            run(connection, sql).unwrap();
        }
    };
    let connection = memory();
    calls::prepare(&connection);
    use_all(&connection);
    for _ in 0..size(3) {
        sqlite_branch_store::register(&connection).unwrap();
        use_all(&connection);
        load(&connection).unwrap();
        use_all(&connection);
    }
    // Under an open cursor SQLite refuses, and all that was there goes on.
    for sql in READS {
        let mut statement = connection.prepare(sql).unwrap();
        let mut reading = statement.query([]).unwrap();
        let open = reading.next().unwrap().is_some();
        let again = sqlite_branch_store::register(&connection);
        while reading.next().unwrap_or(None).is_some() {}
        drop(reading);
        drop(statement);
        assert_eq!(again.is_err(), open, "{sql}");
        use_all(&connection);
    }
    connection.close().unwrap();
}

fn load(connection: &Connection) -> rusqlite::Result<()> {
    // SAFETY: the file is ours, built from this repository.
    unsafe {
        connection.load_extension_enable()?;
        connection.load_extension(
            sqlite_branch_reliability::dist::loadable_stem(),
            None::<&str>,
        )?;
    }
    connection.load_extension_disable()
}
