//! Each kind of broken tree, one by one: what every function and table says to it, exactly; what `branch_check` lists;
//! and that writes beside the damage do what they should. All of it twice, with the indexes and without.

mod host;

#[path = "broken_trees/kinds.rs"]
mod kinds;
#[path = "broken_trees/long.rs"]
mod long;
#[path = "broken_trees/questions.rs"]
mod questions;
#[path = "broken_trees/repair.rs"]
mod repair;
