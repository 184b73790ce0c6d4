//! What the built files contain, what is installed, and that every version number is the same one.

#![cfg(unix)]

mod dist;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use dist::output;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The symbol names that `nm` lists, without the underscore that macOS puts before each.
fn symbols(arguments: &[&str], file: &Path) -> BTreeSet<String> {
    output(Command::new("nm").args(arguments).arg(file))
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(|name| match cfg!(target_os = "macos") {
            true => name.strip_prefix('_').unwrap_or(name),
            false => name,
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(target_os = "macos")]
const EXPORTED: &[&str] = &["-g", "-U"];
#[cfg(not(target_os = "macos"))]
const EXPORTED: &[&str] = &["-D", "--defined-only"];

#[cfg(target_os = "macos")]
const NEEDED: &[&str] = &["-u"];
#[cfg(not(target_os = "macos"))]
const NEEDED: &[&str] = &["-D", "--undefined-only"];

#[test]
fn the_loadable_file_exports_its_entry_point_only() {
    let exported = symbols(EXPORTED, &dist::loadable());
    assert_eq!(exported, BTreeSet::from(["sqlite3_branch_init".to_owned()]));
}

/// SQLite is reached through the table that the entry point receives, never by linking: a name that the loader would
/// have to find may be missing in the host, or be another SQLite's.
#[test]
fn the_loadable_file_needs_no_sqlite_symbol() {
    let needed = symbols(NEEDED, &dist::loadable());
    let of_sqlite: Vec<_> = needed.iter().filter(|n| n.contains("sqlite")).collect();
    assert!(of_sqlite.is_empty(), "needs {of_sqlite:?}");
    // The list is the right one: it has what every Rust library needs.
    assert!(needed.iter().any(|n| n.starts_with("memcpy")), "{needed:?}");
}

#[test]
fn the_loadable_file_is_stripped_and_small() {
    let file = dist::loadable();
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(size < 1_080_000, "{} has {size} bytes", file.display());
    #[cfg(target_os = "linux")]
    {
        let sections = output(Command::new("readelf").args(["-S", "-W"]).arg(&file));
        assert!(sections.contains(".dynsym"), "{sections}");
        assert!(!sections.contains(".symtab"), "{sections}");
        assert!(!sections.contains(".debug_"), "{sections}");
    }
}

/// The system's C library is all that a machine must have.
#[cfg(target_os = "linux")]
#[test]
fn the_loadable_file_depends_on_the_system_only() {
    let dynamic = output(
        Command::new("readelf")
            .args(["-d", "-W"])
            .arg(dist::loadable()),
    );
    let libraries: Vec<_> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .collect();
    assert!(libraries.contains(&"libc.so.6"), "{dynamic}");
    for library in libraries {
        let of_the_system = [
            "libc.so",
            "libgcc_s.so",
            "libm.so",
            "libdl.so",
            "libpthread.so",
            "librt.so",
            "ld-linux",
        ]
        .iter()
        .any(|known| library.starts_with(known));
        assert!(of_the_system, "depends on {library}");
    }
}

#[test]
fn the_static_library_has_the_entry_point_and_no_sqlite() {
    let file = dist::static_library();
    let listing = output(Command::new("nm").arg("-g").arg(&file));
    let mut entry_points = 0;
    for line in listing.lines() {
        let fields: Vec<_> = line.split_whitespace().collect();
        let Some(name) = fields.last().map(|name| name.trim_start_matches('_')) else {
            continue;
        };
        if name == "sqlite3_branch_init" && fields.contains(&"T") {
            entry_points += 1;
        } else {
            assert!(!name.starts_with("sqlite3_"), "{line}");
        }
    }
    assert_eq!(entry_points, 1);
}

#[test]
fn the_header_is_written_for_this_version() {
    let of =
        |name: &str| std::fs::read_to_string(dist::root().join("bindings/c").join(name)).unwrap();
    let numbers: Vec<_> = VERSION.split(['.', '-']).collect();
    let expected = of("sqlite-branch.h.in")
        .replace("@VERSION@", VERSION)
        .replace("@MAJOR@", numbers[0])
        .replace("@MINOR@", numbers[1])
        .replace("@PATCH@", numbers[2]);
    assert!(
        !expected.contains('@'),
        "a placeholder is left:\n{expected}"
    );
    assert_eq!(of("sqlite-branch.h"), expected, "run `make header`");
    assert!(expected.contains(&format!("SQLITE_BRANCH_VERSION       \"{VERSION}\"")));
}

#[test]
fn the_shell_loads_the_file_by_its_stem_and_reports_this_version() {
    let loaded = output(
        dist::shell()
            .arg(":memory:")
            .arg(format!(".load '{}'", dist::loadable_stem().display()))
            .arg("SELECT branch_version();"),
    );
    assert_eq!(loaded.trim(), VERSION);
}

#[test]
fn the_changelog_has_this_version() {
    let changelog = std::fs::read_to_string(dist::root().join("CHANGELOG.md")).unwrap();
    assert!(
        changelog
            .lines()
            .any(|line| line.starts_with(&format!("## {VERSION}"))
                || line.starts_with(&format!("## [{VERSION}]"))),
        "CHANGELOG.md has no section for {VERSION}"
    );
}

/// Runs a make target with everything below one directory, as a packager does.
fn make(target: &str, destination: &Path) {
    output(
        Command::new("make")
            .current_dir(dist::root())
            .args(["--no-print-directory", target, "PREFIX=/usr"])
            .arg(format!("DESTDIR={}", destination.display()))
            // Those of the `make test` that this may run under name a job server that is not for us.
            .env_remove("MAKEFLAGS")
            .env_remove("MFLAGS"),
    );
}

/// The files below a directory, as sorted relative paths.
fn files_below(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                found.insert(path.strip_prefix(directory).unwrap().display().to_string());
            }
        }
    }
    found
}

#[test]
fn install_copies_all_of_it_and_uninstall_removes_all_of_it() {
    let loadable = dist::loadable();
    dist::static_library();
    let name = loadable.file_name().unwrap().to_string_lossy();
    let mut expected = BTreeSet::from([
        format!("usr/lib/sqlite3/{name}"),
        "usr/lib/libsqlite_branch.a".to_owned(),
        "usr/include/sqlite-branch.h".to_owned(),
    ]);
    for migration in files_below(&dist::root().join("sql")) {
        assert!(migration.ends_with(".sql"), "sql/{migration}");
        expected.insert(format!("usr/share/sqlite-branch/sql/{migration}"));
    }
    assert!(expected.len() > 3, "sql/ has no migrations");

    let destination = tempfile::tempdir().unwrap();
    make("install", destination.path());
    assert_eq!(files_below(destination.path()), expected);
    let installed = destination.path().join(format!("usr/lib/sqlite3/{name}"));
    assert_eq!(
        std::fs::read(installed).unwrap(),
        std::fs::read(loadable).unwrap()
    );

    make("uninstall", destination.path());
    assert_eq!(files_below(destination.path()), BTreeSet::new());
}

/// `make` on its own lists every target that is meant to be typed.
#[test]
fn make_alone_lists_the_targets() {
    let listed = output(
        Command::new("make")
            .current_dir(dist::root())
            .env_remove("MAKEFLAGS"),
    );
    for target in [
        "loadable",
        "static",
        "demo",
        "test",
        "bench",
        "lint",
        "docs",
        "install",
        "uninstall",
        "clean",
        "help",
    ] {
        assert!(
            listed.contains(&format!("  make {target} ")),
            "{target}:\n{listed}"
        );
    }
    assert!(listed.contains(VERSION), "{listed}");
}
