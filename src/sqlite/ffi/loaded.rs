//! The SQLite of the program that loaded the extension, through the table of routines that it handed over.
//!
//! Nothing here links against SQLite. What `sqlite-loadable` has on its `ext` layer goes through that; what it lacks,
//! through the same table.

use std::os::raw::{c_char, c_int, c_uchar, c_uint, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::Once;

use super::{Destructor, Malloc, Refused, MINIMUM_VERSION};

pub use sqlite3ext_sys as constants;
pub use sqlite3ext_sys::sqlite3_blob;
pub use sqlite3ext_sys::sqlite3_index_info_sqlite3_index_orderby as sqlite3_index_orderby;
pub use sqlite_loadable::ext::{
    sqlite3, sqlite3_api_routines, sqlite3_context, sqlite3_index_info, sqlite3_module,
    sqlite3_stmt, sqlite3_value, sqlite3_vtab, sqlite3_vtab_cursor,
    sqlite3ext_bind_int64 as sqlite3_bind_int64, sqlite3ext_column_bytes as sqlite3_column_bytes,
    sqlite3ext_column_int64 as sqlite3_column_int64, sqlite3ext_column_text as sqlite3_column_text,
    sqlite3ext_column_value as sqlite3_column_value,
    sqlite3ext_create_function_v2 as sqlite3_create_function_v2,
    sqlite3ext_create_module_v2 as sqlite3_create_module_v2,
    sqlite3ext_declare_vtab as sqlite3_declare_vtab, sqlite3ext_finalize as sqlite3_finalize,
    sqlite3ext_result_error as sqlite3_result_error,
    sqlite3ext_result_error_code as sqlite3_result_error_code,
    sqlite3ext_result_int64 as sqlite3_result_int64, sqlite3ext_result_null as sqlite3_result_null,
    sqlite3ext_step as sqlite3_step, sqlite3ext_user_data as sqlite3_user_data,
    sqlite3ext_value_blob as sqlite3_value_blob, sqlite3ext_value_bytes as sqlite3_value_bytes,
    sqlite3ext_value_double as sqlite3_value_double, sqlite3ext_value_int64 as sqlite3_value_int64,
    sqlite3ext_value_text as sqlite3_value_text, sqlite3ext_value_type as sqlite3_value_type,
};

/// Functions that call the routine of the same name in the table.
macro_rules! routines {
    ($($name:ident = $routine:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)?;)*) => {$(
        /// As SQLite documents it.
        ///
        /// # Safety
        /// What SQLite asks for; and [`adopt`] has succeeded.
        #[inline]
        #[allow(clippy::too_many_arguments)]
        pub unsafe fn $name($($argument: $kind),*) $(-> $result)? {
            // SAFETY: the table is SQLite's, and the conditions of the routine are the caller's.
            unsafe {
                match (*table()).$routine {
                    Some(call) => call($($argument),*),
                    // A host of at least 3.38.0 fills in every entry that is named here: for the impossible.
                    None => panic!(concat!("SQLite has no routine ", stringify!($routine))),
                }
            }
        }
    )*};
}

