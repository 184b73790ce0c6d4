//! The one error type: a SQLite result code and what to say.

use std::borrow::Cow;

use crate::code;

/// What went wrong, as it will reach the caller of the SQL function.
///
/// One pointer, since nearly every function gives a `Result`: that passes through a register, and each `?` is short.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<What>);

#[derive(Clone, PartialEq, Eq)]
struct What {
    code: i32,
    message: Cow<'static, str>,
}

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with SQLite's own (extended) result code.
    #[inline]
    pub(crate) fn new(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(code, message.into())
    }

    #[cold]
    #[inline(never)]
    fn of(code: i32, message: Cow<'static, str>) -> Self {
        Self(Box::new(What { code, message }))
    }

    /// The caller asked for something that cannot be done (`SQLITE_ERROR`).
    pub(crate) fn misuse(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::ERROR, message)
    }

    /// The stored tree is broken (`SQLITE_CORRUPT_VTAB`).
    pub(crate) fn corrupt(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::CORRUPT_VTAB, message)
    }

    /// Out of memory (`SQLITE_NOMEM`).
    pub(crate) fn no_memory() -> Self {
        Self::new(code::NOMEM, "out of memory")
    }

    /// Whether a statement names an index (`INDEXED BY`) that is not there, or that cannot serve it. Only then is another
    /// statement the answer: other misuse has the same code, and is to be reported.
    pub(crate) fn lacks_index(&self) -> bool {
        let message = self.message();
        self.code() == code::ERROR
            && (message.starts_with("no such index: ") || message == "no query solution")
    }

    /// SQLite's result code, with its extension.
    pub fn code(&self) -> i32 {
        self.0.code
    }

    /// The text, without the name of the function that met the error.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.code())
            .field("message", &self.message())
            .finish()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sqlite-branch: {}", self.message())
    }
}

impl std::error::Error for Error {}

/// Adds to a vector that grows with the data, and says so when there is no memory left for it.
pub fn push<T>(list: &mut Vec<T>, item: T) -> Result<()> {
    if list.len() == list.capacity() {
        list.try_reserve(list.len().max(64) / 2)
            .map_err(|_| Error::no_memory())?;
    }
    list.push(item);
    Ok(())
}

/// A vector that is full of one value, or an error if there is no memory for it.
pub fn filled<T: Clone>(length: usize, value: T) -> Result<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(length)
        .map_err(|_| Error::no_memory())?;
    list.resize(length, value);
    Ok(list)
}

/// Sorts by a number; things with the same number stay in their order. What is sorted are the numbers, whatever the list
/// holds: with a copy of the standard library's sort for each type, the file would be 30 KB larger.
pub fn sort_by_number<T>(list: &mut [T], number: impl Fn(&T) -> i64) -> Result<()> {
    let mut order = Vec::new();
    order
        .try_reserve_exact(list.len())
        .map_err(|_| Error::no_memory())?;
    order.extend(list.iter().map(number).zip(0..));
    sort_pairs(&mut order);
    for start in 0..list.len() {
        // Round a circle of things that go where the one before them was.
        let mut to = start;
        while let Some((_, from)) = order.get_mut(to) {
            let from = std::mem::replace(from, to);
            if from == start {
                break;
            }
            list.swap(to, from);
            to = from;
        }
    }
    Ok(())
}

#[inline(never)]
fn sort_pairs(pairs: &mut [(i64, usize)]) {
    pairs.sort_unstable();
}

/// A number for a real number, in the order of [`f64::total_cmp`].
pub fn total_order(real: f64) -> i64 {
    let bits = real.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// An error unless there is so much memory, in bytes: before something that could not say that there is none, such as a
/// library that takes a text apart.
pub fn room_for(bytes: usize) -> Result<()> {
    let mut room: Vec<u8> = Vec::new();
    room.try_reserve_exact(bytes)
        .map_err(|_| Error::no_memory())?;
    // Or it might be found out that nobody uses it.
    std::hint::black_box(&room);
    Ok(())
}

/// Text for an error message: quoted, at most 120 characters, whatever bytes it is made of.
pub fn quoted(text: &[u8]) -> String {
    // So that a whole message of an error stays a line or two.
    const LONGEST: usize = 120;
    let text = String::from_utf8_lossy(text);
    let mut characters = text.chars();
    let shown: String = characters.by_ref().take(LONGEST).collect();
    let more = if characters.next().is_some() {
        "…"
    } else {
        ""
    };
    format!("'{shown}{more}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_by_a_number_keeps_the_order_of_equal_ones() {
        // Numbers that repeat, in no order: each thing carries where it stood.
        for length in 0..200_i64 {
            let mut list: Vec<(i64, i64)> =
                (0..length).map(|at| (at * 7919 % 31 - 15, at)).collect();
            let mut expected = list.clone();
            expected.sort_by_key(|(number, _)| *number);
            sort_by_number(&mut list, |(number, _)| *number).unwrap();
            assert_eq!(list, expected);
        }
    }

    #[test]
    fn real_numbers_keep_their_total_order() {
        let reals = [
            f64::NEG_INFINITY,
            -1e300,
            -1.5,
            -0.0,
            0.0,
            f64::MIN_POSITIVE,
            1.5,
            1e300,
            f64::INFINITY,
            f64::NAN,
        ];
        for pair in reals.windows(2) {
            assert!(total_order(pair[0]) < total_order(pair[1]), "{pair:?}");
        }
    }
}
