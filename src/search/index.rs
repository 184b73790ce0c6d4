//! The index: an FTS5 table without contents, and what is needed to know what it knows.
//!
//! * `message_search`: the FTS5 table. Its rows are messages' prepared contents.
//! * `message_search_rows`: each message that is in it, with a hash of the content that it had then.
//! * `message_search_gaps`: the ranges of ids in which no message is indexed, the one above the newest included.
//!
//! Nothing is deleted from it: FTS5 would have to be told the old content. What has gone or changed misleads no reader,
//! since each compares the hash of what it finds.

use std::hash::Hasher;
use std::rc::Rc;

use siphasher::sip::SipHasher13;

use super::{explain, text, tokenizer};
use crate::error::{push, Error, Result};
use crate::sqlite::{Connection, Parameter};
use crate::tree::rows::snapshot::Snapshot;

/// Of the way in which texts are prepared. An index that was made in another way is not believed: its hits are looked
/// at one by one.
const VERSION: u64 = 1;

const TABLES: &str = concat!(
    "CREATE VIRTUAL TABLE IF NOT EXISTS main.message_search USING fts5(content, content = '', ",
    tokenizer!(),
    "); \
     CREATE TABLE IF NOT EXISTS main.message_search_rows(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL); \
     CREATE TABLE IF NOT EXISTS main.message_search_gaps(first INTEGER PRIMARY KEY, last INTEGER NOT NULL);"
);

const EMPTY: &str = "INSERT INTO main.message_search(message_search) VALUES ('delete-all'); \
     DELETE FROM main.message_search_rows; \
     DELETE FROM main.message_search_gaps; \
     INSERT INTO main.message_search_gaps(first, last) \
         VALUES (-9223372036854775807 - 1, 9223372036854775807);";

/// What a message's content is told by.
pub fn hash(content: &[u8]) -> i64 {
    let mut hasher = SipHasher13::new_with_keys(VERSION, 0);
    hasher.write(content);
    hasher.finish().cast_signed()
}

/// Adds all messages that are not in the index, and makes it where it is not there. Gives their number.
pub fn update(connection: &Rc<Connection>) -> Result<i64> {
    // Nothing to do is the rule where this is called often, and takes no lock.
    if is_up_to_date(connection)? {
        return Ok(0);
    }
    connection
        .atomically(|| {
            if !is_there(connection)? {
                make(connection)?;
            }
            add(connection)
        })
        .map_err(explain)
}

/// Makes the index anew. Gives the number of messages in it.
pub fn rebuild(connection: &Rc<Connection>) -> Result<i64> {
    connection
        .atomically(|| {
            is_there(connection)?;
            make(connection)?;
            add(connection)
        })
        .map_err(explain)
}

fn is_up_to_date(connection: &Rc<Connection>) -> Result<bool> {
    let _snapshot = Snapshot::hold(connection)?;
    if !is_there(connection)? {
        return Ok(false);
    }
    let mut unindexed = connection.prepare(
        "SELECT 1 FROM main.message_search_gaps AS g CROSS JOIN main.messages AS m \
         WHERE m.id BETWEEN g.first AND g.last LIMIT 1",
    )?;
    Ok(unindexed.once(&[], |_| Ok(()))?.is_none())
}

/// Whether there is an index: all three tables.
pub fn is_there(connection: &Rc<Connection>) -> Result<bool> {
    let mut find = connection.prepare(
        "SELECT count(*), \
             sum(name = 'message_search' AND (type <> 'table' OR sql NOT LIKE 'CREATE VIRTUAL TABLE%')) \
         FROM main.sqlite_schema WHERE type IN ('table', 'view') \
         AND name IN ('message_search', 'message_search_rows', 'message_search_gaps')",
    )?;
    let found = find.once(&[], |row| Ok((row.integer(0), row.integer(1))))?;
    match found {
        Some((_, 1)) => Err(Error::misuse(
            "a table or view named message_search is in the way; rename it",
        )),
        Some((tables, _)) => Ok(tables == 3),
        None => Ok(false),
    }
}

/// Makes what is missing of the tables, with nothing in them.
fn make(connection: &Rc<Connection>) -> Result<()> {
    connection.run_script(TABLES, |_| true, |_, _| false)?;
    connection.run_script(EMPTY, |_| true, |_, _| false)
}

/// Adds the messages in the gaps, and leaves what is then left of the gaps.
fn add(connection: &Rc<Connection>) -> Result<i64> {
    let mut gaps = Vec::new();
    let mut rows =
        connection.prepare("SELECT first, last FROM main.message_search_gaps ORDER BY first")?;
    rows.start(&[])?;
    while rows.step()? {
        push(&mut gaps, (rows.integer(0), rows.integer(1)))?;
    }
    drop(rows);
    let mut messages = connection.prepare(
        "SELECT id, content FROM main.messages WHERE id BETWEEN +?1 AND +?2 ORDER BY id",
    )?;
    let mut index =
        connection.prepare("INSERT INTO main.message_search(rowid, content) VALUES (?1, ?2)")?;
    let mut note = connection
        .prepare("INSERT OR REPLACE INTO main.message_search_rows(id, hash) VALUES (?1, ?2)")?;
    let mut close = connection.prepare("DELETE FROM main.message_search_gaps WHERE first = +?1")?;
    let mut open = connection
        .prepare("INSERT OR REPLACE INTO main.message_search_gaps(first, last) VALUES (?1, ?2)")?;
    let mut count = 0;
    for (first, last) in gaps {
        // Where what is left of the gap begins. None once it is filled to the end.
        let mut left = Some(first);
        let mut narrower = Vec::new();
        messages.start(&[first, last])?;
        while messages.step()? {
            let id = messages.integer(0);
            let content = messages.text(1)?;
            let id_and_hash = [Parameter::Integer(id), Parameter::Integer(hash(content))];
            index.run(&[
                Parameter::Integer(id),
                Parameter::Text(&text::prepare(content)?),
            ])?;
            note.run(&id_and_hash)?;
            if let Some(left) = left.filter(|left| *left < id) {
                push(&mut narrower, (left, id - 1))?;
            }
            left = id.checked_add(1);
            count += 1;
        }
        if left == Some(first) {
            continue;
        }
        if let Some(left) = left.filter(|left| *left <= last) {
            push(&mut narrower, (left, last))?;
        }
        close.run(&[Parameter::Integer(first)])?;
        for (first, last) in narrower {
            open.run(&[Parameter::Integer(first), Parameter::Integer(last)])?;
        }
    }
    Ok(count)
}
