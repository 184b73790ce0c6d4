//! Exports of other programs, read with `branch_import`: what is in them is what is stored then.
//!
//! `tests/samples/exports` has a small one of each format, which always run. Those that the programs or readers of their
//! files have made are too large to be kept here; where they lie beside the repository, they run too.

mod dist;
#[path = "import/expected.rs"]
mod expected;
mod host;

use std::path::{Path, PathBuf};

use rusqlite::{params, Connection};

use expected::Counts;
use host::integer;

/// The formats, with a sample of our own for each.
const SAMPLES: [(&str, &str); 11] = [
    ("chatgpt", "chatgpt.json"),
    ("claude-ai", "claude-ai.json"),
    ("claude-code", "claude-code.jsonl"),
    ("codex", "codex.jsonl"),
    ("pi", "pi.jsonl"),
    ("open-webui", "open-webui.json"),
    ("librechat", "librechat.json"),
    ("sillytavern", "sillytavern.jsonl"),
    ("oasst", "oasst.jsonl"),
    ("openai", "openai.json"),
    ("jsonl", "jsonl.jsonl"),
];

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

/// The messages of a sample: uid, uid of the parent, role, content, time.
fn messages(format: &str, text: &str) -> (Connection, Vec<String>) {
    let connection = host::migrated();
    import(&connection, format, text);
    let messages = listed(&connection);
    (connection, messages)
}

