//! Queries, contents and files that somebody made to do harm.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use rusqlite::{ffi, Connection};

use super::{empty, host, ids, index, rows, say};

/// Binds bytes as text, whatever they are.
fn found_by(connection: &Connection, query: &[u8]) -> Result<usize, (i32, String)> {
    let mut statement = connection
        .prepare("SELECT id, snippet, rank FROM branch_search(CAST(?1 AS TEXT))")
        .unwrap();
    let mut rows = statement.query([query]).unwrap();
    let mut count = 0;
    loop {
        match rows.next() {
            Ok(Some(_)) => count += 1,
            Ok(None) => return Ok(count),
            Err(rusqlite::Error::SqliteFailure(error, text)) => {
                return Err((error.extended_code, text.unwrap_or_default()))
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// A generator that needs no crate: what matters is that there are many.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn queries_of_any_bytes() {
    let connection = empty();
    say(&connection, "peas 日本 \u{fffd} a b");
    connection
        .execute_batch(
            "INSERT INTO messages(thread_id, role, content, created_at) VALUES ('t', 'x', CAST(x'ff6120e697a5e6979820ed' AS TEXT), 1),
                 ('t', 'x', x'706561730070656173', 1), ('t', 'x', '', 1)",
        )
        .unwrap();
    let pieces: [&[u8]; 26] = [
        b"peas",
        "日".as_bytes(),
        "本".as_bytes(),
        b"\"",
        b"\"\"",
        b"(",
        b")",
        b"*",
        b"^",
        b"+",
        b"-",
        b":",
        b"{",
        b"}",
        b",",
        b" AND ",
        b" OR ",
        b" NOT ",
        b"NEAR",
        b" ",
        b"\0",
        b"\xff",
        b"\xe6\x97",
        b"\x80",
        b"\x1f",
        b"content",
    ];
    let mut dice = Dice(1);
    let (mut right, mut wrong, mut found) = (0, 0, 0);
    for turn in 0..6000 {
        if turn == 3000 {
            index(&connection);
        }
        let mut query = Vec::new();
        for _ in 0..dice.roll(7) + 1 {
            if dice.roll(8) == 0 {
                query.push(dice.roll(256) as u8);
            } else {
                query.extend_from_slice(pieces[dice.roll(pieces.len() as u64) as usize]);
            }
        }
        match found_by(&connection, &query) {
            Ok(count) => {
                right += 1;
                found += count;
            }
            Err((code, text)) => {
                assert_eq!(code, 1, "{text}");
                assert!(text.starts_with("branch_search: query "), "{text}");
                wrong += 1;
            }
        }
    }
    assert!(
        right > 500 && wrong > 500 && found > 100,
        "{right} {wrong} {found}"
    );
    assert_eq!(ids(&connection, "peas"), [1, 3]);
}

/// Each of these took a time that grew with the square of its size, in FTS5 or in a draft of this.
#[test]
fn queries_and_contents_that_are_long() {
    let connection = empty();
    let many = |word: fn(usize) -> String, glue: &str, count| {
        (0..count).map(word).collect::<Vec<_>>().join(glue)
    };
    let words = many(|at| format!("w{at}"), " ", 6_000);
    say(&connection, &words);
    say(&connection, &"桜".repeat(200_000));
    say(&connection, &"a ".repeat(200_000));
    say(&connection, &"x".repeat(500_000));
    say(&connection, &format!("{}{}", "\0".repeat(100_000), "end"));
    for indexed in [false, true] {
        for (query, expected) in [
            (words.clone(), Ok(1)),
            (many(|at| format!("w{at}"), " OR ", 5000), Ok(1)),
            (many(|at| format!("nothing{at}"), " OR ", 5000), Ok(0)),
            (format!("\"{words}\""), Ok(1)),
            ("桜".repeat(300), Ok(1)),
            ("a".to_owned(), Ok(1)),
            ("a NOT b".to_owned(), Ok(1)),
            ("x*".to_owned(), Ok(1)),
            ("end".to_owned(), Ok(1)),
            (format!("{}a{}", "(".repeat(5000), ")".repeat(5000)), Err(1)),
            ("\"".repeat(100_001), Err(1)),
            ("NOT ".repeat(10_000), Err(1)),
        ] {
            let found = found_by(&connection, query.as_bytes()).map_err(|(code, _)| code);
            assert_eq!(found, expected, "{query:.40}, {indexed}");
        }
        index(&connection);
    }
    assert_eq!(rows(&connection, "PRAGMA integrity_check", &[]), ["ok"]);
}

/// Contents that are no text, or no UTF-8, and files in UTF-16.
#[test]
fn contents_of_any_type_in_any_encoding() {
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let connection = host::memory();
        connection
            .execute_batch(&format!("PRAGMA encoding = '{encoding}'"))
            .unwrap();
        host::integer(&connection, "SELECT branch_migrate()", &[]);
        host::add_thread(&connection, "t");
        connection
            .execute_batch(
                "INSERT INTO messages(thread_id, role, content, created_at) VALUES ('t', 'x', 'plain 日本', 1),
                     ('t', 'x', 42, 1), ('t', 'x', 4.5, 1), ('t', 'x', x'706c61696e20e697a5', 1), ('t', 'x', x'ff00fe', 1)",
            )
            .unwrap();
        for _ in 0..2 {
            let blob = if encoding == "UTF-8" {
                vec![1, 4]
            } else {
                ids(&connection, "plain")
            };
            assert_eq!(ids(&connection, "plain"), blob, "{encoding}");
            assert!(ids(&connection, "日").starts_with(&[1]), "{encoding}");
            assert_eq!(ids(&connection, "42"), [2], "{encoding}");
            assert_eq!(ids(&connection, "\"4.5\""), [3], "{encoding}");
            assert_eq!(
                rows(&connection, "SELECT snippet FROM branch_search('本')", &[]),
                ["plain 日«本»"]
            );
            index(&connection);
        }
        assert_eq!(index(&connection), 0);
    }
}

/// SQLite's own limits hold, and are what it says.
#[test]
fn texts_that_grow_beyond_the_longest_allowed() {
    let connection = empty();
    say(&connection, "peas");
    say(&connection, &"桜".repeat(40_000));
    connection
        .set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, 130_000)
        .unwrap();
    let (code, _) = host::error(&connection, "SELECT branch_index()", &[]);
    assert_eq!(code, ffi::SQLITE_TOOBIG);
    assert_eq!(ids(&connection, "桜"), [2]);
    connection
        .set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, 200_000)
        .unwrap();
    assert_eq!(index(&connection), 2);
}

