//! What SQL passes in, checked: the same rules for functions and tables.

use std::rc::Rc;

use crate::error::{quoted, Error, Result};
use crate::items::json::why_invalid;
use crate::sqlite::{Connection, Kind, Value};
use crate::tree::rows::uids::{reads_as_integer, Message};

/// The earliest time that is refused: in seconds it would be in the year 5138, in milliseconds it is in 1973.
const MILLISECONDS: i64 = 100_000_000_000;

/// A message: its id (an integer, a text that reads as one, or a real number that is one), or a text that is its uid.
pub fn message<'a>(name: &str, value: Value<'a>) -> Result<Message<'a>> {
    if let Some(id) = whole(value) {
        return Ok(Message::Id(id));
    }
    match value.kind() {
        Kind::Text => value.text().map(Message::Uid),
        _ => Err(wrong(name, "an integer or a uid", value)),
    }
}

/// As [`message`], or None for NULL.
pub fn optional_message<'a>(name: &str, value: Value<'a>) -> Result<Option<Message<'a>>> {
    match value.kind() {
        Kind::Null => Ok(None),
        _ => message(name, value).map(Some),
    }
}

/// The id of a message that a function or table reads: None for NULL and for an unknown uid. Whether a message of a given
/// id is there is not looked up.
///
/// Functions that write look up inside [`Connection::atomically`](crate::sqlite::Connection::atomically), so that nothing
/// is read before the write lock is taken; see [`Message::known_id`].
pub fn known_message_id(
    connection: &Rc<Connection>,
    name: &str,
    value: Value<'_>,
) -> Result<Option<i64>> {
    match optional_message(name, value)? {
        Some(message) => message.id(connection),
        None => Ok(None),
    }
}

/// As [`known_message_id`], of a table's argument, which may not have been given.
pub fn given_message_id(
    connection: &Rc<Connection>,
    name: &str,
    value: Option<Value<'_>>,
) -> Result<Option<i64>> {
    value.map_or(Ok(None), |value| known_message_id(connection, name, value))
}

/// As [`thread_id`], of a table's argument, which may not have been given.
pub fn given_thread_id<'a>(value: Option<Value<'a>>) -> Result<Option<&'a [u8]>> {
    value.map(|value| thread_id("thread_id", value)).transpose()
}

/// A thread id: a text of any bytes. An integer is its text.
pub fn thread_id<'a>(name: &str, value: Value<'a>) -> Result<&'a [u8]> {
    match value.kind() {
        Kind::Integer => value.text(),
        _ => text(name, value),
    }
}

/// The uid of a new message, or NULL for none.
pub fn uid<'a>(name: &str, value: Value<'a>) -> Result<Option<&'a [u8]>> {
    if value.kind() == Kind::Null {
        return Ok(None);
    }
    let uid = text(name, value)?;
    if uid.is_empty() {
        return Err(Error::misuse(format!("{name} must not be empty")));
    }
    if reads_as_integer(uid) {
        return Err(Error::misuse(format!(
            "{name} must not read as an integer, as {} does",
            quoted(uid)
        )));
    }
    Ok(Some(uid))
}

/// A text, not NULL.
pub fn text<'a>(name: &str, value: Value<'a>) -> Result<&'a [u8]> {
    match value.kind() {
        Kind::Text => value.text(),
        other => Err(Error::misuse(format!(
            "{name} must be text, not {}",
            other.described()
        ))),
    }
}

/// What a column of `messages` may hold, also one that another program wrote: a text and its size. Of a blob only the size; of NULL nothing.
pub fn stored<'a>(name: &str, value: Value<'a>) -> Result<(&'a [u8], usize)> {
    match value.kind() {
        Kind::Null => Ok((&[], 0)),
        Kind::Blob => Ok((&[], value.size())),
        _ => text(name, value).map(|text| (text, text.len())),
    }
}

