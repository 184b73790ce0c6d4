//! Making, showing and deleting threads: `branch_thread`, `branch_select`, `branch_delete`.

mod host;

use host::{error, integer, maybe};
use rusqlite::Connection;

fn text(connection: &Connection, sql: &str) -> String {
    connection
        .query_row(sql, [], |row| row.get::<_, Option<String>>(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .unwrap_or_else(|| "NULL".to_owned())
}

/// All rows of a query, as JSON.
fn rows(connection: &Connection, sql: &str, columns: &str) -> String {
    text(
        connection,
        &format!("SELECT json_group_array(json_array({columns})) FROM ({sql})"),
    )
}

#[test]
fn a_thread_takes_one_call() {
    let connection = host::migrated();
    assert_eq!(
        text(&connection, "SELECT branch_thread('chat', 'Bread', 50)"),
        "chat"
    );
    assert_eq!(
        rows(&connection, "SELECT * FROM threads", "id, title, created_at, updated_at, preview, ephemeral, model_provider, status, cwd, cli_version, source, archived, current_leaf_id"),
        r#"[["chat","Bread",50,50,"",0,"","idle","","","api",0,null]]"#
    );
    // Once more: only a title that is given changes something.
    assert_eq!(text(&connection, "SELECT branch_thread('chat')"), "chat");
    assert_eq!(
        text(&connection, "SELECT branch_thread('chat', NULL, 99)"),
        "chat"
    );
    assert_eq!(text(&connection, "SELECT title FROM threads"), "Bread");
    assert_eq!(
        text(&connection, "SELECT branch_thread('chat', 'Cake', 99)"),
        "chat"
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT * FROM threads",
            "title, created_at, updated_at"
        ),
        r#"[["Cake",50,50]]"#
    );
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_append('chat', 'user', 'Hi')",
            &[]
        ),
        1
    );
}

#[test]
fn a_thread_without_an_id_gets_a_uuid() {
    let connection = host::migrated();
    let before = integer(&connection, "SELECT unixepoch()", &[]);
    let first = text(&connection, "SELECT branch_thread(NULL, 'A')");
    let second = text(&connection, "SELECT branch_thread(NULL)");
    let after = integer(&connection, "SELECT unixepoch()", &[]);
    assert_ne!(first, second);
    for id in [&first, &second] {
        let glob =
            "SELECT ?1 GLOB '________-____-7___-[89ab]___-____________'".replace('_', "[0-9a-f]");
        assert_eq!(integer(&connection, &glob, &[id]), 1, "{id}");
        let milliseconds = i64::from_str_radix(&id.replace('-', "")[..12], 16).unwrap();
        assert!((before..=after).contains(&(milliseconds / 1000)), "{id}");
    }
    assert_eq!(integer(&connection, "SELECT count(*) FROM threads", &[]), 2);
}

#[test]
fn an_integer_is_the_text_of_a_thread_id() {
    let connection = host::migrated();
    assert_eq!(
        text(
            &connection,
            "SELECT typeof(branch_thread(42)) || branch_thread(42)"
        ),
        "text42"
    );
    assert_eq!(text(&connection, "SELECT typeof(id) FROM threads"), "text");
    assert_eq!(
        integer(&connection, "SELECT branch_append(42, 'user', 'a')", &[]),
        1
    );
    assert_eq!(
        integer(&connection, "SELECT branch_append('42', 'user', 'b')", &[]),
        2
    );
    for table in [
        "branch_messages(42)",
        "branch_tree(42)",
        "branch_leaves(42)",
        "branch_messages('42')",
    ] {
        let sql = format!("SELECT max(id) FROM {table}");
        assert_eq!(integer(&connection, &sql, &[]), 2, "{sql}");
    }
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM branch_check(42)", &[]),
        0
    );
    assert_eq!(integer(&connection, "SELECT branch_copy(1, 43)", &[]), 3);
    assert_eq!(
        text(
            &connection,
            "SELECT group_concat(typeof(id) || id) FROM threads"
        ),
        "text42,text43"
    );
    assert_eq!(integer(&connection, "SELECT branch_switch(42, 1)", &[]), 1);
    assert_eq!(integer(&connection, "SELECT branch_clear(42)", &[]), 2);
    assert_eq!(integer(&connection, "SELECT branch_delete(43)", &[]), 1);
}

