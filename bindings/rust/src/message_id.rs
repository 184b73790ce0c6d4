//! Message ids as integers and, as the seed's callers have them, as text.

use crate::error::{Error, Result};

/// What the methods take as a message id: an `i64`, or text that holds one (`&str`, `&String`, …).
///
/// ```
/// use sqlite_branch_store::{Error, IntoMessageId};
///
/// assert_eq!(7.into_message_id()?, 7);
/// assert_eq!("7".into_message_id()?, 7);
/// assert!(matches!("seven".into_message_id(), Err(Error::InvalidId { .. })));
/// # Ok::<(), Error>(())
/// ```
pub trait IntoMessageId {
    /// The id, or [`Error::InvalidId`] for text that is not an integer.
    fn into_message_id(self) -> Result<i64>;
}

impl IntoMessageId for i64 {
    fn into_message_id(self) -> Result<i64> {
        Ok(self)
    }
}

impl<T: AsRef<str> + ?Sized> IntoMessageId for &T {
    fn into_message_id(self) -> Result<i64> {
        parse(self.as_ref())
    }
}

fn parse(text: &str) -> Result<i64> {
    // SQLite, which read the text for the seed, does not mind blanks around a number.
    text.trim().parse().map_err(|_| Error::InvalidId {
        id: text.to_owned(),
        reason: "is not a message id".to_owned(),
    })
}
