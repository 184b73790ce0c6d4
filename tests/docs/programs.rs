//! The programs in other languages that the documents show.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dist;
use crate::session;

/// Runs a command that must succeed, and gives what it prints.
fn printed_by(command: &mut Command) -> String {
    let (success, printed) = session::printed_by(command);
    assert!(success, "{command:?}: {printed}");
    printed
}

/// Runs a Python program. None, with a line that says so, where no Python can load SQLite extensions.
pub fn python(directory: &Path, program: &str) -> Option<String> {
    const CAN_LOAD: &str = "import sqlite3; sqlite3.Connection.enable_load_extension; \
         assert sqlite3.sqlite_version_info >= (3, 38)";
    let found = ["python3", "/usr/bin/python3"].into_iter().find(|python| {
        Command::new(python)
            .args(["-c", CAN_LOAD])
            .output()
            .is_ok_and(|run| run.status.success())
    });
    let Some(python) = found else {
        dist::not_run(
            "the documents' Python programs",
            "Python that loads extensions",
        );
        return None;
    };
    let mut command = Command::new(python);
    command.args(["-c", program]).current_dir(directory);
    Some(printed_by(&mut command))
}

/// Compiles a C program with the static library, and runs it.
pub fn c(directory: &Path, program: &str) -> String {
    let source = directory.join("chat.c");
    std::fs::write(&source, program).unwrap();
    let mut compile = compiler();
    compile
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-isystem"])
        .arg(sqlite_source())
        .args(["-I", "dist", "chat.c", "dist/libsqlite_branch.a"])
        .arg(sqlite_object())
        .args(["-lpthread", "-lm", "-ldl", "-o", "chat"])
        .current_dir(directory);
    assert_eq!(printed_by(&mut compile), "");
    printed_by(Command::new(directory.join("chat")).current_dir(directory))
}

fn compiler() -> Command {
    cc::Build::new()
        .target(env!("SQLITE_BRANCH_TARGET"))
        .host(env!("SQLITE_BRANCH_TARGET"))
        .opt_level(0)
        .debug(false)
        .warnings(false)
        .cargo_metadata(false)
        .get_compiler()
        .to_command()
}

/// SQLite as an object file, kept for the next run.
fn sqlite_object() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let object = directory.join(format!("sqlite3-{}.o", rusqlite::version()));
    if !object.exists() {
        let partial = tempfile::NamedTempFile::new_in(directory).unwrap();
        let source = sqlite_source().join("sqlite3.c");
        let mut compile = compiler();
        compile.arg("-c").arg(source).arg("-o").arg(partial.path());
        assert_eq!(printed_by(&mut compile), "");
        partial.persist(&object).unwrap();
    }
    object
}

/// The directory with the SQLite that this test binary was linked with.
fn sqlite_source() -> PathBuf {
    let metadata = dist::output(
        Command::new(env!("CARGO"))
            .current_dir(dist::root())
            .args(["metadata", "--format-version", "1", "--offline"])
            .args(["--filter-platform", env!("SQLITE_BRANCH_TARGET")]),
    );
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let version = format!("\"{}\"", rusqlite::version());
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["name"] == "libsqlite3-sys")
        .map(|package| {
            Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("sqlite3")
        })
        .find(|directory| {
            let header = std::fs::read_to_string(directory.join("sqlite3.h")).unwrap();
            header.contains(&format!("#define SQLITE_VERSION        {version}"))
        })
        .unwrap_or_else(|| panic!("no libsqlite3-sys bundles SQLite {version}"))
}
