//! Making and deleting threads.

use std::rc::Rc;
use std::time::UNIX_EPOCH;

use crate::error::{Error, Result};
use crate::sqlite::{Connection, Parameter};
use crate::tree::rows::thread;
use crate::tree::rows::uids;
use crate::tree::write::{cascade, label, remove};

/// What stands in the columns of a new thread that must be filled. `?2` is the title, `?3` the time.
const COLUMNS: [(&str, &str); 12] = [
    ("id", "?1"),
    ("title", "?2"),
    ("created_at", "?3"),
    ("updated_at", "?3"),
    ("preview", "''"),
    ("ephemeral", "0"),
    ("model_provider", "''"),
    ("status", "'idle'"),
    ("cwd", "''"),
    ("cli_version", "''"),
    ("source", "'api'"),
    ("archived", "0"),
];

/// The same as one statement, for the table as it is made here.
const INSERT: &str =
    "INSERT INTO main.threads(id, title, created_at, updated_at, preview, ephemeral, \
         model_provider, status, cwd, cli_version, source, archived) \
     SELECT ?1, ?2, ?3, ?3, '', 0, '', 'idle', '', '', 'api', 0";

/// Stores a new thread, with a sensible value in every column that must be filled. For use inside
/// [`Connection::atomically`]; the thread must not be there yet.
pub fn make(
    connection: &Rc<Connection>,
    id: &[u8],
    title: Option<&[u8]>,
    created_at: i64,
) -> Result<()> {
    let mut insert = match connection.prepare(INSERT) {
        Ok(insert) => insert,
        Err(error) if error.message().contains("has no column named") => {
            connection.prepare_once(&fitting(connection, title.is_some())?)?
        }
        Err(error) => return Err(error),
    };
    let stored = insert.run(&[
        Parameter::Text(id),
        title.map_or(Parameter::Null, Parameter::Text),
        Parameter::Integer(created_at),
    ]);
    match stored {
        Ok(()) if connection.changes() == 1 => Ok(()),
        Ok(()) => Err(Error::misuse(
            "the thread was not stored; a trigger on threads ignored it, or threads is not a table",
        )),
        // SQLite names the column.
        Err(error) if error.message().starts_with("NOT NULL constraint failed: threads.") => {
            Err(Error::new(
                error.code(),
                format!(
                    "{}; only the program whose column it is knows what to put there: insert the thread's row with SQL",
                    error.message()
                ),
            ))
        }
        Err(error) => Err(error),
    }
}

/// The statement for a table that lacks some of the columns.
fn fitting(connection: &Rc<Connection>, titled: bool) -> Result<String> {
    let mut there = Vec::new();
    let mut columns =
        connection.prepare("SELECT name FROM pragma_table_info('threads', 'main')")?;
    columns.start(&[])?;
    while columns.step()? {
        there.push(columns.text(0)?.to_ascii_lowercase());
    }
    let (mut names, mut values) = (String::new(), String::new());
    for (name, value) in COLUMNS {
        if there.iter().any(|column| column == name.as_bytes()) {
            let comma = if names.is_empty() { "" } else { ", " };
            names.extend([comma, name]);
            values.extend([comma, value]);
        } else if name == "title" && titled {
            return Err(Error::misuse("the table threads has no column for a title"));
        }
    }
    // All three parameters are bound, used or not.
    Ok(format!(
        "INSERT INTO main.threads({names}) SELECT {values} FROM (SELECT ?1, ?2, ?3)"
    ))
}

/// Makes a thread if it is not there, and gives it a title if there is one. Without an id it gets a new one. Gives the id.
pub fn ensure(
    connection: &Rc<Connection>,
    id: Option<&[u8]>,
    title: Option<&[u8]>,
    created_at: i64,
) -> Result<Vec<u8>> {
    connection.atomically(|| {
        let id = match id {
            Some(id) => id.to_vec(),
            None => new_id(connection)?,
        };
        if !thread::exists(connection, &id)? {
            make(connection, &id, title, created_at)?;
        } else if let Some(title) = title {
            let mut update =
                connection.prepare("UPDATE main.threads SET title = ?2 WHERE id = +?1")?;
            update.run(&[Parameter::Text(&id), Parameter::Text(title)])?;
            if connection.changes() != 1 {
                return Err(Error::misuse(
                    "the title was not set; a trigger on threads ignored it, or threads is not a table",
                ));
            }
        }
        Ok(id)
    })
}

/// A UUID of version 7: it begins with the time, so that ids sort as the threads were made.
fn new_id(connection: &Rc<Connection>) -> Result<Vec<u8>> {
    let mut random = connection.prepare("SELECT lower(hex(randomblob(10)))")?;
    let hex = random.once(&[], |row| Ok(row.text(0)?.to_vec()))?;
    let hex = String::from_utf8(hex.unwrap_or_default()).unwrap_or_default();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let milliseconds = UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() & 0xffff_ffff_ffff;
    let time = format!("{milliseconds:012x}");
    let (high, low) = time.split_at(8);
    // The variant is the two bits 10.
    let variant = match part(3, 4).as_bytes().first().map_or(0, |digit| digit % 4) {
        0 => '8',
        1 => '9',
        2 => 'a',
        _ => 'b',
    };
    let id = format!(
        "{high}-{low}-7{}-{variant}{}-{}",
        part(0, 3),
        part(4, 7),
        part(7, 19)
    );
    Ok(id.into_bytes())
}

/// Deletes a thread with all that belongs to it. Gives the number of messages.
pub fn delete(connection: &Rc<Connection>, id: &[u8]) -> Result<i64> {
    connection.atomically(|| {
        if !thread::exists(connection, id)? {
            return Err(thread::unknown(id));
        }
        label::forget_thread(connection, id)?;
        uids::Forget::new(connection)?.thread(connection, id)?;
        cascade::delete(connection, id)?;
        let messages = remove::messages_of(connection, id)?;
        let mut delete = connection.prepare("DELETE FROM main.threads WHERE id = +?1")?;
        delete.run(&[Parameter::Text(id)])?;
        if connection.changes() == 1 {
            Ok(messages)
        } else {
            Err(Error::misuse(
                "the thread was not deleted; a trigger on threads ignored it, or threads is not a table",
            ))
        }
    })
}
