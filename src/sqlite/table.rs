//! Registering table-valued functions: eponymous virtual tables. Most are only read.

use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_void};
use std::rc::Rc;

use super::connection::free_boxed;
use super::ffi;
use super::index::MOST_ARGUMENTS;
use super::{guarded, Bound, Connection, Context, Kind, Plan, Shape, Value};
use crate::code;
use crate::error::{Error, Result};

/// A table-valued function.
pub trait Table: 'static {
    /// What it looks like.
    const SHAPE: Shape;
    /// Whether statements are kept while it is connected (see [`Connection::prepare`]). Not for a table that kept
    /// statements read, because they keep it connected.
    const ANCHOR: bool = true;
    /// Hidden columns after the arguments, with their types: what only some readers want.
    const HIDDEN: &'static [(&'static str, &'static str)] = &[];
    /// Comparisons with its columns that it makes use of, each one more argument after the others.
    const BOUNDS: &'static [Bound] = &[];
    /// What INSERT, UPDATE and DELETE do, for a table that takes them. Gives the rowid of a new row, which becomes the
    /// caller's `last_insert_rowid()`.
    const WRITE: Option<Write> = None;
    /// What the error for a missing argument says beside, where the statement may be an UPDATE or a DELETE: SQLite begins
    /// those with reading the rows.
    const INSTEAD: &'static str = "";
    /// Whether it can be used from the user's own SQL only: not from views and triggers.
    const DIRECTONLY: bool = false;
    /// Why nothing can be read from it, if nothing can.
    const UNREADABLE: Option<&'static str> = None;
    /// The rows of one use of it.
    type Rows: Rows;
}

/// See [`Table::WRITE`].
pub type Write = fn(&Rc<Connection>, Change<'_>) -> Result<i64>;

/// What a statement does to a table.
pub enum Change<'a> {
    /// A new row.
    Insert {
        /// The rowid that is asked for, or NULL.
        rowid: Value<'a>,
        /// The values of all columns, the hidden ones included: NULL for those that are not named.
        columns: &'a [Value<'a>],
    },
    /// Other values for a row.
    Update,
    /// One row less.
    Delete,
}

/// The rows of a table from which nothing can be read.
pub enum NoRows {}

impl Rows for NoRows {
    fn filter(_: &Rc<Connection>, _: &Arguments<'_>, _: Plan) -> Result<Self> {
        Err(Error::misuse("has no rows"))
    }

    fn eof(&self) -> bool {
        match *self {}
    }

    fn next(&mut self) -> Result<()> {
        match *self {}
    }

    fn column(&self, _: &mut Context<'_>, _: usize) -> Result<()> {
        match *self {}
    }

    fn rowid(&self) -> i64 {
        match *self {}
    }
}

/// The rows of one use of a table, one at a time: a cursor. The methods have the names of SQLite's callbacks.
pub trait Rows: Sized {
    /// Starts with these arguments, and stands on the first row if there is one. Arguments that are required are not NULL.
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self>;
    /// Whether there is no row here: all have been given.
    fn eof(&self) -> bool;
    /// Goes to the next row.
    fn next(&mut self) -> Result<()>;
    /// Gives a column of this row.
    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()>;
    /// A number for this row that no other one has.
    fn rowid(&self) -> i64;
}

/// A table and how to make it known to a connection: a line of the one list of them.
pub struct Listed {
    /// What it looks like.
    pub shape: &'static Shape,
    register: fn(&Rc<Connection>) -> Result<()>,
}

impl Listed {
    /// The entry of a table with callbacks of its own.
    pub(super) const fn by(
        shape: &'static Shape,
        register: fn(&Rc<Connection>) -> Result<()>,
    ) -> Self {
        Self { shape, register }
    }

    /// The entry of a table.
    pub const fn of<T: Table>() -> Self {
        Self {
            shape: &T::SHAPE,
            // SAFETY: the module's callbacks are those of `T`, and the user data is what `connect` expects.
            register: |connection| unsafe {
                register_module(connection, T::SHAPE.name, &Glue::<T>::MODULE)?;
                if T::ANCHOR && connection.anchor.get().is_none() {
                    connection.anchor.set(Some(T::SHAPE.name));
                }
                Ok(())
            },
        }
    }
}

/// The arguments of one use of a table.
pub struct Arguments<'a>([Option<Value<'a>>; MOST_ARGUMENTS]);

impl<'a> Arguments<'a> {
    /// An argument, if it was given and is not NULL.
    pub fn get(&self, at: usize) -> Option<Value<'a>> {
        self.0
            .get(at)
            .copied()
            .flatten()
            .filter(|value| value.kind() != Kind::Null)
    }
}