/// JSON text, or NULL.
pub fn json<'a>(name: &str, value: Value<'a>) -> Result<Option<&'a [u8]>> {
    if value.kind() == Kind::Null {
        return Ok(None);
    }
    let text = text(name, value)?;
    match why_invalid(text) {
        Some(why) => Err(Error::misuse(format!("{name} is not valid JSON: {why}"))),
        None => Ok(Some(text)),
    }
}

/// A time in Unix seconds, or NULL for now. A real number is cut to whole seconds.
pub fn time(name: &str, value: Value<'_>) -> Result<i64> {
    let time = match value.kind() {
        Kind::Null => return Ok(now()),
        Kind::Real => {
            let real = value.real();
            // Whatever is further out is no time at all, and refused below.
            (real.abs() < 1e15).then_some(real.trunc() as i64)
        }
        _ => whole(value),
    };
    let time = time.ok_or_else(|| not_whole(name, value))?;
    if time >= MILLISECONDS {
        return Err(Error::misuse(format!(
            "{name} must be in seconds, and {time} looks like milliseconds"
        )));
    }
    Ok(time)
}

/// Unix seconds.
pub fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A place among alternatives, or NULL for none.
pub fn position(value: Value<'_>) -> Result<Option<i64>> {
    match value.kind() {
        Kind::Null => Ok(None),
        _ => whole(value)
            .map(Some)
            .ok_or_else(|| not_whole("position", value)),
    }
}

/// A largest number of rows; NULL or absent is no limit.
pub fn limit(value: Option<Value<'_>>) -> Result<Option<u64>> {
    Ok(at_least_zero("limit", value)?.map(i64::unsigned_abs))
}

/// How many rows a statement's LIMIT makes likely; 0 is unknown.
pub fn expected(value: Option<Value<'_>>) -> u64 {
    let limit = value.filter(|value| value.kind() == Kind::Integer);
    limit.map_or(0, |value| u64::try_from(value.integer()).unwrap_or(0))
}

/// A largest number of tokens; NULL or absent is no limit.
pub fn budget(value: Option<Value<'_>>) -> Result<Option<i64>> {
    at_least_zero("budget", value)
}

fn at_least_zero(name: &str, value: Option<Value<'_>>) -> Result<Option<i64>> {
    let Some(value) = value else {
        return Ok(None);
    };
    let number = whole(value).ok_or_else(|| not_whole(name, value))?;
    if number < 0 {
        return Err(Error::misuse(format!(
            "{name} must not be negative, and is {number}"
        )));
    }
    Ok(Some(number))
}

fn whole(value: Value<'_>) -> Option<i64> {
    match value.kind() {
        Kind::Integer => Some(value.integer()),
        Kind::Real => {
            // Up to 2^53 every integer has a real number of its own; beyond that, it cannot be told which was meant.
            const EXACT: f64 = 9_007_199_254_740_992.0;
            let real = value.real();
            (real.fract() == 0.0 && real.abs() <= EXACT).then_some(real as i64)
        }
        Kind::Text => std::str::from_utf8(value.text().ok()?)
            .ok()?
            .trim()
            .parse()
            .ok(),
        Kind::Blob | Kind::Null => None,
    }
}

fn not_whole(name: &str, value: Value<'_>) -> Error {
    wrong(name, "an integer", value)
}

fn wrong(name: &str, wanted: &str, value: Value<'_>) -> Error {
    let what = match value.kind() {
        Kind::Text => quoted(value.text().unwrap_or_default()),
        // As SQL writes it: 1e300 rather than all its digits. (By serde_json, which has its own way to write them: the
        // standard library's takes 14 KB.)
        Kind::Real => match serde_json::Number::from_f64(value.real()) {
            Some(number) => number.to_string().replace('+', ""),
            None if value.real() > 0.0 => "inf".to_owned(),
            None => "-inf".to_owned(),
        },
        other => other.described().to_owned(),
    };
    Error::misuse(format!("{name} must be {wanted}, not {what}"))
}
