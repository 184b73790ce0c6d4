//! The files that `make loadable` builds, and the sqlite3 shell.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The loadable extension, without the platform's suffix: what a user writes after `.load`.
pub fn loadable_stem() -> PathBuf {
    let file = root()
        .join("dist/branch")
        .with_extension(std::env::consts::DLL_EXTENSION);
    assert!(
        file.exists(),
        "{} is missing: run `make loadable` first (`make test` does)",
        file.display()
    );
    file.with_extension("")
}

/// The sqlite3 shell, the one that `make` was given if it was given one.
pub fn shell() -> Command {
    let name = std::env::var_os("SQLITE3").unwrap_or_else(|| "sqlite3".into());
    let mut shell = Command::new(name);
    shell.args(["-init", "/dev/null", "-batch"]);
    shell
}
