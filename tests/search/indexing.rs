//! `branch_index`: what it adds and says, where it can be called, and what is found when it is behind.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags};

use super::{empty, host, ids, index, rows, say};

const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE name LIKE 'message\\_search%' ESCAPE '\\' ORDER BY name";

#[test]
fn it_says_how_many_it_has_added() {
    let connection = empty();
    assert_eq!(rows(&connection, TABLES, &[]), [""; 0]);
    assert_eq!(index(&connection), 0);
    assert_eq!(
        rows(&connection, TABLES, &[]),
        [
            "message_search",
            "message_search_config",
            "message_search_data",
            "message_search_docsize",
            "message_search_gaps",
            "message_search_idx",
            "message_search_rows",
        ]
    );
    for content in ["one", "two", "three"] {
        say(&connection, content);
    }
    assert_eq!(index(&connection), 3);
    assert_eq!(index(&connection), 0);
    say(&connection, "four");
    assert_eq!(
        host::integer(&connection, "SELECT branch_index(NULL)", &[]),
        1
    );
    host::integer(&connection, "SELECT branch_prune(2)", &[]);
    assert_eq!(index(&connection), 0);
    assert_eq!(
        host::integer(&connection, "SELECT branch_index('rebuild')", &[]),
        1
    );
    assert_eq!(rows(&connection, "PRAGMA integrity_check", &[]), ["ok"]);
    connection
        .execute_batch("INSERT INTO message_search(message_search) VALUES ('integrity-check')")
        .unwrap();
    for wrong in ["'REBUILD'", "''", "'optimize'"] {
        let (code, text) = host::error(&connection, &format!("SELECT branch_index({wrong})"), &[]);
        assert_eq!(
            (code, text),
            (
                1,
                format!("branch_index: what must be 'rebuild' or left out, not {wrong}")
            )
        );
    }
}

/// Of messages that are equally good the oldest comes first, whether they are in the index or not.
#[test]
fn ties_have_one_order() {
    let connection = empty();
    let all = "SELECT id FROM branch_search('peas') ORDER BY rank";
    let mut expected = Vec::new();
    for id in 1..=7 {
        say(&connection, "peas and beans");
        expected.push(id.to_string());
        assert_eq!(rows(&connection, all, &[]), expected);
        if id == 4 {
            assert_eq!(index(&connection), 4);
            assert_eq!(rows(&connection, all, &[]), expected);
        }
    }
    assert_eq!(index(&connection), 3);
    assert_eq!(rows(&connection, all, &[]), expected);
    expected.reverse();
    assert_eq!(rows(&connection, &format!("{all} DESC"), &[]), expected);
}

/// Ids from one end of the integers to the other, in whatever order they come.
#[test]
fn messages_with_any_ids() {
    let connection = empty();
    let all = [
        i64::MIN,
        i64::MIN + 1,
        -7,
        -1,
        0,
        1,
        2,
        5,
        6,
        1 << 40,
        i64::MAX - 1,
        i64::MAX,
    ];
    let add = |id: i64| {
        let sql = "INSERT INTO messages(id, thread_id, role, content, created_at) VALUES (?1, 't', 'x', 'peas', 1)";
        connection.execute(sql, [id]).unwrap();
    };
    let mut there = Vec::new();
    for turn in [5, 0, 11, 3, 8, 1, 10, 4, 2, 9, 7, 6] {
        add(all[turn]);
        there.push(all[turn]);
        there.sort_unstable();
        assert_eq!(ids(&connection, "peas"), there);
        assert_eq!(index(&connection), 1, "{}", all[turn]);
        assert_eq!(ids(&connection, "peas"), there);
    }
    assert_eq!(
        rows(
            &connection,
            "SELECT count(*), sum(last >= first) FROM message_search_gaps",
            &[]
        ),
        ["5|5"]
    );
    assert_eq!(
        host::integer(&connection, "SELECT branch_index('rebuild')", &[]),
        12
    );
    assert_eq!(ids(&connection, "peas"), there);
}

