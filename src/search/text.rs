//! Preparing texts and queries for FTS5.
//!
//! Chinese, Japanese and Korean are written without spaces, or with words that change at their ends, and FTS5's
//! `unicode61` takes a whole sentence for one word. So each such character is set apart by a separator, and is a word of its
//! own. In a query it is the same, and characters that stand together must be found together: they become a phrase.

use std::borrow::Cow;

use crate::error::{quoted, Error, Result};

/// What is set between characters. To `unicode61` it is no letter, and texts do not have it.
pub const SEPARATOR: u8 = 0x1f;

/// A text as FTS5 gets it.
pub fn prepare(text: &[u8]) -> Result<Cow<'_, [u8]>> {
    let first = if text.is_ascii() {
        None
    } else {
        next_cjk(text, 0)
    };
    let Some((mut at, _)) = first else {
        return Ok(Cow::Borrowed(text));
    };
    let mut prepared = Vec::new();
    // Four bytes for three, if all of it is such characters.
    let most = text.len().saturating_add(text.len() / 3 + 2);
    prepared.try_reserve(most).map_err(|_| Error::no_memory())?;
    let mut copied = 0;
    while let Some((start, length)) = next_cjk(text, at) {
        extend(&mut prepared, text.get(copied..start));
        at = start + length;
        extend(&mut prepared, text.get(start..at));
        copied = at;
    }
    extend(&mut prepared, text.get(copied..));
    Ok(Cow::Owned(prepared))
}

/// Adds a part, set apart from what is before it unless one of the two is no letter anyway.
fn extend(prepared: &mut Vec<u8>, part: Option<&[u8]>) {
    let part = part.unwrap_or_default();
    let letter = |byte: Option<&u8>| byte.is_some_and(|byte| is_bareword(*byte));
    if letter(prepared.last()) && letter(part.first()) {
        prepared.push(SEPARATOR);
    }
    prepared.extend_from_slice(part);
}

/// Where the next character is that is a word of its own, from a place on, and how many bytes it has.
fn next_cjk(text: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        // Nothing below U+1000 is one, and U+2000 to U+2FFF is punctuation and symbols.
        let skipped = text.get(at..)?.iter().position(|byte| *byte >= 0xe1)?;
        at += skipped;
        match character(text.get(at..)?) {
            Some((character, length)) if is_cjk(character) => return Some((at, length)),
            _ => at += 1,
        }
    }
}

/// The character of three or four bytes that a text starts with.
fn character(text: &[u8]) -> Option<(u32, usize)> {
    let rest = |byte: u8| (byte & 0xc0 == 0x80).then_some(u32::from(byte & 0x3f));
    match *text {
        [lead @ 0xe0..=0xef, b, c, ..] => {
            Some((u32::from(lead & 0xf) << 12 | rest(b)? << 6 | rest(c)?, 3))
        }
        [lead @ 0xf0..=0xf4, b, c, d, ..] => Some((
            u32::from(lead & 0x7) << 18 | rest(b)? << 12 | rest(c)? << 6 | rest(d)?,
            4,
        )),
        _ => None,
    }
}

/// Han, Hiragana, Katakana, Hangul and Bopomofo. What index entries are made of: a change here needs another
/// [`index::VERSION`](super::index).
fn is_cjk(character: u32) -> bool {
    matches!(character,
        0x1100..=0x11ff          // Hangul in parts
        | 0x3005..=0x3007        // 々 〆 〇
        | 0x3021..=0x30fa | 0x30fc..=0x9fff
        | 0xa960..=0xa97f | 0xac00..=0xd7ff
        | 0xf900..=0xfaff
        | 0xff66..=0xffdc        // halfwidth
        | 0x1aff0..=0x1b16f      // old kana
        | 0x20000..=0x3ffff)
}

/// What FTS5 takes for part of a word that stands in a query without quotes.
fn is_bareword(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'_' || byte == 0x1a
}

