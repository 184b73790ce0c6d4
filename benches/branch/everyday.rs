//! What a chat does every day: append with a name for the message, list conversations.

use std::cell::Cell;

use rusqlite::{params, Connection};

use crate::history::{warm, Around, Size, Spec, THREAD};
use crate::measure::{interleaved, Case};
use crate::query::read;
use crate::report::Target;
use crate::writing::{ours, raw, rolled_back};
use crate::{host, Bench};

/// `branch_append` without and with a uid against the statements that an append without one needs, and `INSERT INTO
/// branch_messages`.
pub fn uids(bench: &mut Bench) {
    bench.report.group(
        "Append with a uid, inside a transaction",
        "times as long as the three prepared statements that an append without a uid needs",
    );
    for bytes in [200, 500] {
        let spec = Spec {
            messages: 10_000,
            size: Size::Bytes(bytes),
            around: Around::Nothing,
        };
        if !bench.wants(&spec.label()) {
            continue;
        }
        let connection = warm(&bench.histories.get(spec).ours);
        let content = "x".repeat(bytes);
        let number = Cell::new(0_u64);
        let uid = || {
            number.set(number.get() + 1);
            format!("0198c7f0-7d5a-7000-8000-{:012x}", number.get())
        };
        let mut named = connection
            .prepare("SELECT branch_append(?1, ?2, ?3, NULL, NULL, ?4)")
            .unwrap();
        let mut insert = connection
            .prepare("INSERT INTO branch_messages(thread_id, role, content) VALUES (?1, ?2, ?3)")
            .unwrap();
        let cases = vec![
            ours(&connection, &content),
            Case::timed("with a uid", || {
                rolled_back(&connection, || {
                    let id: i64 = named
                        .query_row(params![THREAD, "user", content, uid()], |row| row.get(0))
                        .unwrap();
                    assert!(id > 0);
                })
            }),
            Case::timed("insert", || {
                rolled_back(&connection, || {
                    assert_eq!(insert.execute(params![THREAD, "user", content]).unwrap(), 1);
                })
            }),
            raw("raw", &connection, &content),
        ];
        let times = interleaved(cases, bench.pace());
        let label = spec.label();
        for (what, limit) in [("ours", 1.15), ("with a uid", 1.6), ("insert", 1.6)] {
            let ratio = times.ratio(what, "raw");
            bench.report.figure(
                &label,
                &format!("{what} / raw"),
                ratio,
                Target::AtMost(limit),
            );
        }
    }
    bench.report.print_group();
}

const JOIN: &str =
    "SELECT t.id, t.title, t.updated_at, m.id, m.role, m.content, m.created_at FROM threads AS t \
     LEFT JOIN messages AS m ON m.id = t.current_leaf_id";
const LIST: &str =
    "SELECT id, title, updated_at, last_id, last_role, last_content, last_at FROM branch_threads()";

/// So many threads with three messages each.
fn conversations(threads: usize) -> Connection {
    let connection = host::migrated();
    connection.execute_batch("BEGIN").unwrap();
    for thread in 0..threads {
        let id = format!("{:05}-{thread}", thread * 7919 % 100_003);
        let call = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
            let mut statement = connection.prepare_cached(sql).unwrap();
            statement.query_row(values, |_| Ok(())).unwrap();
        };
        call(
            "SELECT branch_thread(?1, 'A title', ?2)",
            &[&id, &(thread as i64)],
        );
        for _ in 0..3 {
            call(
                "SELECT branch_append(?1, 'user', printf('%.200c', 'x'))",
                &[&id],
            );
        }
    }
    connection.execute_batch("COMMIT").unwrap();
    connection
}

/// `branch_threads()` of 10,000 threads against the join that a program would write, and by id with LIMIT 20 against the same
/// of 100 threads.
pub fn threads(bench: &mut Bench) {
    const MANY: usize = 10_000;
    const FEW: usize = 100;
    bench.report.group(
        "A list of conversations",
        "branch_threads() with the last messages against the join of threads with messages; 20 of 10,000 against 20 of 100",
    );
    let (many, few) = (conversations(MANY), conversations(FEW));
    let mut all = many.prepare(LIST).unwrap();
    let mut join = many.prepare(JOIN).unwrap();
    let times = interleaved(
        vec![
            Case::new("ours", || assert_eq!(read(&mut all, []), MANY)),
            Case::new("join", || assert_eq!(read(&mut join, []), MANY)),
        ],
        bench.pace(),
    );
    let ratio = times.ratio("ours", "join");
    bench.report.figure(
        "all of 10,000",
        "ours / the other",
        ratio,
        Target::AtMost(1.5),
    );
    for (label, order) in [
        ("20 by id", "id"),
        ("20 by updated_at downwards", "updated_at DESC"),
    ] {
        let sql = format!("{LIST} ORDER BY {order} LIMIT 20");
        let mut large = many.prepare(&sql).unwrap();
        let mut small = few.prepare(&sql).unwrap();
        let times = interleaved(
            vec![
                Case::new("many", || assert_eq!(read(&mut large, []), 20)),
                Case::new("few", || assert_eq!(read(&mut small, []), 20)),
            ],
            bench.pace(),
        );
        let ratio = times.ratio("many", "few");
        bench
            .report
            .figure(label, "ours / the other", ratio, Target::AtMost(1.3));
    }
    bench.report.print_group();
}
