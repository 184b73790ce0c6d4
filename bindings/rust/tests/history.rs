//! The branch methods on a connection of one's own.

mod support;

use sqlite_branch_store::rusqlite::Connection;
use sqlite_branch_store::{register, History};
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
