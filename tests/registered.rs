//! Exactly what the extension adds to a connection: what its own lists declare (`src/functions/mod.rs`,
//! `src/tables/mod.rs`), nothing more and nothing less. `tests/docs/complete.rs` holds the same lists against the
//! reference.

mod host;

use std::collections::BTreeSet;

use rusqlite::Connection;
use sqlite_branch::{Signature, SignatureKind};

fn names(connection: &Connection, sql: &str) -> BTreeSet<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The smallest and the largest number of arguments.
fn counts(signature: &Signature) -> std::ops::RangeInclusive<usize> {
    let names = |text: &str| {
        text.split(',')
            .filter(|name| !name.trim().is_empty())
            .count()
    };
    let required = signature.arguments.split('[').next().unwrap();
    names(required)..=names(&signature.arguments.replace(['[', ']'], ""))
}

/// Functions with what SQLite lets them be called from, and whether it may keep their results.
const FUNCTIONS: &str =
    "SELECT name || '/' || narg || ' ' || CASE WHEN flags & 0x80000 THEN 'directonly' \
     WHEN flags & 0x200000 THEN 'innocuous' ELSE 'reads' END \
     || iif(flags & 0x800, ' deterministic', '') \
     FROM pragma_function_list WHERE name LIKE 'branch%'";

const MODULES: &str = "SELECT name FROM pragma_module_list WHERE name LIKE 'branch%'";

// One test, because the extension cannot be taken off a process again.
#[test]
fn functions_and_modules() {
    let plain = Connection::open_in_memory().unwrap();
    assert_eq!(names(&plain, FUNCTIONS), BTreeSet::new());
    assert_eq!(names(&plain, MODULES), BTreeSet::new());
    let all = "SELECT name FROM pragma_function_list UNION SELECT name FROM pragma_module_list";
    let before = names(&plain, all);

    let signatures = sqlite_branch::signatures();
    let connection = host::memory();
    let mut functions = BTreeSet::new();
    let mut modules = BTreeSet::new();
    for signature in &signatures {
        let from = match signature.kind {
            SignatureKind::Writes => "directonly",
            SignatureKind::Reads => "reads",
            SignatureKind::Constant => "innocuous",
            SignatureKind::Table => {
                modules.insert(signature.name.to_owned());
                continue;
            }
        };
        for count in counts(signature) {
            functions.insert(format!("{}/{count} {from}", signature.name));
        }
    }
    assert_eq!(names(&connection, FUNCTIONS), functions);
    assert_eq!(names(&connection, MODULES), modules);
    // Nothing under another name either.
    let added = names(&connection, all);
    for name in added.difference(&before) {
        assert!(name.starts_with("branch_"), "{name}");
    }
    // The lists are the right ones, and not empty.
    for known in [
        "branch_append",
        "branch_version",
        "branch_depth",
        "branch_path",
    ] {
        assert!(signatures.iter().any(|one| one.name == known), "{known}");
    }
    assert_hidden_columns(&connection);
}

/// The arguments of a table are its hidden columns, in the order in which they are declared.
fn assert_hidden_columns(connection: &Connection) {
    for signature in sqlite_branch::signatures() {
        if signature.kind != SignatureKind::Table {
            continue;
        }
        let hidden: String = connection
            .query_row(
                "SELECT ifnull(group_concat(name, ', '), '') FROM pragma_table_xinfo(?1) WHERE hidden = 1",
                [signature.name],
                |row| row.get(0),
            )
            .unwrap();
        let declared = signature
            .arguments
            .replace(['[', ']'], "")
            .replace(" ,", ",");
        // A thread's id is a column of most tables, beside which the argument has a shorter name.
        let hidden: Vec<&str> = hidden
            .split(", ")
            .map(|name| if name == "thread" { "thread_id" } else { name })
            .collect();
        // After them come columns that are only read.
        let hidden = hidden.join(", ").replace(", uid, position, versions", "");
        assert_eq!(hidden, declared, "{}", signature.name);
    }
}
