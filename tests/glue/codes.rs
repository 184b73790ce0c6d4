//! SQLite's result codes reach the caller as they are, with the name of the function before the text.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::host::{self, error, integer};
use crate::{contents, conversation, READS, WRITES};

const BUSY: i32 = 5;
const BUSY_SNAPSHOT: i32 = 517;
const READONLY: i32 = 8;
const INTERRUPT: i32 = 9;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const AUTH: i32 = 23;
const CONSTRAINT_TRIGGER: i32 = 1811;
const CONSTRAINT_CHECK: i32 = 275;

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    conversation(&host::open(&path));
    (directory, path)
}

/// A connection that waits for nobody, and knows the schema already.
fn impatient(path: &std::path::Path) -> Connection {
    let connection = host::open(path);
    connection.busy_timeout(Duration::ZERO).unwrap();
    integer(&connection, "SELECT count(*) FROM messages", &[]);
    connection
}

#[test]
fn busy_stays_busy() {
    let (_directory, path) = place();
    let connection = impatient(&path);
    let other = Connection::open(&path).unwrap();
    let before = contents(&connection);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (name, sql) in WRITES {
        let expected = (BUSY, format!("{name}: database is locked"));
        assert_eq!(error(&connection, sql, &[]), expected);
        assert!(connection.is_autocommit());
        connection.execute_batch("BEGIN").unwrap();
        assert_eq!(error(&connection, sql, &[]), expected);
        assert!(
            !connection.is_autocommit(),
            "{name}: the transaction is gone"
        );
        connection.execute_batch("COMMIT").unwrap();
    }
    for (_, sql) in READS {
        connection.query_row(sql, [], |_| Ok(())).ok();
    }
    other.execute_batch("COMMIT; BEGIN EXCLUSIVE").unwrap();
    for (name, sql) in READS.into_iter().chain(WRITES) {
        let (code, text) = error(&connection, sql, &[]);
        assert_eq!(code, BUSY, "{sql}: {text}");
        // A statement that reads from a table is refused before the table is asked.
        let named = if sql.contains('*') { "" } else { name };
        assert!(
            text.starts_with(named) && text.ends_with("database is locked"),
            "{text}"
        );
        assert!(connection.is_autocommit());
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(contents(&connection), before);
    for (_, sql) in WRITES {
        integer(&connection, sql, &[]);
    }
}

#[test]
fn the_snapshot_that_is_too_old_has_its_own_code() {
    let (_directory, path) = place();
    let connection = impatient(&path);
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .unwrap();
    let other = host::open(&path);
    for (name, sql) in WRITES {
        connection.execute_batch("BEGIN").unwrap();
        integer(&connection, "SELECT count(*) FROM messages", &[]);
        other
            .execute_batch("UPDATE threads SET updated_at = updated_at + 1")
            .unwrap();
        assert_eq!(
            error(&connection, sql, &[]),
            (BUSY_SNAPSHOT, format!("{name}: database is locked"))
        );
        connection.execute_batch("ROLLBACK").unwrap();
    }
}

#[test]
fn a_file_that_cannot_be_written() {
    let (_directory, path) = place();
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let guarded = host::open(&path);
    guarded.pragma_update(None, "query_only", true).unwrap();
    for connection in [&connection, &guarded] {
        for (name, sql) in WRITES {
            assert_eq!(
                error(connection, sql, &[]),
                (
                    READONLY,
                    format!("{name}: attempt to write a readonly database")
                )
            );
        }
        for (_, sql) in READS {
            let mut statement = connection.prepare(sql).unwrap();
            statement.raw_query().next().unwrap();
        }
    }
}

#[test]
fn an_interrupt_stays_an_interrupt() {
    let (_directory, path) = place();
    // Enough for every walk to run some of SQLite's instructions.
    let connection = host::open(&path);
    connection.execute_batch("BEGIN").unwrap();
    for number in 0..2000 {
        let fork = [
            "SELECT branch_append('t', 'user', '')",
            "SELECT branch_fork(1, 'user', '')",
        ];
        integer(&connection, fork[usize::from(number % 2 == 0)], &[]);
    }
    connection.execute_batch("COMMIT").unwrap();
    let before = contents(&connection);
    let statements = [
        ("branch_tip", "SELECT branch_tip(1)"),
        ("branch_leaves", "SELECT * FROM branch_leaves('t')"),
        ("branch_children", "SELECT * FROM branch_children(1)"),
        ("branch_tree", "SELECT * FROM branch_tree('t')"),
        ("branch_check", "SELECT * FROM branch_check('t')"),
        ("branch_prune", "SELECT branch_prune(1)"),
        ("branch_clear", "SELECT branch_clear('t')"),
    ];
    for (name, sql) in statements {
        let mut mutable = host::open(&path);
        integer(&mutable, "SELECT count(*) FROM messages", &[]);
        mutable.progress_handler(200, Some(|| true)).unwrap();
        let (code, text) = error(&mutable, sql, &[]);
        // Where the interrupt hits SQLite's own loop, between two rows of ours, there is no name before the text.
        assert_eq!(code, INTERRUPT, "{name}: {text}");
        assert!(
            text == "interrupted" || text == format!("{name}: interrupted"),
            "{name}: {text}"
        );
        assert!(mutable.is_autocommit(), "{name}");
        mutable.progress_handler(0, None::<fn() -> bool>).unwrap();
        assert_eq!(contents(&mutable), before, "{name}");
    }
}

#[test]
fn a_full_disk_stays_full_and_takes_only_the_statement_back() {
    let (_directory, path) = place();
    let connection = host::open(&path);
    let pages = integer(&connection, "PRAGMA page_count", &[]);
    let limit = |pages: i64| {
        connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
    };
    let long = "x".repeat(100_000);
    let statements = [
        ("branch_append", "SELECT branch_append('t', 'user', ?1)"),
        ("branch_fork", "SELECT branch_fork(3, 'user', ?1)"),
        (
            "branch_alternative",
            "SELECT branch_alternative(1, 'user', ?1)",
        ),
    ];
    for (name, sql) in statements {
        limit(pages);
        let before = contents(&connection);
        let expected = (FULL, format!("{name}: database or disk is full"));
        assert_eq!(error(&connection, sql, &[&long]), expected);
        assert!(connection.is_autocommit());
        assert_eq!(contents(&connection), before);

        connection
            .execute_batch("BEGIN; UPDATE threads SET title = 'kept'")
            .unwrap();
        assert_eq!(error(&connection, sql, &[&long]), expected);
        assert!(
            !connection.is_autocommit(),
            "{name}: the transaction is gone"
        );
        let kept = "SELECT count(*) FROM threads WHERE title = 'kept'";
        assert_eq!(integer(&connection, kept, &[]), 1);
        connection.execute_batch("COMMIT").unwrap();
        assert_eq!(contents(&connection), before, "{name}");
    }
    limit(pages + 1000);
    for (_, sql) in statements {
        integer(&connection, sql, &[&long]);
    }
}

#[test]
fn a_copy_that_does_not_fit_is_taken_back_alone() {
    let (_directory, path) = place();
    let connection = host::open(&path);
    let long = "x".repeat(100_000);
    let first = integer(
        &connection,
        "SELECT branch_append('t', 'user', ?1)",
        &[&long],
    );
    let leaf = integer(
        &connection,
        "SELECT branch_append('t', 'user', ?1)",
        &[&long],
    );
    // Room for one of the two messages, so that the copy fails in its middle.
    let pages = integer(&connection, "PRAGMA page_count", &[]) + 30;
    connection
        .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .unwrap();
    let before = contents(&connection);
    for begin in ["SELECT 1", "BEGIN; UPDATE threads SET title = 'kept'"] {
        connection.execute_batch(begin).unwrap();
        assert_eq!(
            error(&connection, "SELECT branch_copy(?1, 'copy')", &[&leaf]),
            (FULL, "branch_copy: database or disk is full".to_owned())
        );
        assert_eq!(contents(&connection), before);
    }
    assert!(!connection.is_autocommit(), "the transaction is gone");
    // The shorter path fits.
    integer(&connection, "SELECT branch_copy(?1, 'copy')", &[&first]);
    connection.execute_batch("COMMIT").unwrap();
    let kept = "SELECT count(*) FROM threads WHERE title = 'kept'";
    assert_eq!(integer(&connection, kept, &[]), 2);
}

#[test]
fn a_damaged_file_is_corrupt() {
    for table in ["messages", "threads"] {
        let (_directory, path) = place();
        let connection = host::open(&path);
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let page = integer(&connection, root, &[&table]);
        let size = integer(&connection, "PRAGMA page_size", &[]);
        drop(connection);
        let mut bytes = std::fs::read(&path).unwrap();
        let start = usize::try_from((page - 1) * size).unwrap();
        bytes[start..start + usize::try_from(size).unwrap()].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
        let connection = host::open(&path);
        let text = |name: &str| (CORRUPT, format!("{name}: database disk image is malformed"));
        for (name, sql) in WRITES {
            assert_eq!(error(&connection, sql, &[]), text(name), "{table}");
        }
        let thread = [
            "branch_messages",
            "branch_leaves",
            "branch_tree",
            "branch_check",
        ];
        for (name, sql) in READS {
            if table == "messages" || thread.contains(&name) {
                assert_eq!(error(&connection, sql, &[]), text(name), "{table}");
            }
        }
    }
}

#[test]
fn what_an_authorizer_forbids() {
    let (_directory, path) = place();
    for table in ["messages", "threads"] {
        let mut connection = host::open(&path);
        connection
            .authorizer(Some(move |context: AuthContext<'_>| match context.action {
                AuthAction::Insert { table_name } | AuthAction::Delete { table_name }
                    if table_name == table =>
                {
                    Authorization::Deny
                }
                AuthAction::Update { table_name, .. } if table_name == table => Authorization::Deny,
                _ => Authorization::Allow,
            }))
            .unwrap();
        let before = contents(&connection);
        for (name, sql) in WRITES {
            if table == "messages" && name == "branch_switch" {
                continue;
            }
            let (code, text) = error(&connection, sql, &[]);
            assert_eq!(code, AUTH, "{name}: {text}");
            assert!(text.starts_with(&format!("{name}: ")), "{text}");
            assert_eq!(contents(&connection), before, "{name}");
        }
    }
}

