//! What [`check`](super::check) finds.

/// Something that is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The thread's id. None where it is not known.
    pub thread: Option<Vec<u8>>,
    /// The message, or the id that a leaf should have.
    pub message: Option<i64>,
    /// What it is.
    pub problem: &'static str,
    /// More about it.
    pub detail: String,
}
