//! Making out the entries in a line of the index, whatever happened to it.

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::Entry;

/// How every entry begins. Inside a JSON string its quotes would be escaped, so this is always the start of an object.
const BEGINNING: &[u8] = b"{\"thread_id\":";

/// How many torn pieces to look behind in one line. Without a limit a line made for it would take forever.
const PIECES: usize = 16;

/// What there is in a line.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    /// The entries, each with its bytes. More than one where two programs wrote at the same time.
    pub(super) entries: Vec<(Entry, &'a [u8])>,
    /// The line, if it is JSON that is no entry.
    pub(super) other: Option<&'a [u8]>,
    /// Whether any of it could not be read.
    pub(super) torn: bool,
}

impl Line<'_> {
    pub(super) fn is_readable(&self) -> bool {
        self.other.is_none() && !self.torn
    }
}

pub(super) fn read(line: &[u8]) -> Line<'_> {
    let line = line.trim_ascii();
    let mut found = Line::default();
    let mut rest = line;
    let mut pieces = 0;
    while !rest.is_empty() {
        let mut values = Deserializer::from_slice(rest).into_iter::<Entry>();
        if let Some(Ok(entry)) = values.next() {
            let (bytes, after) = rest.split_at(values.byte_offset());
            found.entries.push((entry, bytes));
            rest = after.trim_ascii_start();
            continue;
        }
        if rest.len() == line.len() && serde_json::from_slice::<IgnoredAny>(line).is_ok() {
            found.other = Some(line);
            break;
        }
        found.torn = true;
        pieces += 1;
        match next_beginning(rest) {
            Some(next) if pieces < PIECES => rest = next,
            _ => break,
        }
    }
    found
}

/// The rest of the line from the next entry on that begins in it.
fn next_beginning(rest: &[u8]) -> Option<&[u8]> {
    let after = rest.get(1..)?;
    let at = after
        .windows(BEGINNING.len())
        .position(|window| window == BEGINNING)?;
    after.get(at..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(line: &str) -> (Vec<String>, bool) {
        let line = read(line.as_bytes());
        let ids = line.entries.iter().map(|(e, _)| e.thread_id.clone());
        (ids.collect(), line.is_readable())
    }

    const A: &str = r#"{"thread_id":"a","thread_name":"x","updated_at":1,"rollout_path":null}"#;
    const B: &str = r#"{"thread_id":"b","updated_at":2,"more":{"x":[1]}}"#;

    #[test]
    fn whole_lines() {
        assert_eq!(ids(A), (vec!["a".into()], true));
        assert_eq!(ids(&format!("  {B}\r")), (vec!["b".into()], true));
        assert_eq!(ids(" \t"), (vec![], true));
    }

    #[test]
    fn lines_written_over_each_other() {
        assert_eq!(
            ids(&format!("{A}{B}")),
            (vec!["a".into(), "b".into()], true)
        );
    }

    #[test]
    fn every_way_to_tear_a_line_before_another() {
        for cut in 1..A.len() {
            assert_eq!(ids(&A[..cut]), (vec![], false), "{cut}");
            assert_eq!(
                ids(&format!("{}{B}", &A[..cut])),
                (vec!["b".into()], false),
                "{cut}"
            );
            assert_eq!(
                ids(&format!("{B}{}", &A[cut..])),
                (vec!["b".into()], false),
                "{cut}"
            );
        }
    }

    #[test]
    fn json_of_another_kind_is_kept_apart() {
        for line in [r#"{"version":3}"#, "[]", "7", r#"{"thread_id":7}"#] {
            let found = read(line.as_bytes());
            assert_eq!(found.other, Some(line.as_bytes()), "{line}");
            assert!(!found.is_readable() && !found.torn);
        }
    }

    #[test]
    fn a_line_made_to_take_long_is_given_up() {
        let nested = r#"{"thread_id":"a","x":"#.repeat(100_000);
        assert_eq!(ids(&nested), (vec![], false));
    }
}
