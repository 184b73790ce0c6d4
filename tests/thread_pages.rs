//! A list of threads, read page by page: each page costs what the first one costs, and has the rows that plain SQL gives.

mod host;

use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

use host::{migrated, open, pages};

/// `t00000`, `t00001`, ..., each with a message, and times of which three in a row are equal.
fn many(directory: &tempfile::TempDir, threads: i64) -> Connection {
    let connection = open(&directory.path().join("state.db"));
    connection
        .query_row("SELECT branch_migrate()", [], |_| Ok(()))
        .unwrap();
    connection
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1) \
             INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, \
                 cli_version, source, current_leaf_id) \
             SELECT printf('t%05d', i), '', 0, '', i, i / 3, 'idle', '', '', 'api', i + 1 FROM n",
            [threads],
        )
        .unwrap();
    connection
        .execute_batch(
            "INSERT INTO messages(id, thread_id, role, content, created_at) \
             SELECT current_leaf_id, id, 'user', 'message of ' || id, 1 FROM threads",
        )
        .unwrap();
    connection
}

/// Asks for the first page and for pages all over the list. `page` has `#` where the bound is.
fn costs_the_same(connection: &Connection, first: &str, page: &str, bounds: &[Vec<&dyn ToSql>]) {
    let begin = pages(connection, first, &[]);
    assert!((5..60).contains(&begin), "{first}: {begin} pages");
    for values in bounds {
        let here = pages(connection, page, values);
        // A row more, and one more step down two trees than at the edge.
        assert!(
            here <= begin + 4,
            "{page}: {here} pages, {begin} for the first"
        );
        let found: i64 = connection
            .query_row(
                &format!("SELECT count(*) FROM ({page})"),
                values.as_slice(),
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(found, 20, "{page}");
    }
}

#[test]
fn a_page_from_the_middle_costs_what_the_first_one_costs() {
    let directory = tempfile::tempdir().unwrap();
    let connection = many(&directory, 20_000);
    let whole = pages(&connection, "SELECT id, title FROM branch_threads()", &[]);
    assert!(whole > 200, "{whole}");
    let list = "SELECT id, updated_at, last_content FROM branch_threads()";
    let ids: Vec<Vec<&dyn ToSql>> = vec![vec![&"t00300"], vec![&"t10000"], vec![&"t19000"]];
    for (comparison, order) in [
        (">", "id"),
        (">=", "id"),
        ("<", "id DESC"),
        ("<=", "id DESC"),
    ] {
        costs_the_same(
            &connection,
            &format!("{list} ORDER BY {order} LIMIT 20"),
            &format!("{list} WHERE id {comparison} ?1 ORDER BY {order} LIMIT 20"),
            &ids,
        );
    }
    // A bound that is written out, and both.
    costs_the_same(
        &connection,
        &format!("{list} ORDER BY id LIMIT 20"),
        &format!("{list} WHERE id > 't12345' ORDER BY id LIMIT 20"),
        &[vec![]],
    );
    for order in ["id", "id DESC", "1 + 1"] {
        costs_the_same(
            &connection,
            &format!("{list} ORDER BY id LIMIT 20"),
            &format!("{list} WHERE id BETWEEN 't10100' AND 't10119' ORDER BY {order}"),
            &[vec![]],
        );
    }
    // By time: newest first, what has changed since, and by time and id as a chat reads on.
    let times: Vec<Vec<&dyn ToSql>> = vec![vec![&100_i64], vec![&3_333_i64], vec![&6_000_i64]];
    for comparison in ["<", "<="] {
        costs_the_same(
            &connection,
            &format!("{list} ORDER BY updated_at DESC LIMIT 20"),
            &format!("{list} WHERE updated_at {comparison} ?1 ORDER BY updated_at DESC LIMIT 20"),
            &times,
        );
    }
    let pairs: Vec<Vec<&dyn ToSql>> = vec![
        vec![&100_i64, &"t00301"],
        vec![&3_333_i64, &"t10000"],
        vec![&6_000_i64, &"t18002"],
    ];
    for (comparison, order) in [
        ("<", "updated_at DESC, id DESC"),
        (">", "updated_at, id"),
        ("<=", "updated_at DESC, id DESC"),
    ] {
        costs_the_same(
            &connection,
            &format!("{list} ORDER BY {order} LIMIT 20"),
            &format!(
                "{list} WHERE (updated_at, id) {comparison} (?1, ?2) ORDER BY {order} LIMIT 20"
            ),
            &pairs,
        );
    }
    let since = pages(
        &connection,
        "SELECT id FROM branch_threads() WHERE updated_at >= 6660 ORDER BY updated_at DESC",
        &[],
    );
    assert!(since < 30, "{since}");
}

#[test]
fn pages_need_no_sorter() {
    let connection = migrated();
    for (sql, sorted) in [
        ("WHERE id > 5 ORDER BY id", true),
        ("WHERE id < 5 ORDER BY id DESC", true),
        ("WHERE updated_at < 5 ORDER BY updated_at DESC", true),
        (
            "WHERE (updated_at, id) < (5, 'x') ORDER BY updated_at DESC, id DESC",
            true,
        ),
        (
            "WHERE (updated_at, id) > (5, 'x') ORDER BY updated_at, id",
            true,
        ),
        // No way is there to have these but to sort.
        ("ORDER BY updated_at DESC, id", false),
        ("ORDER BY title", false),
    ] {
        let sql = format!("EXPLAIN QUERY PLAN SELECT id FROM branch_threads() {sql}");
        let mut statement = connection.prepare(&sql).unwrap();
        let steps: Vec<String> = statement
            .query_map([], |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert_eq!(sorts, !sorted, "{sql}: {steps:?}");
    }
}

/// Ids as other programs may have written them: numbers in every spelling, blanks, all letters, blobs, no id at all.
fn any_id() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => proptest::sample::select(vec![
            "", " ", "!", "0", "00", "05", "5", "5.0", "5e0", " 5", "+5", "-1", "10", "12ab", "9", ":", "A", "B", "a", "aB",
            "AB", "ab", "a\u{0}b", "a b", "z", "\u{e9}", "\u{4e2d}", "\u{1f600}", "\u{ff5e}", "019abc-7",
        ]).prop_map(|id| Value::Text(id.to_owned())),
        2 => "[ -~]{0,3}".prop_map(Value::Text),
        1 => vec(any::<u8>(), 0..3).prop_map(Value::Blob),
        1 => Just(Value::Null),
    ]
}

