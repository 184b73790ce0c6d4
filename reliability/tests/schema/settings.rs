//! Hostile settings of a connection: an authorizer, limits, a file that can only be read, another encoding.

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use sqlite_branch_reliability::calls::{self, READS, WRITES};
use sqlite_branch_reliability::database::{
    add_thread, assert_same, memory, open, rows, run, state, try_rows,
};

use crate::{all, prepared, refused, try_all, Closing, ERROR};

const READONLY: i32 = 8;
const AUTH: i32 = 23;

#[test]
fn a_database_that_is_defensive() {
    let connection = prepared();
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(option, on).unwrap();
        assert_eq!(try_all(&connection), all());
    }
}

/// Whatever an authorizer denies, calls end with an error or do what they should.
#[test]
fn an_authorizer_that_denies() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static DENY_AT: AtomicUsize = AtomicUsize::new(0);
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let deny_one = |_: AuthContext<'_>| {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed) + 1;
        if asked == DENY_AT.load(Ordering::Relaxed) {
            Authorization::Deny
        } else {
            Authorization::Allow
        }
    };
    let mut denied = 0;
    for sql in WRITES
        .iter()
        .map(|call| format!("SELECT {call}"))
        .chain(READS.iter().map(|sql| (*sql).to_owned()))
    {
        let mut dropped = Vec::new();
        for at in 1.. {
            // A new connection has no statements from before, for which nobody is asked again.
            let mut connection = prepared_file(&mut dropped);
            let before = state(&connection);
            DENY_AT.store(at, Ordering::Relaxed);
            ASKED.store(0, Ordering::Relaxed);
            connection.authorizer(Some(deny_one)).unwrap();
            let outcome = run(&connection, &sql);
            let asked = ASKED.load(Ordering::Relaxed);
            connection
                .authorizer(None::<fn(AuthContext<'_>) -> Authorization>)
                .unwrap();
            if let Err(failure) = outcome {
                assert!(
                    failure.primary() == AUTH || failure.primary() == ERROR,
                    "{sql}: {failure:?}"
                );
                assert!(
                    !failure.text.contains("internal error"),
                    "{sql}: {failure:?}"
                );
                assert_same(&state(&connection), &before, &sql);
                denied += 1;
            }
            if asked < at {
                break;
            }
        }
    }
    println!("schema: {denied} calls failed because something was denied, half done: 0");
}

/// A connection to a file that is made once.
fn prepared_file(made: &mut Vec<tempfile::TempDir>) -> Closing {
    if made.is_empty() {
        let directory = tempfile::tempdir().unwrap();
        calls::prepare(&open(&directory.path().join("pristine.db")));
        made.push(directory);
    }
    let directory = made[0].path();
    std::fs::copy(directory.join("pristine.db"), directory.join("state.db")).unwrap();
    Closing::new(open(&directory.join("state.db")))
}

#[test]
fn an_authorizer_that_allows_only_to_read() {
    let mut connection = prepared();
    let reading = |context: AuthContext<'_>| match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive
        // FTS5 asks whether others have written.
        | AuthAction::Pragma {
            pragma_name: "data_version",
            ..
        } => Authorization::Allow,
        _ => Authorization::Deny,
    };
    connection.authorizer(Some(reading)).unwrap();
    let before = rows(&connection, "SELECT * FROM messages, threads");
    for call in &WRITES[..WRITES.len() - 1] {
        let failure = try_rows(&connection, &format!("SELECT {call}")).unwrap_err();
        assert_eq!(failure.primary(), AUTH, "{call}: {failure:?}");
    }
    assert_eq!(rows(&connection, "SELECT * FROM messages, threads"), before);
    for sql in READS {
        run(&connection, sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"));
    }
}

/// Statements that calls have left for later calls do not get past an authorizer that comes later.
#[test]
fn an_authorizer_that_comes_late() {
    let mut connection = prepared();
    assert_eq!(try_all(&connection), all());
    let no_messages = |context: AuthContext<'_>| match context.action {
        AuthAction::Read {
            table_name: "messages",
            ..
        } => Authorization::Deny,
        _ => Authorization::Allow,
    };
    connection.authorizer(Some(no_messages)).unwrap();
    // The first only tells versions.
    for sql in &READS[1..] {
        let failure = try_rows(&connection, sql).unwrap_err();
        assert_eq!(failure.primary(), AUTH, "{sql}: {failure:?}");
    }
}

