//! Searching: what is found, by what queries, how it is shown, and what an index that is behind changes about it.
//!
//! `SQLITE_BRANCH_CASES` sets the number of cases of the property test, which prints it.

mod host;

#[path = "search/asked.rs"]
mod asked;
#[path = "search/found.rs"]
mod found;
#[path = "search/hostile.rs"]
mod hostile;
#[path = "search/indexing.rs"]
mod indexing;
#[path = "search/property.rs"]
mod property;

use rusqlite::types::Value;
use rusqlite::{params_from_iter, Connection};

/// Thread `t` and thread `u`, without messages.
fn empty() -> Connection {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    host::add_thread(&connection, "u");
    connection
}

/// Adds a message with this content to thread `t`.
fn say(connection: &Connection, content: &str) -> i64 {
    host::integer(
        connection,
        "SELECT branch_append('t', 'user', ?1, NULL, 1)",
        &[&content],
    )
}

fn index(connection: &Connection) -> i64 {
    host::integer(connection, "SELECT branch_index()", &[])
}

/// The ids of the messages that a query finds, ascending.
fn ids(connection: &Connection, query: &str) -> Vec<i64> {
    let sql = "SELECT id FROM branch_search(?1)";
    let mut statement = connection.prepare_cached(sql).unwrap();
    let rows = statement.query_map([query], |row| row.get(0)).unwrap();
    let mut ids: Vec<i64> = rows
        .map(|id| id.unwrap_or_else(|error| panic!("{query}: {error}")))
        .collect();
    ids.sort_unstable();
    ids
}

/// The rows of a query, columns joined by `|`.
fn rows(connection: &Connection, sql: &str, parameters: &[&str]) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map(params_from_iter(parameters), |row| {
        let column = |at| {
            Ok(match row.get::<_, Value>(at)? {
                Value::Null => "-".to_owned(),
                Value::Integer(integer) => integer.to_string(),
                Value::Real(real) => real.to_string(),
                Value::Text(text) => text,
                Value::Blob(blob) => format!("{blob:x?}"),
            })
        };
        let columns: Result<Vec<String>, rusqlite::Error> = (0..width).map(column).collect();
        Ok(columns?.join("|"))
    });
    rows.unwrap()
        .map(|row| row.unwrap_or_else(|error| panic!("{sql}: {error}")))
        .collect()
}
