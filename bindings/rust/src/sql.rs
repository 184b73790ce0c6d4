//! Running prepared statements so that every failure names what it was about.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, Params, Row};
use serde_json::Value;

use crate::error::{unreadable_json, During, Error, Result};

/// All rows of a query. The text of the query is the key under which its prepared statement is kept.
pub(crate) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    doing: impl Fn() -> String,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = conn.prepare_cached(sql).during(&doing)?;
    let mut rows = statement.query(params).during(&doing)?;
    let mut all = Vec::new();
    let mut read_all = || -> rusqlite::Result<()> {
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(())
    };
    read_all().during(doing)?;
    Ok(all)
}

/// The first row of a query, if there is one.
pub(crate) fn first<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    doing: impl Fn() -> String,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let mut statement = conn.prepare_cached(sql).during(&doing)?;
    let mut rows = statement.query(params).during(&doing)?;
    match rows.next().during(&doing)? {
        Some(row) => read(row).map(Some).during(doing),
        None => Ok(None),
    }
}

/// The one value of a query that always has a row, such as a call of a function.
pub(crate) fn value<T: rusqlite::types::FromSql>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    doing: impl Fn() -> String,
) -> Result<T> {
    let mut statement = conn.prepare_cached(sql).during(&doing)?;
    statement.query_row(params, |row| row.get(0)).during(doing)
}

/// Runs a statement that changes rows, and tells how many.
pub(crate) fn run(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    doing: impl Fn() -> String,
) -> Result<usize> {
    let mut statement = conn.prepare_cached(sql).during(&doing)?;
    statement.execute(params).during(doing)
}

/// JSON from a text column, with `what` for the error if it does not parse.
pub(crate) fn json(
    row: &Row<'_>,
    column: usize,
    what: impl FnOnce() -> String,
) -> rusqlite::Result<Value> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| unreadable_json(column, what(), error))
}

/// JSON from a text column that may be NULL.
pub(crate) fn optional_json(
    row: &Row<'_>,
    column: usize,
    what: impl FnOnce() -> String,
) -> rusqlite::Result<Option<Value>> {
    if row.get_ref(column)?.as_str_or_null()?.is_none() {
        return Ok(None);
    }
    json(row, column, what).map(Some)
}

/// How many arrays and objects the parser takes inside each other.
const DEEPEST: usize = 127;

/// The text to store for a JSON value. One that could not be read back is refused.
pub(crate) fn json_text(value: &Value, what: impl FnOnce() -> String) -> Result<String> {
    let text = if is_deeper(value, DEEPEST) {
        let reason = format!("more than {DEEPEST} arrays and objects inside each other");
        Err(serde::de::Error::custom(reason))
    } else {
        serde_json::to_string(value)
    };
    text.map_err(|source| Error::InvalidJson {
        what: what(),
        source,
    })
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    let deeper_inside = |inside: &Value| is_deeper(inside, levels.saturating_sub(1));
    match value {
        Value::Array(list) => levels == 0 || list.iter().any(deeper_inside),
        Value::Object(map) => levels == 0 || map.values().any(deeper_inside),
        _ => false,
    }
}

/// A limit as SQL takes it. More than SQL can count is as good as no limit.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The current time in Unix seconds, as the database stores it.
pub(crate) fn now() -> i64 {
    let seconds = |elapsed: std::time::Duration| i64::try_from(elapsed.as_secs());
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after).unwrap_or(i64::MAX),
        // A clock set before 1970.
        Err(before) => seconds(before.duration()).map_or(i64::MIN, |s| -s),
    }
}
