//! C programs with a SQLite of their own: one that is compiled here, or the system's.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dist;

/// Where a program gets its SQLite from.
#[derive(Debug, Clone)]
pub enum Sqlite {
    /// From a directory with `sqlite3.c` and `sqlite3.h`.
    Source(PathBuf),
    /// From the system: the library that is installed.
    System,
}

impl Sqlite {
    /// The one that these harnesses are linked with, which is the newest.
    pub fn newest() -> Self {
        Self::Source(env!("RELIABILITY_SQLITE").into())
    }

    /// The oldest that the extension runs on.
    pub fn oldest() -> Self {
        let manifest = dist::root().join("reliability/oldest/Cargo.toml");
        let metadata = output(
            Command::new(env!("CARGO"))
                .args(["metadata", "--format-version", "1", "--locked"])
                .arg("--manifest-path")
                .arg(manifest),
        );
        let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages
            .iter()
            .find(|package| package["name"] == "libsqlite3-sys")
            .unwrap();
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        Self::Source(manifest.with_file_name("sqlite3"))
    }
}

/// Compiles `reliability/c/<name>.c` into a directory, with a SQLite. None if the system has none.
pub fn build(name: &str, sqlite: &Sqlite, directory: &Path) -> Option<PathBuf> {
    let program = directory.join(name);
    let mut command = compiler().to_command();
    command
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-isystem"])
        .arg(match sqlite {
            Sqlite::Source(source) => source.clone(),
            // All that is used has been there for long.
            Sqlite::System => env!("RELIABILITY_SQLITE").into(),
        })
        .arg(
            dist::root()
                .join("reliability/c")
                .join(name)
                .with_extension("c"),
        );
    match sqlite {
        Sqlite::Source(source) => {
            command.arg(object(source));
        }
        Sqlite::System => {
            command.arg(system_library()?);
        }
    }
    command.args(["-lpthread", "-lm", "-o"]).arg(&program);
    if cfg!(target_os = "linux") {
        command.arg("-ldl");
    }
    output(&mut command);
    Some(program)
}

fn system_library() -> Option<PathBuf> {
    let machine = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    [machine.as_str(), "/usr/lib64", "/usr/lib"]
        .iter()
        .map(|directory| Path::new(directory).join("libsqlite3.so.0"))
        .find(|library| library.exists())
}

fn compiler() -> cc::Tool {
    cc::Build::new()
        .target(env!("RELIABILITY_TARGET"))
        .host(env!("RELIABILITY_HOST"))
        .opt_level(0)
        .debug(true)
        .warnings(false)
        .cargo_metadata(false)
        .get_compiler()
}

/// SQLite as an object file, compiled once and kept for the next run.
fn object(source: &Path) -> PathBuf {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/reliability");
    std::fs::create_dir_all(&directory).unwrap();
    let header = std::fs::read_to_string(source.join("sqlite3.h")).unwrap();
    let version = header
        .lines()
        .find_map(|line| line.strip_prefix("#define SQLITE_VERSION "))
        .unwrap();
    let version = version.trim().trim_matches('"');
    let object = directory.join(format!("sqlite3-{version}.o"));
    if !object.exists() {
        let partial = tempfile::NamedTempFile::new_in(&directory).unwrap();
        output(
            compiler()
                .to_command()
                .args(["-DSQLITE_ENABLE_FTS5", "-c"])
                .arg(source.join("sqlite3.c"))
                .arg("-o")
                .arg(partial.path()),
        );
        partial.persist(&object).unwrap();
    }
    object
}

/// Runs a command to its end and gives what it printed; fails with all of its output if it fails.
pub fn output(command: &mut Command) -> String {
    let run = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let printed = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        run.status.success(),
        "{command:?}: {}\n{printed}{}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
    printed
}
