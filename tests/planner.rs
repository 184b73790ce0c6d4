//! What SQLite's planner makes of the tables: no sorters, the right join orders, and walks that stop early.

mod host;

#[path = "planner/early.rs"]
mod early;
#[path = "planner/joins.rs"]
mod joins;
#[path = "planner/same.rs"]
mod same;

use rusqlite::types::Value;
use rusqlite::{params, Connection};

use host::{error, integer};

/// A thread `t` of 12 messages with forks, first messages that are each other's siblings, and one of another thread
/// in between; the current branch is 1, 2, 4, 6, 9, 11.
fn forked() -> Connection {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    host::add_thread(&connection, "other");
    for sql in [
        "SELECT branch_append('t', 'user', 'one')",
        "SELECT branch_append('t', 'assistant', 'two')",
        "SELECT branch_alternative(2, 'assistant', 'three')",
        "SELECT branch_fork(2, 'user', 'four')",
        "SELECT branch_alternative(1, 'user', 'five')",
        "SELECT branch_fork(4, 'assistant', 'six')",
        "SELECT branch_append('other', 'user', 'seven')",
        "SELECT branch_alternative(6, 'assistant', 'eight')",
        "SELECT branch_fork(6, 'user', 'nine')",
        "SELECT branch_alternative(9, 'user', 'ten')",
        "SELECT branch_fork(9, 'assistant', 'eleven')",
        "SELECT branch_alternative(11, 'assistant', 'twelve')",
        "SELECT branch_switch('t', 11)",
    ] {
        integer(&connection, sql, &[]);
    }
    connection
}

/// The steps of the plan for a query.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = statement.query_map([], |row| row.get(3)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn sorts(plan: &[String]) -> bool {
    plan.iter().any(|step| step.contains("TEMP B-TREE"))
}

/// All rows of a query.
fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = connection
        .prepare(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let width = statement.column_count();
    let rows = statement
        .query_map([], |row| (0..width).map(|at| row.get(at)).collect())
        .unwrap();
    rows.map(|row| row.unwrap_or_else(|error| panic!("{sql}: {error}")))
        .collect()
}

fn integers(connection: &Connection, sql: &str) -> Vec<i64> {
    rows(connection, sql)
        .into_iter()
        .map(|row| match row.first() {
            Some(Value::Integer(integer)) => *integer,
            other => panic!("{sql}: {other:?}"),
        })
        .collect()
}

/// Each table with arguments, and the columns by which it is in order already.
const TABLES: [(&str, &[&str]); 9] = [
    ("branch_path(11)", &["distance", "id", "rowid"]),
    ("branch_path(11, 3)", &["distance", "id", "rowid"]),
    ("branch_messages('t')", &["distance", "id", "rowid"]),
    ("branch_leaves('t')", &["id", "rowid"]),
    ("branch_children(6)", &["id", "rowid"]),
    ("branch_siblings(1)", &["id", "rowid", "position"]),
    ("branch_tree('t')", &["rowid"]),
    ("branch_diff(12, 8)", &["rowid", "side"]),
    ("branch_check()", &["rowid"]),
];

#[test]
fn no_sorter_for_the_orders_that_the_tables_have() {
    let connection = forked();
    // One problem of each thread, for the table of problems.
    connection
        .execute_batch("UPDATE messages SET item_json = '{' WHERE id IN (3, 7, 10)")
        .unwrap();
    for (table, columns) in TABLES {
        for column in columns {
            for direction in ["", " DESC"] {
                let sql = format!("SELECT rowid, * FROM {table} ORDER BY {column}{direction}");
                let plan = plan(&connection, &sql);
                assert!(!sorts(&plan), "{sql}: {plan:?}");
                let found = rows(&connection, &sql);
                // The same rows, sorted by SQLite.
                let sorted = rows(
                    &connection,
                    &format!(
                        "WITH all_rows AS MATERIALIZED (SELECT rowid AS row, * FROM {table}) \
                         SELECT * FROM all_rows ORDER BY {}{direction}, row{direction}",
                        column.replace("rowid", "row")
                    ),
                );
                assert!(found.len() > 1, "{sql}: {found:?}");
                if *column == "side" {
                    let sides = |rows: &[Vec<Value>]| {
                        rows.iter().map(|row| row[1].clone()).collect::<Vec<_>>()
                    };
                    assert_eq!(sides(&found), sides(&sorted), "{sql}");
                } else {
                    assert_eq!(found, sorted, "{sql}");
                }
            }
        }
    }
}

/// A unique column decides; what is sorted by after it changes nothing.
#[test]
fn no_sorter_for_more_columns_after_a_unique_one() {
    let connection = forked();
    for sql in [
        "SELECT * FROM branch_messages('t') ORDER BY id DESC, role, content DESC",
        "SELECT * FROM branch_path(11) ORDER BY distance, id",
        "SELECT * FROM branch_leaves('t') ORDER BY id, depth",
    ] {
        assert!(!sorts(&plan(&connection, sql)), "{sql}");
    }
    let ids = "SELECT id FROM branch_messages('t') ORDER BY id DESC, role";
    assert_eq!(integers(&connection, ids), [11, 9, 6, 4, 2, 1]);
}

