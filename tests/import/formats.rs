//! What becomes of the sample of each format, message by message.

use rusqlite::{params, Connection};

use super::host::{self, integer};
use super::{import, sample};

/// The messages of a sample: uid, uid of the parent, role, content, time.
pub fn messages(format: &str, text: &str) -> (Connection, Vec<String>) {
    let connection = host::migrated();
    import(&connection, format, text);
    let messages = listed(&connection);
    (connection, messages)
}

pub fn listed(connection: &Connection) -> Vec<String> {
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
pub fn thread(connection: &Connection, id: &str) -> String {
    connection
        .query_row(
            "SELECT concat_ws('|', ifnull(title, 'NULL'), created_at, updated_at, archived, branch_uid(current_leaf_id)) \
             FROM threads WHERE id = ?1",
            params![id],
            |row| row.get(0),
        )
        .unwrap_or_else(|error| panic!("{id}: {error}"))
}

/// The one text that a query gives.
fn text(connection: &Connection, sql: &str) -> String {
    connection
        .query_row(sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Role, content and time of what [`listed`] gives.
fn without_uids(found: &[String]) -> Vec<&str> {
    let shown = found.iter().map(|line| line.splitn(3, '|').last().unwrap());
    shown.collect()
}

/// Of all messages by id, the parents; 0 is none.
fn parents(connection: &Connection) -> String {
    text(
        connection,
        "SELECT group_concat(ifnull(parent_entry_id, 0)) FROM (SELECT * FROM messages ORDER BY id)",
    )
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
    let model = text(&connection, model);
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
    let place = text(
        &connection,
        "SELECT cwd || ' ' || git_branch || ' ' || cli_version || ' ' || preview FROM threads",
    );
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
    let shown = without_uids(&found);
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
    assert_eq!(parents(&connection), "0,1,2,3,4,5,1,7");
    let place = "SELECT concat_ws(' ', id, cwd, cli_version, model_provider, git_sha, git_branch, git_origin_url, preview, current_leaf_id) FROM threads";
    let place = text(&connection, place);
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
    let kept = text(&connection, kept);
    assert_eq!(kept, "compaction4100");
    integer(&connection, "SELECT branch_switch('pi-1', 6)", &[]);
    let context = "SELECT group_concat(content, '/') FROM branch_context('pi-1')";
    let context = text(&connection, context);
    assert_eq!(
        context,
        "It is to be blue./$ paint blue\ndone/And the roof?"
    );
    let label = "SELECT label || message_id || ' ' || created_at FROM branch_labels('pi-1')";
    let label = text(&connection, label);
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
    let shown = without_uids(&found);
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
    assert_eq!(parents(&connection), "0,0,0,2,4");
    let first = "SELECT item_json FROM messages WHERE id = 2";
    let first = text(&connection, first);
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
    let shown = without_uids(&found);
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

/// A chat with a greeting, which is a line of these members, and an answer.
fn chat(header: &str, greeting: &str) -> String {
    format!(
        "{{\"user_name\":\"You\",\"character_name\":\"Ada\"{header}}}\n{{\"name\":\"Ada\",\"is_user\":false{greeting}}}\n\
         {{\"name\":\"You\",\"is_user\":true,\"mes\":\"And?\",\"send_date\":1704464760000}}"
    )
}

/// Whatever `swipe_id` says, what is shown and all swipes are kept, equal ones once, and the chat goes on below what is shown.
#[test]
fn swipes_and_what_is_shown() {
    for (line, kept, shown) in [
        (
            r#","mes":"b","swipes":["a","b","c"],"swipe_id":1"#,
            "a/b/c",
            "b",
        ),
        (r#","mes":"b","swipes":["a","b","c"]"#, "a/b/c", "b"),
        (
            r#","mes":"b","swipes":["a","b","c"],"swipe_id":7"#,
            "a/b/c",
            "b",
        ),
        (
            r#","mes":"b","swipes":["a","b","c"],"swipe_id":-1"#,
            "a/b/c",
            "b",
        ),
        (
            r#","mes":"b","swipes":["a","b","c"],"swipe_id":"1""#,
            "a/b/c",
            "b",
        ),
        // It is shown although another is said to be chosen.
        (
            r#","mes":"b","swipes":["a","b","c"],"swipe_id":0"#,
            "a/b/c",
            "b",
        ),
        (
            r#","mes":"x","swipes":["a","b"],"swipe_id":0"#,
            "a/x/b",
            "x",
        ),
        (r#","mes":"x","swipes":["a","b"]"#, "a/b/x", "x"),
        (
            r#","mes":"x","swipes":["a","b"],"swipe_id":2"#,
            "a/b/x",
            "x",
        ),
        (r#","mes":"x","swipes":["a"],"swipe_id":0"#, "a/x", "x"),
        (r#","mes":"x","swipes":[]"#, "x", "x"),
        (r#","mes":"","swipes":["","a"],"swipe_id":0"#, "/a", ""),
        (r#","mes":"a","swipes":["a","a"],"swipe_id":1"#, "a", "a"),
        (r#","mes":"b","swipes":[null,"b"],"swipe_id":1"#, "b", "b"),
        (r#","swipes":["a","b"],"swipe_id":1"#, "a/b", "b"),
        (r#","swipes":["a","b"]"#, "a/b", "a"),
    ] {
        let connection = host::migrated();
        let chat = chat("", line);
        let count = kept.split('/').count() as i64 + 1;
        assert_eq!(import(&connection, "sillytavern", &chat), count, "{line}");
        let contents = "SELECT group_concat(content, '/') FROM (SELECT content FROM messages WHERE role = 'assistant' ORDER BY id)";
        assert_eq!(text(&connection, contents), kept, "{line}");
        let above =
            "SELECT p.content FROM messages AS m JOIN messages AS p ON p.id = m.parent_entry_id";
        assert_eq!(text(&connection, above), shown, "{line}");
        // Each has its text in its original.
        let other = "SELECT count(*) FROM messages WHERE item_json ->> '$.mes' IS NOT content";
        assert_eq!(
            integer(&connection, other, &[]),
            i64::from(count == 2 && !line.contains("\"mes\""))
        );
        assert_eq!(
            import(&connection, "sillytavern", &chat),
            0,
            "again: {line}"
        );
    }
}

/// Chats with a character begin with the same words; undated, the time of the chat tells them apart.
#[test]
fn the_same_greeting_in_two_chats() {
    let connection = host::migrated();
    let greeting = r#","mes":"Good evening.""#;
    let one = chat(r#","create_date":"2024-1-5 @14h 22m 33s 123ms""#, greeting);
    let two = one.replace("14h", "15h");
    let three = chat(r#","chat_metadata":{"integrity":"5-6-7"}"#, greeting);
    for chat in [&one, &two, &three] {
        assert_eq!(import(&connection, "sillytavern", chat), 2, "{chat}");
    }
    // Gone on with, and branched off.
    let more = "\n{\"name\":\"Ada\",\"mes\":\"I am a countess.\"}";
    assert_eq!(
        import(&connection, "sillytavern", &format!("{one}{more}")),
        1
    );
    let branch = one.replace(
        "\"create_date\"",
        "\"chat_metadata\":{\"main_chat\":\"x\"},\"create_date\"",
    );
    let branch = branch.replace("And?", "So?");
    assert_eq!(import(&connection, "sillytavern", &branch), 1);
    let threads = "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM messages GROUP BY thread_id ORDER BY n)";
    assert_eq!(text(&connection, threads), "2,2,4");
}
