//! Text of any bytes goes in and comes out as it is.

use rusqlite::types::ValueRef;
use rusqlite::{params, Connection};

use crate::host::{self, error, integer};

/// Texts that somebody's code has stumbled over.
const TEXTS: [&str; 11] = [
    "",
    "\0",
    "a\0b",
    "\0\0after",
    "ends with\0",
    "%s%n%d%x%999999999s",
    "'; DROP TABLE messages; --",
    "line\r\none\ttab\u{1b}[31m",
    "👩‍👩‍👧‍👦 ñ \u{202e}evila \u{feff}",
    "\u{10ffff}\u{d7ff}",
    "\"quoted\" `ticked` [bracketed]",
];

/// The bytes of the texts that a query gives.
fn bytes(connection: &Connection, column: &str, from: &str, thread: &str) -> Vec<Vec<u8>> {
    let sql = format!("SELECT {column} FROM {from}");
    let mut statement = connection.prepare(&sql).unwrap();
    let mut rows = statement.query(params![thread]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap_or_else(|error| panic!("{sql}: {error}")) {
        match row.get_ref(0).unwrap() {
            ValueRef::Text(text) => found.push(text.to_vec()),
            other => panic!("{sql}: {other:?}"),
        }
    }
    found
}

fn round_trip(connection: &Connection, text: &str) {
    // A thread id, a role and a content of this text, all at once; and in a copy.
    let thread = format!("{text} thread");
    host::add_thread(connection, &thread);
    let json = serde_json::json!({ "content": text }).to_string();
    let first = integer(
        connection,
        "SELECT branch_append(?1, ?2, ?2, ?3)",
        params![thread, text, json],
    );
    let second = integer(
        connection,
        "SELECT branch_fork(?1, ?2, ?2, ?3)",
        params![first, text, json],
    );
    let third = integer(
        connection,
        "SELECT branch_alternative(?1, ?2, ?2, ?3)",
        params![second, text, json],
    );
    integer(
        connection,
        "SELECT branch_switch(?1, ?2)",
        params![thread, second],
    );
    let copy = format!("{text} copy");
    integer(
        connection,
        "SELECT branch_copy(?1, ?2)",
        params![second, copy],
    );

    for (thread, of) in [(&thread, first), (&copy, third + 1)] {
        let thread = thread.as_str();
        for (from, rows) in [
            ("branch_messages(?1)".to_owned(), 2),
            (
                format!("(SELECT * FROM branch_children({of}) WHERE thread_id = ?1)"),
                0,
            ),
            (
                format!("(SELECT * FROM branch_siblings({of}) WHERE thread_id = ?1)"),
                1,
            ),
            ("branch_leaves(?1)".to_owned(), 0),
            (
                format!(
                    "branch_path({}) AS path JOIN messages USING (id) WHERE thread_id = ?1",
                    of + 1
                ),
                2,
            ),
        ] {
            for (column, text) in [
                ("thread_id", thread),
                ("role", text),
                ("content", text),
                ("item_json", json.as_str()),
            ] {
                let found = bytes(connection, column, &from, thread);
                assert!(found.len() >= rows, "{column} of {from}: {found:?}");
                for found in found {
                    assert_eq!(found, text.as_bytes(), "{column} of {from}");
                }
            }
        }
        for role in bytes(connection, "role", "branch_tree(?1)", thread) {
            assert_eq!(role, text.as_bytes(), "branch_tree");
        }
        // The hidden columns give back what was passed.
        let argument = bytes(connection, "\"thread\"", "branch_tree(?1)", thread);
        assert!(
            argument.iter().all(|found| *found == thread.as_bytes()),
            "{argument:?}"
        );
    }
    let diff = format!("(SELECT * FROM branch_diff({second}, {third}) WHERE thread_id = ?1)");
    assert_eq!(
        bytes(connection, "content", &diff, &thread),
        [text.as_bytes(), text.as_bytes()]
    );

    // A problem is told with the thread's id as it is.
    connection
        .execute(
            "UPDATE threads SET current_leaf_id = ?2 WHERE id = ?1",
            params![thread, third + 1],
        )
        .unwrap();
    assert_eq!(
        bytes(connection, "thread_id", "branch_check(?1)", &thread),
        [thread.as_bytes()]
    );
    integer(connection, "SELECT branch_clear(?1)", params![copy]);
    integer(connection, "SELECT branch_clear(?1)", params![thread]);
    let left = integer(connection, "SELECT count(*) FROM messages", &[]);
    assert_eq!(left, 0);
}

#[test]
fn any_text_comes_back_byte_for_byte() {
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let connection = host::memory();
        connection
            .pragma_update(None, "encoding", encoding)
            .unwrap();
        integer(&connection, "SELECT branch_migrate()", &[]);
        let now: String = connection
            .query_row("PRAGMA encoding", [], |row| row.get(0))
            .unwrap();
        assert_eq!(now, encoding);
        for text in TEXTS {
            round_trip(&connection, text);
        }
    }
}

