//! Threads with branching message histories in one SQLite file: fork a conversation at any message, regenerate an
//! answer, switch between the alternatives, and list the current branch as fast as a plain list.
//!
//! [`StateStore`] is the whole store. [`History`] has its branch methods for a connection of your own, after
//! [`register`]. Both use the SQL functions and tables of the sqlite-branch extension, which is linked in: what they
//! write, the `sqlite3` shell can read, and the other way round.
//!
//! Files that other programs of the same family wrote open here, and they can open what is written here. The *seed* is
//! the one that the schema, and the names of the methods, come from. See `docs/migrating.md` in the repository for what a
//! caller of its store will see change.
#![warn(missing_docs)]
#![deny(unsafe_code)]

#[macro_use]
mod methods;

mod builder;
mod checkpoints;
mod connections;
mod durability;
mod error;
mod history;
mod jobs;
mod message_id;
mod patience;
mod private_files;
mod register;
mod schema;
mod session_index;
mod sql;
mod store;
mod stored_path;
mod thread_names;
mod threads;
mod tools;
mod transaction;
mod workflow;

pub use builder::Builder;
pub use checkpoints::CheckpointRecord;
pub use durability::{JournalMode, Synchronous};
pub use error::{Error, Result, Thing};
pub use history::{
    BranchDiff, ChildRecord, Compaction, Context, ContextKind, ContextMessage, FoundMessage,
    History, ImportOptions, LabelRecord, LastMessage, LeafRecord, MessageRecord, NewMessage,
    PathStep, Problem, SiblingRecord, ThreadSummary, TreeNode, UsageRecord, VersionRecord,
};
pub use jobs::{JobStateRecord, JobStateStatus};
pub use message_id::IntoMessageId;
pub use register::register;
pub use rusqlite;
pub use serde_json;
pub use session_index::SessionIndexReport;
pub use store::StateStore;
pub use threads::{SessionSource, ThreadListFilters, ThreadMetadata, ThreadStatus};
pub use tools::DynamicToolRecord;
pub use transaction::Transaction;
pub use workflow::{
    BranchRun, ControlNodeRun, LeafRun, TeacherCandidate, WorkflowRun, WorkflowRunFilters,
};