impl Connection {
    /// Makes a table known to this connection.
    pub fn register_table(self: &Rc<Self>, table: &Listed) -> Result<()> {
        (table.register)(self)
    }
}

/// # Safety
/// The module's callbacks take an `Rc<Connection>` as their user data.
pub(super) unsafe fn register_module(
    connection: &Rc<Connection>,
    name: &str,
    module: &'static ffi::sqlite3_module,
) -> Result<()> {
    let name =
        CString::new(name).map_err(|_| Error::new(code::INTERNAL, "a table's name with a NUL"))?;
    let shared = Box::new(Rc::clone(connection));
    // SAFETY: the connection is open and the module static. SQLite owns the box from here on, also when the call fails.
    let outcome = unsafe {
        ffi::sqlite3_create_module_v2(
            connection.handle(),
            name.as_ptr(),
            module,
            Box::into_raw(shared).cast(),
            Some(free_boxed::<Rc<Connection>>),
        )
    };
    if outcome == code::OK {
        Ok(())
    } else {
        Err(connection.error(outcome))
    }
}

/// A connected table, with what SQLite needs to see of it first.
#[repr(C)]
struct Connected {
    base: ffi::sqlite3_vtab,
    connection: Rc<Connection>,
}

/// A cursor, likewise. SQLite has the first field for itself, so nothing of ours ever borrows the whole.
#[repr(C)]
struct Cursor<R> {
    base: ffi::sqlite3_vtab_cursor,
    open: Open<R>,
}

/// What is ours of a cursor.
struct Open<R> {
    /// None before the start, and after the end: what rows hold is given up as early as can be.
    rows: Option<R>,
    kept: Kept,
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

    /// Takes the arguments of one use of a table apart. Columns from `visible` on are arguments.
    fn take<'a>(
        &mut self,
        shape: &Shape,
        visible: usize,
        plan: Plan,
        values: &'a [Value<'a>],
    ) -> Result<Arguments<'a>> {
        self.forget();
        let mut arguments = Arguments([None; MOST_ARGUMENTS]);
        for (at, value) in plan.arguments().zip(values) {
            if let Some(place) = arguments.0.get_mut(at) {
                *place = Some(*value);
            }
            if at < shape.arguments.len() && plan.uses(visible + at) {
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

impl Drop for Kept {
    fn drop(&mut self) {
        self.forget();
    }
}

struct Glue<T>(std::marker::PhantomData<T>);

impl<T: Table> Glue<T> {
    /// The number of columns before the hidden ones, counted once and for all.
    const VISIBLE: usize = T::SHAPE.visible();
    /// Without xCreate the table is there under its own name only.
    const MODULE: ffi::sqlite3_module = ffi::sqlite3_module {
        xConnect: Some(connect::<T>),
        xBestIndex: Some(best_index::<T>),
        xDisconnect: Some(disconnect::<T>),
        xOpen: Some(open::<T>),
        xClose: Some(close::<T>),
        xFilter: Some(filter::<T>),
        xNext: Some(next::<T>),
        xEof: Some(eof::<T>),
        xColumn: Some(column::<T>),
        xRowid: Some(rowid::<T>),
        xUpdate: match T::WRITE {
            Some(_) => Some(update::<T>),
            None => None,
        },
        ..ffi::NO_CALLBACKS
    };
}

/// Leaves an error where SQLite looks for it, and gives its code.
///
/// # Safety
/// `place` is a table's message, which SQLite frees.
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

/// Calls back into the table of a cursor, with a guard, and reports what fails.
///
/// # Safety
/// `cursor` is one that `open::<T>` made and `close::<T>` has not freed.
unsafe fn with_cursor<T: Table>(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    body: impl FnOnce(&mut Open<T::Rows>, &Rc<Connection>) -> Result<()>,
) -> c_int {
    let cursor = cursor.cast::<Cursor<T::Rows>>();
    // SAFETY: the condition above. SQLite makes one call at a time on a cursor, and leaves our part of it alone. The
    // table outlives its cursors, and a call that is nested in this one may use it too: so that reference is shared.
    let (table, open, connection) = unsafe {
        let table = (*cursor).base.pVtab.cast::<Connected>();
        (table, &mut (*cursor).open, &(*table).connection)
    };
    match guarded(|| body(open, connection)) {
        Ok(()) => code::OK,
        Err(error) => {
            drop(guarded(|| {
                open.rows = None;
                Ok(())
            }));
            // SAFETY: the table is connected.
            unsafe { report(&raw mut (*table).base.zErrMsg, T::SHAPE.name, &error) }
        }
    }
}

unsafe extern "C" fn connect<T: Table>(
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
        declare(&connection, db, &T::SHAPE.declaration(T::HIDDEN))?;
        if T::DIRECTONLY {
            // SAFETY: called from xConnect, with the connection that SQLite passed to it. The option takes no argument.
            let outcome = unsafe { ffi::sqlite3_vtab_config(db, ffi::SQLITE_VTAB_DIRECTONLY) };
            if outcome != code::OK {
                return Err(connection.error(outcome));
            }
        }
        Ok(Box::new(Connected {
            base: EMPTY_TABLE,
            connection: Rc::clone(&connection),
        }))
    });
    match outcome {
        Ok(connected) => {
            if T::ANCHOR {
                connection.table_connected();
            }
            // SAFETY: SQLite asks for the table here, and gives it back to `disconnect`.
            unsafe { *table = Box::into_raw(connected).cast() };
            code::OK
        }
        // SAFETY: the place for the message is SQLite's.
        Err(error) => unsafe { report(message, T::SHAPE.name, &error) },
    }
}

