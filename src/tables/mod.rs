//! The table-valued functions: one file each, and below the one list of all.
//!
//! A file opens with the table's `SHAPE` (name, columns, arguments, orders), and then has SQLite's callbacks in the order
//! in which SQLite calls them: `filter`, `eof`, `column`, `next`. What several tables share has a file of its own: [`list`]
//! for rows that are messages by id with something beside, [`children`] for siblings, [`versions`] and [`insert`] for `branch_messages`.

mod call;
mod check;
mod children;
mod context;
mod diff;
mod insert;
mod labels;
mod leaves;
mod list;
mod messages;
mod path;
mod search;
mod siblings;
mod stretches;
mod threads;
mod tree;
mod usage;
mod versions;

use crate::sqlite::{BranchWrite, Listed, BRANCH_FEED};

/// The one list of them: each is registered, and checked for completeness by the tests, from its line here. What it
/// looks like is in its file, as `SHAPE`.
pub const ALL: &[Listed] = &[
    Listed::of::<path::BranchPath>(),
    Listed::of::<messages::BranchMessages>(),
    Listed::of::<leaves::BranchLeaves>(),
    Listed::of::<children::BranchChildren>(),
    Listed::of::<siblings::BranchSiblings>(),
    Listed::of::<tree::BranchTree>(),
    Listed::of::<diff::BranchDiff>(),
    Listed::of::<context::BranchContext>(),
    Listed::of::<usage::BranchUsage>(),
    Listed::of::<check::BranchCheck>(),
    Listed::of::<labels::BranchLabels>(),
    Listed::of::<threads::BranchThreads>(),
    Listed::of::<call::BranchCall>(),
    Listed::of::<search::BranchSearch>(),
    // For the extension's own statements.
    Listed::of::<BranchWrite>(),
    BRANCH_FEED,
    Listed::of::<stretches::BranchStretches>(),
];
