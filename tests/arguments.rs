//! Every function and every table with every wrong argument: what it says, and that it has done nothing.

mod host;

#[path = "arguments/calls.rs"]
mod calls;
#[path = "arguments/missing.rs"]
mod missing;

use rusqlite::types::Value;
use rusqlite::{params_from_iter, Connection, ToSql};
use sqlite_branch::SignatureKind;

use calls::{Kind::*, *};
use host::{error, integer};

/// A thread `t` with the messages 1, 2, 3, of which 3 is the current leaf, and a thread `other` with message 4.
fn conversation() -> Connection {
    let connection = host::migrated();
    host::add_thread(&connection, "t");
    host::add_thread(&connection, "other");
    for sql in [
        "SELECT branch_append('t', 'user', 'one', NULL, 10)",
        "SELECT branch_append('t', 'assistant', 'two', NULL, 20)",
        "SELECT branch_append('t', 'user', 'three', NULL, 30)",
        "SELECT branch_append('other', 'user', 'four', NULL, 40)",
    ] {
        integer(&connection, sql, &[]);
    }
    connection
}

/// All that is stored, and all that would tell of a message that was stored and taken back.
fn contents(connection: &Connection) -> String {
    connection
        .query_row(
            "SELECT (SELECT json_group_array(json_array(id, thread_id, role, content, item_json, created_at, \
                         parent_entry_id)) FROM messages) \
                 || (SELECT json_group_array(json_array(id, source, created_at, current_leaf_id)) FROM threads) \
                 || (SELECT json_group_array(json_array(name, seq)) FROM sqlite_sequence)",
            [],
            |row| row.get(0),
        )
        .unwrap()
}

/// Each wrong argument, and what is to be said of it.
fn wrong() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for call in &calls::calls() {
        for (at, (argument, kind, _)) in call.arguments.iter().enumerate() {
            let mut add = |values: &[(&str, &str)], what: &str| {
                for (wrong, called) in values {
                    // A message is a C string: what it shows of a NUL is a picture of it.
                    let called = called.replace('\0', "\u{2400}");
                    all.push((
                        call.but(at, wrong),
                        format!("{}: {argument} {what}{called}", call.name),
                    ));
                }
            };
            match kind {
                Message => {
                    add(&NO_MESSAGES, "must be an integer or a uid, not ");
                    add(&[("NULL", "NULL")], "must be an integer or a uid, not ");
                }
                MaybeMessage => add(&NO_MESSAGES, "must be an integer or a uid, not "),
                Time => {
                    add(&NO_INTEGERS, "must be an integer, not ");
                    for (wrong, number) in &MILLISECONDS {
                        let what =
                            format!("must be in seconds, and {number} looks like milliseconds");
                        add(&[(wrong, "")], &what);
                    }
                }
                MaybePosition => {
                    add(&NO_INTEGERS, "must be an integer, not ");
                    add(&FRACTIONS, "must be an integer, not ");
                }
                Limit => {
                    add(&NO_INTEGERS, "must be an integer, not ");
                    add(&FRACTIONS, "must be an integer, not ");
                    add(
                        &[
                            ("-1", "-1"),
                            ("'-1'", "-1"),
                            ("-1.0", "-1"),
                            ("-9223372036854775807 - 1", "-9223372036854775808"),
                        ],
                        "must not be negative, and is ",
                    );
                }
                Thread => {
                    add(&NO_TEXTS, "must be text, not ");
                    add(&[("NULL", "NULL")], "must be text, not ");
                }
                MaybeThread => add(&NO_TEXTS, "must be text, not "),
                MaybeText => {
                    add(&NO_TEXTS, "must be text, not ");
                    add(&[("1", "an integer")], "must be text, not ");
                }
                Text => {
                    add(&NO_TEXTS, "must be text, not ");
                    add(
                        &[("1", "an integer"), ("NULL", "NULL")],
                        "must be text, not ",
                    );
                }
                Uid => {
                    add(&NO_TEXTS, "must be text, not ");
                    add(&[("1", "an integer")], "must be text, not ");
                    add(&[("''", "")], "must not be empty");
                    for (wrong, shown) in &NO_UIDS {
                        let what = format!("must not read as an integer, as {shown} does");
                        add(&[(wrong, "")], &what);
                    }
                }
                TextOrBlob => add(
                    &[
                        ("1", "an integer"),
                        ("1.5", "a real number"),
                        ("NULL", "NULL"),
                    ],
                    "must be text or a blob, not ",
                ),
                Json => {
                    add(&NO_TEXTS, "must be text, not ");
                    add(&NO_JSON, "is not valid JSON: ");
                }
            }
        }
    }
    all
}

