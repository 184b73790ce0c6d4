//! What `branch_context` sends, case by case.

use rusqlite::{params, Connection, ToSql};

use super::model;
use super::pairs::TEN;
use crate::host;

/// A thread `t`, into which messages are put with uids.
pub fn thread() -> Connection {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    connection
}

pub fn append(connection: &Connection, role: &str, content: &str, item_json: Option<&str>) -> i64 {
    host::integer(
        connection,
        "SELECT branch_append('t', ?1, ?2, ?3, 1)",
        params![role, content, item_json],
    )
}

/// `kind` and id of each row.
pub fn sent(connection: &Connection, arguments: &str) -> Vec<(String, i64)> {
    let sql = format!("SELECT kind, id FROM branch_context({arguments})");
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

pub fn rows(list: &[(&str, i64)]) -> Vec<(String, i64)> {
    list.iter()
        .map(|(kind, id)| ((*kind).to_owned(), *id))
        .collect()
}

/// `total` and `dropped`, which all rows have in common.
pub fn sums(connection: &Connection, arguments: &str) -> (i64, i64) {
    let sql = format!(
        "SELECT min(total), min(dropped), max(total), max(dropped), sum(tokens) FROM branch_context({arguments})"
    );
    connection
        .query_row(&sql, [], |row| {
            let all: [i64; 5] = [
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ];
            assert_eq!((all[0], all[1]), (all[2], all[3]));
            assert_eq!(all[0], all[4]);
            Ok((all[0], all[1]))
        })
        .unwrap()
}

#[test]
fn the_whole_branch_without_a_budget() {
    let connection = thread();
    for (role, content) in [
        ("system", "s"),
        ("developer", "d"),
        ("user", "u"),
        ("system", "later"),
        ("assistant", "a"),
    ] {
        append(&connection, role, content, None);
    }
    let all = rows(&[
        ("system", 1),
        ("system", 2),
        ("message", 3),
        ("message", 4),
        ("message", 5),
    ]);
    for arguments in [
        "'t'",
        "'t', NULL",
        "'t', NULL, NULL",
        "'t', 1000000, 5",
        "'t', '100', '5'",
        "'t', 50.0",
    ] {
        assert_eq!(sent(&connection, arguments), all, "{arguments}");
    }
    assert_eq!(sums(&connection, "'t'"), (6, 0));
    assert_eq!(
        model::asked(&connection, "t", None, None),
        model::expected(&model::stored(&connection), 5, None)
    );
}

#[test]
fn nothing_to_send() {
    let connection = thread();
    assert_eq!(sent(&connection, "'t'"), []);
    append(&connection, "user", "u", None);
    for arguments in [
        "'nobody'",
        "NULL",
        "'t', NULL, 42",
        "'t', NULL, 'no such uid'",
        "'nobody', 5, 1",
        "''",
    ] {
        assert_eq!(sent(&connection, arguments), [], "{arguments}");
    }
    host::maybe(&connection, "SELECT branch_switch('t', NULL)", &[]);
    assert_eq!(sent(&connection, "'t'"), []);
    assert_eq!(sent(&connection, "'t', NULL, 1"), rows(&[("message", 1)]));
}

#[test]
fn the_oldest_go_until_the_sum_of_all_fits() {
    let connection = thread();
    append(&connection, "system", "12345678", None);
    for content in ["1234", "12345678", "1234", "12345678", "1234"] {
        append(&connection, "user", content, None);
    }
    // 2 of the system, then 1 2 1 2 1 from the oldest on.
    for (budget, first, total) in [
        (i64::MAX, 2, 9),
        (9, 2, 9),
        (8, 3, 8),
        (7, 4, 6),
        (6, 4, 6),
        (5, 5, 5),
        (4, 6, 3),
        (3, 6, 3),
        // The newest message is there whatever it takes.
        (2, 6, 3),
        (0, 6, 3),
    ] {
        let mut expected = vec![("system", 1)];
        expected.extend((first..=6).map(|id| ("message", id)));
        let arguments = format!("'t', {budget}");
        assert_eq!(sent(&connection, &arguments), rows(&expected), "{budget}");
        assert_eq!(
            sums(&connection, &arguments),
            (total, first - 2),
            "{budget}"
        );
    }
}

#[test]
fn only_leading_messages() {
    let connection = thread();
    append(&connection, "system", "s", None);
    append(&connection, "developer", "d", None);
    assert_eq!(
        sent(&connection, "'t', 0"),
        rows(&[("system", 1), ("system", 2)])
    );
    assert_eq!(sums(&connection, "'t', 0"), (2, 0));
}

#[test]
fn a_summary_stands_for_what_it_does_not_keep() {
    let connection = thread();
    for role in ["system", "user", "assistant", "user"] {
        append(&connection, role, "1234", None);
    }
    let compact = |kept: Option<i64>| {
        host::integer(
            &connection,
            "SELECT branch_compact('t', 'sum', ?1, NULL, 1)",
            params![kept],
        )
    };
    assert_eq!(compact(Some(3)), 5);
    let after_first = rows(&[
        ("system", 1),
        ("summary", 5),
        ("message", 3),
        ("message", 4),
    ]);
    assert_eq!(sent(&connection, "'t'"), after_first);
    append(&connection, "assistant", "1234", None);
    // A second one that keeps more than the first did: the first is left out, what it hid is there again.
    assert_eq!(compact(Some(2)), 7);
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[
            ("system", 1),
            ("summary", 7),
            ("message", 2),
            ("message", 3),
            ("message", 4),
            ("message", 6)
        ])
    );
    // Of these, a budget takes the oldest; the first summary is none that could have been there.
    let summary = host::integer(
        &connection,
        "SELECT tokens FROM branch_context('t') WHERE id = 7",
        &[],
    );
    assert_eq!(
        sums(&connection, &format!("'t', {}", summary + 2)),
        (summary + 2, 3)
    );
    assert_eq!(sums(&connection, "'t', 0"), (summary + 1, 4));
    // The newest message is the summary, and nothing else has to be there.
    assert_eq!(
        sent(&connection, "'t', 0"),
        rows(&[("system", 1), ("summary", 7)])
    );
    // A third one keeps nothing, and a message after it comes with it.
    assert_eq!(compact(None), 8);
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("system", 1), ("summary", 8)])
    );
    assert_eq!(sums(&connection, "'t', 0").1, 0);
    append(&connection, "user", "1234", None);
    assert_eq!(
        sent(&connection, "'t', 0"),
        rows(&[("system", 1), ("summary", 8), ("message", 9)])
    );
    // Above them, nothing has changed.
    assert_eq!(sent(&connection, "'t', NULL, 5"), after_first);
    assert_eq!(
        sent(&connection, "'t', NULL, 4"),
        rows(&[
            ("system", 1),
            ("message", 2),
            ("message", 3),
            ("message", 4)
        ])
    );
}