pub(super) const EMPTY_TABLE: ffi::sqlite3_vtab = ffi::sqlite3_vtab {
    pModule: std::ptr::null(),
    nRef: 0,
    zErrMsg: std::ptr::null_mut(),
};

/// Tells SQLite the columns of a table that is being connected.
pub(super) fn declare(
    connection: &Connection,
    db: *mut ffi::sqlite3,
    declaration: &str,
) -> Result<()> {
    let text = CString::new(declaration)
        .map_err(|_| Error::new(code::INTERNAL, "a declaration with a NUL"))?;
    // SAFETY: called from xConnect, with the connection that SQLite passed to it.
    let outcome = unsafe { ffi::sqlite3_declare_vtab(db, text.as_ptr()) };
    if outcome == code::OK {
        Ok(())
    } else {
        Err(connection.error(outcome))
    }
}

unsafe extern "C" fn disconnect<T: Table>(table: *mut ffi::sqlite3_vtab) -> c_int {
    // SAFETY: `connect` made it, and SQLite gives it back once.
    let connected = unsafe { Box::from_raw(table.cast::<Connected>()) };
    // A panic here could tell nobody; there is nothing in it that panics but what is caught.
    drop(guarded(|| {
        if T::ANCHOR {
            connected.connection.table_disconnected();
        }
        Ok(())
    }));
    code::OK
}

unsafe extern "C" fn best_index<T: Table>(
    table: *mut ffi::sqlite3_vtab,
    info: *mut ffi::sqlite3_index_info,
) -> c_int {
    if T::ANCHOR {
        // SAFETY: the table is connected.
        unsafe { (*table.cast::<Connected>()).connection.table_planned() };
    }
    let outcome = guarded(|| match T::UNREADABLE {
        Some(why) => Err(Error::misuse(why)),
        // SAFETY: SQLite passes a structure for this call.
        None => unsafe { T::SHAPE.best_index(info, T::BOUNDS) },
    });
    match outcome {
        Ok(true) => code::OK,
        Ok(false) => code::CONSTRAINT,
        // SAFETY: the table is connected.
        Err(error) => unsafe { report(&raw mut (*table).zErrMsg, T::SHAPE.name, &error) },
    }
}

unsafe extern "C" fn open<T: Table>(
    _table: *mut ffi::sqlite3_vtab,
    cursor: *mut *mut ffi::sqlite3_vtab_cursor,
) -> c_int {
    let opened: Box<Cursor<T::Rows>> = Box::new(Cursor {
        base: ffi::sqlite3_vtab_cursor {
            pVtab: std::ptr::null_mut(),
        },
        open: Open {
            rows: None,
            kept: Kept([std::ptr::null_mut(); MOST_ARGUMENTS]),
        },
    });
    // SAFETY: SQLite asks for the cursor here, sets its table, and gives it back to `close`.
    unsafe { *cursor = Box::into_raw(opened).cast() };
    code::OK
}

unsafe extern "C" fn close<T: Table>(cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    drop(guarded(|| {
        // SAFETY: `open` made it, and SQLite gives it back once.
        drop(unsafe { Box::from_raw(cursor.cast::<Cursor<T::Rows>>()) });
        Ok(())
    }));
    code::OK
}

