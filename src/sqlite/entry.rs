//! How the extension comes to a connection: loaded by SQLite, or registered by the program that links it.

use std::os::raw::{c_char, c_int};
use std::rc::Rc;

use super::ffi::{self, Refused};
use super::{guarded, Connection};
use crate::code;
use crate::error::{Error, Result};

/// A database connection of SQLite, as C sees it.
pub type Handle = ffi::sqlite3;
/// SQLite's table of routines for extensions.
pub type Routines = ffi::sqlite3_api_routines;

/// Gets the extension ready on a connection, then calls `register`.
///
/// # Safety
/// `db` is null or an open connection, which no other thread uses meanwhile, and `routines` null or SQLite's table.
pub unsafe fn prepare(
    db: *mut Handle,
    routines: *const Routines,
    register: fn(&Rc<Connection>) -> Result<()>,
) -> Result<()> {
    guarded(|| {
        // SAFETY: as the function's own condition says.
        unsafe { ffi::adopt(routines) }.map_err(|refused| explain(&refused))?;
        if db.is_null() {
            return Err(no_connection());
        }
        // SAFETY: SQLite can be called now, and the connection is open.
        register(&unsafe { Connection::new(db) })
    })
}

/// [`prepare`], as an entry point does it.
///
/// # Safety
/// The arguments are those of an extension's entry point: an open connection, null or a place for a message, and
/// null or SQLite's table of routines.
pub unsafe fn start(
    db: *mut Handle,
    message: *mut *mut c_char,
    routines: *const Routines,
    register: fn(&Rc<Connection>) -> Result<()>,
) -> c_int {
    // SAFETY: as the function's own condition says.
    match unsafe { prepare(db, routines, register) } {
        Ok(()) => code::OK,
        Err(error) => {
            if !message.is_null() {
                let text = format!("sqlite-branch: {}", error.message());
                // SAFETY: the place for the message is the caller's; SQLite frees what is put there.
                unsafe { *message = ffi::allocate_text(ffi::malloc(routines), &text) };
            }
            error.code()
        }
    }
}

/// Has SQLite call an entry point for every connection that this process opens from now on.
#[cfg(feature = "linked")]
pub fn call_for_every_connection(entry: ffi::EntryPoint) -> Result<()> {
    match ffi::call_for_every_connection(entry) {
        code::OK => Ok(()),
        outcome => Err(Error::new(outcome, "SQLite does not take the entry point")),
    }
}

fn explain(refused: &Refused) -> Error {
    match refused {
        Refused::TooOld(found) => Error::misuse(format!(
            "needs SQLite {} or newer, this program runs SQLite {}",
            dotted(ffi::MINIMUM_VERSION),
            dotted(*found)
        )),
        #[cfg(feature = "loaded")]
        Refused::NoTable => no_connection(),
        #[cfg(feature = "loaded")]
        Refused::OtherHost => Error::misuse(
            "another copy of SQLite in this process has loaded this library; give this one a copy of the file",
        ),
    }
}

fn no_connection() -> Error {
    Error::misuse("loaded without a connection or an API table")
}

/// 3038000 is 3.38.0.
fn dotted(version: c_int) -> String {
    format!(
        "{}.{}.{}",
        version / 1_000_000,
        version / 1_000 % 1_000,
        version % 1_000
    )
}
