//! Values that are none: text that is not Unicode, times of all kinds.

use super::exports::iso;
use super::host::{self, integer};
use super::{write, WITH_PARENTS};

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