fn any_time() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (0_i64..4).prop_map(Value::Integer),
        1 => proptest::sample::select(vec![i64::MIN, -1, 1 << 53, i64::MAX]).prop_map(Value::Integer),
        1 => proptest::sample::select(vec![-1e300, 0.5, 1e300, f64::INFINITY, f64::NEG_INFINITY]).prop_map(Value::Real),
        1 => proptest::sample::select(vec!["", "abc", "1x"]).prop_map(|time| Value::Text(time.to_owned())),
    ]
}

/// What is compared with: any of that, of any type.
fn any_bound() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => any_id(),
        6 => any_time(),
        1 => (-1_i64..12).prop_map(Value::Integer),
    ]
}

/// Where a bound comes from, which decides how SQLite compares it. `?` is the parameter.
const SOURCES: [&str; 6] = [
    "?",
    "CAST(? AS TEXT)",
    "(SELECT untyped FROM bounds WHERE at = ?)",
    "(SELECT text FROM bounds WHERE at = ?)",
    "+?",
    "(SELECT ?)",
];

const COLUMNS: &str = "id, title, updated_at, last_id, last_content";

#[derive(Debug, Clone)]
struct Term {
    column: &'static str,
    comparison: &'static str,
    source: usize,
    bound: Value,
}

fn any_term() -> impl Strategy<Value = Term> {
    (
        proptest::sample::select(vec!["id", "updated_at", "title"]),
        proptest::sample::select(vec!["<", "<=", ">", ">=", "=", "<>", "IS"]),
        0..SOURCES.len(),
        any_bound(),
    )
        .prop_map(|(column, comparison, source, bound)| Term {
            column,
            comparison,
            source,
            bound,
        })
}

