//! Places from which nothing may be written: the schema, and the inner table.

use rusqlite::ffi;

use super::host::error;
use super::{memory, state, BEFORE, CALLS};

#[test]
fn not_from_the_schema() {
    for call in CALLS.into_iter().chain(["branch_migrate()"]) {
        let name = call.split('(').next().unwrap();
        let unsafe_use = format!("unsafe use of {name}()");
        let uses = [
            (
                format!("CREATE VIEW trap AS SELECT {call} AS id"),
                "SELECT * FROM trap",
            ),
            (
                format!("CREATE TRIGGER trap AFTER INSERT ON notes BEGIN SELECT {call}; END"),
                "INSERT INTO notes(value) VALUES (1)",
            ),
            (
                format!("CREATE TABLE trap(a, b DEFAULT ({call}))"),
                "INSERT INTO trap(a) VALUES (1)",
            ),
        ];
        for (make, use_it) in uses {
            let connection = memory();
            connection.execute_batch(&make).unwrap();
            let (code, text) = error(&connection, use_it, &[]);
            assert_eq!((code, &text), (ffi::SQLITE_ERROR, &unsafe_use), "{make}");
            assert_eq!(state(&connection), BEFORE);
        }
        let refused = [
            format!("CREATE TABLE trap(a, CHECK ({call} > 0))"),
            format!("CREATE TABLE trap(a, b AS ({call}))"),
            format!("CREATE TABLE trap(a, b AS ({call}) STORED)"),
            format!("CREATE INDEX trap ON notes({call})"),
            format!("CREATE INDEX trap ON notes(value) WHERE {call}"),
        ];
        for make in refused {
            let connection = memory();
            // Some are refused when they are made, the others when they are used.
            let text = match connection.execute_batch(&make) {
                Err(error) => error.to_string(),
                Ok(()) => error(&connection, "INSERT INTO trap(a) VALUES (1)", &[]).1,
            };
            let known = [
                "unsafe use of",
                "non-deterministic functions prohibited",
                "non-deterministic use of",
            ];
            assert!(
                known.iter().any(|known| text.contains(known)),
                "{make}: {text}"
            );
            assert_eq!(state(&connection), BEFORE, "{make}");
        }
    }
}

#[test]
fn the_inner_table_is_for_the_functions_alone() {
    let connection = memory();
    let told = "branch_write: for the functions of sqlite-branch alone";
    for sql in [
        "INSERT INTO branch_write VALUES (1)",
        "INSERT INTO branch_write SELECT 1",
        "INSERT INTO branch_write(work) SELECT branch_append('t', 'user', 'x') WHERE 0 UNION ALL SELECT 1",
        "SELECT * FROM branch_write",
        "UPDATE branch_write SET work = 1",
        "DELETE FROM branch_write",
    ] {
        let (code, text) = error(&connection, sql, &[]);
        assert_eq!((code, text.as_str()), (ffi::SQLITE_ERROR, told), "{sql}");
    }
    connection
        .execute_batch("CREATE TRIGGER trap AFTER INSERT ON messages BEGIN INSERT INTO branch_write SELECT 1; END")
        .unwrap();
    let (_, text) = error(&connection, "SELECT branch_append('t', 'user', 'x')", &[]);
    assert_eq!(
        text,
        "branch_append: unsafe use of virtual table \"branch_write\""
    );
    assert_eq!(state(&connection), BEFORE);
}
