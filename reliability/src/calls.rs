//! A small database, and statements that use everything that the extension offers in it.

use rusqlite::Connection;

use crate::database::{add_thread, run};

/// Thread `t`: 1 ─ 2 ─ 3 ─ 4 ─ 5 and 2 ─ 6 ─ 7, 1 ─ 8 (the leaf), 9 (another first message); thread `u`: 10 below 3, and
/// 11. A table of the user's own, `log`, with one row.
pub fn prepare(connection: &Connection) {
    run(connection, "SELECT branch_migrate()").unwrap();
    // An index that is empty. (To make it is for a call by itself: SQLite ends other statements that go on after that.)
    run(connection, "SELECT branch_index()").unwrap();
    fill(connection);
}

/// The contents, where the tables are there.
pub fn fill(connection: &Connection) {
    add_thread(connection, "t");
    add_thread(connection, "u");
    connection
        .execute_batch(
            "CREATE TABLE log(entry);
             INSERT INTO log VALUES ('first');
             INSERT INTO messages(id, thread_id, role, content, item_json, created_at, parent_entry_id) VALUES
                 (1, 't', 'user', 'a', NULL, 1, NULL), (2, 't', 'assistant', 'b', '{\"n\": [1]}', 2, 1),
                 (3, 't', 'user', 'c', NULL, 3, 2), (4, 't', 'assistant', 'd', NULL, 4, 3),
                 (5, 't', 'user', printf('%.9000c', 'e'), NULL, 5, 4), (6, 't', 'user', 'f', NULL, 6, 2),
                 (7, 't', 'assistant', 'g', NULL, 7, 6), (8, 't', 'assistant', 'h', '2', 8, 1),
                 (9, 't', 'user', 'i', NULL, 9, NULL), (10, 'u', 'user', 'j', NULL, 10, 3),
                 (11, 'u', 'assistant', 'k', NULL, 11, 10);
             UPDATE threads SET current_leaf_id = CASE id WHEN 't' THEN 8 ELSE 11 END;
             INSERT INTO message_labels VALUES ('t', 'here', 2, 12), ('t', 'there', 8, 13), ('u', 'here', 11, 14);
             INSERT INTO message_uids VALUES ('uid of 7', 7), ('uid of 9', 9);",
        )
        .unwrap();
}

/// Calls that write, as expressions. With these arguments they do the same each time.
pub const WRITES: [&str; 26] = [
    "branch_append('t', 'user', 'new', '{\"a\": 1}', 100)",
    "branch_append('t', 'user', printf('%.20000c', 'x'), NULL, 100)",
    "branch_fork(3, 'user', 'new', NULL, 100)",
    "branch_alternative(1, 'user', 'new', '[]', 100)",
    "branch_alternative(4, 'user', 'new', NULL, 100)",
    "branch_append('t', 'user', 'new', NULL, 100, 'a uid')",
    "branch_select('uid of 7', 1)",
    "branch_thread('t', 'A title', 100)",
    "branch_thread('made', 'A title', 100)",
    "branch_delete('t')",
    "branch_switch('t', 5)",
    "branch_switch('t', NULL)",
    "branch_clear('t')",
    "branch_prune(2)",
    "branch_copy(5, 'copied', 100)",
    "branch_compact('t', 'in short', 1, '{\"a\": []}', 100)",
    "branch_compact('u', 'in short', NULL, NULL, 100)",
    "branch_label(7, 'here', 100)",
    "branch_label(8, NULL)",
    "branch_unlabel('t', 'there')",
    "branch_put('t', '[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"new\"}]', 100)",
    "branch_put('made', '[{\"role\":\"user\",\"content\":\"a\"}]', 100)",
    "branch_import('pi', '{\"type\":\"session\",\"id\":\"s\",\"timestamp\":100}\n\
         {\"type\":\"message\",\"id\":\"b\",\"parentId\":\"a\",\"message\":{\"role\":\"user\",\"content\":\"x\"}}\n\
         {\"type\":\"message\",\"id\":\"a\",\"parentId\":null,\"message\":{\"role\":\"user\",\"content\":\"y\"}}\n\
         {\"type\":\"label\",\"id\":\"c\",\"parentId\":\"b\",\"targetId\":\"a\",\"label\":\"l\",\"timestamp\":100}', '{\"created_at\":100}')",
    "branch_index()",
    "branch_index('rebuild')",
    "branch_migrate()",
];

/// Statements around a call that writes, with `{}` in its place: wherever SQL can call a function.
pub const AROUND: [&str; 6] = [
    "SELECT {}",
    "INSERT INTO log VALUES ({})",
    "INSERT INTO log SELECT {} FROM log",
    "UPDATE log SET entry = {}",
    "DELETE FROM log WHERE {} IS NOT NULL RETURNING entry",
    "INSERT INTO branch_call SELECT {}",
];

/// Statements that only read.
pub const READS: [&str; 39] = [
    "SELECT branch_version(), branch_debug()",
    "SELECT branch_depth(7)",
    "SELECT branch_root(7)",
    "SELECT branch_tip(2)",
    "SELECT branch_common_ancestor(7, 11)",
    "SELECT branch_is_ancestor(2, 11)",
    "SELECT * FROM branch_path(5)",
    "SELECT * FROM branch_path(5, 2) ORDER BY id DESC",
    "SELECT m.* FROM branch_path(7) AS p JOIN messages AS m ON m.id = p.id ORDER BY p.distance",
    "SELECT * FROM branch_messages('t')",
    "SELECT *, uid, position, versions FROM branch_messages('t')",
    "SELECT * FROM branch_threads()",
    "SELECT messages, last_content FROM branch_threads() WHERE id = 'u'",
    "SELECT branch_id('uid of 7'), branch_uid(7), branch_depth('uid of 7')",
    "SELECT * FROM branch_messages('u', 2) ORDER BY distance",
    "SELECT * FROM branch_messages('u', 2, 10)",
    "SELECT id FROM branch_messages('u', 5, 7)",
    "SELECT * FROM branch_leaves('t')",
    "SELECT id FROM branch_leaves('t') ORDER BY id DESC",
    "SELECT * FROM branch_children(2)",
    "SELECT * FROM branch_siblings(9)",
    "SELECT * FROM branch_siblings(6)",
    "SELECT * FROM branch_tree('t')",
    "SELECT graph FROM branch_tree('u')",
    "SELECT * FROM branch_diff(5, 7)",
    "SELECT * FROM branch_context('u')",
    "SELECT * FROM branch_context('t', 5, 7)",
    "SELECT branch_tokens(content, item_json) FROM messages",
    "SELECT * FROM branch_usage('u')",
    "SELECT * FROM branch_usage(NULL, 11)",
    "SELECT * FROM branch_labels()",
    "SELECT * FROM branch_labels('t') ORDER BY label DESC",
    "SELECT branch_export('t', 'jsonl')",
    "SELECT branch_export('u', 'markdown')",
    "SELECT branch_export('t', 'openai')",
    "SELECT branch_export('u', 'html')",
    "SELECT * FROM branch_search('a OR g')",
    "SELECT id, snippet FROM branch_search('h', 't')",
    "SELECT * FROM branch_check()",
];
