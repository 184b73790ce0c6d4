//! Random queries over the tables, each with the same query over copies of their rows in ordinary tables.

use fastrand::Rng;
use rusqlite::Connection;

use crate::calls;
use crate::database::{add_thread, run};

/// Uses of tables, with their columns.
const USES: [(&str, &[&str]); 21] = [
    ("branch_path(7)", &["id", "distance"]),
    ("branch_path(5, 3)", &["id", "distance"]),
    ("branch_path(11)", &["id", "distance"]),
    ("branch_messages('t')", MESSAGE_AND_DISTANCE),
    ("branch_messages('u', 3)", MESSAGE_AND_DISTANCE),
    ("branch_messages('u', 9, 10)", MESSAGE_AND_DISTANCE),
    ("branch_messages('later')", MESSAGE_AND_DISTANCE),
    ("branch_leaves('t')", LEAF),
    ("branch_leaves('later')", LEAF),
    ("branch_children(2)", MESSAGE_AND_CURRENT),
    ("branch_siblings(1)", MESSAGE_AND_CURRENT),
    ("branch_siblings(3)", MESSAGE_AND_CURRENT),
    ("branch_tree('t')", TREE),
    ("branch_tree('later')", TREE),
    ("branch_diff(5, 7)", DIFF),
    ("branch_diff(11, 8)", DIFF),
    ("branch_context('t')", CONTEXT),
    ("branch_context('u', 9)", CONTEXT),
    ("branch_search('a OR c OR g OR k')", FOUND),
    ("branch_search('d OR i', 't')", FOUND),
    ("branch_threads()", THREADS),
];
const CONTEXT: &[&str] = &[
    "id",
    "thread_id",
    "role",
    "content",
    "created_at",
    "parent_entry_id",
    "kind",
    "tokens",
    "total",
    "dropped",
];
const FOUND: &[&str] = &[
    "id",
    "thread_id",
    "role",
    "content",
    "created_at",
    "parent_entry_id",
    "rank",
    "snippet",
    "is_current",
];
const THREADS: &[&str] = &[
    "id",
    "title",
    "archived",
    "updated_at",
    "current_leaf_id",
    "messages",
    "leaves",
    "last_id",
    "last_content",
];
const MESSAGE_AND_DISTANCE: &[&str] = &[
    "id",
    "thread_id",
    "role",
    "content",
    "item_json",
    "created_at",
    "parent_entry_id",
    "distance",
];
const MESSAGE_AND_CURRENT: &[&str] = &[
    "id",
    "thread_id",
    "role",
    "content",
    "item_json",
    "created_at",
    "parent_entry_id",
    "is_current",
];
const LEAF: &[&str] = &[
    "id",
    "thread_id",
    "role",
    "content",
    "created_at",
    "parent_entry_id",
    "depth",
    "fork_id",
    "is_current",
];
const TREE: &[&str] = &[
    "id",
    "parent_entry_id",
    "role",
    "created_at",
    "depth",
    "children",
    "is_leaf",
    "is_current",
    "preview",
    "graph",
];
const DIFF: &[&str] = &[
    "side",
    "id",
    "role",
    "content",
    "created_at",
    "parent_entry_id",
];

/// Makes a database for the queries, in one that is empty.
pub fn prepare(connection: &Connection) {
    calls::prepare(connection);
    // A thread with links to higher ids, which is allowed, and takes other ways.
    add_thread(connection, "later");
    connection
        .execute_batch(
            "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) VALUES
                     (20, 'later', 'user', 'a', 1, 23), (21, 'later', 'user', 'b', 2, 20),
                     (22, 'later', 'user', 'c', 3, 21), (23, 'later', 'user', 'd', 4, NULL),
                     (24, 'later', 'user', 'e', 5, 22), (25, 'later', 'user', 'f', 6, 20);
                 UPDATE threads SET current_leaf_id = 24 WHERE id = 'later';",
        )
        .unwrap();
    for (at, (call, columns)) in USES.iter().enumerate() {
        let columns = columns.join(", ");
        let sql = format!("CREATE TABLE copy{at} AS SELECT {columns} FROM {call}");
        run(connection, &sql).unwrap();
    }
}

/// A query.
pub struct Query {
    /// Over the extension's tables.
    pub real: String,
    /// Over copies of their rows.
    pub copied: String,
}

