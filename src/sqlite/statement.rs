//! Prepared statements, bound and stepped.

use std::os::raw::c_int;
use std::ptr::NonNull;
use std::rc::Rc;

use super::ffi;
use super::{Connection, Kind};
use crate::code;
use crate::error::{Error, Result};

/// A compiled statement, finalized when it is dropped.
pub(super) struct RawStatement(NonNull<ffi::sqlite3_stmt>);

impl RawStatement {
    /// None for the null pointer that SQLite gives for an empty statement.
    pub(super) fn new(pointer: *mut ffi::sqlite3_stmt) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }

    /// Runs the statement to its end, whatever rows it gives.
    pub(super) fn run(&self, connection: &Connection) -> Result<()> {
        while self.step(connection)? {}
        Ok(())
    }

    fn step(&self, connection: &Connection) -> Result<bool> {
        // SAFETY: the statement is compiled and not finalized.
        match unsafe { ffi::sqlite3_step(self.0.as_ptr()) } {
            code::ROW => Ok(true),
            code::DONE => Ok(false),
            outcome => Err(connection.error(outcome)),
        }
    }

    /// The number of the encoding whose name the first row gives.
    pub(super) fn encoding(&self, connection: &Connection) -> Result<u8> {
        let found = self.step(connection)?;
        // SAFETY: the statement stands on a row, whose text stays until the next call on the statement.
        let name = unsafe {
            let text = ffi::sqlite3_column_text(self.0.as_ptr(), 0);
            match found && !text.is_null() {
                true => std::ffi::CStr::from_ptr(text.cast()).to_bytes(),
                false => &[][..],
            }
        };
        Ok(match name {
            b"UTF-16le" => ffi::SQLITE_UTF16LE as u8,
            b"UTF-16be" => ffi::SQLITE_UTF16BE as u8,
            _ => ffi::SQLITE_UTF8 as u8,
        })
    }

    /// Back to the start. What it returns repeats the error of the last step, which has been reported.
    fn reset(&self) {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_reset(self.0.as_ptr()) };
    }
}

impl Drop for RawStatement {
    fn drop(&mut self) {
        // SAFETY: this is its only owner, so nobody uses it afterwards.
        unsafe { ffi::sqlite3_finalize(self.0.as_ptr()) };
    }
}

