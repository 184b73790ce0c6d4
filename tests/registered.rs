//! Exactly what the extension adds to a connection.

mod host;

use std::collections::BTreeSet;

use rusqlite::Connection;

fn names(connection: &Connection, sql: &str) -> BTreeSet<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What a query lists on a connection with the extension, and not on one of the same SQLite without it.
fn added(sql: &str) -> Vec<String> {
    // Before the extension is there for all connections.
    let without = Connection::open_in_memory().unwrap();
    let before = names(&without, sql);
    names(&host::memory(), sql)
        .difference(&before)
        .cloned()
        .collect()
}

// One test, because the extension cannot be taken off a process again.
#[test]
fn functions_and_modules() {
    let functions =
        "SELECT name || '/' || narg || ' ' || CASE WHEN flags & 0x80000 THEN 'directonly' \
         WHEN flags & 0x200000 THEN 'innocuous' ELSE 'reads' END || ' ' || (flags & 0x800 > 0) \
         FROM pragma_function_list WHERE name LIKE 'branch%'";
    let modules = "SELECT name FROM pragma_module_list";
    let plain = Connection::open_in_memory().unwrap();
    assert_eq!(names(&plain, functions).len(), 0);
    assert_eq!(
        added(modules),
        [
            "branch_check",
            "branch_children",
            "branch_diff",
            "branch_feed",
            "branch_labels",
            "branch_leaves",
            "branch_messages",
            "branch_path",
            "branch_siblings",
            "branch_stretches",
            "branch_tree",
            "branch_write",
        ]
    );
    // The last figure is SQLITE_DETERMINISTIC.
    let listed: Vec<String> = names(&host::memory(), functions).into_iter().collect();
    assert_eq!(
        listed,
        [
            "branch_alternative/3 directonly 0",
            "branch_alternative/4 directonly 0",
            "branch_alternative/5 directonly 0",
            "branch_alternative/6 directonly 0",
            "branch_append/3 directonly 0",
            "branch_append/4 directonly 0",
            "branch_append/5 directonly 0",
            "branch_append/6 directonly 0",
            "branch_clear/1 directonly 0",
            "branch_common_ancestor/2 reads 0",
            "branch_copy/2 directonly 0",
            "branch_copy/3 directonly 0",
            "branch_debug/0 innocuous 0",
            "branch_depth/1 reads 0",
            "branch_fork/3 directonly 0",
            "branch_fork/4 directonly 0",
            "branch_fork/5 directonly 0",
            "branch_fork/6 directonly 0",
            "branch_is_ancestor/2 reads 0",
            "branch_label/2 directonly 0",
            "branch_label/3 directonly 0",
            "branch_migrate/0 directonly 0",
            "branch_prune/1 directonly 0",
            "branch_root/1 reads 0",
            "branch_switch/2 directonly 0",
            "branch_tip/1 reads 0",
            "branch_unlabel/2 directonly 0",
            "branch_version/0 innocuous 0",
        ]
    );
}