/// Queries whose arguments come from elsewhere in the query, and the same without the extension's tables. `{condition}`
/// is one over `a.id` and `m.id`.
const JOINED: [(&str, &str); 10] = [
    (
        "SELECT m.id, a.id FROM messages AS m, branch_children(m.id) AS a WHERE {condition}",
        "SELECT m.id, a.id FROM messages AS m JOIN messages AS a ON a.parent_entry_id = m.id WHERE {condition}",
    ),
    (
        "SELECT m.id, a.id FROM messages AS m LEFT JOIN branch_children(m.id) AS a ON {condition} ORDER BY m.id, a.id",
        "SELECT m.id, a.id FROM messages AS m LEFT JOIN messages AS a ON a.parent_entry_id = m.id AND ({condition}) \
         ORDER BY m.id, a.id",
    ),
    (
        "SELECT a.id, a.role FROM branch_children AS a, messages AS m WHERE a.message_id = m.id AND ({condition})",
        "SELECT a.id, a.role FROM messages AS a, messages AS m WHERE a.parent_entry_id = m.id AND ({condition})",
    ),
    (
        "SELECT m.id, (SELECT count(*) FROM branch_path(m.id)) AS n FROM messages AS m, messages AS a \
         WHERE a.id = m.id AND ({condition}) ORDER BY m.id DESC",
        "SELECT m.id, branch_depth(m.id) + 1 FROM messages AS m, messages AS a \
         WHERE a.id = m.id AND ({condition}) ORDER BY m.id DESC",
    ),
    (
        "SELECT a.id, a.distance FROM branch_path AS a, messages AS m \
         WHERE m.id = a.id AND a.message_id IN (5, 7, 11, 5) AND ({condition})",
        "SELECT a.id, a.distance FROM (SELECT 5 AS i UNION SELECT 7 UNION SELECT 11) AS v, branch_path(v.i) AS a, \
         messages AS m WHERE m.id = a.id AND ({condition})",
    ),
    (
        "SELECT a.id FROM branch_path AS a, messages AS m \
         WHERE m.id = a.id AND (a.message_id = 5 OR a.message_id = 7) AND ({condition})",
        "SELECT a.id FROM (SELECT * FROM branch_path(5) UNION ALL SELECT * FROM branch_path(7)) AS a, messages AS m \
         WHERE m.id = a.id AND ({condition})",
    ),
    (
        "SELECT m.id, a.id FROM threads AS t JOIN branch_leaves(t.id) AS a JOIN messages AS m ON m.id = a.parent_entry_id \
         WHERE {condition}",
        "SELECT m.id, a.id FROM messages AS a JOIN messages AS m ON m.id = a.parent_entry_id \
         WHERE NOT EXISTS (SELECT 1 FROM messages AS c WHERE c.parent_entry_id = a.id) AND ({condition})",
    ),
    (
        "SELECT m.id, a.id, a.is_current FROM branch_path(11) AS m, branch_siblings(m.id) AS a WHERE {condition}",
        "SELECT m.id, s.id, s.is_current FROM copy2 AS m JOIN messages AS r ON r.id = m.id JOIN messages AS a \
         ON a.parent_entry_id IS r.parent_entry_id AND (r.parent_entry_id IS NOT NULL OR a.thread_id = r.thread_id) \
         JOIN branch_siblings(a.id) AS s ON s.id = a.id WHERE {condition}",
    ),
    (
        "SELECT m.id, a.id FROM messages AS m, branch_path(m.id, 2) AS a WHERE a.distance = 1 AND ({condition})",
        "SELECT m.id, a.id FROM messages AS m, messages AS a WHERE a.id = m.parent_entry_id AND ({condition})",
    ),
    (
        "SELECT m.id, max(a.id), count(*) FROM messages AS m, branch_diff(m.id, 8) AS a WHERE {condition} \
         GROUP BY m.id ORDER BY m.id",
        "SELECT m.id, max(a.id), count(*) FROM messages AS m, messages AS a \
         WHERE (a.id IN (SELECT id FROM branch_path(m.id)) <> (a.id IN (SELECT id FROM branch_path(8)))) AND ({condition}) \
         GROUP BY m.id ORDER BY m.id",
    ),
];

impl Query {
    /// Any query.
    pub fn any(random: &mut Rng) -> Self {
        if random.u32(0..3) > 0 {
            return Self::over_one_or_two(random);
        }
        let (real, copied) = JOINED[random.usize(0..JOINED.len())];
        let mut side = || {
            let number = random.i64(0..26);
            match random.u32(0..6) {
                0 => format!("a.id = {number}"),
                1 => format!("m.id = {number}"),
                2 => format!("a.id > {number}"),
                3 => format!("m.id <= {number}"),
                4 => format!("a.id IN (2, 3, 8, {number})"),
                _ => "a.id > m.id".to_owned(),
            }
        };
        let (one, other) = (side(), side());
        let condition = match random.u32(0..4) {
            0 => one,
            1 => format!("{one} AND {other}"),
            _ => format!("{one} OR {other}"),
        };
        Self {
            real: real.replace("{condition}", &condition),
            copied: copied.replace("{condition}", &condition),
        }
    }

    fn over_one_or_two(random: &mut Rng) -> Self {
        let at = random.usize(0..USES.len());
        let other = random.usize(0..USES.len());
        let template = template(random, at, other);
        let fill = |from: &dyn Fn(usize) -> String| {
            template
                .replace("{one}", &from(at))
                .replace("{other}", &from(other))
        };
        Self {
            real: fill(&|at| USES[at].0.to_owned()),
            copied: fill(&|at| format!("copy{at}")),
        }
    }

    /// Fails unless two results are the same. Where the query has no order, theirs does not count.
    #[track_caller]
    pub fn compare(&self, mut found: Vec<String>, mut expected: Vec<String>) {
        if !self.real.contains("ORDER BY") {
            found.sort_unstable();
            expected.sort_unstable();
        }
        assert_eq!(found, expected, "{}", self.real);
    }
}

