//! Where a function or a column puts its result.

use std::marker::PhantomData;
use std::os::raw::c_int;

use super::ffi;
use super::{guarded, Statement};
use crate::code;
use crate::error::Error;

/// The place for the result of one call.
pub struct Context<'a> {
    raw: *mut ffi::sqlite3_context,
    call: PhantomData<&'a ()>,
}

impl Context<'_> {
    /// # Safety
    /// `raw` is the context of a call that is going on.
    pub(super) unsafe fn new(raw: *mut ffi::sqlite3_context) -> Self {
        Self {
            raw,
            call: PhantomData,
        }
    }

    /// The result is NULL.
    #[inline(never)]
    pub fn result_null(&mut self) {
        // SAFETY: the context is that of a call that is going on (see `new`); so below.
        unsafe { ffi::sqlite3_result_null(self.raw) }
    }

    /// The result is an integer.
    #[inline(never)]
    pub fn result_integer(&mut self, integer: i64) {
        // SAFETY: see above.
        unsafe { ffi::sqlite3_result_int64(self.raw, integer) }
    }

    /// The result is a real number.
    pub fn result_real(&mut self, real: f64) {
        // SAFETY: see above.
        unsafe { ffi::sqlite3_result_double(self.raw, real) }
    }

    /// The result is an integer or, without one, NULL.
    pub fn result_optional(&mut self, integer: Option<i64>) {
        match integer {
            Some(integer) => self.result_integer(integer),
            None => self.result_null(),
        }
    }

    /// The result is 1 or 0.
    pub fn result_flag(&mut self, flag: bool) {
        self.result_integer(i64::from(flag));
    }

    /// The result is a text of any bytes, which SQLite copies.
    pub fn result_text(&mut self, text: &[u8]) {
        self.result_encoded(text, ffi::SQLITE_UTF8 as u8);
    }

    /// The same, of a text in UTF-8 that has a NUL at its end, and none before. For callers that read C strings, which most do,
    /// SQLite copies such a text once, and any other one a second time, with a NUL after it.
    pub(super) fn result_ended_text(&mut self, text: &[u8]) {
        if text.last() == Some(&0) {
            // SAFETY: there is a NUL before the text's end, and it is copied before the call returns.
            unsafe {
                ffi::sqlite3_result_text(self.raw, text.as_ptr().cast(), -1, ffi::transient());
            }
        }
    }

    /// The same, in one of SQLite's encodings.
    pub(super) fn result_encoded(&mut self, text: &[u8], encoding: u8) {
        // SAFETY: the text has that many bytes, and is copied before the call returns.
        unsafe {
            ffi::sqlite3_result_text64(
                self.raw,
                text.as_ptr().cast(),
                text.len() as u64,
                ffi::transient(),
                encoding,
            );
        }
    }

    /// The result is a blob, which SQLite copies.
    pub(super) fn result_blob(&mut self, blob: &[u8]) {
        // SAFETY: the blob has that many bytes, is not null, and is copied before the call returns.
        unsafe {
            ffi::sqlite3_result_blob64(
                self.raw,
                blob.as_ptr().cast(),
                blob.len() as u64,
                ffi::transient(),
            );
        }
    }

    /// The result is a column of a statement's current row, as it is there.
    #[inline]
    pub fn result_column(&mut self, statement: &Statement, column: usize) {
        // A column that is not there is NULL for SQLite.
        let column = c_int::try_from(column).unwrap_or(-1);
        // SAFETY: SQLite allows just this for the values of columns: to be copied into a result. The row stays until
        // the statement is stepped, which needs it exclusively.
        unsafe { ffi::sqlite3_result_value(self.raw, statement.value(column)) }
    }

    /// The result is a value of the call, as it is.
    ///
    /// # Safety
    /// `value` is a protected value.
    pub(super) unsafe fn result_value(&mut self, value: *mut ffi::sqlite3_value) {
        // SAFETY: as the function's own condition says.
        unsafe { ffi::sqlite3_result_value(self.raw, value) }
    }

    /// The call fails.
    #[cold]
    pub(super) fn result_error(&mut self, name: &str, error: &Error) {
        // There is nobody to report to that this has failed.
        drop(guarded(|| {
            self.set_error(name, error);
            Ok(())
        }));
    }

    fn set_error(&mut self, name: &str, error: &Error) {
        if error.code() & 0xff == code::NOMEM {
            // SAFETY: see above. This one needs no memory itself.
            unsafe { ffi::sqlite3_result_error_nomem(self.raw) };
            return;
        }
        // Whoever reads the message reads a C string, which a NUL would end.
        let text = format!("{name}: {}", error.message()).replace('\0', "\u{2400}");
        let length = c_int::try_from(text.len()).unwrap_or(c_int::MAX);
        // SAFETY: the text has that many bytes and is copied. The code comes second: setting the text resets it.
        unsafe {
            ffi::sqlite3_result_error(self.raw, text.as_ptr().cast(), length);
            ffi::sqlite3_result_error_code(self.raw, error.code());
        }
    }
}
