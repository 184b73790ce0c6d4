//! The table-valued functions, one file each.

mod check;
mod children;
mod diff;
mod feed;
mod labels;
mod leaves;
mod list;
mod messages;
mod path;
mod siblings;
mod stretches;
mod tree;

pub use check::BranchCheck;
pub use children::BranchChildren;
pub use diff::BranchDiff;
pub use feed::BranchFeed;
pub use labels::BranchLabels;
pub use leaves::BranchLeaves;
pub use messages::BranchMessages;
pub use path::BranchPath;
pub use siblings::BranchSiblings;
pub use stretches::BranchStretches;
pub use tree::BranchTree;