/// Tables of threads that other programs made.
#[test]
fn other_tables_of_threads() {
    // Fewer columns, and other ones that have a default or may be NULL.
    let connection = host::memory();
    connection
        .execute_batch(
            "CREATE TABLE threads(id TEXT PRIMARY KEY, workspace TEXT NOT NULL DEFAULT 'home', mood TEXT,
                 \"created_at\" INTEGER NOT NULL, Title TEXT, current_leaf_id INTEGER);
             CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, thread_id TEXT NOT NULL, role TEXT NOT NULL,
                 content TEXT NOT NULL, item_json TEXT, created_at INTEGER NOT NULL, parent_entry_id INTEGER);",
        )
        .unwrap();
    assert_eq!(
        text(&connection, "SELECT branch_thread('a', 'Bread', 7)"),
        "a"
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT * FROM threads",
            "id, workspace, mood, created_at, title"
        ),
        r#"[["a","home",null,7,"Bread"]]"#
    );
    assert_eq!(
        integer(&connection, "SELECT branch_append('a', 'user', 'x')", &[]),
        1
    );
    assert_eq!(integer(&connection, "SELECT branch_delete('a')", &[]), 1);

    // A column that must be filled, and that nobody here knows.
    let connection = host::migrated();
    connection
        .execute_batch("DROP TABLE threads; CREATE TABLE threads(id TEXT PRIMARY KEY, workspace TEXT NOT NULL, current_leaf_id INTEGER)")
        .unwrap();
    const NOT_NULL: i32 = 1299;
    let (code, told) = error(&connection, "SELECT branch_thread('a')", &[]);
    assert_eq!(code, NOT_NULL);
    assert!(
        told.starts_with("branch_thread: NOT NULL constraint failed: threads.workspace; "),
        "{told}"
    );
    assert_eq!(integer(&connection, "SELECT count(*) FROM threads", &[]), 0);
    // There is no column for a title.
    let (code, told) = error(&connection, "SELECT branch_thread('a', 'Bread')", &[]);
    assert_eq!(
        (code, told.as_str()),
        (
            1,
            "branch_thread: the table threads has no column for a title"
        )
    );
    // Those that another program wrote are as good as any.
    connection
        .execute_batch("INSERT INTO threads VALUES ('b', 'w', NULL)")
        .unwrap();
    assert_eq!(text(&connection, "SELECT branch_thread('b')"), "b");
    assert_eq!(
        integer(&connection, "SELECT branch_append('b', 'user', 'x')", &[]),
        1
    );
}

/// A thread row with NULLs where it may have them, as another program leaves it.
#[test]
fn a_row_of_another_program() {
    let connection = host::migrated();
    host::add_thread(&connection, "theirs");
    assert_eq!(
        text(&connection, "SELECT branch_thread('theirs', 'Ours now')"),
        "theirs"
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT * FROM threads",
            "id, title, preview, model_provider, cwd, source"
        ),
        r#"[["theirs","Ours now","a preview","a provider","/home","interactive"]]"#
    );
}

#[test]
fn a_trigger_that_swallows_the_thread() {
    let connection = host::migrated();
    connection
        .execute_batch("CREATE TRIGGER no BEFORE INSERT ON threads BEGIN SELECT raise(IGNORE); END")
        .unwrap();
    let (code, told) = error(&connection, "SELECT branch_thread('a')", &[]);
    assert_eq!(code, 1);
    assert!(
        told.starts_with("branch_thread: the thread was not stored"),
        "{told}"
    );
    connection
        .execute_batch(
            "DROP TRIGGER no; SELECT branch_thread('a');
        CREATE TRIGGER no BEFORE UPDATE OF title ON threads BEGIN SELECT raise(IGNORE); END;
        CREATE TRIGGER never BEFORE DELETE ON threads BEGIN SELECT raise(IGNORE); END",
        )
        .unwrap();
    let (_, told) = error(&connection, "SELECT branch_thread('a', 'title')", &[]);
    assert!(
        told.starts_with("branch_thread: the title was not set"),
        "{told}"
    );
    let (_, told) = error(&connection, "SELECT branch_delete('a')", &[]);
    assert!(
        told.starts_with("branch_delete: the thread was not deleted"),
        "{told}"
    );
}

/// Two threads that have everything that a thread can have.
fn furnished(foreign_keys: bool) -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch(&format!("PRAGMA foreign_keys = {foreign_keys}"))
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE thread_goals(thread_id TEXT PRIMARY KEY NOT NULL, goal_id TEXT NOT NULL,
                 FOREIGN KEY(thread_id) REFERENCES threads(id) ON DELETE CASCADE);
             CREATE TABLE theirs(name TEXT, thread TEXT REFERENCES threads ON DELETE CASCADE, PRIMARY KEY(name, thread));
             CREATE TABLE below_theirs(a TEXT, b TEXT, note TEXT, FOREIGN KEY(a, b) REFERENCES theirs ON DELETE CASCADE);
             CREATE TABLE \"a \"\"name\"(\"the key\" TEXT REFERENCES Threads(id) ON DELETE SET NULL);
             CREATE TABLE unrelated(thread_id TEXT, other INTEGER);",
        )
        .unwrap();
    for thread in ["gone", "stays"] {
        connection
            .execute_batch(&format!(
                "SELECT branch_thread('{thread}', 'A title', 1);
                 SELECT branch_append('{thread}', 'user', 'one', NULL, 1, '{thread}-1');
                 SELECT branch_append('{thread}', 'assistant', 'two', NULL, 2, '{thread}-2');
                 SELECT branch_fork('{thread}-1', 'assistant', 'other two', NULL, 3);
                 SELECT branch_label('{thread}-2', 'here', 5);
                 INSERT INTO checkpoints VALUES ('{thread}', 'c', '{{}}', 1);
                 INSERT INTO thread_dynamic_tools VALUES ('{thread}', 0, 'tool', NULL, '{{}}');
                 INSERT INTO thread_goals VALUES ('{thread}', 'goal');
                 INSERT INTO theirs VALUES ('n', '{thread}');
                 INSERT INTO below_theirs VALUES ('n', '{thread}', 'x');
                 INSERT INTO \"a \"\"name\" VALUES ('{thread}');
                 INSERT INTO unrelated VALUES ('{thread}', 1);"
            ))
            .unwrap();
    }
    connection
}

