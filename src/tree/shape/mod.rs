//! The shape of whole threads: what lies leafward of a message, and how branches spread. Uses `rows` and `path`.
//!
//! * [`descendants`]: children, and all that is leafward of a message.
//! * [`forest`]: all messages of a thread with their links.
//! * [`dense`]: threads that have all the ids from their first message to their last.
//! * [`leaves`]: where a thread's branches end.
//! * [`graph`]: draws a forest.
//! * [`check`]: finds what is broken: [`names`] verifies leaves, uids and labels, and a [`problem`] is what it finds.

pub mod check;
pub mod dense;
pub mod descendants;
pub mod forest;
pub mod graph;
pub mod leaves;
mod names;
pub mod problem;
