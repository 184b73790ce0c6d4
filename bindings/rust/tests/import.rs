//! Importing from readers: of any size, with what they tell on the way, and errors.

mod support;

use std::io::{Error as IoError, ErrorKind, Read};

use sqlite_branch_store::{History, ImportOptions, ThreadListFilters};
use support::TestStore;

/// One message in a session of pi.
fn line(id: usize) -> String {
    let parent = match id {
        1 => "null".to_owned(),
        _ => format!("\"{}\"", id - 1),
    };
    format!("{{\"type\":\"message\",\"id\":\"{id}\",\"parentId\":{parent},\"message\":{{\"role\":\"user\",\"content\":\"{id}\"}}}}\n")
}

/// A session that is made while it is read, a few bytes at a time.
struct Session {
    rest: Vec<u8>,
    next: usize,
    end: usize,
    broken: bool,
}

impl Read for Session {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() && self.next < self.end {
            self.next += 1;
            self.rest = line(self.next).into_bytes();
        }
        if self.rest.is_empty() && self.broken {
            return Err(IoError::new(ErrorKind::ConnectionReset, "the line is cut"));
        }
        let length = self.rest.len().min(buffer.len()).min(37);
        buffer[..length].copy_from_slice(&self.rest[..length]);
        self.rest.drain(..length);
        Ok(length)
    }
}

fn session(end: usize, broken: bool) -> Session {
    let rest = b"{\"type\":\"session\",\"id\":\"s\"}\n".to_vec();
    Session {
        rest,
        next: 0,
        end,
        broken,
    }
}

#[test]
fn from_a_reader() {
    let store = TestStore::new();
    let mut told = Vec::new();
    let added = store
        .import("auto", session(20_000, false), |read| told.push(read))
        .unwrap();
    assert_eq!(added, 20_000);
    assert!(told.is_sorted());
    let size: usize = 28 + (1..=20_000).map(|id| line(id).len()).sum::<usize>();
    assert_eq!(told.last(), Some(&(size as u64)));
    let threads = store.list_threads(ThreadListFilters::default()).unwrap();
    assert_eq!((threads.len(), threads[0].id.as_str()), (1, "s"));
    assert_eq!(
        store.import("pi", session(20_001, false), |_| ()).unwrap(),
        1
    );
    assert_eq!(store.check(None).unwrap().len(), 0);
}

#[test]
fn a_reader_that_fails_leaves_nothing() {
    let store = TestStore::new();
    let error = store.import("pi", session(5000, true), |_| ()).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("branch_import: cannot read: the line is cut"),
        "{error}"
    );
    assert!(store
        .list_threads(ThreadListFilters::default())
        .unwrap()
        .is_empty());
    // The same call works afterwards, with options.
    let options = ImportOptions {
        skip_bad: true,
        thread_prefix: Some("mine/"),
        created_at: Some(7),
        ..ImportOptions::default()
    };
    let text = format!(
        "{{\"type\":\"session\",\"id\":\"s\"}}\nnot JSON\n{}",
        line(1)
    );
    assert_eq!(
        store
            .import_with("pi", &options, text.as_bytes(), |_| ())
            .unwrap(),
        1
    );
    let messages = store.list_messages("mine/s", None).unwrap();
    assert_eq!(
        (messages[0].content.as_str(), messages[0].created_at),
        ("1", 7)
    );
}

/// Only the call that is meant takes the reader, and it is gone with it.
#[test]
fn on_a_connection_of_ones_own() {
    let conn = sqlite_branch_store::rusqlite::Connection::open_in_memory().unwrap();
    let history = History::register(&conn).unwrap();
    history.migrate().unwrap();
    assert_eq!(history.import("pi", session(3, false), |_| ()).unwrap(), 3);
    let sql = "SELECT branch_import('pi', NULL)";
    let error = conn
        .query_row(sql, [], |row| row.get::<_, i64>(0))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "branch_import: text must be text or a blob, not NULL"
    );
    let error = history.import("word", "".as_bytes(), |_| ()).unwrap_err();
    assert!(error.to_string().contains("no format 'word'"), "{error}");
    assert_eq!(
        history
            .at(9)
            .import("openai", &br#"[{"role":"user","content":"x"}]"#[..], |_| ())
            .unwrap(),
        1
    );
    assert_eq!(history.list_messages("s", None).unwrap().len(), 3);
    let time: i64 = conn
        .query_row(
            "SELECT created_at FROM messages WHERE content = 'x'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(time, 9);
}