#[test]
fn every_wrong_argument_is_named_and_nothing_is_done() {
    let connection = conversation();
    let before = contents(&connection);
    let wrong = wrong();
    assert!(wrong.len() > 550, "{}", wrong.len());
    for (sql, text) in &wrong {
        assert_eq!(error(&connection, sql, &[]), (1, text.clone()), "{sql}");
    }
    assert_eq!(contents(&connection), before);
    assert!(connection.is_autocommit());
}

#[test]
fn in_a_transaction_or_an_insert_likewise() {
    let connection = conversation();
    connection
        .execute_batch("CREATE TABLE log (a, b, c, d, e, f, g, h, i, j); BEGIN; UPDATE threads SET title = 'kept'")
        .unwrap();
    let before = contents(&connection);
    for (sql, text) in wrong() {
        let insert = if sql.contains(" FROM ") {
            sql.replacen("SELECT *", "INSERT INTO log(a) SELECT 1", 1)
        } else {
            format!("INSERT INTO log(a) {sql}")
        };
        assert_eq!(error(&connection, &insert, &[]), (1, text), "{insert}");
        assert!(!connection.is_autocommit(), "{insert}");
    }
    assert_eq!(contents(&connection), before);
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(integer(&connection, "SELECT count(*) FROM log", &[]), 0);
    assert_eq!(
        integer(
            &connection,
            "SELECT count(*) FROM threads WHERE title = 'kept'",
            &[]
        ),
        2
    );
}

/// Each of several wrong arguments would be an error; the first is named.
#[test]
fn the_first_of_several_wrong_arguments_is_named() {
    let connection = conversation();
    for call in &calls::calls() {
        let all = vec!["x'00'"; call.arguments.len()];
        let (code, text) = error(&connection, &call.with(&all), &[]);
        let first = &call.arguments[0].0;
        assert_eq!(code, 1);
        assert!(
            text.starts_with(&format!("{}: {first} must be ", call.name)),
            "{text}"
        );
    }
}

#[test]
fn right_arguments_in_all_their_forms() {
    for call in &calls::calls() {
        for (at, (_, kind, right)) in call.arguments.iter().enumerate() {
            let forms: Vec<String> = match kind {
                Message | MaybeMessage | Time | Limit | MaybePosition => vec![
                    (*right).to_owned(),
                    format!("{right}.0"),
                    format!("'{right}'"),
                    format!("' {right} '"),
                    format!("'+{right}'"),
                    format!("'00{right}'"),
                ],
                _ => vec![(*right).to_owned()],
            };
            let mut answers = Vec::new();
            for form in forms {
                let connection = conversation();
                let sql = call.but(at, &form);
                let mut statement = connection.prepare(&sql).unwrap();
                let mut rows = statement.raw_query();
                let row = rows
                    .next()
                    .unwrap_or_else(|error| panic!("{sql}: {error}"))
                    .map(|row| row.get::<_, Value>(0).unwrap());
                let empty = ["branch_check", "branch_labels", "branch_usage"].contains(&call.name);
                assert_eq!(row.is_some(), !empty, "{sql}");
                drop(rows);
                answers.push((row, contents(&connection)));
            }
            for answer in &answers {
                assert_eq!(answer, &answers[0], "{}", call.name);
            }
        }
    }
}

