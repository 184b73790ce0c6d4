//! Each kind of broken tree, one by one: what every function and table says to it, exactly; what `branch_check` lists;
//! and that writes beside the damage do what they should. All of it twice, with the indexes and without.

mod host;

use rusqlite::types::Value;
use rusqlite::Connection;

use host::{add_thread, migrated};

/// Thread `t`: 1, 2, 3, 4 in a row and 5 beside 3, with 4 for its leaf. Thread `u`: 6 and 7 in a row. Then `damage`.
fn broken(damage: &str, indexes: bool) -> Connection {
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
fn told(connection: &Connection, sql: &str) -> String {
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
fn holds(damage: &str, changed: &str, without: &str) {
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

#[test]
fn nothing_is_broken() {
    holds("", "", "");
}

#[test]
fn a_parent_is_missing_within_a_run() {
    holds(
        "DELETE FROM messages WHERE id = 2",
        "
         depth: 267 branch_depth: message 3: its parent 2 is missing
         depth beside: 267 branch_depth: message 5: its parent 2 is missing
         root: 267 branch_root: message 3: its parent 2 is missing
         tip: 1
         common: 267 branch_common_ancestor: message 3: its parent 2 is missing
         above: 267 branch_is_ancestor: message 3: its parent 2 is missing
         path: 267 branch_path: message 3: its parent 2 is missing
         path newest first: 267 branch_path: message 3: its parent 2 is missing
         path newest: 267 branch_path: message 3: its parent 2 is missing
         messages: 267 branch_messages: message 3: its parent 2 is missing
         messages by id: 267 branch_messages: message 3: its parent 2 is missing
         messages before: 267 branch_messages: message 3: its parent 2 is missing
         leaves: 1|0, 4|1, 5|0
         leaves with depth: 267 branch_leaves: message 5: its parent 2 is missing
         children: 
         tree: 267 branch_tree: message 5: its parent 2 is missing
         diff: 267 branch_diff: message 3: its parent 2 is missing
         check: t|3|parent missing|its parent 2 is missing, t|5|parent missing|its parent 2 is missing
         alternative: 267 branch_alternative: message 3: its parent 2 is missing
         clear: 4 +t=- -1 -3 -4 -5
         prune: 2 +t=- -3 -4
         prune top: 1 -1
         copy: 267 branch_copy: message 3: its parent 2 is missing",
        "
         common apart: 267 branch_common_ancestor: message 3: its parent 2 is missing
         path newest: 4",
    );
}

#[test]
fn a_parent_is_missing_elsewhere() {
    holds(
        "UPDATE messages SET parent_entry_id = 77 WHERE id = 3",
        "
         depth: 267 branch_depth: message 3: its parent 77 is missing
         root: 267 branch_root: message 3: its parent 77 is missing
         common: 267 branch_common_ancestor: message 3: its parent 77 is missing
         common apart: 267 branch_common_ancestor: message 3: its parent 77 is missing
         above: 267 branch_is_ancestor: message 3: its parent 77 is missing
         path: 267 branch_path: message 3: its parent 77 is missing
         path newest first: 267 branch_path: message 3: its parent 77 is missing
         messages: 267 branch_messages: message 3: its parent 77 is missing
         messages by id: 267 branch_messages: message 3: its parent 77 is missing
         messages before: 267 branch_messages: message 3: its parent 77 is missing
         leaves with depth: 267 branch_leaves: message 3: its parent 77 is missing
         children: 267 branch_children: message 3: its parent 77 is missing
         siblings: 3|1|1
         tree: 267 branch_tree: message 3: its parent 77 is missing
         diff: 267 branch_diff: message 3: its parent 77 is missing
         check: t|3|parent in a later id|its parent 77 has a higher id, t|3|parent missing|its parent 77 is missing
         alternative: 267 branch_alternative: message 3: its parent 77 is missing
         prune: 2 +t=- -3 -4
         prune top: 3 -1 -2 -5
         copy: 267 branch_copy: message 3: its parent 77 is missing",
        "",
    );
}

#[test]
fn the_first_message_is_missing() {
    holds(
        "DELETE FROM messages WHERE id = 1",
        "
         depth: 267 branch_depth: message 2: its parent 1 is missing
         depth beside: 267 branch_depth: message 2: its parent 1 is missing
         root: 267 branch_root: message 2: its parent 1 is missing
         tip: -
         above: -
         path: 267 branch_path: message 2: its parent 1 is missing
         path newest first: 267 branch_path: message 2: its parent 1 is missing
         messages: 267 branch_messages: message 2: its parent 1 is missing
         messages by id: 267 branch_messages: message 2: its parent 1 is missing
         messages before: 267 branch_messages: message 2: its parent 1 is missing
         leaves with depth: 267 branch_leaves: message 2: its parent 1 is missing
         tree: 267 branch_tree: message 2: its parent 1 is missing
         check: t|2|parent missing|its parent 1 is missing
         clear: 4 +t=- -2 -3 -4 -5
         prune top: 1 branch_prune: no message 1
         copy: 267 branch_copy: message 2: its parent 1 is missing",
        "
         common: 267 branch_common_ancestor: message 2: its parent 1 is missing
         common apart: 267 branch_common_ancestor: message 2: its parent 1 is missing
         diff: 267 branch_diff: message 2: its parent 1 is missing",
    );
}

#[test]
fn a_cycle() {
    holds(
        "UPDATE messages SET parent_entry_id = 4 WHERE id = 2",
        "
         depth: 267 branch_depth: message 2 is its own ancestor
         depth beside: 267 branch_depth: message 2 is its own ancestor
         root: 267 branch_root: message 2 is its own ancestor
         tip: 1
         tip below: 267 branch_tip: message 3 is its own ancestor
         common: 267 branch_common_ancestor: message 2 is its own ancestor
         common apart: 267 branch_common_ancestor: message 2 is its own ancestor
         above: 267 branch_is_ancestor: message 2 is its own ancestor
         above near: 267 branch_is_ancestor: message 2 is its own ancestor
         path: 267 branch_path: message 2 is its own ancestor
         path limited: 267 branch_path: message 2 is its own ancestor
         path newest first: 267 branch_path: message 2 is its own ancestor
         path newest: 267 branch_path: message 2 is its own ancestor
         messages: 267 branch_messages: message 2 is its own ancestor
         messages by id: 267 branch_messages: message 2 is its own ancestor
         messages limited: 267 branch_messages: message 2 is its own ancestor
         messages before: 267 branch_messages: message 2 is its own ancestor
         leaves: 1|0, 5|0
         leaves with depth: 267 branch_leaves: message 2 is its own ancestor
         children: 267 branch_children: message 2 is its own ancestor
         siblings: 267 branch_siblings: message 2 is its own ancestor
         tree: 267 branch_tree: message 2 is its own ancestor
         diff: 267 branch_diff: message 2 is its own ancestor
         check: t|2|cycle|2 → 4 → 3 → 2, t|2|parent in a later id|its parent 4 has a higher id
         prune: 267 branch_prune: message 3 is its own ancestor
         prune top: 1 -1
         copy: 267 branch_copy: message 2 is its own ancestor",
        "
         above near: 1
         path limited: 3, 4
         path newest: 4
         messages limited: 3|three, 4|four
         children: 3|1, 5|0
         siblings: 3|1|1, 5|2|0",
    );
}

#[test]
fn a_message_that_is_its_own_parent() {
    holds(
        "UPDATE messages SET parent_entry_id = 3 WHERE id = 3",
        "
         depth: 267 branch_depth: message 3 is its own ancestor
         root: 267 branch_root: message 3 is its own ancestor
         tip below: 267 branch_tip: message 3 is its own ancestor
         common: 267 branch_common_ancestor: message 3 is its own ancestor
         common apart: 267 branch_common_ancestor: message 3 is its own ancestor
         above: 267 branch_is_ancestor: message 3 is its own ancestor
         above near: 267 branch_is_ancestor: message 3 is its own ancestor
         path: 267 branch_path: message 3 is its own ancestor
         path limited: 267 branch_path: message 3 is its own ancestor
         path newest first: 267 branch_path: message 3 is its own ancestor
         path newest: 267 branch_path: message 3 is its own ancestor
         messages: 267 branch_messages: message 3 is its own ancestor
         messages by id: 267 branch_messages: message 3 is its own ancestor
         messages limited: 267 branch_messages: message 3 is its own ancestor
         messages before: 267 branch_messages: message 3 is its own ancestor
         leaves with depth: 267 branch_leaves: message 3 is its own ancestor
         children: 267 branch_children: message 3 is its own ancestor
         siblings: 267 branch_siblings: message 3 is its own ancestor
         tree: 267 branch_tree: message 3 is its own ancestor
         diff: 267 branch_diff: message 3 is its own ancestor
         check: t|3|cycle|3 → 3
         alternative: 8 +8<3 +t=8
         prune: 267 branch_prune: message 3 is its own ancestor
         prune top: 3 -1 -2 -5
         copy: 267 branch_copy: message 3 is its own ancestor",
        "
         path newest: 4
         siblings: 3|1|0, 4|2|1",
    );
}

#[test]
fn a_cycle_across_threads() {
    holds(
        "UPDATE messages SET parent_entry_id = 7 WHERE id = 2; UPDATE messages SET parent_entry_id = 4 WHERE id = 6",
        "
         depth: 267 branch_depth: message 2 is its own ancestor
         depth beside: 267 branch_depth: message 2 is its own ancestor
         root: 267 branch_root: message 2 is its own ancestor
         tip: 1
         tip below: 267 branch_tip: message 3 is its own ancestor
         common: 267 branch_common_ancestor: message 2 is its own ancestor
         common apart: 267 branch_common_ancestor: message 2 is its own ancestor
         above: 267 branch_is_ancestor: message 2 is its own ancestor
         above near: 267 branch_is_ancestor: message 2 is its own ancestor
         path: 267 branch_path: message 2 is its own ancestor
         path limited: 267 branch_path: message 2 is its own ancestor
         path newest first: 267 branch_path: message 2 is its own ancestor
         path newest: 267 branch_path: message 2 is its own ancestor
         messages: 267 branch_messages: message 2 is its own ancestor
         messages by id: 267 branch_messages: message 2 is its own ancestor
         messages limited: 267 branch_messages: message 2 is its own ancestor
         messages before: 267 branch_messages: message 2 is its own ancestor
         messages elsewhere: 267 branch_messages: message 2 is its own ancestor
         leaves: 1|0, 5|0
         leaves with depth: 267 branch_leaves: message 2 is its own ancestor
         children: 267 branch_children: message 2 is its own ancestor
         siblings: 267 branch_siblings: message 2 is its own ancestor
         tree: 267 branch_tree: message 2 is its own ancestor
         diff: 267 branch_diff: message 2 is its own ancestor
         check: t|2|cycle|2 → 7 → 6 → 4 → 3 → 2, t|2|parent in a later id|its parent 7 has a higher id
         prune: 267 branch_prune: message 3 is its own ancestor
         prune top: 1 -1
         copy: 267 branch_copy: message 2 is its own ancestor",
        "
         above near: 1
         path limited: 3, 4
         path newest: 4
         messages limited: 3|three, 4|four
         children: 3|1, 5|0
         siblings: 3|1|1, 5|2|0",
    );
}

#[test]
fn a_parent_in_a_later_id() {
    holds(
        "UPDATE messages SET parent_entry_id = 5 WHERE id = 3; UPDATE messages SET parent_entry_id = 1 WHERE id = 5",
        "
         depth beside: 1
         common: 5
         path: 1|3, 5|2, 3|1, 4|0
         path newest first: 4, 3, 5, 1
         messages: 1|one, 5|five, 3|three, 4|four
         messages by id: 5, 4, 3, 1
         messages before: 1, 5, 3
         leaves: 2|0, 4|1
         leaves with depth: 2|1|1, 4|3|1
         children: 
         siblings: 3|1|1
         tree: 1|0|2|1, 2|1|0|0, 5|1|1|1, 3|2|1|1, 4|3|0|1
         diff: a|3, a|4
         check: t|3|parent in a later id|its parent 5 has a higher id
         alternative: 8 +8<5 +t=8
         prune: 2 +t=5 -3 -4",
        "",
    );
}

#[test]
fn a_parent_in_another_thread() {
    holds(
        "UPDATE messages SET parent_entry_id = 7 WHERE id = 3",
        "
         root: 6
         common: -
         common apart: 7
         above: 0
         path: 6|3, 7|2, 3|1, 4|0
         path newest first: 4, 3, 7, 6
         messages: 6|six, 7|seven, 3|three, 4|four
         messages by id: 7, 6, 4, 3
         messages before: 6, 7, 3
         leaves with depth: 4|3|-, 5|2|-
         children: 5|0
         siblings: 3|1|1
         tree: 1|0|1|0, 2|1|1|0, 5|2|0|0, 3|2|1|1, 4|3|0|1
         diff: a|6, a|7, a|3, a|4, b|1, b|2, b|5
         check: t|3|parent in a later id|its parent 7 has a higher id
         alternative: 8 +8<7 +t=8
         prune: 2 +t=7 -3 -4
         prune top: 3 -1 -2 -5",
        "",
    );
}

#[test]
fn a_leaf_that_is_missing() {
    holds(
        "UPDATE threads SET current_leaf_id = 99 WHERE id = 't'",
        "
         messages: 267 branch_messages: thread 't': its current leaf 99 is missing
         messages by id: 267 branch_messages: thread 't': its current leaf 99 is missing
         messages limited: 267 branch_messages: thread 't': its current leaf 99 is missing
         messages before: 267 branch_messages: thread 't': its current leaf 99 is missing
         leaves: 4|0, 5|0
         children: 267 branch_children: thread 't': its current leaf 99 is missing
         siblings: 267 branch_siblings: thread 't': its current leaf 99 is missing
         tree: 267 branch_tree: thread 't': its current leaf 99 is missing
         check: t|99|leaf missing|its leaf 99 is missing
         append: 267 branch_append: thread 't': its current leaf 99 is missing
         prune: 2 -3 -4
         prune top: 5 -1 -2 -3 -4 -5",
        "",
    );
}

#[test]
fn a_leaf_of_another_thread() {
    holds(
        "UPDATE threads SET current_leaf_id = 7 WHERE id = 't'",
        "
         messages: 6|six, 7|seven
         messages by id: 7, 6
         messages limited: 6|six, 7|seven
         messages before: 
         leaves: 4|0, 5|0
         children: 3|0, 5|0
         siblings: 3|1|0, 5|2|0
         tree: 1|0|1|0, 2|1|2|0, 3|2|1|0, 4|3|0|0, 5|2|0|0
         check: t|7|leaf of another thread|it belongs to thread 'u'
         append: 8 +8<7 +t=8
         prune: 2 -3 -4
         prune top: 5 -1 -2 -3 -4 -5",
        "",
    );
}

#[test]
fn a_parent_that_is_no_integer() {
    holds(
        "UPDATE messages SET parent_entry_id = 'two' WHERE id = 3",
        "
         depth: 267 branch_depth: message 3: its parent_entry_id is not an integer
         root: 267 branch_root: message 3: its parent_entry_id is not an integer
         common: 267 branch_common_ancestor: message 3: its parent_entry_id is not an integer
         common apart: 267 branch_common_ancestor: message 3: its parent_entry_id is not an integer
         above: 267 branch_is_ancestor: message 3: its parent_entry_id is not an integer
         above near: 267 branch_is_ancestor: message 3: its parent_entry_id is not an integer
         path: 267 branch_path: message 3: its parent_entry_id is not an integer
         path limited: 267 branch_path: message 3: its parent_entry_id is not an integer
         path newest first: 267 branch_path: message 3: its parent_entry_id is not an integer
         path newest: 267 branch_path: message 3: its parent_entry_id is not an integer
         messages: 267 branch_messages: message 3: its parent_entry_id is not an integer
         messages by id: 267 branch_messages: message 3: its parent_entry_id is not an integer
         messages limited: 267 branch_messages: message 3: its parent_entry_id is not an integer
         messages before: 267 branch_messages: message 3: its parent_entry_id is not an integer
         leaves: 267 branch_leaves: message 3: its parent_entry_id is not an integer
         leaves with depth: 267 branch_leaves: message 3: its parent_entry_id is not an integer
         children: 267 branch_children: message 3: its parent_entry_id is not an integer
         siblings: 267 branch_siblings: message 3: its parent_entry_id is not an integer
         tree: 267 branch_tree: message 3: its parent_entry_id is not an integer
         diff: 267 branch_diff: message 3: its parent_entry_id is not an integer
         check: t|3|parent missing|its parent_entry_id is not an integer
         alternative: 267 branch_alternative: message 3: its parent_entry_id is not an integer
         prune: 267 branch_prune: message 3: its parent_entry_id is not an integer
         prune top: 3 -1 -2 -5
         copy: 267 branch_copy: message 3: its parent_entry_id is not an integer",
        "
         path newest: 4",
    );
}

#[test]
fn a_leaf_that_is_no_integer() {
    holds(
        "UPDATE threads SET current_leaf_id = 'four' WHERE id = 't'",
        "
         messages: 267 branch_messages: thread 't': its current_leaf_id is not an integer
         messages by id: 267 branch_messages: thread 't': its current_leaf_id is not an integer
         messages limited: 267 branch_messages: thread 't': its current_leaf_id is not an integer
         messages before: 267 branch_messages: thread 't': its current_leaf_id is not an integer
         leaves: 267 branch_leaves: thread 't': its current_leaf_id is not an integer
         leaves with depth: 267 branch_leaves: thread 't': its current_leaf_id is not an integer
         children: 267 branch_children: thread 't': its current_leaf_id is not an integer
         siblings: 267 branch_siblings: thread 't': its current_leaf_id is not an integer
         tree: 267 branch_tree: thread 't': its current_leaf_id is not an integer
         check: t|-|leaf missing|its current_leaf_id is not an integer
         append: 267 branch_append: thread 't': its current_leaf_id is not an integer
         prune: 2 -3 -4
         prune top: 5 -1 -2 -3 -4 -5",
        "",
    );
}

#[test]
fn a_thread_that_is_missing() {
    holds(
        "DELETE FROM threads WHERE id = 't'",
        "
         messages: 
         messages by id: 
         messages limited: 
         messages before: 
         leaves: 
         leaves with depth: 
         children: 3|0, 5|0
         siblings: 3|1|0, 5|2|0
         tree: 
         append: 1 branch_append: no thread 't'
         fork: 267 branch_fork: message 4: its thread 't' is missing
         alternative: 267 branch_alternative: message 3: its thread 't' is missing
         switch: 1 branch_switch: no thread 't'
         switch away: 1 branch_switch: no thread 't'
         clear: 1 branch_clear: no thread 't'
         prune: 2 -3 -4
         prune top: 5 -1 -2 -3 -4 -5
         copy: 267 branch_copy: message 4: its thread 't' is missing",
        "",
    );
}

#[test]
fn an_item_that_is_not_json() {
    holds(
        "UPDATE messages SET item_json = '{broken' WHERE id = 3",
        "
         check: t|3|invalid item_json|key must be a string at line 1 column 2",
        "",
    );
}

/// What is broken can be taken away by the functions themselves.
fn repaired(damage: &str, by: &[&str]) {
    for indexes in [true, false] {
        let connection = broken(damage, indexes);
        assert_ne!(told(&connection, "SELECT * FROM branch_check"), "");
        for sql in by {
            told(&connection, sql);
        }
        assert_eq!(
            told(&connection, "SELECT * FROM branch_check"),
            "",
            "{damage}"
        );
        let id = told(
            &connection,
            "SELECT branch_append('t', 'user', 'after all')",
        );
        let path = told(
            &connection,
            "SELECT id FROM branch_messages('t') ORDER BY distance LIMIT 1",
        );
        assert_eq!(id, path);
    }
}

#[test]
fn a_switch_puts_a_leaf_right() {
    let missing = "UPDATE threads SET current_leaf_id = 99 WHERE id = 't'";
    repaired(missing, &["SELECT branch_switch('t', 4)"]);
    repaired(missing, &["SELECT branch_switch('t', NULL)"]);
    repaired(missing, &["SELECT branch_fork(2, 'user', 'new')"]);
    let other = "UPDATE threads SET current_leaf_id = 7 WHERE id = 't'";
    repaired(other, &["SELECT branch_switch('t', 4)"]);
    let text = "UPDATE threads SET current_leaf_id = 'four' WHERE id = 't'";
    repaired(text, &["SELECT branch_switch('t', 4)"]);
}

#[test]
fn pruning_takes_away_what_hangs_on_nothing() {
    let missing = "DELETE FROM messages WHERE id = 2";
    repaired(
        missing,
        &["SELECT branch_prune(3)", "SELECT branch_prune(5)"],
    );
    let elsewhere = "UPDATE messages SET parent_entry_id = 77 WHERE id = 3";
    repaired(elsewhere, &["SELECT branch_prune(3)"]);
}

#[test]
fn clearing_takes_away_everything() {
    for damage in [
        "DELETE FROM messages WHERE id = 2",
        "UPDATE messages SET parent_entry_id = 4 WHERE id = 2",
        "UPDATE messages SET parent_entry_id = 3 WHERE id = 3",
        "UPDATE messages SET parent_entry_id = 'two' WHERE id = 3",
        "UPDATE messages SET item_json = '{' WHERE id = 3",
        "UPDATE threads SET current_leaf_id = 99 WHERE id = 't'",
    ] {
        repaired(damage, &["SELECT branch_clear('t')"]);
    }
}

/// One thread's problems, which may have to do with another one.
#[test]
fn the_problems_of_one_thread() {
    let across = "UPDATE messages SET parent_entry_id = 7 WHERE id = 2; \
                  UPDATE messages SET parent_entry_id = 4 WHERE id = 6; \
                  UPDATE threads SET current_leaf_id = 4 WHERE id = 'u'";
    let connection = broken(across, true);
    let check = |thread: &str| {
        told(
            &connection,
            &format!("SELECT * FROM branch_check({thread})"),
        )
    };
    let cycle = "2|cycle|2 → 7 → 6 → 4 → 3 → 2";
    let later = "t|2|parent in a later id|its parent 7 has a higher id";
    let leaf = "u|4|leaf of another thread|it belongs to thread 't'";
    assert_eq!(check("'t'"), format!("t|{cycle}, {later}"));
    assert_eq!(check("'u'"), format!("u|{cycle}, {leaf}"));
    assert_eq!(check("NULL"), format!("t|{cycle}, {later}, {leaf}"));
    assert_eq!(check("'nobody'"), "");
}