#[test]
fn what_others_have_changed() {
    let connection = empty();
    for content in ["peas and beans", "peas", "beans"] {
        say(&connection, content);
    }
    index(&connection);
    connection
        .execute_batch(
            "UPDATE messages SET content = 'pots and beans' WHERE id = 1; UPDATE messages SET content = 'beans' WHERE id = 2;
             DELETE FROM messages WHERE id = 3; UPDATE threads SET current_leaf_id = 2 WHERE id = 't'",
        )
        .unwrap();
    // 1 is found by what it had and still has, and 2 by nothing.
    assert_eq!(ids(&connection, "beans"), [1]);
    assert_eq!(ids(&connection, "peas"), [0; 0]);
    assert_eq!(ids(&connection, "pots"), [0; 0]);
    // The id comes back with another message.
    connection
        .execute_batch("INSERT INTO messages(id, thread_id, role, content, created_at) VALUES (3, 'u', 'x', 'beans!', 1)")
        .unwrap();
    assert_eq!(ids(&connection, "beans"), [1, 3]);
    assert_eq!(index(&connection), 0);
    assert_eq!(
        host::integer(&connection, "SELECT branch_index('rebuild')", &[]),
        3
    );
    assert_eq!(ids(&connection, "beans"), [1, 2, 3]);
    assert_eq!(ids(&connection, "pots"), [1]);
}

#[test]
fn undone_with_the_transaction_that_it_was_part_of() {
    let connection = empty();
    say(&connection, "peas");
    connection
        .execute_batch("BEGIN; SELECT branch_index(); ROLLBACK")
        .unwrap();
    assert_eq!(rows(&connection, TABLES, &[]), [""; 0]);
    assert_eq!(ids(&connection, "peas"), [1]);
    index(&connection);
    connection.execute_batch("BEGIN; SAVEPOINT here").unwrap();
    say(&connection, "more peas");
    assert_eq!(index(&connection), 1);
    assert_eq!(ids(&connection, "peas"), [1, 2]);
    connection.execute_batch("ROLLBACK TO here").unwrap();
    assert_eq!(ids(&connection, "peas"), [1]);
    say(&connection, "other peas");
    connection
        .execute_batch("SELECT branch_index('rebuild'); COMMIT")
        .unwrap();
    assert_eq!(ids(&connection, "peas"), [1, 2]);
    assert_eq!(index(&connection), 0);
    assert_eq!(rows(&connection, "PRAGMA integrity_check", &[]), ["ok"]);
}

/// Wherever a function that writes can be called: in each kind of statement, in a transaction or outside.
#[test]
fn from_all_kinds_of_statements() {
    for begin in ["", "BEGIN"] {
        for call in ["branch_index()", "branch_index('rebuild')"] {
            for made in [false, true] {
                for statement in [
                    "SELECT {}",
                    "INSERT INTO notes SELECT {}",
                    "INSERT INTO notes VALUES ({})",
                    "UPDATE notes SET value = {}",
                    "INSERT INTO notes VALUES (1) RETURNING {}",
                    "CREATE TABLE made AS SELECT {} AS value",
                    "DELETE FROM notes WHERE value IS NOT {}",
                    "INSERT INTO branch_call SELECT {}",
                    "SELECT {} FROM branch_search('peas') LIMIT 1",
                ] {
                    let connection = empty();
                    connection
                        .execute_batch("CREATE TABLE notes(value); INSERT INTO notes VALUES (0)")
                        .unwrap();
                    say(&connection, "beans");
                    if made {
                        index(&connection);
                    }
                    say(&connection, "peas");
                    connection.execute_batch(begin).unwrap();
                    let statement = statement.replace("{}", call);
                    // SQLite ends a statement in whose course a virtual table was made, if it then opens a table.
                    if statement.starts_with("CREATE") && !made {
                        let before = rows(&connection, TABLES, &[]);
                        let (code, _) = host::error(&connection, &statement, &[]);
                        assert_eq!(code, rusqlite::ffi::SQLITE_ABORT_ROLLBACK);
                        assert_eq!(rows(&connection, TABLES, &[]), before);
                        assert_eq!(ids(&connection, "peas"), [2]);
                        continue;
                    }
                    connection
                        .execute_batch(&statement)
                        .unwrap_or_else(|error| panic!("{statement}: {error}"));
                    assert_eq!(connection.is_autocommit(), begin.is_empty());
                    assert_eq!(index(&connection), 0, "{statement}");
                    assert_eq!(ids(&connection, "peas"), [2], "{statement}");
                    if !begin.is_empty() {
                        connection.execute_batch("COMMIT").unwrap();
                    }
                    assert_eq!(rows(&connection, "PRAGMA integrity_check", &[]), ["ok"]);
                }
            }
        }
    }
}

