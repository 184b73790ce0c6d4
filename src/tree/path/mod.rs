//! The path of a message: the messages from it rootward to a first one. Uses `rows` only.
//!
//! * [`ancestors`]: the path as runs of consecutive ids, rootward.
//! * [`gaps`]: verifies that no message of a run is missing.
//! * [`walk`]: the messages of a path one by one, in any of its orders.
//! * [`common`]: depth, root, common ancestor.
//! * [`page`]: which part of a thread's current branch is asked for.
//! * [`current`]: which messages lie on their thread's current branch.
//! * [`source`]: from where a walk learns parents: the index of jumps, or the rows themselves.
//! * [`listing`]: a path with contents, in any order.
//! * [`contents`], [`fetch`]: the contents of messages.

pub mod ancestors;
pub mod common;
pub mod contents;
pub mod current;
pub mod fetch;
pub mod gaps;
pub mod listing;
pub mod page;
pub mod source;
pub mod walk;
