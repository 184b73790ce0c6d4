//! The scalar functions: one file for each family, and below the one list of all.
//!
//! A function reads its arguments with [`arguments`], which names them in errors, and asks [`crate::tree`],
//! [`crate::exchange`] or [`crate::search`]. What SQL does not see belongs there.

mod context;
mod exchange;
mod index;
mod info;
mod label;
mod migrate;
mod read;
mod thread;
mod uid;
mod write;

use crate::arguments;
use crate::code;
use crate::error::{Error, Result};
use crate::sqlite::{Function, Risk, Value};

/// The one list of them: each is registered, and checked for completeness by the tests, from its line here.
macro_rules! functions {
    ($($signature:literal $risk:ident $body:path;)*) => {
        pub const ALL: &[Function] = &[$(Function {
            signature: $signature,
            risk: Risk::$risk,
            body: $body,
        }),*];
    };
}

functions! {
    // What is written in SQL, the optional arguments in brackets        Touches  Does
    "branch_version()"                                                   Nothing  info::version;
    "branch_debug()"                                                     Nothing  info::debug;
    "branch_migrate()"                                                   Writes   migrate::migrate;

    "branch_append(thread_id, role, content [, item_json [, created_at [, uid]]])"        Writes  write::append;
    "branch_fork(message_id, role, content [, item_json [, created_at [, uid]]])"         Writes  write::fork;
    "branch_alternative(message_id, role, content [, item_json [, created_at [, uid]]])"  Writes  write::alternative;
    "branch_switch(thread_id, message_id)"                               Writes   write::switch;
    "branch_select(message_id [, position])"                             Writes   write::select;
    "branch_thread(thread_id [, title [, created_at]])"                  Writes   thread::thread;
    "branch_delete(thread_id)"                                           Writes   thread::delete;
    "branch_clear(thread_id)"                                            Writes   write::clear;
    "branch_prune(message_id)"                                           Writes   write::prune;
    "branch_copy(message_id, new_thread_id [, created_at])"              Writes   write::copy;
    "branch_compact(thread_id, summary [, first_kept_id [, item_json [, created_at [, uid]]]])"  Writes  write::compact;
    "branch_import(format, text [, options])"                            Writes   exchange::import;
    "branch_label(message_id, label [, created_at])"                     Writes   label::label;
    "branch_unlabel(thread_id, label)"                                   Writes   label::unlabel;
    "branch_put(thread_id, messages [, created_at])"                     Writes   exchange::put;
    "branch_index([what])"                                               Writes   index::index;

    "branch_export(thread_id, format)"                                   Reads    exchange::export;
    "branch_id(uid)"                                                     Reads    uid::id;
    "branch_uid(message_id)"                                             Reads    uid::uid;
    "branch_depth(message_id)"                                           Reads    read::depth;
    "branch_root(message_id)"                                            Reads    read::root;
    "branch_tip(message_id)"                                             Reads    read::tip;
    "branch_common_ancestor(a, b)"                                       Reads    read::common_ancestor;
    "branch_is_ancestor(a, b)"                                           Reads    read::is_ancestor;
    "branch_tokens(content, item_json)"                                  Nothing  context::tokens;
}

fn argument<'a>(values: &[Value<'a>], at: usize) -> Result<Value<'a>> {
    values
        .get(at)
        .copied()
        .ok_or_else(|| Error::new(code::INTERNAL, "an argument is missing"))
}

/// A time in Unix seconds, now where there is none.
fn time(values: &[Value<'_>], at: usize) -> Result<i64> {
    match values.get(at) {
        Some(value) => arguments::time("created_at", *value),
        None => Ok(arguments::now()),
    }
}
