//! All or nothing, and where the leaf goes.

use super::exports::{self, iso, uuid, Dice, Tree};
use super::host::{self, integer};
use super::{stored, write};

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
