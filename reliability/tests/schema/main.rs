//! Hostile schemas and settings: what the extension's functions are called from, and what they find in place of the
//! tables. Clear errors, and nothing written where it should not be.

mod settings;

use rusqlite::config::DbConfig;
use rusqlite::Connection;
use sqlite_branch_reliability::calls::{self, AROUND, READS, WRITES};
use sqlite_branch_reliability::database::{
    assert_same, memory, rows, run, state, try_rows, Failure,
};

const ERROR: i32 = 1;

fn prepared() -> Closing {
    let connection = memory();
    calls::prepare(&connection);
    Closing::new(connection)
}

/// A connection that makes sure that nothing keeps it from being closed.
struct Closing(Option<Connection>);

impl Closing {
    fn new(connection: Connection) -> Self {
        Self(Some(connection))
    }
}

impl std::ops::Deref for Closing {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0.as_ref().unwrap()
    }
}

impl std::ops::DerefMut for Closing {
    fn deref_mut(&mut self) -> &mut Connection {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let closed = self.0.take().map(Connection::close);
        if !std::thread::panicking() {
            assert!(!matches!(closed, Some(Err(_))), "{closed:?}");
        }
    }
}

/// The failure that a statement ends with. Nothing has changed.
#[track_caller]
fn refused(connection: &Connection, sql: &str) -> Failure {
    let before = state(connection);
    match run(connection, sql) {
        Ok(rows) => panic!("{sql}: {rows} rows"),
        Err(failure) => {
            assert!(!failure.text.contains("internal error"), "{failure:?}");
            assert_same(&state(connection), &before, sql);
            failure
        }
    }
}

/// All calls, those that write first: in any surroundings they end, and one that fails changes nothing. Gives how many
/// succeeded.
fn try_all(connection: &Connection) -> usize {
    let before = state(connection);
    let mut succeeded = 0;
    for call in WRITES {
        for around in AROUND {
            let sql = around.replace("{}", call);
            connection.execute_batch("SAVEPOINT attempt").unwrap();
            match run(connection, &sql) {
                Ok(_) => succeeded += 1,
                Err(failure) => {
                    assert!(
                        !failure.text.contains("internal error"),
                        "{sql}: {failure:?}"
                    );
                    assert_same(&state(connection), &before, &sql);
                }
            }
            connection
                .execute_batch("ROLLBACK TO attempt; RELEASE attempt")
                .unwrap();
            assert_same(&state(connection), &before, &sql);
        }
    }
    for sql in READS {
        match run(connection, sql) {
            Ok(_) => succeeded += 1,
            Err(failure) => assert!(
                !failure.text.contains("internal error"),
                "{sql}: {failure:?}"
            ),
        }
    }
    succeeded
}

fn all() -> usize {
    WRITES.len() * AROUND.len() + READS.len()
}

#[test]
fn all_is_well_without_hostility() {
    assert_eq!(try_all(&prepared()), all());
}

#[test]
fn writing_functions_in_the_schema() {
    let connection = prepared();
    // Each of them, in each place that can run it behind the user's back.
    for call in WRITES {
        let schema = [
            format!("CREATE VIEW trap AS SELECT {call} AS x"),
            format!("CREATE TRIGGER trap AFTER INSERT ON log BEGIN SELECT {call}; END"),
            format!("CREATE TABLE trap(x DEFAULT ({call}))"),
            format!("CREATE TABLE trap(x CHECK ({call}))"),
            format!("CREATE TABLE trap(x, y AS ({call}))"),
            format!("CREATE INDEX trap ON log(({call}))"),
            format!("CREATE INDEX trap ON log(entry) WHERE {call}"),
        ];
        let springs = [
            "SELECT * FROM trap",
            "INSERT INTO log VALUES (1)",
            "INSERT INTO trap DEFAULT VALUES",
            "INSERT INTO trap(x) VALUES (1)",
            "SELECT y FROM trap",
            "",
            "",
        ];
        for trusted in [true, false] {
            connection
                .set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, trusted)
                .unwrap();
            for (schema, spring) in schema.iter().zip(springs) {
                connection.execute_batch("SAVEPOINT trap").unwrap();
                if run(&connection, schema).is_ok() {
                    assert!(!spring.is_empty(), "{schema}");
                    // An empty table has no row to compute a column of.
                    let _ = run(&connection, "INSERT INTO trap(x) VALUES (7)");
                    let before = rows(&connection, "SELECT * FROM messages");
                    let failure = refused(&connection, spring);
                    assert_eq!(failure.code, ERROR, "{schema}: {failure:?}");
                    assert!(
                        failure.text.contains("unsafe use of"),
                        "{schema}: {failure:?}"
                    );
                    assert_eq!(rows(&connection, "SELECT * FROM messages"), before);
                }
                connection
                    .execute_batch("ROLLBACK TO trap; RELEASE trap")
                    .unwrap();
            }
        }
    }
}

