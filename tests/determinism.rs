//! What an engine needs that runs statements on each of its nodes: where times and ids are given, what is stored follows
//! from the calls alone. The same calls on two files give equal contents, and no clock shows in them.

mod host;

use rusqlite::types::Value;
use rusqlite::Connection;

/// Each writes, and gives all that would differ. In the form that counts as a write, as such engines want it.
const CALLS: &[&str] = &[
    "INSERT INTO branch_call SELECT branch_thread('t', 'A title', 1000)",
    "INSERT INTO branch_call SELECT branch_append('t', 'system', 'Be brief.', NULL, 1001, 's')",
    "INSERT INTO branch_call SELECT branch_append('t', 'user', 'One?', '{\"a\": 1}', 1002, 'a')",
    "INSERT INTO branch_messages(thread_id, role, content, created_at, uid) VALUES \
         ('t', 'assistant', 'Two.', 1003, 'b'), ('t', 'user', 'Three?', 1004, 'c')",
    "INSERT INTO branch_messages(thread_id, role, content, created_at, uid, parent_entry_id) VALUES \
         ('t', 'user', 'Four?', 1005, 'd', 'b')",
    "INSERT INTO branch_call SELECT branch_alternative('b', 'assistant', 'Other two.', NULL, 1006, 'e')",
    "INSERT INTO branch_call SELECT branch_fork('a', 'assistant', 'Third two.', NULL, 1007, 'f')",
    // A retry.
    "INSERT INTO branch_call SELECT branch_fork('a', 'assistant', 'Third two.', NULL, 1099, 'f')",
    "INSERT INTO branch_call SELECT branch_select('b')",
    "INSERT INTO branch_call SELECT branch_label('c', 'here', 1008)",
    "INSERT INTO branch_call SELECT branch_compact('t', 'All of it.', 'b', NULL, 1009, 'g')",
    "INSERT INTO branch_call SELECT branch_copy('g', 'copy', 1010)",
    "INSERT INTO branch_call SELECT branch_prune('f')",
    "INSERT INTO branch_call SELECT branch_put('put', '[{\"role\":\"user\",\"content\":\"Hi\"}]', 1011)",
    "INSERT INTO branch_call SELECT branch_put('put', '[{\"role\":\"user\",\"content\":\"Ho\"}]', 1012)",
    "INSERT INTO branch_call SELECT branch_import('openai', \
         '[{\"role\":\"user\",\"content\":\"Hello\"}]', '{\"thread\":\"import\",\"created_at\":1013}')",
    "INSERT INTO branch_call SELECT branch_thread('gone', NULL, 1014)",
    "INSERT INTO branch_call SELECT branch_append('gone', 'user', 'x', NULL, 1015, 'x')",
    "INSERT INTO branch_call SELECT branch_delete('gone')",
    "INSERT INTO branch_call SELECT branch_switch('copy', NULL)",
    "INSERT INTO branch_call SELECT branch_index()",
];

fn called() -> Connection {
    let connection = host::migrated();
    for call in CALLS {
        connection
            .execute_batch(call)
            .unwrap_or_else(|error| panic!("{call}: {error}"));
    }
    connection
}

fn tables(connection: &Connection) -> Vec<String> {
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")
        .unwrap();
    let names = names.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

fn dump(connection: &Connection) -> Vec<(String, Vec<Vec<Value>>)> {
    let contents = |table: &String| {
        let mut rows = connection
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .unwrap();
        let width = rows.column_count();
        let rows = rows
            .query_map([], |row| (0..width).map(|at| row.get(at)).collect())
            .unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    tables(connection)
        .into_iter()
        .map(|table| {
            let rows = contents(&table);
            (table, rows)
        })
        .collect()
}

#[test]
fn the_same_calls_store_the_same() {
    let (one, other) = (called(), called());
    assert_eq!(dump(&one), dump(&other));
    assert!(host::integer(&one, "SELECT count(*) FROM messages", &[]) > 12);
}

/// Two files that were written in the same second would hide a clock that was read.
#[test]
fn no_clock_shows() {
    let connection = called();
    for (table, column) in [
        ("threads", "created_at"),
        ("threads", "updated_at"),
        ("messages", "created_at"),
        ("message_labels", "created_at"),
    ] {
        let strange =
            format!("SELECT count(*) FROM {table} WHERE {column} NOT BETWEEN 1000 AND 1099");
        assert_eq!(
            host::integer(&connection, &strange, &[]),
            0,
            "{table}.{column}"
        );
    }
}
