//! The scalar functions.

mod info;
mod label;
mod migrate;
mod read;
mod write;

use crate::code;
use crate::error::{Error, Result};
use crate::sqlite::{Body, Function, Risk, Value};

/// All of them: name, numbers of arguments, where they may be called from, and what they do.
pub const ALL: &[Function] = &[
    function("branch_version", 0..=0, Risk::None, info::version),
    function("branch_debug", 0..=0, Risk::None, info::debug),
    function("branch_migrate", 0..=0, Risk::Writes, migrate::migrate),
    function("branch_append", 3..=6, Risk::Writes, write::append),
    function("branch_fork", 3..=6, Risk::Writes, write::fork),
    function(
        "branch_alternative",
        3..=6,
        Risk::Writes,
        write::alternative,
    ),
    function("branch_switch", 2..=2, Risk::Writes, write::switch),
    function("branch_clear", 1..=1, Risk::Writes, write::clear),
    function("branch_prune", 1..=1, Risk::Writes, write::prune),
    function("branch_copy", 2..=3, Risk::Writes, write::copy),
    function("branch_label", 2..=3, Risk::Writes, label::label),
    function("branch_unlabel", 2..=2, Risk::Writes, label::unlabel),
    function("branch_depth", 1..=1, Risk::Reads, read::depth),
    function("branch_root", 1..=1, Risk::Reads, read::root),
    function("branch_tip", 1..=1, Risk::Reads, read::tip),
    function(
        "branch_common_ancestor",
        2..=2,
        Risk::Reads,
        read::common_ancestor,
    ),
    function("branch_is_ancestor", 2..=2, Risk::Reads, read::is_ancestor),
];

const fn function(
    name: &'static str,
    arguments: std::ops::RangeInclusive<u8>,
    risk: Risk,
    body: Body,
) -> Function {
    Function {
        name,
        arguments,
        risk,
        body,
    }
}

fn argument<'a>(values: &[Value<'a>], at: usize) -> Result<Value<'a>> {
    values
        .get(at)
        .copied()
        .ok_or_else(|| Error::new(code::INTERNAL, "an argument is missing"))
}
