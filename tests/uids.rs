//! Uids: naming a message, finding it by its name, and calling again after a lost answer.

mod host;

use host::{error, integer, maybe};
use rusqlite::{Connection, ToSql};

const CONSTRAINT: i32 = 19;

fn text(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Option<String> {
    connection
        .query_row(sql, values, |row| row.get(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn chat() -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t'); SELECT branch_thread('other');
             SELECT branch_append('t', 'user', 'one', NULL, 1, 'a');
             SELECT branch_append('t', 'assistant', 'two', '{\"n\":1}', 2, 'b');
             SELECT branch_append('t', 'user', 'three', NULL, 3);",
        )
        .unwrap();
    connection
}

/// All that is stored.
fn contents(connection: &Connection) -> String {
    text(
        connection,
        "SELECT (SELECT json_group_array(json_array(id, thread_id, content, parent_entry_id)) FROM messages) \
             || (SELECT json_group_array(json_array(id, current_leaf_id)) FROM threads) \
             || (SELECT json_group_array(json_array(uid, message_id)) FROM message_uids) \
             || (SELECT json_group_array(seq) FROM sqlite_sequence)",
        &[],
    )
    .unwrap()
}

#[test]
fn from_a_name_to_an_id_and_back() {
    let connection = chat();
    assert_eq!(integer(&connection, "SELECT branch_id('a')", &[]), 1);
    assert_eq!(text(&connection, "SELECT branch_uid(2)", &[]).unwrap(), "b");
    assert_eq!(
        text(&connection, "SELECT branch_uid('b')", &[]).unwrap(),
        "b"
    );
    for sql in [
        "branch_id('c')",
        "branch_id('1')",
        "branch_id('')",
        "branch_id(NULL)",
    ] {
        assert_eq!(
            maybe(&connection, &format!("SELECT {sql}"), &[]),
            None,
            "{sql}"
        );
    }
    for sql in [
        "branch_uid(3)",
        "branch_uid(99)",
        "branch_uid('c')",
        "branch_uid(NULL)",
    ] {
        assert_eq!(
            text(&connection, &format!("SELECT {sql}"), &[]),
            None,
            "{sql}"
        );
    }
    assert_eq!(
        error(&connection, "SELECT branch_id(1)", &[]),
        (1, "branch_id: uid must be text, not an integer".to_owned())
    );
}

#[test]
fn any_text_can_be_a_name() {
    let connection = chat();
    for (at, uid) in [
        "Ünï", "a b", " ", "1.5", "1e5", "0x1", "+", "-", "NULL", "%s", "x\0y", "1\0", "²", "'",
    ]
    .iter()
    .enumerate()
    {
        let id = integer(
            &connection,
            "SELECT branch_append('t', 'user', '', NULL, NULL, ?1)",
            &[uid],
        );
        assert_eq!(id, at as i64 + 4);
        assert_eq!(integer(&connection, "SELECT branch_id(?1)", &[uid]), id);
        assert_eq!(integer(&connection, "SELECT branch_root(?1)", &[uid]), 1);
        assert_eq!(
            text(&connection, "SELECT branch_uid(?1)", &[&id]).unwrap(),
            *uid
        );
    }
    // Each byte counts, as does the case.
    assert_eq!(maybe(&connection, "SELECT branch_id('A')", &[]), None);
    assert_eq!(maybe(&connection, "SELECT branch_id('a ')", &[]), None);
}

/// Wherever an id is taken.
#[test]
fn in_place_of_an_id() {
    let connection = chat();
    for (sql, answer) in [
        ("branch_depth('b')", 1),
        ("branch_root('b')", 1),
        ("branch_tip('a')", 3),
        ("branch_common_ancestor('a', 3)", 1),
        ("branch_common_ancestor('a', 'b')", 1),
        ("branch_is_ancestor('a', 'b')", 1),
        ("branch_is_ancestor('b', 'a')", 0),
        ("count(*) FROM branch_path('b')", 2),
        ("id FROM branch_children('a')", 2),
        ("position FROM branch_siblings('b')", 1),
        ("count(*) FROM branch_diff('a', 3)", 2),
        ("max(id) FROM branch_messages('t', NULL, 'b')", 1),
        ("branch_label('a', 'start')", 1),
        ("branch_switch('t', 'a')", 1),
        ("branch_select('b')", 3),
        ("branch_fork('a', 'user', 'new')", 4),
        ("branch_alternative('b', 'user', 'new')", 5),
        ("branch_copy('b', 'copy')", 7),
        ("branch_prune('b')", 2),
    ] {
        assert_eq!(
            integer(&connection, &format!("SELECT {sql}"), &[]),
            answer,
            "{sql}"
        );
    }
}

/// The functions that add a message, called again as they were.
#[test]
fn again_is_once() {
    let connection = chat();
    let calls = [
        "branch_append('t', 'user', 'four', NULL, 4, 'd')",
        "branch_fork('a', 'user', 'five', '[1, 2]', 5, 'e')",
        "branch_alternative('a', 'user', 'six', NULL, NULL, 'f')",
    ];
    let mut ids = Vec::new();
    for call in calls {
        ids.push(integer(&connection, &format!("SELECT {call}"), &[]));
    }
    assert_eq!(ids, [4, 5, 6]);
    integer(&connection, "SELECT branch_switch('t', 2)", &[]);
    let before = contents(&connection);
    for (call, id) in calls.iter().zip(&ids) {
        assert_eq!(integer(&connection, &format!("SELECT {call}"), &[]), *id);
    }
    // The time is not compared, nor where it hangs.
    for call in [
        "branch_append('t', 'user', 'six', NULL, 99, 'f')",
        "branch_fork(3, 'user', 'six', NULL, 99, 'f')",
        "branch_alternative(3, 'user', 'six', NULL, 99, 'f')",
    ] {
        assert_eq!(integer(&connection, &format!("SELECT {call}"), &[]), 6);
    }
    assert_eq!(contents(&connection), before);
}

#[test]
fn another_message_of_the_same_name_is_refused() {
    let connection = chat();
    let before = contents(&connection);
    for (arguments, what) in [
        ("'other', 'user', 'one', NULL", "thread"),
        ("'t', 'system', 'one', NULL", "role"),
        ("'t', 'user', 'One', NULL", "content"),
        ("'t', 'user', 'one' || char(0), NULL", "content"),
        ("'t', 'user', 'one', '{}'", "item_json"),
    ] {
        for around in ["", "BEGIN"] {
            connection.execute_batch(around).unwrap();
            let sql = format!("SELECT branch_append({arguments}, 1, 'a')");
            assert_eq!(
                error(&connection, &sql, &[]),
                (
                    CONSTRAINT,
                    format!(
                        "branch_append: uid 'a' names message 1 already, which has another {what}"
                    )
                )
            );
            assert_eq!(connection.is_autocommit(), around.is_empty());
            if !around.is_empty() {
                connection.execute_batch("COMMIT").unwrap();
            }
        }
    }
    // JSON is compared as text.
    let sql = "SELECT branch_fork(1, 'assistant', 'two', '{ \"n\":1}', 1, 'b')";
    assert_eq!(error(&connection, sql, &[]).0, CONSTRAINT);
    let sql = "SELECT branch_alternative(1, 'assistant', 'two', NULL, 1, 'b')";
    assert_eq!(error(&connection, sql, &[]).0, CONSTRAINT);
    assert_eq!(contents(&connection), before);
}

/// What other programs leave behind, or write.
#[test]
fn a_name_whose_message_is_gone_does_not_exist() {
    let connection = chat();
    connection
        .execute_batch(
            "DELETE FROM messages WHERE id = 3; UPDATE threads SET current_leaf_id = 1 WHERE id = 't'; DELETE FROM messages WHERE id = 2",
        )
        .unwrap();
    assert_eq!(maybe(&connection, "SELECT branch_id('b')", &[]), None);
    assert_eq!(text(&connection, "SELECT branch_uid(2)", &[]), None);
    assert_eq!(
        error(&connection, "SELECT branch_fork('b', 'user', '')", &[]),
        (1, "branch_fork: no message 'b'".to_owned())
    );
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_append('t', 'user', 'anew', NULL, 4, 'b')",
            &[]
        ),
        4
    );
    assert_eq!(integer(&connection, "SELECT branch_id('b')", &[]), 4);
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM message_uids", &[]),
        2
    );
    // Not an id at all.
    connection
        .execute_batch("INSERT INTO message_uids VALUES ('odd', 'x'), ('null', 77)")
        .unwrap();
    assert_eq!(maybe(&connection, "SELECT branch_id('odd')", &[]), None);
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_append('t', 'user', '5', NULL, 4, 'odd')",
            &[]
        ),
        5
    );
}

