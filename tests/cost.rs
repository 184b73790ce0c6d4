//! What reading costs, in counts that are the same on every machine: steps of SQLite's interpreter, pages of the file.

mod host;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;

use host::{add_thread, migrated, open, pages};
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

/// The best that is written by hand: the ids by recursion, joined to the messages.
const BY_HAND: &str = "WITH RECURSIVE up(id, n) AS (\
     SELECT current_leaf_id, 0 FROM threads WHERE id = ?1 \
     UNION ALL SELECT m.parent_entry_id, n + 1 FROM up JOIN messages AS m ON m.id = up.id \
     WHERE m.parent_entry_id IS NOT NULL LIMIT 1000) \
     SELECT m.id, m.role, m.content FROM up JOIN messages AS m ON m.id = up.id ORDER BY n DESC";

/// Threads `t0`, `t1`, ... that take turns, so that each of a thread's messages is on another page. In a file: what is in
/// memory is not read.
fn taking_turns(directory: &tempfile::TempDir, threads: i64, length: i64) -> Connection {
    let connection = open(&directory.path().join("state.db"));
    connection
        .query_row("PRAGMA synchronous = OFF", [], |_| Ok(()))
        .unwrap_or(());
    connection
        .query_row("SELECT branch_migrate()", [], |_| Ok(()))
        .unwrap();
    connection.execute_batch("BEGIN").unwrap();
    for thread in 0..threads {
        add_thread(&connection, &format!("t{thread}"));
    }
    connection
        .execute(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?1 * ?2) \
             INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
             SELECT id, 't' || ((id - 1) % ?1), 'user', 'message ' || printf('%0200d', id), id, \
                    CASE WHEN id > ?1 THEN id - ?1 END \
             FROM n",
            [threads, length],
        )
        .unwrap();
    connection
        .execute_batch(
            "UPDATE threads SET current_leaf_id = (SELECT max(id) FROM messages WHERE thread_id = threads.id); COMMIT",
        )
        .unwrap();
    connection
}

#[test]
fn no_more_pages_are_read_than_by_hand_where_threads_take_turns() {
    let directory = tempfile::tempdir().unwrap();
    let (threads, length) = (500, 100);
    let connection = taking_turns(&directory, threads, length);
    let whole = pages(&connection, BY_HAND, &[&"t7"]);
    let twenty = pages(&connection, &BY_HAND.replace("1000", "20"), &[&"t7"]);
    let three = pages(&connection, &BY_HAND.replace("1000", "3"), &[&"t7"]);
    let newest = "SELECT id, role, content FROM branch_messages(?1) ORDER BY distance LIMIT 3";
    // No more rows than the LIMIT says, and the root of one index.
    assert_eq!(pages(&connection, newest, &[&"t7"]), three + 1);
    // Each message is on a page of its own, and the indexes and inner pages are few.
    assert!(
        (100..150).contains(&whole) && (20..45).contains(&twenty),
        "{whole} {twenty}"
    );
    let leaf = "(SELECT current_leaf_id FROM threads WHERE id = ?1)";
    for (sql, by_hand) in [
        ("SELECT id, role, content FROM branch_messages(?1)", whole),
        ("SELECT * FROM branch_messages(?1)", whole),
        ("SELECT id, role, content FROM branch_messages(?1) ORDER BY id", whole),
        ("SELECT id, role, content FROM branch_messages(?1) ORDER BY id DESC", whole),
        ("SELECT id, role, content FROM branch_messages(?1) ORDER BY distance", whole),
        ("SELECT id, role, content FROM branch_messages(?1, 20)", twenty),
        ("SELECT id, role, content FROM branch_messages(?1) ORDER BY distance LIMIT 20", twenty),
        ("SELECT m.id, role, content FROM branch_path(@) AS p JOIN messages AS m ON m.id = p.id", whole),
        ("SELECT id, parent_entry_id, role, created_at, depth, preview, graph FROM branch_tree(?1)", whole),
        ("SELECT * FROM branch_check(?1)", whole),
        ("SELECT branch_depth(@)", whole),
        ("SELECT side, id, content FROM branch_diff(@, @ - 1)", 2 * whole),
        ("SELECT id, content FROM branch_siblings(@)", twenty),
    ] {
        let sql = sql.replace('@', leaf);
        let ours = pages(&connection, &sql, &[&"t7"]);
        // A tenth more, and the beginning: the schema, the thread, the roots of indexes.
        let most = by_hand + by_hand / 10 + 3;
        assert!(ours <= most, "{sql}: {ours} pages, {by_hand} by hand");
    }
}

/// Threads of `length` messages that follow one another, listed in an order that is not that of their messages: where the leaf of
/// the one thread lies says nothing about that of the next.
fn scattered(directory: &tempfile::TempDir, threads: i64, length: i64) -> Connection {
    let connection = open(&directory.path().join("scattered.db"));
    connection
        .query_row("SELECT branch_migrate()", [], |_| Ok(()))
        .unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; BEGIN;
             WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {threads} * {length})
             INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id)
             SELECT id, 't' || ((id - 1) / {length}), 'user', 'message ' || printf('%0200d', id), id,
                    CASE WHEN (id - 1) % {length} THEN id - 1 END
             FROM n;
             INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version,
                 source, current_leaf_id)
             SELECT thread_id, '', 0, '', 1, 1, 'idle', '', '', 'api', max(id) FROM messages GROUP BY thread_id
             ORDER BY max(id) * 7919 % ({threads} * {length} + 1);
             INSERT INTO message_uids SELECT printf('%06d', id * 7919 % ({threads} * {length} + 1)), id FROM messages;
             INSERT INTO message_labels SELECT thread_id, printf('%06d', id * 104729 % {length}), id, 1 FROM messages WHERE id % 10 = 0;
             COMMIT"
        ))
        .unwrap();
    connection
}

#[test]
fn a_check_of_the_file_is_less_than_two_scans_and_one_of_a_thread_costs_the_thread() {
    for (threads, length) in [(500, 100), (5_000, 4), (2, 10_000)] {
        let directory = tempfile::tempdir().unwrap();
        let connection = scattered(&directory, threads, length);
        let scan = pages(
            &connection,
            "SELECT max(length(content)) FROM messages",
            &[],
        ) + pages(&connection, "SELECT max(source) FROM threads", &[]);
        let check = pages(&connection, "SELECT * FROM branch_check()", &[]);
        assert!(scan > 1000, "{scan}");
        assert!(
            2 * check <= 3 * scan,
            "{threads} of {length}: {check} pages, {scan} for a scan"
        );
        let by_hand = BY_HAND.replace("1000", "100000");
        let thread = pages(&connection, &by_hand, &[&"t1"]);
        let one = pages(&connection, "SELECT * FROM branch_check(?1)", &[&"t1"]);
        // And the beginnings of indexes.
        assert!(
            one <= thread + thread / 4 + 10,
            "{threads} of {length}: {one} pages, {thread} by hand"
        );
    }
}