#[test]
fn reading_functions_in_the_schema() {
    let connection = prepared();
    connection
        .execute_batch(
            "CREATE VIEW branches AS SELECT id, branch_depth(id) AS depth FROM messages;
             CREATE VIEW current AS SELECT m.id FROM threads AS t, branch_messages(t.id) AS m;",
        )
        .unwrap();
    let views = ["SELECT * FROM branches", "SELECT * FROM current"];
    for sql in views {
        run(&connection, sql).unwrap();
    }
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
        .unwrap();
    for sql in views {
        let failure = refused(&connection, sql);
        assert!(failure.text.contains("unsafe use of"), "{sql}: {failure:?}");
    }
    // From the user's own SQL they can be called as before.
    assert_eq!(try_all(&connection), all());
}

/// Replaces a table by a view of it, by one that calls the extension, by one without columns ...
#[test]
fn tables_that_are_something_else() {
    for hostile in [
        "ALTER TABLE messages RENAME TO real; CREATE VIEW messages AS SELECT * FROM real;",
        "ALTER TABLE threads RENAME TO real; CREATE VIEW threads AS SELECT * FROM real;",
        "ALTER TABLE messages RENAME TO real; CREATE VIEW messages AS SELECT id, thread_id, role, content, item_json, \
             created_at, branch_depth(id) AS parent_entry_id FROM real;",
        "ALTER TABLE messages RENAME TO real; CREATE VIEW messages AS SELECT r.* FROM real AS r, branch_messages('t');",
        "ALTER TABLE threads RENAME TO real; CREATE VIEW threads AS SELECT r.* FROM real AS r \
             WHERE (SELECT count(*) FROM branch_tree('t')) > 0;",
        "DROP TABLE messages; CREATE VIEW messages AS SELECT * FROM messages;",
        "DROP TABLE messages; CREATE TABLE messages(x);",
        "DROP TABLE messages; CREATE TABLE messages(id, thread_id, parent_entry_id);",
        "DROP TABLE messages; CREATE TABLE messages(id TEXT PRIMARY KEY, thread_id, role, content, item_json, \
             created_at, parent_entry_id) WITHOUT ROWID;",
        "DROP TABLE threads; CREATE TABLE threads(id PRIMARY KEY, current_leaf_id) WITHOUT ROWID;",
        "DROP TABLE messages; CREATE VIRTUAL TABLE messages USING fts5(id, thread_id, role, content, item_json, \
             created_at, parent_entry_id);",
        "DROP TABLE messages; DROP TABLE threads;",
        "ALTER TABLE messages DROP COLUMN item_json;",
        "DROP INDEX idx_messages_parent_entry_id; DROP INDEX branch_messages_jumps; DROP INDEX branch_messages_later; \
             DROP INDEX branch_messages_first; DROP INDEX idx_messages_thread_created_at;",
        // Indexes of the names that are used, over other columns.
        "DROP INDEX branch_messages_jumps; CREATE INDEX branch_messages_jumps ON messages(content);",
        "DROP INDEX branch_messages_later; CREATE INDEX branch_messages_later ON messages(id) WHERE id < 0;",
        "DROP INDEX branch_messages_jumps; CREATE INDEX branch_messages_jumps ON threads(id);",
        "DROP INDEX idx_messages_parent_entry_id; CREATE INDEX idx_messages_parent_entry_id ON messages(role);",
        "CREATE TABLE branch_messages(x); CREATE TABLE branch_path(id, distance);",
        "CREATE TABLE branch_write(work); CREATE TABLE branch_migration(x);",
    ] {
        let connection = prepared();
        connection.execute_batch(hostile).unwrap_or_else(|error| panic!("{hostile}: {error}"));
        try_all(&connection);
    }
}

