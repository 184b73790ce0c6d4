//! A database of the extension's own, in memory: for work that SQLite does well and the caller's database is no place for.

use std::ops::Deref;
use std::ptr::{null, null_mut};
use std::rc::Rc;

use super::{code, ffi, Connection};
use crate::error::{Error, Result};

/// A connection to an empty database in memory, which nobody else has. Closed when this is dropped.
pub struct Private {
    connection: Rc<Connection>,
}

impl Private {
    /// Opens one, with the host's own SQLite.
    pub fn open() -> Result<Self> {
        let mut db = null_mut();
        // Calls on the caller's connection come one at a time, and this one is used inside of those only.
        let flags = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE | ffi::SQLITE_OPEN_NOMUTEX;
        // SAFETY: the name ends in a NUL, the place for the handle lives through the call, and null asks for the
        // default VFS.
        let outcome = unsafe { ffi::sqlite3_open_v2(c":memory:".as_ptr(), &mut db, flags, null()) };
        if db.is_null() {
            return Err(Error::no_memory());
        }
        // SAFETY: SQLite can be called, or this would not run, and the connection is open. (One that failed to open can
        // be asked why, and must be closed.)
        let private = Self {
            connection: unsafe { Connection::new(db) },
        };
        match outcome {
            code::OK => Ok(private),
            failed => Err(private.error(failed)),
        }
    }
}

impl Deref for Private {
    type Target = Rc<Connection>;

    fn deref(&self) -> &Rc<Connection> {
        &self.connection
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // SAFETY: it was opened here and is closed once. Should a statement be left, SQLite closes it after that one.
        unsafe { ffi::sqlite3_close_v2(self.connection.handle()) };
    }
}