fn listed(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare(
            "SELECT concat_ws('|', branch_uid(id), ifnull(branch_uid(parent_entry_id), ''), role, content, created_at) \
             FROM (SELECT *, id FROM messages) ORDER BY id",
        )
        .unwrap_or_else(|error| panic!("{error}"));
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Title, times, archived, and the uid of the leaf.
fn thread(connection: &Connection, id: &str) -> String {
    connection
        .query_row(
            "SELECT concat_ws('|', ifnull(title, 'NULL'), created_at, updated_at, archived, branch_uid(current_leaf_id)) \
             FROM threads WHERE id = ?1",
            params![id],
            |row| row.get(0),
        )
        .unwrap_or_else(|error| panic!("{id}: {error}"))
}

#[test]
fn chatgpt() {
    let (connection, found) = messages("chatgpt", &sample("chatgpt.json"));
    assert_eq!(
        found,
        [
            "n1||user|How long does tea take?|1700000010",
            "n2|n1|assistant|Which tea?|1700000020",
            "n3|n2|tool|3 min|1700000030",
            "n4|n1|assistant|Black tea, four minutes.|1700000040",
        ]
    );
    assert_eq!(thread(&connection, "tea"), "Tea|1700000000|1700000090|1|n4");
    let model =
        "SELECT item_json ->> '$.metadata.model_slug' FROM messages WHERE id = branch_id('n4')";
    let model: String = connection.query_row(model, [], |row| row.get(0)).unwrap();
    assert_eq!(model, "m-2");
}

#[test]
fn claude_ai() {
    let (connection, found) = messages("claude-ai", &sample("claude-ai.json"));
    assert_eq!(
        found,
        [
            "b-1||user|Rye or wheat?|1704067201",
            "b-2|b-1|assistant|Rye.\n\nWith caraway.|1704067202",
            "b-3|b-1|assistant|Wheat.|1704067203",
        ]
    );
    assert_eq!(
        thread(&connection, "c-1"),
        "Bread|1704067200|1704070800|0|b-3"
    );
}

#[test]
fn claude_code() {
    let (connection, found) = messages("claude-code", &sample("claude-code.jsonl"));
    assert_eq!(
        found,
        [
            "k-1||user|Fix the door|1704067201",
            "k-2|k-1|assistant|Which door?|1704067203",
            "k-3|k-2|assistant||1704067203",
            "s-1||user|Look at the hinge|1704067209",
            "k-4|k-3|tool|A hinge is loose.|1704067205",
            "k-5|k-4|system|Conversation compacted|1704067206",
            "k-6|k-5|summary|The door has a loose hinge.|1704067207",
        ]
    );
    // The newest is in a side chain.
    assert_eq!(
        thread(&connection, "door"),
        "Fix the door|1704067201|1704067209|0|k-6"
    );
    let place: String = connection
        .query_row(
            "SELECT cwd || ' ' || git_branch || ' ' || cli_version || ' ' || preview FROM threads",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(place, "/house main 2.0 Fix the door");
    // One answer on two lines counts once.
    assert_eq!(
        integer(
            &connection,
            "SELECT sum(input_tokens) FROM branch_usage('door')",
            &[]
        ),
        10
    );
}

#[test]
fn codex() {
    let (connection, found) = messages("codex", &sample("codex.jsonl"));
    let shown: Vec<&str> = found
        .iter()
        .map(|line| line.splitn(3, '|').last().unwrap())
        .collect();
    assert_eq!(
        shown,
        [
            "developer|<environment_context>\n  <cwd>/code</cwd>\n</environment_context>|1704067200",
            "user|Count the files|1704067201",
            "assistant|With ls.|1704067202",
            "assistant||1704067203",
            "tool|7|1704067204",
            "assistant|Seven.|1704067205",
            "user|Count the folders|1704067207",
            "summary|Asked for folders.|1704067208",
        ]
    );
    let parents =
        "SELECT group_concat(ifnull(parent_entry_id, 0)) FROM (SELECT * FROM messages ORDER BY id)";
    let parents: String = connection.query_row(parents, [], |row| row.get(0)).unwrap();
    assert_eq!(parents, "0,1,2,3,4,5,1,7");
    let place = "SELECT concat_ws(' ', id, cwd, cli_version, model_provider, git_sha, git_branch, git_origin_url, preview, current_leaf_id) FROM threads";
    let place: String = connection.query_row(place, [], |row| row.get(0)).unwrap();
    assert_eq!(
        place,
        "rollout /code 0.128.0 openai abc main https://example.org/r.git Count the files 8"
    );
}

#[test]
fn pi() {
    let (connection, found) = messages("pi", &sample("pi.jsonl"));
    assert_eq!(
        found,
        [
            "pi-1/00000001||user|Paint it|1704067201",
            "pi-1/00000002|pi-1/00000001|assistant|Which colour?|1704067202",
            "pi-1/00000003|pi-1/00000002|tool|Blue|1704067203",
            "pi-1/00000005|pi-1/00000003|bashExecution|$ paint blue\ndone|1704067205",
            "pi-1/00000006|pi-1/00000005|summary|It is to be blue.|1704067206",
            "pi-1/00000007|pi-1/00000006|user|And the roof?|1704067207",
            "pi-1/00000008|pi-1/00000002|branch_summary|Went for blue.|1704067208",
        ]
    );
    assert_eq!(
        thread(&connection, "pi-1"),
        "Painting|1704067200|1704067208|0|pi-1/00000008"
    );
    // The entry that it keeps first is no message: the next one is.
    let kept = "SELECT concat(item_json ->> '$.type', item_json ->> '$.first_kept_id', item_json ->> '$.tokensBefore') FROM messages WHERE role = 'summary'";
    let kept: String = connection.query_row(kept, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "compaction4100");
    integer(&connection, "SELECT branch_switch('pi-1', 6)", &[]);
    let context = "SELECT group_concat(content, '/') FROM branch_context('pi-1')";
    let context: String = connection.query_row(context, [], |row| row.get(0)).unwrap();
    assert_eq!(
        context,
        "It is to be blue./$ paint blue\ndone/And the roof?"
    );
    let label = "SELECT label || message_id || ' ' || created_at FROM branch_labels('pi-1')";
    let label: String = connection.query_row(label, [], |row| row.get(0)).unwrap();
    assert_eq!(label, "colour2 1704067209");
}

#[test]
fn open_webui() {
    let (connection, found) = messages("open-webui", &sample("open-webui.json"));
    assert_eq!(
        found,
        [
            "w-a||user|Soup?|1700000001",
            "w-b|w-a|assistant|Leek.|1700000002",
            "w-c|w-a|assistant|Onion.|1700000003",
        ]
    );
    assert_eq!(
        thread(&connection, "w-1"),
        "Soup|1700000000|1700000100|0|w-b"
    );
}

#[test]
fn librechat() {
    let (connection, found) = messages("librechat", &sample("librechat.json"));
    assert_eq!(
        found,
        [
            "l-a||user|e4|1704067201",
            "l-b|l-a|assistant|e5 \"children\":[|1704067202",
            "l-c|l-a|assistant|c5|1704067203",
            "l-d|l-c|user|Nf3|1704067204",
            "l-e||user|d4|1704067205",
        ]
    );
    assert_eq!(
        thread(&connection, "l-1"),
        "Chess|1704067201|1704067205|0|l-e"
    );
    let own = "SELECT json_array_length(item_json, '$.children') FROM messages WHERE id = 1";
    assert_eq!(integer(&connection, own, &[]), 0);
}

#[test]
fn sillytavern() {
    let (connection, found) = messages("sillytavern", &sample("sillytavern.jsonl"));
    let shown: Vec<&str> = found
        .iter()
        .map(|line| line.splitn(3, '|').last().unwrap())
        .collect();
    assert_eq!(
        shown,
        [
            "assistant|Good day.|1704464520",
            "assistant|Good evening.|1704464580",
            "assistant|Hello.|1704464640",
            "user|Who are you?|1704464700",
            "system|A countess.|1704464760",
        ]
    );
    let parents =
        "SELECT group_concat(ifnull(parent_entry_id, 0)) FROM (SELECT * FROM messages ORDER BY id)";
    let parents: String = connection.query_row(parents, [], |row| row.get(0)).unwrap();
    assert_eq!(parents, "0,0,0,2,4");
    let first = "SELECT item_json FROM messages WHERE id = 2";
    let first: String = connection.query_row(first, [], |row| row.get(0)).unwrap();
    assert_eq!(
        first,
        r#"{"name":"Ada","is_user":false,"is_system":false,"mes":"Good evening.","send_date":"January 5, 2024 2:23pm","extra":{"model":"m"}}"#
    );
    let leaf =
        "SELECT current_leaf_id FROM threads WHERE title = 'Ada' AND created_at = 1704464553";
    assert_eq!(integer(&connection, leaf, &[]), 5);
    // Swiped once more, and another one chosen.
    let longer = sample("sillytavern.jsonl")
        .replace(r#""swipe_id":1"#, r#""swipe_id":2"#)
        .replace(r#""mes":"Good evening.""#, r#""mes":"Hello.""#);
    assert_eq!(import(&connection, "sillytavern", &longer), 2);
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_root(current_leaf_id) FROM threads",
            &[]
        ),
        3
    );
}

#[test]
fn oasst() {
    let (connection, found) = messages("oasst", &sample("oasst.jsonl"));
    let shown: Vec<&str> = found
        .iter()
        .map(|line| line.rsplit_once('|').unwrap().0)
        .collect();
    assert_eq!(
        shown,
        [
            "o-1||user|Why?",
            "o-2|o-1|assistant|Because.",
            "o-3|o-1|assistant|Why not?",
            "o-4|o-3|user|Indeed.",
        ]
    );
    assert_eq!(
        integer(
            &connection,
            "SELECT current_leaf_id FROM threads WHERE id = 'o-1'",
            &[]
        ),
        4
    );
}

#[test]
fn openai() {
    let connection = host::migrated();
    let sql = "SELECT branch_import('openai', ?1, '{\"thread\":\"t\",\"created_at\":1700000000}')";
    assert_eq!(integer(&connection, sql, &[&sample("openai.json")]), 7);
    let found = listed(&connection);
    let shown: Vec<&str> = found
        .iter()
        .map(|line| line.splitn(3, '|').last().unwrap())
        .collect();
    assert_eq!(
        shown,
        [
            "system|Be brief.|1700000000",
            "user|What is this?|1700000000",
            "assistant||1700000000",
            "tool|A cat.|1700000000",
            "assistant|A cat.|1700000000",
            "assistant||1700000000",
            "tool|Purr.|1700000000",
        ]
    );
    assert_eq!(
        integer(
            &connection,
            "SELECT current_leaf_id FROM threads WHERE id = 't'",
            &[]
        ),
        7
    );
    // The whole request is the same conversation; in another thread it is another one.
    let request = format!(r#"{{"model":"m","messages":{}}}"#, sample("openai.json"));
    assert_eq!(integer(&connection, sql, &[&request]), 0);
    let other = sql.replace(r#""t""#, r#""u""#);
    assert_eq!(integer(&connection, &other, &[&request]), 7);
    // Without a thread, it is named by its first message.
    assert_eq!(import(&connection, "openai", &request), 7);
    let named = "SELECT count(*) FROM threads WHERE id = branch_uid(branch_root(current_leaf_id))";
    assert_eq!(integer(&connection, named, &[]), 1);
    assert_eq!(integer(&connection, "SELECT count(*) FROM threads", &[]), 3);
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