/// The statement that calls it fails afterwards, or it fails itself: nothing of it is there.
#[test]
fn whole_or_not_at_all() {
    for made in [false, true] {
        let connection = empty();
        connection
            .execute_batch("CREATE TABLE notes(value UNIQUE); INSERT INTO notes VALUES (2)")
            .unwrap();
        say(&connection, "beans");
        if made {
            index(&connection);
        }
        say(&connection, "peas");
        let before = rows(&connection, TABLES, &[]);
        let statement = "INSERT INTO notes SELECT iif(branch_index('rebuild'), value, 0) FROM json_each('[7, 8, 2]')";
        assert_eq!(
            host::error(&connection, statement, &[]).0,
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
        );
        assert_eq!(rows(&connection, TABLES, &[]), before);
        assert_eq!(ids(&connection, "peas"), [2]);
        connection.execute_batch("CREATE TABLE IF NOT EXISTS message_search_rows(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL)").unwrap();
        connection
            .execute_batch(
                "CREATE TRIGGER no BEFORE INSERT ON message_search_rows WHEN new.id = 2 BEGIN SELECT RAISE(ABORT, 'no'); END",
            )
            .unwrap();
        for call in ["SELECT branch_index()", "SELECT branch_index('rebuild')"] {
            let (code, text) = host::error(&connection, call, &[]);
            assert_eq!((code & 0xff, text.as_str()), (19, "branch_index: no"));
            assert!(connection.is_autocommit());
            assert_eq!(ids(&connection, "peas"), [2]);
            assert_eq!(ids(&connection, "beans"), [1]);
        }
        connection.execute_batch("DROP TRIGGER no").unwrap();
        assert_eq!(index(&connection), if made { 1 } else { 2 });
        assert_eq!(rows(&connection, "PRAGMA integrity_check", &[]), ["ok"]);
    }
}

#[test]
fn on_a_file_that_is_only_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.db");
    for indexed in [0, 1, 2] {
        {
            let connection = host::open(&file);
            if indexed == 0 {
                host::integer(&connection, "SELECT branch_migrate()", &[]);
                host::add_thread(&connection, "t");
            }
            if indexed == 2 {
                index(&connection);
            }
            say(&connection, "peas 桜");
            if indexed == 1 {
                index(&connection);
            }
        }
        host::install();
        let expected: Vec<i64> = (1..=indexed + 1).collect();
        let read_only =
            Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let careful = host::open(&file);
        careful.execute_batch("PRAGMA query_only = ON").unwrap();
        for connection in [read_only, careful] {
            assert_eq!(ids(&connection, "peas"), expected);
            let shown = rows(
                &connection,
                "SELECT snippet FROM branch_search('桜') ORDER BY id",
                &[],
            );
            assert_eq!(shown, vec!["peas «桜»"; expected.len()]);
            if indexed == 1 {
                // There is nothing to do, so it is no error.
                assert_eq!(index(&connection), 0);
            } else {
                assert_eq!(
                    host::error(&connection, "SELECT branch_index()", &[]).0 & 0xff,
                    8
                );
            }
            assert_eq!(
                host::error(&connection, "SELECT branch_index('rebuild')", &[]).0 & 0xff,
                8
            );
        }
    }
}

