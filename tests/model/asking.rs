//! Queries, and choices among them.

use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

use super::reads::Row;

/// Choices that follow from a number, so that a failing case fails again.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        // The step and the mixer of splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }

    pub fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.roll(list.len())].clone()
    }

    /// A number of rows or, half of the time, none.
    pub fn limit(&mut self) -> Option<usize> {
        (self.roll(2) == 0).then(|| self.roll(6))
    }
}

/// What SQLite says to a query: rows, or the extended code and the text of an error.
pub fn ask(
    connection: &Connection,
    sql: &str,
    values: &[Value],
) -> Result<Vec<Row>, (i32, String)> {
    let run = || {
        let mut statement = connection.prepare(sql)?;
        let width = statement.column_count();
        let values: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
        let rows = statement.query_map(&values[..], |row| {
            (0..width).map(|at| row.get::<_, Value>(at)).collect()
        })?;
        rows.collect()
    };
    match run() {
        Ok(rows) => Ok(rows),
        Err(rusqlite::Error::SqliteFailure(code, text)) => {
            Err((code.extended_code, text.unwrap_or_default()))
        }
        Err(rusqlite::Error::SqlInputError { error, msg, .. }) => Err((error.extended_code, msg)),
        Err(other) => panic!("{sql}: {other}"),
    }
}
