//! The whole of the extension's `unsafe`: a safe surface over the host's SQLite.
//!
//! * [`entry`]: what happens when the library is loaded.
//! * `ffi`: the C functions under their C names, linked or loaded.
//! * [`code`]: the result codes.
//! * [`connection`]: one database connection, its kept statements, and what it can tell.
//! * [`statement`]: prepared statements, bound and stepped.
//! * [`value`]: arguments that SQL passes in.
//! * [`context`]: where a function or a column puts its result.
//! * [`function`]: registering scalar functions.
//! * [`table`]: registering table-valued functions (eponymous virtual tables).
//! * [`index`]: what the query planner asks of a table, and the answer.
//! * [`feed`]: handing ids to a statement while it runs.
//! * [`private`]: a database of our own in memory.
//! * [`write`]: several statements as one, all or nothing.
//!
//! Every callback that SQLite can reach catches panics and turns them into an error, so none crosses into the host.

pub mod code;
mod connection;
mod context;
pub mod entry;
mod feed;
mod ffi;
mod function;
mod index;
mod private;
mod statement;
mod table;
mod value;
mod write;

pub use connection::{Connection, Place};
pub use context::Context;
pub use feed::Feed;
pub use function::{Answer, Function, Risk};
pub use index::{Order, Plan, Shape, SortKey};
pub use private::Private;
pub use statement::{Parameter, Statement};
pub use table::{Arguments, Change, Listed, NoRows, Rows, Table, Write};
pub use value::{Kind, Value};
pub use write::BranchWrite;

/// Runs a callback's body, and turns a panic in it into an error.
#[inline(always)]
fn guarded<T>(body: impl FnOnce() -> crate::error::Result<T>) -> crate::error::Result<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        Ok(outcome) => outcome,
        Err(payload) => Err(caught(payload.as_ref())),
    }
}

/// The error that a panic becomes.
#[cold]
fn caught(payload: &(dyn std::any::Any + Send)) -> crate::error::Error {
    let what = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    crate::error::Error::new(
        code::INTERNAL,
        format!("internal error, please report it: {what}"),
    )
}
