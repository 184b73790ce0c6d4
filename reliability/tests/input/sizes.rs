//! Very deep and very wide trees: every read call answers, with a stack as small as any.

use rusqlite::Connection;
use sqlite_branch_reliability::database::{add_thread, migrated, rows, run};
use sqlite_branch_reliability::size::size;

/// Up to a million.
fn messages() -> i64 {
    size(100_000).min(1_000_000) as i64
}

fn thread(parent: &str) -> Connection {
    let connection = migrated();
    add_thread(&connection, "t");
    connection
        .execute(
            &format!(
                "WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < ?1) \
                 INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
                 SELECT at, 't', 'user', 'x', at, CASE WHEN at > 1 THEN {parent} END FROM n"
            ),
            [messages()],
        )
        .unwrap();
    run(
        &connection,
        "UPDATE threads SET current_leaf_id = (SELECT max(id) FROM messages)",
    )
    .unwrap();
    connection
}

fn ask(connection: &Connection, expected: &[(&str, i64)]) {
    for (sql, count) in expected {
        let sql = sql.replace("LAST", &messages().to_string());
        assert_eq!(rows(connection, &sql), [count.to_string()], "{sql}");
    }
    assert_eq!(
        rows(connection, "SELECT count(*) FROM branch_check()"),
        ["0"]
    );
    println!(
        "input, sizes: {} messages, {} calls",
        messages(),
        expected.len() + 1
    );
}

/// Runs on a thread with 256 KiB of stack: recursion over the data would overflow it.
fn with_little_stack(body: fn()) {
    std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(body)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn one_long_line() {
    with_little_stack(|| {
        let n = messages();
        ask(
            &thread("at - 1"),
            &[
                ("SELECT branch_depth(LAST)", n - 1),
                ("SELECT branch_root(LAST)", 1),
                ("SELECT branch_tip(1)", n),
                ("SELECT branch_common_ancestor(LAST, LAST / 2)", n / 2),
                ("SELECT branch_is_ancestor(1, LAST)", 1),
                ("SELECT count(*) FROM branch_path(LAST)", n),
                ("SELECT count(content) FROM branch_messages('t')", n),
                ("SELECT count(depth) FROM branch_leaves('t')", 1),
                ("SELECT count(graph) FROM branch_tree('t')", n),
                ("SELECT count(id) FROM branch_diff(1, LAST)", n - 1),
                ("SELECT branch_copy(LAST, 'copied')", 2 * n),
                ("SELECT branch_prune(1)", n),
                ("SELECT branch_clear('copied')", n),
            ],
        );
    });
}

/// Each message is a jump away from its parent, and every other one is a leaf: nothing is a run.
#[test]
fn one_long_comb() {
    with_little_stack(|| {
        let n = messages();
        ask(
            &thread("at - 1 - at % 2"),
            &[
                ("SELECT branch_depth(LAST)", n / 2),
                ("SELECT branch_root(LAST)", 1),
                ("SELECT branch_tip(1)", n),
                ("SELECT branch_common_ancestor(LAST, LAST - 1)", n - 1),
                ("SELECT count(*) FROM branch_path(LAST)", n / 2 + 1),
                ("SELECT count(content) FROM branch_messages('t')", n / 2 + 1),
                (
                    "SELECT count(depth + fork_id) FROM branch_leaves('t')",
                    n / 2,
                ),
                ("SELECT count(graph) FROM branch_tree('t')", n),
                ("SELECT branch_prune(2)", 1),
            ],
        );
    });
}

#[test]
fn one_parent_of_all() {
    with_little_stack(|| {
        let n = messages();
        ask(
            &thread("1"),
            &[
                ("SELECT branch_depth(LAST)", 1),
                ("SELECT branch_tip(1)", n),
                ("SELECT branch_common_ancestor(LAST, LAST - 1)", 1),
                ("SELECT count(is_current) FROM branch_children(1)", n - 1),
                ("SELECT sum(is_current) FROM branch_siblings(LAST)", 1),
                (
                    "SELECT count(depth + fork_id) FROM branch_leaves('t')",
                    n - 1,
                ),
                ("SELECT count(graph) FROM branch_tree('t')", n),
                ("SELECT count(*) FROM branch_diff(2, LAST)", 2),
                ("SELECT branch_prune(1)", n),
            ],
        );
    });
}
