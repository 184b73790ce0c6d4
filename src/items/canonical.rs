//! One text for all the ways to write the same JSON: without blanks, members sorted, strings escaped alike.

use std::borrow::Cow;
use std::collections::BinaryHeap;

use super::json::Raw;

/// How deep values are taken apart, which takes as many frames of the stack. What is nested deeper stays as it is written.
const DEEPEST: u32 = 64;

/// The canonical form of JSON; other text as it is. Numbers stay as they are written.
pub fn canonical(text: &str) -> Cow<'_, str> {
    match Raw::of(text.as_bytes()) {
        Some(value) => {
            let mut all = String::new();
            write(value, DEEPEST, &mut all);
            Cow::Owned(all)
        }
        None => Cow::Borrowed(text),
    }
}

fn write(value: Raw<'_>, deepest: u32, all: &mut String) {
    match value.text().as_bytes().first() {
        Some(b'{') if deepest > 0 => {
            let mut members = BinaryHeap::new();
            value.members(&mut |name, value| {
                let mut member = String::new();
                string(&String::from_utf8_lossy(name), &mut member);
                member.push(':');
                write(value, deepest - 1, &mut member);
                members.push(member);
            });
            all.push('{');
            all.push_str(&members.into_sorted_vec().join(","));
            all.push('}');
        }
        Some(b'[') if deepest > 0 => {
            all.push('[');
            let mut first = true;
            value.elements(&mut |element| {
                if !std::mem::take(&mut first) {
                    all.push(',');
                }
                write(element, deepest - 1, all);
            });
            all.push(']');
        }
        _ => match value.string() {
            Some(text) => string(&text, all),
            None => all.push_str(value.text()),
        },
    }
}

/// A string between quotes that cannot be taken for another one; it is not read as JSON again.
fn string(text: &str, all: &mut String) {
    all.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            all.push('\\');
        }
        all.push(character);
    }
    all.push('"');
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn the_same_json_has_one_form() {
        for (a, b) in [
            (
                r#"{"a":1,"b":[true,null,"é\n"]}"#,
                "{ \"b\" : [ true, null, \"\\u00e9\\u000a\" ],\n\"a\":1}",
            ),
            ("[]", " [ ] "),
            (r#""a\/b""#, r#""a/b""#),
        ] {
            assert_eq!(canonical(a), canonical(b));
        }
        for (a, b) in [
            (r#"{"a":1}"#, r#"{"a":2}"#),
            (r#"{"a":"1"}"#, r#"{"a":1}"#),
            (r#"["a","b"]"#, r#"["a\",\"b"]"#),
            (r#"[1,[2]]"#, r#"[[1],2]"#),
            ("no json", "nojson"),
        ] {
            assert_ne!(canonical(a), canonical(b));
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(canonical(&deep).len(), 200_000);
    }
}
