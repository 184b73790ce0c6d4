//! Search over the contents of all messages.
//!
//! What the caller asks and what is stored is prepared in the same way ([`text`]), so that FTS5 finds Chinese, Japanese and
//! Korean by single characters. [`index`] keeps the FTS5 table up to date when it is told to; between those times it is
//! behind. So [`find`] takes each hit of the index only if the message is still what was indexed, and lets the
//! [`matcher`], an FTS5 table in memory, look at what is not indexed or has changed. [`snippet`] cuts out the place to
//! show.
//!
//! Uses `sqlite`, and of `tree` the snapshot.

pub mod find;
pub mod index;
mod matcher;
mod snippet;
mod text;

use crate::error::Error;

/// How all FTS5 tables here take texts apart.
macro_rules! tokenizer {
    () => {
        "tokenize = 'unicode61 remove_diacritics 2'"
    };
}
use tokenizer;

/// Says what is missing where SQLite has been built without FTS5.
fn explain(error: Error) -> Error {
    if error.message().contains("no such module: fts5") {
        return Error::misuse("this SQLite has no FTS5, which search needs");
    }
    error
}
