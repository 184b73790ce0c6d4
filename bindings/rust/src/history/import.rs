//! Conversations of other programs.

use std::io::Read;

use rusqlite::params;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::history::History;
use crate::sql;

/// What an import may be told beside the format.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions<'a> {
    /// Passes over lines and conversations that cannot be read. Without it they are an error, and nothing is imported.
    pub skip_bad: bool,
    /// Stands before the id of every thread.
    pub thread_prefix: Option<&'a str>,
    /// The thread of conversations that have no id.
    pub thread: Option<&'a str>,
    /// The time of messages that have none, in Unix seconds.
    pub created_at: Option<i64>,
}

impl ImportOptions<'_> {
    fn json(&self) -> String {
        let mut options = Map::new();
        options.insert("skip_bad".to_owned(), self.skip_bad.into());
        for (name, text) in [
            ("thread_prefix", self.thread_prefix),
            ("thread", self.thread),
        ] {
            options.extend(text.map(|text| (name.to_owned(), text.into())));
        }
        let time = self
            .created_at
            .map(|time| ("created_at".to_owned(), time.into()));
        options.extend(time);
        Value::Object(options).to_string()
    }
}

/// Tells how much has been read.
struct Counted<R, P> {
    reader: R,
    progress: P,
    read: u64,
}

impl<R: Read, P: FnMut(u64)> Read for Counted<R, P> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read += read as u64;
        (self.progress)(self.read);
        Ok(read)
    }
}

store_methods! {
    History

    /// Adds the conversations that an export of another program holds, with all their branches, and returns how many
    /// messages that were: all of it or nothing. What is there already is not added again, so a longer version of an
    /// export adds what is new. The formats are those of the SQL function `branch_import`, among them `chatgpt`, `claude-code` and `auto`.
    ///
    /// The text may be of any size: one conversation of it, or one line, is in memory at a time. `progress` is told how
    /// many bytes have been read so far.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("conversations.json");
    /// # std::fs::write(&path, r#"[{"uuid":"c","name":"Sums","chat_messages":[{"uuid":"m","sender":"human","text":"1 + 1?"}]}]"#)?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// let file = std::fs::File::open(path)?;
    /// let size = file.metadata()?.len();
    /// let added = store.import("claude-ai", file, |read| println!("{read} of {size} bytes"))?;
    /// assert_eq!(added, 1);
    /// # Ok(())
    /// # }
    /// ```
    write("import {format}")
    fn import(
        &self,
        format: &str,
        reader: impl Read,
        progress: impl FnMut(u64),
    ) -> Result<i64> {
        self.import_with(format, &ImportOptions::default(), reader, progress)
    }

    /// As [`import`](crate::StateStore::import), with options.
    write("import {format}")
    fn import_with(
        &self,
        format: &str,
        options: &ImportOptions<'_>,
        reader: impl Read,
        progress: impl FnMut(u64),
    ) -> Result<i64> {
        let options = ImportOptions {
            created_at: options.created_at.or(self.created_at),
            ..*options
        };
        let mut counted = Counted {
            reader,
            progress,
            read: 0,
        };
        sqlite_branch::with_reader(&mut counted, || {
            sql::value(
                self.conn,
                "SELECT branch_import(?1, NULL, ?2)",
                params![format, options.json()],
                || format!("import {format}"),
            )
        })
    }
}
