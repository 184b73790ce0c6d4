//! Connections with the extension, what is in a database, and whether it is sound.

use std::path::Path;
use std::time::Duration;

use rusqlite::{params, Connection};

/// How long connections wait for each other: far longer than any harness needs.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to a file, with the extension linked in.
pub fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    sqlite_branch_store::register(&connection).unwrap();
    connection
}

/// A connection to a file, with the extension loaded from `dist/`.
#[allow(unsafe_code)]
pub fn open_and_load(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    // SAFETY: the file is ours, built from this repository.
    unsafe {
        connection.load_extension_enable().unwrap();
        connection
            .load_extension(crate::dist::loadable_stem(), None::<&str>)
            .unwrap();
    }
    connection.load_extension_disable().unwrap();
    connection
}

/// An empty database in memory.
pub fn memory() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    sqlite_branch_store::register(&connection).unwrap();
    connection
}

/// A database in memory with all tables.
pub fn migrated() -> Connection {
    let connection = memory();
    run(&connection, "SELECT branch_migrate()").unwrap();
    connection
}

/// Makes a thread.
pub fn add_thread(connection: &Connection, id: &str) {
    connection
        .execute(
            "INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, \
                 cli_version, source) \
             VALUES (?1, 'a preview', 0, 'a provider', 1, 1, 'idle', '/home', '1.0', 'interactive')",
            params![id],
        )
        .unwrap();
}

/// How a failed statement failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// SQLite's extended result code.
    pub code: i32,
    /// The text.
    pub text: String,
}

impl Failure {
    /// The result code without its extension.
    pub fn primary(&self) -> i32 {
        self.code & 0xff
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(code, text) => Self {
                code: code.extended_code,
                text: text.unwrap_or_default(),
            },
            rusqlite::Error::SqlInputError { error, msg, .. } => Self {
                code: error.extended_code,
                text: msg,
            },
            other => panic!("not an error of SQLite's: {other:?}"),
        }
    }
}

/// Runs one statement to its end, reads every column of every row, and gives the number of rows.
pub fn run(connection: &Connection, sql: &str) -> Result<usize, Failure> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            row.get_ref(column)?;
        }
        count += 1;
    }
    Ok(count)
}

/// The rows of a query as text, columns joined by `|`.
pub fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    try_rows(connection, sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"))
}

/// The same, where it may fail.
pub fn try_rows(connection: &Connection, sql: &str) -> Result<Vec<String>, Failure> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut line = String::new();
        for column in 0..columns {
            if column > 0 {
                line.push('|');
            }
            match row.get_ref(column)? {
                rusqlite::types::ValueRef::Null => line.push_str("NULL"),
                rusqlite::types::ValueRef::Integer(integer) => line.push_str(&integer.to_string()),
                rusqlite::types::ValueRef::Real(real) => line.push_str(&real.to_string()),
                rusqlite::types::ValueRef::Text(text) => {
                    line.push_str(&String::from_utf8_lossy(text));
                }
                rusqlite::types::ValueRef::Blob(bytes) => line.push_str(&format!("{bytes:x?}")),
            }
        }
        found.push(line);
    }
    Ok(found)
}

/// All that is in a database: two of these are the same when nothing has changed.
pub fn state(connection: &Connection) -> String {
    let mut parts = rows(
        connection,
        "SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY type, name",
    );
    parts.extend(rows(connection, "PRAGMA user_version"));
    let tables = rows(
        connection,
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY name",
    );
    for table in tables {
        parts.push(format!("-- {table}"));
        // What FTS5 writes here when a transaction is committed, and what it would find before that, is asked for below.
        if ["message_search_data", "message_search_idx"].contains(&table.as_str()) {
            continue;
        }
        if table == "message_search" {
            for letter in 'a'..='z' {
                let found =
                    format!("SELECT '{letter}', rowid FROM main.message_search('{letter}*')");
                parts.extend(rows(connection, &found));
            }
            continue;
        }
        let by_rowid = format!("SELECT rowid, * FROM main.\"{table}\" ORDER BY rowid");
        // Some tables have no rowid.
        let found = try_rows(connection, &by_rowid)
            .unwrap_or_else(|_| rows(connection, &format!("SELECT * FROM main.\"{table}\"")));
        parts.extend(found);
    }
    parts.join("\n")
}

/// Fails unless two states are the same, and says where they are not.
#[track_caller]
pub fn assert_same(found: &str, expected: &str, context: &str) {
    if found == expected {
        return;
    }
    let short = |line: &str| line.chars().take(200).collect::<String>();
    let lines = |of: &str, without: &str| -> Vec<String> {
        let without: std::collections::HashSet<&str> = without.lines().collect();
        of.lines()
            .filter(|line| !without.contains(line))
            .map(short)
            .collect()
    };
    panic!(
        "{context}: not as it should be\nfound {:#?}\nexpected {:#?}",
        lines(found, expected),
        lines(expected, found)
    );
}

/// Fails unless SQLite and the extension find nothing wrong, and each leaf can be reached.
pub fn assert_sound(connection: &Connection) {
    assert_eq!(rows(connection, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(
        rows(connection, "PRAGMA foreign_key_check"),
        [""; 0],
        "foreign_key_check"
    );
    assert_eq!(
        rows(connection, "SELECT * FROM branch_check()"),
        [""; 0],
        "branch_check"
    );
    let unreachable = rows(
        connection,
        "SELECT t.id, l.id FROM threads AS t JOIN branch_leaves(t.id) AS l \
         WHERE l.depth + 1 <> (SELECT count(*) FROM branch_path(l.id) AS p JOIN messages AS m ON m.id = p.id)",
    );
    assert_eq!(unreachable, [""; 0], "leaves that are not reached");
    let hidden = rows(
        connection,
        "SELECT id, current_leaf_id FROM threads WHERE current_leaf_id IS NOT NULL \
         AND current_leaf_id IS NOT (SELECT id FROM branch_messages(threads.id) ORDER BY distance LIMIT 1)",
    );
    assert_eq!(
        hidden, [""; 0],
        "threads whose leaf does not end their listing"
    );
}
