//! Of long contents, no more is read than is shown. In a process of its own: what the process reads is counted.
#![cfg(target_os = "linux")]

mod host;

use host::{add_thread, open};
use rusqlite::Connection;

const MESSAGES: u64 = 40;

/// How many pages the process reads for a query, when none is in memory. SQLite reads long contents past its page cache, so
/// what counts is what it asks of the system.
fn pages(connection: &Connection, sql: &str) -> u64 {
    let read = || -> u64 {
        let io = std::fs::read_to_string("/proc/self/io").unwrap();
        let line = io.lines().find(|line| line.starts_with("rchar")).unwrap();
        line.split(' ').nth(1).unwrap().parse().unwrap()
    };
    let mut statement = connection.prepare(sql).unwrap();
    let mut count = 0;
    for _ in 0..2 {
        connection.execute_batch("PRAGMA shrink_memory").unwrap();
        let before = read();
        let mut rows = statement.query(["t"]).unwrap();
        while rows.next().unwrap().is_some() {}
        count = (read() - before) / 4096;
    }
    count
}

#[test]
fn of_long_contents_no_more_is_read_than_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let connection = open(&directory.path().join("state.db"));
    connection
        .query_row("SELECT branch_migrate()", [], |_| Ok(()))
        .unwrap();
    add_thread(&connection, "t");
    connection
        .execute_batch(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 40)
             INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id)
             SELECT 't', 'user', 'message ' || id || hex(zeroblob(250000)),
                    CASE WHEN id % 10 = 0 THEN '{\"a\":1}' END, id, nullif(id - 1, 0) FROM n;
             UPDATE threads SET current_leaf_id = 40",
        )
        .unwrap();
    let whole = pages(&connection, "SELECT content FROM branch_messages(?1)");
    assert!(whole > MESSAGES * 100, "{whole}");
    for sql in [
        "SELECT id, parent_entry_id, role, created_at, depth, children, is_leaf, preview, graph FROM branch_tree(?1)",
        "SELECT id, created_at FROM branch_messages(?1)",
        "SELECT id, created_at, distance FROM branch_messages(?1) ORDER BY distance",
        "SELECT id, created_at, thread_id, role, parent_entry_id FROM branch_messages(?1, 20)",
        "SELECT id, created_at, parent_entry_id, depth, fork_id FROM branch_leaves(?1)",
    ] {
        let ours = pages(&connection, sql);
        assert!(ours <= 4 * MESSAGES, "{sql}: {ours} pages");
    }
    // What it has to go through, four contents before an item, it goes through once.
    let check = pages(&connection, "SELECT * FROM branch_check(?1)");
    assert!(
        check <= 4 * MESSAGES + 4 * (whole / MESSAGES + 2),
        "{check} pages, {whole} for all contents"
    );
    let all = pages(&connection, "SELECT * FROM branch_check() WHERE ?1 <> ''");
    assert!(
        all <= 4 * MESSAGES + 4 * (whole / MESSAGES + 2),
        "{all} pages, {whole} for all contents"
    );
}
