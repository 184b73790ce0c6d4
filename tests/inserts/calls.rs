//! `INSERT INTO branch_call SELECT branch_switch(...)`: a function as a statement that counts as a write.

use super::*;

#[test]
fn a_function_as_a_statement() {
    let connection = chat();
    for (call, result) in [
        ("branch_append('t', 'user', 'three')", 3),
        ("branch_fork(1, 'user', 'four')", 4),
        (
            "branch_alternative(4, 'user', 'five', NULL, NULL, 'five')",
            5,
        ),
        (
            "branch_alternative(4, 'user', 'five', NULL, NULL, 'five')",
            5,
        ),
        ("branch_switch('t', 2)", 2),
        ("branch_select(5)", 5),
        ("branch_switch('t', NULL)", 0),
        ("branch_thread('new')", 0),
        ("branch_copy(5, 'copy')", 7),
        ("branch_label(5, 'here')", 1),
        ("branch_unlabel('t', 'here')", 1),
        ("branch_prune(5)", 1),
        ("branch_clear('t')", 4),
        ("branch_delete('copy')", 2),
        ("branch_migrate()", 0),
    ] {
        let sql = format!("INSERT INTO branch_call SELECT {call}");
        let statement = connection.prepare(&sql).unwrap();
        assert!(!statement.readonly(), "{sql}");
        drop(statement);
        assert_eq!(last(&connection, &sql), result, "{sql}");
        assert_eq!(connection.changes(), 1, "{sql}");
    }
    assert_eq!(
        last(
            &connection,
            "INSERT INTO branch_call VALUES (branch_append('u', 'user', 'x'))"
        ),
        8
    );
    assert_eq!(
        last(
            &connection,
            "INSERT INTO branch_call(result) SELECT branch_append('u', 'user', 'x')"
        ),
        9
    );
    for sql in [
        "SELECT * FROM branch_call",
        "DELETE FROM branch_call",
        "UPDATE branch_call SET result = 1",
    ] {
        assert_eq!(
            refused(&connection, sql, &[]),
            (1, "branch_call: takes only INSERT INTO branch_call SELECT, with a function that writes".to_owned())
        );
    }
}

#[test]
fn many_calls_are_one_statement() {
    for around in ["", "BEGIN"] {
        let connection = chat();
        connection.execute_batch(around).unwrap();
        let sql = "INSERT INTO branch_call SELECT branch_append('u', role, content) FROM messages WHERE thread_id = 't' ORDER BY id";
        assert_eq!(last(&connection, sql), 4);
        let before = all(&connection);
        let sql = "INSERT INTO branch_call SELECT branch_append(column1, 'user', 'x') FROM (VALUES ('t'), ('u'), ('nobody'))";
        assert_eq!(
            refused(&connection, sql, &[]),
            (1, "branch_append: no thread 'nobody'".to_owned())
        );
        assert_eq!(all(&connection), before, "{around}");
        assert_eq!(connection.is_autocommit(), around.is_empty());
    }
}

/// A statement that is prepared once and run with other values, as `executemany` does.
#[test]
fn one_statement_many_values() {
    let connection = chat();
    let mut insert = connection
        .prepare("INSERT INTO branch_messages(thread_id, role, content) VALUES (?1, ?2, ?3)")
        .unwrap();
    for n in 0..100 {
        insert.execute(("u", "user", n.to_string())).unwrap();
        assert_eq!(connection.last_insert_rowid(), n + 3);
    }
    let mut call = connection
        .prepare("INSERT INTO branch_call SELECT branch_prune(?1)")
        .unwrap();
    call.execute([60]).unwrap();
    assert_eq!(
        integer(
            &connection,
            "SELECT count(*) FROM branch_messages('u')",
            &[]
        ),
        57
    );
}
