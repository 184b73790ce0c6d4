//! The statements that are compared, and how their rows are read: all columns of all rows, the same for all.

use std::hint::black_box;

use rusqlite::{Params, Statement};

/// Our table.
pub const BRANCH: &str =
    "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
     FROM branch_messages(?1)";

/// Our walk, the caller's join.
pub const JOINED: &str =
    "SELECT m.id, m.thread_id, m.role, m.content, m.item_json, m.created_at, m.parent_entry_id \
     FROM threads AS t, branch_path(t.current_leaf_id) AS p JOIN messages AS m ON m.id = p.id WHERE t.id = ?1";

/// The floor: a table that holds nothing but these rows.
pub const FLAT: &str =
    "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
     FROM plain ORDER BY id";

/// The floor for the branch's own file: its rows, by ids that are known beforehand.
pub const KNOWN: &str =
    "SELECT m.id, m.thread_id, m.role, m.content, m.item_json, m.created_at, m.parent_entry_id \
     FROM temp.known AS k JOIN messages AS m ON m.id = k.id ORDER BY k.number";

/// Fills the table of those ids, for the branch of `?1`.
pub const KNOW: &str = "INSERT INTO temp.known(id) \
     SELECT p.id FROM threads AS t, branch_path(t.current_leaf_id) AS p WHERE t.id = ?1";

/// The best that is written by hand: climb over ids alone, and join.
pub const BY_HAND: &str = "WITH RECURSIVE up(id, n) AS ( \
         SELECT current_leaf_id, 0 FROM threads WHERE id = ?1 \
         UNION ALL \
         SELECT m.parent_entry_id, up.n + 1 FROM up JOIN messages AS m ON m.id = up.id \
         WHERE m.parent_entry_id IS NOT NULL LIMIT ?2) \
     SELECT m.id, m.thread_id, m.role, m.content, m.item_json, m.created_at, m.parent_entry_id \
     FROM up JOIN messages AS m ON m.id = up.id ORDER BY up.n DESC";

/// What a program without branches would do in a table that many threads share.
pub const SHARED: &str =
    "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
     FROM messages WHERE thread_id = ?1 ORDER BY created_at, id";

/// The way of the program that these tables come from, for the newest `?2` messages: climb from the leaf with whole
/// rows, counting, and sort by the count.
pub const SEED: &str = "WITH RECURSIVE up(id, thread_id, role, content, item_json, created_at, parent_entry_id, n) AS ( \
         SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id, 1 FROM messages \
         WHERE id = (SELECT current_leaf_id FROM threads WHERE id = ?1) \
         UNION ALL \
         SELECT m.id, m.thread_id, m.role, m.content, m.item_json, m.created_at, m.parent_entry_id, up.n + 1 \
         FROM messages AS m JOIN up ON m.id = up.parent_entry_id WHERE up.n < ?2) \
     SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id FROM up ORDER BY n DESC";

/// The same program's way to find leaves.
pub const SEED_LEAVES: &str =
    "SELECT m.id, m.thread_id, m.role, m.content, m.item_json, m.created_at, m.parent_entry_id \
     FROM messages AS m LEFT JOIN messages AS child ON child.parent_entry_id = m.id \
     WHERE m.thread_id = ?1 AND child.id IS NULL";

/// Reads all of a statement's rows, all of their columns. Gives the number of rows.
pub fn read(statement: &mut Statement<'_>, values: impl Params) -> usize {
    let columns = statement.column_count();
    let mut rows = statement.query(values).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            black_box(row.get_ref(column).unwrap());
        }
        count += 1;
    }
    count
}
