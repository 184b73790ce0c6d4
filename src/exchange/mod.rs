//! Conversations in and out: between the tables and the formats of other programs.
//!
//! * [`openai`]: reads the array that the OpenAI interfaces take.
//! * [`put`]: makes such an array a path of a thread.
//! * [`export`]: a thread as text.

pub mod export;
mod openai;
pub mod put;
