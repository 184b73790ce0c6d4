//! Conversations in and out: between the tables and the formats of other programs.
//!
//! * [`import`]: reads the text of an export, and stores the trees in it.
//! * [`formats`]: what the programs' files look like, one file each.
//! * [`openai`]: reads the array that the OpenAI interfaces take.
//! * [`put`]: makes such an array a path of a thread.
//! * [`export`]: a thread as text.

pub mod export;
mod formats;
pub mod import;
mod openai;
pub mod put;
