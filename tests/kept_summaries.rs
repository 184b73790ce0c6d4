//! Summaries that others wrote, with a `first_kept_id` and without saying that they are compactions, go out as `jsonl` and come
//! back; and messages that only look like one stay as they are.

mod host;

use rusqlite::Connection;

fn text(connection: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> String {
    connection
        .query_row(sql, values, |row| row.get(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

const CONTEXT: &str =
    "SELECT group_concat(content, ' ') FROM (SELECT content FROM branch_context('t'))";

#[test]
fn they_come_back() {
    let connection = host::migrated();
    connection
        .execute_batch(
            "INSERT INTO branch_call SELECT branch_thread('other');
             INSERT INTO branch_call SELECT branch_append('other', 'user', 'z');
             INSERT INTO branch_call SELECT branch_thread('t');
             INSERT INTO branch_call SELECT branch_append('t', 'user', 'a');
             INSERT INTO branch_call SELECT branch_append('t', 'user', 'b');
             INSERT INTO branch_call SELECT branch_append('t', 'summary', 'S', '{\"first_kept_id\":3}');
             INSERT INTO branch_call SELECT branch_append('t', 'user', 'c', '{\"type\":\"compaction\",\"first_kept_id\":1}');",
        )
        .unwrap();
    let exported = text(&connection, "SELECT branch_export('t', 'jsonl')", &[]);
    let again = "SELECT branch_import('jsonl', ?1)";
    assert_eq!(host::integer(&connection, again, &[&exported]), 0);

    let elsewhere = host::migrated();
    assert_eq!(host::integer(&elsewhere, again, &[&exported]), 4);
    assert_eq!(text(&connection, CONTEXT, &[]), "S b c");
    assert_eq!(text(&elsewhere, CONTEXT, &[]), "S b c");
    let back = text(&elsewhere, "SELECT branch_export('t', 'jsonl')", &[]);
    assert_eq!(back, exported);
}
