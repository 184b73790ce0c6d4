//! Joins with other tables.

use rusqlite::params;

use crate::host::integer;
use crate::{forked, host, integers, plan};

#[test]
fn joins_start_at_the_right_end() {
    let connection = forked();
    let check = |sql: &str, expected: &[&str]| {
        let plan = plan(&connection, sql);
        assert_eq!(plan.len(), expected.len(), "{sql}: {plan:?}");
        for (step, expected) in plan.iter().zip(expected) {
            assert!(step.starts_with(expected), "{sql}: {plan:?}");
        }
    };
    // As many threads as a user has, so that statistics do not say that reading them all is as well.
    for number in 0..300 {
        host::add_thread(&connection, &format!("thread {number}"));
    }
    for analyzed in [false, true] {
        if analyzed {
            connection.execute_batch("ANALYZE").unwrap();
        }
        check(
            "SELECT * FROM threads JOIN branch_messages(threads.id)",
            &["SCAN threads", "SCAN branch_messages VIRTUAL TABLE"],
        );
        check(
            "SELECT * FROM branch_messages(threads.id) JOIN threads",
            &["SCAN threads", "SCAN branch_messages VIRTUAL TABLE"],
        );
        check(
            "SELECT * FROM branch_messages(threads.id) AS m, threads WHERE threads.id = 't' ORDER BY m.distance",
            &["SEARCH threads USING INDEX", "SCAN m VIRTUAL TABLE"],
        );
        check(
            "SELECT * FROM branch_path(11) AS p JOIN messages AS m ON m.id = p.id",
            &[
                "SCAN p VIRTUAL TABLE",
                "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        );
        check(
            "SELECT * FROM messages AS m JOIN branch_path(11) AS p ON m.id = p.id",
            &[
                "SCAN p VIRTUAL TABLE",
                "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        );
        check(
            "SELECT * FROM branch_path(11) AS p JOIN messages AS m USING (id) ORDER BY p.distance DESC",
            &["SCAN p VIRTUAL TABLE", "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)"],
        );
        check(
            "SELECT * FROM threads AS t, branch_path(t.current_leaf_id, 2) AS p, messages AS m \
             WHERE t.id = 't' AND m.id = p.id ORDER BY p.distance",
            &[
                "SEARCH t USING INDEX",
                "SCAN p VIRTUAL TABLE",
                "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        );
        check(
            "SELECT * FROM branch_leaves('t') AS l JOIN branch_path(l.id) AS p",
            &["SCAN l VIRTUAL TABLE", "SCAN p VIRTUAL TABLE"],
        );
    }
}

#[test]
fn joins_give_the_right_rows() {
    let connection = forked();
    for (sql, expected) in [
        (
            "SELECT m.id FROM threads JOIN branch_messages(threads.id) AS m ORDER BY threads.id, m.distance DESC",
            vec![7, 1, 2, 4, 6, 9, 11],
        ),
        (
            "SELECT m.id FROM branch_path(11) AS p JOIN messages AS m USING (id) ORDER BY p.distance",
            vec![11, 9, 6, 4, 2, 1],
        ),
        (
            "SELECT p.id FROM branch_leaves('t') AS l JOIN branch_path(l.id, 1) AS p ORDER BY p.id",
            vec![3, 5, 8, 10, 11, 12],
        ),
        (
            "SELECT (SELECT count(*) FROM branch_messages(threads.id)) FROM threads ORDER BY id",
            vec![1, 6],
        ),
        (
            "SELECT (SELECT id FROM branch_path(messages.id) ORDER BY distance DESC LIMIT 1) FROM messages ORDER BY id",
            vec![1, 1, 1, 1, 5, 1, 7, 1, 1, 1, 1, 1],
        ),
        (
            "SELECT id FROM messages WHERE EXISTS (SELECT 1 FROM branch_children(messages.id)) ORDER BY id",
            vec![1, 2, 4, 6, 9],
        ),
        (
            "SELECT id FROM messages WHERE id IN (SELECT id FROM branch_path(10)) ORDER BY id",
            vec![1, 2, 4, 6, 10],
        ),
    ] {
        assert_eq!(integers(&connection, sql), expected, "{sql}");
    }
}

#[test]
fn outer_joins() {
    let connection = forked();
    host::add_thread(&connection, "empty");
    assert_eq!(
        integers(
            &connection,
            "SELECT coalesce(m.id, -1) FROM threads LEFT JOIN branch_messages(threads.id, 1) AS m ORDER BY threads.id"
        ),
        [-1, 7, 11]
    );
    assert_eq!(
        integers(
            &connection,
            "SELECT count(m.id) FROM threads LEFT JOIN branch_messages(threads.id) AS m ON m.role = 'assistant' \
             GROUP BY threads.id ORDER BY threads.id"
        ),
        [0, 0, 3]
    );
    assert_eq!(
        integers(
            &connection,
            "SELECT coalesce(c.id, -m.id) FROM messages AS m LEFT JOIN branch_children(m.id) AS c \
             WHERE m.thread_id = 't' AND m.id < 6 ORDER BY m.id, c.id"
        ),
        [2, 3, 4, -3, 6, 8, -5]
    );
    assert_eq!(
        integers(
            &connection,
            "SELECT m.id FROM branch_path(9) AS p RIGHT JOIN messages AS m ON m.id = p.id WHERE p.id IS NULL ORDER BY 1"
        ),
        [3, 5, 7, 8, 10, 11, 12]
    );
}

/// A thread id is text, also where it looks like a number: '7' and '007' are two threads.
#[test]
fn thread_ids_that_look_like_numbers() {
    let connection = host::migrated();
    for thread in ["7", "007"] {
        host::add_thread(&connection, thread);
        integer(
            &connection,
            "SELECT branch_append(?1, 'user', 'hello')",
            params![thread],
        );
    }
    for table in [
        "branch_messages",
        "branch_tree",
        "branch_leaves",
        "branch_check",
    ] {
        let joined = format!(
            "SELECT count(*) FROM {table}('7') AS rows JOIN threads ON threads.id = rows.thread \
             WHERE threads.id = '007'"
        );
        assert_eq!(integer(&connection, &joined, &[]), 0, "{joined}");
        let listed =
            format!("SELECT count(*) FROM {table} WHERE thread IN (SELECT id FROM threads)");
        let expected = if table == "branch_check" { 0 } else { 2 };
        assert_eq!(integer(&connection, &listed, &[]), expected, "{listed}");
        let one = format!("SELECT count(*) FROM {table} WHERE thread IN ('007', 'a')");
        assert_eq!(integer(&connection, &one, &[]), expected / 2, "{one}");
    }
    let steps = plan(
        &connection,
        "SELECT threads.id FROM branch_messages('7') AS rows JOIN threads ON threads.id = rows.thread",
    );
    assert!(
        steps.iter().any(|step| step.starts_with("SEARCH threads")),
        "{steps:?}"
    );
}
