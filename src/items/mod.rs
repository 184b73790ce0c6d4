//! What a message's `item_json` says, in the shapes in which providers and programs write messages.
//!
//! * [`json`]: goes through JSON text without building it in memory.
//! * [`read`]: tool calls and results, usage, model, token count, compaction.
//! * [`usage`]: the `usage` objects of OpenAI, Anthropic and pi.
//! * [`compaction`]: writes the `item_json` of a summary.
//!
//! Pure: text in, values out. It reads no table, and whatever the text holds, it neither fails nor panics.

pub mod compaction;
mod json;
mod read;
mod usage;

pub use read::Item;
pub use usage::Usage;

#[cfg(test)]
mod tests;
