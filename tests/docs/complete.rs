//! Nothing is left out: whatever there is has its place in the documents, and whatever they point to is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::blocks::Document;
use crate::dist;
use crate::session::{self, Part};

fn read(name: &str) -> String {
    std::fs::read_to_string(dist::root().join(name)).unwrap()
}

/// README.md, CONTRIBUTING.md and so on, and all of docs/.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in [dist::root().to_owned(), dist::root().join("docs")] {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 4, "{found:?}");
    found
}

/// The lines that a query prints on an empty database that has just been migrated.
fn lines(query: &str) -> BTreeSet<String> {
    let script = format!(".load dist/branch\nSELECT branch_migrate();\n{query};\n");
    let mut parts = session::of_script(&script);
    session::run(session::repository().path(), ":memory:", &mut parts);
    let Some(Part::Command { printed, .. }) = parts.last() else {
        panic!("no command");
    };
    let lines: BTreeSet<String> = printed.lines().map(str::to_owned).collect();
    assert!(!lines.is_empty(), "{query}");
    lines
}

/// Those that only the extension itself can use are described in the design.
const INTERNAL: [&str; 3] = ["branch_write", "branch_feed", "branch_stretches"];

#[test]
fn every_function_and_table_is_described() {
    let names = lines(
        "SELECT name FROM pragma_function_list WHERE name LIKE 'branch\\_%' ESCAPE '\\' \
         UNION SELECT name FROM pragma_module_list WHERE name LIKE 'branch\\_%' ESCAPE '\\'",
    );
    let (readme, reference, design) = (
        read("README.md"),
        read("docs/sql-reference.md"),
        read("docs/design.md"),
    );
    let described: BTreeSet<String> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .flat_map(|names| names.split(", "))
        .map(str::to_owned)
        .collect();
    let (inside, public): (BTreeSet<String>, BTreeSet<String>) = names
        .into_iter()
        .partition(|name| INTERNAL.contains(&name.as_str()));
    assert_eq!(described, public, "sections of docs/sql-reference.md");
    for name in &public {
        assert!(readme.contains(&format!("`{name}(")), "README.md: {name}");
    }
    for name in &inside {
        assert!(
            design.contains(&format!("`{name}`")),
            "docs/design.md: {name}"
        );
    }
}

/// The reference writes each function and table as the extension declares it.
#[test]
fn every_signature_is_the_one_that_is_declared() {
    let reference = read("docs/sql-reference.md");
    let written: BTreeSet<&str> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("    branch_"))
        .collect();
    for signature in sqlite_branch::signatures() {
        if INTERNAL.contains(&signature.name) {
            continue;
        }
        if signature.name == "branch_call" {
            assert!(reference.contains("\n    INSERT INTO branch_call SELECT "));
            continue;
        }
        let declared = format!("{}({})", signature.name, signature.arguments);
        assert!(
            written.contains(declared.trim_start_matches("branch_")),
            "docs/sql-reference.md has no line `    {declared}`"
        );
    }
}

#[test]
fn every_table_column_is_described() {
    let reference = read("docs/sql-reference.md");
    let m = "SELECT name FROM pragma_table_info('messages')";
    for table in lines("SELECT name FROM pragma_module_list WHERE name LIKE 'branch%' AND name NOT IN ('branch_write', 'branch_feed', 'branch_stretches')") {
        let section = reference
            .split("### ")
            .find(|section| section.starts_with(&format!("{table}\n")))
            .unwrap_or_else(|| panic!("{table}"));
        for column in lines(&format!("SELECT name FROM pragma_table_info('{table}') EXCEPT {m}")) {
            assert!(section.contains(&format!("`{column}`")), "{table}: {column}");
        }
    }
}

#[test]
fn every_stored_table_is_described() {
    let design = read("docs/design.md");
    for name in lines(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' \
         UNION SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'branch%'",
    ) {
        let found = design.contains(&format!("`{name}`")) || design.contains(&format!("`{name} ("));
        assert!(found, "{name}");
    }
}

/// Why each crate is there that one of ours depends on.
#[test]
fn every_dependency_is_explained() {
    let decisions = read("docs/decisions.md");
    let metadata = dist::output(
        std::process::Command::new(env!("CARGO"))
            .current_dir(dist::root())
            .args([
                "metadata",
                "--format-version",
                "1",
                "--offline",
                "--no-deps",
            ]),
    );
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap();
            let explained = decisions.contains(&format!("`{name}`"));
            let own = ours.contains(name) && name.starts_with("sqlite-branch");
            assert!(explained || own, "docs/decisions.md: {name}");
        }
    }
}

/// Whatever a document shows as run is run.
#[test]
fn every_document_with_commands_is_followed() {
    let tests = read("tests/docs.rs");
    for path in documents() {
        let runs = Document::read(&path).blocks.iter().any(|block| {
            let language = block.language.as_str();
            ["sql", "python", "c"].contains(&language)
                || (language == "console" && !block.text.starts_with("$ make"))
        });
        let name = path
            .strip_prefix(dist::root())
            .unwrap()
            .display()
            .to_string();
        let followed = tests.contains(&format!("follow(\"{name}\")"));
        assert!(followed || !runs, "{name} shows commands that no test runs");
    }
}

/// The targets of links to files of the repository, and to headings in them.
#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in documents() {
        let prose = Document::read(&path).prose();
        for rest in prose.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                path.clone()
            } else {
                path.with_file_name(file)
            };
            let there = file.exists() && (heading.is_empty() || headings(&file).contains(heading));
            if !there {
                wrong.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The names that a document's headings have in links.
fn headings(path: &Path) -> BTreeSet<String> {
    let prose = Document::read(path).prose();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            words
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

/// All commands that start with `make ` name a target that there is, in whatever document.
#[test]
fn make_targets_exist() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(target, _)| target)
        .collect();
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        let quoted = text.split("`make ").skip(1);
        let typed = text.split("\nmake ").skip(1);
        for rest in quoted.chain(typed) {
            let words = rest.split(['`', '\n', '#']).next().unwrap_or_default();
            for word in words.split_whitespace() {
                let target = targets.contains(word) || word.contains('=');
                assert!(target, "{}: make {words}", path.display());
            }
        }
    }
}

/// The Rust that is shown is in the examples, which are built and run (`tests/linking.rs`).
#[test]
fn shown_rust_is_in_the_examples() {
    let examples = ["rusqlite", "sqlx", "diesel"]
        .map(|name| read(&format!("examples/{name}/src/main.rs")))
        .concat();
    let lines: BTreeSet<&str> = examples.lines().map(str::trim).collect();
    let document = Document::read(&dist::root().join("docs/rust.md"));
    let mut shown = 0;
    for block in document
        .blocks
        .iter()
        .filter(|block| block.language == "rust")
    {
        for line in block.text.lines().map(str::trim) {
            assert!(lines.contains(line), "docs/rust.md: {line}");
            shown += 1;
        }
    }
    assert!(shown > 20, "{shown}");
}
