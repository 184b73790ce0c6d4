//! Trees that are none: parents that are missing, circles, ids that are there twice.

use rusqlite::Connection;

use super::host::{self, integer};
use super::{write, Node, WITH_PARENTS};

/// A shape of a tree, and what becomes of it: each text with the text of its parent.
struct Shape {
    name: &'static str,
    nodes: &'static [Node],
    kept: &'static [(&'static str, Option<&'static str>)],
}

const SHAPES: [Shape; 8] = [
    Shape {
        name: "a parent that is missing: its children are first messages",
        nodes: &[
            ("a", None, "A"),
            ("b", Some("gone"), "B"),
            ("c", Some("b"), "C"),
            ("d", Some("gone"), "D"),
        ],
        kept: &[("A", None), ("B", None), ("C", Some("B")), ("D", None)],
    },
    Shape {
        name: "a cycle: the node that comes first begins it",
        nodes: &[
            ("a", Some("c"), "A"),
            ("b", Some("a"), "B"),
            ("c", Some("b"), "C"),
            ("d", Some("c"), "D"),
        ],
        kept: &[
            ("A", None),
            ("B", Some("A")),
            ("C", Some("B")),
            ("D", Some("C")),
        ],
    },
    Shape {
        name: "a cycle below a node that comes before it",
        nodes: &[
            ("d", Some("c"), "D"),
            ("b", Some("a"), "B"),
            ("c", Some("b"), "C"),
            ("a", Some("c"), "A"),
            ("e", None, "E"),
        ],
        kept: &[
            ("D", Some("C")),
            ("B", None),
            ("C", Some("B")),
            ("A", Some("C")),
            ("E", None),
        ],
    },
    Shape {
        name: "its own parent: a first message",
        nodes: &[("a", Some("a"), "A"), ("b", Some("a"), "B")],
        kept: &[("A", None), ("B", Some("A"))],
    },
    Shape {
        name: "two nodes of one id: the first counts",
        nodes: &[
            ("a", None, "A"),
            ("b", Some("a"), "B"),
            ("b", None, "other B"),
            ("c", Some("b"), "C"),
        ],
        kept: &[("A", None), ("B", Some("A")), ("C", Some("B"))],
    },
    Shape {
        name: "several first messages: all are kept",
        nodes: &[("a", None, "A"), ("b", None, "B"), ("c", Some("b"), "C")],
        kept: &[("A", None), ("B", None), ("C", Some("B"))],
    },
    Shape {
        name: "children before their parents",
        nodes: &[
            ("c", Some("b"), "C"),
            ("d", Some("b"), "D"),
            ("b", Some("a"), "B"),
            ("a", None, "A"),
        ],
        kept: &[
            ("A", None),
            ("B", Some("A")),
            ("C", Some("B")),
            ("D", Some("B")),
        ],
    },
    Shape {
        name: "ids that are numbers",
        nodes: &[
            ("1", None, "A"),
            ("2", Some("1"), "B"),
            ("-3", Some("2"), "C"),
        ],
        kept: &[("A", None), ("B", Some("A")), ("C", Some("B"))],
    },
];

fn kept(connection: &Connection) -> Vec<(String, Option<String>)> {
    let mut statement = connection
        .prepare(
            "SELECT m.content, p.content FROM messages AS m LEFT JOIN messages AS p ON p.id = m.parent_entry_id \
             ORDER BY m.content",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn trees_that_are_broken() {
    for format in WITH_PARENTS {
        for shape in &SHAPES {
            let connection = host::migrated();
            let text = write(format, shape.nodes);
            let describe = format!("{format}: {}\n{text}", shape.name);
            // Our own format is exact: there, a tree that is broken is an error (see `jsonl`), unless that is passed over.
            let options = match format {
                "jsonl" => "{\"skip_bad\":true}",
                _ => "{}",
            };
            let import = || {
                let sql = "SELECT branch_import(?1, ?2, ?3)";
                integer(&connection, sql, &[&format, &text, &options])
            };
            assert_eq!(import() as usize, shape.kept.len(), "{describe}");
            let mut expected: Vec<_> = shape
                .kept
                .iter()
                .map(|(text, parent)| ((*text).to_owned(), parent.map(str::to_owned)))
                .collect();
            expected.sort();
            assert_eq!(kept(&connection), expected, "{describe}");
            for sql in [
                "SELECT count(*) FROM branch_check()",
                "SELECT count(*) - 1 FROM threads",
                "SELECT count(*) FROM messages WHERE parent_entry_id >= id",
            ] {
                assert_eq!(integer(&connection, sql, &[]), 0, "{sql}\n{describe}");
            }
            assert_eq!(import(), 0, "again: {describe}");
        }
    }
}
