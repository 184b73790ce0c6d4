//! What is given of the messages that are found.

use std::collections::BTreeSet;

use super::{empty, host, ids, index, rows, say};

#[test]
fn all_columns_of_the_messages() {
    let connection = empty();
    connection
        .execute_batch(
            "SELECT branch_append('t', 'user', 'peas', '{\"a\": 1}', 10), branch_append('t', 'assistant', 'beans', NULL, 11),
                 branch_alternative(2, 'assistant', 'peas again', NULL, 12), branch_append('u', 'tool', 'more peas', '[]', 13)",
        )
        .unwrap();
    let sql = "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id, snippet, is_current \
               FROM branch_search('peas') ORDER BY id";
    let expected = [
        "1|t|user|peas|{\"a\": 1}|10|-|«peas»|1",
        "3|t|assistant|peas again|-|12|1|«peas» again|1",
        "4|u|tool|more peas|[]|13|-|more «peas»|1",
    ];
    assert_eq!(rows(&connection, sql, &[]), expected);
    index(&connection);
    assert_eq!(rows(&connection, sql, &[]), expected);
    // `*` is these and the rank, and no argument.
    let columns: Vec<String> = rows(
        &connection,
        "SELECT name FROM pragma_table_info('branch_search')",
        &[],
    );
    assert_eq!(
        columns,
        [
            "id",
            "thread_id",
            "role",
            "content",
            "item_json",
            "created_at",
            "parent_entry_id",
            "rank",
            "snippet",
            "is_current"
        ]
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT rowid, id FROM branch_search('again')",
            &[]
        ),
        ["3|3"]
    );
    // Arguments as columns, as with any table-valued function.
    let by_column = "SELECT id FROM branch_search WHERE query = 'peas' AND thread = 'u'";
    assert_eq!(rows(&connection, by_column, &[]), ["4"]);
}

#[test]
fn of_one_thread() {
    let connection = empty();
    host::add_thread(&connection, "7");
    for thread in ["t", "u", "7"] {
        host::integer(
            &connection,
            "SELECT branch_append(?1, 'user', 'peas in ' || ?1)",
            &[&thread],
        );
    }
    for indexed in [0, 1, 2] {
        let of = |thread: &str| {
            rows(
                &connection,
                &format!("SELECT id FROM branch_search('peas', {thread})"),
                &[],
            )
        };
        assert_eq!(of("'t'"), ["1"], "{indexed}");
        assert_eq!(of("'u'"), ["2"]);
        assert_eq!(of("7"), ["3"]);
        assert_eq!(of("'7'"), ["3"]);
        assert_eq!(of("'nobody'"), [""; 0]);
        assert_eq!(of("NULL").len(), 3);
        // In the index, and then one of them in a gap of it.
        if indexed == 0 {
            index(&connection);
        } else {
            let sql = "CREATE TABLE two AS SELECT * FROM messages WHERE id = 2; DELETE FROM messages WHERE id = 2; \
                       SELECT branch_index('rebuild'); INSERT INTO messages SELECT * FROM two; DROP TABLE two";
            connection.execute_batch(sql).unwrap();
        }
    }
    let joined =
        "SELECT t.id, s.id FROM threads AS t JOIN branch_search('peas', t.id) AS s ORDER BY s.id";
    assert_eq!(rows(&connection, joined, &[]), ["t|1", "u|2", "7|3"]);
}

#[test]
fn the_best_first() {
    let connection = empty();
    for content in [
        "a long text in which somewhere, after many other words, the word peas comes up, once",
        "peas peas peas",
        "nothing of the kind",
        "some peas and more peas",
        "other words",
        "other things",
        "and others",
        "still others",
    ] {
        say(&connection, content);
    }
    let forward = "SELECT id FROM branch_search('peas')";
    let backward = "SELECT id FROM branch_search('peas') ORDER BY rank DESC";
    let ranks = || {
        rows(
            &connection,
            "SELECT id, rank FROM branch_search('peas')",
            &[],
        )
    };
    let without = ranks();
    assert_eq!(rows(&connection, forward, &[]), ["2", "4", "1"]);
    assert_eq!(rows(&connection, backward, &[]), ["1", "4", "2"]);
    index(&connection);
    // What nobody has indexed is ranked as if it were.
    assert_eq!(ranks(), without);
    assert_eq!(rows(&connection, backward, &[]), ["1", "4", "2"]);
    // It is FTS5's own rank.
    let own = "SELECT rowid, rank FROM message_search('peas') ORDER BY rank";
    assert_eq!(rows(&connection, own, &[]), without);
    // A new message is level with the best one, and of equal ones the older comes first, as in the index.
    say(&connection, "peas");
    say(&connection, "peas");
    assert_eq!(rows(&connection, forward, &[]), ["2", "9", "10", "4", "1"]);
    assert_eq!(rows(&connection, backward, &[]), ["1", "4", "10", "9", "2"]);
    assert_eq!(
        rows(
            &connection,
            "SELECT id FROM branch_search('peas') LIMIT 2",
            &[]
        ),
        ["2", "9"]
    );
    for (sql, sorts) in [
        ("SELECT * FROM branch_search('peas') ORDER BY rank", false),
        (
            "SELECT * FROM branch_search('peas') ORDER BY rank DESC LIMIT 3",
            false,
        ),
        (
            "SELECT * FROM branch_search('peas') ORDER BY created_at",
            true,
        ),
    ] {
        let plan = rows(&connection, &format!("EXPLAIN QUERY PLAN {sql}"), &[]).join("\n");
        assert_eq!(plan.contains("TEMP B-TREE"), sorts, "{sql}: {plan}");
    }
}

