//! Whether a database has, and after a migration will have, the tables that this crate reads and writes.

use rusqlite::Connection;

use crate::connections::Settings;
use crate::error::{During, Error, Result};
use crate::history::message_columns;
use crate::history::History;

/// The highest `user_version` that this program writes.
const SUPPORTED: i64 = 2;

/// A table and the columns that we use.
type Table<'a> = (&'a str, &'a str);

const CORE: &[Table<'_>] = &[
    (
        "threads",
        "id, rollout_path, preview, ephemeral, model_provider, created_at, updated_at, status, path, cwd, \
         cli_version, source, title, sandbox_policy, approval_mode, archived, archived_at, git_sha, git_branch, \
         git_origin_url, memory_mode, current_leaf_id",
    ),
    (
        "messages",
        message_columns!(),
    ),
];

const OTHERS: &[Table<'_>] = &[
    (
        "thread_dynamic_tools",
        "thread_id, position, name, description, input_schema",
    ),
    (
        "checkpoints",
        "thread_id, checkpoint_id, state_json, created_at",
    ),
    (
        "jobs",
        "id, name, status, progress, detail, created_at, updated_at",
    ),
    (
        "workflow_runs",
        "id, workflow_id, goal, status, input_hash, started_at, completed_at, metadata_json",
    ),
    (
        "branch_runs",
        "id, workflow_run_id, branch_id, node_id, status, started_at, completed_at, result_json",
    ),
    (
        "leaf_runs",
        "id, workflow_run_id, branch_run_id, leaf_id, task_id, input_hash, status, output_json, artifacts_json, \
         started_at, completed_at",
    ),
    (
        "control_node_runs",
        "id, workflow_run_id, node_id, kind, status, selected_children_json, result_json, started_at, completed_at",
    ),
    (
        "teacher_candidates",
        "id, workflow_run_id, control_node_run_id, candidate_id, branch_run_id, score, passed, rationale_json, \
         created_at",
    ),
];

/// The columns that a migration adds.
const ADDED: &[&str] = &["current_leaf_id", "parent_entry_id"];

/// Refuses a database that we could not use, before anything in it is changed: that of a newer program, or of one of
/// another family.
///
/// A higher version alone is no reason: newer relatives add tables. What counts is that ours are there, and that no
/// column must be filled that we know nothing of.
pub(crate) fn refuse_unusable(conn: &Connection, settings: &Settings) -> Result<()> {
    let found = settings.retry(|| version(conn, settings))?;
    if found <= SUPPORTED {
        return refuse_strange(conn, settings);
    }
    let detail = match missing_any(conn, settings)? {
        Some(detail) => Some(detail),
        None => unknown_required_column(conn, settings)?,
    };
    match detail {
        None => Ok(()),
        Some(detail) => Err(Error::SchemaTooNew {
            path: settings.path.clone(),
            found,
            supported: SUPPORTED,
            detail,
        }),
    }
}

/// Refuses a database whose threads or messages are not those of the family.
fn refuse_strange(conn: &Connection, settings: &Settings) -> Result<()> {
    for (table, columns) in CORE {
        let known: Vec<&str> = columns
            .split(',')
            .map(str::trim)
            .filter(|column| !ADDED.contains(column))
            .collect();
        let is_there = conn
            .table_exists(Some("main"), table)
            .during(|| format!("look for table {table} in {}", settings.path.display()))?;
        if !is_there {
            continue;
        }
        if let Some(detail) = missing(conn, settings, &[(table, &known.join(", "))])? {
            return Err(unusable(settings, detail));
        }
    }
    Ok(())
}

/// Brings the schema up to date, and verifies that it is what we need.
pub(crate) fn migrate(conn: &Connection, settings: &Settings) -> Result<()> {
    settings.retry(|| History::new(conn).migrate())?;
    match missing_any(conn, settings)? {
        None => Ok(()),
        Some(detail) => Err(unusable(settings, detail)),
    }
}

/// Verifies, without a migration, that messages can be read.
pub(crate) fn check_readable(conn: &Connection, settings: &Settings) -> Result<()> {
    // The first query is the first to touch the file: its errors are the file's, not the schema's.
    settings.retry(|| version(conn, settings))?;
    match missing(conn, settings, CORE)? {
        None => Ok(()),
        Some(detail) => Err(unusable(
            settings,
            format!("{detail} (open it for writing once, which brings it up to date)"),
        )),
    }
}

fn unusable(settings: &Settings, detail: String) -> Error {
    Error::Schema {
        path: settings.path.clone(),
        detail,
    }
}

fn version(conn: &Connection, settings: &Settings) -> Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
        .during(|| format!("read the schema version of {}", settings.path.display()))
}

fn missing_any(conn: &Connection, settings: &Settings) -> Result<Option<String>> {
    match missing(conn, settings, CORE)? {
        Some(detail) => Ok(Some(detail)),
        None => missing(conn, settings, OTHERS),
    }
}

/// What SQLite says of the first table or column that is not there.
fn missing(conn: &Connection, settings: &Settings, tables: &[Table<'_>]) -> Result<Option<String>> {
    for (table, columns) in tables {
        let query = format!("SELECT {columns} FROM main.{table} LIMIT 0");
        match conn.prepare(&query) {
            Ok(_) => {}
            Err(rusqlite::Error::SqlInputError { msg, .. }) => {
                return Ok(Some(format!("table {table}: {msg}")));
            }
            Err(rusqlite::Error::SqliteFailure(code, Some(msg)))
                if code.extended_code == rusqlite::ffi::SQLITE_ERROR =>
            {
                return Ok(Some(format!("table {table}: {msg}")));
            }
            // Such as a lock of another program's: it says nothing of the schema.
            Err(error) => {
                return Err(error)
                    .during(|| format!("look for table {table} in {}", settings.path.display()));
            }
        }
    }
    Ok(None)
}

/// A column that must be given a value and that we do not know.
fn unknown_required_column(conn: &Connection, settings: &Settings) -> Result<Option<String>> {
    for (table, columns) in CORE.iter().chain(OTHERS) {
        let known: Vec<&str> = columns.split(',').map(str::trim).collect();
        let doing = || format!("read the columns of {table} in {}", settings.path.display());
        let mut statement = conn
            .prepare(
                "SELECT name FROM pragma_table_info(?1, 'main') \
                 WHERE \"notnull\" <> 0 AND dflt_value IS NULL AND pk = 0",
            )
            .during(doing)?;
        let names = statement
            .query_map([table], |row| row.get::<_, String>(0))
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .during(doing)?;
        let unknown = |name: &&String| !known.iter().any(|k| k.eq_ignore_ascii_case(name));
        if let Some(name) = names.iter().find(unknown) {
            return Ok(Some(format!(
                "table {table}: column {name} needs a value that this program cannot give"
            )));
        }
    }
    Ok(None)
}
