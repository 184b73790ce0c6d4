//! Conversations of other programs, on a store: [`History`](crate::History)'s methods on the store's own connections.

use std::io::Read;

use crate::error::Result;
use crate::history::ImportOptions;
use crate::store::StateStore;

impl StateStore {
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
    pub fn import(
        &self,
        format: &str,
        reader: impl Read,
        progress: impl FnMut(u64),
    ) -> Result<i64> {
        self.import_with(format, &ImportOptions::default(), reader, progress)
    }

    /// As [`import`](StateStore::import), with options.
    pub fn import_with(
        &self,
        format: &str,
        options: &ImportOptions<'_>,
        reader: impl Read,
        progress: impl FnMut(u64),
    ) -> Result<i64> {
        let doing = || format!("import {format}");
        self.write(doing, |tx| {
            tx.import_with(format, options, reader, progress)
        })
    }
}
