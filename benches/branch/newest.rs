//! The newest 20 messages of a branch: what a chat shows when it opens.

use crate::history::{warm, Around, Size, Spec, THREAD};
use crate::measure::{interleaved, Case};
use crate::query::{read, BRANCH, BY_HAND, SEED};
use crate::report::Target;
use crate::Bench;

const NEWEST: i64 = 20;
const SHALLOW: usize = 40;
const DEEP: usize = 100_000;

/// By argument, and by ORDER BY with LIMIT, 40 and 100,000 messages deep.
pub fn newest(bench: &mut Bench) {
    bench.report.group(
        "Newest 20 of a branch",
        "ours at 100,000 messages against ours at 40; the seed's query with limit 20 against ours",
    );
    for around in [Around::Nothing, Around::Dead, Around::Busy] {
        let spec = |messages| Spec {
            messages,
            size: Size::Bytes(200),
            around,
        };
        if bench.quick && around == Around::Busy || !bench.wants(&spec(DEEP).label()) {
            continue;
        }
        let deep = warm(&bench.histories.get(spec(DEEP)).ours);
        let shallow = warm(&bench.histories.get(spec(SHALLOW)).ours);
        let argument = BRANCH.replace("?1", "?1, ?2");
        let by_distance = format!("{BRANCH} ORDER BY distance LIMIT ?2");
        let by_id = format!("{BRANCH} ORDER BY id DESC LIMIT ?2");
        let mut cases = Vec::new();
        for (sql, names) in [
            (argument.as_str(), ["argument deep", "argument shallow"]),
            (&by_distance, ["distance deep", "distance shallow"]),
            (&by_id, ["id deep", "id shallow"]),
            (SEED, ["seed deep", "seed shallow"]),
            (BY_HAND, ["hand deep", "hand shallow"]),
        ] {
            for (connection, name) in [&deep, &shallow].into_iter().zip(names) {
                let mut statement = connection.prepare(sql).unwrap();
                cases.push(Case::new(name, move || {
                    assert_eq!(read(&mut statement, (THREAD, NEWEST)), NEWEST as usize);
                }));
            }
        }
        let times = interleaved(cases, bench.pace());
        for (form, deep, shallow) in [
            ("limit as an argument", "argument deep", "argument shallow"),
            (
                "ORDER BY distance LIMIT 20",
                "distance deep",
                "distance shallow",
            ),
            ("ORDER BY id DESC LIMIT 20", "id deep", "id shallow"),
        ] {
            let around = match around {
                Around::Nothing => "alone",
                Around::Dead => "2 dead siblings",
                Around::Busy => "20 rows between",
            };
            let label = format!("{form}, {around}");
            let report = &mut bench.report;
            report.figure(
                &label,
                "µs at 100,000",
                times.seconds(deep) * 1e6,
                Target::None,
            );
            report.figure(
                &label,
                "100,000 / 40",
                times.ratio(deep, shallow),
                Target::AtMost(1.5),
            );
            report.figure(
                &label,
                "seed / ours at 100,000",
                times.ratio("seed deep", deep),
                Target::AtLeast(2.0),
            );
            report.figure(
                &label,
                "seed / ours at 40",
                times.ratio("seed shallow", shallow),
                Target::None,
            );
            report.figure(
                &label,
                "hand / ours at 100,000",
                times.ratio("hand deep", deep),
                Target::AtLeast(4.0),
            );
        }
    }
    bench.report.print_group();
}
