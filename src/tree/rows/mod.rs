//! Reading rows of `messages` and `threads` by key: what every algorithm above stands on. Knows nothing of paths or shapes.
//!
//! * [`columns`]: which columns of `messages` a statement reads.
//! * [`read`]: rows of messages by id, ahead of the caller.
//! * [`fed`]: one statement that is handed one id after the other.
//! * [`scan`]: goes to rows by key, by stepping where they are near and by seeking where they are far.
//! * [`links`]: from a message to its parent, whole runs of consecutive ids at once.
//! * [`thread`]: a thread's row, and the ids of its messages.
//! * [`uids`]: messages by the names that callers gave them.
//! * [`summaries`]: messages that stand for what came before them.
//! * [`times`]: times of messages from an index, where rows are long.
//! * [`density`]: whether rows are short, so that reading them whole costs little.
//! * [`snapshot`]: reads one state of the database with several statements.

pub mod columns;
pub mod density;
pub mod fed;
pub mod links;
pub mod read;
pub mod scan;
pub mod snapshot;
pub mod summaries;
pub mod thread;
pub mod times;
pub mod uids;
