//! SQLite's C interface, under its C names, whichever way the extension reaches it.
//!
//! Two backends have the same names, and cargo's features choose one. The rest of the code cannot tell which:
//!
//! * `linked` calls the SQLite that the program links (`libsqlite3-sys`). For Rust programs.
//! * `loaded` calls through the table of routines that SQLite hands to the entry point, and links nothing. For the
//!   loadable file, and for the static library that C programs take.
//!
//! To use another function of SQLite's: add its name to both backends. One that came after 3.38.0, the oldest SQLite
//! that is supported, is in neither.

use std::os::raw::{c_char, c_int, c_void};

#[cfg(all(feature = "linked", feature = "loaded"))]
compile_error!(
    "sqlite-branch reaches SQLite in one way at a time, and both `linked` and `loaded` are on. `linked` is the default, \
     for Rust programs; the loadable file takes `--no-default-features --features loaded` (`make loadable` does)."
);
#[cfg(not(any(feature = "linked", feature = "loaded")))]
compile_error!(
    "sqlite-branch has no way to reach SQLite: switch on the feature `linked` (the default, for Rust programs) or \
     `loaded` (for the loadable file; `make loadable` does)."
);

#[cfg(feature = "linked")]
mod linked;
#[cfg(all(feature = "loaded", not(feature = "linked")))]
mod loaded;

#[cfg(feature = "linked")]
pub use linked::*;
#[cfg(all(feature = "loaded", not(feature = "linked")))]
pub use loaded::*;

/// The oldest SQLite that the extension runs on, as `sqlite3_libversion_number()` gives it.
pub const MINIMUM_VERSION: c_int = 3_038_000;

/// Why the extension cannot run on the SQLite that is there.
pub enum Refused {
    /// SQLite's version number, below [`MINIMUM_VERSION`].
    TooOld(c_int),
    /// Loaded, but not given a table of routines.
    #[cfg(feature = "loaded")]
    NoTable,
    /// Another copy of SQLite in this process loaded the same library file before.
    #[cfg(feature = "loaded")]
    OtherHost,
}

/// SQLite's numbers, as the type that its functions take. (The two backends' bindings do not agree on it.)
macro_rules! constants {
    ($($name:ident: $kind:ty,)*) => {
        #[allow(clippy::unnecessary_cast)]
        mod constants {
            use super::*;
            $(pub const $name: $kind = backend::$name as $kind;)*
        }
        $(pub const $name: $kind = constants::$name;)*
    };
}

#[cfg(feature = "linked")]
use linked::constants as backend;
#[cfg(all(feature = "loaded", not(feature = "linked")))]
use loaded::constants as backend;

constants! {
    SQLITE_OK: c_int,
    SQLITE_ERROR: c_int,
    SQLITE_INTERNAL: c_int,
    SQLITE_LOCKED: c_int,
    SQLITE_NOMEM: c_int,
    SQLITE_IOERR_READ: c_int,
    SQLITE_CONSTRAINT: c_int,
    SQLITE_CORRUPT_VTAB: c_int,
    SQLITE_ROW: c_int,
    SQLITE_DONE: c_int,
    SQLITE_INTEGER: c_int,
    SQLITE_FLOAT: c_int,
    SQLITE_TEXT: c_int,
    SQLITE_BLOB: c_int,
    SQLITE_UTF8: c_int,
    SQLITE_UTF16LE: c_int,
    SQLITE_UTF16BE: c_int,
    SQLITE_DIRECTONLY: c_int,
    SQLITE_INNOCUOUS: c_int,
    SQLITE_VTAB_DIRECTONLY: c_int,
    SQLITE_OPEN_READWRITE: c_int,
    SQLITE_OPEN_CREATE: c_int,
    SQLITE_OPEN_NOMUTEX: c_int,
    SQLITE_PREPARE_PERSISTENT: std::os::raw::c_uint,
    SQLITE_INDEX_CONSTRAINT_EQ: u8,
    SQLITE_INDEX_CONSTRAINT_GT: u8,
    SQLITE_INDEX_CONSTRAINT_LE: u8,
    SQLITE_INDEX_CONSTRAINT_LT: u8,
    SQLITE_INDEX_CONSTRAINT_GE: u8,
    SQLITE_INDEX_CONSTRAINT_LIMIT: u8,
}

/// What an entry point is, for SQLite.
#[cfg(feature = "linked")]
pub type EntryPoint =
    unsafe extern "C" fn(*mut sqlite3, *mut *mut c_char, *const sqlite3_api_routines) -> c_int;

/// What SQLite calls when it no longer needs what it was given.
pub type Destructor = Option<unsafe extern "C" fn(*mut c_void)>;

/// `SQLITE_TRANSIENT`: has SQLite copy what it is given.
pub fn transient() -> Destructor {
    // SAFETY: by definition the all-ones function pointer; SQLite compares it and never calls it.
    Some(unsafe { std::mem::transmute::<isize, unsafe extern "C" fn(*mut c_void)>(-1) })
}

/// A module in which no callback is set: its fields beyond those of our oldest SQLite differ between the bindings.
pub const NO_CALLBACKS: sqlite3_module = {
    // SAFETY: a structure of numbers and optional function pointers, for all of which zero is a value.
    unsafe { std::mem::zeroed() }
};

/// Copies text into memory that SQLite can free. Null when there is none left, or no allocator to ask.
///
/// # Safety
/// `malloc` is SQLite's, if it is there.
pub unsafe fn allocate_text(malloc: Option<Malloc>, text: &str) -> *mut c_char {
    // A NUL would end the text early: what comes after it would be lost to the reader.
    let text = text.replace('\0', "\u{2400}");
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

/// The type of `sqlite3_malloc`.
pub type Malloc = unsafe extern "C" fn(c_int) -> *mut c_void;
