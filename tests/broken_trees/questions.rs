//! What is asked of a broken tree, and how the answers are compared.

use rusqlite::types::Value;
use rusqlite::Connection;

use super::host::{add_thread, migrated};

/// Thread `t`: 1, 2, 3, 4 in a row and 5 beside 3, with 4 for its leaf. Thread `u`: 6 and 7 in a row. Then `damage`.
pub fn broken(damage: &str, indexes: bool) -> Connection {
    let connection = migrated();
    add_thread(&connection, "t");
    add_thread(&connection, "u");
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id)
             VALUES (1, 't', 'user', 'one', 1, NULL), (2, 't', 'assistant', 'two', 2, 1),
                    (3, 't', 'user', 'three', 3, 2), (4, 't', 'assistant', 'four', 4, 3),
                    (5, 't', 'user', 'five', 5, 2),
                    (6, 'u', 'user', 'six', 6, NULL), (7, 'u', 'assistant', 'seven', 7, 6);
             UPDATE threads SET current_leaf_id = CASE id WHEN 't' THEN 4 ELSE 7 END;",
        )
        .unwrap();
    connection.execute_batch(damage).unwrap();
    if !indexes {
        connection
            .execute_batch(
                "DROP INDEX branch_messages_jumps; DROP INDEX branch_messages_later;
                 DROP INDEX branch_messages_first; DROP INDEX idx_messages_parent_entry_id;",
            )
            .unwrap();
    }
    connection
}

/// What a query gives: rows as `1|2, 3|4`, or the code and the text of its error.
pub fn told(connection: &Connection, sql: &str) -> String {
    let run = || -> rusqlite::Result<String> {
        let mut statement = connection.prepare(sql)?;
        let width = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells = (0..width).map(|at| {
                Ok(match row.get(at)? {
                    Value::Null => "-".to_owned(),
                    Value::Integer(number) => number.to_string(),
                    Value::Real(number) => number.to_string(),
                    Value::Text(text) => text,
                    Value::Blob(_) => "blob".to_owned(),
                })
            });
            Ok(cells.collect::<rusqlite::Result<Vec<String>>>()?.join("|"))
        })?;
        Ok(rows.collect::<rusqlite::Result<Vec<String>>>()?.join(", "))
    };
    match run() {
        Ok(rows) => rows,
        Err(rusqlite::Error::SqliteFailure(code, text)) => {
            format!("{} {}", code.extended_code, text.unwrap_or_default())
        }
        Err(other) => panic!("{sql}: {other}"),
    }
}

/// What is asked of each broken tree, and the short name by which the expectations call it.
const QUESTIONS: &str = "
    depth: SELECT branch_depth(4)
    depth beside: SELECT branch_depth(5)
    root: SELECT branch_root(4)
    tip: SELECT branch_tip(1)
    tip below: SELECT branch_tip(3)
    common: SELECT branch_common_ancestor(4, 5)
    common apart: SELECT branch_common_ancestor(4, 7)
    above: SELECT branch_is_ancestor(1, 4)
    above near: SELECT branch_is_ancestor(3, 4)
    path: SELECT id, distance FROM branch_path(4)
    path limited: SELECT id FROM branch_path(4, 2)
    path newest first: SELECT id FROM branch_path(4) ORDER BY distance
    path newest: SELECT id FROM branch_path(4) ORDER BY distance LIMIT 1
    messages: SELECT id, content FROM branch_messages('t')
    messages by id: SELECT id FROM branch_messages('t') ORDER BY id DESC
    messages limited: SELECT id, content FROM branch_messages('t', 2)
    messages before: SELECT id FROM branch_messages('t', NULL, 4)
    messages elsewhere: SELECT id, content FROM branch_messages('u')
    leaves: SELECT id, is_current FROM branch_leaves('t')
    leaves with depth: SELECT id, depth, fork_id FROM branch_leaves('t')
    children: SELECT id, is_current FROM branch_children(2)
    siblings: SELECT id, position, is_current FROM branch_siblings(3)
    tree: SELECT id, depth, children, is_current FROM branch_tree('t')
    diff: SELECT side, id FROM branch_diff(4, 5)
    check: SELECT * FROM branch_check";