fn read_only(connection: &Connection) {
    for call in &WRITES[..WRITES.len() - 1] {
        let failure = refused(connection, &format!("SELECT {call}"));
        assert_eq!(failure.primary(), READONLY, "{call}: {failure:?}");
    }
    // There is nothing to do.
    assert_eq!(rows(connection, "SELECT branch_migrate()"), ["0"]);
    for sql in READS {
        run(connection, sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"));
    }
}

#[test]
fn query_only() {
    let connection = prepared();
    rows(&connection, "PRAGMA query_only = on");
    read_only(&connection);
}

#[test]
fn a_file_that_can_only_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    calls::prepare(&open(&path));
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    sqlite_branch_store::register(&connection).unwrap();
    read_only(&connection);
    let uri = format!("file:{}?immutable=1", path.display());
    let connection = Connection::open_with_flags(
        uri,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
    )
    .unwrap();
    sqlite_branch_store::register(&connection).unwrap();
    read_only(&connection);
}

/// Each limit at its lowest, and at values above that: calls fail or work, and leave nothing half done.
#[test]
fn limits_at_their_minima() {
    let limits = [
        Limit::SQLITE_LIMIT_LENGTH,
        Limit::SQLITE_LIMIT_SQL_LENGTH,
        Limit::SQLITE_LIMIT_COLUMN,
        Limit::SQLITE_LIMIT_EXPR_DEPTH,
        Limit::SQLITE_LIMIT_COMPOUND_SELECT,
        Limit::SQLITE_LIMIT_VDBE_OP,
        Limit::SQLITE_LIMIT_FUNCTION_ARG,
        Limit::SQLITE_LIMIT_ATTACHED,
        Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH,
        Limit::SQLITE_LIMIT_VARIABLE_NUMBER,
        Limit::SQLITE_LIMIT_TRIGGER_DEPTH,
        Limit::SQLITE_LIMIT_WORKER_THREADS,
    ];
    let mut failed = 0;
    for limit in limits {
        for value in [0, 1, 2, 5, 10, 20, 50, 100, 300] {
            for sql in WRITES
                .iter()
                .map(|call| format!("SELECT {call}"))
                .chain(READS.iter().map(|sql| (*sql).to_owned()))
            {
                let connection = prepared();
                let before = state(&connection);
                let usual = connection.limit(limit).unwrap();
                connection.set_limit(limit, value).unwrap();
                let outcome = run(&connection, &sql);
                connection.set_limit(limit, usual).unwrap();
                if let Err(failure) = outcome {
                    assert!(
                        !failure.text.contains("internal error"),
                        "{sql}: {failure:?}"
                    );
                    assert_same(&state(&connection), &before, &sql);
                    failed += 1;
                    run(&connection, &sql)
                        .unwrap_or_else(|failure| panic!("{sql}, afterwards: {failure:?}"));
                }
            }
        }
    }
    println!("schema: {failed} calls failed at a limit, half done: 0");
}

/// A database in one encoding, and the extension on a connection to which others of another are attached.
#[test]
fn other_encodings() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let connection = memory();
        rows(&connection, &format!("PRAGMA encoding = '{encoding}'"));
        calls::prepare(&connection);
        add_thread(&connection, "ü🌲");
        assert_eq!(try_all(&connection), all());
        run(
            &connection,
            "SELECT branch_append('ü🌲', 'user', 'ß' || char(0) || '🌲')",
        )
        .unwrap();
        assert_eq!(
            rows(
                &connection,
                "SELECT hex(content), length(content) FROM branch_messages('ü🌲')"
            ),
            rows(
                &connection,
                "SELECT hex(content), length(content) FROM messages WHERE thread_id = 'ü🌲'"
            )
        );
    }
}
