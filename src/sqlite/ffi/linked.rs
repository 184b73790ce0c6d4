//! The SQLite that the program links, called directly.
//!
//! `libsqlite3-sys` bundles SQLite or finds the system's, as the program's other crates want it. What its oldest
//! bindings (SQLite 3.14) lack is declared here.

use std::os::raw::{c_char, c_int, c_uint};

use super::{EntryPoint, Malloc, Refused, MINIMUM_VERSION};

pub use libsqlite3_sys::{
    sqlite3, sqlite3_bind_blob64, sqlite3_bind_int64, sqlite3_bind_null, sqlite3_bind_text64,
    sqlite3_blob, sqlite3_blob_bytes, sqlite3_blob_close, sqlite3_blob_open, sqlite3_blob_read,
    sqlite3_blob_reopen, sqlite3_clear_bindings, sqlite3_column_blob, sqlite3_column_bytes,
    sqlite3_column_double, sqlite3_column_int64, sqlite3_column_text, sqlite3_column_type,
    sqlite3_column_value, sqlite3_context, sqlite3_create_function_v2, sqlite3_create_module_v2,
    sqlite3_declare_vtab, sqlite3_errmsg, sqlite3_errstr, sqlite3_extended_errcode,
    sqlite3_finalize, sqlite3_free, sqlite3_get_autocommit, sqlite3_index_info,
    sqlite3_index_orderby, sqlite3_last_insert_rowid, sqlite3_libversion, sqlite3_module,
    sqlite3_next_stmt, sqlite3_open_v2, sqlite3_reset, sqlite3_result_blob64,
    sqlite3_result_double, sqlite3_result_error, sqlite3_result_error_code,
    sqlite3_result_error_nomem, sqlite3_result_int64, sqlite3_result_null, sqlite3_result_text,
    sqlite3_result_text64, sqlite3_result_value, sqlite3_sourceid, sqlite3_step, sqlite3_stmt,
    sqlite3_stmt_busy, sqlite3_stmt_readonly, sqlite3_table_column_metadata, sqlite3_user_data,
    sqlite3_value, sqlite3_value_blob, sqlite3_value_bytes, sqlite3_value_double,
    sqlite3_value_dup, sqlite3_value_free, sqlite3_value_int64, sqlite3_value_text,
    sqlite3_value_type, sqlite3_vtab, sqlite3_vtab_config, sqlite3_vtab_cursor,
};

extern "C" {
    pub fn sqlite3_prepare_v3(
        db: *mut sqlite3,
        sql: *const c_char,
        length: c_int,
        flags: c_uint,
        statement: *mut *mut sqlite3_stmt,
        tail: *mut *const c_char,
    ) -> c_int;
    pub fn sqlite3_close_v2(db: *mut sqlite3) -> c_int;
    pub fn sqlite3_changes64(db: *mut sqlite3) -> i64;
    pub fn sqlite3_vtab_collation(
        info: *mut sqlite3_index_info,
        constraint: c_int,
    ) -> *const c_char;
    pub fn sqlite3_vtab_rhs_value(
        info: *mut sqlite3_index_info,
        constraint: c_int,
        value: *mut *mut sqlite3_value,
    ) -> c_int;
    /// With a plain pointer: the bindings differ in what they take an entry point for.
    fn sqlite3_auto_extension(entry: Option<unsafe extern "C" fn()>) -> c_int;
}

/// The numbers of SQLite's C interface.
pub mod constants {
    pub use libsqlite3_sys::*;

    // Younger than the oldest bindings. Where a binding has them too, these are the ones that count.
    pub const SQLITE_DIRECTONLY: i32 = 0x0008_0000;
    pub const SQLITE_INNOCUOUS: i32 = 0x0020_0000;
    pub const SQLITE_VTAB_DIRECTONLY: i32 = 3;
    pub const SQLITE_INDEX_CONSTRAINT_LIMIT: i32 = 73;
    pub const SQLITE_PREPARE_PERSISTENT: u32 = 1;
}

/// SQLite's table of routines for extensions, which is not used here.
#[allow(non_camel_case_types)]
pub enum sqlite3_api_routines {}

/// Verifies that the SQLite that is linked is new enough. The table is not looked at.
///
/// # Safety
/// None is needed; the other backend's needs some.
pub unsafe fn adopt(_table: *const sqlite3_api_routines) -> Result<(), Refused> {
    // SAFETY: takes nothing and gives a number.
    match unsafe { libsqlite3_sys::sqlite3_libversion_number() } {
        version if version < MINIMUM_VERSION => Err(Refused::TooOld(version)),
        _ => Ok(()),
    }
}

/// SQLite's allocator.
///
/// # Safety
/// As for [`adopt`].
pub unsafe fn malloc(_table: *const sqlite3_api_routines) -> Option<Malloc> {
    Some(libsqlite3_sys::sqlite3_malloc)
}

/// SQLite's allocator, once the extension runs.
pub fn own_malloc() -> Option<Malloc> {
    Some(libsqlite3_sys::sqlite3_malloc)
}

/// Has SQLite call an entry point for every connection that it opens from now on.
pub fn call_for_every_connection(entry: EntryPoint) -> c_int {
    // SAFETY: SQLite calls it with the three arguments of an entry point, whatever type the C declaration gives it.
    unsafe {
        let entry = std::mem::transmute::<EntryPoint, unsafe extern "C" fn()>(entry);
        sqlite3_auto_extension(Some(entry))
    }
}
