//! What goes with a thread that is deleted: rows of other tables that refer to it.
//!
//! The tables of the agents are known by name, and may lack their foreign keys. For all others their foreign keys say what
//! happens. SQLite sees to that where the pragma `foreign_keys` is on; where it is off, this does.

use std::rc::Rc;

use crate::code;
use crate::error::{push, Result};
use crate::sqlite::{Connection, Parameter};

/// Tables whose rows belong to a thread, by their column `thread_id`.
const KNOWN: [&str; 3] = [
    "DELETE FROM main.thread_dynamic_tools WHERE thread_id = +?1",
    "DELETE FROM main.checkpoints WHERE thread_id = +?1",
    // From newer relatives of the agents.
    "DELETE FROM main.thread_goals WHERE thread_id = +?1",
];

/// How many tables deep this follows foreign keys.
const DEEPEST: u32 = 8;

/// Deletes what belongs to a thread, but for its messages. The thread's own row must still be there.
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
            b"SET NULL" => {
                let nulls: Vec<_> = key
                    .columns
                    .iter()
                    .map(|column| format!("{column} = NULL"))
                    .collect();
                format!(
                    "UPDATE main.{child} SET {} WHERE {condition}",
                    nulls.join(", ")
                )
            }
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
             coalesce(k.\"to\", (SELECT name FROM pragma_table_info(?1, 'main') WHERE pk = k.seq + 1)), k.on_delete \
         FROM main.sqlite_schema AS s, pragma_foreign_key_list(s.name, 'main') AS k \
         WHERE s.type = 'table' AND lower(k.\"table\") = lower(?1) ORDER BY s.name, k.id, k.seq";
    let mut keys: Vec<Key> = Vec::new();
    let mut statement = connection.prepare(KEYS)?;
    statement.start_text(table)?;
    while statement.step()? {
        let (child, number) = (statement.text(0)?, statement.integer(1));
        let (column, parent) = (quoted(statement.text(2)?), quoted(statement.text(3)?));
        match keys.last_mut() {
            Some(key) if key.child == child && key.number == number => {
                push(&mut key.columns, column)?;
                push(&mut key.parents, parent)?;
            }
            _ => {
                let key = Key {
                    child: child.to_vec(),
                    number,
                    columns: vec![column],
                    parents: vec![parent],
                    on_delete: statement.text(4)?.to_vec(),
                };
                push(&mut keys, key)?;
            }
        }
    }
    Ok(keys)
}

/// A name in a statement.
fn quoted(name: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(name).replace('"', "\"\""))
}
