//! A message that is missing anywhere on a long path: it is made sure of in pieces, and no piece may be forgotten.

use rusqlite::{params, Connection};

use super::host;

/// Stretches of 300, 491 and 401 messages, the ids between them beside the path.
fn path() -> Vec<i64> {
    (1..=300).chain(400..=890).chain(900..=1300).collect()
}

fn long() -> Connection {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    connection
        .execute_batch(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1300) \
             INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
             SELECT id, 't', 'user', 'text', 1, \
             CASE id WHEN 1 THEN NULL WHEN 400 THEN 300 WHEN 900 THEN 890 ELSE id - 1 END FROM n; \
             UPDATE threads SET current_leaf_id = 1300;",
        )
        .unwrap();
    connection
}

/// The ids that a query lists, or the code and the text of its error.
fn list(connection: &Connection, sql: &str, limit: i64) -> Result<Vec<i64>, (i32, String)> {
    let mut statement = connection.prepare_cached(sql).unwrap();
    let ids: rusqlite::Result<Vec<i64>> = statement
        .query_map(params![limit], |row| row.get(0))
        .unwrap()
        .collect();
    ids.map_err(|error| match error {
        rusqlite::Error::SqliteFailure(failure, Some(text)) => (failure.extended_code, text),
        other => panic!("{sql}: {other}"),
    })
}

#[test]
fn a_missing_message_is_named_wherever_it_is() {
    const CORRUPT_VTAB: i32 = 267;
    let connection = long();
    let path = path();
    let queries = [
        ("branch_path", "branch_path(1300, ?1)", "distance DESC"),
        ("branch_path", "branch_path(1300, ?1)", "distance"),
        ("branch_path", "branch_path(1300, ?1)", "id"),
        (
            "branch_messages",
            "branch_messages('t', ?1)",
            "distance DESC",
        ),
        ("branch_messages", "branch_messages('t', ?1)", "distance"),
    ];
    for (at, missing) in path.iter().enumerate().take(path.len() - 1) {
        connection.execute_batch("BEGIN").unwrap();
        connection
            .execute("DELETE FROM messages WHERE id = ?1", [missing])
            .unwrap();
        let below = path.len() - at - 1;
        let error = format!("message {}: its parent {missing} is missing", path[at + 1]);
        for (name, table, order) in queries {
            for contents in ["", ", content"] {
                if name == "branch_path" && !contents.is_empty() {
                    continue;
                }
                let sql = format!("SELECT id{contents} FROM {table} ORDER BY {order}");
                // The missing one is the topmost of those that are asked for, or the one above them.
                for limit in [below, below + 1, 5000] {
                    let found = list(&connection, &sql, limit as i64);
                    if limit > below {
                        let expected = Err((CORRUPT_VTAB, format!("{name}: {error}")));
                        assert_eq!(found, expected, "{sql}, limit {limit}");
                        // What is said to be on the path before the gap is found might not be.
                        if order != "distance" {
                            let sql = format!("{sql} LIMIT 1");
                            assert_eq!(list(&connection, &sql, limit as i64), expected, "{sql}");
                        }
                    } else {
                        let mut expected = path[at + 1..].to_vec();
                        if order == "distance" {
                            expected.reverse();
                        }
                        assert_eq!(found, Ok(expected), "{sql}, limit {limit}");
                    }
                }
            }
        }
        connection.execute_batch("ROLLBACK").unwrap();
    }
}

#[test]
fn each_message_is_deleted_after_it_is_read() {
    let connection = long();
    for table in ["branch_path(1300)", "branch_messages('t')"] {
        connection.execute_batch("BEGIN").unwrap();
        let mut statement = connection
            .prepare(&format!("SELECT id FROM {table}"))
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let id: i64 = row.get(0).unwrap();
            connection
                .execute("DELETE FROM messages WHERE id = ?1", [id])
                .unwrap();
            found.push(id);
        }
        assert_eq!(found, path(), "{table}");
        drop(rows);
        connection.execute_batch("ROLLBACK").unwrap();
    }
}

/// Where two branches grow by turns, each message is a jump, and newest first the rows tell the way.
#[test]
fn newest_first_across_jumps() {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    connection
        .execute_batch(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 60) \
             INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
             SELECT id, 't', 'user', 'text', 1, iif(id > 2, id - 2, NULL) FROM n; \
             UPDATE threads SET current_leaf_id = 60;",
        )
        .unwrap();
    for (damage, expected) in [
        ("SELECT 1", None),
        // A way through a later message that ends, and one that does not.
        (
            "UPDATE messages SET parent_entry_id = 59 WHERE id = 30",
            None,
        ),
        (
            "UPDATE messages SET parent_entry_id = 40 WHERE id = 30",
            Some("message 30 is its own ancestor"),
        ),
        (
            "UPDATE messages SET parent_entry_id = id WHERE id = 30",
            Some("message 30 is its own ancestor"),
        ),
        (
            "DELETE FROM messages WHERE id = 30",
            Some("message 32: its parent 30 is missing"),
        ),
        (
            "UPDATE messages SET parent_entry_id = 'x' WHERE id = 30",
            Some("message 30: its parent_entry_id is not an integer"),
        ),
        (
            "UPDATE messages SET parent_entry_id = 29 WHERE id = 30",
            None,
        ),
    ] {
        connection.execute_batch("BEGIN").unwrap();
        connection.execute_batch(damage).unwrap();
        let listed = |order: &str| {
            let sql = format!("SELECT id, content FROM branch_messages('t', ?1) ORDER BY {order}");
            list(&connection, &sql, 500)
        };
        let newest_first = listed("distance");
        let mut first_to_last = listed("distance DESC");
        if let Ok(ids) = &mut first_to_last {
            ids.reverse();
        }
        assert_eq!(newest_first, first_to_last, "{damage}");
        let error = newest_first.err().map(|(_, text)| text);
        assert_eq!(
            error,
            expected.map(|text| format!("branch_messages: {text}")),
            "{damage}"
        );
        connection.execute_batch("ROLLBACK").unwrap();
    }
}
