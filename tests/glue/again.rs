//! Tests that need a process of their own: this test binary, started again for one test.

use std::process::Command;

const CHILD: &str = "SQLITE_BRANCH_TEST_CHILD";

/// True in the process that was started for a test. In the other one, starts that process, and fails if it fails.
pub fn in_own_process(test: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        run.status.success() && printed.contains("1 passed"),
        "{}\n{printed}\n{}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
    false
}
