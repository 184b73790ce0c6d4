//! Several statements as one: all of them happen, or none.
//!
//! A function that SQL calls can be in the middle of any statement, where it can neither begin a transaction nor set a
//! savepoint. But one inner statement is atomic everywhere. So `branch_write` is a virtual table that can only be
//! written: an INSERT into it makes SQLite take the write lock and open its own statement journal, and the table's
//! xUpdate then runs the ordinary statements. When one of them fails the INSERT fails, and SQLite undoes them all.

use std::ffi::CStr;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr::NonNull;
use std::rc::Rc;

use super::connection::{in_the_way, Pending};
use super::ffi;
use super::table::{declare, register_module, report, EMPTY_TABLE};
use super::{guarded, Connection};
use crate::code;
use crate::error::{Error, Result};

const NAME: &str = "branch_write";
const NAME_FOR_C: &CStr = c"branch_write";

/// With a SELECT rather than VALUES, so that SQLite cannot know that it is one row, and opens a statement journal.
const INSERT: &str = "INSERT INTO branch_write SELECT 1";

impl Connection {
    /// Makes the table known to this connection.
    pub fn register_write(self: &Rc<Self>) -> Result<()> {
        // SAFETY: the module's callbacks are those below, which expect this user data.
        unsafe { register_module(self, NAME, &MODULE) }
    }

    /// Does `work` under the database's write lock, in one statement: what it writes happens as a whole, or not at all.
    ///
    /// In autocommit mode that is a transaction. Otherwise it is part of the one that is open, and an error leaves what
    /// that one did before as it is.
    pub fn atomically<T>(self: &Rc<Self>, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.nothing_in_the_way_of(NAME_FOR_C)?;
        let mut statement = self.prepare(INSERT)?;
        let mut work = Some(work);
        let mut outcome = None;
        let mut body = || {
            let done = match work.take() {
                Some(work) => guarded(work),
                None => Err(Error::new(code::INTERNAL, "written twice")),
            };
            let result = done.as_ref().map_or_else(Error::code, |_| code::OK);
            outcome = Some(done);
            result
        };
        let ran = {
            let _offered = Offered::new(self, &mut body);
            statement.run(&[])
        };
        // What went wrong inside says more than that the statement failed for it.
        match (outcome, ran) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            // A view with a trigger that takes what is inserted.
            (None, Ok(())) => Err(in_the_way(NAME_FOR_C)),
        }
    }
}

/// A piece of work that xUpdate may take, until this is dropped.
struct Offered<'a> {
    connection: &'a Connection,
    before: Option<Pending>,
}

impl<'a> Offered<'a> {
    fn new<'w: 'a>(connection: &'a Connection, body: &'a mut (dyn FnMut() -> c_int + 'w)) -> Self {
        // SAFETY: only the lifetime changes. The pointer is used while it is offered, and this value, which borrows
        // the work, takes it back when it goes.
        let body = unsafe {
            std::mem::transmute::<
                NonNull<dyn FnMut() -> c_int + 'w>,
                NonNull<dyn FnMut() -> c_int + 'static>,
            >(NonNull::from(body))
        };
        Self {
            connection,
            before: connection.pending.replace(Some(body)),
        }
    }
}

impl Drop for Offered<'_> {
    fn drop(&mut self) {
        self.connection.pending.set(self.before);
    }
}

#[repr(C)]
struct Connected {
    base: ffi::sqlite3_vtab,
    connection: Rc<Connection>,
}

/// Without xCreate the table is there under its own name only.
const MODULE: ffi::sqlite3_module = ffi::sqlite3_module {
    xConnect: Some(connect),
    xBestIndex: Some(best_index),
    xDisconnect: Some(disconnect),
    xOpen: Some(open),
    xClose: Some(close),
    xFilter: Some(filter),
    xNext: Some(next),
    xEof: Some(eof),
    xColumn: Some(column),
    xRowid: Some(rowid),
    xUpdate: Some(update),
    ..ffi::NO_CALLBACKS
};

fn refused() -> Error {
    Error::misuse("for the functions of sqlite-branch alone")
}

