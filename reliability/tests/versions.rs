//! The same SQL on the oldest SQLite that is supported, on the system's, and on the newest: they all say the same.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use sqlite_branch_reliability::program::{build, output, Sqlite};
use sqlite_branch_reliability::queries::{self, Query};
use sqlite_branch_reliability::size::{random, size};
use sqlite_branch_reliability::{database, dist};

/// The scripts that the tests of the shell play.
fn scripts() -> Vec<PathBuf> {
    let directory = dist::root().join("tests/shell");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().canonicalize().unwrap())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    scripts
}

/// What a host prints for a script, in the repository's directory, whose migrations a script may read.
fn play(host: &Path, script: &Path) -> String {
    output(
        Command::new(host)
            .current_dir(dist::root())
            .arg(":memory:")
            .arg(dist::loadable_stem())
            .arg(script),
    )
}

/// Marks in the output of a script.
const MARK: &str = "-- result";

/// Runs random queries on a host, over the tables and over copies of their rows: they have the same results. Gives them.
fn query(host: &Path, database: &Path, queries: &[Query], directory: &Path) -> Vec<Vec<String>> {
    let script = directory.join("queries.sql");
    let mut text = String::new();
    for query in queries {
        text.push_str(&format!(
            "SELECT '{MARK}';\n{};\nSELECT '{MARK}';\n{};\n",
            query.real, query.copied
        ));
    }
    std::fs::write(&script, format!(".load branch\n{text}SELECT '{MARK}';\n")).unwrap();
    let printed = output(
        Command::new(host)
            .arg(database)
            .arg(dist::loadable_stem())
            .arg(&script),
    );
    let mut results: Vec<Vec<String>> = Vec::new();
    for line in printed.lines() {
        if line == MARK {
            results.push(Vec::new());
        } else if let Some(result) = results.last_mut() {
            result.push(line.to_owned());
        }
    }
    assert_eq!(results.len(), 2 * queries.len() + 1, "{printed}");
    for (query, results) in queries.iter().zip(results.chunks(2)) {
        query.compare(results[0].clone(), results[1].clone());
    }
    results
}

#[test]
fn all_hosts_agree() {
    let directory = tempfile::tempdir().unwrap();
    let mut hosts = Vec::new();
    for (name, sqlite) in [
        ("newest", Sqlite::newest()),
        ("oldest", Sqlite::oldest()),
        ("system", Sqlite::System),
    ] {
        let here = directory.path().join(name);
        std::fs::create_dir(&here).unwrap();
        match build("sql_host", &sqlite, &here) {
            Some(host) => hosts.push((name, host)),
            None => {
                println!(
                    "versions: no libsqlite3.so.0 on this machine, so not on the system's SQLite"
                )
            }
        }
    }
    let mut lines = 0;
    for script in scripts() {
        let expected = play(&hosts[0].1, &script);
        assert!(
            expected.ends_with("memory in use at the end: 0\n"),
            "{expected}"
        );
        lines += expected.lines().count();
        for (name, host) in &hosts[1..] {
            let found = play(host, &script);
            let differences: Vec<(&str, &str)> = expected
                .lines()
                .zip(found.lines())
                .filter(|(expected, found)| expected != found)
                .collect();
            assert!(
                found == expected,
                "{} on the {name} SQLite: {} lines for {}, {differences:#?}",
                script.display(),
                found.lines().count(),
                expected.lines().count(),
            );
        }
    }
    let database = directory.path().join("queries.db");
    queries::prepare(&database::open(&database));
    let queries: Vec<Query> = (0..size(1_000))
        .map(|at| Query::any(&mut random(at)))
        .collect();
    for (_, host) in &hosts {
        let results = query(host, &database, &queries, directory.path());
        assert!(results
            .iter()
            .flatten()
            .all(|line| !line.starts_with("error")));
    }
    let versions: Vec<String> = hosts
        .iter()
        .map(|(_, host)| {
            let run = Command::new(host)
                .args([":memory:", "none"])
                .output()
                .unwrap();
            String::from_utf8_lossy(&run.stderr).trim().to_owned()
        })
        .collect();
    assert_eq!(versions[1], "3.38.0");
    println!(
        "versions: {} scripts, {lines} lines, and {} random queries, the same on SQLite {}",
        scripts().len(),
        queries.len(),
        versions.join(", ")
    );
}
