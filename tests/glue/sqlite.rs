//! Which SQLite is running: the host's, and only that.

use std::collections::BTreeSet;
use std::process::Command;

use crate::{dist, host};

fn debug(connection: &rusqlite::Connection) -> String {
    connection
        .query_row("SELECT branch_debug()", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn in_this_process_it_is_the_bundled_one() {
    let connection = host::memory();
    let (version, source): (String, String) = connection
        .query_row("SELECT sqlite_version(), sqlite_source_id()", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(version, rusqlite::version());
    let expected = format!("\nSQLite {version} {source}");
    let debug = debug(&connection);
    assert!(debug.ends_with(&expected), "{debug}");
    assert!(debug.starts_with(concat!(
        "sqlite-branch ",
        env!("CARGO_PKG_VERSION"),
        "\ncommit "
    )));
}

#[test]
fn in_the_shell_it_is_the_shells() {
    let shell = |sql: &str| {
        dist::output(
            dist::shell()
                .arg(":memory:")
                .arg(format!(".load '{}'", dist::loadable_stem().display()))
                .arg(sql),
        )
    };
    let own = shell("SELECT 'SQLite ' || sqlite_version() || ' ' || sqlite_source_id();");
    let seen = shell("SELECT branch_debug();");
    assert_eq!(seen.lines().last(), own.lines().next(), "{seen}");
    // The shell says the same of itself, without any SQL.
    let printed = dist::output(dist::shell().arg("-version"));
    let version = printed.split_whitespace().next().unwrap();
    assert!(
        seen.contains(&format!("\nSQLite {version} ")),
        "{seen} {version}"
    );
}

/// Every copy of SQLite carries the date and the hash of its source.
fn source_ids(binary: &[u8]) -> BTreeSet<String> {
    let is_id = |text: &[u8]| {
        let shape = b"0000-00-00 00:00:00 ";
        text.iter().zip(shape).all(|(byte, like)| match like {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        }) && text[shape.len()..].iter().all(u8::is_ascii_hexdigit)
    };
    binary
        .windows(20 + 56)
        .filter(|text| text[4] == b'-' && is_id(text))
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect()
}

#[test]
fn there_is_no_second_one_in_the_binary() {
    let here = source_ids(&std::fs::read(std::env::current_exe().unwrap()).unwrap());
    let running: String = rusqlite::Connection::open_in_memory()
        .unwrap()
        .query_row("SELECT substr(sqlite_source_id(), 1, 76)", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(here, BTreeSet::from([running]));
    // Where SQLite lives somewhere else, there is none at all.
    for file in [dist::loadable(), dist::static_library()] {
        let found = source_ids(&std::fs::read(&file).unwrap());
        assert_eq!(found, BTreeSet::new(), "{}", file.display());
    }
}

/// The crates that a package is built from, by name.
fn tree(package: &str, features: &[&str]) -> String {
    dist::output(
        Command::new(env!("CARGO"))
            .current_dir(dist::root())
            .args(["tree", "--offline", "-p", package])
            .args(["--edges", "normal,build", "--prefix", "none"])
            .args(features),
    )
}

fn assert_without(tree: &str, names: &[&str]) {
    for name in names {
        let named = |line: &str| line.split(' ').next() == Some(*name);
        assert!(!tree.lines().any(named), "{name}:\n{tree}");
    }
}

#[test]
fn nothing_in_the_dependencies_of_the_loadable_file_compiles_one() {
    let tree = tree(
        "sqlite-branch",
        &["--no-default-features", "--features", "loaded"],
    );
    assert_without(
        &tree,
        &["libsqlite3-sys", "bindgen", "clang-sys", "rusqlite"],
    );
    assert!(
        tree.contains("sqlite3ext-sys v0.0.1 ("),
        "not our own:\n{tree}"
    );
}

#[test]
fn what_links_sqlite_needs_no_table_of_routines() {
    for package in ["sqlite-branch", "sqlite-branch-store"] {
        let tree = tree(package, &[]);
        assert_without(
            &tree,
            &["sqlite-loadable", "sqlite3ext-sys", "bindgen", "clang-sys"],
        );
        assert!(tree.contains("libsqlite3-sys v"), "{tree}");
    }
}