routines! {
    sqlite3_blob_bytes = blob_bytes(blob: *mut sqlite3_blob) -> c_int;
    sqlite3_blob_close = blob_close(blob: *mut sqlite3_blob) -> c_int;
    sqlite3_blob_open = blob_open(
        db: *mut sqlite3, schema: *const c_char, table: *const c_char, column: *const c_char, row: i64, write: c_int,
        blob: *mut *mut sqlite3_blob
    ) -> c_int;
    sqlite3_blob_read = blob_read(blob: *mut sqlite3_blob, to: *mut c_void, length: c_int, from: c_int) -> c_int;
    sqlite3_blob_reopen = blob_reopen(blob: *mut sqlite3_blob, row: i64) -> c_int;
    sqlite3_bind_blob64 = bind_blob64(
        statement: *mut sqlite3_stmt, at: c_int, blob: *const c_void, length: u64, free: Destructor
    ) -> c_int;
    sqlite3_bind_null = bind_null(statement: *mut sqlite3_stmt, at: c_int) -> c_int;
    sqlite3_bind_text64 = bind_text64(
        statement: *mut sqlite3_stmt, at: c_int, text: *const c_char, length: u64, free: Destructor, encoding: c_uchar
    ) -> c_int;
    sqlite3_changes64 = changes64(db: *mut sqlite3) -> i64;
    sqlite3_clear_bindings = clear_bindings(statement: *mut sqlite3_stmt) -> c_int;
    sqlite3_close_v2 = close_v2(db: *mut sqlite3) -> c_int;
    sqlite3_column_blob = column_blob(statement: *mut sqlite3_stmt, column: c_int) -> *const c_void;
    sqlite3_column_double = column_double(statement: *mut sqlite3_stmt, column: c_int) -> f64;
    sqlite3_column_type = column_type(statement: *mut sqlite3_stmt, column: c_int) -> c_int;
    sqlite3_errmsg = errmsg(db: *mut sqlite3) -> *const c_char;
    sqlite3_errstr = errstr(code: c_int) -> *const c_char;
    sqlite3_extended_errcode = extended_errcode(db: *mut sqlite3) -> c_int;
    sqlite3_free = free(memory: *mut c_void);
    sqlite3_get_autocommit = get_autocommit(db: *mut sqlite3) -> c_int;
    sqlite3_last_insert_rowid = last_insert_rowid(db: *mut sqlite3) -> i64;
    sqlite3_libversion = libversion() -> *const c_char;
    sqlite3_next_stmt = next_stmt(db: *mut sqlite3, before: *mut sqlite3_stmt) -> *mut sqlite3_stmt;
    sqlite3_open_v2 = open_v2(
        name: *const c_char, db: *mut *mut sqlite3, flags: c_int, vfs: *const c_char
    ) -> c_int;
    sqlite3_prepare_v3 = prepare_v3(
        db: *mut sqlite3, sql: *const c_char, length: c_int, flags: c_uint,
        statement: *mut *mut sqlite3_stmt, tail: *mut *const c_char
    ) -> c_int;
    sqlite3_reset = reset(statement: *mut sqlite3_stmt) -> c_int;
    sqlite3_result_double = result_double(context: *mut sqlite3_context, number: f64);
    sqlite3_result_blob64 = result_blob64(
        context: *mut sqlite3_context, blob: *const c_void, length: u64, free: Destructor
    );
    sqlite3_result_error_nomem = result_error_nomem(context: *mut sqlite3_context);
    sqlite3_result_text = result_text(
        context: *mut sqlite3_context, text: *const c_char, length: c_int, free: Destructor
    );
    sqlite3_result_text64 = result_text64(
        context: *mut sqlite3_context, text: *const c_char, length: u64, free: Destructor, encoding: c_uchar
    );
    sqlite3_result_value = result_value(context: *mut sqlite3_context, value: *mut sqlite3_value);
    sqlite3_sourceid = sourceid() -> *const c_char;
    sqlite3_stmt_busy = stmt_busy(statement: *mut sqlite3_stmt) -> c_int;
    sqlite3_stmt_readonly = stmt_readonly(statement: *mut sqlite3_stmt) -> c_int;
    sqlite3_table_column_metadata = table_column_metadata(
        db: *mut sqlite3, schema: *const c_char, table: *const c_char, column: *const c_char,
        kind: *mut *const c_char, collation: *mut *const c_char,
        not_null: *mut c_int, primary_key: *mut c_int, autoincrement: *mut c_int
    ) -> c_int;
    sqlite3_value_dup = value_dup(value: *const sqlite3_value) -> *mut sqlite3_value;
    sqlite3_value_free = value_free(value: *mut sqlite3_value);
    sqlite3_vtab_collation = vtab_collation(info: *mut sqlite3_index_info, constraint: c_int) -> *const c_char;
    sqlite3_vtab_config = vtab_config(db: *mut sqlite3, option: c_int) -> c_int;
    sqlite3_vtab_rhs_value = vtab_rhs_value(
        info: *mut sqlite3_index_info, constraint: c_int, value: *mut *mut sqlite3_value
    ) -> c_int;
}

static TABLE: AtomicPtr<sqlite3_api_routines> = AtomicPtr::new(std::ptr::null_mut());

/// The table that [`adopt`] took. Null before that, and nothing is registered before that.
#[inline]
fn table() -> *const sqlite3_api_routines {
    TABLE.load(Ordering::Acquire)
}

/// Takes the table that the entry point was given, if no other one has been taken.
///
/// # Safety
/// `given` is null or the pointer that SQLite passed to an extension's entry point.
pub unsafe fn adopt(given: *const sqlite3_api_routines) -> Result<(), Refused> {
    if given.is_null() {
        return Err(Refused::NoTable);
    }
    // The version comes first: an older SQLite hands over a shorter table, and only this early entry is sure to be in it.
    // SAFETY: `libversion_number` has been in the table since 3.3.13, long before any host that can load this file.
    let version = match unsafe { (*given).libversion_number } {
        Some(libversion_number) => unsafe { libversion_number() },
        None => 0,
    };
    if version < MINIMUM_VERSION {
        return Err(Refused::TooOld(version));
    }
    // Threads that load at once all wait here until the first has set both: `sqlite-loadable`'s own pointer is plain
    // memory, so no thread may call through it before this says that it is set.
    static ADOPTED: Once = Once::new();
    ADOPTED.call_once(|| {
        // SAFETY: the one write to that pointer, before any read of it.
        unsafe { sqlite_loadable::ext::faux_sqlite_extension_init2(given.cast_mut()) };
        TABLE.store(given.cast_mut(), Ordering::Release);
    });
    if std::ptr::eq(table(), given) {
        Ok(())
    } else {
        Err(Refused::OtherHost)
    }
}

/// SQLite's allocator, also that of a SQLite that is refused.
///
/// # Safety
/// `given` is null or a table of routines that SQLite handed out.
pub unsafe fn malloc(given: *const sqlite3_api_routines) -> Option<Malloc> {
    // SAFETY: `malloc` is in the table of every host that can load extensions, however old.
    unsafe { given.as_ref() }.and_then(|table| table.malloc)
}

/// SQLite's allocator, once the extension runs.
pub fn own_malloc() -> Option<Malloc> {
    // SAFETY: null or the table that SQLite handed out.
    unsafe { malloc(table()) }
}
