//! A whole history as a client sends it, and a thread as text.

use std::io::Write;

use rusqlite::params;

use crate::error::{During, Result};
use crate::history::History;
use crate::sql;

/// So many bytes go to the writer at once.
const PIECE: usize = 64 * 1024;

store_methods! {
    History

    /// Makes the whole history that a stateless client sends with each request the current branch of a thread, and returns
    /// the new leaf. The longest beginning that is a path of the thread already stays, the rest is added below it, so that an
    /// edited message becomes a fork and a repeated request adds nothing. The thread is made if it is not there.
    ///
    /// `messages` is JSON: an array of Chat Completions messages or Responses items, or a request that has one. An empty one puts
    /// the leaf before the first message, and there is none then.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// let body = r#"{"model":"m","messages":[{"role":"user","content":"1 + 1?"}]}"#;
    /// let question = store.put("t", body)?.unwrap();
    /// store.append_message("t", "assistant", "2", None)?;
    ///
    /// let edited = store.put("t", r#"[{"role":"user","content":"2 + 2?"}]"#)?.unwrap();
    /// assert_eq!(store.siblings(edited)?.len(), 2);
    /// assert_eq!(store.put("t", body)?, Some(question));
    /// # Ok(())
    /// # }
    /// ```
    write("put a history into thread {thread_id:?}")
    fn put(&self, thread_id: &str, messages: &str) -> Result<Option<i64>> {
        sql::value(
            self.conn,
            "SELECT branch_put(?1, ?2, ?3)",
            params![thread_id, messages, self.created_at()],
            || format!("put a history into thread {thread_id:?}"),
        )
        .map_err(|error| error.refused(Some(thread_id), None))
    }

    /// Writes a thread as text: as `jsonl` (everything, to be imported again), `markdown` (the current branch), `openai` (the
    /// context as a request) or `html` (a page for a browser). Returns how many bytes that were.
    ///
    /// The text is made as a whole before the first byte is written, from one state of the database.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// store.put("t", r#"[{"role":"user","content":"1 + 1?"}]"#)?;
    /// let page = std::fs::File::create(dir.path().join("t.html"))?;
    /// store.export("t", "html", page)?;
    ///
    /// let mut request = Vec::new();
    /// store.export("t", "openai", &mut request)?;
    /// assert_eq!(request, b"{\"messages\":[{\"role\":\"user\",\"content\":\"1 + 1?\"}]}\n");
    /// # Ok(())
    /// # }
    /// ```
    read
    fn export(&self, thread_id: &str, format: &str, writer: impl Write) -> Result<u64> {
        self.export_with(thread_id, format, writer, |_, _| ())
    }

    /// As [`export`](crate::StateStore::export). `progress` is told how many bytes have been written so far, and of how many.
    read
    fn export_with(
        &self,
        thread_id: &str,
        format: &str,
        writer: impl Write,
        progress: impl FnMut(u64, u64),
    ) -> Result<u64> {
        let doing = || format!("export thread {thread_id:?} as {format}");
        let (mut writer, mut progress) = (writer, progress);
        let mut statement = self
            .conn
            .prepare_cached("SELECT branch_export(?1, ?2)")
            .during(doing)?;
        let mut rows = statement.query(params![thread_id, format]).during(doing)?;
        let row = rows
            .next()
            .during(doing)
            .map_err(|error| error.refused(Some(thread_id), None))?;
        let Some(row) = row else {
            return Ok(0);
        };
        // Borrowed from SQLite: no second copy of what may be large.
        let text = row.get_ref(0).during(doing)?.as_bytes().unwrap_or_default();
        let all = text.len() as u64;
        let mut written = 0;
        for piece in text.chunks(PIECE) {
            writer.write_all(piece).during(doing)?;
            written += piece.len() as u64;
            progress(written, all);
        }
        writer.flush().during(doing)?;
        Ok(all)
    }
}
