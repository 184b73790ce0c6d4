//! Changing the tree. Each change is one statement to SQLite, and happens as a whole or not at all.
//!
//! * [`append`]: adds messages, and moves a thread's leaf.
//! * [`select`]: moves it to where a message is shown.
//! * [`thread`]: makes and deletes threads.
//! * [`cascade`]: rows of other tables that go with a thread.
//! * [`remove`]: deletes messages.
//! * [`compact`]: adds a summary of what came before.
//! * [`copy`]: a new thread from a path.
//! * [`label`]: names for places in a thread.
//! * [`migrate`]: brings a database up to date.

pub mod append;
pub mod cascade;
pub mod compact;
pub mod copy;
pub mod label;
pub mod migrate;
pub mod remove;
pub mod select;
pub mod thread;