fn pick<'a>(random: &mut Rng, list: &[&'a str]) -> &'a str {
    list[random.usize(0..list.len())]
}

fn condition(random: &mut Rng, table: &str, columns: &[&str]) -> String {
    let column = pick(random, columns);
    let number = random.i64(-1..26);
    match random.u32(0..9) {
        0 => format!("{table}.{column} = {number}"),
        1 => format!("{table}.{column} > {number}"),
        2 => format!("{table}.id <= {number}"),
        3 => format!("{table}.{column} IS NULL"),
        4 => format!("{table}.{column} IN (1, 2, 5, 7, 'user', {number})"),
        5 => format!("{table}.id = {number}"),
        6 => format!("{table}.id BETWEEN 3 AND {number}"),
        7 => format!("NOT {table}.{column} = {number}"),
        _ => format!("({table}.id = 1 OR {table}.{column} < {number})"),
    }
}

/// A query over `{one}` and perhaps `{other}`. Where it has an order, that is a total one.
fn template(random: &mut Rng, at: usize, other: usize) -> String {
    let (columns, others) = (USES[at].1, USES[other].1);
    let list: Vec<String> = (0..random.usize(1..4))
        .map(|_| format!("a.{}", pick(random, columns)))
        .collect();
    let list = list.join(", ");
    let limit = match random.u32(0..4) {
        0 => format!(" LIMIT {}", random.i64(-1..5)),
        1 => format!(" LIMIT {} OFFSET {}", random.i64(-1..5), random.i64(0..4)),
        _ => String::new(),
    };
    let filter = condition(random, "a", columns);
    let descending = pick(random, &["", " DESC"]);
    let key = pick(random, columns);
    match random.u32(0..17) {
        0 => format!("SELECT {list} FROM {{one}} AS a WHERE {filter}"),
        1 => format!("SELECT {list} FROM {{one}} AS a ORDER BY a.id{descending}{limit}"),
        2 => format!("SELECT {list} FROM {{one}} AS a WHERE {filter} ORDER BY a.{key}{descending}, a.id{limit}"),
        3 => format!("SELECT count(*), min(a.id), max(a.id), count(a.{key}) FROM {{one}} AS a WHERE {filter}"),
        4 => format!("SELECT a.{key}, count(*), sum(a.id) FROM {{one}} AS a GROUP BY a.{key}"),
        5 => format!("SELECT DISTINCT a.{key} FROM {{one}} AS a"),
        6 => {
            let filter = condition(random, "b", others);
            format!("SELECT {list}, b.id FROM {{one}} AS a JOIN {{other}} AS b ON a.id = b.id AND {filter}")
        }
        7 => format!(
            "SELECT {list}, b.id FROM {{one}} AS a LEFT JOIN {{other}} AS b ON b.id = a.parent_entry_id OR b.id = a.id \
             ORDER BY a.id{descending}, b.id{limit}"
        )
        // Not every table has parents.
        .replace("a.parent_entry_id", if columns.contains(&"parent_entry_id") { "a.parent_entry_id" } else { "a.id - 1" }),
        8 => format!(
            "SELECT {list}, row_number() OVER (ORDER BY a.id{descending}) FROM {{one}} AS a \
             WHERE a.id IN (SELECT id FROM {{other}}) ORDER BY a.id"
        ),
        10 => format!("SELECT DISTINCT a.{key} FROM {{one}} AS a ORDER BY a.{key}{descending}{limit}"),
        11 => format!(
            "SELECT a.{key}, count(*), max(a.id) FROM {{one}} AS a GROUP BY a.{key} ORDER BY a.{key}{descending}{limit}"
        ),
        12 => format!(
            "SELECT * FROM (SELECT a.id, {list} FROM {{one}} AS a ORDER BY a.id DESC LIMIT 3) ORDER BY id{descending}"
        ),
        13 => format!(
            "SELECT {list}, b.id FROM {{one}} AS a JOIN {{other}} AS b ON b.id >= a.id \
             ORDER BY a.id{descending}, b.id{limit}"
        ),
        14 => {
            let together = pick(random, &["UNION", "EXCEPT", "INTERSECT"]);
            format!("SELECT id FROM {{one}} {together} SELECT id FROM {{other}} ORDER BY 1{descending}")
        }
        15 => format!("SELECT max(a.id), a.{key} FROM {{one}} AS a WHERE {filter}"),
        16 => format!(
            "SELECT a.id, (SELECT b.id FROM {{other}} AS b WHERE b.id <= a.id ORDER BY b.id{descending} LIMIT 1) \
             FROM {{one}} AS a ORDER BY a.id"
        ),
        _ => format!(
            "WITH c AS (SELECT * FROM {{one}} AS a WHERE {filter}) SELECT c.id FROM c \
             WHERE NOT EXISTS (SELECT 1 FROM {{other}} AS b WHERE b.id = c.id) \
             UNION ALL SELECT id FROM {{other}} ORDER BY 1{descending}{limit}"
        ),
    }
}
