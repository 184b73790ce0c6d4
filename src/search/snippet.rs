//! The place in a text that is worth showing: where most of the words stand together that were searched for.

use std::borrow::Cow;
use std::collections::HashMap;

use super::text::SEPARATOR;
use crate::error::{push, Error, Result};

/// What FTS5 sets before a match.
pub const BEGIN: u8 = 0x1d;
/// What FTS5 sets after a match.
pub const END: u8 = 0x1e;

/// How long the place is, in bytes: some thirty words, or eighty Chinese characters.
const LENGTH: usize = 240;
/// How much of that stands before the first match.
const BEFORE: usize = 60;
/// How far a cut may move so that it is between words.
const WORD: usize = 24;

/// A text without what would be taken for a mark, or for the text's end.
pub fn without_marks(text: &[u8]) -> Result<Cow<'_, [u8]>> {
    let is_mark = |byte: &u8| matches!(*byte, 0 | BEGIN | END | SEPARATOR);
    if !text.iter().any(is_mark) {
        return Ok(Cow::Borrowed(text));
    }
    let mut clean = room(text.len())?;
    clean.extend(
        text.iter()
            .map(|byte| if is_mark(byte) { b' ' } else { *byte }),
    );
    Ok(Cow::Owned(clean))
}

/// The parts of a prepared text, cut between words: what marks the matches takes a time that grows with the square of
/// their number. (A part is long enough for a place of [`LENGTH`] to be found in it, and 68 times as long as that.)
pub fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    const PART: usize = 16 << 10;
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.get(..PART).unwrap_or(rest);
        let length = if start.len() == rest.len() {
            rest.len()
        } else {
            let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == SEPARATOR;
            let space = start.iter().rposition(is_space);
            space.map_or_else(
                || {
                    PART - start
                        .iter()
                        .rev()
                        .take_while(|byte| is_inside(**byte))
                        .count()
                        - 1
                },
                |space| space + 1,
            )
        };
        let (part, after) = rest.split_at(length.max(1).min(rest.len()));
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// Cuts the place out of a part of a prepared text, with marks around its matches. `whole` says whether it begins and
/// ends where the text does.
pub fn of(marked: &[u8], whole: (bool, bool)) -> Result<Vec<u8>> {
    let (text, matches) = read(marked)?;
    let first = best(&text, &matches);
    let at = matches.get(first).map_or(0, |range| range.0);
    let begin = begin(&text, at);
    let end = end(&text, begin);
    let mut shown = Vec::new();
    if begin > 0 || !whole.0 {
        shown.extend_from_slice("…".as_bytes());
    }
    let mut copied = begin;
    // Each match before the first one takes at least a byte.
    for (from, to) in matches.iter().skip(first.saturating_sub(BEFORE)) {
        let (from, to) = ((*from).max(copied), (*to).min(end));
        if from >= end {
            break;
        }
        if from < to {
            copy(&mut shown, text.get(copied..from));
            shown.extend_from_slice("«".as_bytes());
            copy(&mut shown, text.get(from..to));
            shown.extend_from_slice("»".as_bytes());
            copied = to;
        }
    }
    copy(&mut shown, text.get(copied..end));
    if end < text.len() || !whole.1 {
        shown.extend_from_slice("…".as_bytes());
    }
    Ok(shown)
}

/// Where a text's matches are: from one byte up to before another.
type Ranges = Vec<(usize, usize)>;

/// Takes marks and separators out.
fn read(marked: &[u8]) -> Result<(Vec<u8>, Ranges)> {
    let mut text = room(marked.len())?;
    let mut matches = Vec::new();
    let mut begin = 0;
    for byte in marked {
        match *byte {
            SEPARATOR => {}
            BEGIN => begin = text.len(),
            END => push(&mut matches, (begin, text.len()))?,
            byte => text.push(byte),
        }
    }
    Ok((text, matches))
}

/// Which match the place begins at: most different ones follow it closely. The first of those.
fn best(text: &[u8], matches: &[(usize, usize)]) -> usize {
    // By its first bytes two words are the same: matches of a phrase may be as long as a part.
    const SHORT: usize = 64;
    let word = |range: &(usize, usize)| {
        let word = text.get(range.0..range.1).unwrap_or_default();
        word.get(..SHORT.min(word.len()))
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let mut within: HashMap<Vec<u8>, usize> = HashMap::new();
    let (mut best, mut most, mut end) = (0, 0, 0);
    for (begin, range) in matches.iter().enumerate() {
        while let Some(next) = matches.get(end) {
            if next.1 > range.0 + (LENGTH - BEFORE) && end > begin {
                break;
            }
            *within.entry(word(next)).or_default() += 1;
            end += 1;
        }
        if within.len() > most {
            (best, most) = (begin, within.len());
        }
        let passed = word(range);
        if let Some(count) = within.get_mut(&passed) {
            *count -= 1;
            if *count == 0 {
                within.remove(&passed);
            }
        }
    }
    best
}

/// Where the place begins whose first match is at `at`: after a space, or else where a character begins.
fn begin(text: &[u8], at: usize) -> usize {
    let Some(from) = at.checked_sub(BEFORE).filter(|from| *from > 0) else {
        return 0;
    };
    let cut = text.get(from..from + WORD).unwrap_or_default();
    match cut.iter().position(u8::is_ascii_whitespace) {
        Some(space) => from + space + 1,
        None => from + cut.iter().take_while(|byte| is_inside(**byte)).count(),
    }
}

/// Where it ends: before a space, or else where a character begins.
fn end(text: &[u8], begin: usize) -> usize {
    let to = begin + LENGTH;
    if to >= text.len() {
        return text.len();
    }
    let cut = text.get(to - WORD..=to).unwrap_or_default();
    match cut.iter().rposition(u8::is_ascii_whitespace) {
        Some(space) => to - WORD + space,
        None => {
            to - cut
                .iter()
                .rev()
                .take_while(|byte| is_inside(**byte))
                .count()
        }
    }
}

/// Whether a byte is not the first one of its character.
fn is_inside(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Copies text into one line.
fn copy(shown: &mut Vec<u8>, part: Option<&[u8]>) {
    for byte in part.unwrap_or_default() {
        if !byte.is_ascii_control() && *byte != b' ' {
            shown.push(*byte);
        } else if shown.last().is_some_and(|last| *last != b' ') {
            shown.push(b' ');
        }
    }
}

fn room(length: usize) -> Result<Vec<u8>> {
    let mut room = Vec::new();
    room.try_reserve(length).map_err(|_| Error::no_memory())?;
    Ok(room)
}