#[test]
fn a_sorter_where_there_must_be_one() {
    let connection = forked();
    for sql in [
        "SELECT id FROM branch_messages('t') ORDER BY content",
        "SELECT id FROM branch_messages('t') ORDER BY role, id",
        "SELECT id FROM branch_tree('t') ORDER BY id",
        "SELECT id FROM branch_leaves('t') ORDER BY depth",
        "SELECT id FROM branch_diff(12, 8) ORDER BY side, role",
        "SELECT id FROM branch_path(11) ORDER BY id + 0",
        "SELECT id FROM branch_path(11) ORDER BY id COLLATE BINARY NULLS LAST",
    ] {
        assert!(sorts(&plan(&connection, sql)), "{sql}");
    }
    let by_content = "SELECT id FROM branch_messages('t') ORDER BY content";
    assert_eq!(integers(&connection, by_content), [11, 4, 9, 1, 6, 2]);
}

#[test]
fn grouping_and_distinct_rows() {
    let connection = forked();
    for (sql, expected) in [
        (
            "SELECT DISTINCT id FROM branch_path(11)",
            vec![1, 2, 4, 6, 9, 11],
        ),
        (
            "SELECT id FROM branch_path(11) GROUP BY id",
            vec![1, 2, 4, 6, 9, 11],
        ),
        (
            "SELECT count(*) FROM branch_diff(12, 8) GROUP BY side",
            vec![3, 1],
        ),
        (
            "SELECT count(DISTINCT role) FROM branch_messages('t')",
            vec![2],
        ),
        (
            "SELECT count(*) FROM branch_messages('t') GROUP BY role ORDER BY role",
            vec![3, 3],
        ),
        ("SELECT max(id) FROM branch_path(11)", vec![11]),
        ("SELECT min(id) FROM branch_path(11)", vec![1]),
        ("SELECT count(*) FROM branch_path(11, 4)", vec![4]),
    ] {
        assert_eq!(integers(&connection, sql), expected, "{sql}");
    }
    let sides = "SELECT side, count(*) FROM branch_diff(12, 8) GROUP BY side";
    assert!(!sorts(&plan(&connection, sides)));
}

#[test]
fn a_missing_argument_is_an_error_that_names_it() {
    let connection = forked();
    for (table, argument) in [
        ("branch_path", "message_id"),
        ("branch_messages", "thread"),
        ("branch_leaves", "thread"),
        ("branch_children", "message_id"),
        ("branch_siblings", "message_id"),
        ("branch_tree", "thread"),
        ("branch_diff", "a"),
    ] {
        let expected = (1, format!("{table}: needs an argument: {argument}"));
        for sql in [
            format!("SELECT * FROM {table}"),
            format!("SELECT * FROM {table}()"),
            format!("SELECT count(*) FROM {table} WHERE id = 1"),
            format!("SELECT * FROM {table} WHERE \"{argument}\" > 1"),
            format!("SELECT * FROM {table} WHERE \"{argument}\" IS NOT 1"),
            format!("SELECT * FROM {table} WHERE \"{argument}\" = 1 OR id = 3"),
            format!("SELECT * FROM threads LEFT JOIN {table}"),
        ] {
            assert_eq!(error(&connection, &sql, &[]), expected, "{sql}");
        }
    }
    let sql = "SELECT * FROM branch_diff(1)";
    assert_eq!(
        error(&connection, sql, &[]),
        (1, "branch_diff: needs an argument: b".to_owned())
    );
    let sql = "SELECT * FROM branch_path WHERE \"limit\" = 3";
    let expected = (1, "branch_path: needs an argument: message_id".to_owned());
    assert_eq!(error(&connection, sql, &[]), expected);
    // The only one that is optional.
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM branch_check", &[]),
        0
    );
}

#[test]
fn too_many_arguments() {
    let connection = forked();
    for (table, most) in [
        ("branch_path", 2),
        // Three, and three columns that are hidden from SELECT *: to SQLite they are arguments, that is, conditions.
        ("branch_messages", 6),
        ("branch_leaves", 1),
        ("branch_children", 1),
        ("branch_siblings", 1),
        ("branch_tree", 1),
        ("branch_diff", 2),
        ("branch_context", 3),
        ("branch_usage", 2),
        ("branch_check", 1),
    ] {
        let arguments = vec!["1"; most + 1].join(", ");
        let (code, text) = error(
            &connection,
            &format!("SELECT * FROM {table}({arguments})"),
            &[],
        );
        assert_eq!(code, 1);
        assert_eq!(
            text,
            format!("too many arguments on {table}() - max {most}")
        );
    }
}

#[test]
fn tables_that_need_each_other() {
    let connection = forked();
    let sql = "SELECT * FROM branch_path(b.id) AS a JOIN branch_path(a.id) AS b";
    assert_eq!(
        error(&connection, sql, &[]),
        (1, "no query solution".to_owned())
    );
}

