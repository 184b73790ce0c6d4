//! Many threads and many processes on one file.

mod seed;
mod support;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use sqlite_branch_store::rusqlite::{self, Connection, TransactionBehavior};
use sqlite_branch_store::{Error, MessageRecord, NewMessage, StateStore, ThreadMetadata};
use support::{shown, Process, TestStore};

/// A listing is a branch: it begins with a first message, and each message follows the one before it.
fn assert_branch(messages: &[MessageRecord]) {
    let mut before = None;
    for message in messages {
        assert_eq!(message.parent_entry_id, before, "message {}", message.id);
        before = Some(message.id);
    }
}

#[test]
fn threads_append_to_one_thread_while_others_list_it() {
    const WRITERS: usize = 8;
    const EACH: usize = 100;
    let store = TestStore::with_thread("t");
    let done = AtomicBool::new(false);
    let barrier = Barrier::new(WRITERS + 2);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let store = store.store.clone();
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    for at in 0..EACH {
                        store
                            .append_message("t", "user", &format!("{writer}-{at}"), None)
                            .unwrap();
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            let (store, done, barrier) = (store.store.clone(), &done, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let mut longest = 0;
                while !done.load(Ordering::Relaxed) {
                    let listed = store.list_messages("t", Some(usize::MAX)).unwrap();
                    assert_branch(&listed);
                    assert!(listed.len() >= longest);
                    longest = listed.len();
                }
            });
        }
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let listed = store.list_messages("t", Some(usize::MAX)).unwrap();
    assert_branch(&listed);
    let texts: HashSet<&str> = listed.iter().map(|m| m.content.as_str()).collect();
    assert_eq!(
        (listed.len(), texts.len()),
        (WRITERS * EACH, WRITERS * EACH)
    );
}

#[test]
fn processes_append_to_one_thread_and_to_their_own() {
    const PROCESSES: usize = 4;
    let store = TestStore::with_thread("t");
    let mut children: Vec<_> = (0..PROCESSES)
        .map(|_| Process::start("append", &store.db()))
        .collect();
    for child in &mut children {
        child.expect("ready");
    }
    for child in &mut children {
        child.go();
    }
    let mut acknowledged = Vec::new();
    for mut child in children {
        while let Some(id) = child.next() {
            acknowledged.push(id.parse::<i64>().unwrap());
            assert_branch(&store.list_messages("t", Some(usize::MAX)).unwrap());
            // The newest ones go on from a message that is not listed.
            let newest = store.list_messages("t", Some(20)).unwrap();
            for pair in newest.windows(2) {
                assert_eq!(pair[1].parent_entry_id, Some(pair[0].id));
            }
        }
        assert!(child.wait().success());
    }
    assert_eq!(acknowledged.len(), PROCESSES * APPENDS);
    let listed = store.list_messages("t", Some(usize::MAX)).unwrap();
    assert_branch(&listed);
    acknowledged.sort_unstable();
    assert_eq!(
        listed.iter().map(|m| m.id).collect::<Vec<_>>(),
        acknowledged
    );
    assert!(store.check(None).unwrap().is_empty());
    let own: i64 = Connection::open(store.db())
        .unwrap()
        .query_row(
            "SELECT count(*) FROM messages WHERE thread_id <> 't'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(own as usize, PROCESSES * APPENDS);
}

const APPENDS: usize = 250;

fn append(store: &StateStore) {
    let own = format!("own {}", std::process::id());
    store
        .upsert_thread(&ThreadMetadata::new(own.as_str()))
        .unwrap();
    support::tell("ready");
    support::hear();
    for at in 0..APPENDS {
        let id = store
            .append_message("t", "user", &at.to_string(), None)
            .unwrap();
        support::tell(id);
        let mine = store
            .append_message(&own, "user", &at.to_string(), None)
            .unwrap();
        if at % 10 == 9 {
            store.add_alternative(mine, "user", "again", None).unwrap();
            store.prune(mine).unwrap();
        }
    }
    assert_eq!(shown(store, &own).len(), APPENDS);
}

/// Several processes open the file at the same moment, and each of them appends.
fn open_at_once(dir: &std::path::Path) {
    let path = dir.join("state.db");
    let mut children: Vec<_> = (0..6).map(|_| Process::start("open", &path)).collect();
    for child in &mut children {
        child.expect("ready");
    }
    for child in &mut children {
        child.go();
    }
    for mut child in children {
        child.expect("opened");
        assert!(child.wait().success());
    }
    let store = StateStore::open(Some(path)).unwrap();
    assert!(store.check(None).unwrap().is_empty());
    let all = sqlite_branch_store::ThreadListFilters {
        include_archived: true,
        limit: Some(usize::MAX),
    };
    let theirs = store.list_threads(all).unwrap();
    assert_eq!(theirs.iter().filter(|t| t.id.starts_with("of ")).count(), 6);
}

#[test]
fn processes_open_a_new_file_at_once() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        open_at_once(dir.path());
    }
}