/// NULL where it is allowed: no rows, NULL, no limit, or now.
#[test]
fn null_arguments() {
    for call in &calls::calls() {
        for (at, (argument, kind, _)) in call.arguments.iter().enumerate() {
            let connection = conversation();
            let sql = call.but(at, "NULL");
            let reads = call.table || matches!(call.arguments[0].1, MaybeMessage);
            match kind {
                // As if it were not given.
                MaybeThread if call.name == "branch_search" => {}
                MaybeMessage | MaybeThread | MaybeText
                    if reads && !["before", "leaf"].contains(&argument.as_str()) =>
                {
                    let mut statement = connection.prepare(&sql).unwrap();
                    let mut rows = statement.raw_query();
                    let row = rows.next().unwrap();
                    if call.table {
                        assert!(row.is_none(), "{sql}");
                    } else {
                        assert_eq!(
                            row.unwrap().get::<_, Value>(0).unwrap(),
                            Value::Null,
                            "{sql}"
                        );
                    }
                }
                Message | Thread | Text | TextOrBlob => {}
                _ => {
                    let mut statement = connection.prepare(&sql).unwrap();
                    statement
                        .raw_query()
                        .next()
                        .unwrap_or_else(|error| panic!("{sql}: {error}"));
                }
            }
        }
    }
    let connection = conversation();
    let now = integer(&connection, "SELECT unixepoch()", &[]);
    let id = integer(
        &connection,
        "SELECT branch_append('t', 'user', '', NULL, NULL)",
        &[],
    );
    let stored = integer(
        &connection,
        "SELECT created_at FROM messages WHERE id = ?1",
        &[&id],
    );
    let after = integer(&connection, "SELECT unixepoch()", &[]);
    assert!((now..=after).contains(&stored), "{now} {stored} {after}");
}

#[test]
fn wrong_numbers_of_arguments() {
    let connection = conversation();
    let before = contents(&connection);
    let mut tried = 0;
    for signature in sqlite_branch::signatures() {
        // What a table says of an argument that is missing is in tests/planner.rs.
        if signature.kind == SignatureKind::Table {
            continue;
        }
        let numbers = calls::numbers(&signature);
        let name = signature.name;
        for number in 0..8 {
            if !numbers.contains(&number) {
                let sql = format!("SELECT {name}({})", vec!["1"; number].join(", "));
                let text = format!("wrong number of arguments to function {name}()");
                assert_eq!(error(&connection, &sql, &[]), (1, text), "{sql}");
                tried += 1;
            }
        }
    }
    assert!(tried > 150, "{tried}");
    assert_eq!(contents(&connection), before);
}

/// JSON that goes very deep is no reason to run out of stack.
#[test]
fn deep_json() {
    let connection = conversation();
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let open = "[{\"a\":".repeat(100_000);
    let sql = "SELECT branch_append('t', 'user', '', ?1)";
    let (code, text) = error(&connection, sql, &[&open]);
    assert_eq!(code, 1);
    assert!(
        text.starts_with("branch_append: item_json is not valid JSON: "),
        "{text}"
    );
    // As JSON it is right; it is stored, or refused in so many words.
    let stored = connection.query_row(sql, [&deep], |row| row.get::<_, i64>(0));
    match stored {
        Ok(id) => {
            let found: String = connection
                .query_row(
                    "SELECT item_json FROM messages WHERE id = ?1",
                    [id],
                    |row| row.get(0),
                )
                .unwrap();
            assert!(found == deep);
        }
        Err(error) => assert!(
            error.to_string().contains("branch_append: item_json"),
            "{error}"
        ),
    }
    // Looking for problems in it does not run out of stack either.
    connection
        .execute("UPDATE messages SET item_json = ?1 WHERE id = 1", [&open])
        .unwrap();
    let problems = "SELECT count(*) FROM branch_check('t') WHERE problem = 'invalid item_json' AND message_id = 1";
    assert_eq!(integer(&connection, problems, &[]), 1);
}
