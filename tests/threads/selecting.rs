//! `branch_select`, and the columns "‹ 2/3 ›" of `branch_messages` that it goes with.

use super::*;

/// 1 ─ 2 ─ 3 ─ 4, with the alternatives 5 ─ 6 and 7 of 3, and the first message 8.
fn forked() -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t'); SELECT branch_append('t', 'user', '1', NULL, 1, 'one');
             SELECT branch_append('t', 'assistant', '2'); SELECT branch_append('t', 'user', '3', NULL, 1, 'three');
             SELECT branch_append('t', 'assistant', '4'); SELECT branch_alternative(3, 'user', '5');
             SELECT branch_append('t', 'assistant', '6'); SELECT branch_alternative(3, 'user', '7');
             SELECT branch_alternative(1, 'user', '8');",
        )
        .unwrap();
    connection
}

#[test]
fn selecting_shows_a_version() {
    let connection = forked();
    let leaf = |sql: &str| {
        let answer = integer(&connection, sql, &[]);
        let stored = integer(&connection, "SELECT current_leaf_id FROM threads", &[]);
        assert_eq!(answer, stored, "{sql}");
        answer
    };
    assert_eq!(leaf("SELECT branch_select(3)"), 4);
    assert_eq!(leaf("SELECT branch_select(5)"), 6);
    assert_eq!(leaf("SELECT branch_select('three', 2)"), 6);
    assert_eq!(leaf("SELECT branch_select(6)"), 6);
    assert_eq!(leaf("SELECT branch_select(3, 1)"), 4);
    assert_eq!(leaf("SELECT branch_select(3, 3)"), 7);
    assert_eq!(leaf("SELECT branch_select(7, '1')"), 4);
    assert_eq!(leaf("SELECT branch_select('one')"), 7);
    assert_eq!(leaf("SELECT branch_select(1, 2)"), 8);
    assert_eq!(leaf("SELECT branch_select(8, 1)"), 7);
    assert_eq!(leaf("SELECT branch_select(8, NULL)"), 8);
    assert_eq!(leaf("SELECT branch_select(2, 1)"), 7);
}

#[test]
fn selecting_what_is_not_there_moves_nothing() {
    let connection = forked();
    integer(&connection, "SELECT branch_switch('t', 4)", &[]);
    for (sql, told) in [
        ("SELECT branch_select(99)", "no message 99"),
        ("SELECT branch_select('nobody', 1)", "no message 'nobody'"),
        (
            "SELECT branch_select(3, 4)",
            "message 3 has no alternative 4; there are 3",
        ),
        (
            "SELECT branch_select(3, 0)",
            "message 3 has no alternative 0; there are 3",
        ),
        (
            "SELECT branch_select(3, -1)",
            "message 3 has no alternative -1; there are 3",
        ),
        (
            "SELECT branch_select(2, 2)",
            "message 2 has no alternative 2; there is 1",
        ),
        (
            "SELECT branch_select(1, 3)",
            "message 1 has no alternative 3; there are 2",
        ),
        (
            "SELECT branch_select(3, 9223372036854775807)",
            "message 3 has no alternative 9223372036854775807; there are 3",
        ),
        (
            "SELECT branch_select(NULL)",
            "message_id must be an integer or a uid, not NULL",
        ),
        (
            "SELECT branch_select(3, 'first')",
            "position must be an integer, not 'first'",
        ),
        (
            "SELECT branch_select(3, 1.5)",
            "position must be an integer, not 1.5",
        ),
    ] {
        assert_eq!(
            error(&connection, sql, &[]),
            (1, format!("branch_select: {told}")),
            "{sql}"
        );
        assert_eq!(
            maybe(&connection, "SELECT current_leaf_id FROM threads", &[]),
            Some(4)
        );
    }
}

/// Other programs may hang a thread's messages below those of another one. A leaf stays in its thread.
#[test]
fn selecting_stays_in_the_thread() {
    let connection = forked();
    connection
        .execute_batch(
            "SELECT branch_thread('other'); SELECT branch_append('other', 'user', '9');
             UPDATE messages SET parent_entry_id = 4 WHERE id = 9; SELECT branch_append('other', 'user', '10');",
        )
        .unwrap();
    assert_eq!(integer(&connection, "SELECT branch_tip(3)", &[]), 10);
    assert_eq!(integer(&connection, "SELECT branch_select(3)", &[]), 4);
    connection
        .execute_batch("UPDATE messages SET parent_entry_id = 2 WHERE id = 9")
        .unwrap();
    assert_eq!(
        error(&connection, "SELECT branch_select(3, 4)", &[]),
        (
            1,
            "branch_select: message 9 is not in thread 't'".to_owned()
        )
    );
    assert_eq!(integer(&connection, "SELECT branch_select(9)", &[]), 10);
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM branch_check", &[]),
        0
    );
}

#[test]
fn versions_and_positions() {
    let connection = forked();
    integer(&connection, "SELECT branch_select(5)", &[]);
    let listed = |rest: &str| {
        text(
            &connection,
            &format!("SELECT json_group_array(json_array(id, uid, position, versions)) FROM (SELECT id, uid, position, versions FROM branch_messages('t') {rest})"),
        )
    };
    assert_eq!(
        listed(""),
        r#"[[1,"one",1,2],[2,null,1,1],[5,null,2,3],[6,null,1,1]]"#
    );
    assert_eq!(
        listed("ORDER BY distance"),
        r#"[[6,null,1,1],[5,null,2,3],[2,null,1,1],[1,"one",1,2]]"#
    );
    assert_eq!(listed("WHERE position > 1"), r#"[[5,null,2,3]]"#);
    assert_eq!(listed("WHERE uid = 'one'"), r#"[[1,"one",1,2]]"#);
    // As branch_siblings counts, on every branch.
    for leaf in 1..=8 {
        integer(&connection, "SELECT branch_switch('t', ?1)", &[&leaf]);
        let sql = "SELECT count(*) FROM branch_messages('t') AS m WHERE \
             m.position <> (SELECT s.position FROM branch_siblings(m.id) AS s WHERE s.id = m.id) \
             OR m.versions <> (SELECT count(*) FROM branch_siblings(m.id))";
        assert_eq!(integer(&connection, sql, &[]), 0, "{leaf}");
    }
    // Not among those of SELECT *.
    let statement = connection
        .prepare("SELECT * FROM branch_messages('t')")
        .unwrap();
    assert_eq!(
        statement.column_names().collect::<Vec<_>>(),
        [
            "id",
            "thread_id",
            "role",
            "content",
            "item_json",
            "created_at",
            "parent_entry_id",
            "distance"
        ]
    );
}
