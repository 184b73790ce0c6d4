//! Files as they really are: broken. For each format: what is kept, what is left out, what is an error, and that nothing
//! is ever half imported. `docs/formats.md` says the same.

mod exports;
mod host;

use rusqlite::Connection;

use exports::{iso, uuid, Dice, Tree};
use host::integer;

/// A node as a broken file has it: id, parent, text.
type Node = (&'static str, Option<&'static str>, &'static str);

/// A shape of a tree, and what becomes of it: each text with the text of its parent.
struct Shape {
    name: &'static str,
    nodes: &'static [Node],
    kept: &'static [(&'static str, Option<&'static str>)],
}

const SHAPES: [Shape; 8] = [
    Shape {
        name: "a parent that is missing: its children are first messages",
        nodes: &[
            ("a", None, "A"),
            ("b", Some("gone"), "B"),
            ("c", Some("b"), "C"),
            ("d", Some("gone"), "D"),
        ],
        kept: &[("A", None), ("B", None), ("C", Some("B")), ("D", None)],
    },
    Shape {
        name: "a cycle: the node that comes first begins it",
        nodes: &[
            ("a", Some("c"), "A"),
            ("b", Some("a"), "B"),
            ("c", Some("b"), "C"),
            ("d", Some("c"), "D"),
        ],
        kept: &[
            ("A", None),
            ("B", Some("A")),
            ("C", Some("B")),
            ("D", Some("C")),
        ],
    },
    Shape {
        name: "a cycle below a node that comes before it",
        nodes: &[
            ("d", Some("c"), "D"),
            ("b", Some("a"), "B"),
            ("c", Some("b"), "C"),
            ("a", Some("c"), "A"),
            ("e", None, "E"),
        ],
        kept: &[
            ("D", Some("C")),
            ("B", None),
            ("C", Some("B")),
            ("A", Some("C")),
            ("E", None),
        ],
    },
    Shape {
        name: "its own parent: a first message",
        nodes: &[("a", Some("a"), "A"), ("b", Some("a"), "B")],
        kept: &[("A", None), ("B", Some("A"))],
    },
    Shape {
        name: "two nodes of one id: the first counts",
        nodes: &[
            ("a", None, "A"),
            ("b", Some("a"), "B"),
            ("b", None, "other B"),
            ("c", Some("b"), "C"),
        ],
        kept: &[("A", None), ("B", Some("A")), ("C", Some("B"))],
    },
    Shape {
        name: "several first messages: all are kept",
        nodes: &[("a", None, "A"), ("b", None, "B"), ("c", Some("b"), "C")],
        kept: &[("A", None), ("B", None), ("C", Some("B"))],
    },
    Shape {
        name: "children before their parents",
        nodes: &[
            ("c", Some("b"), "C"),
            ("d", Some("b"), "D"),
            ("b", Some("a"), "B"),
            ("a", None, "A"),
        ],
        kept: &[
            ("A", None),
            ("B", Some("A")),
            ("C", Some("B")),
            ("D", Some("B")),
        ],
    },
    Shape {
        name: "ids that are numbers",
        nodes: &[
            ("1", None, "A"),
            ("2", Some("1"), "B"),
            ("-3", Some("2"), "C"),
        ],
        kept: &[("A", None), ("B", Some("A")), ("C", Some("B"))],
    },
];

/// Writes nodes in a format that has ids and parents. By hand, because no library writes an object with a name twice.
fn write(format: &str, nodes: &[Node]) -> String {
    let quoted = |id: Option<&str>| id.map_or("null".to_owned(), |id| format!("\"{id}\""));
    let each = |between: &str, one: &dyn Fn(&str, &str, &str) -> String| -> String {
        let all: Vec<String> = nodes
            .iter()
            .map(|(id, parent, text)| one(id, &quoted(*parent), text))
            .collect();
        all.join(between)
    };
    match format {
        "chatgpt" => {
            let nodes = each(",", &|id, parent, text| {
                format!(
                    r#""{id}":{{"id":"{id}","parent":{parent},"children":["x"],"message":{{"author":{{"role":"user"}},"content":{{"content_type":"text","parts":["{text}"]}}}}}}"#
                )
            });
            format!(r#"[{{"id":"t","mapping":{{{nodes}}}}}]"#)
        }
        "claude-ai" => {
            let nodes = each(",", &|id, parent, text| {
                let parent = match parent {
                    "null" => "\"00000000-0000-4000-8000-000000000000\"",
                    parent => parent,
                };
                format!(
                    r#"{{"uuid":"{id}","parent_message_uuid":{parent},"sender":"human","text":"{text}"}}"#
                )
            });
            format!(r#"[{{"uuid":"t","chat_messages":[{nodes}]}}]"#)
        }
        "claude-code" => each("\n", &|id, parent, text| {
            format!(
                r#"{{"type":"user","uuid":"{id}","parentUuid":{parent},"sessionId":"t","message":{{"role":"user","content":"{text}"}}}}"#
            )
        }),
        "pi" => {
            let lines = each("\n", &|id, parent, text| {
                format!(
                    r#"{{"type":"message","id":"{id}","parentId":{parent},"message":{{"role":"user","content":"{text}"}}}}"#
                )
            });
            format!("{{\"type\":\"session\",\"id\":\"t\"}}\n{lines}")
        }
        "open-webui" => {
            let nodes = each(",", &|id, parent, text| {
                format!(
                    r#""{id}":{{"id":"{id}","parentId":{parent},"childrenIds":["x"],"role":"user","content":"{text}"}}"#
                )
            });
            format!(r#"[{{"id":"t","chat":{{"history":{{"messages":{{{nodes}}}}}}}}}]"#)
        }
        "librechat" => {
            let nodes = each(",", &|id, parent, text| {
                format!(
                    r#"{{"messageId":"{id}","parentMessageId":{parent},"isCreatedByUser":true,"text":"{text}"}}"#
                )
            });
            format!(r#"{{"conversationId":"t","messages":[{nodes}]}}"#)
        }
        "jsonl" => {
            let lines = each("\n", &|id, parent, text| {
                format!(
                    r#"{{"id":"{id}","parent":{parent},"role":"user","content":"{text}","item_json":null,"created_at":5}}"#
                )
            });
            format!("{{\"format\":\"sqlite-branch\",\"version\":1,\"thread\":{{\"id\":\"t\",\"created_at\":5,\"updated_at\":5,\"leaf\":null}}}}\n{lines}")
        }
        _ => panic!("{format}"),
    }
}

const WITH_PARENTS: [&str; 7] = [
    "chatgpt",
    "claude-ai",
    "claude-code",
    "pi",
    "open-webui",
    "librechat",
    "jsonl",
];

fn kept(connection: &Connection) -> Vec<(String, Option<String>)> {
    let mut statement = connection
        .prepare(
            "SELECT m.content, p.content FROM messages AS m LEFT JOIN messages AS p ON p.id = m.parent_entry_id \
             ORDER BY m.content",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn trees_that_are_broken() {
    for format in WITH_PARENTS {
        for shape in &SHAPES {
            let connection = host::migrated();
            let text = write(format, shape.nodes);
            let describe = format!("{format}: {}\n{text}", shape.name);
            let added = integer(
                &connection,
                "SELECT branch_import(?1, ?2)",
                &[&format, &text],
            );
            assert_eq!(added as usize, shape.kept.len(), "{describe}");
            let mut expected: Vec<_> = shape
                .kept
                .iter()
                .map(|(text, parent)| ((*text).to_owned(), parent.map(str::to_owned)))
                .collect();
            expected.sort();
            assert_eq!(kept(&connection), expected, "{describe}");
            for sql in [
                "SELECT count(*) FROM branch_check()",
                "SELECT count(*) - 1 FROM threads",
                "SELECT count(*) FROM messages WHERE parent_entry_id >= id",
            ] {
                assert_eq!(integer(&connection, sql, &[]), 0, "{sql}\n{describe}");
            }
            let again = integer(
                &connection,
                "SELECT branch_import(?1, ?2)",
                &[&format, &text],
            );
            assert_eq!(again, 0, "again: {describe}");
        }
    }
}

/// A file of each format, of several messages.
fn whole(dice: &mut Dice) -> Vec<(&'static str, String, usize)> {
    let tree = Tree::random(9, dice);
    let there: Vec<usize> = (0..9).collect();
    let path = tree.path(8);
    let (chat, swipes) = exports::sillytavern(&tree, &path);
    let (rollout, items) = exports::codex(&tree, &path, 0, None, 0, dice);
    let claude_code = exports::claude_code(&tree, &there, 0, dice);
    let claude_code = &claude_code[..=claude_code.rfind('\n').unwrap()];
    let ids: Vec<usize> = (1..10).collect();
    vec![
        ("chatgpt", exports::chatgpt(&tree, &there, 0, dice), 9),
        ("claude-ai", exports::claude_ai(&tree, &there, 0, dice), 9),
        ("claude-code", claude_code.to_owned(), 9),
        ("codex", rollout, items.len()),
        ("pi", exports::pi(&tree, &there, 0, &ids, dice), 9),
        ("open-webui", exports::open_webui(&tree, &there, 0, dice), 9),
        ("librechat", exports::librechat(&tree, &there, 0, dice), 9),
        ("sillytavern", chat, swipes.len()),
        ("oasst", exports::oasst(&tree, &there), 9),
        ("openai", exports::openai(&tree, &path), path.len()),
        ("jsonl", exports::jsonl(&tree, &there, true), 9),
    ]
}

const IN_LINES: [&str; 6] = [
    "claude-code",
    "codex",
    "pi",
    "sillytavern",
    "oasst",
    "jsonl",
];

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

fn stored(connection: &Connection) -> [i64; 3] {
    ["threads", "messages", "message_uids"]
        .map(|table| integer(connection, &format!("SELECT count(*) FROM {table}"), &[]))
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

/// Half a surrogate pair, and NULs, in a text.
#[test]
fn text_that_is_no_text() {
    for format in WITH_PARENTS {
        let text = write(format, &[("a", None, r"x\ud83dy\u0000z\ud83d\udca9")]);
        let connection = host::migrated();
        assert_eq!(
            integer(
                &connection,
                "SELECT branch_import(?1, ?2)",
                &[&format, &text]
            ),
            1,
            "{format}"
        );
        let (content, valid): (String, bool) = connection
            .query_row("SELECT content, ifnull(json_valid(item_json) AND instr(item_json, '\\ud83dy'), 1) FROM messages", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(content, "x\u{fffd}y\0z💩", "{format}");
        assert!(valid, "{format}");
    }
}

#[test]
fn times_of_all_kinds() {
    let connection = host::migrated();
    for (at, (time, seconds)) in [
        ("1700000000", 1_700_000_000),
        ("1700000000.999", 1_700_000_000),
        ("1700000000123", 1_700_000_000),
        ("1700000000123456", 1_700_000_000),
        ("1700000000123456789", 1_700_000_000),
        ("-1.5", -2),
        ("\"1700000000\"", 1_700_000_000),
        ("\"2023-11-14T22:13:20Z\"", 1_700_000_000),
        ("\"2023-11-14T22:13:20.999Z\"", 1_700_000_000),
        ("\"2023-11-14T23:13:20+01:00\"", 1_700_000_000),
        ("\"2023-11-14 22:13:20\"", 1_700_000_000),
        ("\"2023-11-14T22:13:20.123456\"", 1_700_000_000),
        ("\"1969-12-31T23:59:59.5Z\"", -1),
        ("\"November 14, 2023 10:13pm\"", 1_699_999_980),
        ("\"November 14, 2023 12:00am\"", 1_699_920_000),
        ("\"2023-11-14@22h13m20s\"", 1_700_000_000),
        ("\"2023-11-14 @22h 13m 20s 5ms\"", 1_700_000_000),
        // None of these is a time: the caller's counts.
        ("null", 7),
        ("\"\"", 7),
        ("\"yesterday\"", 7),
        ("{}", 7),
        ("1e300", 7),
        ("\"2023-13-45T99:99:99Z\"", 7),
        ("\"99999999999999999999\"", 7),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!(
            r#"[{{"uuid":"t{at}","chat_messages":[{{"uuid":"u{at}","sender":"human","text":"x","created_at":{time}}}]}}]"#
        );
        let sql = "SELECT branch_import('claude-ai', ?1, '{\"created_at\":7}')";
        assert_eq!(integer(&connection, sql, &[&text]), 1, "{time}");
        let stored = format!("SELECT created_at FROM messages WHERE id = branch_id('u{at}')");
        assert_eq!(integer(&connection, &stored, &[]), seconds, "{time}");
    }
    // Without the caller's, it is the parent's, or else the conversation's, or else now.
    let text = format!(
        r#"[{{"uuid":"c","created_at":"{}","chat_messages":[{{"uuid":"a","sender":"human","text":"x"}},
            {{"uuid":"b","sender":"human","text":"x","created_at":9}},{{"uuid":"d","sender":"human","text":"x"}}]}},
           {{"uuid":"e","chat_messages":[{{"uuid":"f","sender":"human","text":"x"}}]}}]"#,
        iso(1_700_000_000)
    );
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_import('claude-ai', ?1)",
            &[&text]
        ),
        4
    );
    for (uid, time) in [("a", 1_700_000_000), ("b", 9), ("d", 9)] {
        let sql = "SELECT created_at FROM messages WHERE id = branch_id(?1)";
        assert_eq!(integer(&connection, sql, &[&uid]), time, "{uid}");
    }
    let now = "SELECT created_at BETWEEN unixepoch() - 60 AND unixepoch() FROM messages WHERE id = branch_id('f')";
    assert_eq!(integer(&connection, now, &[]), 1);
}

/// An import is one change: it joins the caller's transaction, and an error in it leaves that as it was.
#[test]
fn in_a_transaction_and_in_an_insert() {
    let connection = host::migrated();
    let good = write("pi", &[("a", None, "A"), ("b", Some("a"), "B")]);
    let bad = format!("{good}\nnot JSON\n{{}}");
    connection
        .execute_batch("CREATE TABLE log(n); BEGIN")
        .unwrap();
    assert_eq!(
        integer(&connection, "SELECT branch_import('pi', ?1)", &[&good]),
        2
    );
    let worse = bad.replace("\"id\":\"t\"", "\"id\":\"u\"");
    let (_, error) = host::error(&connection, "SELECT branch_import('pi', ?1)", &[&worse]);
    assert!(error.starts_with("branch_import: line 4: "), "{error}");
    assert!(!connection.is_autocommit());
    assert_eq!(stored(&connection), [1, 2, 2]);
    connection.execute_batch("ROLLBACK").unwrap();
    assert_eq!(stored(&connection), [0; 3]);
    let insert = "INSERT INTO log SELECT branch_import('pi', ?1)";
    connection.execute(insert, [&good]).unwrap();
    assert_eq!(stored(&connection), [1, 2, 2]);
    connection.execute(insert, [&worse]).unwrap_err();
    assert_eq!(stored(&connection), [1, 2, 2]);
    assert_eq!(integer(&connection, "SELECT n FROM log", &[]), 2);
    // What is deleted may come again; a uid whose message is gone does not stand in the way.
    connection
        .execute_batch("DELETE FROM messages; DELETE FROM threads")
        .unwrap();
    assert_eq!(
        integer(&connection, "SELECT branch_import('pi', ?1)", &[&good]),
        2
    );
    assert_eq!(stored(&connection), [1, 2, 2]);
}

/// The leaf moves only where something was added, and a user's choice stays.
#[test]
fn the_leaf() {
    let connection = host::migrated();
    let leaf = "SELECT branch_uid(current_leaf_id) FROM threads";
    let leaf = || -> String { connection.query_row(leaf, [], |row| row.get(0)).unwrap() };
    let dice = &mut Dice(1);
    let tree = Tree::random(1, dice);
    let short = exports::open_webui(&tree, &[0], 0, dice);
    integer(
        &connection,
        "SELECT branch_import('open-webui', ?1)",
        &[&short],
    );
    assert_eq!(leaf(), uuid(0));
    let node = |id: &str, parent: &str, time: i64| {
        format!(
            r#"{{"type":"user","uuid":"{id}","parentUuid":{parent},"sessionId":"chat-0","timestamp":"{}","message":{{"role":"user","content":"{id}"}}}}"#,
            iso(1_700_000_000 + time)
        )
    };
    let session = [
        node("p", "null", 1),
        node("q", "\"p\"", 2),
        node("r", "\"p\"", 9),
        node("s", "\"q\"", 3),
    ];
    let text = session.join("\n");
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_import('claude-code', ?1)",
            &[&text]
        ),
        4
    );
    assert_eq!(leaf(), "r");
    integer(
        &connection,
        "SELECT branch_switch('chat-0', branch_id('s'))",
        &[],
    );
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_import('claude-code', ?1)",
            &[&text]
        ),
        0
    );
    assert_eq!(leaf(), "s");
    let longer = format!("{text}\n{}", node("t", "\"s\"", 5));
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_import('claude-code', ?1)",
            &[&longer]
        ),
        1
    );
    assert_eq!(leaf(), "r");
}