#[test]
fn lists_and_alternatives_of_arguments() {
    let connection = forked();
    for (sql, expected) in [
        (
            "SELECT id FROM branch_path WHERE message_id IN (4, 3) ORDER BY id",
            vec![1, 1, 2, 3, 4],
        ),
        (
            "SELECT id FROM branch_path WHERE message_id IN (4, 3) ORDER BY id DESC",
            vec![4, 3, 2, 1, 1],
        ),
        (
            "SELECT id FROM branch_path WHERE message_id = 4 OR message_id = 3 ORDER BY id",
            vec![1, 1, 2, 3, 4],
        ),
        (
            "SELECT id FROM branch_path WHERE message_id IN (SELECT 5) AND \"limit\" IN (0, 1)",
            vec![5],
        ),
        (
            "SELECT id FROM branch_path WHERE message_id IN (4, 3) ORDER BY message_id, distance",
            vec![3, 1, 4, 2, 1],
        ),
        (
            "SELECT id FROM branch_path WHERE message_id IN (NULL, 999)",
            vec![],
        ),
        (
            "SELECT count(*) FROM branch_messages WHERE thread IN (SELECT id FROM threads)",
            vec![7],
        ),
        (
            "SELECT id FROM branch_path WHERE message_id = 4 AND message_id = 4 ORDER BY id",
            vec![1, 2, 4],
        ),
        (
            "SELECT id FROM branch_path WHERE message_id = 4 AND message_id = 3",
            vec![],
        ),
        ("SELECT id FROM branch_path(4) WHERE message_id = 3", vec![]),
        (
            "SELECT id FROM branch_path(4) WHERE message_id > 3 ORDER BY id",
            vec![1, 2, 4],
        ),
        (
            "SELECT id FROM branch_path(4) WHERE id > 1 AND distance >= 0 ORDER BY id",
            vec![2, 4],
        ),
        (
            "SELECT id FROM branch_path(4) WHERE id = 2 OR distance = 2 ORDER BY id",
            vec![1, 2],
        ),
        ("SELECT id FROM branch_path(4) WHERE rowid = 2", vec![2]),
    ] {
        assert_eq!(integers(&connection, sql), expected, "{sql}");
    }
}

#[test]
fn hidden_columns_have_the_arguments() {
    let connection = forked();
    let integer_of = Value::Integer;
    assert_eq!(
        rows(
            &connection,
            "SELECT id, message_id, \"limit\" FROM branch_path(4, 2)"
        ),
        [
            [integer_of(2), integer_of(4), integer_of(2)],
            [integer_of(4), integer_of(4), integer_of(2)]
        ]
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT id, message_id, \"limit\" FROM branch_path('4') LIMIT 1"
        ),
        [[integer_of(1), Value::Text("4".to_owned()), Value::Null]]
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT id, thread, \"limit\", \"before\" FROM branch_messages('t', 1, 9.0)"
        ),
        [[
            integer_of(6),
            Value::Text("t".to_owned()),
            integer_of(1),
            Value::Real(9.0)
        ]]
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT a, b, id FROM branch_diff(3, 2) WHERE side = 'b'"
        ),
        [[integer_of(3), integer_of(2), integer_of(2)]]
    );
    // A star leaves them out.
    for (table, width) in [
        ("branch_path(4)", 2),
        ("branch_messages('t')", 8),
        ("branch_leaves('t')", 10),
        ("branch_children(1)", 8),
        ("branch_siblings(1)", 9),
        ("branch_tree('t')", 10),
        ("branch_diff(3, 4)", 8),
        ("branch_context('t')", 11),
        ("branch_usage()", 7),
        ("branch_check()", 4),
    ] {
        let statement = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .unwrap();
        assert_eq!(statement.column_count(), width, "{table}");
    }
}

#[test]
fn arguments_that_are_bound() {
    let connection = forked();
    let mut statement = connection
        .prepare("SELECT group_concat(id) FROM (SELECT id FROM branch_messages(?1, ?2, ?3) ORDER BY distance DESC)")
        .unwrap();
    let mut ask = |limit: Value, before: Value| -> Option<String> {
        statement
            .query_row(params!["t", limit, before], |row| row.get(0))
            .unwrap()
    };
    let integer_of = Value::Integer;
    for (limit, before, expected) in [
        (Value::Null, Value::Null, Some("1,2,4,6,9,11")),
        (integer_of(2), Value::Null, Some("9,11")),
        (Value::Text("2".to_owned()), Value::Null, Some("9,11")),
        (integer_of(0), Value::Null, None),
        (integer_of(2), integer_of(9), Some("4,6")),
        (Value::Null, integer_of(2), Some("1")),
        (Value::Null, integer_of(1), None),
        (integer_of(i64::MAX), Value::Null, Some("1,2,4,6,9,11")),
        // What is above a message that is on another branch, as far as it is on this one.
        (Value::Null, integer_of(8), Some("1,2,4")),
    ] {
        assert_eq!(
            ask(limit.clone(), before.clone()).as_deref(),
            expected,
            "{limit:?} {before:?}"
        );
    }
}
