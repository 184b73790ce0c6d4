//! Writing with INSERT: into `branch_messages`, and through `branch_call`.

mod host;

#[path = "inserts/calls.rs"]
mod calls;

use host::{error, integer};
use rusqlite::{Connection, ToSql};

/// The thread `t` with the messages 1 and 2, and the empty thread `u`.
fn chat() -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t', 'T', 1), branch_thread('u', 'U', 2);
             SELECT branch_append('t', 'user', 'one', NULL, 1), branch_append('t', 'assistant', 'two', NULL, 2, 'two');",
        )
        .unwrap();
    connection
}

fn all(connection: &Connection) -> String {
    text(
        connection,
        "SELECT (SELECT json_group_array(json_array(id, thread_id, role, content, item_json, parent_entry_id)) FROM messages) \
             || (SELECT json_group_array(json_array(id, current_leaf_id)) FROM threads) \
             || (SELECT json_group_array(json_array(uid, message_id)) FROM message_uids)",
    )
}

fn text(connection: &Connection, sql: &str) -> String {
    connection
        .query_row(sql, [], |row| row.get::<_, Option<String>>(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .unwrap_or_else(|| "NULL".to_owned())
}

/// What an INSERT refuses. (`error` asks for rows, and an INSERT has none.)
fn refused(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> (i32, String) {
    error(connection, sql, values)
}

fn last(connection: &Connection, sql: &str) -> i64 {
    connection
        .execute(sql, [])
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.last_insert_rowid()
}

#[test]
fn an_insert_appends() {
    let connection = chat();
    let insert =
        "INSERT INTO branch_messages(thread_id, role, content) VALUES ('t', 'user', 'three')";
    assert_eq!(last(&connection, insert), 3);
    assert_eq!(connection.changes(), 1);
    let insert = "INSERT INTO branch_messages(thread_id, role, content, item_json, created_at, uid) \
         VALUES ('t', 'assistant', 'four', '{\"a\": 1}', 1760000000.9, 'f'), ('u', 'user', 'five', NULL, NULL, NULL)";
    assert_eq!(last(&connection, insert), 5);
    assert_eq!(
        text(&connection, "SELECT json_group_array(json_array(id, parent_entry_id, item_json, created_at, uid)) FROM branch_messages('t') WHERE id > 2"),
        r#"[[3,2,null,"#.to_owned()
            + &text(&connection, "SELECT created_at || '' FROM messages WHERE id = 3")
            + r#",null],[4,3,"{\"a\": 1}",1760000000,"f"]]"#
    );
    assert_eq!(
        text(
            &connection,
            "SELECT json_group_array(current_leaf_id) FROM threads"
        ),
        "[4,5]"
    );
    // In any order of columns, with bound values, and without naming columns.
    connection
        .execute(
            "INSERT INTO branch_messages(content, role, thread_id) VALUES (?1, ?2, ?3)",
            ("six", "user", "u"),
        )
        .unwrap();
    assert_eq!(connection.last_insert_rowid(), 6);
    assert_eq!(
        last(
            &connection,
            "INSERT INTO branch_messages VALUES (NULL, 'u', 'user', 'seven', NULL, 9, NULL, NULL)"
        ),
        7
    );
    assert_eq!(integer(&connection, "SELECT branch_depth(7)", &[]), 2);
}

#[test]
fn with_a_parent_it_forks() {
    let connection = chat();
    let insert = |parent: &str| {
        last(
            &connection,
            &format!(
                "INSERT INTO branch_messages(thread_id, role, content, parent_entry_id) VALUES ('t', 'user', 'x', {parent})"
            ),
        )
    };
    assert_eq!(insert("1"), 3);
    assert_eq!(insert("'two'"), 4);
    assert_eq!(insert("'1'"), 5);
    assert_eq!(insert("NULL"), 6);
    assert_eq!(
        text(
            &connection,
            "SELECT json_group_array(parent_entry_id) FROM (SELECT parent_entry_id FROM messages ORDER BY id)"
        ),
        "[null,1,1,2,1,5]"
    );
    assert_eq!(
        integer(
            &connection,
            "SELECT current_leaf_id FROM threads WHERE id = 't'",
            &[]
        ),
        6
    );
    // A new first message.
    last(
        &connection,
        "INSERT INTO branch_call SELECT branch_switch('t', NULL)",
    );
    assert_eq!(insert("NULL"), 7);
    assert_eq!(integer(&connection, "SELECT branch_depth(7)", &[]), 0);
}

#[test]
fn what_cannot_be_set_is_refused() {
    let connection = chat();
    let before = all(&connection);
    let set = "and cannot be set";
    for (column, value, told) in [
        ("id", "9", format!("id is given by the database, {set}")),
        ("rowid", "9", format!("id is given by the database, {set}")),
        (
            "distance",
            "0",
            format!("distance follows from where the message is, {set}"),
        ),
        (
            "position",
            "1",
            format!("position follows from where the message is, {set}"),
        ),
        (
            "versions",
            "1",
            format!("versions follows from where the message is, {set}"),
        ),
        (
            "thread",
            "'t'",
            format!("thread is an argument for reading; name thread_id, {set}"),
        ),
        (
            "\"limit\"",
            "1",
            format!("limit is an argument for reading, {set}"),
        ),
        (
            "before",
            "1",
            format!("before is an argument for reading, {set}"),
        ),
        ("parent_entry_id", "9", "no message 9".to_owned()),
        ("parent_entry_id", "'nine'", "no message 'nine'".to_owned()),
        (
            "parent_entry_id",
            "x'09'",
            "parent_entry_id must be an integer or a uid, not a blob".to_owned(),
        ),
        (
            "item_json",
            "'{'",
            "item_json is not valid JSON: EOF while parsing an object at line 1 column 1"
                .to_owned(),
        ),
        (
            "created_at",
            "1760000000000",
            "created_at must be in seconds, and 1760000000000 looks like milliseconds".to_owned(),
        ),
        ("uid", "''", "uid must not be empty".to_owned()),
        (
            "uid",
            "'12'",
            "uid must not read as an integer, as '12' does".to_owned(),
        ),
    ] {
        let sql = format!("INSERT INTO branch_messages(thread_id, role, content, {column}) VALUES ('t', 'user', 'x', {value})");
        assert_eq!(
            refused(&connection, &sql, &[]),
            (1, format!("branch_messages: {told}")),
            "{sql}"
        );
    }
    for (columns, values, told) in [
        (
            "role, content",
            "'user', 'x'",
            "thread_id must be text, not NULL",
        ),
        (
            "thread_id, content",
            "'t', 'x'",
            "role must be text, not NULL",
        ),
        (
            "thread_id, role",
            "'t', 'user'",
            "content must be text, not NULL",
        ),
        (
            "thread_id, role, content",
            "'nobody', 'user', 'x'",
            "no thread 'nobody'",
        ),
        (
            "thread_id, role, content",
            "'t', 'user', 5",
            "content must be text, not an integer",
        ),
        (
            "thread_id, role, content, parent_entry_id",
            "'u', 'user', 'x', 1",
            "message 1 is not in thread 'u'",
        ),
        (
            "thread_id, role, content, parent_entry_id",
            "'nobody', 'user', 'x', 1",
            "no thread 'nobody'",
        ),
    ] {
        let sql = format!("INSERT INTO branch_messages({columns}) VALUES ({values})");
        assert_eq!(
            refused(&connection, &sql, &[]),
            (1, format!("branch_messages: {told}")),
            "{sql}"
        );
    }
    let update = "branch_messages: no UPDATE: branch_alternative(message_id, role, content) stores an edited message beside the old one, branch_switch moves the leaf";
    for sql in [
        "UPDATE branch_messages SET content = 'x' WHERE thread = 't'",
        "UPDATE branch_messages SET id = 9 WHERE thread = 't' AND id = 1",
    ] {
        assert_eq!(refused(&connection, sql, &[]), (1, update.to_owned()));
    }
    assert_eq!(
        refused(&connection, "DELETE FROM branch_messages WHERE thread = 't' AND id = 1", &[]),
        (1, "branch_messages: no DELETE: branch_prune(message_id) deletes a message with all below it, branch_clear(thread_id) all of a thread".to_owned())
    );
    for table in [
        "branch_path",
        "branch_tree",
        "branch_threads",
        "branch_check",
    ] {
        let (_, told) = refused(&connection, &format!("DELETE FROM {table}"), &[]);
        assert_eq!(told, format!("table {table} may not be modified"));
    }
    assert_eq!(all(&connection), before);
}

/// A call that is repeated after a lost answer happens once.
#[test]
fn a_uid_makes_an_insert_repeatable() {
    let connection = chat();
    let insert = "INSERT INTO branch_messages(thread_id, role, content, uid) VALUES ('t', 'user', 'three', 'k'), ('t', 'user', 'four', 'l')";
    assert_eq!(last(&connection, insert), 4);
    let before = all(&connection);
    assert_eq!(last(&connection, insert), 4);
    assert_eq!(all(&connection), before);
    let other = "INSERT INTO branch_messages(thread_id, role, content, uid) VALUES ('t', 'user', 'anew', NULL), ('t', 'user', 'other', 'k')";
    const CONSTRAINT: i32 = 19;
    assert_eq!(
        refused(&connection, other, &[]),
        (
            CONSTRAINT,
            "branch_messages: uid 'k' names message 3 already, which has another content"
                .to_owned()
        )
    );
    assert_eq!(all(&connection), before, "all rows or none");
    let again = "INSERT INTO branch_messages(thread_id, role, content, uid, parent_entry_id) VALUES ('t', 'user', 'three', 'k', 1)";
    assert_eq!(last(&connection, again), 3);
    assert_eq!(all(&connection), before);
}

/// Several rows are one statement, wherever it stands, and whichever conflict clause it has.
#[test]
fn all_rows_or_none() {
    for around in ["", "BEGIN", "SAVEPOINT here"] {
        for or in ["", "OR ABORT", "OR FAIL", "OR IGNORE", "OR REPLACE"] {
            for rest in [
                "VALUES ('t', 'user', 'x'), ('u', 'user', 'y'), ('nobody', 'user', 'z')",
                "SELECT thread_id, 'user', 'again' FROM branch_messages('t') UNION ALL SELECT 'nobody', 'user', 'z'",
            ] {
                let connection = chat();
                connection.execute_batch(around).unwrap();
                connection.execute_batch("UPDATE threads SET title = 'kept'").unwrap();
                let before = all(&connection);
                let sql = format!("INSERT {or} INTO branch_messages(thread_id, role, content) {rest}");
                assert_eq!(refused(&connection, &sql, &[]), (1, "branch_messages: no thread 'nobody'".to_owned()), "{sql}");
                assert_eq!(all(&connection), before, "{sql}");
                assert_eq!(connection.is_autocommit(), around.is_empty());
                assert_eq!(text(&connection, "SELECT DISTINCT title FROM threads"), "kept");
                if !around.is_empty() {
                    connection.execute_batch("COMMIT").unwrap();
                }
            }
        }
    }
    // A conflict of the stored tables, likewise.
    let connection = chat();
    connection
        .execute_batch("CREATE UNIQUE INDEX once ON messages(content)")
        .unwrap();
    let before = all(&connection);
    for or in ["", "OR IGNORE", "OR REPLACE", "OR FAIL"] {
        let sql = format!("INSERT {or} INTO branch_messages(thread_id, role, content) VALUES ('t', 'user', 'new'), ('t', 'user', 'one')");
        let (code, told) = refused(&connection, &sql, &[]);
        assert_eq!(
            (code, told.as_str()),
            (
                2067,
                "branch_messages: UNIQUE constraint failed: messages.content"
            )
        );
        assert_eq!(all(&connection), before, "{sql}");
    }
}

#[test]
fn reading_and_writing_the_same_branch() {
    let connection = chat();
    let sql = "INSERT INTO branch_messages(thread_id, role, content) SELECT 'u', role, content FROM branch_messages('t')";
    assert_eq!(last(&connection, sql), 4);
    let sql = "INSERT INTO branch_messages(thread_id, role, content) SELECT thread_id, role, content FROM branch_messages('t')";
    assert_eq!(last(&connection, sql), 6);
    assert_eq!(
        text(
            &connection,
            "SELECT group_concat(content) FROM branch_messages('t')"
        ),
        "one,two,one,two"
    );
}

/// `branch_messages` is not closed to triggers; the functions and `branch_call` are.
#[test]
fn triggers() {
    let connection = chat();
    connection
        .execute_batch(
            "CREATE TABLE notes(note TEXT);
             CREATE TRIGGER noted AFTER INSERT ON notes BEGIN
                 INSERT INTO branch_messages(thread_id, role, content) VALUES ('t', 'system', new.note);
             END;",
        )
        .unwrap();
    assert_eq!(
        last(&connection, "INSERT INTO notes VALUES ('a'), ('b')"),
        2
    );
    assert_eq!(
        text(
            &connection,
            "SELECT group_concat(content) FROM branch_messages('t')"
        ),
        "one,two,a,b"
    );
    // What fails inside fails as a whole.
    connection
        .execute_batch("CREATE UNIQUE INDEX once ON messages(content)")
        .unwrap();
    let before = all(&connection);
    let (code, _) = refused(&connection, "INSERT INTO notes VALUES ('c'), ('a')", &[]);
    assert_eq!(code, 2067);
    assert_eq!(all(&connection), before);
    assert_eq!(integer(&connection, "SELECT count(*) FROM notes", &[]), 2);
    // A schema that is not trusted.
    connection
        .execute_batch("PRAGMA trusted_schema = OFF")
        .unwrap();
    let (_, told) = refused(&connection, "INSERT INTO notes VALUES ('d')", &[]);
    assert_eq!(told, "unsafe use of virtual table \"branch_messages\"");
    connection
        .execute_batch("PRAGMA trusted_schema = ON; DROP TRIGGER noted")
        .unwrap();
    connection
        .execute_batch("CREATE TRIGGER called AFTER INSERT ON notes BEGIN INSERT INTO branch_call VALUES (1); END")
        .unwrap();
    let (_, told) = refused(&connection, "INSERT INTO notes VALUES ('d')", &[]);
    assert_eq!(told, "unsafe use of virtual table \"branch_call\"");
}
