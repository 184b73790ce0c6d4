//! The glue between SQLite and the extension: what goes through it arrives as it was, and nothing gets lost or out of
//! hand. Each weakness of the framework below (`docs/decisions.md` lists them) has a test here or in `tests/packaging.rs`
//! and `tests/planner.rs`.
//!
//! * `text`: any bytes, in and out, and in error messages.
//! * `codes`: SQLite's result codes reach the caller as they are.
//! * `entry`: what the entry point refuses, and how it says so.
//! * `routines`: what it refuses of a table of routines. For the backend `loaded`.
//! * `linked`: registering without a table. For the backend `linked`.
//! * `panics`: a panic ends in an error, wherever it happens. For the backend `loaded`.
//! * `lifetime`: registering twice, closing, and leaving no memory behind.
//! * `sqlite`: which SQLite is running.
//!
//! `cargo test` runs it with the backend `linked`, and `make test` with the backend `loaded` as well.

mod dist;
mod host;

#[path = "glue/again.rs"]
mod again;
#[path = "glue/codes.rs"]
mod codes;
#[path = "glue/entry.rs"]
mod entry;
#[path = "glue/lifetime.rs"]
mod lifetime;
#[cfg(feature = "linked")]
#[path = "glue/linked.rs"]
mod linked;
#[cfg(feature = "loaded")]
#[path = "glue/panics.rs"]
mod panics;
#[cfg(feature = "loaded")]
#[path = "glue/routines.rs"]
mod routines;
#[path = "glue/sqlite.rs"]
mod sqlite;
#[path = "glue/text.rs"]
mod text;

/// Every function that writes, on a database in which [`conversation`] has been.
const WRITES: [(&str, &str); 8] = [
    ("branch_append", "SELECT branch_append('t', 'user', 'more')"),
    ("branch_fork", "SELECT branch_fork(1, 'user', 'more')"),
    (
        "branch_alternative",
        "SELECT branch_alternative(2, 'user', 'more')",
    ),
    ("branch_switch", "SELECT branch_switch('t', 2)"),
    ("branch_copy", "SELECT branch_copy(3, 'copy')"),
    ("branch_compact", "SELECT branch_compact('t', 'short', 1)"),
    ("branch_prune", "SELECT branch_prune(3)"),
    ("branch_clear", "SELECT branch_clear('t')"),
];

/// Every function and table that reads, likewise. Each of them gives at least one row, but the last.
const READS: [(&str, &str); 14] = [
    ("branch_depth", "SELECT branch_depth(3)"),
    ("branch_root", "SELECT branch_root(3)"),
    ("branch_tip", "SELECT branch_tip(1)"),
    (
        "branch_common_ancestor",
        "SELECT branch_common_ancestor(3, 4)",
    ),
    ("branch_is_ancestor", "SELECT branch_is_ancestor(1, 4)"),
    ("branch_path", "SELECT * FROM branch_path(4)"),
    ("branch_messages", "SELECT * FROM branch_messages('t')"),
    ("branch_leaves", "SELECT * FROM branch_leaves('t')"),
    ("branch_children", "SELECT * FROM branch_children(1)"),
    ("branch_siblings", "SELECT * FROM branch_siblings(2)"),
    ("branch_tree", "SELECT * FROM branch_tree('t')"),
    ("branch_diff", "SELECT * FROM branch_diff(3, 4)"),
    ("branch_context", "SELECT * FROM branch_context('t', 9)"),
    ("branch_check", "SELECT * FROM branch_check('t')"),
];

/// A thread `t` with the messages 1 to 4: 2 and 4 are children of 1, and 3 is one of 2.
fn conversation(connection: &rusqlite::Connection) {
    host::integer(connection, "SELECT branch_migrate()", &[]);
    host::add_thread(connection, "t");
    for sql in [
        "SELECT branch_append('t', 'user', 'one', NULL, 10)",
        "SELECT branch_append('t', 'assistant', 'two', NULL, 20)",
        "SELECT branch_append('t', 'user', 'three', NULL, 30)",
        "SELECT branch_alternative(2, 'assistant', 'another two', NULL, 40)",
    ] {
        host::integer(connection, sql, &[]);
    }
}

/// All that [`WRITES`] could change, as one text.
fn contents(connection: &rusqlite::Connection) -> String {
    connection
        .query_row(
            "SELECT (SELECT json_group_array(json_array(id, thread_id, role, content, parent_entry_id)) FROM messages)
                 || (SELECT json_group_array(json_array(id, current_leaf_id)) FROM threads)",
            [],
            |row| row.get(0),
        )
        .unwrap()
}
