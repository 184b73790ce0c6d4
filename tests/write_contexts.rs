//! Where a function that writes can be called from, and what can go wrong there: a message and its thread's leaf move
//! together or not at all, and what the caller did before stays the caller's to keep or to undo.

mod host;

#[path = "write_contexts/databases.rs"]
mod databases;
#[path = "write_contexts/inserts.rs"]
mod inserts;
#[path = "write_contexts/refusals.rs"]
mod refusals;
#[path = "write_contexts/schema.rs"]
mod schema;
#[path = "write_contexts/statements.rs"]
mod statements;

use rusqlite::Connection;

use host::{add_thread, integer, migrated};

/// Thread `t` with two messages, thread `u` with one, and tables of the user's own.
fn prepared(connection: &Connection) {
    integer(connection, "SELECT branch_migrate()", &[]);
    add_thread(connection, "t");
    add_thread(connection, "u");
    connection
        .execute_batch(
            "SELECT branch_append('t', 'user', 'one', NULL, 1);
             SELECT branch_append('t', 'assistant', 'two', NULL, 2);
             SELECT branch_append('u', 'user', 'three', NULL, 3);
             CREATE TABLE notes(value INTEGER, word TEXT UNIQUE);",
        )
        .unwrap();
}

fn memory() -> Connection {
    let connection = migrated();
    prepared(&connection);
    connection
}

/// All ids with their parents, and all leaves.
fn state(connection: &Connection) -> String {
    connection
        .query_row(
            "SELECT (SELECT group_concat(id || '<' || ifnull(parent_entry_id, '-'), ' ') \
                     FROM (SELECT * FROM main.messages ORDER BY id)) || ' | ' || \
                    (SELECT group_concat(id || '=' || ifnull(current_leaf_id, '-'), ' ') \
                     FROM (SELECT * FROM main.threads ORDER BY id))",
            [],
            |row| row.get(0),
        )
        .unwrap()
}

const BEFORE: &str = "1<- 2<1 3<- | t=2 u=3";
/// After one message in `t`.
const AFTER: &str = "1<- 2<1 3<- 4<2 | t=4 u=3";

fn notes(connection: &Connection) -> String {
    connection
        .query_row(
            "SELECT ifnull(group_concat(value), '') FROM notes",
            [],
            |row| row.get(0),
        )
        .unwrap()
}

/// Every function that writes, as a call that changes something.
const CALLS: [&str; 9] = [
    "branch_append('t', 'user', 'new', NULL, 9)",
    "branch_fork(1, 'user', 'new', NULL, 9)",
    "branch_alternative(1, 'user', 'new', NULL, 9)",
    "branch_append('t', 'user', 'new', NULL, 9, 'a uid')",
    "branch_switch('t', 1)",
    "branch_clear('t')",
    "branch_prune(2)",
    "branch_copy(2, 'v', 9)",
    "branch_compact('t', 'in short', 1, '{}', 9)",
];
