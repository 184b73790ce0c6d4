//! Labels: names for places in a thread, set, moved, removed and listed, and what becomes of them when their messages go.

mod host;

use rusqlite::types::Value;
use rusqlite::Connection;

use host::{add_thread, error, integer};

/// Thread `t`: 1 ─ 2 ─ 3 and 2 ─ 4 (the leaf); thread `u`: 5, and 6 below 4 of `t` (its leaf).
fn conversation() -> Connection {
    let connection = host::migrated();
    fill(&connection);
    connection
}

fn fill(connection: &Connection) {
    add_thread(connection, "t");
    add_thread(connection, "u");
    connection
        .execute_batch(
            "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) VALUES
                 (1, 't', 'user', 'a', 1, NULL), (2, 't', 'user', 'b', 2, 1), (3, 't', 'user', 'c', 3, 2),
                 (4, 't', 'user', 'd', 4, 2), (5, 'u', 'user', 'e', 5, NULL), (6, 'u', 'user', 'f', 6, 4);
             UPDATE threads SET current_leaf_id = CASE id WHEN 't' THEN 4 ELSE 6 END;",
        )
        .unwrap();
}

/// The rows of a query, columns joined by `|`.
fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        let column = |at| {
            Ok(match row.get::<_, Value>(at)? {
                Value::Null => "-".to_owned(),
                Value::Integer(integer) => integer.to_string(),
                Value::Text(text) => text,
                other => format!("{other:?}"),
            })
        };
        let columns: Result<Vec<String>, rusqlite::Error> = (0..width).map(column).collect();
        Ok(columns?.join("|"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn labels(connection: &Connection) -> Vec<String> {
    rows(connection, "SELECT * FROM branch_labels()")
}

fn stored(connection: &Connection) -> i64 {
    integer(connection, "SELECT count(*) FROM message_labels", &[])
}

#[test]
fn set_moved_and_removed() {
    let connection = conversation();
    let call = |sql: &str| integer(&connection, sql, &[]);
    assert_eq!(call("SELECT branch_label(3, 'draft', 10)"), 1);
    assert_eq!(call("SELECT branch_label(2, 'start', 11)"), 1);
    assert_eq!(call("SELECT branch_label(2, 'also', 12)"), 1);
    // The other thread's label of that name is another one.
    assert_eq!(call("SELECT branch_label(5, 'draft', 13)"), 1);
    assert_eq!(
        labels(&connection),
        [
            "t|also|2|12|1",
            "t|draft|3|10|0",
            "t|start|2|11|1",
            "u|draft|5|13|0"
        ]
    );
    // It moves.
    assert_eq!(call("SELECT branch_label(4, 'draft', 14)"), 1);
    // The same again changes nothing, and without a time keeps the one that it has.
    assert_eq!(call("SELECT branch_label(4, 'draft', 14)"), 0);
    assert_eq!(call("SELECT branch_label(4, 'draft')"), 0);
    assert_eq!(call("SELECT branch_label(4, 'draft', NULL)"), 0);
    assert_eq!(
        rows(&connection, "SELECT * FROM branch_labels('t')"),
        ["t|also|2|12|1", "t|draft|4|14|1", "t|start|2|11|1"]
    );
    assert_eq!(call("SELECT branch_label(4, 'draft', 15)"), 1);
    assert_eq!(call("SELECT branch_unlabel('t', 'draft')"), 1);
    assert_eq!(call("SELECT branch_unlabel('t', 'draft')"), 0);
    assert_eq!(call("SELECT branch_label(2, NULL)"), 2);
    assert_eq!(call("SELECT branch_label(2, NULL)"), 0);
    assert_eq!(labels(&connection), ["u|draft|5|13|0"]);
    // A time that is not given is now.
    let before = call("SELECT unixepoch()");
    assert_eq!(call("SELECT branch_label(1, 'now')"), 1);
    let at = call("SELECT created_at FROM branch_labels('t')");
    assert!((before..=call("SELECT unixepoch()")).contains(&at));
}

#[test]
fn what_is_unknown_is_named() {
    let connection = conversation();
    for (sql, text) in [
        (
            "SELECT branch_label(42, 'x')",
            "branch_label: no message 42",
        ),
        (
            "SELECT branch_label(42, NULL)",
            "branch_label: no message 42",
        ),
        (
            "SELECT branch_unlabel('v', 'x')",
            "branch_unlabel: no thread 'v'",
        ),
    ] {
        assert_eq!(error(&connection, sql, &[]), (1, text.to_owned()), "{sql}");
    }
    assert_eq!(stored(&connection), 0);
    assert_eq!(
        rows(&connection, "SELECT * FROM branch_labels('v')").len(),
        0
    );
}

#[test]
fn labels_of_any_text() {
    let connection = conversation();
    let long = "長い".repeat(100_000);
    let texts = [
        "",
        " ",
        "%s%n",
        "a\0b",
        "a\0c",
        "'\"--",
        "日本語",
        "\u{1f600}",
        "A",
        "a",
        &long,
    ];
    for (count, text) in (1..).zip(texts) {
        assert_eq!(
            integer(&connection, "SELECT branch_label(1, ?1, 5)", &[&text]),
            1,
            "{text:.20}"
        );
        assert_eq!(stored(&connection), count);
    }
    for text in texts {
        let back: String = connection
            .query_row(
                "SELECT label FROM branch_labels('t') WHERE label = ?1",
                [text],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(back, text);
        assert_eq!(
            integer(&connection, "SELECT branch_unlabel('t', ?1)", &[&text]),
            1
        );
    }
    assert_eq!(stored(&connection), 0);
}

/// Other programs delete and move messages, and know nothing of labels.
#[test]
fn a_label_whose_message_is_gone_does_not_exist() {
    let connection = conversation();
    for (message, label) in [(3, "gone"), (4, "moved"), (2, "here")] {
        integer(
            &connection,
            "SELECT branch_label(?1, ?2, 7)",
            &[&message, &label],
        );
    }
    connection
        .execute_batch(
            "DELETE FROM messages WHERE id = 3; UPDATE messages SET thread_id = 'u' WHERE id = 4;
             UPDATE threads SET current_leaf_id = 2 WHERE id = 't'",
        )
        .unwrap();
    assert_eq!(labels(&connection), ["t|here|2|7|1"]);
    assert_eq!(
        rows(
            &connection,
            "SELECT thread_id, message_id, problem, detail FROM branch_check()"
        ),
        [
            "t|3|label of a missing message|label 'gone': its message is missing",
            "t|4|label of a missing message|label 'moved': its message is in thread 'u'",
        ]
    );
    assert_eq!(
        rows(&connection, "SELECT * FROM branch_check('u')").len(),
        0
    );
    // It is in nobody's way: neither when the label is given to another message, nor when it is removed.
    assert_eq!(
        integer(&connection, "SELECT branch_unlabel('t', 'gone')", &[]),
        0
    );
    assert_eq!(
        integer(&connection, "SELECT branch_label(4, 'moved', 8)", &[]),
        1
    );
    assert_eq!(integer(&connection, "SELECT branch_label(4, NULL)", &[]), 1);
    assert_eq!(
        integer(&connection, "SELECT branch_label(1, 'moved', 9)", &[]),
        1
    );
    assert_eq!(labels(&connection), ["t|here|2|7|1", "t|moved|1|9|1"]);
    assert_eq!(rows(&connection, "SELECT * FROM branch_check()").len(), 0);
}

#[test]
fn labels_go_with_their_messages() {
    let labelled = || {
        let connection = conversation();
        for message in 1..=6 {
            let label = format!("label {message}");
            integer(
                &connection,
                "SELECT branch_label(?1, ?2, 7)",
                &[&message, &label],
            );
        }
        connection
    };
    let connection = labelled();
    integer(&connection, "SELECT branch_prune(4)", &[]);
    assert_eq!(stored(&connection), 4);
    assert_eq!(labels(&connection).len(), 4);

    let connection = labelled();
    integer(&connection, "SELECT branch_clear('t')", &[]);
    assert_eq!(stored(&connection), 2);

    // The path to 6 leads through both threads.
    let connection = labelled();
    integer(&connection, "SELECT branch_label(1, 'twice', 8)", &[]);
    integer(&connection, "SELECT branch_label(6, 'twice', 9)", &[]);
    connection
        .execute_batch("INSERT INTO message_labels VALUES ('u', 'not of this thread', 2, 1)")
        .unwrap();
    let leaf = integer(&connection, "SELECT branch_copy(6, 'new')", &[]);
    assert_eq!(connection.last_insert_rowid(), leaf);
    assert_eq!(
        rows(&connection, "SELECT * FROM branch_labels('new')"),
        [
            "new|label 1|7|7|1",
            "new|label 2|8|7|1",
            "new|label 4|9|7|1",
            "new|label 6|10|7|1",
            "new|twice|10|9|1",
        ]
    );
}

#[test]
fn listed_in_order_both_ways_without_a_sorter() {
    let connection = conversation();
    for (message, label) in [(1, "b"), (1, "a"), (5, "z"), (5, "a"), (2, "c")] {
        integer(
            &connection,
            "SELECT branch_label(?1, ?2, 7)",
            &[&message, &label],
        );
    }
    let both = ["t|a", "t|b", "t|c", "u|a", "u|z"];
    for (arguments, order, expected) in [
        ("", "", both.to_vec()),
        ("", "ORDER BY thread_id", both.to_vec()),
        ("", "ORDER BY thread_id, label", both.to_vec()),
        (
            "",
            "ORDER BY thread_id DESC, label DESC",
            both.iter().rev().copied().collect(),
        ),
        ("'t'", "ORDER BY label", vec!["t|a", "t|b", "t|c"]),
        ("'t'", "ORDER BY label DESC LIMIT 2", vec!["t|c", "t|b"]),
        ("NULL", "", both.to_vec()),
    ] {
        let sql = format!("SELECT thread_id, label FROM branch_labels({arguments}) {order}");
        assert_eq!(rows(&connection, &sql), expected, "{sql}");
        let plan = rows(&connection, &format!("EXPLAIN QUERY PLAN {sql}"));
        assert!(
            !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{plan:?}"
        );
    }
    for (arguments, order, expected) in [
        (
            "",
            "ORDER BY label, thread_id",
            ["t|a", "u|a", "t|b", "t|c", "u|z"],
        ),
        (
            "",
            "ORDER BY thread_id, label DESC",
            ["t|c", "t|b", "t|a", "u|z", "u|a"],
        ),
        (
            "",
            "ORDER BY thread_id DESC, label",
            ["u|a", "u|z", "t|a", "t|b", "t|c"],
        ),
    ] {
        let sql = format!("SELECT thread_id, label FROM branch_labels({arguments}) {order}");
        assert_eq!(rows(&connection, &sql), expected, "{sql}");
    }
    let join = "SELECT t.id, l.label FROM threads AS t JOIN branch_labels(t.id) AS l ORDER BY t.id, l.label";
    assert_eq!(rows(&connection, join), both);
}

/// `is_current` is that of a plain walk from the leaf, also where parents have higher ids than their children.
#[test]
fn on_the_current_branch_or_not() {
    let connection = conversation();
    let messages: Vec<String> = (7..=40)
        .map(|id| {
            format!(
                "({id}, 't', 'user', '', 1, {})",
                [id - 1, id - 2, 3][id % 3]
            )
        })
        .collect();
    connection
        .execute_batch(&format!(
            "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) VALUES {}",
            messages.join(", ")
        ))
        .unwrap();
    for message in 1..=40 {
        integer(
            &connection,
            "SELECT branch_label(?1, 'label ' || ?1)",
            &[&message],
        );
    }
    let mut different = 0;
    for broken in [false, true] {
        if broken {
            // 2 hangs below 5, which is of another thread.
            connection
                .execute_batch("UPDATE messages SET parent_entry_id = 5 WHERE id = 2")
                .unwrap();
        }
        for leaf in 0..=40 {
            let leaf = Some(leaf).filter(|leaf| *leaf > 0);
            connection
                .execute(
                    "UPDATE threads SET current_leaf_id = ?1 WHERE id = 't'",
                    [leaf],
                )
                .unwrap();
            let listed = "SELECT message_id, is_current FROM branch_labels() ORDER BY message_id";
            let walked = "WITH RECURSIVE up(id) AS (SELECT current_leaf_id FROM threads WHERE id = 't' \
                          UNION SELECT parent_entry_id FROM messages JOIN up USING (id)), \
                          current AS (SELECT id FROM up WHERE id IS NOT NULL) \
                          SELECT id, thread_id = 't' AND id IN current OR thread_id = 'u' AND id = 6 FROM messages ORDER BY id";
            let found = rows(&connection, listed);
            different += found.iter().filter(|row| row.ends_with("|1")).count();
            // That of `u` is looked at with its own leaf.
            let without = |rows: Vec<String>| -> Vec<String> {
                rows.into_iter()
                    .filter(|row| !row.starts_with("5|"))
                    .collect()
            };
            assert_eq!(
                without(found),
                without(rows(&connection, walked)),
                "{leaf:?} {broken}"
            );
        }
    }
    assert!(different > 200, "{different}");
}

#[test]
fn part_of_the_callers_transaction_and_atomic_in_it() {
    let connection = conversation();
    connection.execute_batch("BEGIN; SAVEPOINT here").unwrap();
    integer(&connection, "SELECT branch_label(1, 'a', 1)", &[]);
    connection.execute_batch("ROLLBACK TO here").unwrap();
    integer(&connection, "SELECT branch_label(1, 'b', 1)", &[]);
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(labels(&connection), ["t|b|1|1|1"]);
    // The third call fails: none of them has happened.
    connection
        .execute_batch("CREATE TABLE log(n); BEGIN")
        .unwrap();
    let sql = "INSERT INTO log SELECT branch_label(value, 'c', 1) FROM json_each('[2, 3, 42]')";
    let (_, text) = error(&connection, sql, &[]);
    assert_eq!(text, "branch_label: no message 42");
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(labels(&connection), ["t|b|1|1|1"]);
    // A trigger that ignores the row, and one that refuses it.
    connection
        .execute_batch(
            "CREATE TRIGGER no BEFORE DELETE ON message_labels BEGIN SELECT RAISE(ABORT, 'not this one'); END",
        )
        .unwrap();
    let (code, text) = error(&connection, "SELECT branch_prune(1)", &[]);
    assert_eq!(
        (code & 0xff, text.as_str()),
        (19, "branch_prune: not this one")
    );
    assert_eq!(labels(&connection), ["t|b|1|1|1"]);
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM messages", &[]),
        6
    );
}

/// A file that the extension has not migrated, or an older version of it has, has no labels. The rest works.
#[test]
fn without_the_table() {
    let connection = conversation();
    connection
        .execute_batch("DROP TABLE message_labels")
        .unwrap();
    assert_eq!(integer(&connection, "SELECT branch_copy(2, 'new')", &[]), 8);
    assert_eq!(integer(&connection, "SELECT branch_clear('new')", &[]), 2);
    assert_eq!(integer(&connection, "SELECT branch_prune(3)", &[]), 1);
    assert_eq!(rows(&connection, "SELECT * FROM branch_check()").len(), 0);
    let advice = "no such table: main.message_labels; SELECT branch_migrate() brings the database up to date";
    for (sql, name) in [
        ("SELECT branch_label(1, 'x')", "branch_label"),
        ("SELECT branch_unlabel('t', 'x')", "branch_unlabel"),
    ] {
        assert_eq!(
            error(&connection, sql, &[]),
            (1, format!("{name}: {advice}")),
            "{sql}"
        );
    }
    for sql in [
        "SELECT * FROM branch_labels()",
        "SELECT is_current FROM branch_labels('t') ORDER BY label DESC",
    ] {
        assert_eq!(rows(&connection, sql).len(), 0, "{sql}");
    }
    integer(&connection, "SELECT branch_migrate()", &[]);
    assert_eq!(integer(&connection, "SELECT branch_label(1, 'x')", &[]), 1);
}