/// What is bound to a `?`, for [`Statement::once`].
#[derive(Clone, Copy)]
pub enum Parameter<'a> {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// Text of any bytes.
    Text(&'a [u8]),
    /// A blob.
    Blob(&'a [u8]),
}

/// A prepared statement in the hands of one user. When it is dropped it is reset, and kept for the next one if it can be.
pub struct Statement {
    connection: Rc<Connection>,
    /// None for one that is not kept.
    sql: Option<&'static str>,
    /// Always there until the drop.
    raw: Option<RawStatement>,
    /// Whether text is bound, which takes memory.
    text_bound: bool,
    /// For [`Connection::give_back`].
    planned: u64,
}

impl Statement {
    pub(super) fn new(
        connection: Rc<Connection>,
        sql: Option<&'static str>,
        raw: RawStatement,
        planned: u64,
    ) -> Self {
        Self {
            connection,
            sql,
            raw: Some(raw),
            text_bound: false,
            planned,
        }
    }

    fn raw(&self) -> Result<&RawStatement> {
        self.raw
            .as_ref()
            .ok_or_else(|| Error::new(code::INTERNAL, "a statement used after its end"))
    }

    fn pointer(&self) -> *mut ffi::sqlite3_stmt {
        self.raw
            .as_ref()
            .map_or(std::ptr::null_mut(), |raw| raw.0.as_ptr())
    }

    /// Starts over, with integers for `?1` and those that follow.
    pub fn start(&mut self, integers: &[i64]) -> Result<()> {
        let raw = self.raw()?;
        raw.reset();
        for (at, integer) in (1..).zip(integers) {
            // SAFETY: the statement is reset; SQLite checks the parameter's number.
            let outcome = unsafe { ffi::sqlite3_bind_int64(raw.0.as_ptr(), at, *integer) };
            self.connection.verify(outcome)?;
        }
        Ok(())
    }

    /// Starts over, with a text for `?1`.
    pub fn start_text(&mut self, text: &[u8]) -> Result<()> {
        self.start_texts(&[text])
    }

    /// Starts over, with texts for `?1` and those that follow.
    pub fn start_texts(&mut self, texts: &[&[u8]]) -> Result<()> {
        self.raw()?.reset();
        self.text_bound = true;
        for (at, text) in (1..).zip(texts) {
            self.bind(at, &Parameter::Text(text), ffi::transient())?;
        }
        Ok(())
    }

    /// Runs the statement once, to its end, and reads the first row if there is one.
    pub fn once<T>(
        &mut self,
        parameters: &[Parameter<'_>],
        read: impl FnOnce(&Self) -> Result<T>,
    ) -> Result<Option<T>> {
        let bound = Bound(self);
        bound.0.raw()?.reset();
        for (at, parameter) in (1..).zip(parameters) {
            // No copy: `bound` takes the text off the statement again before the borrow ends, panic or not.
            bound.0.bind(at, parameter, None)?;
        }
        if !bound.0.step()? {
            return Ok(None);
        }
        let found = read(bound.0)?;
        while bound.0.step()? {}
        Ok(Some(found))
    }

    /// Runs the statement until `read` has what it looks for in a row.
    pub fn search<T>(
        &mut self,
        parameters: &[Parameter<'_>],
        read: impl Fn(&Self) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let bound = Bound(self);
        bound.0.raw()?.reset();
        for (at, parameter) in (1..).zip(parameters) {
            // No copy, as above.
            bound.0.bind(at, parameter, None)?;
        }
        while bound.0.step()? {
            if let Some(found) = read(bound.0)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Runs the statement once, to its end.
    pub fn run(&mut self, parameters: &[Parameter<'_>]) -> Result<()> {
        self.once(parameters, |_| Ok(()))?;
        Ok(())
    }

    fn bind(
        &self,
        at: c_int,
        parameter: &Parameter<'_>,
        keeping: Option<unsafe extern "C" fn(*mut std::ffi::c_void)>,
    ) -> Result<()> {
        let statement = self.raw()?.0.as_ptr();
        // SAFETY: the statement is reset. The bytes are as many as is said, and are copied or outlive the binding,
        // as `keeping` says.
        let outcome = unsafe {
            match parameter {
                Parameter::Null => ffi::sqlite3_bind_null(statement, at),
                Parameter::Integer(integer) => ffi::sqlite3_bind_int64(statement, at, *integer),
                Parameter::Text(text) => ffi::sqlite3_bind_text64(
                    statement,
                    at,
                    // An empty slice may dangle, but is never null, which would bind NULL.
                    text.as_ptr().cast(),
                    text.len() as u64,
                    keeping,
                    ffi::SQLITE_UTF8 as u8,
                ),
                Parameter::Blob(blob) => ffi::sqlite3_bind_blob64(
                    statement,
                    at,
                    blob.as_ptr().cast(),
                    blob.len() as u64,
                    keeping,
                ),
            }
        };
        self.connection.verify(outcome)
    }

    /// Goes to the next row. False at the end.
    pub fn step(&mut self) -> Result<bool> {
        self.raw()?.step(&self.connection)
    }

    /// The type of a column of the current row.
    pub fn kind(&self, column: c_int) -> Kind {
        // SAFETY: SQLite answers NULL for a column or a row that is not there.
        Kind::from_code(unsafe { ffi::sqlite3_column_type(self.pointer(), column) })
    }

    /// An integer column of the current row.
    #[inline(never)]
    pub fn integer(&self, column: c_int) -> i64 {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_column_int64(self.pointer(), column) }
    }

    /// A real column of the current row.
    pub fn real(&self, column: c_int) -> f64 {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_column_double(self.pointer(), column) }
    }

    /// The bytes of a text column of the current row. They are borrowed from the row, which stays until the next step.
    pub fn text(&self, column: c_int) -> Result<&[u8]> {
        // SAFETY: the pointer is good until the statement is stepped or reset, both of which need it exclusively.
        unsafe {
            let text = ffi::sqlite3_column_text(self.pointer(), column);
            if text.is_null() {
                return match self.kind(column) {
                    Kind::Null => Ok(&[]),
                    _ => Err(Error::no_memory()),
                };
            }
            let length = ffi::sqlite3_column_bytes(self.pointer(), column);
            Ok(std::slice::from_raw_parts(
                text,
                usize::try_from(length).unwrap_or(0),
            ))
        }
    }

    /// The bytes of a blob column of the current row, borrowed as those of [`Statement::text`].
    pub fn blob(&self, column: c_int) -> &[u8] {
        // SAFETY: as for `text`.
        unsafe {
            let blob = ffi::sqlite3_column_blob(self.pointer(), column).cast::<u8>();
            let length = ffi::sqlite3_column_bytes(self.pointer(), column);
            match usize::try_from(length) {
                Ok(length) if !blob.is_null() => std::slice::from_raw_parts(blob, length),
                _ => &[],
            }
        }
    }

    /// A column of the current row as it is, for [`Context::result_column`](super::Context::result_column).
    pub(super) fn value(&self, column: c_int) -> *mut ffi::sqlite3_value {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_column_value(self.pointer(), column) }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            raw.reset();
            if self.text_bound {
                // SAFETY: the statement is reset.
                unsafe { ffi::sqlite3_clear_bindings(raw.0.as_ptr()) };
            }
            if let Some(sql) = self.sql {
                self.connection.give_back(sql, raw, self.planned);
            }
        }
    }
}

/// A statement with borrowed text bound to it: reset, with nothing bound, when this is dropped.
struct Bound<'a>(&'a mut Statement);

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        if let Some(raw) = &self.0.raw {
            raw.reset();
            // SAFETY: the statement is reset.
            unsafe { ffi::sqlite3_clear_bindings(raw.0.as_ptr()) };
        }
    }
}
