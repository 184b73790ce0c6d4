//! What a model is sent, and what it has used. Uses `rows`, `path` and `items`.
//!
//! * [`outline`]: a path as runs, with its leading messages and its newest summary.
//! * [`pairs`]: which messages go together, because one has a tool's call and the other its result.
//! * [`window`]: the messages that are sent.
//! * [`usage`]: the tokens that providers have counted.

pub mod outline;
mod pairs;
pub mod usage;
pub mod window;