#[test]
fn what_a_trigger_or_a_constraint_forbids() {
    let (_directory, path) = place();
    let connection = host::open(&path);
    connection
        .execute_batch(
            "CREATE TRIGGER no_leaf BEFORE UPDATE ON threads BEGIN SELECT raise(ABORT, 'leaves %s stay'); END;
             CREATE TRIGGER no_fork BEFORE INSERT ON threads BEGIN SELECT raise(FAIL, 'leaves %s stay'); END;",
        )
        .unwrap();
    let before = contents(&connection);
    for (name, sql) in WRITES {
        // Message 3 is not its thread's leaf, so pruning it moves none.
        let sql = if name == "branch_prune" {
            "SELECT branch_prune(1)"
        } else {
            sql
        };
        assert_eq!(
            error(&connection, sql, &[]),
            (CONSTRAINT_TRIGGER, format!("{name}: leaves %s stay"))
        );
        assert_eq!(contents(&connection), before, "{name}");
    }
    connection
        .execute_batch(
            "DROP TRIGGER no_leaf; DROP TRIGGER no_fork;
             CREATE TABLE log (id, CHECK (id < 0));",
        )
        .unwrap();
    let (code, text) = error(
        &connection,
        "INSERT INTO log SELECT branch_append('t', 'user', '')",
        &[],
    );
    assert_eq!(code, CONSTRAINT_CHECK, "{text}");
    assert_eq!(contents(&connection), before);
}

