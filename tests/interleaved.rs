//! A busy file: the messages of many threads one among the other, so that walks look up jump after jump, then meet
//! stretches where one thread was alone, and come back. Compared with a recursive query for each thread.

mod host;

use rusqlite::{params, Connection};

const THREADS: i64 = 30;

/// Path ids by a recursive query, first to last.
const RECURSIVE: &str = "WITH RECURSIVE path(id, parent, distance) AS ( \
         SELECT id, parent_entry_id, 0 FROM messages WHERE id = ?1 \
         UNION ALL \
         SELECT m.id, m.parent_entry_id, path.distance + 1 FROM messages AS m JOIN path ON m.id = path.parent \
     ) SELECT group_concat(id, ' ') FROM (SELECT id FROM path ORDER BY distance DESC)";

fn text(connection: &Connection, sql: &str, id: impl rusqlite::ToSql) -> String {
    connection
        .query_row(sql, params![id], |row| row.get::<_, Option<String>>(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .unwrap_or_default()
}

/// Rounds in which every thread gets one message; in some rounds one thread gets many, in some it forks far back.
fn busy() -> Connection {
    let connection = host::migrated();
    connection.execute_batch("BEGIN").unwrap();
    for thread in 0..THREADS {
        host::add_thread(&connection, &format!("t{thread}"));
    }
    for round in 0..60_i64 {
        for thread in 0..THREADS {
            let name = format!("t{thread}");
            let times = if (round + thread) % 20 == 7 { 9 } else { 1 };
            for _ in 0..times {
                host::integer(
                    &connection,
                    "SELECT branch_append(?1, 'user', 'text', NULL, 1)",
                    params![name],
                );
            }
            if (round * 7 + thread) % 25 == 3 {
                host::integer(
                    &connection,
                    "SELECT branch_fork(id, 'user', 'aside', NULL, 1) FROM branch_messages(?1) \
                     WHERE distance = ?2",
                    params![name, round / 2],
                );
            }
        }
    }
    connection.execute_batch("COMMIT").unwrap();
    connection
}

#[test]
fn every_walk_is_the_recursive_querys() {
    let connection = busy();
    for thread in 0..THREADS {
        let name = format!("t{thread}");
        let mut leaves = connection
            .prepare("SELECT id, depth FROM branch_leaves(?1)")
            .unwrap();
        let leaves: Vec<(i64, i64)> = leaves
            .query_map(params![name], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let without_children = text(
            &connection,
            "SELECT group_concat(id, ' ') FROM (SELECT id FROM messages AS m WHERE thread_id = ?1 \
             AND NOT EXISTS (SELECT 1 FROM messages WHERE parent_entry_id = m.id) ORDER BY id)",
            &name,
        );
        let ids: Vec<String> = leaves.iter().map(|leaf| leaf.0.to_string()).collect();
        assert_eq!(ids.join(" "), without_children);
        for (leaf, depth) in leaves {
            let expected = text(&connection, RECURSIVE, leaf);
            assert_eq!(expected.split(' ').count() as i64, depth + 1);
            for sql in [
                "SELECT group_concat(id, ' ') FROM branch_path(?1)",
                "SELECT group_concat(id, ' ') FROM (SELECT p.id FROM branch_path(?1) AS p \
                 JOIN messages AS m ON m.id = p.id ORDER BY p.distance DESC)",
                "SELECT group_concat(id, ' ') FROM (SELECT id FROM branch_path(?1) ORDER BY id)",
            ] {
                assert_eq!(text(&connection, sql, leaf), expected, "{sql}");
            }
            let depth_alone = host::integer(&connection, "SELECT branch_depth(?1)", params![leaf]);
            assert_eq!(depth_alone, depth);
        }
        let leaf = host::integer(
            &connection,
            "SELECT current_leaf_id FROM threads WHERE id = ?1",
            params![name],
        );
        let expected = text(&connection, RECURSIVE, leaf);
        for sql in [
            "SELECT group_concat(id, ' ') FROM (SELECT id, content FROM branch_messages(?1))",
            "SELECT group_concat(id, ' ') FROM (SELECT id, content FROM branch_messages(?1) ORDER BY id)",
        ] {
            assert_eq!(text(&connection, sql, &name), expected, "{sql}");
        }
        let backwards: Vec<&str> = expected.rsplit(' ').collect();
        let found = text(
            &connection,
            "SELECT group_concat(id, ' ') FROM (SELECT id, content, role FROM branch_messages(?1) \
             ORDER BY distance)",
            &name,
        );
        assert_eq!(found, backwards.join(" "));
    }
}
