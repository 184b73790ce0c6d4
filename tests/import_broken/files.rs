//! Files of which a part is missing, or is something else: bytes around it, half of it, a bad line, another format.

use super::exports::Dice;
use super::host::{self, integer};
use super::{stored, whole, write, IN_LINES};

/// The bytes before and after, which programs and people leave there.
#[test]
fn marks_blanks_and_nuls_around_it() {
    for (format, text, messages) in whole(&mut Dice(1)) {
        let crlf = text.replace('\n', "\r\n");
        for (what, text) in [
            ("a byte order mark", format!("\u{feff}{text}")),
            ("blank lines", format!("\n\n  \n{text}\n\n \n")),
            ("NULs at the end", format!("{text}\0\0\0\0\0\0\0\0")),
            ("a line of NULs", format!("\0\0\0\n{text}\n\0\0\n")),
            ("CRLF", crlf),
        ] {
            for blob in [false, true] {
                let connection = host::migrated();
                let sql = "SELECT branch_import(?1, ?2)";
                let added = match blob {
                    true => integer(&connection, sql, &[&format, &text.as_bytes()]),
                    false => integer(&connection, sql, &[&format, &text]),
                };
                assert_eq!(added as usize, messages, "{format}: {what}");
            }
        }
    }
}

/// A download that broke off, anywhere.
#[test]
fn half_a_file() {
    for (format, text, messages) in whole(&mut Dice(2)) {
        let text = text.trim_end();
        let connection = host::migrated();
        connection.execute_batch("BEGIN").unwrap();
        let step = text.len() / 150 + 1;
        for end in (0..text.len())
            .step_by(step)
            .chain(text.len() - 20..text.len())
        {
            let part = &text.as_bytes()[..end];
            connection.execute_batch("SAVEPOINT a").unwrap();
            let outcome = connection.query_row(
                "SELECT branch_import(?1, ?2)",
                rusqlite::params![format, part],
                |row| row.get::<_, i64>(0),
            );
            let stored = stored(&connection);
            match outcome {
                Ok(added) => {
                    assert_eq!(added, stored[1], "{format}, {end} bytes");
                    // A document is whole or an error; of lines those that are whole are kept.
                    let is_empty = part.iter().all(|byte| byte.is_ascii_whitespace());
                    let in_lines = IN_LINES.contains(&format);
                    assert!(is_empty || in_lines, "{format}, {end} bytes: {added}");
                    assert!(added as usize <= messages);
                }
                Err(error) => {
                    assert_eq!(stored, [0; 3], "{format}, {end} bytes: {error}");
                    let text = error.to_string();
                    assert!(
                        text.starts_with("branch_import: line "),
                        "{format}, {end} bytes: {text}"
                    );
                    assert!(!IN_LINES.contains(&format), "{format}, {end} bytes: {text}");
                }
            }
            connection
                .execute_batch("ROLLBACK TO a; RELEASE a")
                .unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
}

#[test]
fn a_line_in_the_middle_that_cannot_be_read() {
    for (format, text, messages) in whole(&mut Dice(3)) {
        if !IN_LINES.contains(&format) || text.lines().count() < 3 {
            continue;
        }
        let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
        let bad: [&[u8]; 7] = [
            b"not JSON",
            b"{\"half\":",
            b"[1, 2]",
            b"5",
            b"{\"a\":\"\xC3\"}",
            b"{\"nul\":\"\0\"}",
            b"{} {}",
        ];
        for bad in bad {
            lines.insert(2, bad.to_vec());
            let blob = lines.join(&b'\n');
            let connection = host::migrated();
            let (code, error) = host::error(
                &connection,
                "SELECT branch_import(?1, ?2)",
                &[&format, &blob],
            );
            assert_eq!(code, 1, "{format}: {error}");
            assert!(
                error.starts_with("branch_import: line 3: "),
                "{format}: {error}"
            );
            assert_eq!(stored(&connection), [0; 3], "{format}: {error}");
            let sql = "SELECT branch_import(?1, ?2, '{\"skip_bad\":true}')";
            let added = integer(&connection, sql, &[&format, &blob]);
            assert_eq!(
                added as usize,
                messages,
                "{format}: {}",
                String::from_utf8_lossy(bad)
            );
            lines.remove(2);
        }
    }
}

#[test]
fn a_document_that_cannot_be_read() {
    for (text, wrong) in [
        (
            "[{\"mapping\":{}},\n {\"mapping\":{]}\n]",
            "line 2: not JSON: ",
        ),
        ("[{\"mapping\":{}},\n\n5]", "line 3: this is not an object"),
        (
            "[{\"mapping\":{}}",
            "line 1: the text ends before its array does",
        ),
        (
            "[{\"mapping\":{}},\n{\"map",
            "line 2: the text ends in the middle of what begins here",
        ),
        ("hello", "line 1: not JSON: "),
        (
            "[{\"name\":5},{}]",
            "line 1: this is no conversation of that format",
        ),
        ("\u{feff}\n \"text\"", "line 2: this is not an object"),
    ] {
        let connection = host::migrated();
        let (code, error) =
            host::error(&connection, "SELECT branch_import('chatgpt', ?1)", &[&text]);
        assert_eq!(code, 1, "{error}");
        assert!(
            error.starts_with(&format!("branch_import: {wrong}")),
            "{text}: {error}"
        );
        assert_eq!(stored(&connection), [0; 3]);
    }
    // What can be read is kept if the caller wants that.
    let connection = host::migrated();
    let whole = write("chatgpt", &[("a", None, "A")]);
    let text = format!("[{{]}}, 5, {},\n{{\"mapping\":", &whole[1..whole.len() - 1]);
    let sql = "SELECT branch_import('chatgpt', ?1, '{\"skip_bad\":true}')";
    assert_eq!(integer(&connection, sql, &[&text]), 1);
    // Not UTF-8.
    for blob in [&b"\xFF\xFE[\0{\0"[..], b"[{\"mapping\":{\"\xFF\":{}}}]"] {
        let (code, error) =
            host::error(&connection, "SELECT branch_import('chatgpt', ?1)", &[&blob]);
        assert_eq!(code, 1);
        assert!(
            error.starts_with("branch_import: line 1: ") && error.contains("UTF-"),
            "{error}"
        );
    }
}

#[test]
fn nothing_in_it() {
    let formats: Vec<_> = whole(&mut Dice(4))
        .into_iter()
        .map(|(format, ..)| format)
        .collect();
    for format in formats.into_iter().chain(["auto"]) {
        for text in ["", " \n", "\u{feff}", "[]", "[\n]", "[null]", "\0\0"] {
            if IN_LINES.contains(&format) && text.contains('[')
                || (format == "auto" && text.contains('['))
            {
                continue;
            }
            let connection = host::migrated();
            let added = integer(
                &connection,
                "SELECT branch_import(?1, ?2)",
                &[&format, &text],
            );
            assert_eq!(
                (added, stored(&connection)),
                (0, [0; 3]),
                "{format}: {text:?}"
            );
        }
    }
}

#[test]
fn a_file_of_another_format() {
    let files = whole(&mut Dice(5));
    for (format, text, _) in &files {
        for (other, ..) in &files {
            if format == other {
                continue;
            }
            let connection = host::migrated();
            let error = host::error(&connection, "SELECT branch_import(?1, ?2)", &[other, text]);
            let expected = format!("branch_import: this is not {other}, it looks like {format}");
            assert_eq!(error, (1, expected));
            assert_eq!(stored(&connection), [0; 3]);
        }
    }
    let connection = host::migrated();
    for text in ["{\"a\":1}", "[5]", "hello", "[[]]", "{"] {
        let error = host::error(&connection, "SELECT branch_import('auto', ?1)", &[&text]);
        let expected =
            "branch_import: cannot tell the format of this text; name it instead of auto";
        assert_eq!(error, (1, expected.to_owned()), "{text}");
    }
}