#[test]
fn branches_that_leave_above_a_summary_do_not_see_it() {
    let connection = thread();
    for role in ["user", "assistant", "user"] {
        append(&connection, role, "1234", None);
    }
    host::integer(
        &connection,
        "SELECT branch_compact('t', 'sum', NULL, NULL, 1)",
        &[],
    );
    host::integer(
        &connection,
        "SELECT branch_fork(2, 'user', 'otherwise', NULL, 1)",
        &[],
    );
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("message", 1), ("message", 2), ("message", 5)])
    );
    assert_eq!(sent(&connection, "'t', NULL, 4"), rows(&[("summary", 4)]));
}

/// A summary that another program wrote: what it says to keep counts if it is on its path.
#[test]
fn summaries_of_other_programs() {
    for (item, kept) in [
        ("NULL", vec![]),
        ("'{}'", vec![]),
        ("'{\"first_kept_id\":null}'", vec![]),
        ("'{\"first_kept_id\":\"2\"}'", vec![]),
        ("'{\"first_kept_id\":2.0}'", vec![]),
        ("'{\"first_kept_id\":true}'", vec![]),
        ("'{\"first_kept_id\":[2]}'", vec![]),
        ("'{\"message\":{\"first_kept_id\":2}}'", vec![]),
        ("'{\"first_kept_id\":2'", vec![]),
        ("'[2]'", vec![]),
        // Itself, one below it, one beside it, none.
        ("'{\"first_kept_id\":5}'", vec![]),
        ("'{\"first_kept_id\":6}'", vec![]),
        ("'{\"first_kept_id\":7}'", vec![]),
        ("'{\"first_kept_id\":4}'", vec![]),
        ("'{\"first_kept_id\":42}'", vec![]),
        ("'{\"first_kept_id\":-1}'", vec![]),
        ("'{\"first_kept_id\":99999999999999999999}'", vec![]),
        ("'{\"first_kept_id\":2}'", vec![2, 3]),
        ("'{\"x\":{\"y\":[]},\"first_kept_id\" : 3}'", vec![3]),
        ("'{\"first_kept_id\":1}'", vec![1, 2, 3]),
    ] {
        let connection = thread();
        for content in ["one", "two", "three"] {
            append(&connection, "user", content, None);
        }
        host::integer(
            &connection,
            "SELECT branch_alternative(3, 'user', 'aside', NULL, 1)",
            &[],
        );
        // Written as other programs write, without a look at what it is.
        connection
            .execute_batch(&format!(
                "INSERT INTO messages(id, thread_id, role, content, item_json, created_at, parent_entry_id) \
                 VALUES (5, 't', 'summary', 'sum', {item}, 1, 3), (6, 't', 'user', 'after', NULL, 1, 5), \
                 (7, 't', 'user', 'later', NULL, 1, 6); UPDATE threads SET current_leaf_id = 7"
            ))
            .unwrap();
        let mut expected = vec![("summary", 5)];
        expected.extend(kept.into_iter().map(|id| ("message", id)));
        expected.extend([("message", 6), ("message", 7)]);
        assert_eq!(sent(&connection, "'t'"), rows(&expected), "{item}");
    }
}