#[test]
fn deleting_takes_all_that_belongs_to_the_thread_whatever_the_pragma() {
    for foreign_keys in [true, false] {
        let connection = furnished(foreign_keys);
        assert_eq!(integer(&connection, "SELECT branch_delete('gone')", &[]), 3);
        for (table, column) in [
            ("threads", "id"),
            ("messages", "DISTINCT thread_id"),
            ("checkpoints", "thread_id"),
            ("thread_dynamic_tools", "thread_id"),
            ("thread_goals", "thread_id"),
            ("message_labels", "thread_id"),
            ("theirs", "thread"),
            ("below_theirs", "b"),
            ("\"a \"\"name\"", "\"the key\""),
        ] {
            assert_eq!(
                text(
                    &connection,
                    &format!("SELECT group_concat({column}) FROM {table}")
                ),
                "stays",
                "{table}, {foreign_keys}"
            );
        }
        assert_eq!(
            integer(&connection, "SELECT count(*) FROM \"a \"\"name\"", &[]),
            2
        );
        assert_eq!(
            integer(&connection, "SELECT count(*) FROM unrelated", &[]),
            2
        );
        assert_eq!(
            text(
                &connection,
                "SELECT group_concat(uid) FROM (SELECT uid FROM message_uids ORDER BY 1)"
            ),
            "stays-1,stays-2"
        );
        assert_eq!(
            integer(&connection, "SELECT count(*) FROM branch_check", &[]),
            0
        );
        assert_eq!(
            error(&connection, "SELECT branch_delete('gone')", &[]),
            (1, "branch_delete: no thread 'gone'".to_owned())
        );
        // Its names are free again.
        connection
            .execute_batch("SELECT branch_thread('gone')")
            .unwrap();
        assert_eq!(
            integer(
                &connection,
                "SELECT branch_append('gone', 'user', 'anew', NULL, 9, 'gone-1')",
                &[]
            ),
            7
        );
    }
}

#[test]
fn a_delete_that_fails_is_none() {
    for foreign_keys in [true, false] {
        let connection = furnished(foreign_keys);
        connection
            .execute_batch(
                "CREATE TRIGGER not_this_one BEFORE DELETE ON threads WHEN old.id = 'gone' BEGIN SELECT raise(ABORT, 'no'); END",
            )
            .unwrap();
        let all = "SELECT (SELECT count(*) FROM messages) || (SELECT count(*) FROM message_uids) || (SELECT count(*) FROM checkpoints) \
             || (SELECT count(*) FROM message_labels) || (SELECT count(*) FROM below_theirs) || (SELECT count(\"the key\") FROM \"a \"\"name\")";
        for around in ["", "BEGIN", "SAVEPOINT here"] {
            connection.execute_batch(around).unwrap();
            let before = text(&connection, all);
            assert_eq!(
                error(&connection, "SELECT branch_delete('gone')", &[]),
                (1811, "branch_delete: no".to_owned())
            );
            assert_eq!(text(&connection, all), before);
            if !connection.is_autocommit() {
                connection.execute_batch("COMMIT").unwrap();
            }
        }
    }
    // A table that forbids it, where keys are enforced.
    let connection = furnished(true);
    connection
        .execute_batch(
            "CREATE TABLE strict(t REFERENCES threads(id)); INSERT INTO strict VALUES ('gone')",
        )
        .unwrap();
    let (code, told) = error(&connection, "SELECT branch_delete('gone')", &[]);
    assert_eq!(
        (code, told.as_str()),
        (787, "branch_delete: FOREIGN KEY constraint failed")
    );
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM messages", &[]),
        6
    );
}

/// A file without the tables that were added, and without those of the agents.
#[test]
fn deleting_where_tables_are_missing() {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('a'); SELECT branch_append('a', 'user', 'x');
             DROP TABLE message_uids; DROP TABLE message_labels; DROP TABLE checkpoints; DROP TABLE thread_dynamic_tools",
        )
        .unwrap();
    assert_eq!(integer(&connection, "SELECT branch_delete('a')", &[]), 1);
    assert_eq!(integer(&connection, "SELECT count(*) FROM threads", &[]), 0);
}

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