/// A call that is repeated after a lost answer is answered, whatever was deleted meanwhile around the message.
#[test]
fn again_where_the_parent_is_gone() {
    let calls = [
        "SELECT branch_append('t', 'user', 'x', NULL, 9, 'k')",
        "SELECT branch_fork(2, 'user', 'x', NULL, 9, 'k')",
        "SELECT branch_fork('b', 'user', 'x', NULL, 9, 'k')",
        "SELECT branch_alternative(3, 'user', 'x', NULL, 9, 'k')",
        "INSERT INTO branch_messages(thread_id, role, content, created_at, uid, parent_entry_id) \
         VALUES ('t', 'user', 'x', 9, 'k', 2)",
        "INSERT INTO branch_messages(thread_id, role, content, created_at, uid, parent_entry_id) \
         VALUES ('t', 'user', 'x', 9, 'k', 'b')",
    ];
    for first in calls {
        let connection = chat();
        connection.execute_batch(first).unwrap();
        connection
            .execute_batch("DELETE FROM messages WHERE id IN (2, 3)")
            .unwrap();
        let before = contents(&connection);
        for again in calls {
            if again.starts_with("SELECT") {
                assert_eq!(integer(&connection, again, &[]), 4, "{first}, {again}");
            } else {
                connection.execute_batch(again).unwrap();
                assert_eq!(connection.last_insert_rowid(), 4, "{first}, {again}");
            }
            let other = again.replace("'x'", "'y'");
            assert_eq!(error(&connection, &other, &[]).0, 19, "{other}");
            let new = again.replace("'k'", "'l'");
            if !new.contains("append") {
                let (code, told) = error(&connection, &new, &[]);
                assert_eq!(code, 1);
                assert!(told.contains("no message "), "{told}");
            }
            assert_eq!(contents(&connection), before, "{first}, {again}");
        }
    }
}

