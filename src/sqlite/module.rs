//! The callbacks that SQLite calls for every table: each exists once, and finds in the table's [`Listed`] what differs.

use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_void};
use std::rc::Rc;

use super::connected::{self, ours, report, with_cursor, with_table, Connected, Known};
use super::connection::free_boxed;
use super::ffi;
use super::index::MOST_ARGUMENTS;
use super::table::{AnyRows, Arguments, Change, Listed};
use super::{guarded, Connection, Context, Kind, Plan, Value};
use crate::code;
use crate::error::{Error, Result};

/// Of a table that is only read. Without xCreate the table is there under its own name only.
const READ_ONLY: ffi::sqlite3_module = ffi::sqlite3_module {
    xConnect: Some(connect),
    xBestIndex: Some(best_index),
    xDisconnect: Some(disconnect),
    xOpen: Some(connected::open::<Open>),
    xClose: Some(connected::close::<Open>),
    xFilter: Some(filter),
    xNext: Some(next),
    xEof: Some(connected::eof::<Open>),
    xColumn: Some(column),
    xRowid: Some(rowid),
    ..ffi::NO_CALLBACKS
};

/// Of a table that takes INSERT.
const WRITABLE: ffi::sqlite3_module = ffi::sqlite3_module {
    xUpdate: Some(update),
    ..READ_ONLY
};

impl Connection {
    /// Makes a table known to this connection.
    pub fn register_table(self: &Rc<Self>, table: &'static Listed) -> Result<()> {
        let name = CString::new(table.shape.name)
            .map_err(|_| Error::new(code::INTERNAL, "a table's name with a NUL"))?;
        let module = table.own.unwrap_or(match table.write {
            Some(_) => &WRITABLE,
            None => &READ_ONLY,
        });
        let known = Box::new(Known {
            connection: Rc::clone(self),
            table,
        });
        // SAFETY: the connection is open and the module static; its callbacks expect this user data. SQLite owns the box
        // from here on, also when the call fails, and frees it with the given destructor, once.
        self.verify(unsafe {
            ffi::sqlite3_create_module_v2(
                self.handle(),
                name.as_ptr(),
                module,
                Box::into_raw(known).cast(),
                Some(free_boxed::<Known>),
            )
        })?;
        if table.anchor && self.anchor.get().is_none() {
            self.anchor.set(Some(table.shape.name));
        }
        Ok(())
    }
}

/// What is ours of a cursor.
#[derive(Default)]
struct Open {
    /// None before the start, and after the end: what rows hold is given up as early as can be.
    rows: Option<Box<dyn AnyRows>>,
    kept: Kept,
}

impl connected::Open for Open {
    fn eof(&self) -> bool {
        self.rows.is_none()
    }

    fn end(&mut self) {
        self.rows = None;
    }
}

/// Copies of those arguments that the statement may read as columns.
struct Kept([*mut ffi::sqlite3_value; MOST_ARGUMENTS]);

impl Kept {
    fn forget(&mut self) {
        for argument in &mut self.0 {
            // SAFETY: null, which is allowed, or a copy of our own that is freed once.
            unsafe { ffi::sqlite3_value_free(*argument) };
            *argument = std::ptr::null_mut();
        }
    }

    fn get(&self, at: usize) -> Option<*mut ffi::sqlite3_value> {
        self.0.get(at).copied().filter(|value| !value.is_null())
    }

    /// Takes the arguments of one use of a table apart.
    fn take<'a>(
        &mut self,
        table: &Listed,
        plan: Plan,
        values: &'a [Value<'a>],
    ) -> Result<Arguments<'a>> {
        self.forget();
        let mut arguments = Arguments([None; MOST_ARGUMENTS]);
        for (at, value) in plan.arguments().zip(values) {
            if let Some(place) = arguments.0.get_mut(at) {
                *place = Some(*value);
            }
            if at < table.shape.arguments.len() && plan.uses(table.visible + at) {
                // SAFETY: the value is one that SQLite passed to the call that is going on.
                let copy = unsafe { ffi::sqlite3_value_dup(value.raw()) };
                if copy.is_null() {
                    return Err(Error::no_memory());
                }
                if let Some(place) = self.0.get_mut(at) {
                    *place = copy;
                }
            }
        }
        Ok(arguments)
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self([std::ptr::null_mut(); MOST_ARGUMENTS])
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.forget();
    }
}

pub(super) unsafe extern "C" fn connect(
    db: *mut ffi::sqlite3,
    user_data: *mut c_void,
    _count: c_int,
    _words: *const *const c_char,
    table: *mut *mut ffi::sqlite3_vtab,
    message: *mut *mut c_char,
) -> c_int {
    // SAFETY: the user data is what `register_table` gave.
    let known = unsafe { &*user_data.cast::<Known>() };
    let outcome = guarded(|| {
        declare(known, db)?;
        Ok(Box::new(Connected {
            base: ffi::sqlite3_vtab {
                pModule: std::ptr::null(),
                nRef: 0,
                zErrMsg: std::ptr::null_mut(),
            },
            known: known.clone(),
        }))
    });
    match outcome {
        Ok(connected) => {
            if known.table.anchor {
                known.connection.table_connected();
            }
            // SAFETY: SQLite asks for the table here, and gives it back to `disconnect`.
            unsafe { *table = Box::into_raw(connected).cast() };
            code::OK
        }
        // SAFETY: the place for the message is SQLite's.
        Err(error) => unsafe { report(message, known.table.shape.name, &error) },
    }
}

