//! Refuses to build with the wrong `sqlite3ext-sys`, records what `branch_debug()` reports, and packs the files of the page that
//! `branch_export` writes.

use std::env;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use sha2::{Digest, Sha256};

fn main() {
    pack_page();
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_LOADED").is_some() {
        check_bindings();
    }

    println!("cargo:rerun-if-env-changed=SQLITE_BRANCH_COMMIT");
    println!("cargo:rustc-env=SQLITE_BRANCH_COMMIT={}", commit());
    for (name, from) in [
        ("SQLITE_BRANCH_TARGET", "TARGET"),
        ("SQLITE_BRANCH_PROFILE", "PROFILE"),
    ] {
        let value = env::var(from).unwrap_or_else(|_| "unknown".to_owned());
        println!("cargo:rustc-env={name}={value}");
    }
}

/// The parts of the page's script, in the order in which they run: each may use what stands in those before it.
const SCRIPTS: [&str; 8] = [
    "tree.js",
    "branch.js",
    "message.js",
    "list.js",
    "picture.js",
    "search.js",
    "keys.js",
    "start.js",
];

/// The page's style and script without indentation and without lines that are only a comment, and their hashes as a
/// Content-Security-Policy names them.
fn pack_page() {
    let style = packed(&["page.css"]);
    let script = packed(&SCRIPTS);
    // One function around all of it, so that the page has no names that a browser's tools or extensions could meet.
    let script = format!("(() => {{\n'use strict';\n{script}}})();\n");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    for (name, hash, packed) in [
        ("page.css", "SQLITE_BRANCH_STYLE_HASH", style),
        ("page.js", "SQLITE_BRANCH_SCRIPT_HASH", script),
    ] {
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&packed));
        std::fs::write(Path::new(&out).join(name), packed).expect("OUT_DIR can be written");
        println!("cargo:rustc-env={hash}={digest}");
    }
}

fn packed(names: &[&str]) -> String {
    const PAGE: &str = "src/exchange/export/page";
    println!("cargo:rerun-if-changed={PAGE}");
    let mut packed = String::new();
    for name in names {
        let source = Path::new(PAGE).join(name);
        let source = std::fs::read_to_string(source).expect("the page's files are there");
        let lines = source.lines().map(str::trim);
        for line in lines
            .filter(|line| !(line.is_empty() || line.starts_with("//") || line.starts_with("/*")))
        {
            packed.push_str(line);
            packed.push('\n');
        }
    }
    packed
}

/// Our `sqlite3ext-sys` sets a marker; the one on crates.io does not, and would bring a second SQLite along.
fn check_bindings() {
    if env::var("DEP_SQLITE_BRANCH_SQLITE3EXT_MARKER").as_deref() == Ok("sqlite-branch") {
        return;
    }
    eprintln!(
        "
The feature `loaded` of sqlite-branch is for the loadable file, and builds inside its repository alone: `make loadable`.
A Rust program takes the default feature, `linked`. (`loaded` needs the repository's own `sqlite3ext-sys`; the crate of
that name on crates.io needs libclang and compiles a second SQLite.)
"
    );
    std::process::exit(1);
}

/// The commit that is built: from the environment, or else from git, or else `unknown`.
fn commit() -> String {
    if let Some(given) = env::var("SQLITE_BRANCH_COMMIT")
        .ok()
        .filter(|c| !c.is_empty())
    {
        return given;
    }
    // A source archive unpacked inside somebody else's repository must not report that repository's commit.
    if !Path::new(".git").exists() {
        return "unknown".to_owned();
    }
    watch_head();
    git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned())
}

/// Has cargo run this again when HEAD moves: to another branch, or with its branch, or when its branch gets packed.
fn watch_head() {
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        let Some(file) = git(&["rev-parse", "--git-path", name]) else {
            continue;
        };
        // Cargo takes a watched file that is missing for one that changed, each time. The directory in which it
        // would appear tells as much: a branch that is packed gets a file of its own with the next commit.
        let watched = Path::new(&file).ancestors().find(|path| path.exists());
        // The .git directory itself changes all the time.
        if let Some(watched) = watched.filter(|path| !path.ends_with(".git")) {
            println!("cargo:rerun-if-changed={}", watched.display());
        }
    }
}

/// The trimmed output of a git command that succeeded.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}