#[test]
fn deleting_frees_the_names() {
    let connection = chat();
    assert_eq!(integer(&connection, "SELECT branch_prune('b')", &[]), 2);
    assert_eq!(
        text(
            &connection,
            "SELECT group_concat(uid) FROM message_uids",
            &[]
        )
        .unwrap(),
        "a"
    );
    assert_eq!(
        integer(&connection, "SELECT branch_copy('a', 'copy')", &[]),
        4
    );
    assert_eq!(text(&connection, "SELECT branch_uid(4)", &[]), None);
    assert_eq!(integer(&connection, "SELECT branch_clear('t')", &[]), 1);
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM message_uids", &[]),
        0
    );
}

/// A file that was not brought up to date works as before, and says so where a name is given.
#[test]
fn a_file_without_the_table() {
    let connection = chat();
    connection.execute_batch("DROP TABLE message_uids").unwrap();
    assert_eq!(
        integer(&connection, "SELECT branch_append('t', 'user', 'x')", &[]),
        4
    );
    assert_eq!(
        error(&connection, "SELECT branch_append('t', 'user', 'x', NULL, NULL, 'u')", &[]),
        (
            1,
            "branch_append: no such table: main.message_uids; SELECT branch_migrate() brings the database up to date".to_owned()
        )
    );
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM messages", &[]),
        4
    );
    assert_eq!(maybe(&connection, "SELECT branch_id('a')", &[]), None);
    assert_eq!(integer(&connection, "SELECT branch_prune(2)", &[]), 3);
    assert_eq!(integer(&connection, "SELECT branch_clear('t')", &[]), 1);
}

#[test]
fn a_trigger_that_swallows_the_name() {
    let connection = chat();
    connection
        .execute_batch(
            "CREATE TRIGGER no BEFORE INSERT ON message_uids BEGIN SELECT raise(IGNORE); END",
        )
        .unwrap();
    let before = contents(&connection);
    let sql = "SELECT branch_append('t', 'user', 'x', NULL, NULL, 'u')";
    assert_eq!(
        error(&connection, sql, &[]),
        (
            1,
            "branch_append: the uid 'u' was not stored; a trigger on message_uids ignored it"
                .to_owned()
        )
    );
    // An import would add everything anew each time.
    let import = "SELECT branch_import('openai', '[{\"role\":\"user\",\"content\":\"x\"}]', '{\"thread\":\"t\"}')";
    let (code, told) = error(&connection, import, &[]);
    assert_eq!(code, 1);
    assert!(
        told.ends_with("was not stored; a trigger on message_uids ignored it"),
        "{told}"
    );
    assert_eq!(contents(&connection), before);
}

/// What other programs leave behind.
#[test]
fn the_check_sees_it() {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t', 'T', 1), branch_thread('u', 'U', 2);
             SELECT branch_append('t', 'user', 'one', NULL, 1), branch_append('t', 'assistant', 'two', NULL, 2, 'two');",
        )
        .unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM threads WHERE id = 't'; DELETE FROM messages WHERE id = 2")
        .unwrap();
    connection
        .execute_batch("INSERT INTO message_labels VALUES ('u', 'l', 2, 1)")
        .unwrap();
    let check = |from: &str| {
        let sql = format!("SELECT json_group_array(json_array(thread_id, message_id, problem, detail)) FROM {from}");
        text(&connection, &sql, &[]).unwrap()
    };
    assert_eq!(
        check("branch_check()"),
        r#"[[null,2,"uid of a missing message","uid 'two': its message is missing"],["t",1,"thread missing","its thread 't' is missing"],["u",2,"label of a missing message","label 'l': its message is missing"]]"#
    );
    assert_eq!(
        check("branch_check('t')"),
        r#"[["t",1,"thread missing","its thread 't' is missing"]]"#
    );
    assert_eq!(
        check("branch_check('u')"),
        r#"[["u",2,"label of a missing message","label 'l': its message is missing"]]"#
    );
    connection
        .execute_batch("DROP TABLE message_uids; DROP TABLE message_labels")
        .unwrap();
    assert_eq!(
        check("branch_check()"),
        r#"[["t",1,"thread missing","its thread 't' is missing"]]"#
    );
}