#[test]
fn whether_they_are_on_the_current_branch() {
    let connection = empty();
    connection
        .execute_batch(
            "SELECT branch_append('t', 'user', 'x 1'), branch_append('t', 'user', 'x 2'), branch_append('t', 'user', 'x 3'),
                 branch_fork(1, 'user', 'x 4'), branch_append('t', 'user', 'x 5'), branch_append('u', 'user', 'x 6');
             UPDATE threads SET current_leaf_id = NULL WHERE id = 'u'",
        )
        .unwrap();
    let current = || -> BTreeSet<String> {
        rows(
            &connection,
            "SELECT id FROM branch_search('x') WHERE is_current",
            &[],
        )
        .into_iter()
        .collect()
    };
    let expected = |ids: &[&str]| {
        ids.iter()
            .map(|id| (*id).to_owned())
            .collect::<BTreeSet<String>>()
    };
    assert_eq!(current(), expected(&["1", "4", "5"]));
    index(&connection);
    host::integer(&connection, "SELECT branch_select(2)", &[]);
    assert_eq!(current(), expected(&["1", "2", "3"]));
    // A branch that is broken is an error to whoever asks for it, and to nobody else.
    connection
        .execute_batch("UPDATE threads SET current_leaf_id = 99 WHERE id = 't'")
        .unwrap();
    let (code, text) = host::error(&connection, "SELECT * FROM branch_search('x')", &[]);
    assert_eq!(
        (code, text.as_str()),
        (
            267,
            "branch_search: thread 't': its current leaf 99 is missing"
        )
    );
    assert_eq!(ids(&connection, "x").len(), 6);
}

fn snippet(connection: &rusqlite::Connection, query: &str) -> String {
    let sql = "SELECT snippet FROM branch_search(?1)";
    let found = rows(connection, sql, &[query]);
    assert_eq!(found.len(), 1, "{query}");
    found.concat()
}

#[test]
fn the_place_is_shown() {
    let connection = empty();
    let around = "lorem ipsum dolor sit amet ".repeat(40);
    say(
        &connection,
        &format!("{around}the word peas stands here, and pots there {around}"),
    );
    say(
        &connection,
        &format!("peach first {around}then peach and plum\n\n\ttogether\0 at last"),
    );
    say(&connection, &"桜の花が咲いた。".repeat(100));
    say(
        &connection,
        &format!("{} 終 {}", "x".repeat(5000), "y".repeat(5000)),
    );
    for indexed in [false, true] {
        assert_eq!(
            snippet(&connection, "peas pots"),
            "…ipsum dolor sit amet lorem ipsum dolor sit amet the word «peas» stands here, and «pots» there lorem ipsum \
             dolor sit amet lorem ipsum dolor sit amet lorem ipsum dolor sit amet lorem ipsum dolor sit amet lorem \
             ipsum dolor sit amet lorem ipsum…",
            "{indexed}"
        );
        // Where both stand together, in one line.
        assert_eq!(
            snippet(&connection, "peach plum"),
            "…lorem ipsum dolor sit amet lorem ipsum dolor sit amet then «peach» and «plum» together at last"
        );
        // A phrase is marked as one.
        assert_eq!(
            snippet(&connection, "\"peach and plum\"")
                .matches('«')
                .count(),
            1
        );
        let shown = snippet(&connection, "花 咲い");
        assert!(
            shown.starts_with("桜の«花»が«咲い»た。桜の«花»が"),
            "{shown}"
        );
        assert!(shown.ends_with('…') && shown.len() < 400, "{shown}");
        let shown = snippet(&connection, "終");
        assert!(
            shown.starts_with("…xxx") && shown.ends_with("yyy…") && shown.contains("x «終» y"),
            "{shown}"
        );
        assert!(shown.len() < 300, "{shown}");
        index(&connection);
    }
}

/// Far apart, so that no part of the text has all of them.
#[test]
fn the_place_in_a_long_text() {
    let connection = empty();
    let filler = "lorem ipsum dolor ".repeat(5000);
    say(
        &connection,
        &format!("{filler} alpha {filler} beta gamma {filler}"),
    );
    say(&connection, &"again and ".repeat(100_000));
    for (query, marked) in [
        ("alpha beta", "«alpha»"),
        ("beta gamma", "«beta» «gamma»"),
        ("gamma", "«gamma»"),
        ("gam* NOT delta", "«gamma»"),
        ("NEAR(alpha beta, 100000)", "«alpha»"),
        ("content : alpha AND beta", "«alpha»"),
        ("again and", "«again» «and» «again»"),
    ] {
        let shown = snippet(&connection, query);
        assert!(shown.contains(marked), "{query}: {shown}");
        assert!(shown.len() < 500, "{query}: {shown}");
    }
}
