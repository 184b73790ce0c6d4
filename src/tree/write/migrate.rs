//! Bringing a database up to date, with the files in `sql/`.

use std::rc::Rc;

use crate::code;
use crate::error::{Error, Result};
use crate::sqlite::{Connection, Parameter};
use crate::tree::rows::snapshot::Snapshot;

const THREADS: &str = include_str!("../../../sql/0001_threads.sql");
const BRANCHES: &str = include_str!("../../../sql/0002_branches.sql");
const WORKFLOW: &str = include_str!("../../../sql/0003_workflow.sql");
const WALK: &str = include_str!("../../../sql/0004_walk.sql");
const UIDS: &str = include_str!("../../../sql/0006_uids.sql");
const LABELS: &str = include_str!("../../../sql/0007_labels.sql");
const CONTEXT: &str = include_str!("../../../sql/0008_context.sql");

/// The files that make only what is missing, and come after the second one.
const ADDED: [&str; 5] = [WORKFLOW, WALK, UIDS, LABELS, CONTEXT];

/// The `user_version` of a database that has all this. A higher one belongs to a newer program, and stays.
const VERSION: i64 = 2;

/// Runs what is missing. Gives the number of files that changed something, and one more if the version was raised.
///
/// All or nothing: it is one statement. A savepoint would not do, for after an interrupt SQLite runs no statement that
/// could roll back to it.
pub fn migrate(connection: &Rc<Connection>) -> Result<i64> {
    // Nothing to do is the rule, and takes no lock; it is no error for a reader either.
    if is_up_to_date(connection)? {
        return Ok(0);
    }
    let changes = connection.atomically(|| bring_up_to_date(connection))?;
    // What the second file needed for itself cannot be dropped while a statement runs, neither by the file nor, where
    // this is called in the middle of another one, here. It is empty, and goes with the connection.
    match run(connection, "DROP TABLE IF EXISTS temp.branch_migration") {
        Err(error) if error.code() & 0xff != code::LOCKED => Err(error),
        _ => Ok(changes),
    }
}

fn bring_up_to_date(connection: &Rc<Connection>) -> Result<i64> {
    refuse_others(connection)?;
    let mut changes = 0;
    changes += file(connection, THREADS)?;
    if !has_branches(connection)? {
        changes += file(connection, BRANCHES)?;
    }
    for script in ADDED {
        changes += file(connection, script)?;
    }
    if integer(connection, "PRAGMA main.user_version")? < VERSION {
        run(connection, &format!("PRAGMA main.user_version = {VERSION}"))?;
        changes += 1;
    }
    Ok(changes)
}

/// The tables that may be there already, and what the files and functions need of them.
const TAKEN: [(&str, &[&str]); 4] = [
    ("message_uids", &["uid", "message_id"]),
    (
        "message_labels",
        &["thread_id", "label", "message_id", "created_at"],
    ),
    ("threads", &["id", "updated_at", "archived", "archived_at"]),
    (
        "messages",
        &[
            "id",
            "thread_id",
            "role",
            "content",
            "item_json",
            "created_at",
        ],
    ),
];

fn refuse_others(connection: &Rc<Connection>) -> Result<()> {
    TAKEN
        .iter()
        .try_for_each(|(table, needed)| refuse_another(connection, table, needed))
}

/// Refuses to touch a database in which another program has a table or view of that name.
fn refuse_another(connection: &Rc<Connection>, name: &str, needed: &[&str]) -> Result<()> {
    let mut find = connection.prepare(
        "SELECT type FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE",
    )?;
    let kind = find.once(&[Parameter::Text(name.as_bytes())], |row| {
        Ok(row.text(0)?.to_vec())
    })?;
    let Some(kind) = kind else {
        return Ok(());
    };
    let other = |why: String| {
        Err(Error::misuse(format!(
            "{name} is another program's: {why}; take another file, or rename it"
        )))
    };
    if kind != b"table" {
        return other("it is a view".to_owned());
    }
    let mut columns =
        connection.prepare("SELECT lower(name) FROM pragma_table_info(?1, 'main')")?;
    columns.start_text(name.as_bytes())?;
    let mut missing = needed.to_vec();
    while columns.step()? {
        let there = columns.text(0)?;
        missing.retain(|column| column.as_bytes() != there);
    }
    match missing.as_slice() {
        [] => Ok(()),
        [column] => other(format!("it has no column {column}")),
        columns => other(format!("it has no columns {}", columns.join(", "))),
    }
}

/// Whether the version is there, and all that the files make.
fn is_up_to_date(connection: &Rc<Connection>) -> Result<bool> {
    let _snapshot = Snapshot::hold(connection)?;
    refuse_others(connection)?;
    if integer(connection, "PRAGMA main.user_version")? < VERSION || !has_branches(connection)? {
        return Ok(false);
    }
    let mut find = connection.prepare(
        "SELECT 1 FROM main.sqlite_schema WHERE type IN ('table', 'index') AND name = +?1 COLLATE NOCASE",
    )?;
    for name in [THREADS, BRANCHES]
        .into_iter()
        .chain(ADDED)
        .flat_map(made_by)
    {
        let found = find.once(&[Parameter::Text(name.as_bytes())], |_| Ok(()))?;
        if found.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The names of the tables and indexes that a file makes where they are missing.
fn made_by(script: &str) -> impl Iterator<Item = &str> {
    script
        .split("IF NOT EXISTS main.")
        .skip(1)
        .map(|rest| rest.split([' ', '(']).next().unwrap_or_default())
}

/// Runs a file. Gives 1 if it changed the schema, else 0.
fn file(connection: &Rc<Connection>, script: &str) -> Result<i64> {
    let before = integer(connection, "PRAGMA main.schema_version")?;
    // The files can be run by hand too, and then need a transaction of their own.
    let wanted = |statement: &str| {
        !["SAVEPOINT ", "RELEASE ", "UPDATE OR ROLLBACK "]
            .iter()
            .any(|start| statement.starts_with(start))
    };
    let tolerated = |statement: &str, error: &Error| {
        (statement.starts_with("ALTER TABLE ") && error.message().contains("duplicate column name"))
            // While a statement reads, no table can be dropped. It stays in `temp`, empty, until the connection closes.
            || (statement.starts_with("DROP TABLE temp.") && error.code() & 0xff == code::LOCKED)
    };
    connection.run_script(script, wanted, tolerated)?;
    let after = integer(connection, "PRAGMA main.schema_version")?;
    Ok(i64::from(after != before))
}

/// Whether the second file has been run: its index comes after its columns have been filled in.
fn has_branches(connection: &Rc<Connection>) -> Result<bool> {
    let all = integer(
        connection,
        "SELECT EXISTS (SELECT 1 FROM pragma_table_info('messages', 'main') WHERE lower(name) = 'parent_entry_id') \
            AND EXISTS (SELECT 1 FROM pragma_table_info('threads', 'main') WHERE lower(name) = 'current_leaf_id') \
            AND EXISTS (SELECT 1 FROM main.sqlite_schema \
                        WHERE type = 'index' AND lower(name) = 'idx_messages_parent_entry_id')",
    )?;
    Ok(all != 0)
}

fn integer(connection: &Rc<Connection>, sql: &'static str) -> Result<i64> {
    let found = connection
        .prepare(sql)?
        .once(&[], |row| Ok(row.integer(0)))?;
    Ok(found.unwrap_or(0))
}

fn run(connection: &Rc<Connection>, sql: &str) -> Result<()> {
    connection.run_script(sql, |_| true, |_, _| false)
}