unsafe extern "C" fn filter<T: Table>(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    plan: c_int,
    _text: *const c_char,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) -> c_int {
    let plan = Plan::decode(plan);
    // SAFETY: SQLite passes a cursor of ours, and arguments that last until this returns.
    unsafe {
        with_cursor::<T>(cursor, |cursor, connection| {
            let _nested = connection.enter()?;
            cursor.rows = None;
            let values = Value::all(values, count);
            T::SHAPE
                .check_given(plan)
                .map_err(|error| match connection.is_writing() {
                    true => Error::misuse(format!("{}{}", error.message(), T::INSTEAD)),
                    false => error,
                })?;
            let arguments = cursor
                .kept
                .take(&T::SHAPE, Glue::<T>::VISIBLE, plan, values)?;
            if (0..T::SHAPE.required).any(|at| arguments.get(at).is_none()) {
                return Ok(());
            }
            let rows = T::Rows::filter(connection, &arguments, plan)?;
            cursor.rows = Some(rows).filter(|rows| !rows.eof());
            Ok(())
        })
    }
}

unsafe extern "C" fn next<T: Table>(cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    // SAFETY: SQLite passes a cursor of ours.
    unsafe {
        with_cursor::<T>(cursor, |cursor, _| {
            if let Some(rows) = &mut cursor.rows {
                rows.next()?;
                if rows.eof() {
                    cursor.rows = None;
                }
            }
            Ok(())
        })
    }
}

unsafe extern "C" fn eof<T: Table>(cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    // SAFETY: SQLite passes a cursor of ours.
    let open = unsafe { &(*cursor.cast::<Cursor<T::Rows>>()).open };
    c_int::from(open.rows.is_none())
}

unsafe extern "C" fn column<T: Table>(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    context: *mut ffi::sqlite3_context,
    column: c_int,
) -> c_int {
    // SAFETY: SQLite passes a cursor of ours, and the context of a call that lasts until this returns.
    let (cursor, mut context) = unsafe {
        let open = &(*cursor.cast::<Cursor<T::Rows>>()).open;
        (open, Context::new(context))
    };
    let outcome = guarded(|| {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let arguments = Glue::<T>::VISIBLE..Glue::<T>::VISIBLE + T::SHAPE.arguments.len();
        if arguments.contains(&column) {
            let at = column - arguments.start;
            match cursor.kept.get(at) {
                // SAFETY: a copy of our own, which is protected.
                Some(value) => unsafe { context.result_value(value) },
                // One that was left out is what the row would have been asked for by.
                _ if T::SHAPE.required == 0 => {
                    if let Some(rows) = &cursor.rows {
                        rows.column(&mut context, column)?;
                    }
                }
                _ => context.result_null(),
            }
            return Ok(());
        }
        match &cursor.rows {
            Some(rows) => rows.column(&mut context, column),
            None => Ok(()),
        }
    });
    match outcome {
        Ok(()) => code::OK,
        Err(error) => {
            context.result_error(T::SHAPE.name, &error);
            error.code()
        }
    }
}

unsafe extern "C" fn rowid<T: Table>(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    rowid: *mut i64,
) -> c_int {
    // SAFETY: SQLite passes a cursor of ours, and a place for the number.
    unsafe {
        with_cursor::<T>(cursor, |cursor, _| {
            *rowid = cursor.rows.as_ref().map_or(0, Rows::rowid);
            Ok(())
        })
    }
}

unsafe extern "C" fn update<T: Table>(
    table: *mut ffi::sqlite3_vtab,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
    rowid: *mut i64,
) -> c_int {
    let table = table.cast::<Connected>();
    // SAFETY: the table is connected, and SQLite passes `count` values that last until this returns.
    let (connection, values) = unsafe { (&(*table).connection, Value::all(values, count)) };
    let outcome = guarded(|| {
        let _nested = connection.enter()?;
        let write = T::WRITE.ok_or_else(|| Error::misuse("may not be modified"))?;
        // A deletion has the row's id alone; an insertion a NULL in its place, a new row's id, and the columns.
        let change = match values {
            [_] => Change::Delete,
            [old, rowid, columns @ ..] if old.kind() == Kind::Null => Change::Insert {
                rowid: *rowid,
                columns,
            },
            _ => Change::Update,
        };
        write(connection, change)
    });
    match outcome {
        Ok(new) => {
            // SAFETY: SQLite gives a place for the id of a row that is inserted, and looks at it for that alone.
            unsafe { *rowid = new };
            code::OK
        }
        // SAFETY: the table is connected.
        Err(error) => unsafe { report(&raw mut (*table).base.zErrMsg, T::SHAPE.name, &error) },
    }
}
