//! What goes with a thread that is deleted: rows of other tables that refer to it.
//!
//! The tables of the agents are known by name, and may lack their foreign keys. For all others their foreign keys say what
//! happens. SQLite sees to that where the pragma `foreign_keys` is on; where it is off, this does.

use std::rc::Rc;

use crate::code;
use crate::error::{push, Error, Result};
use crate::sqlite::{Connection, Kind, Parameter, Private};

/// Tables whose rows belong to a thread, by their column `thread_id`.
const KNOWN: [&str; 3] = [
    "DELETE FROM main.thread_dynamic_tools WHERE thread_id = +?1",
    "DELETE FROM main.checkpoints WHERE thread_id = +?1",
    // From newer relatives of the agents.
    "DELETE FROM main.thread_goals WHERE thread_id = +?1",
];

/// How many tables deep this follows foreign keys, which may lead back to where they began. Each level nests a condition in
/// the next statement.
const DEEPEST: u32 = 8;

/// Deletes what belongs to a thread, but for its messages. The thread's own row and those must still be there.
pub fn delete(connection: &Rc<Connection>, thread: &[u8]) -> Result<()> {
    for sql in KNOWN {
        let deleted = connection
            .prepare(sql)
            .and_then(|mut delete| delete.run(&[Parameter::Text(thread)]));
        match deleted {
            Err(error) if error.code() == code::ERROR && is_unknown_table(error.message()) => {}
            other => other?,
        }
    }
    let mut pragma = connection.prepare("PRAGMA foreign_keys")?;
    let enforced = pragma.once(&[], |row| Ok(row.integer(0)))?;
    if enforced == Some(1) {
        return Ok(());
    }
    follow(connection, b"messages", "thread_id = +?1", thread, 1)?;
    follow(connection, b"threads", "id = +?1", thread, 1)
}

/// A table that is not there, or is there and has not got the column: not one of the agents'.
fn is_unknown_table(message: &str) -> bool {
    message.starts_with("no such table: main.") || message.starts_with("no such column: thread_id")
}

/// What one foreign key says.
struct Key {
    child: Vec<u8>,
    number: i64,
    columns: Vec<String>,
    parents: Vec<String>,
    /// What the columns' defaults say, if they have one.
    defaults: Vec<Option<String>>,
    on_delete: Vec<u8>,
}

/// Does what the foreign keys to a table say, for those of its rows that are to be deleted.
fn follow(
    connection: &Rc<Connection>,
    table: &[u8],
    rows: &str,
    thread: &[u8],
    depth: u32,
) -> Result<()> {
    for key in keys(connection, table)? {
        // The caller deletes those, and counts them.
        if key.child.eq_ignore_ascii_case(b"messages") {
            continue;
        }
        let child = quoted(&key.child);
        let columns = key.columns.join(", ");
        let condition = format!(
            "({columns}) IN (SELECT {} FROM main.{} WHERE {rows})",
            key.parents.join(", "),
            quoted(table)
        );
        let sql = match key.on_delete.as_slice() {
            b"CASCADE" => {
                if depth < DEEPEST {
                    follow(connection, &key.child, &condition, thread, depth + 1)?;
                }
                format!("DELETE FROM main.{child} WHERE {condition}")
            }
            b"SET NULL" | b"SET DEFAULT" => {
                // A default that cannot be evaluated matters where it is wanted.
                let any = format!("SELECT 1 FROM main.{child} WHERE {condition} LIMIT 1");
                let mut any = connection.prepare_once(&any)?;
                if any.once(&[Parameter::Text(thread)], |_| Ok(()))?.is_none() {
                    continue;
                }
                drop(any);
                let mut values = Vec::new();
                for (column, default) in key.columns.iter().zip(&key.defaults) {
                    let value = match default {
                        Some(default) if key.on_delete == b"SET DEFAULT" => {
                            value(default).map_err(|error| {
                                Error::new(
                                    error.code(),
                                    format!(
                                        "table {child}: the default of column {column} cannot be evaluated: {}",
                                        error.message()
                                    ),
                                )
                            })?
                        }
                        _ => "NULL".to_owned(),
                    };
                    push(&mut values, format!("{column} = {value}"))?;
                }
                format!(
                    "UPDATE main.{child} SET {} WHERE {condition}",
                    values.join(", ")
                )
            }
            // NO ACTION and RESTRICT only forbid, and nothing is enforced here.
            _ => continue,
        };
        connection
            .prepare_once(&sql)?
            .run(&[Parameter::Text(thread)])?;
    }
    Ok(())
}

/// The foreign keys that refer to a table.
fn keys(connection: &Rc<Connection>, table: &[u8]) -> Result<Vec<Key>> {
    // A key that names no columns refers to the primary key.
    const KEYS: &str = "SELECT s.name, k.id, k.\"from\", \
             coalesce(k.\"to\", (SELECT name FROM pragma_table_info(?1, 'main') WHERE pk = k.seq + 1)), k.on_delete, \
             (SELECT dflt_value FROM pragma_table_xinfo(s.name, 'main') AS c WHERE c.name = k.\"from\" COLLATE NOCASE) \
         FROM main.sqlite_schema AS s, pragma_foreign_key_list(s.name, 'main') AS k \
         WHERE s.type = 'table' AND lower(k.\"table\") = lower(?1) ORDER BY s.name, k.id, k.seq";
    let mut keys: Vec<Key> = Vec::new();
    let mut statement = connection.prepare(KEYS)?;
    statement.start_text(table)?;
    while statement.step()? {
        let (child, number) = (statement.text(0)?, statement.integer(1));
        let (column, parent) = (quoted(statement.text(2)?), quoted(statement.text(3)?));
        let default = match statement.kind(5) {
            Kind::Null => None,
            _ => Some(String::from_utf8_lossy(statement.text(5)?).into_owned()),
        };
        match keys.last_mut() {
            Some(key) if key.child == child && key.number == number => {
                push(&mut key.columns, column)?;
                push(&mut key.parents, parent)?;
                push(&mut key.defaults, default)?;
            }
            _ => {
                let key = Key {
                    child: child.to_vec(),
                    number,
                    columns: vec![column],
                    parents: vec![parent],
                    defaults: vec![default],
                    on_delete: statement.text(4)?.to_vec(),
                };
                push(&mut keys, key)?;
            }
        }
    }
    Ok(keys)
}

/// The value of a column's default, as SQL writes it. The schema's text is not trusted: it is evaluated as a default, in a
/// database of our own, where SQLite lets it call no function that has effects.
fn value(default: &str) -> Result<String> {
    let private = Private::open()?;
    let run = |sql: &str| private.prepare_once(sql)?.run(&[]);
    run("PRAGMA trusted_schema = OFF")?;
    // The parentheses around an expression are gone from the text. A bare word is a string, and none can be there.
    run(&format!("CREATE TABLE made(value DEFAULT ({default}))"))
        .or_else(|_| run(&format!("CREATE TABLE made(value DEFAULT {default})")))?;
    run("INSERT INTO made DEFAULT VALUES")?;
    let mut made = private.prepare_once("SELECT quote(value) FROM made")?;
    let value = made.once(&[], |row| {
        Ok(String::from_utf8_lossy(row.text(0)?).into_owned())
    })?;
    Ok(value.unwrap_or_default())
}

/// A name in a statement.
fn quoted(name: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(name).replace('"', "\"\""))
}
