//! The algorithms of branching history, in plain Rust over SQL statements.
//!
//! A read: a table resolves its arguments to a message or a thread and asks `path` for the way to it. `path` climbs
//! rootward by runs of consecutive ids, whose ends `rows` looks up in an index; verifies that no message of a run is
//! missing; and yields the messages in the order that is wanted, rootward or leafward. The table then fetches contents
//! for the columns that the statement reads, row by row. Questions about a whole thread (its leaves, its drawing) go to
//! `shape`, which reads all links of the thread at once. All of one read happens under one `Snapshot`.
//!
//! A write: a function resolves its arguments and calls `write`, which runs its statements inside
//! `Connection::atomically`: SQLite takes the write lock, and then all of them happen or none does.
//!
//! The folders say who calls whom: `write`, `shape` and `context` use `path`, all of them use `rows`, and nothing calls
//! upward. None knows SQL arguments or result values.

pub mod context;
pub mod path;
pub mod rows;
pub mod shape;
pub mod write;
