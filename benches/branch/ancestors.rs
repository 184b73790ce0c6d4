//! Two tips of one thread: how the cost depends on how far above them they part, and on how deep they are.

use rusqlite::{params, Connection};

use crate::history::{warm, Around, Size, Spec, THREAD};
use crate::host;
use crate::measure::{interleaved, Case};
use crate::report::Target;
use crate::Bench;

const COMMON: &str = "SELECT branch_common_ancestor(?1, ?2)";
const IS_ANCESTOR: &str = "SELECT branch_is_ancestor(?1, ?2)";

const SHALLOW: usize = 1000;
const DEEP: usize = 100_000;
const NEAR: usize = 10;
const FAR: usize = 900;

/// Two branches that part at one message.
struct Parting {
    at: i64,
    tips: [i64; 2],
}

/// Near and far forks, deep and shallow.
pub fn ancestors(bench: &mut Bench) {
    bench.report.group(
        "Common ancestor of two tips, is one above the other",
        "how the cost grows with the distance to the fork, and that it does not with depth",
    );
    for around in [Around::Nothing, Around::Dead] {
        let spec = |messages| Spec {
            messages,
            size: Size::Bytes(200),
            around,
        };
        if !bench.wants(&spec(DEEP).label()) {
            continue;
        }
        // Nothing of what is added stays: the transactions end with the connections.
        let [deep, shallow] = [DEEP, SHALLOW].map(|messages| {
            let history = bench.histories.get(spec(messages));
            let connection = warm(&history.ours);
            connection.execute_batch("BEGIN").unwrap();
            let near = part(&connection, history.path[messages - NEAR], NEAR);
            let far = part(&connection, history.path[messages - FAR], FAR);
            (connection, near, far)
        });
        for (function, sql) in [
            ("branch_common_ancestor", COMMON),
            ("branch_is_ancestor, it is", IS_ANCESTOR),
            ("branch_is_ancestor, it is not", IS_ANCESTOR),
        ] {
            let mut cases = Vec::new();
            for (name, connection, parting) in [
                ("deep near", &deep.0, &deep.1),
                ("deep far", &deep.0, &deep.2),
                ("shallow near", &shallow.0, &shallow.1),
                ("shallow far", &shallow.0, &shallow.2),
            ] {
                let (a, b, answer) = match function {
                    "branch_common_ancestor" => (parting.tips[0], parting.tips[1], parting.at),
                    "branch_is_ancestor, it is" => (parting.at, parting.tips[1], 1),
                    _ => (parting.tips[0], parting.tips[1], 0),
                };
                let mut statement = connection.prepare(sql).unwrap();
                cases.push(Case::new(name, move || {
                    let got: i64 = statement.query_row([a, b], |row| row.get(0)).unwrap();
                    assert_eq!(got, answer);
                }));
            }
            let times = interleaved(cases, bench.pace());
            let sides = match around {
                Around::Nothing => "alone",
                _ => "2 dead siblings",
            };
            let label = format!("{function}, {sides}");
            let report = &mut bench.report;
            let near = times.seconds("deep near") * 1e6;
            report.figure(&label, "µs, 10 above", near, Target::None);
            let far = times.seconds("deep far") * 1e6;
            report.figure(&label, "µs, 900 above", far, Target::None);
            for (what, deep, shallow) in [
                ("10: deep / not", "deep near", "shallow near"),
                ("900: deep / not", "deep far", "shallow far"),
            ] {
                let ratio = times.ratio(deep, shallow);
                report.figure(&label, what, ratio, Target::AtMost(1.5));
            }
            report.figure(
                &label,
                "900 / 10",
                times.ratio("deep far", "deep near"),
                Target::AtMost((FAR / NEAR) as f64),
            );
        }
    }
    bench.report.print_group();
}

/// Adds two branches below a message, written in turn, so that no message's parent is the one just before it.
fn part(connection: &Connection, at: i64, length: usize) -> Parting {
    let mut tips = [at; 2];
    for _ in 0..length {
        for tip in &mut tips {
            *tip = host::integer(
                connection,
                "INSERT INTO messages(thread_id, role, content, created_at, parent_entry_id) \
                 VALUES (?1, 'user', 'a branch', 1800000000, ?2) RETURNING id",
                params![THREAD, *tip],
            );
        }
    }
    Parting { at, tips }
}
