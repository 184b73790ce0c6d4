//! Bindings of `sqlite3ext.h`, the header for SQLite's loadable extensions, as of SQLite 3.38.0.
//!
//! Types and constants only. There is deliberately no function to link against: whoever uses this crate calls SQLite
//! through the [`sqlite3_api_routines`] table that SQLite hands to an extension's entry point, and so runs the SQLite
//! of the program that loaded the extension. See the README for why this crate exists and how it is made.

#![allow(non_camel_case_types, non_snake_case, missing_docs)]
#![allow(clippy::all)]

mod bindings;

pub use bindings::*;
