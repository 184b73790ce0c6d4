//! Arguments that SQL passes in.

use std::marker::PhantomData;
use std::os::raw::c_int;

use super::ffi;
use crate::error::{Error, Result};

/// SQLite's five types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A 64-bit integer.
    Integer,
    /// A floating point number.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Blob,
    /// NULL.
    Null,
}

impl Kind {
    pub(super) fn from_code(code: c_int) -> Self {
        match code {
            ffi::SQLITE_INTEGER => Self::Integer,
            ffi::SQLITE_FLOAT => Self::Real,
            ffi::SQLITE_TEXT => Self::Text,
            ffi::SQLITE_BLOB => Self::Blob,
            _ => Self::Null,
        }
    }

    /// The type's name, with its article, for error messages.
    pub fn described(self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Real => "a real number",
            Self::Text => "text",
            Self::Blob => "a blob",
            Self::Null => "NULL",
        }
    }
}

/// One argument of a call, good for as long as the call lasts.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Value<'a> {
    raw: *mut ffi::sqlite3_value,
    call: PhantomData<&'a ()>,
}

impl<'a> Value<'a> {
    /// The arguments of a call.
    ///
    /// # Safety
    /// `values` points to `count` protected values that stay good for `'a`.
    pub(super) unsafe fn all(values: *mut *mut ffi::sqlite3_value, count: c_int) -> &'a [Self] {
        match usize::try_from(count) {
            // SAFETY: as the function's own condition says; the types have the same layout (`repr(transparent)`).
            Ok(count) if count > 0 && !values.is_null() => unsafe {
                std::slice::from_raw_parts(values.cast_const().cast::<Self>(), count)
            },
            _ => &[],
        }
    }

    pub(super) fn raw(&self) -> *mut ffi::sqlite3_value {
        self.raw
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        // SAFETY: the value is protected and good for 'a (see `all`).
        Kind::from_code(unsafe { ffi::sqlite3_value_type(self.raw) })
    }

    /// Its value as an integer.
    pub fn integer(&self) -> i64 {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_value_int64(self.raw) }
    }

    /// Its value as a real number.
    pub fn real(&self) -> f64 {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_value_double(self.raw) }
    }

    /// The number of bytes of a blob.
    pub fn size(&self) -> usize {
        // SAFETY: as above.
        usize::try_from(unsafe { ffi::sqlite3_value_bytes(self.raw) }).unwrap_or(0)
    }

    /// The bytes of a blob.
    pub fn blob(&self) -> Result<&'a [u8]> {
        // SAFETY: as above. An empty blob is null.
        unsafe {
            let bytes = ffi::sqlite3_value_blob(self.raw);
            if bytes.is_null() {
                return match self.size() {
                    0 => Ok(&[]),
                    _ => Err(Error::no_memory()),
                };
            }
            Ok(std::slice::from_raw_parts(bytes.cast(), self.size()))
        }
    }

    /// The bytes of a text, as UTF-8 if the text is valid at all. For values that are text.
    pub fn text(&self) -> Result<&'a [u8]> {
        // SAFETY: as above. The text is asked for first, so that a conversion has happened when the length is asked
        // for. It stays where it is: nobody asks for the value in another encoding.
        unsafe {
            let text = ffi::sqlite3_value_text(self.raw);
            if text.is_null() {
                return Err(Error::no_memory());
            }
            let length = usize::try_from(ffi::sqlite3_value_bytes(self.raw)).unwrap_or(0);
            Ok(std::slice::from_raw_parts(text, length))
        }
    }

    /// The bytes of a text or a blob as the database has them, for [`Cells`](super::Cells): text in the database's encoding.
    pub(super) fn bytes(&self) -> &'a [u8] {
        // SAFETY: as above. Asked for as a blob, a text is neither converted nor copied to get a NUL at its end.
        unsafe {
            let bytes = ffi::sqlite3_value_blob(self.raw).cast::<u8>();
            let length = usize::try_from(ffi::sqlite3_value_bytes(self.raw)).unwrap_or(0);
            if bytes.is_null() {
                return &[];
            }
            std::slice::from_raw_parts(bytes, length)
        }
    }
}
