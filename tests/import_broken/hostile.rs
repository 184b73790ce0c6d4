//! What is right JSON, and yet not what anybody expects: very deep, very long, twice, empty, compressed.

use super::exports::Dice;
use super::host::{self, error, integer};
use super::{stored, whole, write, WITH_PARENTS};

const IMPORT: &str = "SELECT branch_import(?1, ?2)";

/// Nesting is no danger to a stack as small as any.
#[test]
fn nested_ten_thousand_deep() {
    let deep = || {
        for (open, inside, close) in [
            ("[", "", "]"),
            ("{\"a\":", "1", "}"),
            ("[{\"text\":", "[]", "}]"),
        ] {
            let deep = open.repeat(10_000) + inside + &close.repeat(10_000);
            for (format, text, messages) in whole(&mut Dice(6)) {
                // In the first object, and as the content of a message.
                let text = text.replacen('{', &format!("{{\"x\":{deep},"), 1);
                let db = host::migrated();
                let added = integer(&db, IMPORT, &[&format, &text]);
                assert_eq!(added as usize, messages, "{format}");
                assert_eq!(integer(&db, IMPORT, &[&format, &text]), 0, "{format}");
            }
            for format in WITH_PARENTS.into_iter().filter(|format| *format != "jsonl") {
                let text = write(format, &[("a", None, "A")]).replace("\"A\"", &deep);
                let db = host::migrated();
                assert_eq!(integer(&db, IMPORT, &[&format, &text]), 1, "{format}");
            }
            // As the whole text.
            let db = host::migrated();
            for (format, ..) in whole(&mut Dice(7)) {
                if format != "openai" {
                    let (code, said) = error(&db, IMPORT, &[&format, &deep]);
                    assert_eq!(code, 1);
                    assert!(
                        said.starts_with("branch_import: line 1: ")
                            && said.ends_with(&format!("({format})")),
                        "{format}: {said}"
                    );
                }
            }
            let (code, said) = error(&db, IMPORT, &[&"openai", &deep]);
            assert_eq!(code, 1);
            assert!(
                said.starts_with("branch_import: line 1: a message "),
                "{said}"
            );
            assert_eq!(stored(&db), [0; 3]);
        }
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    thread.spawn(deep).unwrap().join().unwrap();
}

#[test]
fn one_very_long_line() {
    let long = "é\\n".repeat(256 << 10);
    for format in WITH_PARENTS {
        let text = write(format, &[("a", None, "A"), ("b", Some("a"), "B")]);
        let text = text.replace("\"B\"", &format!("\"{long}\""));
        let db = host::migrated();
        assert_eq!(integer(&db, IMPORT, &[&format, &text]), 2, "{format}");
        let length = "SELECT max(length(content)) FROM messages";
        assert_eq!(integer(&db, length, &[]), 512 << 10, "{format}");
    }
}

/// Ids are compared byte for byte.
#[test]
fn ids_of_another_case() {
    for format in WITH_PARENTS {
        let nodes = [
            ("id", None, "A"),
            ("ID", Some("id"), "B"),
            ("Id", Some("ID"), "C"),
        ];
        let db = host::migrated();
        let text = write(format, &nodes);
        assert_eq!(integer(&db, IMPORT, &[&format, &text]), 3, "{format}");
        let depth = "SELECT max(depth) FROM branch_tree((SELECT id FROM threads))";
        assert_eq!(integer(&db, depth, &[]), 2, "{format}");
    }
}

/// Of members of one name the first counts, as for SQLite's `->`.
#[test]
fn members_that_are_there_twice() {
    for format in ["claude-ai", "claude-code", "pi", "librechat", "jsonl"] {
        let text = write(format, &[("a", None, "A"), ("b", Some("a"), "B")]);
        for (name, value) in [
            ("role", "\"zz\""),
            ("text", "null"),
            ("parent", "null"),
            ("parentUuid", "null"),
            ("uuid", "null"),
            ("messages", "null"),
        ] {
            let twice = text.replace('}', &format!(",\"{name}\":{value}}}"));
            let twice = twice.replace("{,", "{");
            let db = host::migrated();
            let added = integer(&db, IMPORT, &[&format, &twice]);
            assert_eq!(added, 2, "{format}: {name}");
            // LibreChat's messages have a role of another name.
            let roles = "SELECT count(*) FROM messages WHERE role = 'zz'";
            let others = 2 * i64::from(format == "librechat" && name == "role");
            assert_eq!(integer(&db, roles, &[]), others, "{format}");
            let b = "SELECT p.content FROM messages AS m JOIN messages AS p ON p.id = m.parent_entry_id";
            let above: String = db.query_row(b, [], |row| row.get(0)).unwrap();
            assert_eq!(above, "A", "{format}: {name}");
        }
    }
}

#[test]
fn conversations_without_messages() {
    let db = host::migrated();
    for (format, text) in [
        (
            "chatgpt",
            r#"[{"id":"t","mapping":{}},{"id":"u","mapping":{"r":{"message":null}}}]"#,
        ),
        (
            "claude-ai",
            r#"[{"uuid":"t","chat_messages":[]},{"uuid":"u","chat_messages":[null]}]"#,
        ),
        (
            "claude-code",
            r#"{"type":"summary","summary":"x","leafUuid":"y"}"#,
        ),
        ("codex", r#"{"type":"session_meta","payload":{"id":"t"}}"#),
        ("pi", r#"{"type":"session","id":"t"}"#),
        (
            "open-webui",
            r#"[{"id":"t","chat":{"history":{}}},{"id":"u","chat":{"history":{"messages":{}}}}]"#,
        ),
        ("librechat", r#"{"conversationId":"t","messages":[]}"#),
        ("sillytavern", r#"{"user_name":"a","character_name":"b"}"#),
        ("openai", r#"{"messages":[]}"#),
        ("openai", "[[],[]]"),
    ] {
        assert_eq!(integer(&db, IMPORT, &[&format, &text]), 0, "{format}");
        assert_eq!(stored(&db), [0; 3], "{format}");
    }
}

/// The leaf that a file names is not there: the newest message is.
#[test]
fn a_leaf_that_is_missing() {
    for (format, before, after) in [
        (
            "chatgpt",
            "\"mapping\":",
            "\"current_node\":\"gone\",\"mapping\":",
        ),
        (
            "claude-ai",
            "\"chat_messages\":",
            "\"current_leaf_message_uuid\":\"gone\",\"chat_messages\":",
        ),
        (
            "open-webui",
            "\"messages\":",
            "\"currentId\":\"gone\",\"messages\":",
        ),
        ("jsonl", "\"leaf\":null", "\"leaf\":\"gone\""),
    ] {
        let text = write(
            format,
            &[
                ("a", None, "A"),
                ("b", Some("a"), "B"),
                ("c", Some("a"), "C"),
            ],
        );
        let text = text.replacen(before, after, 1);
        assert!(text.contains("gone"));
        let db = host::migrated();
        assert_eq!(integer(&db, IMPORT, &[&format, &text]), 3, "{format}");
        let leaf = "SELECT content FROM messages WHERE id = (SELECT current_leaf_id FROM threads)";
        let leaf: String = db.query_row(leaf, [], |row| row.get(0)).unwrap();
        assert_eq!(leaf, "C", "{format}");
    }
}

#[test]
fn a_compressed_file() {
    let db = host::migrated();
    for blob in [&b"\x1F\x8B\x08\0\0\0"[..], b"PK\x03\x04rest"] {
        for format in ["auto", "chatgpt", "jsonl"] {
            let expected =
                "branch_import: line 1: this is compressed (gzip or zip): unpack it first";
            let refused = error(&db, IMPORT, &[&format, &blob]);
            assert_eq!(refused, (1, expected.to_owned()), "{format}");
        }
    }
}

/// What comes back after a label or a summary has named it is looked for among what is stored.
#[test]
fn an_entry_that_an_earlier_file_has() {
    let db = host::migrated();
    let lines = |rest: &str| format!("{{\"type\":\"session\",\"id\":\"t\"}}\n{rest}");
    let first = lines(
        r#"{"type":"message","id":"a","parentId":null,"message":{"role":"user","content":"A"}}"#,
    );
    assert_eq!(integer(&db, IMPORT, &[&"pi", &first]), 1);
    let more = lines(
        r#"{"type":"label","id":"l","parentId":null,"targetId":"a","label":"start"}
{"type":"message","id":"b","parentId":"a","message":{"role":"user","content":"B"}}"#,
    );
    assert_eq!(integer(&db, IMPORT, &[&"pi", &more]), 1);
    let links = "SELECT parent_entry_id FROM messages WHERE content = 'B'";
    assert_eq!(integer(&db, links, &[]), 1);
    let label = "SELECT message_id FROM branch_labels('t') WHERE label = 'start'";
    assert_eq!(integer(&db, label, &[]), 1);
}