/// From a view it can be searched, but not indexed.
#[test]
fn from_the_schema() {
    let connection = empty();
    say(&connection, "peas");
    connection
        .execute_batch(
            "CREATE VIEW searched AS SELECT id FROM branch_search('peas');
             CREATE VIEW indexed AS SELECT branch_index() AS added",
        )
        .unwrap();
    assert_eq!(rows(&connection, "SELECT * FROM searched", &[]), ["1"]);
    let (_, text) = host::error(&connection, "SELECT * FROM indexed", &[]);
    assert_eq!(text, "unsafe use of branch_index()");
}

/// Tables that are gone, or that somebody else has made.
#[test]
fn what_is_missing_or_in_the_way() {
    let connection = empty();
    for content in ["peas", "peas and beans"] {
        say(&connection, content);
    }
    index(&connection);
    for table in [
        "message_search",
        "message_search_rows",
        "message_search_gaps",
    ] {
        connection
            .execute_batch(&format!("DROP TABLE {table}"))
            .unwrap();
        assert_eq!(ids(&connection, "peas"), [1, 2], "{table}");
        assert_eq!(index(&connection), 2, "{table}");
        assert_eq!(ids(&connection, "beans"), [2], "{table}");
        assert_eq!(index(&connection), 0);
    }
    connection
        .execute_batch("DROP TABLE message_search; CREATE TABLE message_search(mine)")
        .unwrap();
    for call in ["SELECT branch_index()", "SELECT branch_index('rebuild')"] {
        let (_, text) = host::error(&connection, call, &[]);
        assert_eq!(
            text,
            "branch_index: a table or view named message_search is in the way; rename it"
        );
    }
    let (_, text) = host::error(&connection, "SELECT * FROM branch_search('peas')", &[]);
    assert_eq!(
        text,
        "branch_search: a table or view named message_search is in the way; rename it"
    );

    let connection = host::memory();
    for sql in ["SELECT branch_index()", "SELECT * FROM branch_search('x')"] {
        let (_, text) = host::error(&connection, sql, &[]);
        assert!(text.ends_with("no such table: main.messages; SELECT branch_migrate() brings the database up to date"), "{text}");
    }
    assert_eq!(rows(&connection, TABLES, &[]), [""; 0]);
}

/// What the caller's authorizer forbids is forbidden to the index too; a search needs nothing that could be.
#[test]
fn a_connection_that_must_not_make_virtual_tables() {
    let mut connection = empty();
    say(&connection, "peas");
    let denied = |context: AuthContext<'_>| match context.action {
        AuthAction::CreateVtable { .. } => Authorization::Deny,
        _ => Authorization::Allow,
    };
    connection.authorizer(Some(denied)).unwrap();
    let (code, text) = host::error(&connection, "SELECT branch_index()", &[]);
    assert_eq!((code, text.as_str()), (23, "branch_index: not authorized"));
    assert_eq!(ids(&connection, "peas"), [1]);
}

/// Another connection's writes come between: a search is one state of the file, and an index call takes its turn.
#[test]
fn several_connections() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.db");
    let one = host::open(&file);
    host::integer(&one, "SELECT branch_migrate()", &[]);
    one.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    host::add_thread(&one, "t");
    let other = host::open(&file);
    for number in 0..10 {
        say(&one, "peas");
        assert_eq!(ids(&other, "peas").len(), number + 1);
        assert_eq!(index(&other), 1);
        assert_eq!(index(&one), 0);
    }
    let mut statement = one.prepare("SELECT id FROM branch_search('peas')").unwrap();
    let mut found = statement.query([]).unwrap();
    assert!(found.next().unwrap().is_some());
    other
        .execute_batch("SELECT branch_append('t', 'user', 'peas'), branch_index(); DELETE FROM messages WHERE id < 5")
        .unwrap();
    let mut rest = 1;
    while found.next().unwrap().is_some() {
        rest += 1;
    }
    assert_eq!(rest, 10);
    assert_eq!(ids(&one, "peas").len(), 7);
}