#[test]
fn a_leaf_elsewhere() {
    let connection = thread();
    append(&connection, "user", "mine", None);
    host::add_thread(&connection, "other");
    host::integer(
        &connection,
        "SELECT branch_append('other', 'user', 'theirs', NULL, 1)",
        &[],
    );
    let sql = "SELECT * FROM branch_context('t', NULL, 2)";
    assert_eq!(
        host::error(&connection, sql, &[]),
        (
            1,
            "branch_context: message 2 is not in thread 't'".to_owned()
        )
    );
    let sql = "SELECT * FROM branch_usage('t', 2)";
    assert_eq!(
        host::error(&connection, sql, &[]),
        (1, "branch_usage: message 2 is not in thread 't'".to_owned())
    );
    // A branch that goes on in another thread's messages, as other programs may make it.
    connection
        .execute_batch("UPDATE messages SET parent_entry_id = 2 WHERE id = 1")
        .unwrap();
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("message", 2), ("message", 1)])
    );
    assert_eq!(sent(&connection, "'t', NULL, 2"), rows(&[("message", 2)]));
}

#[test]
fn budgets_of_all_kinds() {
    let connection = thread();
    append(&connection, "user", "u", None);
    for (budget, text) in [
        ("-1", "budget must not be negative, and is -1"),
        (
            "-9223372036854775808",
            "budget must not be negative, and is -9223372036854775808",
        ),
        ("1.5", "budget must be an integer, not 1.5"),
        ("1e300", "budget must be an integer, not 1e300"),
        ("'many'", "budget must be an integer, not 'many'"),
        ("''", "budget must be an integer, not ''"),
        ("x'31'", "budget must be an integer, not a blob"),
    ] {
        let sql = format!("SELECT * FROM branch_context('t', {budget})");
        assert_eq!(
            host::error(&connection, &sql, &[]),
            (1, format!("branch_context: {text}"))
        );
    }
    for budget in ["9223372036854775807", "0", "'0'", "' 7 '", "3.0", "NULL"] {
        assert_eq!(
            sent(&connection, &format!("'t', {budget}")),
            rows(&[("message", 1)])
        );
    }
}

/// Sums that no integer holds.
#[test]
fn token_counts_of_any_size() {
    let connection = thread();
    let most = r#"{"tokens":9223372036854775807}"#;
    let least = r#"{"tokens":-9223372036854775808}"#;
    for item in [most, most, least, least, least, most] {
        append(&connection, "user", "u", Some(item));
    }
    let sql = "SELECT DISTINCT total FROM branch_context('t', ?1, ?2)";
    let total = |budget: Option<i64>, leaf: i64| {
        host::integer(&connection, sql, &[&budget as &dyn ToSql, &leaf])
    };
    assert_eq!(total(None, 2), i64::MAX);
    assert_eq!(total(None, 5), i64::MIN);
    assert_eq!(total(Some(0), 6), i64::MAX);
}

#[test]
fn columns_alone_and_together() {
    let connection = thread();
    append(&connection, "user", "u", Some(TEN));
    append(&connection, "assistant", "a", None);
    for sql in [
        "SELECT group_concat(id) = '1,2' FROM branch_context('t')",
        "SELECT group_concat(kind) = 'message,message' FROM branch_context('t')",
        "SELECT group_concat(content) = 'u,a' FROM branch_context('t')",
        "SELECT count(*) = 2 FROM branch_context('t')",
        "SELECT min(thread) = 't' AND min(budget) = 100 AND min(leaf) = 2 FROM branch_context('t', 100, 2)",
        "SELECT group_concat(rowid) = '1,2' FROM branch_context('t')",
        "SELECT group_concat(c.tokens) = '10,1' FROM threads AS t, branch_context(t.id) AS c",
        "SELECT (SELECT group_concat(id) FROM (SELECT id FROM branch_context('t') ORDER BY id DESC)) = '2,1'",
    ] {
        assert_eq!(host::integer(&connection, sql, &[]), 1, "{sql}");
    }
}
