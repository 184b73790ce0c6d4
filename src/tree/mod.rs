//! The algorithms of branching history, in plain Rust over SQL statements.
//!
//! * [`scan`]: going to rows by key, by stepping where they are near and by seeking where they are far.
//! * [`links`]: from a message to its parent, whole stretches at once.
//! * [`verify`]: making sure that all messages of a run are there.
//! * [`path`]: the way from a message up to the first one.
//! * [`ancestor`]: depth, root, common ancestor.
//! * [`below`]: children, and all that is below a message.
//! * [`branch`]: a thread's current branch.
//! * [`walk`]: the messages of a path one by one, in any of its orders.
//! * [`fetch`]: the contents of messages.
//! * [`leaves`]: where a thread's branches end.
//! * [`range`]: threads that have all the ids from their first message to their last.
//! * [`forest`]: the shape of all of a thread.
//! * [`graph`]: drawing it.
//! * [`check`]: finding what is broken.
//! * [`snapshot`]: reading one state of the database with several statements.
//! * [`thread`]: a thread's row, and the ids of its messages.
//! * [`grow`], [`remove`], [`copy`]: changing the tree.
//! * [`migrate`]: bringing a database up to date.

pub mod ancestor;
pub mod below;
pub mod branch;
pub mod check;
pub mod copy;
pub mod fetch;
pub mod forest;
pub mod graph;
pub mod grow;
pub mod leaves;
pub mod links;
pub mod migrate;
pub mod path;
pub mod range;
pub mod remove;
pub mod scan;
pub mod snapshot;
pub mod thread;
pub mod verify;
pub mod walk;