#[test]
fn processes_open_a_legacy_file_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let seed = seed::Seed::at(dir.path().join("state.db"));
    seed.run(seed::LINEAR);
    seed.upsert_thread("old", 1);
    seed.run(
        "WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 20000)
         INSERT INTO messages(thread_id, role, content, created_at) SELECT 'old', 'user', at, at FROM n;",
    );
    open_at_once(dir.path());
    let store = StateStore::open(Some(seed.path.clone())).unwrap();
    let listed = store.list_messages("old", Some(usize::MAX)).unwrap();
    assert_branch(&listed);
    assert_eq!(listed.len(), 20_000);
}

/// Two processes that write without a pause. SQLite's own way of waiting leaves the others out until their timeouts end.
#[test]
fn a_process_gets_its_turn_among_others_that_never_pause() {
    let store = TestStore::with_thread("t");
    let mut busy: Vec<_> = (0..2).map(|_| Process::start("hog", &store.db())).collect();
    for child in &mut busy {
        child.expect("writing");
    }
    for at in 0..20 {
        store
            .append_message("t", "user", &at.to_string(), None)
            .unwrap();
    }
    for child in &mut busy {
        child.go();
    }
    for child in busy {
        assert!(child.wait().success());
    }
    assert_eq!(shown(&store, "t").len(), 20);
}

#[test]
fn a_write_waits_for_another_process_and_a_read_does_not() {
    let store = TestStore::with_thread("t");
    let first = store.append_message("t", "user", "first", None).unwrap();
    let mut other = Process::start("hold", &store.db());
    other.expect("holding");
    // It has appended, and not committed.
    assert_eq!(shown(&store, "t"), [first]);
    let writer = store.store.clone();
    let waiting = thread::spawn(move || writer.append_message("t", "user", "mine", None));
    assert_eq!(shown(&store, "t"), [first]);
    other.go();
    assert!(other.wait().success());
    waiting.join().unwrap().unwrap();
    assert_eq!(support::texts(&store, "t"), ["first", "theirs", "mine"]);
}

#[test]
fn after_the_timeout_busy_is_busy_with_its_code() {
    let store = TestStore::with_thread("t");
    let other = Connection::open(store.db()).unwrap();
    let holding =
        rusqlite::Transaction::new_unchecked(&other, TransactionBehavior::Immediate).unwrap();
    let impatient = StateStore::builder()
        .path(store.db())
        .busy_timeout(Duration::from_millis(20))
        .open()
        .unwrap();
    for error in [
        impatient
            .append_message("t", "user", "hi", None)
            .unwrap_err(),
        impatient
            .append_messages("t", &[NewMessage::new("user", "hi")])
            .map(drop)
            .unwrap_err(),
        impatient.transaction(|_| Ok(())).unwrap_err(),
        impatient.mark_archived("t").unwrap_err(),
    ] {
        assert!(matches!(error, Error::Busy { .. }), "{error:?}");
        let code = error.sqlite_error().and_then(|e| e.sqlite_error_code());
        assert_eq!(code, Some(rusqlite::ErrorCode::DatabaseBusy));
    }
    assert!(shown(&impatient, "t").is_empty());
    holding.commit().unwrap();
    impatient.append_message("t", "user", "hi", None).unwrap();
    assert_eq!(shown(&store, "t").len(), 1);
}

