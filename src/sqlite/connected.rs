//! A connected table and its cursors: what SQLite has of each, what is ours, and how a callback gets at that.

use std::os::raw::{c_char, c_int};
use std::rc::Rc;

use super::table::Listed;
use super::{ffi, guarded, Connection};
use crate::code;
use crate::error::{Error, Result};

/// A table, and the connection that knows it: what SQLite hands to `module::connect`.
#[derive(Clone)]
pub(super) struct Known {
    pub connection: Rc<Connection>,
    pub table: &'static Listed,
}

/// A connected table, with what SQLite has of it first: nothing of ours ever borrows the whole.
#[repr(C)]
pub(super) struct Connected {
    pub base: ffi::sqlite3_vtab,
    pub known: Known,
}

/// Leaves an error where SQLite looks for it, and gives its code.
///
/// # Safety
/// `place` is null or a table's message, which SQLite frees.
#[cold]
pub(super) unsafe fn report(place: *mut *mut c_char, name: &str, error: &Error) -> c_int {
    // What cannot be said is not said; the code is what counts.
    drop(guarded(|| {
        // SAFETY: as the function's own condition says; the message before this one is freed.
        unsafe {
            ffi::sqlite3_free((*place).cast());
            *place = std::ptr::null_mut();
            *place = ffi::allocate_text(ffi::own_malloc(), &format!("{name}: {}", error.message()));
        }
        Ok(())
    }));
    error.code()
}

/// Runs what a table does for a statement, with a guard, and reports what fails.
///
/// # Safety
/// `table` is one that `connect` made and `disconnect` has not freed.
#[inline(always)]
pub(super) unsafe fn with_table(
    table: *mut ffi::sqlite3_vtab,
    body: impl FnOnce(&Known) -> Result<()>,
) -> c_int {
    // SAFETY: the condition above. Only our part is borrowed, and shared, since a call that is nested in this one may use
    // the table too.
    let known = unsafe { &(*table.cast::<Connected>()).known };
    match guarded(|| body(known)) {
        Ok(()) => code::OK,
        // SAFETY: the table is connected.
        Err(error) => unsafe { report(&raw mut (*table).zErrMsg, known.table.shape.name, &error) },
    }
}

/// What is ours of a cursor. It begins at no row.
pub(super) trait Open: Default {
    /// Whether it stands on no row.
    fn eof(&self) -> bool;
    /// Gives up the row it stands on, and what it holds for the next ones, since something has failed.
    fn end(&mut self);
}

/// A cursor, with what SQLite has of it first, likewise.
#[repr(C)]
struct Cursor<O> {
    base: ffi::sqlite3_vtab_cursor,
    open: O,
}

pub(super) unsafe extern "C" fn open<O: Open>(
    _table: *mut ffi::sqlite3_vtab,
    cursor: *mut *mut ffi::sqlite3_vtab_cursor,
) -> c_int {
    let opened = Box::new(Cursor {
        base: ffi::sqlite3_vtab_cursor {
            pVtab: std::ptr::null_mut(),
        },
        open: O::default(),
    });
    // SAFETY: SQLite asks for the cursor here, sets its table, and gives it back to `close`.
    unsafe { *cursor = Box::into_raw(opened).cast() };
    code::OK
}

pub(super) unsafe extern "C" fn close<O: Open>(cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    drop(guarded(|| {
        // SAFETY: `open` made it, and SQLite gives it back once.
        drop(unsafe { Box::from_raw(cursor.cast::<Cursor<O>>()) });
        Ok(())
    }));
    code::OK
}

pub(super) unsafe extern "C" fn eof<O: Open>(cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    // SAFETY: SQLite passes a cursor of ours.
    c_int::from(unsafe { ours::<O>(cursor) }.eof())
}

/// What is ours of a cursor, to look at.
///
/// # Safety
/// `cursor` is one that `open::<O>` made, and nothing changes it or frees it in `'a`.
#[inline(always)]
pub(super) unsafe fn ours<'a, O: Open>(cursor: *mut ffi::sqlite3_vtab_cursor) -> &'a O {
    // SAFETY: the condition above.
    unsafe { &(*cursor.cast::<Cursor<O>>()).open }
}

/// Runs what a table does for a cursor, with a guard, and reports what fails. What it holds goes then.
///
/// # Safety
/// `cursor` is one that `open::<O>` made and `close` has not freed.
#[inline(always)]
pub(super) unsafe fn with_cursor<O: Open>(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    body: impl FnOnce(&mut O, &Known) -> Result<()>,
) -> c_int {
    // SAFETY: the condition above. SQLite makes one call at a time on a cursor, and leaves our part of it alone. The table
    // outlives its cursors.
    unsafe {
        let table = (*cursor).pVtab;
        let open = &mut (*cursor.cast::<Cursor<O>>()).open;
        let outcome = with_table(table, |known| body(open, known));
        if outcome != code::OK {
            end(open);
        }
        outcome
    }
}

#[cold]
#[inline(never)]
fn end<O: Open>(open: &mut O) {
    drop(guarded(|| {
        open.end();
        Ok(())
    }));
}
