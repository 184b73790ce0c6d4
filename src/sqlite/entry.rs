//! What happens when the library is loaded.

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
/// The arguments are those of an extension's entry point: an open connection, null or a place for a message, and
/// null or SQLite's table of routines.
pub unsafe fn start(
    db: *mut Handle,
    message: *mut *mut c_char,
    routines: *const Routines,
    register: fn(&Rc<Connection>) -> Result<()>,
) -> c_int {
    let outcome = guarded(|| {
        if db.is_null() || routines.is_null() {
            return Err(Error::misuse("loaded without a connection or an API table"));
        }
        // SAFETY: the table is not null, and SQLite's.
        unsafe { ffi::adopt(routines.cast_mut()) }.map_err(|refused| explain(&refused))?;
        // SAFETY: the table was adopted, and the connection is open.
        register(&unsafe { Connection::new(db) })
    });
    match outcome {
        Ok(()) => code::OK,
        Err(error) => {
            if !message.is_null() {
                let text = format!("sqlite-branch: {}", error.message());
                // SAFETY: the place for the message is the caller's; SQLite frees what is put there.
                unsafe { *message = ffi::allocate_text(routines, &text) };
            }
            error.code()
        }
    }
}

fn explain(refused: &Refused) -> Error {
    match refused {
        Refused::TooOld(found) => Error::misuse(format!(
            "needs SQLite {} or newer, this program runs SQLite {}",
            dotted(ffi::MINIMUM_VERSION),
            dotted(*found)
        )),
        Refused::OtherHost => Error::misuse(
            "another copy of SQLite in this process has loaded this library; give this one a copy of the file",
        ),
    }
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
