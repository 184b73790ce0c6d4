//! Loading the extension from its file, each time by a new process.

use std::process::Command;
use std::time::Instant;

use rusqlite::{Connection, LoadExtensionGuard};

use crate::dist;
use crate::measure::median;
use crate::report::Target;
use crate::Bench;

/// What this program is called with to load the extension once and print how long it took.
pub const ONCE: &str = "--load-once";

const PROCESSES: usize = 50;

/// Starts processes that load it.
pub fn load(bench: &mut Bench) {
    bench
        .report
        .group("Load the extension", "once in each new process");
    let program = std::env::current_exe().unwrap();
    let file = dist::loadable();
    let mut times = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = Command::new(&program);
        let printed = dist::output(command.arg(ONCE).arg(dist::loadable_stem()));
        times.push(printed.trim().parse::<f64>().unwrap());
    }
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let report = &mut bench.report;
    let size = std::fs::metadata(&file).unwrap().len();
    report.figure(&name, "KB", size as f64 / 1e3, Target::None);
    report.figure(&name, "ms", median(times), Target::AtMost(1.0));
    report.print_group();
}

/// Loads it and prints the milliseconds.
pub fn once(file: &str) {
    let connection = Connection::open_in_memory().unwrap();
    let started = Instant::now();
    // SAFETY: the file is the one that this project builds.
    unsafe {
        let _guard = LoadExtensionGuard::new(&connection).unwrap();
        connection.load_extension(file, None::<&str>).unwrap();
    }
    println!("{}", started.elapsed().as_secs_f64() * 1e3);
}
