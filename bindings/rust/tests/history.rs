//! The branch methods on a connection of one's own.

mod support;

use std::io::ErrorKind;

use sqlite_branch_store::rusqlite::{self, Connection, TransactionBehavior};
use sqlite_branch_store::{register, Error, History};
use support::{conversation, texts, TestStore};

#[test]
fn a_connection_of_ones_own() {
    let (store, [question, _, _, because, _]) = conversation();
    let mut conn = Connection::open(store.db()).unwrap();
    register(&conn).unwrap();
    register(&conn).unwrap();
    let history = History::new(&conn);
    assert_eq!(history.migrate().unwrap(), 0);
    assert_eq!(history.version().unwrap(), env!("CARGO_PKG_VERSION"));
    assert!(history
        .debug()
        .unwrap()
        .contains(sqlite_branch_store::rusqlite::version()));
    history
        .append_message("t", "user", "from outside", None)
        .unwrap();
    assert_eq!(texts(&store, "t"), ["question", "other", "from outside"]);

    // It joins the transaction that is open, and SQL can be mixed in.
    let tx = conn.transaction().unwrap();
    History::new(&tx)
        .fork_at_message(because, "user", "rolled back", None)
        .unwrap();
    let depth: i64 = tx
        .query_row("SELECT branch_depth(max(id)) FROM messages", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(depth, 4);
    tx.rollback().unwrap();
    assert_eq!(store.children(because).unwrap().len(), 0);
    assert_eq!(History::new(&conn).root(because).unwrap(), Some(question));
    conn.close().unwrap();
}

/// The code that SQLite gave, with its extension.
fn code(error: &Error) -> Option<i32> {
    let error = error.sqlite_error()?.sqlite_error()?;
    Some(error.extended_code)
}

/// A transaction that has read an old state cannot write, however long it waits: that is told apart from a wait that
/// was too long.
#[test]
fn a_write_on_an_old_snapshot_is_busy_at_once() {
    let (store, _) = conversation();
    let conn = Connection::open(store.db()).unwrap();
    let history = History::register(&conn).unwrap();
    let read = rusqlite::Transaction::new_unchecked(&conn, TransactionBehavior::Deferred).unwrap();
    assert_eq!(history.list_messages("t", None).unwrap().len(), 2);
    store.append_message("t", "user", "theirs", None).unwrap();
    let error = history
        .append_message("t", "user", "mine", None)
        .unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    assert_eq!(code(&error), Some(rusqlite::ffi::SQLITE_BUSY_SNAPSHOT));
    assert!(error.to_string().contains("begin it IMMEDIATE"), "{error}");
    drop(read);
    history.append_message("t", "user", "mine", None).unwrap();
    assert_eq!(texts(&store, "t"), ["question", "other", "theirs", "mine"]);
}

#[test]
fn a_locked_and_a_read_only_database_give_their_own_codes() {
    let (store, [question, ..]) = conversation();
    let conn = Connection::open(store.db()).unwrap();
    conn.busy_timeout(std::time::Duration::ZERO).unwrap();
    let history = History::register(&conn).unwrap();
    store
        .transaction(|tx| {
            tx.append_message("t", "user", "held", None)?;
            for error in [
                history.append_message("t", "user", "x", None).map(drop),
                history
                    .fork_at_message(question, "user", "x", None)
                    .map(drop),
                history
                    .add_alternative(question, "user", "x", None)
                    .map(drop),
                history.switch_leaf("t", None),
                history.prune(question).map(drop),
                history.clear_messages("t").map(drop),
                history.copy_branch(question, "copy").map(drop),
            ] {
                let error = error.unwrap_err();
                assert!(matches!(error, Error::Busy { .. }), "{error:?}");
                assert_eq!(code(&error), Some(rusqlite::ffi::SQLITE_BUSY));
            }
            // Reading does not wait.
            assert_eq!(history.list_messages("t", None)?.len(), 2);
            Ok(())
        })
        .unwrap();

    conn.pragma_update(None, "query_only", true).unwrap();
    let error = history.append_message("t", "user", "x", None).unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
    assert_eq!(code(&error), Some(rusqlite::ffi::SQLITE_READONLY));
    assert_eq!(texts(&store, "t"), ["question", "other", "held"]);
}

#[test]
fn a_full_disk_is_an_io_error_and_nothing_is_half_written() {
    let (store, [_, answer, ..]) = conversation();
    let conn = Connection::open(store.db()).unwrap();
    let history = History::register(&conn).unwrap();
    let pages: i64 = conn
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .unwrap();
    let long = "x".repeat(1_000_000);
    for error in [
        history.append_message("t", "user", &long, None),
        history.add_alternative(answer, "user", &long, None),
    ] {
        let error = error.unwrap_err();
        assert!(
            matches!(&error, Error::Io { source, .. } if source.kind() == ErrorKind::StorageFull),
            "{error:?}"
        );
        assert_eq!(code(&error), Some(rusqlite::ffi::SQLITE_FULL));
    }
    assert_eq!(texts(&store, "t"), ["question", "other"]);
    assert!(store.check(None).unwrap().is_empty());
}

#[test]
fn a_database_that_was_not_migrated_is_told_what_helps() {
    let conn = Connection::open_in_memory().unwrap();
    let history = History::register(&conn).unwrap();
    let error = history.append_message("t", "user", "x", None).unwrap_err();
    assert!(matches!(error, Error::Sqlite { .. }), "{error:?}");
    assert!(error.to_string().contains("branch_migrate()"), "{error}");
    let error = history.list_messages("t", None).unwrap_err();
    assert!(
        error.to_string().contains("no such table: main.messages"),
        "{error}"
    );
}

#[test]
fn many_connections_register_at_once() {
    let threads: Vec<_> = (0..16)
        .map(|_| {
            std::thread::spawn(|| {
                let conn = Connection::open_in_memory().unwrap();
                let history = History::register(&conn).unwrap();
                history.migrate().unwrap();
                history.check(None).unwrap().len()
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 0);
    }
}

#[test]
fn without_the_extension_a_history_says_so() {
    let conn = Connection::open_in_memory().unwrap();
    let error = History::new(&conn).migrate().unwrap_err();
    assert!(error.to_string().contains("branch_migrate"), "{error}");
}

#[test]
fn the_sqlite_that_runs_is_the_bundled_one() {
    let store = TestStore::new();
    let debug = store.debug().unwrap();
    assert!(
        debug.contains(sqlite_branch_store::rusqlite::version()),
        "{debug}"
    );
    assert_eq!(store.version().unwrap(), env!("CARGO_PKG_VERSION"));
}

/// Whatever the extension declares, but for what only SQL needs, has a method.
#[test]
fn every_function_and_table_has_a_method() {
    const SQL_ONLY: [&str; 3] = ["branch_call", "branch_write", "branch_feed"];
    let mut sources = String::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let declared = sqlite_branch::signatures();
    assert!(declared.len() > 30, "{}", declared.len());
    let missing: Vec<&str> = declared
        .iter()
        .map(|signature| signature.name)
        .filter(|name| !SQL_ONLY.contains(name) && !sources.contains(&format!("{name}(")))
        .collect();
    assert_eq!(missing, [""; 0]);
}
