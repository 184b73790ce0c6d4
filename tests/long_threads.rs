//! Threads that are long enough for the ways that only long ones take: in stretches, with gaps between ids, with clocks
//! that go back, grown onto each other, and with a message missing. What is listed is compared with plain queries.
//!
//! `SQLITE_BRANCH_CASES` sets the number of cases.

mod host;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use rusqlite::{params, Connection, Params};

/// Messages that follow one another.
#[derive(Debug, Clone)]
struct Stretch {
    /// Whose they are.
    thread: usize,
    length: i64,
    /// How many messages above the thread's last one they begin.
    back: usize,
    /// Whether they begin where one of the thread's stretches ended instead: an old branch is taken up again.
    resumes: bool,
    /// Whether they begin at another thread's last message.
    elsewhere: bool,
    /// How many ids are left out before them.
    gap: i64,
    /// How much later, or earlier, than the one before each of them is written.
    pace: i64,
    /// The time of the first one, after that of the last stretch.
    pause: i64,
}

fn any_stretch() -> impl Strategy<Value = Stretch> {
    let length = prop_oneof![1..4_i64, 1..40_i64, 200..900_i64];
    let back = prop_oneof![3 => Just(0), 1 => 1..3_usize, 1 => 1..800_usize];
    let gap = prop_oneof![8 => Just(0), 1 => 1..3_i64, 1 => 500..2000_i64];
    let pace = prop_oneof![6 => 0..2_i64, 1 => Just(-1)];
    let pause = prop_oneof![6 => 0..5_i64, 1 => -2000..0_i64];
    let thread = prop_oneof![4 => Just(0_usize), 1 => 0..3_usize];
    let elsewhere = prop::bool::weighted(0.05);
    let resumes = prop::bool::weighted(0.3);
    (thread, length, back, resumes, elsewhere, gap, pace, pause).prop_map(
        |(thread, length, back, resumes, elsewhere, gap, pace, pause)| Stretch {
            thread,
            length,
            back,
            resumes,
            elsewhere,
            gap,
            pace,
            pause,
        },
    )
}

fn name(thread: usize) -> String {
    format!("t{thread}")
}