#[test]
fn text_of_a_megabyte() {
    let connection = host::migrated();
    let long: String = "a\0é".chars().cycle().take(1 << 20).collect();
    round_trip(&connection, &long);
}

#[test]
fn invalid_utf8_comes_back_byte_for_byte() {
    let connection = host::migrated();
    for bytes in [
        "FF", "41FF42", "C0AF", "EDA080", "F4908080", "E282", "00FF00",
    ] {
        let text = format!("CAST(x'{bytes}' AS TEXT)");
        connection
            .execute_batch(&format!(
                "INSERT INTO threads SELECT {text}, rollout_path, preview, ephemeral, model_provider, created_at, \
                     updated_at, status, path, cwd, cli_version, source, title, sandbox_policy, approval_mode, archived, \
                     archived_at, git_sha, git_branch, git_origin_url, memory_mode, current_leaf_id \
                 FROM (SELECT NULL AS rollout_path, '' AS preview, 0 AS ephemeral, '' AS model_provider, \
                     1 AS created_at, 1 AS updated_at, '' AS status, NULL AS path, '' AS cwd, '' AS cli_version, \
                     '' AS source, NULL AS title, NULL AS sandbox_policy, NULL AS approval_mode, 0 AS archived, \
                     NULL AS archived_at, NULL AS git_sha, NULL AS git_branch, NULL AS git_origin_url, \
                     NULL AS memory_mode, NULL AS current_leaf_id);"
            ))
            .unwrap();
        integer(
            &connection,
            &format!("SELECT branch_append({text}, {text}, {text})"),
            &[],
        );
        let found: String = connection
            .query_row(
                &format!(
                    "SELECT hex(thread_id) || ' ' || hex(role) || ' ' || hex(content) || ' ' \
                         || hex(branch_messages.thread) \
                     FROM branch_messages({text})"
                ),
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(found, format!("{bytes} {bytes} {bytes} {bytes}"));
        // What is for people is drawn with what can be drawn; the error is valid text, too.
        let lines = integer(
            &connection,
            &format!("SELECT count(*) FROM branch_tree({text}) WHERE length(graph) > 0"),
            &[],
        );
        assert_eq!(lines, 1);
        let (code, message) = error(
            &connection,
            &format!("SELECT branch_append('no such ' || {text}, 'user', '')"),
            &[],
        );
        assert_eq!(code, 1);
        assert!(
            message.starts_with("branch_append: no thread 'no such "),
            "{message}"
        );
        let (code, message) = error(
            &connection,
            &format!("SELECT branch_append({text}, 'user', '', {text})"),
            &[],
        );
        assert_eq!(code, 1);
        assert!(
            message.starts_with("branch_append: item_json is not valid JSON: "),
            "{message}"
        );
    }
}

/// In the framework, a table's error text is a format for printf.
#[test]
fn a_thread_id_of_percent_signs_in_an_error() {
    let connection = host::migrated();
    for id in [
        "%s%n",
        "%s%s%s%s%s%s%n%n%n",
        "%",
        "%%",
        "%999999999d",
        "%lld%p%c%q%Q%w%z",
    ] {
        host::add_thread(&connection, id);
        connection
            .execute(
                "UPDATE threads SET current_leaf_id = 99 WHERE id = ?1",
                [id],
            )
            .unwrap();
        let text = |name: &str| {
            (
                267,
                format!("{name}: thread '{id}': its current leaf 99 is missing"),
            )
        };
        assert_eq!(
            error(&connection, "SELECT * FROM branch_messages(?1)", &[&id]),
            text("branch_messages")
        );
        assert_eq!(
            error(&connection, "SELECT branch_append(?1, 'user', '')", &[&id]),
            text("branch_append")
        );
        let text = |name: &str, argument: &str| {
            (
                1,
                format!("{name}: {argument} must be an integer, not '{id}'"),
            )
        };
        assert_eq!(
            error(&connection, "SELECT * FROM branch_messages('', ?1)", &[&id]),
            text("branch_messages", "limit")
        );
        assert_eq!(
            error(&connection, "SELECT branch_prune(?1)", &[&id]),
            (1, format!("branch_prune: no message '{id}'"))
        );
    }
}

/// An error message is a C string: what follows a NUL must not get lost.
#[test]
fn a_nul_in_an_error() {
    let connection = host::migrated();
    for (name, sql) in [
        ("branch_path", "SELECT * FROM branch_path(1, ?1)"),
        ("branch_prune", "SELECT branch_prune(?1)"),
    ] {
        let (code, text) = error(&connection, sql, &[&"a\0b"]);
        assert_eq!(code, 1);
        assert!(
            text.starts_with(name) && text.ends_with("'a\u{2400}b'"),
            "{text}"
        );
    }
}

#[test]
fn long_text_in_an_error_is_cut() {
    let connection = host::migrated();
    let id = "é".repeat(100_000);
    let (_, text) = error(&connection, "SELECT branch_append(?1, 'user', '')", &[&id]);
    assert_eq!(
        text,
        format!("branch_append: no thread '{}…'", "é".repeat(120))
    );
    let (_, text) = error(&connection, "SELECT * FROM branch_path(1, ?1)", &[&id]);
    assert_eq!(
        text,
        format!(
            "branch_path: limit must be an integer, not '{}…'",
            "é".repeat(120)
        )
    );
}

#[test]
fn empty_values() {
    let connection = host::migrated();
    host::add_thread(&connection, "");
    assert_eq!(
        integer(&connection, "SELECT branch_append('', '', '')", &[]),
        1
    );
    assert_eq!(
        integer(
            &connection,
            "SELECT count(*) FROM branch_messages('') WHERE content = ''",
            &[]
        ),
        1
    );
    for (sql, text) in [
        ("SELECT branch_append(x'', '', '')", "branch_append: thread_id must be text, not a blob"),
        ("SELECT branch_append('', x'', '')", "branch_append: role must be text, not a blob"),
        ("SELECT branch_append('', '', zeroblob(0))", "branch_append: content must be text, not a blob"),
        ("SELECT branch_append('', '', '', x'')", "branch_append: item_json must be text, not a blob"),
        (
            "SELECT branch_append('', '', '', '')",
            "branch_append: item_json is not valid JSON: EOF while parsing a value at line 1 column 0",
        ),
        ("SELECT branch_depth(x'')", "branch_depth: message_id must be an integer or a uid, not a blob"),
        ("SELECT branch_prune('')", "branch_prune: no message ''"),
        ("SELECT * FROM branch_messages(x'')", "branch_messages: thread_id must be text, not a blob"),
        ("SELECT * FROM branch_path(zeroblob(0))", "branch_path: message_id must be an integer or a uid, not a blob"),
        ("SELECT * FROM branch_path(1, '')", "branch_path: limit must be an integer, not ''"),
    ] {
        assert_eq!(error(&connection, sql, &[]), (1, text.to_owned()), "{sql}");
    }
    // An empty value of any type as a parameter, not a literal.
    let empty: &[u8] = &[];
    assert_eq!(
        error(&connection, "SELECT branch_append('', '', ?1)", &[&empty]),
        (
            1,
            "branch_append: content must be text, not a blob".to_owned()
        )
    );
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM messages", &[]),
        1
    );
}