unsafe extern "C" fn connect(
    db: *mut ffi::sqlite3,
    user_data: *mut c_void,
    _count: c_int,
    _words: *const *const c_char,
    table: *mut *mut ffi::sqlite3_vtab,
    message: *mut *mut c_char,
) -> c_int {
    // SAFETY: the user data is what `register_module` gave.
    let connection = unsafe { Rc::clone(&*user_data.cast::<Rc<Connection>>()) };
    let outcome = guarded(|| {
        declare(&connection, db, "CREATE TABLE branch_write(work)")?;
        // SAFETY: called from xConnect, with the connection that SQLite passed to it. The option takes no argument.
        let outcome = unsafe { ffi::sqlite3_vtab_config(db, ffi::SQLITE_VTAB_DIRECTONLY) };
        if outcome != code::OK {
            return Err(connection.error(outcome));
        }
        Ok(Box::new(Connected {
            base: EMPTY_TABLE,
            connection: Rc::clone(&connection),
        }))
    });
    match outcome {
        Ok(connected) => {
            // SAFETY: SQLite asks for the table here, and gives it back to `disconnect`.
            unsafe { *table = Box::into_raw(connected).cast() };
            code::OK
        }
        // SAFETY: the place for the message is SQLite's.
        Err(error) => unsafe { report(message, NAME, &error) },
    }
}

unsafe extern "C" fn disconnect(table: *mut ffi::sqlite3_vtab) -> c_int {
    drop(guarded(|| {
        // SAFETY: `connect` made it, and SQLite gives it back once.
        drop(unsafe { Box::from_raw(table.cast::<Connected>()) });
        Ok(())
    }));
    code::OK
}

unsafe extern "C" fn update(
    table: *mut ffi::sqlite3_vtab,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
    rowid: *mut i64,
) -> c_int {
    // SAFETY: the table is connected.
    let connection = unsafe { &(*table.cast::<Connected>()).connection };
    // An insertion has a NULL in place of an old rowid, and then the new rowid and the columns.
    // SAFETY: SQLite passes `count` values.
    let insertion = count > 1 && unsafe { ffi::sqlite3_value_type(*values) } == ffi::SQLITE_NULL;
    let work = if insertion {
        connection.pending.take()
    } else {
        None
    };
    let Some(mut work) = work else {
        // SAFETY: the table is connected.
        return unsafe { report(&raw mut (*table).zErrMsg, NAME, &refused()) };
    };
    // SAFETY: an offered piece of work lives until the statement that runs this has ended, and it was taken, so
    // nobody else has it. It catches its own panics.
    let outcome = unsafe { (work.as_mut())() };
    if outcome == code::OK {
        // SAFETY: SQLite makes this the caller's last_insert_rowid(), which the work has already set.
        unsafe { *rowid = ffi::sqlite3_last_insert_rowid(connection.handle()) };
    }
    outcome
}

/// Nothing can be read from the table: this is where an attempt ends.
unsafe extern "C" fn best_index(
    table: *mut ffi::sqlite3_vtab,
    _info: *mut ffi::sqlite3_index_info,
) -> c_int {
    // SAFETY: the table is connected.
    unsafe { report(&raw mut (*table).zErrMsg, NAME, &refused()) }
}

// SQLite wants these to be there, and does not call them after an xBestIndex that always fails.

unsafe extern "C" fn open(
    _table: *mut ffi::sqlite3_vtab,
    _cursor: *mut *mut ffi::sqlite3_vtab_cursor,
) -> c_int {
    code::ERROR
}

unsafe extern "C" fn close(_cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    code::ERROR
}

unsafe extern "C" fn filter(
    _cursor: *mut ffi::sqlite3_vtab_cursor,
    _plan: c_int,
    _text: *const c_char,
    _count: c_int,
    _values: *mut *mut ffi::sqlite3_value,
) -> c_int {
    code::ERROR
}

unsafe extern "C" fn next(_cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    code::ERROR
}

unsafe extern "C" fn eof(_cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    1
}

unsafe extern "C" fn column(
    _cursor: *mut ffi::sqlite3_vtab_cursor,
    _context: *mut ffi::sqlite3_context,
    _column: c_int,
) -> c_int {
    code::ERROR
}

unsafe extern "C" fn rowid(_cursor: *mut ffi::sqlite3_vtab_cursor, _rowid: *mut i64) -> c_int {
    code::ERROR
}
