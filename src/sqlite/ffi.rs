//! The raw calls into the host's SQLite.
//!
//! Nothing here links against SQLite. Every call goes through the table of routines that SQLite hands to the
//! entry point, so the extension always runs the SQLite of the program that loaded it. What `sqlite-loadable`
//! offers on its `ext` layer is re-exported; what it lacks is reached through the same table.

use std::os::raw::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

pub(super) use sqlite_loadable::ext::{
    sqlite3, sqlite3_api_routines, sqlite3_context, sqlite3_index_info, sqlite3_module,
    sqlite3_stmt, sqlite3_value, sqlite3_vtab, sqlite3_vtab_cursor, sqlite3ext_bind_int64,
    sqlite3ext_column_bytes, sqlite3ext_column_int64, sqlite3ext_column_text,
    sqlite3ext_column_value, sqlite3ext_create_function_v2, sqlite3ext_create_module_v2,
    sqlite3ext_declare_vtab, sqlite3ext_finalize, sqlite3ext_result_error,
    sqlite3ext_result_error_code, sqlite3ext_result_int64, sqlite3ext_result_null, sqlite3ext_step,
    sqlite3ext_user_data, sqlite3ext_value_bytes, sqlite3ext_value_double, sqlite3ext_value_int64,
    sqlite3ext_value_text, sqlite3ext_value_type,
};

/// One term of an ORDER BY, as xBestIndex sees it.
pub(super) type OrderTerm = sqlite3ext_sys::sqlite3_index_info_sqlite3_index_orderby;

/// The oldest SQLite that the extension runs on, as `sqlite3_libversion_number()` gives it.
pub(super) const MINIMUM_VERSION: c_int = 3_038_000;

/// A destructor argument that makes SQLite copy what it is given.
pub(super) fn transient() -> Option<unsafe extern "C" fn(*mut c_void)> {
    // SAFETY: SQLITE_TRANSIENT is by definition the all-ones function pointer; SQLite compares it and never calls it.
    Some(unsafe { std::mem::transmute::<isize, unsafe extern "C" fn(*mut c_void)>(-1) })
}

static ROUTINES: AtomicPtr<sqlite3_api_routines> = AtomicPtr::new(std::ptr::null_mut());

/// Why a table of routines was not taken.
pub(super) enum Refused {
    /// SQLite's version number, below [`MINIMUM_VERSION`].
    TooOld(c_int),
    /// Another copy of SQLite in this process loaded the same library file before.
    OtherHost,
}

/// Takes the table that the entry point was given.
///
/// # Safety
/// `table` is the non-null pointer that SQLite passed to an extension's entry point.
pub(super) unsafe fn adopt(table: *mut sqlite3_api_routines) -> Result<(), Refused> {
    // The version comes first: an older SQLite hands over a shorter table, and only this early entry is sure to be in it.
    // SAFETY: `libversion_number` has been in the table since 3.3.13, long before any host that can load this file.
    let version = match unsafe { (*table).libversion_number } {
        Some(libversion_number) => unsafe { libversion_number() },
        None => 0,
    };
    if version < MINIMUM_VERSION {
        return Err(Refused::TooOld(version));
    }
    match ROUTINES.compare_exchange(
        std::ptr::null_mut(),
        table,
        Ordering::AcqRel,
        Ordering::Acquire,
    ) {
        Ok(_) => {
            // SAFETY: only the one thread that won the exchange gets here, before any call goes through the pointer.
            unsafe { sqlite_loadable::ext::faux_sqlite_extension_init2(table) };
            Ok(())
        }
        Err(earlier) if earlier == table => Ok(()),
        Err(_) => Err(Refused::OtherHost),
    }
}

/// Calls a routine that `sqlite-loadable` has no name for.
macro_rules! routine {
    ($name:ident $(, $argument:expr)*) => {{
        // A host of at least 3.38.0 fills in every entry that is named here, so the message is for the impossible.
        let table = $crate::sqlite::ffi::table();
        match (*table).$name {
            Some(call) => call($($argument),*),
            None => panic!(concat!("SQLite has no routine ", stringify!($name))),
        }
    }};
}
pub(super) use routine;

/// The table that [`adopt`] took. Null before that, and nothing is registered before that.
pub(super) fn table() -> *const sqlite3_api_routines {
    ROUTINES.load(Ordering::Acquire)
}

/// Copies text into memory that SQLite can free. Null when there is none left, or no allocator to ask.
///
/// # Safety
/// `table` is null or a table of routines that SQLite handed out.
pub(super) unsafe fn allocate_text(table: *const sqlite3_api_routines, text: &str) -> *mut c_char {
    // A NUL would end the text early: what comes after it would be lost to the reader.
    let text = text.replace('\0', "\u{2400}");
    // SAFETY: `malloc` is in the table of every host that can load extensions, however old.
    let malloc = unsafe { table.as_ref() }.and_then(|table| table.malloc);
    let (Some(malloc), Ok(size)) = (malloc, c_int::try_from(text.len() + 1)) else {
        return std::ptr::null_mut();
    };
    // SAFETY: `malloc` gives null or at least the bytes asked for, which are then all written.
    unsafe {
        let memory: *mut c_char = malloc(size).cast();
        if !memory.is_null() {
            std::ptr::copy_nonoverlapping(text.as_ptr().cast(), memory, text.len());
            *memory.add(text.len()) = 0;
        }
        memory
    }
}