/// Writes, each to a tree of its own.
const WRITES: &str = "
    append: SELECT branch_append('t', 'user', 'new')
    append elsewhere: SELECT branch_append('u', 'user', 'new')
    fork: SELECT branch_fork(4, 'user', 'new')
    alternative: SELECT branch_alternative(3, 'user', 'new')
    switch: SELECT branch_switch('t', 5)
    switch away: SELECT branch_switch('t', NULL)
    clear: SELECT branch_clear('t')
    prune: SELECT branch_prune(3)
    prune top: SELECT branch_prune(1)
    copy: SELECT branch_copy(4, 'v')";

/// All messages with their parents, and the leaves.
const STATE: &str = "SELECT (SELECT group_concat(id || '<' || ifnull(parent_entry_id, '-'), ' ') \
                             FROM (SELECT * FROM messages ORDER BY id)) || ' / ' || \
                            (SELECT group_concat(id || '=' || ifnull(current_leaf_id, '-'), ' ') FROM threads)";

/// What has changed from one state to the other: what is new, and the keys of what is gone.
fn difference(before: &str, after: &str) -> String {
    let keys = |text: &str| -> Vec<String> {
        let keys = text.split(' ').map(|entry| entry.split(['<', '=']).next());
        keys.flatten().map(str::to_owned).collect()
    };
    let old: Vec<&str> = before.split(' ').collect();
    let new = after.split(' ').filter(|entry| !old.contains(entry));
    let left = keys(after);
    let gone = keys(before).into_iter().filter(|key| !left.contains(key));
    let changes = new
        .map(|entry| format!(" +{entry}"))
        .chain(gone.map(|key| format!(" -{key}")));
    changes.collect()
}

/// What there is to say to the tree without damage.
const SOUND: &str = "
    depth: 3
    depth beside: 2
    root: 1
    tip: 5
    tip below: 4
    common: 2
    common apart: -
    above: 1
    above near: 1
    path: 1|3, 2|2, 3|1, 4|0
    path limited: 3, 4
    path newest first: 4, 3, 2, 1
    path newest: 4
    messages: 1|one, 2|two, 3|three, 4|four
    messages by id: 4, 3, 2, 1
    messages limited: 3|three, 4|four
    messages before: 1, 2, 3
    messages elsewhere: 6|six, 7|seven
    leaves: 4|1, 5|0
    leaves with depth: 4|3|2, 5|2|2
    children: 3|1, 5|0
    siblings: 3|1|1, 5|2|0
    tree: 1|0|1|1, 2|1|2|1, 3|2|1|1, 4|3|0|1, 5|2|0|0
    diff: a|3, a|4, b|5
    check:
    append: 8 +8<4 +t=8
    append elsewhere: 8 +8<7 +u=8
    fork: 8 +8<4 +t=8
    alternative: 8 +8<2 +t=8
    switch: 5 +t=5
    switch away: - +t=-
    clear: 5 +t=- -1 -2 -3 -4 -5
    prune: 2 +t=2 -3 -4
    prune top: 5 +t=- -1 -2 -3 -4 -5
    copy: 11 +8<- +9<8 +10<9 +11<10 +v=11";

/// The lines of an expectation: name and what is told.
fn entries(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split_once(':').unwrap()).collect()
}

/// Holds one kind of damage against what is expected: `changed` has what differs from the sound tree, `without` what
/// differs further where the indexes are missing, since damage that nobody need meet is met sooner or later then.
pub fn holds(damage: &str, changed: &str, without: &str) {
    for indexes in [true, false] {
        let mut changes = entries(changed);
        if !indexes {
            changes.splice(0..0, entries(without));
        }
        let mut expected = String::new();
        for (name, sound) in entries(SOUND) {
            let told = changes.iter().find(|(changed, _)| *changed == name);
            expected.push_str(&format!(
                "{name}:{}\n",
                told.map_or(sound, |(_, told)| told)
            ));
            changes.retain(|(changed, _)| *changed != name);
        }
        assert_eq!(changes, [], "not asked");
        let connection = broken(damage, indexes);
        let mut found = String::new();
        let mut note = |name: &str, text: String| {
            found.push_str(format!("{name}: {text}").trim_end());
            found.push('\n');
        };
        for (name, sql) in entries(QUESTIONS) {
            note(name, told(&connection, sql));
        }
        for (name, sql) in entries(WRITES) {
            let connection = broken(damage, indexes);
            let before = told(&connection, STATE);
            let answer = told(&connection, sql);
            let after = told(&connection, STATE);
            note(name, answer + &difference(&before, &after));
        }
        assert_eq!(found, expected, "with indexes: {indexes}");
    }
}
