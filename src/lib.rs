//! Branching message history inside SQLite, as a loadable extension.
//!
//! This file lists all that the extension adds to a connection. Where to look further:
//!
//! * `functions`: the scalar SQL functions, one file per family.
//! * `tables`: the table-valued functions, one file each.
//! * `tree`: the algorithms behind both, in plain Rust over SQL statements.
//! * `items`: what `item_json` says, in the shapes of several providers and programs.
//! * `sqlite`: the glue to the host's SQLite, and all the `unsafe`.
//!
//! Data flows one way: a function or table reads its arguments, asks a tree algorithm, and that runs SQL.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod arguments;
mod code;
mod error;
mod functions;
// What reads it comes next.
#[allow(dead_code)]
mod items;
#[allow(unsafe_code)]
mod sqlite;
mod tables;
mod tree;

use std::os::raw::{c_char, c_int};
use std::rc::Rc;

use error::Result;
use sqlite::Connection;

pub use sqlite::entry::{Handle, Routines};

/// Adds everything to one connection.
fn register(connection: &Rc<Connection>) -> Result<()> {
    for function in functions::ALL {
        connection.register_function(function)?;
    }
    connection.register_write()?;
    connection.register_table::<tables::BranchFeed>()?;
    connection.register_table::<tables::BranchStretches>()?;
    connection.register_table::<tables::BranchPath>()?;
    connection.register_table::<tables::BranchMessages>()?;
    connection.register_table::<tables::BranchLeaves>()?;
    connection.register_table::<tables::BranchChildren>()?;
    connection.register_table::<tables::BranchSiblings>()?;
    connection.register_table::<tables::BranchTree>()?;
    connection.register_table::<tables::BranchDiff>()?;
    connection.register_table::<tables::BranchCheck>()?;
    connection.register_table::<tables::BranchLabels>()
}

/// The entry point, which SQLite calls when it loads the file. The name follows from the file's, `branch`.
///
/// # Safety
/// For SQLite to call: `db` is an open connection, `message` is null or a place for the text of an error, which the
/// caller frees with `sqlite3_free`, and `routines` is SQLite's table of routines for extensions.
#[no_mangle]
#[allow(unsafe_code)]
pub unsafe extern "C" fn sqlite3_branch_init(
    db: *mut Handle,
    message: *mut *mut c_char,
    routines: *const Routines,
) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    unsafe { sqlite::entry::start(db, message, routines, register) }
}
