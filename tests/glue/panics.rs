//! A panic ends in an error, wherever it happens; the host goes on.
//!
//! Nothing that data or a caller can do makes the extension panic. What can is a table of routines with a hole in it,
//! because a routine that is not there cannot be called. So these tests load the extension with a table of their own,
//! in a process of their own, and make holes in it while the extension runs.

use rusqlite::{ffi, Connection};
use sqlite_branch::Routines;

use crate::again::in_own_process;
use crate::entry::{load, table};
use crate::{contents, conversation, host, READS, WRITES};

/// A routine that is taken away, and put back.
struct Hole {
    name: &'static str,
    make: fn(&mut Routines),
}

macro_rules! holes {
    ($($name:ident)*) => {
        [$(Hole { name: stringify!($name), make: |table| table.$name = None }),*]
    };
}

/// What callbacks use: functions, xFilter, xNext, xColumn, xUpdate. Not what destructors use, whose panic while
/// another one is going on nobody can catch.
const HOLES: [Hole; 11] = holes! {
    get_autocommit prepare_v3 step bind_int64 bind_text64 column_int64 column_type column_value
    value_type value_int64 result_value
};

/// What is used to give a result or to say that something failed, and what the planner's callback uses.
const SAYING: [Hole; 9] = holes! {
    result_int64 result_text64 result_error result_error_code errmsg extended_errcode malloc free vtab_rhs_value
};

/// A connection whose extension calls through a table of ours.
fn doctored() -> (Connection, &'static mut Routines) {
    // Hundreds of panics are on the way, and their backtraces take long.
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        if !text.contains("SQLite has no routine")
            && !text.contains("expected method on SQLITE3_API")
        {
            eprintln!("{text}");
        }
    }));
    // SAFETY: a copy of SQLite's own table. Only this process, which has one thread for this, sees it.
    let own = Box::leak(Box::new(unsafe { std::ptr::read(table()) }));
    let connection = Connection::open_in_memory().unwrap();
    // SAFETY: the connection stays open.
    let db = unsafe { connection.handle() };
    assert_eq!(load(db, own), (ffi::SQLITE_OK, None));
    conversation(&connection);
    (connection, own)
}

const INTERNAL: i32 = 2;

#[test]
fn in_a_function_or_a_table() {
    if !in_own_process("panics::in_a_function_or_a_table") {
        return;
    }
    let (connection, own) = doctored();
    let before = contents(&connection);
    let mut caught = 0;
    for hole in HOLES {
        for (name, sql) in READS.into_iter().chain(WRITES) {
            // SAFETY: as in `doctored`.
            let whole = unsafe { std::ptr::read(own) };
            (hole.make)(own);
            let outcome = connection.prepare(sql).and_then(|mut statement| {
                let mut rows = statement.raw_query();
                while rows.next()?.is_some() {}
                Ok(())
            });
            *own = whole;
            if let Err(error) = outcome {
                let ffi_error = error
                    .sqlite_error()
                    .copied()
                    .unwrap_or_else(|| panic!("{error}"));
                let text = error.to_string();
                assert_eq!(
                    ffi_error.extended_code, INTERNAL,
                    "{sql} without {}: {text}",
                    hole.name
                );
                assert!(
                    text.contains(&format!("{name}: "))
                        && text.contains("internal error, please report it: "),
                    "{sql} without {}: {text}",
                    hole.name
                );
                assert_eq!(contents(&connection), before, "{sql} without {}", hole.name);
                caught += 1;
            } else if WRITES.contains(&(name, sql)) {
                // It did not need the routine, and wrote.
                connection
                    .execute_batch(
                        "DELETE FROM messages; DELETE FROM threads; DELETE FROM sqlite_sequence;",
                    )
                    .unwrap();
                conversation(&connection);
            }
            assert!(connection.is_autocommit(), "{sql} without {}", hole.name);
        }
    }
    // Most of them need most of the routines.
    assert!(caught > 100, "{caught}");
    // All is as it was.
    for (_, sql) in READS.into_iter().chain(WRITES) {
        let mut statement = connection.prepare(sql).unwrap();
        statement.raw_query().next().unwrap();
    }
    connection.close().map_err(|(_, error)| error).unwrap();
}

/// Where neither a result nor an error can be said, the host goes on all the same.
#[test]
fn while_an_answer_is_given() {
    if !in_own_process("panics::while_an_answer_is_given") {
        return;
    }
    let (connection, own) = doctored();
    let asked = [
        "SELECT branch_version(), branch_depth(3)",
        "SELECT * FROM branch_messages('t', 5)",
        "SELECT graph FROM branch_tree('t')",
        "SELECT branch_depth(x'00')",
        "SELECT branch_fork(77, 'user', 'x')",
        "SELECT branch_append('t', 'user', 'x', 'no json')",
        "SELECT * FROM branch_path(x'00')",
        "SELECT * FROM branch_messages('t', -1)",
        "SELECT * FROM branch_messages",
        "SELECT * FROM branch_write",
        "INSERT INTO branch_write VALUES (1)",
    ];
    for hole in SAYING {
        for sql in asked {
            let before = contents(&connection);
            // SAFETY: as in `doctored`.
            let whole = unsafe { std::ptr::read(own) };
            (hole.make)(own);
            drop(connection.prepare(sql).and_then(|mut statement| {
                let mut rows = statement.raw_query();
                while rows.next()?.is_some() {}
                Ok(())
            }));
            *own = whole;
            assert_eq!(contents(&connection), before, "{sql} without {}", hole.name);
            assert!(connection.is_autocommit(), "{sql} without {}", hole.name);
        }
    }
    for (_, sql) in READS.into_iter().chain(WRITES) {
        let mut statement = connection.prepare(sql).unwrap();
        statement.raw_query().next().unwrap();
    }
    connection.close().map_err(|(_, error)| error).unwrap();
}

#[test]
fn between_two_rows() {
    if !in_own_process("panics::between_two_rows") {
        return;
    }
    let (connection, own) = doctored();
    for (name, sql) in READS.into_iter().filter(|(_, sql)| sql.contains('*')) {
        for hole in holes!(step column_int64 column_value result_value) {
            let mut statement = connection.prepare(sql).unwrap();
            let mut rows = statement.raw_query();
            let first = rows.next().unwrap().is_some();
            assert_eq!(first, name != "branch_check", "{sql}");
            // SAFETY: as in `doctored`.
            let whole = unsafe { std::ptr::read(own) };
            (hole.make)(own);
            let failed = loop {
                match rows.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break None,
                    Err(error) => break Some(error.to_string()),
                }
            };
            // What is left of the statement is put away with the hole still there.
            drop(rows);
            drop(statement);
            *own = whole;
            if let Some(text) = failed {
                assert!(
                    text.contains("internal error, please report it"),
                    "{sql} without {}: {text}",
                    hole.name
                );
            }
            host::integer(
                &connection,
                "SELECT count(*) FROM branch_messages('t')",
                &[],
            );
        }
    }
}

#[test]
fn in_the_entry_point() {
    if !in_own_process("panics::in_the_entry_point") {
        return;
    }
    // SAFETY: as in `doctored`.
    let own = Box::leak(Box::new(unsafe { std::ptr::read(table()) }));
    own.create_function_v2 = None;
    let connection = Connection::open_in_memory().unwrap();
    // SAFETY: the connection stays open.
    let db = unsafe { connection.handle() };
    let (code, text) = load(db, own);
    assert_eq!(code, INTERNAL);
    let text = text.unwrap();
    assert!(
        text.starts_with("sqlite-branch: internal error, please report it"),
        "{text}"
    );
}
