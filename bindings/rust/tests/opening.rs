//! What opening a store decides, and what it leaves on the disk.

mod seed;
mod support;

use std::fs;
use std::time::Duration;

use sqlite_branch_store::rusqlite::{self, Connection};
use sqlite_branch_store::{
    Error, JournalMode, StateStore, Synchronous, ThreadListFilters, ThreadMetadata,
};
use support::TestStore;

fn journal_mode(path: &std::path::Path) -> String {
    Connection::open(path)
        .unwrap()
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap()
}

#[test]
#[cfg(unix)]
fn new_files_and_directories_are_private_and_old_ones_stay_as_they_are() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let deep = dir.path().join("a").join("b");
    let store = StateStore::open(Some(deep.join("state.db"))).unwrap();
    store.upsert_thread(&ThreadMetadata::new("t")).unwrap();
    assert_eq!(mode(dir.path()), 0o755);
    assert_eq!(mode(&dir.path().join("a")), 0o700);
    assert_eq!(mode(&deep), 0o700);
    for entry in fs::read_dir(&deep).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert!(deep.join("state.db-wal").exists());
    assert!(deep.join("session_index.jsonl.lock").exists());
    drop(store);

    fs::set_permissions(deep.join("state.db"), fs::Permissions::from_mode(0o664)).unwrap();
    fs::set_permissions(&deep, fs::Permissions::from_mode(0o775)).unwrap();
    let store = StateStore::open(Some(deep.join("state.db"))).unwrap();
    store.upsert_thread(&ThreadMetadata::new("u")).unwrap();
    assert_eq!(mode(&deep.join("state.db")), 0o664);
    assert_eq!(mode(&deep), 0o775);
}

#[test]
fn a_new_database_is_in_wal_mode_and_closes_without_a_trace_of_it() {
    let store = TestStore::with_thread("t");
    assert_eq!(journal_mode(&store.db()), "wal");
    store.list_messages("t", None).unwrap();
    let TestStore { store, dir } = store;
    assert!(dir.path().join("state.db-wal").exists());
    drop(store);
    assert!(!dir.path().join("state.db-wal").exists());
    assert!(!dir.path().join("state.db-shm").exists());
}

#[test]
fn every_journal_mode_and_synchronous_setting_works() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    let modes = [
        (JournalMode::Wal, "wal"),
        (JournalMode::Delete, "delete"),
        (JournalMode::Truncate, "delete"),
        (JournalMode::Persist, "delete"),
        (JournalMode::Wal, "wal"),
    ];
    let syncs = [
        Synchronous::Off,
        Synchronous::Normal,
        Synchronous::Full,
        Synchronous::Extra,
    ];
    let mut expected = 0;
    for (mode, left) in modes {
        for sync in syncs {
            let store = StateStore::builder()
                .path(&path)
                .journal_mode(mode)
                .synchronous(sync)
                .readers(0)
                .open()
                .unwrap();
            store
                .upsert_thread(&ThreadMetadata::new(format!(
                    "{mode:?} {sync:?} {expected}"
                )))
                .unwrap();
            expected += 1;
            let all = ThreadListFilters {
                include_archived: true,
                limit: Some(1000),
            };
            assert_eq!(store.list_threads(all).unwrap().len(), expected);
        }
        assert_eq!(journal_mode(&path), left);
    }
}

/// Verified, not assumed: a database that somebody else has open cannot leave WAL mode.
#[test]
fn a_journal_mode_that_cannot_be_had_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    drop(StateStore::open(Some(path.clone())).unwrap());
    let other = Connection::open(&path).unwrap();
    let _: i64 = other
        .query_row("SELECT count(*) FROM threads", [], |row| row.get(0))
        .unwrap();
    let error = StateStore::builder()
        .path(&path)
        .journal_mode(JournalMode::Delete)
        .busy_timeout(Duration::ZERO)
        .open()
        .unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    assert!(error.to_string().contains("state.db"), "{error}");
    drop(other);
    assert_eq!(journal_mode(&path), "wal");
}

/// What is up to date is found to be so by reading.
#[test]
fn a_database_opens_while_another_process_writes_to_it() {
    let (store, _) = support::conversation();
    let other = Connection::open(store.db()).unwrap();
    let writing =
        rusqlite::Transaction::new_unchecked(&other, rusqlite::TransactionBehavior::Immediate)
            .unwrap();
    for read_only in [false, true] {
        let second = StateStore::builder()
            .path(store.db())
            .busy_timeout(Duration::ZERO)
            .read_only(read_only)
            .open()
            .unwrap();
        assert_eq!(support::texts(&second, "t"), ["question", "other"]);
    }
    drop(writing);
}

