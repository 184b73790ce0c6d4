//! The ends of all branches, against the seed's join.

use rusqlite::params;

use crate::history::{warm, Around, Size, Spec, THREAD};
use crate::host;
use crate::measure::{interleaved, Case};
use crate::query::{read, SEED_LEAVES};
use crate::report::Target;
use crate::Bench;

const SAME: &str = "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
     FROM branch_leaves(?1)";
const ALL: &str =
    "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id, depth, fork_id, is_current \
     FROM branch_leaves(?1)";

/// Adds `?2` branches of one message each, evenly spread over a branch.
const SPREAD: &str = "INSERT INTO messages(thread_id, role, content, created_at, parent_entry_id) \
     SELECT thread_id, role, content, created_at, id FROM messages \
     WHERE thread_id = ?1 AND id % ?2 = 1 AND id <= ?3";

/// Adds a message of another thread, as the file of somebody with more than one conversation has it.
const ANOTHER: &str =
    "INSERT INTO messages(thread_id, role, content, created_at, parent_entry_id) \
     SELECT 'another', role, content, created_at, NULL FROM messages WHERE id = 1";

/// What there is beside a branch.
#[derive(Clone, Copy)]
enum More {
    Nothing,
    /// A branch of one message at every so many messages.
    Branches(i64),
    /// Another thread.
    Thread,
}

/// With the seed's columns, and with all of ours.
pub fn leaves(bench: &mut Bench) {
    bench
        .report
        .group("Leaves of a thread", "times faster than the seed's join: with its columns, and with depth, fork_id and is_current too");
    for messages in [1000, 10_000, 100_000] {
        for (around, more) in [
            (Around::Nothing, More::Nothing),
            (Around::Nothing, More::Thread),
            (Around::Nothing, More::Branches(100)),
            (Around::Nothing, More::Branches(10)),
            (Around::Dead, More::Nothing),
            (Around::Busy, More::Nothing),
        ] {
            let spec = Spec {
                messages,
                size: Size::Bytes(200),
                around,
            };
            let label = match more {
                More::Nothing => spec.label(),
                More::Thread => format!("{messages} x 200 B, and another thread"),
                More::Branches(every) => format!("{messages} x 200 B, a branch at every {every}th"),
            };
            if bench.quick && spec.rows() > 300_000 || !bench.wants(&label) {
                continue;
            }
            let connection = warm(&bench.histories.get(spec).ours);
            // Rolled back with the connection's end.
            connection.execute_batch("BEGIN").unwrap();
            match more {
                More::Nothing => {}
                More::Thread => {
                    host::add_thread(&connection, "another");
                    connection.execute(ANOTHER, []).unwrap();
                }
                More::Branches(every) => {
                    let last = messages as i64;
                    connection
                        .execute(SPREAD, params![THREAD, every, last])
                        .unwrap();
                }
            }
            let expected = {
                let mut seed = connection.prepare(SEED_LEAVES).unwrap();
                read(&mut seed, [THREAD])
            };
            let mut cases = Vec::new();
            for (who, sql) in [("ours", SAME), ("all", ALL), ("seed", SEED_LEAVES)] {
                let mut statement = connection.prepare(sql).unwrap();
                cases.push(Case::new(who, move || {
                    assert_eq!(read(&mut statement, [THREAD]), expected);
                }));
            }
            let times = interleaved(cases, bench.pace());
            let target = if messages >= 10_000 {
                Target::AtLeast(5.0)
            } else {
                Target::None
            };
            let report = &mut bench.report;
            report.figure(&label, "leaves", expected as f64, Target::None);
            report.figure(
                &label,
                "seed, µs",
                times.seconds("seed") * 1e6,
                Target::None,
            );
            report.figure(&label, "seed / ours", times.ratio("seed", "ours"), target);
            report.figure(
                &label,
                "seed / all columns",
                times.ratio("seed", "all"),
                Target::None,
            );
        }
    }
    bench.report.print_group();
}
