//! A project of one's own, outside of this workspace, made as the README says.

use std::path::Path;
use std::process::Command;

/// The README's first block of a language after a heading.
fn block<'a>(readme: &'a str, heading: &str, language: &str) -> &'a str {
    let section = readme.split_once(heading).unwrap().1;
    let fence = format!("```{language}\n");
    let from_block = section.split_once(&fence).unwrap().1;
    from_block.split_once("```").unwrap().0
}

#[test]
fn the_readme_s_program_builds_with_the_lines_that_it_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let lines = block(&readme, "\n## From Rust\n", "toml");
    let path = format!("{}/", root.canonicalize().unwrap().display());
    assert_eq!(lines.matches("\"../sqlite-branch/").count(), 2, "{lines}");
    let lines = lines.replace("../sqlite-branch/", &path);

    let project = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"trip\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let put = |name: &str, text: &str| std::fs::write(project.path().join(name), text).unwrap();
    put("Cargo.toml", &format!("{manifest}\n{lines}"));
    std::fs::create_dir(project.path().join("src")).unwrap();
    put("src/main.rs", block(&readme, "\n## From Rust\n", "rust"));
    // The versions that are downloaded already, so that no network is needed.
    std::fs::copy(root.join("Cargo.lock"), project.path().join("Cargo.lock")).unwrap();

    let output = Command::new(env!("CARGO"))
        .args(["run", "--offline", "--quiet"])
        .current_dir(project.path())
        // Kept, so that only the first run compiles SQLite.
        .env(
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/own_project"),
        )
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(printed, block(&readme, "\n## From Rust\n", "text"));
}
