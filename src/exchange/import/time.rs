//! Times as exports write them, as Unix seconds.

use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

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
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(time.unix_timestamp());
    }
    match text.parse() {
        Ok(number) => seconds(number),
        Err(_) => spelled(&text.to_ascii_lowercase()),
    }
}

/// `2024-01-05 14:22:33+01`, `2024-1-5 @14h 22m 33s 123ms` and `june 5, 2024 3:45pm`.
fn spelled(text: &str) -> Option<i64> {
    const MONTHS: [(&str, Month); 12] = [
        ("jan", Month::January),
        ("feb", Month::February),
        ("mar", Month::March),
        ("apr", Month::April),
        ("may", Month::May),
        ("jun", Month::June),
        ("jul", Month::July),
        ("aug", Month::August),
        ("sep", Month::September),
        ("oct", Month::October),
        ("nov", Month::November),
        ("dec", Month::December),
    ];
    let numbers = |text: &str| -> Vec<u16> {
        text.split(|character: char| !character.is_ascii_digit())
            .filter_map(|digits| digits.parse().ok())
            .collect()
    };
    // Behind a date, a sign begins the zone.
    let zone = text.rfind(['+', '-']).filter(|at| *at > 12);
    let (text, zone) = text.split_at(zone.unwrap_or(text.len()));
    let east = match numbers(zone).as_slice() {
        [] => 0,
        [hours] if *hours > 99 => i64::from(hours / 100) * 3600 + i64::from(hours % 100) * 60,
        [hours] => i64::from(*hours) * 3600,
        [hours, minutes, ..] => i64::from(*hours) * 3600 + i64::from(*minutes) * 60,
    };
    let east = if zone.starts_with('-') { -east } else { east };

    let named = MONTHS.iter().find(|(name, _)| text.starts_with(name));
    let numbers = numbers(text);
    let (year, month, day, clock) = match (named, numbers.as_slice()) {
        (Some((_, month)), [day, year, clock @ ..]) => (*year, *month, *day, clock),
        (None, [year, month, day, clock @ ..]) if *year > 999 => (
            *year,
            u8::try_from(*month).ok()?.try_into().ok()?,
            *day,
            clock,
        ),
        _ => return None,
    };
    let at = |place: usize| u8::try_from(clock.get(place).copied().unwrap_or(0)).ok();
    let mut hour = at(0)?;
    if text.ends_with("pm") && hour < 12 {
        hour += 12;
    } else if text.ends_with("am") && hour == 12 {
        hour = 0;
    }
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    let time = Time::from_hms(hour, at(1)?, at(2)?).ok()?;
    let utc = PrimitiveDateTime::new(date, time).assume_utc();
    Some(utc.unix_timestamp() - east)
}