/// A query as FTS5 gets it. An error for what even FTS5 could not tell the place of.
pub fn query(text: &[u8]) -> Result<Vec<u8>> {
    let mut query = Vec::new();
    query
        .try_reserve(text.len().saturating_mul(2).saturating_add(1))
        .map_err(|_| Error::no_memory())?;
    let mut rest = text;
    while let Some(first) = rest.first() {
        let place = text.len() - rest.len();
        let used = match first {
            b'"' => {
                let length = string(rest).ok_or_else(|| {
                    wrong(&format!(
                        "the string that starts at character {} has no end",
                        nth(text, place)
                    ))
                })?;
                let string: Cow<'_, [u8]> = match rest.get(..length) {
                    // FTS5 would stop there. In a text, too, it parts words.
                    Some(string) if string.contains(&0) => string
                        .iter()
                        .map(|byte| if *byte == 0 { b' ' } else { *byte })
                        .collect(),
                    string => Cow::Borrowed(string.unwrap_or_default()),
                };
                query.extend_from_slice(&prepare(&string)?);
                length
            }
            0 => {
                return Err(wrong(&format!(
                    "there is a NUL at character {}",
                    nth(text, place)
                )));
            }
            byte if is_bareword(*byte) => {
                let length = rest.iter().position(|byte| !is_bareword(*byte));
                let length = length.unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or_default();
                match prepare(word)? {
                    Cow::Borrowed(word) => query.extend_from_slice(word),
                    Cow::Owned(phrase) => {
                        query.push(b'"');
                        query.extend_from_slice(&phrase);
                        query.push(b'"');
                    }
                }
                length
            }
            byte => {
                // A query that starts with an asterisk is a command to FTS5.
                if *byte == b'*' && query.is_empty() {
                    query.push(b' ');
                }
                query.push(*byte);
                1
            }
        };
        rest = rest.get(used..).unwrap_or_default();
    }
    if query.iter().all(|byte| b" \t\r\n".contains(byte)) {
        return Err(Error::misuse("query must not be empty"));
    }
    Ok(query)
}

/// A query for texts that have any of the words of a prepared query.
pub fn any(query: &[u8]) -> Vec<u8> {
    let mut any: Vec<u8> = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.first() {
        let length = match first {
            b'"' => string(rest),
            byte if is_bareword(*byte) => rest.iter().position(|byte| !is_bareword(*byte)),
            _ => Some(0),
        };
        let length = length.unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        let after = rest.get(length.max(1)..).unwrap_or_default();
        let is_filter = || after.trim_ascii_start().first() == Some(&b':');
        if !matches!(word, b"" | b"AND" | b"OR" | b"NOT" | b"NEAR") && !is_filter() {
            if !any.is_empty() {
                any.extend_from_slice(b" OR ");
            }
            any.extend_from_slice(word);
            if after.trim_ascii_start().first() == Some(&b'*') {
                any.push(b'*');
            }
        }
        rest = after;
    }
    any
}

/// How long the string is that a text starts with, both quotes included.
fn string(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == b'"')? + 1;
        // Two quotes are one in the string.
        if text.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// The error for a query that FTS5 does not understand: what it says, in terms of what the caller wrote.
pub fn refused(text: &[u8], said: &str) -> Error {
    let said = said.strip_prefix("fts5: ").unwrap_or(said);
    let said = said.replace(char::from(SEPARATOR), "");
    let near = said
        .strip_prefix("syntax error near \"")
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(near) = near else {
        return wrong(&said);
    };
    if near.is_empty() {
        return wrong("syntax error at its end");
    }
    let bytes = near.as_bytes();
    let mut places = (0..text.len()).filter(|at| {
        let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| is_bareword(*byte));
        text.get(*at..).is_some_and(|rest| rest.starts_with(bytes))
            && !(is_word(bytes.first())
                && at.checked_sub(1).is_some_and(|at| is_word(text.get(at))))
            && !(is_word(bytes.last()) && is_word(text.get(at + bytes.len())))
    });
    match (places.next(), places.next()) {
        (Some(place), None) => wrong(&format!(
            "syntax error near {}, character {}",
            quoted(bytes),
            nth(text, place)
        )),
        _ => wrong(&format!("syntax error near {}", quoted(bytes))),
    }
}

fn wrong(what: &str) -> Error {
    Error::misuse(format!("query is not FTS5 syntax: {what}"))
}

/// Which character, from 1, a place in a text is.
fn nth(text: &[u8], place: usize) -> usize {
    let before = text.get(..place).unwrap_or_default();
    String::from_utf8_lossy(before).chars().count() + 1
}