/// Connections that share a cache lock single tables.
#[test]
fn a_table_that_is_locked() {
    host::install();
    let open = || Connection::open("file:glue-codes?mode=memory&cache=shared").unwrap();
    let (writer, reader) = (open(), open());
    conversation(&writer);
    integer(&reader, "SELECT count(*) FROM messages", &[]);
    writer
        .execute_batch(
            "BEGIN; UPDATE messages SET role = 'changed'; UPDATE threads SET title = 'changed'",
        )
        .unwrap();
    const LOCKED_SHAREDCACHE: i32 = 262;
    for (name, sql) in READS.into_iter().chain(WRITES) {
        let (code, text) = error(&reader, sql, &[]);
        assert_eq!(code, LOCKED_SHAREDCACHE, "{name}: {text}");
        assert!(
            text.starts_with(&format!("{name}: database table is locked")),
            "{text}"
        );
    }
    writer.execute_batch("COMMIT").unwrap();
    for (_, sql) in WRITES {
        integer(&reader, sql, &[]);
    }
}

#[test]
fn a_message_that_is_larger_than_the_connection_allows() {
    let (_directory, path) = place();
    let connection = host::open(&path);
    connection
        .execute("UPDATE messages SET content = ?1", ["x".repeat(10_000)])
        .unwrap();
    connection
        .set_limit(Limit::SQLITE_LIMIT_LENGTH, 2_000)
        .unwrap();
    const TOOBIG: i32 = 18;
    for (name, sql) in [
        ("branch_messages", "SELECT * FROM branch_messages('t')"),
        ("branch_leaves", "SELECT * FROM branch_leaves('t')"),
        ("branch_siblings", "SELECT * FROM branch_siblings(2)"),
        ("branch_diff", "SELECT * FROM branch_diff(3, 4)"),
        ("branch_copy", "SELECT branch_copy(3, 'copy')"),
    ] {
        assert_eq!(
            error(&connection, sql, &[]),
            (TOOBIG, format!("{name}: string or blob too big"))
        );
    }
    // Who does not ask for the content gets an answer.
    assert_eq!(
        integer(
            &connection,
            "SELECT count(*) FROM branch_messages('t')",
            &[]
        ),
        2
    );
    assert_eq!(integer(&connection, "SELECT branch_depth(3)", &[]), 2);
}

