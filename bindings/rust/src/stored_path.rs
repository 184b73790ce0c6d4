//! Paths in the database's TEXT columns and in the session index.
//!
//! A path that is UTF-8 is stored as it is. Any other path is stored as the text that can be shown for it, then a NUL,
//! then all its bytes in hexadecimal. No path has a NUL in it, so the two cannot be confused; programs that know
//! nothing of this still read text, show something sensible up to the NUL, and hand back what they read.

use std::path::{Path, PathBuf};

/// The text to store for a path.
pub(crate) fn to_text(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => marked(path),
    }
}

/// The path that a stored text stands for.
pub(crate) fn from_text(text: String) -> PathBuf {
    unmarked(&text).unwrap_or_else(|| PathBuf::from(text))
}

#[cfg(unix)]
fn marked(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;

    let mut text = format!("{}\0", path.display());
    for byte in path.as_os_str().as_bytes() {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(unix)]
fn unmarked(text: &str) -> Option<PathBuf> {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let (shown, digits) = text.split_once('\0')?;
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect::<Option<Vec<u8>>>()?;
    let path = PathBuf::from(OsString::from_vec(bytes));
    // Text that only looks alike is not ours.
    let ours = path.to_str().is_none() && path.display().to_string() == shown;
    ours.then_some(path)
}

/// Other systems have no safe way to the bytes of such a path: what can be shown is stored, as the seed does.
#[cfg(not(unix))]
fn marked(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(not(unix))]
fn unmarked(_text: &str) -> Option<PathBuf> {
    None
}

/// Serde for the paths of session index entries, in the same text.
pub(crate) mod optional {
    use super::{from_text, to_text};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::path::PathBuf;

    pub(crate) fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        path.as_deref().map(to_text).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(from_text))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_path_comes_back(bytes in proptest::collection::vec(1u8.., 0..40)) {
            let path = PathBuf::from(OsString::from_vec(bytes));
            prop_assert_eq!(from_text(to_text(&path)), path);
        }

        #[test]
        fn any_text_is_some_path_and_utf8_stays_as_it_is(text in "\\PC*") {
            prop_assert_eq!(to_text(&PathBuf::from(&text)), text.clone());
            prop_assert_eq!(from_text(text.clone()), PathBuf::from(text));
        }
    }

    #[test]
    fn text_that_only_looks_marked_is_taken_as_it_is() {
        for text in [
            "a\0",
            "a\x0062",
            "a\0ff",
            "\0\0",
            "a\0zz",
            "\u{fffd}\0f",
            "\u{fffd}\0+f",
        ] {
            assert_eq!(from_text(text.to_owned()), PathBuf::from(text), "{text:?}");
        }
        assert_eq!(from_text("\u{fffd}\0ff".to_owned()).to_str(), None);
    }
}
