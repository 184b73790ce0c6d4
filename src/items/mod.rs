//! What a message's `item_json` says, in the shapes in which providers and programs write messages.
//!
//! * [`canonical`]: one text for all the ways to write the same JSON.
//! * [`json`]: goes through JSON text without building it in memory.
//! * [`parts`]: calls with their arguments, results with their texts, and what else is in a message.
//! * [`read`]: tool calls and results, usage, model, token count, compaction.
//! * [`usage`]: the `usage` objects of OpenAI, Anthropic and pi.
//! * [`compaction`]: writes the `item_json` of a summary.
//!
//! Pure: text in, values out. It reads no table, and whatever the text holds, it neither fails nor panics.

pub mod canonical;
pub mod compaction;
pub mod json;
pub mod parts;
mod read;
mod usage;

pub use read::Item;
pub use usage::Usage;

#[cfg(test)]
mod tests;
