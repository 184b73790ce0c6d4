//! A safe surface over SQLite, and all the `unsafe` code behind it. It knows no table and no function of the domain.
//!
//! How SQLite comes in: [`entry`] makes a [`Connection`] of ours beside SQLite's, and registers what `crate::functions`
//! and `crate::tables` list. When SQL calls a function, `function::call` wraps the arguments as [`Value`]s, runs the body
//! with a guard against panics, and sets the result. When SQL reads a table, `module` gets the callbacks in SQLite's
//! order: connect, best index (answered by [`Shape`] alone), open, filter, which makes the table's [`Rows`], then eof,
//! column and next for each row, close. They are the same functions for all tables, and [`Listed`] says what differs.
//!
//! How we call SQLite: a [`Statement`] comes from [`Connection::prepare`], which keeps it for the next call; it is bound,
//! stepped, and its columns are read or passed on as results. To write, [`Connection::atomically`] runs an INSERT into
//! `branch_write`, inside which the work is done as one statement.
//!
//! * [`entry`]: how the extension comes to a connection.
//! * `ffi`: the C functions under their C names, linked or loaded.
//! * [`code`]: the result codes.
//! * [`connection`]: one database connection, its kept statements, and what it can tell.
//! * [`statement`]: prepared statements, bound and stepped.
//! * [`value`]: arguments that SQL passes in.
//! * [`context`]: where a function or a column puts its result.
//! * [`function`]: registering scalar functions.
//! * [`table`]: what a table-valued function (an eponymous virtual table) says of itself, and what its rows can do.
//! * [`connected`]: a connected table and its cursors, as SQLite holds them.
//! * [`module`]: registering tables, and the callbacks that SQLite calls for them.
//! * [`index`]: what the query planner asks of a table, and the answer.
//! * [`feed`]: ids for a statement while it runs, and rows back from it.
//! * [`blob`]: the beginning of a long text.
//! * [`cells`]: values of rows that are kept until they are read.
//! * [`private`]: a database of our own in memory.
//! * [`reader`]: text for a function that is too large for SQL.
//! * [`write`]: several statements as one, all or nothing.
//!
//! Every callback that SQLite can reach catches panics and turns them into an error, so none crosses into the host.

mod blob;
mod cells;
pub mod code;
mod connected;
mod connection;
mod context;
pub mod entry;
mod feed;
mod ffi;
mod function;
mod index;
mod module;
mod private;
pub mod reader;
mod statement;
mod table;
mod value;
mod write;

pub use blob::Beginnings;
pub use cells::Cells;
pub use connection::Connection;
pub use context::Context;
pub use feed::{Exchange, Feed, Port, BRANCH_FEED};
pub use function::{Answer, Function, Risk};
pub use index::{Bound, Order, Plan, Shape, SortKey};
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