/// An index of our name that is another one cannot serve; then the answer comes without it. Other errors of the same
/// code are reported as they are.
#[test]
fn an_index_that_is_another_one() {
    let connection = host::memory();
    conversation(&connection);
    let answers = |connection: &Connection| -> Vec<String> {
        READS
            .iter()
            .map(|(_, sql)| {
                let mut statement = connection.prepare(sql).unwrap();
                let columns = statement.column_count();
                let rows = statement.query_map([], |row| {
                    (0..columns)
                        .map(|at| Ok(format!("{:?}", row.get_ref(at)?)))
                        .collect::<rusqlite::Result<String>>()
                });
                rows.unwrap()
                    .map(Result::unwrap)
                    .collect::<Vec<_>>()
                    .join("\n")
            })
            .collect()
    };
    let before = answers(&connection);
    connection
        .execute_batch(
            "DROP INDEX branch_messages_first; CREATE INDEX branch_messages_first ON messages(role) WHERE role = 'x';
             DROP INDEX branch_messages_jumps; CREATE INDEX branch_messages_jumps ON messages(role) WHERE role = 'x';
             DROP INDEX branch_messages_later; CREATE INDEX branch_messages_later ON messages(role) WHERE role = 'x';",
        )
        .unwrap();
    assert_eq!(answers(&connection), before);
    connection
        .execute_batch("ALTER TABLE messages RENAME COLUMN parent_entry_id TO other")
        .unwrap();
    for (name, sql) in READS {
        let (code, text) = error(&connection, sql, &[]);
        assert_eq!(code, 1, "{sql}");
        assert!(
            text.starts_with(&format!("{name}: no such column: "))
                && text.contains("parent_entry_id"),
            "{sql}: {text}"
        );
    }
}
