//! Indexes that do not agree with their tables, as in a damaged file. Every read call ends.

use fastrand::Rng;
use rusqlite::Connection;
use sqlite_branch_reliability::database::{add_thread, migrated, rows, run};

use crate::{Tally, ERROR};

const CORRUPT: i32 = 11;

/// The indexes that walks go along, each with one of the same form over other rows.
const INDEXES: [(&str, &str); 4] = [
    (
        "idx_messages_parent_entry_id",
        "CREATE INDEX fake ON other(a)",
    ),
    ("branch_messages_jumps", "CREATE INDEX fake ON other(a, b)"),
    ("branch_messages_later", "CREATE INDEX fake ON other(a)"),
    ("branch_messages_first", "CREATE INDEX fake ON other(c, a)"),
];

/// A thread of messages whose parents are older, with some forks.
fn tree(random: &mut Rng) -> (Connection, i64) {
    let connection = migrated();
    add_thread(&connection, "t");
    let count = random.i64(2..30);
    for id in 1..=count {
        let parent = match random.u32(0..3) {
            0 if id > 1 => random.i64(1..id).to_string(),
            _ if id > 1 => (id - 1).to_string(),
            _ => "NULL".to_owned(),
        };
        run(
            &connection,
            &format!(
                "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
                 VALUES ({id}, 't', 'user', 'x', {id}, {parent})"
            ),
        )
        .unwrap();
    }
    run(
        &connection,
        &format!("UPDATE threads SET current_leaf_id = {count}"),
    )
    .unwrap();
    (connection, count)
}

/// Puts another index in the place of one. Its rows end in the last column of a table without rowids, which is taken for
/// the id of a message: so there can be several of one message.
fn replace(connection: &Connection, random: &mut Rng, count: i64, index: &str, fake: &str) {
    let number = random.u32(..);
    let fake = fake
        .replace("fake", &format!("fake{number}"))
        .replace("other", &format!("other{number}"));
    connection
        .execute_batch(&format!(
            "CREATE TABLE other{number}(a, b, c, n, id, PRIMARY KEY (n, id)) WITHOUT ROWID; {fake}"
        ))
        .unwrap();
    for n in 1..=random.i64(1..2 * count + 3) {
        // Some messages have several parents, some themselves, some one that is not there.
        let mut any = || random.i64(-1..count + 3);
        let (a, b, id) = (any(), any(), any());
        let sql = format!("INSERT INTO other{number} VALUES ({a}, {b}, 't', {n}, {id})");
        run(connection, &sql).unwrap();
    }
    connection
        .execute_batch(&format!(
            "PRAGMA writable_schema = on;
             UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'fake{number}')
             WHERE name = '{index}';
             PRAGMA writable_schema = reset;"
        ))
        .unwrap();
}

pub fn case(random: &mut Rng, tally: &mut Tally) {
    let (connection, count) = tree(random);
    let always = random.usize(0..INDEXES.len());
    for (at, (index, fake)) in INDEXES.iter().enumerate() {
        if at == always || random.u32(0..3) == 0 {
            replace(&connection, random, count, index, fake);
        }
    }
    let ask = |sql: String, tally: &mut Tally| {
        let outcome = run(&connection, &sql);
        tally.count(&sql, &outcome, &[ERROR, CORRUPT]);
    };
    for id in 0..=count + 1 {
        let other = random.i64(1..=count);
        for call in [
            format!("branch_depth({id})"),
            format!("branch_root({id})"),
            format!("branch_tip({id})"),
            format!("branch_common_ancestor({id}, {other})"),
            format!("branch_is_ancestor({id}, {other})"),
        ] {
            ask(format!("SELECT {call}"), tally);
        }
        for table in [
            format!("branch_path({id})"),
            format!("branch_path({id}, 3)"),
            format!("branch_messages('t', 5, {id})"),
            format!("branch_children({id})"),
            format!("branch_siblings({id})"),
            format!("branch_diff({id}, {other})"),
        ] {
            ask(format!("SELECT * FROM {table}"), tally);
            ask(format!("SELECT id FROM {table} ORDER BY id DESC"), tally);
        }
    }
    for table in ["messages", "leaves", "tree", "check"] {
        ask(format!("SELECT * FROM branch_{table}('t')"), tally);
        ask(format!("SELECT count(*) FROM branch_{table}('t')"), tally);
    }
    for call in [
        format!("branch_prune({})", random.i64(1..=count)),
        format!("branch_copy({count}, 'copied')"),
        "branch_clear('t')".to_owned(),
    ] {
        connection.execute_batch("SAVEPOINT one").unwrap();
        ask(format!("SELECT {call}"), tally);
        connection
            .execute_batch("ROLLBACK TO one; RELEASE one")
            .unwrap();
    }
    // What all of them advise helps.
    rows(&connection, "REINDEX");
    assert_eq!(
        rows(
            &connection,
            &format!("SELECT branch_tip(1), branch_root({count})")
        ),
        [format!("{count}|1")]
    );
    assert_eq!(
        rows(&connection, "SELECT count(*) FROM branch_check()"),
        ["0"]
    );
}
