//! Paths that are not UTF-8: of the database, and in it.
#![cfg(unix)]

mod seed;
mod support;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use sqlite_branch_store::{StateStore, ThreadListFilters, ThreadMetadata};
use support::TestStore;

fn odd(text: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(text.to_vec()))
}

fn thread() -> ThreadMetadata {
    let mut thread = ThreadMetadata::new("t");
    thread.name = Some("n".into());
    thread.cwd = odd(b"/home/\xff/work");
    thread.path = Some(odd(b"\xc3\x28"));
    thread.rollout_path = Some(odd(b"/logs/\xe2\x82.jsonl"));
    thread
}

#[test]
fn paths_in_the_database_and_the_index_come_back() {
    let store = TestStore::new();
    let thread = thread();
    store.upsert_thread(&thread).unwrap();
    let read = store.get_thread("t").unwrap().unwrap();
    assert_eq!((read.cwd, read.path), (thread.cwd, thread.path));
    assert_eq!(read.rollout_path, thread.rollout_path);
    assert_eq!(
        store.find_rollout_path_by_id("t").unwrap(),
        thread.rollout_path
    );
    assert_eq!(
        store.find_thread_path_by_name_str("N").unwrap(),
        thread.rollout_path
    );
    store.compact_session_index().unwrap();
    assert_eq!(
        store.find_thread_path_by_name_str("N").unwrap(),
        thread.rollout_path
    );
    assert_eq!(
        store
            .list_threads(ThreadListFilters::default())
            .unwrap()
            .len(),
        1
    );
}

/// What the seed reads is text; what it writes back is what it read.
#[test]
fn the_seed_reads_such_a_path_as_text_and_hands_it_back() {
    let store = TestStore::new();
    store.upsert_thread(&thread()).unwrap();
    let conn = seed::Seed::at(store.db()).conn();
    let read: String = conn
        .query_row("SELECT cwd FROM threads", [], |row| row.get(0))
        .unwrap();
    assert!(read.starts_with("/home/\u{fffd}/work"), "{read:?}");
    let written = PathBuf::from(read).display().to_string();
    conn.execute("UPDATE threads SET cwd = ?1", [written])
        .unwrap();
    assert_eq!(store.get_thread("t").unwrap().unwrap().cwd, thread().cwd);

    let line = std::fs::read_to_string(store.index()).unwrap();
    let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(entry["rollout_path"]
        .as_str()
        .unwrap()
        .starts_with("/logs/\u{fffd}.jsonl"));
}

#[test]
fn utf8_paths_are_stored_as_they_are() {
    let store = TestStore::new();
    let mut thread = thread();
    thread.cwd = PathBuf::from("/höme/🌳 x");
    thread.path = Some(PathBuf::new());
    store.upsert_thread(&thread).unwrap();
    let conn = seed::Seed::at(store.db()).conn();
    let stored: (String, String) = conn
        .query_row("SELECT cwd, path FROM threads", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(stored, ("/höme/🌳 x".into(), String::new()));
    assert_eq!(
        store.get_thread("t").unwrap().unwrap().path,
        Some(PathBuf::new())
    );
}

#[test]
fn the_database_itself_may_have_such_a_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(odd(b"st\xffte")).join(odd(b"\xfe.db"));
    let store = match StateStore::open(Some(path.clone())) {
        Ok(store) => store,
        // Some file systems only take UTF-8.
        Err(error) => {
            assert!(
                std::fs::create_dir(dir.path().join(odd(b"\xff"))).is_err(),
                "{error}"
            );
            return;
        }
    };
    store.upsert_thread(&thread()).unwrap();
    assert_eq!(
        store
            .list_threads(ThreadListFilters::default())
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        store.find_thread_name_by_id("t").unwrap().as_deref(),
        Some("n")
    );
    assert_eq!(store.db_path(), path);
    assert!(path.is_file());
}