/// Tells SQLite the columns of a table that is being connected.
fn declare(known: &Known, db: *mut ffi::sqlite3) -> Result<()> {
    let Known { connection, table } = known;
    let text = CString::new(table.shape.declaration(table.hidden))
        .map_err(|_| Error::new(code::INTERNAL, "a declaration with a NUL"))?;
    // SAFETY: called from xConnect, with the connection that SQLite passed to it; so below.
    connection.verify(unsafe { ffi::sqlite3_declare_vtab(db, text.as_ptr()) })?;
    if table.directonly {
        // SAFETY: see above. The option takes no argument.
        connection.verify(unsafe { ffi::sqlite3_vtab_config(db, ffi::SQLITE_VTAB_DIRECTONLY) })?;
    }
    Ok(())
}

pub(super) unsafe extern "C" fn disconnect(table: *mut ffi::sqlite3_vtab) -> c_int {
    // SAFETY: `connect` made it, and SQLite gives it back once.
    let connected = unsafe { Box::from_raw(table.cast::<Connected>()) };
    // A panic here could tell nobody; there is nothing in it that panics but what is caught.
    drop(guarded(|| {
        if connected.known.table.anchor {
            connected.known.connection.table_disconnected();
        }
        Ok(())
    }));
    code::OK
}

unsafe extern "C" fn best_index(
    table: *mut ffi::sqlite3_vtab,
    info: *mut ffi::sqlite3_index_info,
) -> c_int {
    let mut possible = true;
    // SAFETY: SQLite passes a table of ours, and a structure for this call.
    let outcome = unsafe {
        with_table(table, |Known { connection, table }| {
            if table.anchor {
                connection.table_planned();
            }
            if let Some(why) = table.unreadable {
                return Err(Error::misuse(why));
            }
            possible = table.shape.best_index(info, table.bounds)?;
            Ok(())
        })
    };
    match possible {
        true => outcome,
        false => code::CONSTRAINT,
    }
}

unsafe extern "C" fn filter(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    plan: c_int,
    _text: *const c_char,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) -> c_int {
    let plan = Plan::decode(plan);
    // SAFETY: SQLite passes a cursor of ours, and arguments that last until this returns.
    unsafe {
        with_cursor(cursor, |cursor: &mut Open, Known { connection, table }| {
            let _nested = connection.enter()?;
            cursor.rows = None;
            let values = Value::all(values, count);
            table
                .shape
                .check_given(plan)
                .map_err(|error| match connection.is_writing() {
                    true => Error::misuse(format!("{}{}", error.message(), table.instead)),
                    false => error,
                })?;
            let arguments = cursor.kept.take(table, plan, values)?;
            if (0..table.shape.required).any(|at| arguments.get(at).is_none()) {
                return Ok(());
            }
            cursor.rows = (table.start)(connection, &arguments, plan)?;
            Ok(())
        })
    }
}

unsafe extern "C" fn next(cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    // SAFETY: SQLite passes a cursor of ours.
    unsafe {
        with_cursor(cursor, |cursor: &mut Open, _| {
            if let Some(rows) = &mut cursor.rows {
                if !rows.advance()? {
                    cursor.rows = None;
                }
            }
            Ok(())
        })
    }
}

unsafe extern "C" fn column(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    context: *mut ffi::sqlite3_context,
    column: c_int,
) -> c_int {
    // SAFETY: SQLite passes a cursor of ours, whose table is connected, and the context of a call that lasts until this
    // returns.
    let (cursor, table, mut context) = unsafe {
        let table = (*cursor).pVtab.cast::<Connected>();
        (
            ours::<Open>(cursor),
            (*table).known.table,
            Context::new(context),
        )
    };
    let outcome = guarded(|| {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let argument = column
            .checked_sub(table.visible)
            .filter(|at| *at < table.shape.arguments.len());
        match argument.map(|at| cursor.kept.get(at)) {
            // SAFETY: a copy of our own, which is protected.
            Some(Some(value)) => unsafe { context.result_value(value) },
            Some(None) if table.shape.required > 0 => context.result_null(),
            // An argument that was left out is what the row would have been asked for by.
            _ => {
                if let Some(rows) = &cursor.rows {
                    rows.column(&mut context, column)?;
                }
            }
        }
        Ok(())
    });
    match outcome {
        Ok(()) => code::OK,
        Err(error) => {
            context.result_error(table.shape.name, &error);
            error.code()
        }
    }
}

unsafe extern "C" fn rowid(cursor: *mut ffi::sqlite3_vtab_cursor, rowid: *mut i64) -> c_int {
    // SAFETY: SQLite passes a cursor of ours, and a place for the number.
    unsafe {
        with_cursor(cursor, |cursor: &mut Open, _| {
            *rowid = cursor.rows.as_ref().map_or(0, |rows| rows.rowid());
            Ok(())
        })
    }
}

unsafe extern "C" fn update(
    table: *mut ffi::sqlite3_vtab,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
    rowid: *mut i64,
) -> c_int {
    // SAFETY: SQLite passes a table of ours, and `count` values that last until this returns. It gives a place for the id
    // of a row that is inserted, and looks at it for that alone.
    unsafe {
        with_table(table, |Known { connection, table }| {
            let _nested = connection.enter()?;
            let write = table
                .write
                .ok_or_else(|| Error::misuse("may not be modified"))?;
            // A deletion has the row's id alone; an insertion a NULL in its place, a new row's id, and the columns.
            let change = match Value::all(values, count) {
                [_] => Change::Delete,
                [old, rowid, columns @ ..] if old.kind() == Kind::Null => Change::Insert {
                    rowid: *rowid,
                    columns,
                },
                _ => Change::Update,
            };
            *rowid = write(connection, change)?;
            Ok(())
        })
    }
}
