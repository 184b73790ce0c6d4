//! What SQL passes in, checked: the same rules for functions and tables.

use serde_json::value::RawValue;

use crate::error::{quoted, Error, Result};
use crate::sqlite::{Kind, Value};

/// A message id: an integer, a text that is one, or a real number that is one.
pub fn message_id(name: &str, value: Value<'_>) -> Result<i64> {
    whole(value).ok_or_else(|| not_whole(name, value))
}

/// As [`message_id`], or NULL.
pub fn optional_message_id(name: &str, value: Value<'_>) -> Result<Option<i64>> {
    match value.kind() {
        Kind::Null => Ok(None),
        _ => message_id(name, value).map(Some),
    }
}

/// A thread id: a text of any bytes.
pub fn thread_id<'a>(name: &str, value: Value<'a>) -> Result<&'a [u8]> {
    text(name, value)
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

/// JSON text, or NULL.
pub fn json<'a>(name: &str, value: Value<'a>) -> Result<Option<&'a [u8]>> {
    if value.kind() == Kind::Null {
        return Ok(None);
    }
    let text = text(name, value)?;
    match invalid_json(text) {
        Some(why) => Err(Error::misuse(format!("{name} is not valid JSON: {why}"))),
        None => Ok(Some(text)),
    }
}

/// Why a text is not JSON, if it is not.
pub fn invalid_json(text: &[u8]) -> Option<String> {
    serde_json::from_slice::<&RawValue>(text)
        .err()
        .map(|error| error.to_string())
}

/// A time in Unix seconds, or NULL for now.
pub fn time(name: &str, value: Value<'_>) -> Result<i64> {
    match value.kind() {
        Kind::Null => Ok(now()),
        _ => whole(value).ok_or_else(|| not_whole(name, value)),
    }
}

/// Unix seconds.
pub fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A largest number of rows; NULL or absent is no limit.
pub fn limit(value: Option<Value<'_>>) -> Result<Option<u64>> {
    let Some(value) = value else {
        return Ok(None);
    };
    let limit = whole(value).ok_or_else(|| not_whole("limit", value))?;
    match u64::try_from(limit) {
        Ok(limit) => Ok(Some(limit)),
        Err(_) => Err(Error::misuse(format!(
            "limit must not be negative, and is {limit}"
        ))),
    }
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
    let what = match value.kind() {
        Kind::Text => quoted(value.text().unwrap_or_default()),
        // As SQL writes it: 1e300 rather than all its digits.
        Kind::Real => format!("{:?}", value.real()),
        other => other.described().to_owned(),
    };
    Error::misuse(format!("{name} must be an integer, not {what}"))
}