/// Writes the stretches, with contents that are `longer` than a few bytes. Gives each thread's messages.
fn write(connection: &Connection, stretches: &[Stretch], longer: usize) -> [Vec<i64>; 3] {
    let mut threads = [vec![], vec![], vec![]];
    let mut ends = [vec![], vec![], vec![]];
    connection.execute_batch("BEGIN").unwrap();
    for thread in 0..threads.len() {
        host::add_thread(connection, &name(thread));
    }
    let mut insert = connection
        .prepare(
            "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
             VALUES (?1, ?2, 'user', 'text ' || ?1 || ?5, ?3, ?4)",
        )
        .unwrap();
    let more = "x".repeat(longer);
    let (mut id, mut time) = (1, 1_000_000);
    for stretch in stretches {
        let other = (stretch.thread + 1) % threads.len();
        let from = match stretch {
            Stretch {
                elsewhere: true, ..
            } => &threads[other],
            Stretch { resumes: true, .. } => &ends[stretch.thread],
            _ => &threads[stretch.thread],
        };
        let back = if stretch.resumes {
            stretch.back % 4
        } else {
            stretch.back
        };
        let mut parent: Option<i64> = from.iter().rev().nth(back).copied();
        id += stretch.gap;
        time += stretch.pause;
        for _ in 0..stretch.length {
            insert
                .execute(params![id, name(stretch.thread), time, parent, more])
                .unwrap();
            threads[stretch.thread].push(id);
            parent = Some(id);
            id += 1;
            time += stretch.pace;
        }
        ends[stretch.thread].push(id - 1);
    }
    for (thread, messages) in threads.iter().enumerate() {
        connection
            .execute(
                "UPDATE threads SET current_leaf_id = ?2 WHERE id = ?1",
                params![name(thread), messages.last()],
            )
            .unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    threads
}

const CORRUPT_VTAB: i32 = 267;

/// The ids that a query lists, or the code of its error.
fn ids(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<i64>, i32> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map(values, |row| row.get(0)).unwrap();
    let ids: rusqlite::Result<_> = rows.collect();
    ids.map_err(|error| match error {
        rusqlite::Error::SqliteFailure(failure, _) => failure.extended_code,
        other => panic!("{sql}: {other}"),
    })
}

const LEAVES: &str = "SELECT id FROM messages AS m WHERE thread_id = ?1 \
     AND NOT EXISTS (SELECT 1 FROM messages AS c WHERE c.parent_entry_id = m.id) ORDER BY id";

/// The path to a message, last to first, and one row with -1 if it ends at a message that is missing.
const PATH: &str = "WITH RECURSIVE up(id, parent) AS ( \
         SELECT id, parent_entry_id FROM messages WHERE id = ?1 \
         UNION ALL SELECT coalesce(m.id, -1), m.parent_entry_id \
         FROM up LEFT JOIN messages AS m ON m.id = up.parent WHERE up.parent IS NOT NULL \
     ) SELECT id FROM up";

/// The nearest message above one that has several children.
const FORK: &str = "WITH RECURSIVE up(id, distance) AS ( \
         SELECT parent_entry_id, 1 FROM messages WHERE id = ?1 \
         UNION ALL SELECT m.parent_entry_id, up.distance + 1 FROM up JOIN messages AS m ON m.id = up.id \
     ) SELECT id FROM up WHERE (SELECT count(*) FROM messages WHERE parent_entry_id = up.id) > 1 \
     ORDER BY distance LIMIT 1";

/// Those of a thread's messages that are below one that is missing.
const LOST: &str = "WITH RECURSIVE below(id) AS ( \
         SELECT id FROM messages WHERE parent_entry_id NOT IN (SELECT id FROM messages) \
         UNION SELECT m.id FROM messages AS m JOIN below ON m.parent_entry_id = below.id \
     ) SELECT id FROM below JOIN messages USING (id) WHERE thread_id = ?1";

/// Depth and fork of leaves, one number after the other.
fn compare_measures(connection: &Connection, thread: &str, leaves: &[i64]) {
    let lost = ids(connection, LOST, [thread]).unwrap();
    let measured = leaves.iter().flat_map(|leaf| {
        let path = ids(connection, PATH, [leaf]).unwrap();
        let fork = ids(connection, FORK, [leaf]).unwrap();
        let fork = fork.first().copied().unwrap_or(-1);
        [*leaf, path.len() as i64 - 1, fork]
    });
    let expected = if lost.is_empty() {
        Ok(measured.collect())
    } else {
        Err(CORRUPT_VTAB)
    };
    let flat = "SELECT value FROM branch_leaves(?1) AS l, \
         json_each(json_array(l.id, l.depth, coalesce(l.fork_id, -1))) AS e ORDER BY l.id, e.key";
    assert_eq!(ids(connection, flat, [thread]), expected);
}

fn compare(connection: &Connection, thread: usize, leaf: Option<i64>) {
    let thread = name(thread);
    let expected = ids(connection, LEAVES, [&thread]).unwrap();
    for columns in ["id", "id, content"] {
        let sql = format!("SELECT {columns} FROM branch_leaves(?1)");
        assert_eq!(
            ids(connection, &sql, [&thread]),
            Ok(expected.clone()),
            "{sql}"
        );
    }
    compare_measures(connection, &thread, &expected);
    let path = ids(connection, PATH, [leaf]).unwrap();
    for limit in [1_i64, 20, 300, 5000] {
        let mut newest: Vec<i64> = path.iter().copied().take(limit as usize).collect();
        let expected = if newest.last() == Some(&-1) {
            [Err(CORRUPT_VTAB), Err(CORRUPT_VTAB)]
        } else {
            let upwards = newest.clone();
            newest.reverse();
            [Ok(newest), Ok(upwards)]
        };
        for (order, expected) in ["DESC", "ASC"].into_iter().zip(expected) {
            for columns in ["id", "id, content"] {
                let sql = format!(
                    "SELECT {columns} FROM branch_messages(?1, ?2) ORDER BY distance {order}"
                );
                let found = ids(connection, &sql, params![thread, limit]);
                assert_eq!(found, expected, "{sql}, limit {limit}");
            }
            let sql = format!(
                "SELECT m.id FROM branch_path(?1, ?2) AS p JOIN messages AS m ON m.id = p.id \
                 ORDER BY p.distance {order}"
            );
            let found = ids(connection, &sql, params![leaf, limit]);
            assert_eq!(found, expected, "{sql}, limit {limit}");
        }
    }
}

fn config() -> Config {
    let cases = std::env::var("SQLITE_BRANCH_CASES").map_or(300, |cases| {
        cases.parse().expect("SQLITE_BRANCH_CASES is a number")
    });
    Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/seeds/long_threads.txt",
        ))),
        max_shrink_iters: 500,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_listed_is_what_plain_queries_find(
        stretches in vec(any_stretch(), 1..9),
        missing in prop::option::weighted(0.5, any::<prop::sample::Index>()),
        longer in prop_oneof![4 => Just(0_usize), 1 => Just(1500_usize), 1 => Just(3000_usize)],
        many_pages in prop::bool::weighted(0.3),
    ) {
        let connection = host::memory();
        if many_pages {
            // Then rows are not taken to be short.
            connection
                .execute_batch("PRAGMA page_size = 512; CREATE TABLE ballast(pages); INSERT INTO ballast VALUES (zeroblob(15000000));")
                .unwrap();
        }
        connection.query_row("SELECT branch_migrate()", [], |_| Ok(())).unwrap();
        let threads = write(&connection, &stretches, longer);
        if let Some(missing) = missing {
            let all = threads.concat();
            connection
                .execute("DELETE FROM messages WHERE id = ?1", [missing.get(&all)])
                .unwrap();
        }
        for (thread, messages) in threads.iter().enumerate() {
            let leaf = messages.last().copied();
            let there: bool = connection
                .query_row("SELECT EXISTS (SELECT 1 FROM messages WHERE id = ?1)", [leaf], |row| row.get(0))
                .unwrap();
            if there || leaf.is_none() {
                compare(&connection, thread, leaf);
            }
        }
    }
}
