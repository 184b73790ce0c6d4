//! Changing the tree. Each change is one statement to SQLite, and happens as a whole or not at all.
//!
//! * [`append`]: adds messages, and moves a thread's leaf.
//! * [`remove`]: deletes messages.
//! * [`copy`]: a new thread from a path.
//! * [`label`]: names for places in a thread.
//! * [`migrate`]: brings a database up to date.

pub mod append;
pub mod copy;
pub mod label;
pub mod migrate;
pub mod remove;
