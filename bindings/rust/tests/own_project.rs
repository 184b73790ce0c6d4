//! A project of one's own, outside of this workspace, made as the README says from the crates as they are published:
//! the packages that `cargo package` makes, in place of crates.io, and nothing else of this repository.

#[path = "../../../tests/dist/not_run.rs"]
mod not_run;

use std::path::Path;
use std::process::{Command, Output};

const CRATES: [&str; 2] = ["sqlite-branch", "sqlite-branch-store"];

/// The README's first block of a language after a heading.
fn block<'a>(readme: &'a str, heading: &str, language: &str) -> &'a str {
    let section = readme.split_once(heading).unwrap().1;
    let fence = format!("```{language}\n");
    let from_block = section.split_once(&fence).unwrap().1;
    from_block.split_once("```").unwrap().0
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

/// Makes the packages and unpacks them into the directory.
fn package(root: &Path, into: &Path) {
    let made = tempfile::tempdir().unwrap();
    let mut files = made.path().join("package");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(root)
        .args(["package", "--offline", "--no-verify", "--allow-dirty"])
        // It would name the crates of the loadable build too, which are not looked up without the network.
        .arg("--exclude-lockfile")
        .env("CARGO_TARGET_DIR", made.path());
    for name in CRATES {
        cargo.args(["--package", name]);
    }
    // Those of a release, to try just them.
    match std::env::var_os("SQLITE_BRANCH_CRATES") {
        Some(directory) => files = directory.into(),
        None => drop(run(&mut cargo)),
    }
    for name in CRATES {
        let version = env!("CARGO_PKG_VERSION");
        let file = files.join(format!("{name}-{version}.crate"));
        run(Command::new("tar").arg("xzf").arg(file).current_dir(into));
        let unpacked = into.join(format!("{name}-{version}"));
        // What cargo wants to see in a directory that stands for a registry.
        std::fs::write(unpacked.join(".cargo-checksum.json"), "{\"files\":{}}").unwrap();
        let manifest = std::fs::read_to_string(unpacked.join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("path = \".."), "{manifest}");
    }
}

#[test]
fn the_readme_s_program_builds_from_the_packages_with_one_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let lines = block(&readme, "\n## From Rust\n", "toml");
    assert_eq!(
        lines, "[dependencies]\nsqlite-branch-store = \"0.1\"\n",
        "one line is all that a program needs"
    );

    // All of crates.io that there is for the project: what this workspace uses of it, and the two packages.
    let project = tempfile::tempdir().unwrap();
    let registry = project.path().join("registry");
    let vendored = Command::new(env!("CARGO"))
        .current_dir(&root)
        .args(["vendor", "--locked", "--versioned-dirs", "--quiet"])
        .arg(&registry)
        .output()
        .unwrap();
    if !vendored.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&vendored.stderr));
        not_run::not_run("the README's program from the packages", "crates.io");
        return;
    }
    package(&root, &registry);

    let put = |name: &str, text: &str| {
        let path = project.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let manifest = "[package]\nname = \"trip\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    put("Cargo.toml", &format!("{manifest}\n{lines}"));
    put("src/main.rs", block(&readme, "\n## From Rust\n", "rust"));
    put(
        ".cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"registry\"\n",
    );

    let mut cargo = Command::new(env!("CARGO"));
    let output = run(cargo
        .args(["run", "--offline", "--quiet"])
        .current_dir(project.path())
        // Kept, so that only the first run compiles SQLite.
        .env(
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/own_project"),
        )
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0"));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed, block(&readme, "\n## From Rust\n", "text"));

    let mut cargo = Command::new(env!("CARGO"));
    let tree = run(cargo
        .args(["tree", "--offline", "--prefix", "none"])
        .current_dir(project.path()));
    let tree = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.contains("sqlite-branch v"), "{tree}");
    for name in ["sqlite-loadable", "sqlite3ext-sys", "bindgen", "clang-sys"] {
        assert!(!tree.contains(name), "{name}: {tree}");
    }
}
