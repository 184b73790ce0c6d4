//! Threads: made, shown, listed, copied and deleted (`branch_thread`, `branch_select`, `branch_threads`,
//! `branch_copy`, `branch_delete`).

mod host;

#[path = "threads/copying.rs"]
mod copying;
#[path = "threads/deleting.rs"]
mod deleting;
#[path = "threads/listing.rs"]
mod listing;
#[path = "threads/selecting.rs"]
mod selecting;

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
