//! A whole history put into a thread, and threads written as text.

mod support;

use std::io::Write;

use sqlite_branch_store::{Error, History};
use support::TestStore;

const BODY: &str =
    r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#;

/// A disk that is full after some bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_history_is_put_once() {
    let store = TestStore::new();
    let leaf = store.put("t", BODY).unwrap().unwrap();
    assert_eq!(store.put("t", BODY).unwrap(), Some(leaf));
    let edited = BODY.replace("\"b\"", "\"c\"");
    let other = store.put("t", &edited).unwrap().unwrap();
    assert_eq!(store.siblings(leaf).unwrap().len(), 2);
    assert_eq!(store.depth(other).unwrap(), Some(1));
    assert_eq!(store.put("t", "[]").unwrap(), None);
    let error = store.put("t", "[{}]").unwrap_err();
    let said = "branch_put: messages: message 1 has neither a role nor a type";
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn on_a_connection_of_ones_own_with_its_time() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    let history = History::register(&conn).unwrap();
    history.migrate().unwrap();
    history.at(5).put("t", BODY).unwrap();
    let mut lines = Vec::new();
    history.export("t", "jsonl", &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(lines.matches("\"created_at\":5").count(), 3, "{lines}");
}

/// What one store exports, another one takes in: the same text comes out of it.
#[test]
fn an_export_is_imported_without_loss() {
    let (store, other) = (TestStore::new(), TestStore::new());
    store.put("t", BODY).unwrap();
    store.put("t", &BODY.replace("\"b\"", "\"c\"")).unwrap();
    let text = |store: &TestStore| {
        let mut text = Vec::new();
        let length = store.export("t", "jsonl", &mut text).unwrap();
        assert_eq!(length, text.len() as u64);
        text
    };
    let lines = text(&store);
    other.import("jsonl", lines.as_slice(), |_| ()).unwrap();
    assert_eq!(text(&other), lines);
}

#[test]
fn progress_is_told_and_a_full_disk_is_an_error() {
    let store = TestStore::new();
    let long = BODY.replace("\"b\"", &format!("{:?}", "x".repeat(300_000)));
    store.put("t", &long).unwrap();
    let mut told = Vec::new();
    let length = store
        .export_with("t", "markdown", Vec::new(), |written, all| {
            told.push((written, all))
        })
        .unwrap();
    assert!(told.len() > 3 && told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&(length, length)));
    let error = store.export("t", "html", Full(100_000)).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
}

#[test]
fn unknown_threads_and_formats() {
    let store = TestStore::new();
    let error = store.export("t", "jsonl", Vec::new()).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    store.put("t", BODY).unwrap();
    let error = store.export("t", "pdf", Vec::new()).unwrap_err();
    assert!(error.to_string().contains("no format 'pdf'"), "{error}");
}