/// The table that ids are handed over in is ours, or reads say that another one is in the way. They never give its rows.
#[test]
fn a_table_in_the_way_of_reads() {
    let expected: Vec<Vec<String>> = READS.iter().map(|sql| rows(&prepared(), sql)).collect();
    for table in [
        "CREATE TABLE branch_feed(id); INSERT INTO branch_feed VALUES (1)",
        "CREATE VIEW branch_feed AS SELECT 1 AS id",
        "CREATE VIRTUAL TABLE branch_feed USING fts5(id); \
             INSERT INTO branch_feed SELECT value FROM json_each('[0, 1, 2, 3, 4, 5]')",
        "CREATE TEMP TABLE branch_feed(id, number); INSERT INTO branch_feed VALUES (1, 0)",
    ] {
        for used_before in [false, true] {
            let connection = prepared();
            if used_before {
                try_all(&connection);
            }
            connection.execute_batch(table).unwrap();
            for (sql, expected) in READS.iter().zip(&expected) {
                match try_rows(&connection, sql) {
                    Ok(found) => assert_eq!(&found, expected, "{table}: {sql}"),
                    Err(failure) => {
                        assert_eq!(failure.code, ERROR, "{table}: {sql}: {failure:?}");
                        assert!(failure.text.contains("branch_feed"), "{failure:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn triggers_of_the_users() {
    for (trigger, works) in [
        ("AFTER INSERT ON messages BEGIN INSERT INTO noted VALUES (new.id); END", true),
        ("BEFORE INSERT ON messages BEGIN SELECT RAISE(IGNORE); END", false),
        ("BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no'); END", false),
        ("BEFORE INSERT ON messages BEGIN SELECT RAISE(FAIL, 'no'); END", false),
        ("AFTER INSERT ON messages BEGIN DELETE FROM messages WHERE id = new.id; END", true),
        ("AFTER INSERT ON messages BEGIN UPDATE threads SET current_leaf_id = NULL; END", true),
        ("BEFORE UPDATE ON threads BEGIN SELECT RAISE(IGNORE); END", false),
        ("AFTER UPDATE ON threads BEGIN SELECT RAISE(ABORT, 'no'); END", false),
        ("BEFORE DELETE ON messages BEGIN SELECT RAISE(IGNORE); END", true),
        ("AFTER DELETE ON messages BEGIN DELETE FROM threads; END", true),
        ("AFTER INSERT ON messages BEGIN SELECT count(*) FROM branch_tree('t'); END", true),
        ("AFTER INSERT ON messages WHEN new.content <> 'more' BEGIN \
              INSERT INTO messages(thread_id, role, content, created_at) VALUES ('t', 'user', 'more', 1); END", true),
    ] {
        let connection = prepared();
        connection
            .execute_batch(&format!(
                "CREATE TABLE noted(id); CREATE TRIGGER theirs {trigger}"
            ))
            .unwrap();
        try_all(&connection);
        let append = try_rows(&connection, "SELECT branch_append('t', 'user', 'x')");
        assert_eq!(append.is_ok(), works, "{trigger}: {append:?}");
        if trigger.contains("'more'") {
            // The id that is returned is that of the message that was asked for.
            let found = rows(&connection, &format!("SELECT content FROM messages WHERE id = {}", append.unwrap()[0]));
            assert_eq!(found, ["x"]);
        }
        // RAISE(ROLLBACK) ends the transaction, and that is what the user is told.
    }
    let connection = prepared();
    connection
        .execute_batch("CREATE TRIGGER theirs BEFORE INSERT ON messages BEGIN SELECT RAISE(ROLLBACK, 'out'); END; BEGIN")
        .unwrap();
    let failure = try_rows(&connection, "SELECT branch_append('t', 'user', 'x')").unwrap_err();
    assert!(failure.text.contains("out"), "{failure:?}");
    assert!(connection.is_autocommit());
}

#[test]
fn temporary_and_attached_tables_of_the_same_names() {
    let connection = prepared();
    let columns =
        "id INTEGER PRIMARY KEY, thread_id, role, content, item_json, created_at, parent_entry_id";
    connection
        .execute_batch(&format!(
            "ATTACH ':memory:' AS other;
             CREATE TABLE other.messages({columns}); CREATE TABLE other.threads AS SELECT * FROM main.threads;
             CREATE TABLE temp.messages({columns}); CREATE TEMP VIEW threads AS SELECT 't' AS id, 99 AS current_leaf_id;
             CREATE TABLE temp.branch_path(id);",
        ))
        .unwrap();
    let before = rows(
        &connection,
        "SELECT * FROM other.messages, other.threads, temp.messages",
    );
    let id = rows(
        &connection,
        "SELECT branch_append('t', 'user', 'new', NULL, 1)",
    );
    assert_eq!(id, ["12"]);
    assert_eq!(
        rows(
            &connection,
            "SELECT content FROM main.messages WHERE id = 12"
        ),
        ["new"]
    );
    assert_eq!(
        rows(&connection, "SELECT id FROM branch_messages('t')"),
        ["1", "8", "12"]
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT * FROM other.messages, other.threads, temp.messages"
        ),
        before
    );
}

/// The table that writes are done through is ours, or nothing is written.
#[test]
fn a_table_in_the_way_of_writes() {
    for table in [
        "CREATE TABLE branch_write(work)",
        "CREATE TEMP TABLE Branch_Write(work)",
        "CREATE VIEW branch_write AS SELECT 1 AS work",
        "CREATE VIEW branch_write AS SELECT 1 AS work; \
             CREATE TRIGGER theirs INSTEAD OF INSERT ON branch_write BEGIN SELECT 1; END",
        "ATTACH ':memory:' AS other; CREATE TABLE other.branch_write(work)",
    ] {
        let connection = prepared();
        run(&connection, "SELECT branch_append('t', 'user', 'x')").unwrap();
        connection.execute_batch(table).unwrap();
        for call in &WRITES[..WRITES.len() - 1] {
            let failure = refused(&connection, &format!("SELECT {call}"));
            assert_eq!(failure.code, ERROR, "{call}: {failure:?}");
            assert!(failure.text.contains("branch_write"), "{failure:?}");
        }
        for sql in READS {
            run(&connection, sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"));
        }
    }
}

/// A call inside a call, through the schema, ends.
#[test]
fn functions_that_call_themselves() {
    let connection = Closing::new(memory());
    connection
        .execute_batch(
            "CREATE VIEW messages AS SELECT id, 't' AS thread_id, 'user' AS role, graph AS content, NULL AS item_json,
                 1 AS created_at, parent_entry_id FROM branch_tree('t');
             CREATE VIEW threads AS SELECT 't' AS id, (SELECT max(id) FROM branch_messages('t')) AS current_leaf_id;
             CREATE TABLE log(entry);",
        )
        .unwrap();
    assert!(try_all(&connection) > 0, "branch_version() at least");
    let failure = try_rows(&connection, "SELECT * FROM branch_messages('t')").unwrap_err();
    assert_eq!(failure.primary(), ERROR, "{failure:?}");
}
