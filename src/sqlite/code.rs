//! SQLite's result codes that the extension names itself.

use super::ffi;

/// Misuse, or a thing that is not there.
pub const ERROR: i32 = ffi::SQLITE_ERROR;
/// Something that cannot be: a bug in the extension.
pub const INTERNAL: i32 = ffi::SQLITE_INTERNAL;
/// A statement of the same connection is in the way.
pub const LOCKED: i32 = ffi::SQLITE_LOCKED;
/// Out of memory.
pub const NOMEM: i32 = ffi::SQLITE_NOMEM;
/// What the caller hands in cannot be read (`SQLITE_IOERR_READ`).
pub const IOERR_READ: i32 = ffi::SQLITE_IOERR_READ;
/// A stored tree is broken.
pub const CORRUPT_VTAB: i32 = ffi::SQLITE_CORRUPT_VTAB;
/// A rule would be broken; also the planner's "not this way".
pub const CONSTRAINT: i32 = ffi::SQLITE_CONSTRAINT;
/// Done what was asked.
pub const OK: i32 = ffi::SQLITE_OK;
/// A row is there.
pub const ROW: i32 = ffi::SQLITE_ROW;
/// No more rows.
pub const DONE: i32 = ffi::SQLITE_DONE;
