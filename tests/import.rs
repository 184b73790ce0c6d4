//! Exports of other programs, read with `branch_import`: what is in them is what is stored then.
//!
//! `tests/samples/exports` has a small one of each format, which always run. Those that the programs or readers of their
//! files have made are too large to be kept here; where they lie beside the repository, they run too.

mod dist;
#[path = "import/expected.rs"]
mod expected;
mod exports;
#[path = "import/formats.rs"]
mod formats;
mod host;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use expected::Counts;
use exports::SAMPLES;
use host::integer;

fn sample(name: &str) -> String {
    let path = dist::root().join("tests/samples/exports").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn import(connection: &Connection, format: &str, text: &str) -> i64 {
    integer(
        connection,
        "SELECT branch_import(?1, ?2)",
        &[&format, &text],
    )
}

fn counts(connection: &Connection) -> Counts {
    let count = |sql| integer(connection, sql, &[]) as usize;
    Counts {
        conversations: count("SELECT count(*) FROM threads"),
        messages: count("SELECT count(*) FROM messages"),
        leaves: count("SELECT count(*) FROM threads JOIN branch_leaves(threads.id)"),
    }
}

/// Imports a file, compares what is counted in it with what is stored, and imports it again.
fn compare(format: &str, path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let expected = expected::count(format, &text);
    for (way, called) in [(format, "its format"), ("auto", "auto")] {
        let connection = host::migrated();
        let sql = "SELECT branch_import(?1, ?2, ?3)";
        // One of the samples has a line that is not JSON, on purpose.
        let options = if name == "session.jsonl" {
            r#"{"skip_bad":true}"#
        } else {
            "{}"
        };
        let added = integer(&connection, sql, &[&way, &text, &options]);
        assert_eq!(added as usize, expected.messages, "{name} as {called}");
        let stored = counts(&connection);
        assert_eq!(stored, expected, "{name} as {called}");
        let again = integer(&connection, sql, &[&way, &text.as_bytes(), &options]);
        assert_eq!(again, 0, "{name} again");
        assert_eq!(counts(&connection), expected, "{name} again");
        for (sql, what) in [
            ("SELECT count(*) FROM branch_check()", "broken"),
            ("SELECT count(*) FROM messages WHERE NOT json_valid(item_json)", "no JSON"),
            (
                "SELECT count(*) FROM messages WHERE created_at NOT BETWEEN 1500000000 AND unixepoch()",
                "a wrong time",
            ),
        ] {
            assert_eq!(integer(&connection, sql, &[]), 0, "{name}: {what}");
        }
        if way == "auto" {
            println!("| {format} | {name} | {expected} | {stored} |");
        }
    }
}

#[test]
fn our_own_samples() {
    println!("| format | sample | conversations, messages, leaves in the file | in the database |");
    for (format, name) in SAMPLES {
        compare(
            format,
            &dist::root().join("tests/samples/exports").join(name),
        );
    }
}

#[test]
fn the_samples_beside_the_repository() {
    let folder = dist::root().join("../shared/data");
    if !folder.join("exports").exists() {
        dist::not_run("the import of other projects' samples", "shared");
        return;
    }
    println!("| format | sample | conversations, messages, leaves in the file | in the database |");
    let mut read = 0;
    for (format, _) in SAMPLES {
        let Ok(entries) = std::fs::read_dir(folder.join("exports").join(format)) else {
            continue;
        };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            // A description of the format, not an export.
            if !path.ends_with("schema.json") {
                compare(format, &path);
                read += 1;
            }
        }
    }
    compare("oasst", &folder.join("oasst_en_100_trees.jsonl"));
    assert_eq!(read, 18);
}

#[test]
fn options() {
    let connection = host::migrated();
    let sql = "SELECT branch_import('oasst', ?1, '{\"thread_prefix\":\"mine/\",\"created_at\":5,\"thread\":null}')";
    assert_eq!(integer(&connection, sql, &[&sample("oasst.jsonl")]), 4);
    let stored = "SELECT count(*) FROM messages WHERE thread_id = 'mine/o-1' AND created_at = 5";
    assert_eq!(integer(&connection, stored, &[]), 4);
    for (options, wrong) in [
        ("[]", "options must be a JSON object"),
        ("5", "options must be a JSON object"),
        (
            r#"{"skip":true}"#,
            "no option 'skip'; there are skip_bad, thread_prefix, thread and created_at",
        ),
        (
            r#"{"skip_bad":1}"#,
            "the option skip_bad must be true or false",
        ),
        (
            r#"{"thread_prefix":1}"#,
            "the option thread_prefix must be text",
        ),
        (r#"{"thread":[]}"#, "the option thread must be text"),
        (
            r#"{"created_at":"now"}"#,
            "the option created_at must be Unix seconds",
        ),
        (
            r#"{"created_at":1700000000000}"#,
            "the option created_at must be Unix seconds",
        ),
    ] {
        let sql = "SELECT branch_import('openai', '[]', ?1)";
        let expected = (1, format!("branch_import: {wrong}"));
        assert_eq!(
            host::error(&connection, sql, &[&options]),
            expected,
            "{options}"
        );
    }
    assert_eq!(
        host::error(&connection, "SELECT branch_import('word', '')", &[]).1,
        "branch_import: no format 'word'; there are chatgpt, claude-ai, claude-code, codex, pi, open-webui, librechat, \
         sillytavern, oasst, openai, jsonl and auto"
    );
}
