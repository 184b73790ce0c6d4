//! Walks that stop early.

use std::cell::Cell;
use std::rc::Rc;

use rusqlite::Connection;

use crate::host::{self, error, integer};
use crate::{forked, integers, rows};

/// How often SQLite passes a point at which it could be interrupted: what a query costs, whatever the machine.
fn cost(connection: &mut Connection, sql: &str) -> u64 {
    let ticks = Rc::new(Cell::new(0));
    let counter = Shared(Rc::clone(&ticks));
    connection
        .progress_handler(
            1,
            Some(move || {
                let Shared(ticks) = &counter;
                ticks.set(ticks.get() + 1);
                false
            }),
        )
        .unwrap();
    let found = rows(connection, sql).len();
    connection
        .progress_handler(0, None::<fn() -> bool>)
        .unwrap();
    assert!(found > 0, "{sql}");
    ticks.get()
}

/// SQLite calls the handler on the thread that runs the query, which is this one.
struct Shared(Rc<Cell<u64>>);
// SAFETY: see above; it never leaves the thread.
unsafe impl Send for Shared {}

/// A thread of so many messages, alone in the database, or in turns with another one, so that no parent is the message
/// just before.
fn deep(depth: i64, threads: i64) -> Connection {
    let connection = host::migrated();
    for thread in 0..threads {
        host::add_thread(&connection, &format!("thread {thread}"));
    }
    connection
        .execute(
            "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id)
             WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1 * ?2)
             SELECT n + 1, 'thread ' || (n % ?2), 'user', 'said', n, iif(n < ?2, NULL, n + 1 - ?2) FROM number",
            [depth, threads],
        )
        .unwrap();
    connection
        .execute_batch(
            "UPDATE threads SET current_leaf_id = (SELECT max(id) FROM messages WHERE thread_id = threads.id)",
        )
        .unwrap();
    connection
}

/// Newest first with a LIMIT, in all the ways to say it.
const EARLY: [&str; 8] = [
    "SELECT * FROM branch_messages('thread 0') ORDER BY distance LIMIT 20",
    "SELECT * FROM branch_messages('thread 0') ORDER BY id DESC LIMIT 20",
    "SELECT * FROM branch_messages('thread 0', 20)",
    "SELECT * FROM branch_messages('thread 0', 20) ORDER BY id",
    "SELECT id FROM branch_path((SELECT current_leaf_id FROM threads WHERE id = 'thread 0')) ORDER BY distance LIMIT 20",
    "SELECT id FROM branch_path((SELECT current_leaf_id FROM threads WHERE id = 'thread 0'), 20)",
    "SELECT m.* FROM threads AS t JOIN branch_path(t.current_leaf_id) AS p JOIN messages AS m ON m.id = p.id \
     WHERE t.id = 'thread 0' ORDER BY p.distance LIMIT 20",
    "SELECT * FROM branch_messages('thread 0', 20, \
         (SELECT id FROM branch_messages('thread 0') WHERE distance = 10 ORDER BY distance LIMIT 1))",
];

#[test]
fn newest_first_with_a_limit_stops_early() {
    for threads in [1, 2, 7] {
        let mut shallow = deep(40, threads);
        let mut deep = deep(40_000, threads);
        for sql in EARLY {
            let (few, many) = (cost(&mut shallow, sql), cost(&mut deep, sql));
            assert!(
                many <= 2 * few,
                "{sql}, {threads} threads: {few} and {many}"
            );
        }
        // The measure is one: what reads everything costs a thousand times as much.
        let all = "SELECT * FROM branch_messages('thread 0') ORDER BY distance";
        let (few, many) = (cost(&mut shallow, all), cost(&mut deep, all));
        assert!(many > 500 * few, "{all}: {few} and {many}");
    }
}

/// Whoever stops early does not meet what is broken further up; whoever goes on does, and never gets a history that is
/// shorter than it was.
#[test]
fn a_gap_far_up_is_an_error_for_whoever_comes_there() {
    for threads in [1, 2] {
        let connection = deep(5_000, threads);
        connection
            .execute_batch("DELETE FROM messages WHERE id = 101")
            .unwrap();
        let leaf = integer(
            &connection,
            "SELECT current_leaf_id FROM threads WHERE id = 'thread 0'",
            &[],
        );
        let child = 101 + threads;
        let missing = format!("message {child}: its parent 101 is missing");
        for (table, columns) in [
            (format!("branch_path({leaf})"), "id"),
            ("branch_messages('thread 0')".to_owned(), "id"),
            ("branch_messages('thread 0')".to_owned(), "*"),
        ] {
            for order in ["distance", "id DESC"] {
                let up = format!("SELECT {columns} FROM {table} ORDER BY {order}");
                let near = 5_000 - 200 / threads;
                assert_eq!(rows(&connection, &format!("{up} LIMIT 20")).len(), 20);
                let far = rows(&connection, &format!("{up} LIMIT {near} - 2000")).len();
                assert_eq!(i64::try_from(far).unwrap(), near - 2000);
                let (code, text) = error(&connection, &up, &[]);
                assert_eq!(code, 267, "{up}");
                assert!(text.ends_with(&missing), "{up}: {text}");
            }
            let down = format!("SELECT {columns} FROM {table}");
            let (code, text) = error(&connection, &down, &[]);
            assert_eq!(code, 267, "{down}");
            assert!(text.ends_with(&missing), "{down}: {text}");
        }
    }
}

/// A LIMIT says how many rows are likely to be read. What else a statement asks for comes out all the same.
#[test]
fn a_limit_changes_nothing_but_how_many_rows_there_are() {
    let connection = forked();
    for table in ["branch_messages('t')", "branch_path(11)"] {
        for (rest, keep) in [
            ("", None),
            ("WHERE id % 2 = 0 ", Some(0)),
            ("WHERE distance <> 1 ", None),
        ] {
            for order in [
                "",
                "ORDER BY distance",
                "ORDER BY id DESC",
                "ORDER BY -distance",
            ] {
                let sql = format!("SELECT id FROM {table} {rest}{order}");
                let all = integers(&connection, &sql);
                assert!(all.len() >= 3, "{sql}");
                assert!(keep.is_none_or(|rest| all.iter().all(|id| id % 2 == rest)));
                for limit in -1..8 {
                    for offset in 0..4 {
                        let sql = format!("{sql} LIMIT {limit} OFFSET {offset}");
                        let most = usize::try_from(limit).unwrap_or(usize::MAX);
                        let expected: Vec<i64> =
                            all.iter().copied().skip(offset).take(most).collect();
                        assert_eq!(integers(&connection, &sql), expected, "{sql}");
                    }
                }
            }
        }
    }
    let twice = "SELECT (SELECT id FROM branch_messages('t') WHERE distance >= d ORDER BY distance LIMIT 1) \
         FROM (SELECT 0 AS d UNION ALL SELECT 3)";
    assert_eq!(integers(&connection, twice), [11, 4]);
}
