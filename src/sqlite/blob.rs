//! The beginning of a long text, without reading the rest.

use std::ffi::CStr;
use std::os::raw::c_int;
use std::rc::Rc;

use super::ffi;
use super::Connection;
use crate::code;
use crate::error::{Error, Result};

/// One column of a table, read in parts, one row after the other.
pub struct Beginnings {
    connection: Rc<Connection>,
    table: &'static CStr,
    column: &'static CStr,
    blob: *mut ffi::sqlite3_blob,
}

impl Beginnings {
    /// Nothing is read yet.
    pub fn new(connection: &Rc<Connection>, table: &'static CStr, column: &'static CStr) -> Self {
        Self {
            connection: Rc::clone(connection),
            table,
            column,
            blob: std::ptr::null_mut(),
        }
    }

    /// The first bytes of a text, at most so many, in UTF-8. None where that is not how to read it: it is no text, or the
    /// database has another encoding, or it is not a table.
    pub fn of(&mut self, id: i64, most: usize) -> Result<Option<Vec<u8>>> {
        if self.connection.encoding()? != ffi::SQLITE_UTF8 as u8 || !self.open(id) {
            return Ok(None);
        }
        // SAFETY: the blob is open.
        let length = usize::try_from(unsafe { ffi::sqlite3_blob_bytes(self.blob) }).unwrap_or(0);
        let mut beginning = Vec::new();
        beginning
            .try_reserve_exact(length.min(most))
            .map_err(|_| Error::no_memory())?;
        beginning.resize(length.min(most), 0);
        let count = c_int::try_from(beginning.len()).unwrap_or(0);
        // SAFETY: the blob is open and has that many bytes, for which there is room.
        match unsafe { ffi::sqlite3_blob_read(self.blob, beginning.as_mut_ptr().cast(), count, 0) }
        {
            code::OK => Ok(Some(beginning)),
            failed => Err(self.connection.error(failed)),
        }
    }

    /// Goes to a row. False if that cannot be: whatever it is, reading the row will tell.
    fn open(&mut self, id: i64) -> bool {
        if !self.blob.is_null() {
            // SAFETY: the blob is open. When this fails, it can only be closed.
            if unsafe { ffi::sqlite3_blob_reopen(self.blob, id) } == code::OK {
                return true;
            }
            self.close();
        }
        // SAFETY: the connection is open, the names end in a NUL, and the place for the blob lives through the call.
        let outcome = unsafe {
            ffi::sqlite3_blob_open(
                self.connection.handle(),
                c"main".as_ptr(),
                self.table.as_ptr(),
                self.column.as_ptr(),
                id,
                0,
                &mut self.blob,
            )
        };
        if outcome != code::OK {
            self.close();
        }
        outcome == code::OK
    }

    fn close(&mut self) {
        // SAFETY: null, which is allowed, or a blob of our own that is closed once.
        unsafe { ffi::sqlite3_blob_close(self.blob) };
        self.blob = std::ptr::null_mut();
    }
}

impl Drop for Beginnings {
    fn drop(&mut self) {
        self.close();
    }
}
