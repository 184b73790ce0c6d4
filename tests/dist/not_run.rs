//! What tests did not do, because something is not on this machine.

use std::io::Write;

/// Notes that a part of the tests is not run for want of something, for the list with which `make test` ends.
///
/// With `CI=true` that is a failure: everything must be there. What a machine cannot have is excepted by name:
/// `SQLITE_BRANCH_WITHOUT=shared,mount` (`.ci/run` says which, and why).
pub fn not_run(part: &str, wanting: &str) {
    let excepted = std::env::var("SQLITE_BRANCH_WITHOUT").unwrap_or_default();
    let excepted = excepted.split(',').any(|name| name == wanting);
    let everything = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(
        excepted || !everything,
        "{part}: cannot be run without {wanting}, and CI=true wants everything"
    );
    eprintln!("NOT RUN: {part}: no {wanting} here");
    if let Some(list) = std::env::var_os("SQLITE_BRANCH_NOT_RUN") {
        let mut file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(list)
            .unwrap();
        // One call, so that tests that run at once do not mix their lines.
        file.write_all(format!("  {part}: no {wanting} here\n").as_bytes())
            .unwrap();
    }
}
