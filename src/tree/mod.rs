//! The algorithms of branching history, in plain Rust over SQL statements.
//!
//! The folders say who calls whom: `write`, `shape` and `context` use `path`, all of them use `rows`, and nothing calls
//! upward.

pub mod context;
pub mod path;
pub mod rows;
pub mod shape;
pub mod write;
