//! What the harnesses in `tests/` share. Each of them is short in `cargo test`, and as long as `RELIABILITY_SIZE` says by
//! hand (`make reliability`); each prints figures.
//!
//! * [`size`]: how long, and with which random numbers.
//! * [`calls`]: a small database, and statements that use all that there is.
//! * [`database`]: connections with the extension, what is in a database, and whether it is sound.
//! * [`dist`]: the built extension and the sqlite3 shell.
//! * [`queries`]: random queries, and the same over ordinary tables.
//! * [`child`]: processes that say what they have done, until they are killed.
//! * [`program`]: C programs with a SQLite of their own.
//! * [`faults`]: memory and files of SQLite that fail when they are told to.
//!
//! None of it ships. A harness that cannot go on panics, which is how a test fails.
#![deny(unsafe_code)]

pub mod calls;
pub mod child;
pub mod database;
pub mod dist;
/// Calls into the C parts.
#[allow(unsafe_code)]
pub mod faults;
#[path = "../../tests/dist/not_run.rs"]
mod not_run;
pub mod program;
pub mod queries;
pub mod size;

pub use not_run::not_run;