/// A file whose index says what is not so. No crash, and no row that does not match.
#[test]
fn an_index_that_lies() {
    let connection = empty();
    for content in ["peas", "beans", "pots"] {
        say(&connection, content);
    }
    index(&connection);
    for lie in [
        "INSERT INTO message_search(rowid, content) VALUES (2, 'peas'), (3, 'peas'), (99, 'peas')",
        "UPDATE message_search_rows SET hash = 'text' WHERE id = 1",
        "UPDATE message_search_rows SET hash = 0",
        "DELETE FROM message_search_rows WHERE id = 1",
        "INSERT INTO message_search_rows(id, hash) VALUES (77, 1)",
        "INSERT OR REPLACE INTO message_search_gaps VALUES (50, 20), (60, 60)",
        "INSERT OR REPLACE INTO message_search_gaps VALUES (70, 'z'), (71, x'00')",
    ] {
        connection.execute_batch("BEGIN").unwrap();
        connection.execute_batch(lie).unwrap();
        let expected = if lie.contains("(2, 'peas')") {
            vec![]
        } else {
            vec![1]
        };
        if expected.is_empty() {
            // The hash of 2 and 3 is that of what they say. What the index itself claims is believed then.
            connection
                .execute_batch("UPDATE message_search_rows SET hash = 1 WHERE id > 1")
                .unwrap();
        }
        assert_eq!(ids(&connection, "peas"), [1], "{lie}");
        assert_eq!(ids(&connection, "beans"), [2], "{lie}");
        index(&connection);
        connection.execute_batch("ROLLBACK").unwrap();
    }
    // Damaged pages are SQLite's error, or FTS5's.
    connection
        .execute_batch("PRAGMA writable_schema = ON; UPDATE message_search_data SET block = zeroblob(100) WHERE id > 10")
        .unwrap();
    for sql in [
        "SELECT id FROM branch_search('peas')",
        "SELECT branch_index('rebuild')",
    ] {
        let outcome = connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        if let Err(rusqlite::Error::SqliteFailure(error, _)) = outcome {
            assert_eq!(error.code, rusqlite::ErrorCode::DatabaseCorrupt, "{sql}");
        }
    }
    assert_eq!(ids(&connection, "peas"), [1]);
}

/// To look for the place to show in a long message takes long, and can be interrupted.
#[test]
fn interrupted_in_a_long_message() {
    let mut connection = empty();
    say(&connection, "peas");
    say(&connection, &format!("{} peas", "soil ".repeat(200_000)));
    index(&connection);
    // The snippet, and how often SQLite asked whether to go on. It is interrupted when that was so often.
    let mut asked = |id: i64, most: usize| {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let handler = move || counted.fetch_add(1, Ordering::Relaxed) >= most;
        connection.progress_handler(10, Some(handler)).unwrap();
        let sql = "SELECT snippet FROM branch_search('peas') WHERE id = ?1";
        let outcome: rusqlite::Result<String> = connection.query_row(sql, [id], |row| row.get(0));
        connection
            .progress_handler(0, None::<fn() -> bool>)
            .unwrap();
        let outcome = outcome.map_err(|error| error.sqlite_error_code());
        (outcome, count.load(Ordering::Relaxed))
    };
    // The first time, more has to be prepared.
    asked(2, usize::MAX).0.unwrap();
    let (shown, little) = asked(1, usize::MAX);
    assert_eq!(shown, Ok("«peas»".to_owned()));
    let (shown, much) = asked(2, usize::MAX);
    let shown = shown.unwrap();
    assert!(shown.ends_with("soil soil «peas»"), "{shown}");
    // There are 60 parts to look at.
    assert!(much > little + 10, "{little}, {much}");
    // (How many steps are left until it asks again is carried from one run to the next.)
    for most in little + 2..much - 2 {
        let (outcome, _) = asked(2, most);
        assert_eq!(
            outcome,
            Err(Some(rusqlite::ErrorCode::OperationInterrupted))
        );
    }
}
