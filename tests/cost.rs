//! What reading costs, in counts that are the same on every machine: steps of SQLite's interpreter, pages of the file.

mod host;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;

use host::{add_thread, migrated};
use rusqlite::{params, Connection};

/// A thread `t` whose messages follow one another, with an alternative beside the tenth.
fn line(length: i64) -> Connection {
    let connection = migrated();
    add_thread(&connection, "t");
    connection
        .execute(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?1) \
             INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
             SELECT id, 't', 'user', 'message ' || id, id, nullif(id - 1, 0) FROM n \
             UNION ALL SELECT ?1 + 1, 't', 'user', 'beside', ?1, 9",
            [length],
        )
        .unwrap();
    connection
        .execute("UPDATE threads SET current_leaf_id = ?1", [length])
        .unwrap();
    connection
}

/// How many instructions SQLite runs for a query, those of the statements inside included.
fn instructions(connection: &mut Connection, sql: &str, last: i64) -> u64 {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    connection
        .progress_handler(
            1,
            Some(move || {
                counted.fetch_add(1, Relaxed);
                false
            }),
        )
        .unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    // Once before it is counted: the first use prepares the statements inside.
    for _ in 0..2 {
        count.store(0, Relaxed);
        let mut rows = statement.query(params![last]).unwrap();
        while rows.next().unwrap().is_some() {}
    }
    count.load(Relaxed)
}

#[test]
fn questions_cost_by_runs_and_not_by_messages() {
    let (mut short, mut long) = (line(100), line(100_000));
    for sql in [
        "SELECT branch_depth(?1)",
        "SELECT branch_root(?1)",
        "SELECT branch_is_ancestor(5, ?1)",
        "SELECT branch_common_ancestor(?1, ?1 + 1)",
        "SELECT id FROM branch_messages('t', 20, 30) WHERE ?1",
        "SELECT is_current FROM branch_siblings(10) WHERE ?1",
        "SELECT is_current FROM branch_children(9) WHERE ?1",
    ] {
        let (a, b) = (
            instructions(&mut short, sql, 100),
            instructions(&mut long, sql, 100_000),
        );
        assert!(
            a > 10 && b <= a + a / 4,
            "{sql}: {a} for 100, {b} for 100,000"
        );
    }
}