#[test]
fn a_thread_waits_for_its_turn_until_the_timeout() {
    let dir = tempfile::tempdir().unwrap();
    let store = StateStore::builder()
        .path(dir.path().join("state.db"))
        .busy_timeout(Duration::from_millis(20))
        .open()
        .unwrap();
    store.upsert_thread(&ThreadMetadata::new("t")).unwrap();
    let error = store
        .transaction(|_| {
            let store = store.clone();
            let late = thread::spawn(move || store.append_message("t", "user", "hi", None));
            Ok(late.join().unwrap())
        })
        .unwrap()
        .unwrap_err();
    assert!(
        matches!(error, Error::Busy { source: None, .. }),
        "{error:?}"
    );
    store.append_message("t", "user", "hi", None).unwrap();
}

#[test]
fn more_readers_than_connections_do_not_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = StateStore::builder()
        .path(dir.path().join("state.db"))
        .readers(1)
        .open()
        .unwrap();
    store.upsert_thread(&ThreadMetadata::new("t")).unwrap();
    store.append_message("t", "user", "hi", None).unwrap();
    let barrier = Barrier::new(16);
    thread::scope(|scope| {
        for _ in 0..16 {
            let (store, barrier) = (store.clone(), &barrier);
            scope.spawn(move || {
                barrier.wait();
                for _ in 0..20 {
                    assert_eq!(shown(&store, "t").len(), 1);
                }
            });
        }
    });
}

/// A reader that has begun does not see what is committed meanwhile; the writer does not wait for it.
#[test]
fn a_long_read_elsewhere_does_not_stop_a_write() {
    let store = TestStore::with_thread("t");
    store.append_message("t", "user", "a", None).unwrap();
    let mut reader = Connection::open(store.db()).unwrap();
    let snapshot = reader.transaction().unwrap();
    let count = |conn: &Connection| -> i64 {
        conn.query_row("SELECT count(*) FROM messages", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(count(&snapshot), 1);
    for _ in 0..50 {
        store.append_message("t", "user", "b", None).unwrap();
    }
    assert_eq!(count(&snapshot), 1);
    drop(snapshot);
    assert_eq!(count(&reader), 51);
}

/// What the child processes do.
#[test]
fn child_process() {
    let Some((role, path)) = support::role() else {
        return;
    };
    match role.as_str() {
        "append" => append(&StateStore::open(Some(path)).unwrap()),
        "open" => {
            support::tell("ready");
            support::hear();
            let store = StateStore::open(Some(path)).unwrap();
            let own = format!("of {}", std::process::id());
            store
                .upsert_thread(&ThreadMetadata::new(own.as_str()))
                .unwrap();
            store.append_message(&own, "user", "hi", None).unwrap();
            support::tell("opened");
        }
        "hold" => {
            let store = StateStore::open(Some(path)).unwrap();
            store
                .transaction(|tx| {
                    tx.append_message("t", "user", "theirs", None)?;
                    support::tell("holding");
                    support::hear();
                    Ok(())
                })
                .unwrap();
        }
        "hog" => {
            let store = StateStore::open(Some(path)).unwrap();
            store.upsert_thread(&ThreadMetadata::new("busy")).unwrap();
            support::tell("writing");
            let told_to_stop = thread::spawn(support::hear);
            while !told_to_stop.is_finished() {
                store.append_message("busy", "user", "x", None).unwrap();
            }
        }
        other => panic!("{other}"),
    }
}
