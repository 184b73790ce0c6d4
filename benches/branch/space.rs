//! What branches take on disk and in memory.

use rusqlite::ffi;

use crate::allocator;
use crate::history::{drop_our_indexes, Around, Size, Spec, THREAD};
use crate::host;
use crate::query::{read, BRANCH, JOINED, SEED};
use crate::report::Target;
use crate::Bench;

/// The size of a file with our indexes, in multiples of what it is without.
pub fn size(bench: &mut Bench) {
    bench
        .report
        .group("File size", "times as large as with the seed's schema");
    for (messages, bytes) in [(40, 500), (500, 500), (10_000, 500), (100_000, 200)] {
        for around in [Around::Nothing, Around::Dead, Around::Busy] {
            let spec = Spec {
                messages,
                size: Size::Bytes(bytes),
                around,
            };
            let label = spec.label();
            if bench.quick && spec.rows() > 300_000 || !bench.wants(&label) {
                continue;
            }
            let connection = host::open(&bench.histories.get(spec).ours);
            let pragma = |name: &str| host::integer(&connection, &format!("PRAGMA {name}"), &[]);
            let all = pragma("page_count") - pragma("freelist_count");
            let bytes = all * pragma("page_size");
            // Rolled back with the connection's end.
            connection.execute_batch("BEGIN").unwrap();
            drop_our_indexes(&connection);
            let seed = pragma("page_count") - pragma("freelist_count");
            let report = &mut bench.report;
            report.figure(&label, "MB", bytes as f64 / 1e6, Target::None);
            let ratio = all as f64 / seed as f64;
            report.figure(&label, "ours / seed", ratio, Target::AtMost(1.1));
        }
    }
    bench.report.print_group();
}

/// How much more memory there is at one time while a branch is listed than before, when the page cache was full: SQLite's
/// own and the extension's, each at its highest.
pub fn memory(bench: &mut Bench) {
    bench.report.group(
        "Memory to list 100,000 messages",
        "MB at one time beyond the page cache",
    );
    for around in [Around::Nothing, Around::Dead, Around::Busy] {
        let spec = Spec {
            messages: 100_000,
            size: Size::Bytes(200),
            around,
        };
        let label = spec.label();
        if bench.quick && around == Around::Busy || !bench.wants(&label) {
            continue;
        }
        let connection = host::open(&bench.histories.get(spec).ours);
        let newest_first = format!("{BRANCH} ORDER BY distance");
        let all = spec.messages as i64;
        for (what, sql, target) in [
            ("branch_messages", BRANCH, Target::AtMost(4.0)),
            ("newest first", &newest_first, Target::AtMost(4.0)),
            ("branch_path join", JOINED, Target::AtMost(4.0)),
            ("seed", SEED, Target::None),
        ] {
            let mut statement = connection.prepare(sql).unwrap();
            let mut list = || {
                let rows = if sql == SEED {
                    read(&mut statement, (THREAD, all))
                } else {
                    read(&mut statement, [THREAD])
                };
                assert_eq!(rows, spec.messages);
            };
            // Fills the page cache, which stays within its default size of 2 MB.
            list();
            let bytes = allocator::most_during(|| highest(&mut list));
            let report = &mut bench.report;
            report.figure(&label, what, bytes as f64 / 1e6, target);
        }
    }
    bench.report.print_group();
}

/// How much more SQLite had allocated at one time during a call than before it.
fn highest(work: &mut dyn FnMut()) -> usize {
    // SAFETY: these read and reset counters; SQLite is initialized, there are connections.
    let before = unsafe {
        ffi::sqlite3_memory_highwater(1);
        ffi::sqlite3_memory_used()
    };
    work();
    // SAFETY: as above.
    let most = unsafe { ffi::sqlite3_memory_highwater(0) };
    usize::try_from(most - before).unwrap_or(0)
}
