//! Times as exports write them, as Unix seconds.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::Timestamp;

use super::json::{self, Raw};

/// A time: seconds, or a finer unit if the number is too large for seconds, or text. None for what is no time.
pub fn read(value: Option<Raw<'_>>) -> Option<i64> {
    match json::text(value) {
        Some(text) => parse(&text),
        None => seconds(value?.number()?),
    }
}

/// A number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size: from
/// 100,000,000,000 on, seconds would be in the year 5138.
fn seconds(number: f64) -> Option<i64> {
    const LIMIT: f64 = 1e11;
    let mut number = number;
    for _ in 0..3 {
        if number.abs() < LIMIT {
            break;
        }
        number /= 1000.0;
    }
    (number.abs() < LIMIT).then(|| number.floor() as i64)
}

/// A date with a time: ISO 8601 with or without a zone (UTC then), a number as text, or SillyTavern's forms.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(floor(time));
    }
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number);
    }
    if let Ok(time) = text.parse::<DateTime>() {
        return utc(time);
    }
    spelled(text)
}

fn utc(time: DateTime) -> Option<i64> {
    TimeZone::UTC.to_timestamp(time).ok().map(floor)
}

/// Whole seconds, before 1970 too.
fn floor(time: Timestamp) -> i64 {
    time.as_second() - i64::from(time.subsec_nanosecond() < 0)
}

/// `2024-1-5 @14h 22m 33s 123ms` and `June 5, 2024 3:45pm`.
fn spelled(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let lower = text.to_ascii_lowercase();
    let mut numbers = lower
        .split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse::<i16>().ok());
    let month = MONTHS
        .iter()
        .zip(1_i8..)
        .find(|(name, _)| lower.starts_with(**name));
    let (year, month, day) = match month {
        Some((_, month)) => {
            let day = numbers.next()?;
            (numbers.next()?, month, day)
        }
        None => (
            numbers.next()?,
            numbers.next()?.try_into().ok()?,
            numbers.next()?,
        ),
    };
    let mut hour = numbers.next()?;
    let minute = numbers.next().unwrap_or(0);
    let second = match month {
        _ if lower.contains('@') => numbers.next().unwrap_or(0),
        _ => 0,
    };
    if lower.ends_with("pm") && hour < 12 {
        hour += 12;
    } else if lower.ends_with("am") && hour == 12 {
        hour = 0;
    }
    let narrow = |number: i16| i8::try_from(number).ok();
    let time = DateTime::new(
        year,
        month,
        narrow(day)?,
        narrow(hour)?,
        narrow(minute)?,
        narrow(second)?,
        0,
    );
    utc(time.ok()?)
}
