//! Result codes of SQLite that the extension names itself.

/// Misuse, or a thing that is not there.
pub const ERROR: i32 = 1;
/// Something that cannot be: a bug in the extension.
pub const INTERNAL: i32 = 2;
/// A statement of the same connection is in the way.
pub const LOCKED: i32 = 6;
/// Out of memory.
pub const NOMEM: i32 = 7;
/// A stored tree is broken (`SQLITE_CORRUPT_VTAB`).
pub const CORRUPT_VTAB: i32 = 11 | (1 << 8);
/// The planner's "not this way".
pub const CONSTRAINT: i32 = 19;
/// Done what was asked.
pub const OK: i32 = 0;
/// A row is there.
pub const ROW: i32 = 100;
/// No more rows.
pub const DONE: i32 = 101;
