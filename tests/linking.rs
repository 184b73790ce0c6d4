//! Programs that have a SQLite already, each a project of its own, link the crate and register it on their own
//! connections: with the lowest `libsqlite3-sys` that it takes, and with those of rusqlite 0.32, sqlx 0.8
//! and diesel 2. (The highest is the one of this workspace, which all other tests run.)

mod dist;

use std::path::{Path, PathBuf};
use std::process::Command;

const BRANCH: &str = "user: Where to?\nassistant: To the hills.\n";

/// A copy of a project of this repository, outside of it, with the crate by its absolute path.
fn copy(directory: &str) -> (tempfile::TempDir, PathBuf) {
    let from = dist::root().join(directory);
    let to = tempfile::tempdir().unwrap();
    let manifest = std::fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let root = format!("\"{}\"", dist::root().display());
    let manifest = manifest
        .replace("\"../../..\"", &root)
        .replace("\"../..\"", &root);
    assert!(manifest.contains(&root), "{manifest}");
    std::fs::write(to.path().join("Cargo.toml"), manifest).unwrap();
    // The versions that were tried.
    std::fs::copy(from.join("Cargo.lock"), to.path().join("Cargo.lock")).unwrap();
    std::fs::create_dir(to.path().join("src")).unwrap();
    std::fs::copy(from.join("src/main.rs"), to.path().join("src/main.rs")).unwrap();
    let manifest = to.path().join("Cargo.toml");
    (to, manifest)
}

fn cargo(arguments: &[&str], manifest: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(arguments)
        .arg("--quiet")
        .arg("--manifest-path")
        .arg(manifest)
        // Kept, so that only the first run compiles SQLite.
        .env(
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/linking"),
        )
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0");
    cargo
}

/// False where the crates are neither here nor to be had.
fn fetched(name: &str, manifest: &Path) -> bool {
    let fetched = cargo(&["fetch"], manifest).output().unwrap();
    if !fetched.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&fetched.stderr));
        dist::not_run(name, "crates.io");
    }
    fetched.status.success()
}

/// The version of `libsqlite3-sys` that a project has.
fn bindings(manifest: &Path) -> String {
    let tree = dist::output(&mut cargo(
        &[
            "tree",
            "--offline",
            "--prefix",
            "none",
            "-i",
            "libsqlite3-sys",
        ],
        manifest,
    ));
    let version = tree.split_whitespace().nth(1).unwrap();
    version.trim_start_matches('v').to_owned()
}

#[test]
fn with_rusqlite_0_32() {
    let (_directory, manifest) = copy("examples/rusqlite");
    if fetched("a program with rusqlite 0.32", &manifest) {
        assert_eq!(bindings(&manifest), "0.30.1");
        assert_eq!(
            dist::output(&mut cargo(&["run", "--offline"], &manifest)),
            BRANCH
        );
    }
}

/// Runs a project whose program takes a file, and reads that through the loadable file.
fn writes_an_ordinary_file(name: &str, directory: &str, libsqlite3_sys: &str) {
    let (directory, manifest) = copy(directory);
    if fetched(name, &manifest) {
        assert_eq!(bindings(&manifest), libsqlite3_sys);
        let file = directory.path().join("state.db");
        let mut run = cargo(&["run", "--offline"], &manifest);
        assert_eq!(dist::output(run.arg("--").arg(&file)), BRANCH);
        let listed = dist::output(
            dist::shell()
                .arg(&file)
                .arg(format!(".load '{}'", dist::loadable_stem().display()))
                .arg("SELECT role || ': ' || content FROM branch_messages('trip');"),
        );
        assert_eq!(listed, BRANCH);
    }
}

#[test]
fn with_sqlx_0_8() {
    writes_an_ordinary_file("a program with sqlx 0.8", "examples/sqlx", "0.30.1");
}

#[test]
fn with_diesel_2() {
    writes_an_ordinary_file("a program with diesel 2", "examples/diesel", "0.38.2");
}

#[test]
fn with_the_lowest_bindings() {
    let (_directory, manifest) = copy("tests/linking/lowest");
    if fetched("a program with libsqlite3-sys 0.26", &manifest) {
        assert_eq!(bindings(&manifest), "0.26.0");
        let declared = std::fs::read_to_string(dist::root().join("Cargo.toml")).unwrap();
        assert!(
            declared.contains("libsqlite3-sys = { version = \">=0.26, <"),
            "Cargo.toml names another one"
        );
        // As bindings of the system's SQLite, whichever that is: those are as old as SQLite 3.14.
        dist::output(&mut cargo(&["check", "--offline"], &manifest));
        let mut run = cargo(&["run", "--offline", "--features", "bundled"], &manifest);
        assert_eq!(dist::output(&mut run), BRANCH);
    }
}

/// One way to reach SQLite at a time: anything else does not compile, and says what to do.
#[test]
fn one_backend_is_chosen() {
    for (features, said) in [
        (
            vec!["--features", "loaded"],
            "both `linked` and `loaded` are on",
        ),
        (
            vec!["--no-default-features"],
            "switch on the feature `linked`",
        ),
    ] {
        let mut check = cargo(
            &["check", "--offline", "--package", "sqlite-branch"],
            &dist::root().join("Cargo.toml"),
        );
        let run = check.args(&features).output().unwrap();
        let text = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success(), "{features:?}");
        assert!(text.contains(said), "{features:?}: {text}");
    }
}