/// The same query of both, in an order that has no ties.
fn compare(connection: &Connection, filter: &str, order: &str, values: &[Value]) {
    let plain = "(SELECT p.id AS id, title, p.updated_at AS updated_at, m.id AS last_id, m.content AS last_content \
          FROM plain AS p LEFT JOIN messages AS m ON m.id = p.current_leaf_id)";
    let ask = |from: &str, order: &str| -> Vec<Vec<Value>> {
        let sql = format!("SELECT {COLUMNS} FROM {from} {filter} {order}");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
            (0..5).map(|at| row.get(at)).collect()
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    let (ours, theirs) = (ask("branch_threads()", order), ask(plain, order));
    if order.contains("id") {
        // Several threads may have no id, so those are compared as a set below.
        let ids = |rows: &[Vec<Value>]| rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&ours), ids(&theirs), "{filter} {order} {values:?}");
    }
    let sorted = |mut rows: Vec<Vec<Value>>| {
        rows.sort_by_key(|row| format!("{row:?}"));
        rows
    };
    assert_eq!(sorted(ours), sorted(theirs), "{filter} {order} {values:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_page_is_what_plain_sql_gives(
        threads in vec((any_id(), any_time(), prop_oneof![Just(Value::Null), (1_i64..4).prop_map(Value::Integer)]), 0..30),
        queries in vec((vec(any_term(), 1..4), 0_usize..8), 1..12),
        encoding in proptest::sample::select(vec!["UTF-8", "UTF-16le", "UTF-16be"]),
        declared in proptest::sample::select(vec!["TEXT PRIMARY KEY", "TEXT", "TEXT COLLATE NOCASE PRIMARY KEY"]),
        indexed in any::<bool>(),
    ) {
        let connection = host::memory();
        connection
            .execute_batch(&format!(
                "PRAGMA encoding = '{encoding}';
                 CREATE TABLE threads(id {declared}, title TEXT, preview TEXT, archived INTEGER, created_at INTEGER,
                     updated_at INTEGER, current_leaf_id INTEGER);
                 CREATE TABLE messages(id INTEGER PRIMARY KEY, thread_id TEXT, role TEXT, content TEXT, item_json TEXT,
                     created_at INTEGER, parent_entry_id INTEGER);
                 INSERT INTO messages(id, role, content) VALUES (1, 'user', 'one'), (2, 'user', 'two');
                 CREATE TABLE plain(id TEXT, title TEXT, updated_at INTEGER, current_leaf_id INTEGER);
                 CREATE TABLE bounds(at INTEGER PRIMARY KEY, untyped, text TEXT);"
            ))
            .unwrap();
        if indexed {
            connection.execute_batch("CREATE INDEX idx_threads_updated_at ON threads(updated_at DESC)").unwrap();
        }
        for (at, (id, time, leaf)) in threads.iter().enumerate() {
            // The title keeps what the id's column may take for the same.
            connection
                .execute(
                    "INSERT OR IGNORE INTO threads(id, title, updated_at, current_leaf_id) VALUES (?1, ?2, ?3, ?4)",
                    rusqlite::params![id, at.to_string(), time, leaf],
                )
                .unwrap();
        }
        connection.execute_batch("INSERT INTO plain SELECT id, title, updated_at, current_leaf_id FROM threads").unwrap();
        let orders = [
            "", "ORDER BY id", "ORDER BY id DESC", "ORDER BY updated_at DESC, id DESC", "ORDER BY updated_at, id",
            "ORDER BY updated_at DESC, id", "ORDER BY id COLLATE NOCASE, id", "ORDER BY 1, 2",
        ];
        for (terms, order) in &queries {
            let (mut filters, mut values) = (Vec::new(), Vec::new());
            for (at, term) in terms.iter().enumerate() {
                let source = SOURCES[term.source];
                let number = at + 1;
                let bound = if source.contains("bounds") {
                    connection
                        .execute("INSERT OR REPLACE INTO bounds VALUES (?1, ?2, ?2)", rusqlite::params![number as i64, term.bound])
                        .unwrap();
                    values.push(Value::Integer(number as i64));
                    source.replace('?', &format!("?{number}"))
                } else {
                    values.push(term.bound.clone());
                    source.replace('?', &format!("?{number}"))
                };
                filters.push(format!("{} {} {bound}", term.column, term.comparison));
            }
            compare(&connection, &format!("WHERE {}", filters.join(" AND ")), orders[*order], &values);
            compare(&connection, &format!("WHERE {}", filters.join(" OR ")), orders[*order], &values);
            if let [a, b, ..] = values.as_slice() {
                let pair = [a.clone(), b.clone()];
                for (comparison, order) in [("<", "ORDER BY updated_at DESC, id DESC"), (">=", "ORDER BY updated_at, id")] {
                    compare(&connection, &format!("WHERE (updated_at, id) {comparison} (?1, ?2)"), order, &pair);
                }
                compare(&connection, "WHERE id BETWEEN ?1 AND ?2", "ORDER BY id", &pair);
                compare(&connection, "WHERE id COLLATE NOCASE BETWEEN ?1 AND ?2", "ORDER BY id", &pair);
                compare(&connection, "WHERE id IN (?1, ?2)", "ORDER BY id DESC", &pair);
            }
        }
    }
}
