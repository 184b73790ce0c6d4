//! The algorithms of branching history, in plain Rust over SQL statements.
//!
//! Two words for directions: *rootward* is from a message to its parent, *leafward* from a message to its children.
//! *Ascending* and *descending* are said of ids alone.
//!
//! A read, in order. A table hands over a message or a thread. `path` goes from a message rootward, by runs of consecutive
//! ids, each the parent of the next; `rows` finds where a run ends by one look into an index. `path` then verifies that no
//! message of a run is missing, and yields the messages rootward or leafward, as the caller wants them, with as much of
//! their contents as it reads. Questions about a whole thread (its leaves, its drawing, its problems) go to `shape`, which
//! reads all links of the thread at once. All of one read happens under one `Snapshot`.
//!
//! A write, in order. A function hands over what is to be stored. `write` opens `Connection::atomically`: SQLite takes the
//! write lock, and only then is anything looked up; the statements that follow happen as a whole or not at all.
//!
//! The folders, from the lowest layer; each uses those before it, and none knows SQL arguments or result values:
//!
//! * [`rows`]: reading rows of `messages` and `threads` by key.
//! * [`path`]: from a message rootward to a first one.
//! * [`shape`]: whole threads: leafward of a message, leaves, drawings, problems.
//! * [`context`]: what a model is sent, and what it has used.
//! * `write`: changing the tree.

pub mod context;
pub mod path;
pub mod rows;
pub mod shape;
pub mod write;
