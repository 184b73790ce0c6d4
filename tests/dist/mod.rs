//! The files that `make loadable static` puts into `dist/`, and the tools that look into them.

#![allow(dead_code)] // Each test binary uses a part of it.

mod not_run;

use std::path::{Path, PathBuf};
use std::process::Command;

#[allow(unused_imports)] // Each test binary uses a part of it.
pub use not_run::not_run;

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The loadable extension, without the platform's suffix: what a user writes after `.load`.
pub fn loadable_stem() -> PathBuf {
    loadable().with_extension("")
}

/// The loadable extension.
pub fn loadable() -> PathBuf {
    built(&format!("branch.{}", std::env::consts::DLL_EXTENSION))
}

/// The static library.
pub fn static_library() -> PathBuf {
    built("libsqlite_branch.a")
}

/// The sqlite3 shell, the one that `make` was given if it was given one.
pub fn shell() -> Command {
    let name = std::env::var_os("SQLITE3").unwrap_or_else(|| "sqlite3".into());
    let mut shell = Command::new(name);
    shell.args(["-init", "/dev/null", "-batch"]);
    shell
}

fn built(name: &str) -> PathBuf {
    let path = root().join("dist").join(name);
    assert!(
        path.exists(),
        "dist/{name} is missing: run `make loadable static` first (`make test` does)"
    );
    path
}

/// Runs a command to its end and gives what it printed; fails with all of its output if it fails.
pub fn output(command: &mut Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let line = words.join(" ");
    let run = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
    let printed = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        run.status.success(),
        "{line}: {}\n{printed}{}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
    printed
}
