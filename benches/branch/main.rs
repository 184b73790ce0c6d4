//! `cargo bench --bench branch`: what branches cost, in multiples of what the same takes without them.
//!
//! Every figure is a ratio of things that were measured in this run, in turn (see `measure`). The process has its own
//! SQLite; statements are prepared once and all columns of all rows are read. After `--`:
//!
//! * words: only groups whose name has one of them (`listing cold depth newest leaves ancestors context tools items put append
//!   uids threads fork size memory search load`)
//! * `--only TEXT`: only cases whose label has this text, such as `'10000 x 500 B'` or `alone`
//! * `--quick`: less time for each comparison, and without the databases that take long to build
//! * `--seconds N`: time for each comparison
//! * `--spin WHO`: no comparison; lists the branches with one of the ways (`flat ours joined seed shared`) alone, over
//!   and over, for a profiler: `perf record target/release/deps/branch-* listing --only '500 x 20 KB, alone' --spin ours`
//!
//! Files are made in the directory that `BENCH_DIR` names, or in the one for temporary files: up to 3 GB, a tenth of
//! that with `--quick`. The figures are also written to `target/bench/figures.csv`, the times to `times.csv` there; from a run of a
//! part, or a quick one, to `target/bench/part`.

mod allocator;
mod ancestors;
mod context;
#[path = "../../tests/dist/mod.rs"]
mod dist;
mod everyday;
mod history;
#[path = "../../tests/host/mod.rs"]
mod host;
mod leaves;
mod listing;
mod load;
mod measure;
mod newest;
mod put;
mod query;
mod report;
mod search;
mod space;
mod writing;

use std::path::Path;
use std::time::Duration;

use history::Histories;
use measure::Pace;
use report::Report;

type Group = (&'static str, fn(&mut Bench));

const GROUPS: [Group; 18] = [
    ("listing", listing::in_memory),
    ("cold", listing::from_disk),
    ("depth", listing::by_depth),
    ("newest", newest::newest),
    ("leaves", leaves::leaves),
    ("ancestors", ancestors::ancestors),
    ("context", context::budget),
    ("tools", context::tools),
    ("items", context::items),
    ("put", put::put),
    ("append", writing::append),
    ("uids", everyday::uids),
    ("threads", everyday::threads),
    ("fork", writing::fork),
    ("size", space::size),
    ("memory", space::memory),
    ("search", search::search),
    ("load", load::load),
];

/// What all groups share.
pub struct Bench {
    pub histories: Histories,
    pub report: Report,
    pub quick: bool,
    pub spin: Option<String>,
    only: Option<String>,
    seconds: f64,
}

impl Bench {
    /// Whether a case is to be measured.
    pub fn wants(&self, label: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|text| label.contains(text.as_str()))
    }

    /// How long a comparison may take.
    pub fn pace(&self) -> Pace {
        Pace {
            budget: Duration::from_secs_f64(self.seconds),
            least: 5,
            most: 500,
        }
    }
}

fn main() {
    let mut words = Vec::new();
    let mut quick = false;
    let mut only = None;
    let mut spin = None;
    let mut seconds = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let given = arguments.next();
            given.unwrap_or_else(|| fail(&format!("{argument} needs a value")))
        };
        match argument.as_str() {
            // Cargo says so to every bench.
            "--bench" => {}
            load::ONCE => return load::once(&value()),
            "--quick" => quick = true,
            "--spin" => spin = Some(value()),
            "--only" => only = Some(value()),
            "--seconds" => match value().parse() {
                Ok(number) if number > 0.0 => seconds = Some(number),
                _ => fail("--seconds needs a number"),
            },
            word if GROUPS.iter().any(|(name, _)| name.contains(word)) => {
                words.push(word.to_owned());
            }
            other => {
                let names: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
                fail(&format!(
                    "unknown: {other}. Groups: {}. Options: --quick, --only TEXT, --seconds N, --spin WHO",
                    names.join(", ")
                ))
            }
        }
    }
    let base = std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let directory = tempfile::tempdir_in(base).unwrap();
    let whole = words.is_empty() && only.is_none() && !quick;
    let mut bench = Bench {
        histories: Histories::new(directory.path()),
        report: Report::default(),
        quick,
        spin,
        only,
        seconds: seconds.unwrap_or(if quick { 0.4 } else { 1.5 }),
    };
    for (name, run) in GROUPS {
        if words.is_empty() || words.iter().any(|word| name.contains(word.as_str())) {
            run(&mut bench);
        }
    }
    bench.report.print_summary();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    // A run of a part leaves the figures of the last whole one alone.
    let output = if whole {
        target.join("bench")
    } else {
        target.join("bench/part")
    };
    bench.report.write(&output).unwrap();
    println!(
        "\nWritten: {0}/figures.csv, {0}/times.csv",
        output.display()
    );
}

fn fail(text: &str) -> ! {
    eprintln!("{text}");
    std::process::exit(2)
}