#[test]
fn a_read_only_store_reads_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    let read_only = || StateStore::builder().path(&path).read_only(true).open();
    let error = read_only().unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("state.db"), "{error}");
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none());

    let writing = StateStore::open(Some(path.clone())).unwrap();
    let mut thread = ThreadMetadata::new("t");
    thread.name = Some("n".into());
    writing.upsert_thread(&thread).unwrap();
    let id = writing.append_message("t", "user", "hi", None).unwrap();
    let store = read_only().unwrap();
    assert_eq!(support::shown(&store, "t"), [id]);
    assert_eq!(
        store.find_thread_name_by_id("t").unwrap().as_deref(),
        Some("n")
    );
    // It sees what is written meanwhile.
    writing.append_message("t", "user", "there", None).unwrap();
    assert_eq!(support::shown(&store, "t").len(), 2);
    drop(writing);

    let refused = [
        store.append_message("t", "user", "hi", None).map(drop),
        store.append_messages("t", &[]).map(drop),
        store.upsert_thread(&thread),
        store.delete_thread("t"),
        store.append_thread_name("t", None, 1, None),
        store.compact_session_index(),
        store.transaction(|_| Ok(())),
    ];
    for error in refused {
        let error = error.unwrap_err();
        assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
    }
    assert_eq!(support::shown(&store, "t").len(), 2);
}

#[test]
fn a_linear_database_cannot_be_opened_read_only_and_is_told_why() {
    let dir = tempfile::tempdir().unwrap();
    let seed = seed::Seed::at(dir.path().join("state.db"));
    seed.run(seed::LINEAR);
    let read_only = || {
        StateStore::builder()
            .path(&seed.path)
            .read_only(true)
            .open()
    };
    let error = read_only().unwrap_err();
    assert!(matches!(error, Error::Schema { .. }), "{error:?}");
    assert!(
        error.to_string().contains("open it for writing once"),
        "{error}"
    );
    drop(StateStore::open(Some(seed.path.clone())).unwrap());
    drop(read_only().unwrap());
}

/// Version 1 of the seed's schema is all that reading needs.
#[test]
fn a_database_of_version_1_can_be_opened_read_only() {
    let dir = tempfile::tempdir().unwrap();
    let seed = seed::Seed::at(dir.path().join("state.db"));
    seed.run(&[seed::LINEAR, seed::BRANCHES].concat());
    seed.upsert_thread("t", 1);
    let ids: Vec<i64> = (0..5)
        .map(|at| seed.append("t", "user", &at.to_string(), None))
        .collect();
    seed.fork(&ids[1].to_string(), "user", "fork");
    let before = fs::read(&seed.path).unwrap();
    let store = StateStore::builder()
        .path(&seed.path)
        .read_only(true)
        .open()
        .unwrap();
    assert_eq!(support::texts(&store, "t"), ["0", "1", "fork"]);
    assert_eq!(store.leaves("t").unwrap().len(), 2);
    assert_eq!(store.tree("t").unwrap().len(), 6);
    assert!(store.check(None).unwrap().is_empty());
    drop(store);
    assert_eq!(fs::read(&seed.path).unwrap(), before);
}

#[test]
fn a_database_in_memory_is_refused() {
    let error = StateStore::open(Some(":memory:".into())).unwrap_err();
    assert!(matches!(error, Error::InvalidValue { .. }), "{error:?}");
    let error = StateStore::open(Some("".into())).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = StateStore::open(Some(file.join("state.db"))).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert!(
        error.to_string().contains(&*file.to_string_lossy()),
        "{error}"
    );
    let error = StateStore::open(Some(dir.path().to_owned())).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
}

#[test]
fn foreign_keys_are_on() {
    let store = TestStore::new();
    // Were they off, the row would go in.
    let error = store
        .save_checkpoint("nobody", "c", &serde_json::Value::Null)
        .unwrap_err();
    assert_eq!(error.to_string(), "no thread 'nobody'");
}

/// Connections for reading are opened later than the store: they must not go to another file then.
#[test]
fn a_relative_path_still_means_the_same_file_after_a_change_of_directory() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("elsewhere")).unwrap();
    let mut child = support::Process::start_with("change directory", dir.path(), |command| {
        command.current_dir(dir.path());
    });
    assert_eq!(child.next().as_deref(), Some("state.db"));
    assert_eq!(child.next().as_deref(), Some("1"));
    assert!(child.wait().success());
    let left: Vec<_> = fs::read_dir(dir.path().join("elsewhere"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(dir.path().join("session_index.jsonl").exists());
}

#[test]
fn child_process() {
    let Some((_, dir)) = support::role() else {
        return;
    };
    let store = StateStore::open(Some("state.db".into())).unwrap();
    std::env::set_current_dir(dir.join("elsewhere")).unwrap();
    store.upsert_thread(&ThreadMetadata::new("t")).unwrap();
    support::tell(store.db_path().display());
    support::tell(
        store
            .list_threads(ThreadListFilters::default())
            .unwrap()
            .len(),
    );
}
