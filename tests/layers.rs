//! The layers of `src`, as `docs/design.md` has them in its table "From the outside in": no folder uses one that the table
//! does not give it, none uses one above it, and no file uses one that uses it. (A file may use what the `mod.rs` of its
//! own folder, or of one around it, holds for all in there.) And each `mod.rs` says what its folder holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A row of the table: the folders that it is about, and those that they may use.
struct Layer {
    folders: Vec<String>,
    may_use: Vec<String>,
}

/// The names in backticks that are folders or files of `src`.
fn paths(cell: &str) -> Vec<String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted
        .filter(|name| name.starts_with("src/"))
        .map(str::to_owned)
        .collect()
}

/// The table, from the top layer down.
fn layers() -> Vec<Layer> {
    let design = std::fs::read_to_string(root().join("docs/design.md")).unwrap();
    let section = design.split("\n## From the outside in\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut layers: Vec<Layer> = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| `src/")) {
        let cells: Vec<&str> = row.split('|').collect();
        layers.push(Layer {
            folders: paths(cells[1]),
            may_use: paths(cells[3]),
        });
    }
    assert!(layers.len() > 8, "{} rows", layers.len());
    layers
}

/// All source files but unit tests, relative to the repository.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs")
            {
                let path = path.strip_prefix(root()).unwrap();
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    assert!(found.len() > 100, "{} files", found.len());
    found
}

/// The text without comments and without unit tests.
fn code(file: &str) -> String {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// A file's module: the names from the crate's root to it.
fn module(file: &str) -> Vec<String> {
    let inside = file.strip_prefix("src/").unwrap();
    let inside = inside.strip_suffix(".rs").unwrap();
    let mut names: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if ["mod", "lib"].contains(&names.last().unwrap().as_str()) {
        names.pop();
    }
    names
}

/// The paths of names that begin here, each as long as it goes on: `a::{b, c::d}` are `a::b` and `a::c::d`. Gives how much
/// of the text they take.
fn tree(text: &str, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut names = before.to_vec();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &text[at..];
        if let Some(inner) = rest.strip_prefix('{') {
            at += 1;
            let mut inner = inner;
            loop {
                let taken = tree(inner, &names, found);
                let passed = inner[taken..]
                    .find([',', '}'])
                    .map_or(inner.len() - 1, |more| taken + more);
                at += passed + 1;
                let end = inner[passed..].starts_with('}');
                inner = &inner[passed + 1..];
                if end || inner.is_empty() {
                    return at;
                }
            }
        }
        let name = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(rest, |end| &rest[..end]);
        at += name.len();
        if !name.is_empty() && name != "self" {
            names.push(name.to_owned());
        }
        let rest = &text[at..];
        match rest.trim_start().strip_prefix("::") {
            Some(after) if !name.is_empty() => at = text.len() - after.len(),
            _ => {
                found.push(names);
                return at;
            }
        }
    }
}

/// All paths into this crate that a file writes down, from the crate's root.
fn uses(file: &str, text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in text.match_indices(start) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let mut base = module(file);
            let mut rest = &text[at..];
            if let Some(after) = rest.strip_prefix("crate::") {
                base.clear();
                rest = after;
            } else if let Some(after) = rest.strip_prefix("self::") {
                rest = after;
            }
            while let Some(after) = rest.strip_prefix("super::") {
                base.pop();
                rest = after;
            }
            // All names of the module around: `mod` in a file.
            if !rest.starts_with('*') {
                tree(rest, &base, &mut found);
            }
        }
    }
    found
}

/// The file that holds what a path names.
fn target(path: &[String], files: &BTreeMap<Vec<String>, String>) -> String {
    // What the crate's root only passes on.
    let path = match path.first().map(String::as_str) {
        Some("code") => ["sqlite".to_owned(), "code".to_owned()].to_vec(),
        Some("Error") => ["error".to_owned()].to_vec(),
        _ => path.to_vec(),
    };
    let mut longest = path.len();
    loop {
        if let Some(file) = files.get(&path[..longest]) {
            return file.clone();
        }
        longest = longest.checked_sub(1).expect("src/lib.rs");
    }
}

/// What each file uses: other files.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources();
    let files: BTreeMap<Vec<String>, String> = sources
        .iter()
        .map(|file| (module(file), file.clone()))
        .collect();
    let mut arrows = BTreeMap::new();
    for file in &sources {
        let targets: BTreeSet<String> = uses(file, &code(file))
            .iter()
            .map(|path| target(path, &files))
            .filter(|target| target != file)
            .collect();
        arrows.insert(file.clone(), targets);
    }
    let count: usize = arrows.values().map(BTreeSet::len).sum();
    assert!(count > 500, "{count} arrows");
    arrows
}

/// The row of the table whose folder a file is in; the longest such folder's.
fn room(file: &str, layers: &[Layer]) -> Option<usize> {
    let rows = layers.iter().enumerate();
    let all = rows.flat_map(|(row, layer)| layer.folders.iter().map(move |name| (row, name)));
    let inside = all.filter(|(_, name)| file == *name || file.starts_with(&format!("{name}/")));
    let longest = inside.max_by_key(|(_, name)| name.len());
    longest.map(|(row, _)| row)
}

#[test]
fn each_folder_uses_what_the_design_gives_it() {
    let layers = layers();
    let mut wrong = Vec::new();
    for (row, layer) in layers.iter().enumerate() {
        for folder in layer.folders.iter().chain(&layer.may_use) {
            assert!(root().join(folder).exists(), "docs/design.md: {folder}");
        }
        for lower in &layer.may_use {
            let at = room(lower, &layers).unwrap_or_else(|| panic!("no row for {lower}"));
            assert!(
                at > row,
                "docs/design.md: {lower} is not below {:?}",
                layer.folders
            );
        }
    }
    for (file, targets) in arrows() {
        // The crate's root, and a folder of folders.
        if file == "src/lib.rs" || file == "src/tree/mod.rs" && targets.is_empty() {
            continue;
        }
        let Some(row) = room(&file, &layers) else {
            wrong.push(format!("{file} has no row"));
            continue;
        };
        for used in targets {
            let Some(below) = room(&used, &layers) else {
                wrong.push(format!("{file} uses {used}, which has no row"));
                continue;
            };
            let given = &layers[row].may_use;
            if below != row
                && !layers[below]
                    .folders
                    .iter()
                    .any(|name| given.contains(name))
            {
                wrong.push(format!("{file} uses {used}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "not in docs/design.md:\n{}",
        wrong.join("\n")
    );
}

/// Whether a file is the `mod.rs` of a folder that the other is in.
fn is_around(around: &str, file: &str) -> bool {
    around
        .strip_suffix("mod.rs")
        .is_some_and(|folder| file.starts_with(folder))
}

#[test]
fn no_file_uses_one_that_uses_it() {
    let mut arrows = arrows();
    for (file, targets) in &mut arrows {
        targets.retain(|used| !is_around(used, file));
    }
    // What uses nothing that is left is in no circle, and goes; circles stay.
    loop {
        let left: BTreeSet<String> = arrows.keys().cloned().collect();
        for targets in arrows.values_mut() {
            targets.retain(|used| left.contains(used));
        }
        let before = arrows.len();
        arrows.retain(|_, targets| !targets.is_empty());
        if arrows.len() == before {
            break;
        }
    }
    assert!(arrows.is_empty(), "in circles, or above one: {arrows:#?}");
}

/// The surface over SQLite knows no table or column of the agents': that is for the layers above.
#[test]
fn the_surface_over_sqlite_knows_no_table_of_ours() {
    const OURS: [&str; 6] = [
        "messages",
        "threads",
        "message_",
        "parent_entry_id",
        "current_leaf_id",
        "item_json",
    ];
    let mut wrong = Vec::new();
    for file in sources() {
        if !file.starts_with("src/sqlite/") {
            continue;
        }
        for line in code(&file).lines() {
            let literals: String = line.split('"').skip(1).step_by(2).collect();
            if OURS.iter().any(|name| literals.contains(name)) {
                wrong.push(format!("{file}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each folder's `mod.rs` says in its first lines what each file in it is for. (Those of functions and tables list what
/// there is in SQL, and say only what belongs there.)
#[test]
fn each_folder_says_what_is_in_it() {
    let mut missing = Vec::new();
    for file in sources() {
        let listed = ["src/functions/mod.rs", "src/tables/mod.rs"].contains(&file.as_str());
        if !file.ends_with("/mod.rs") || listed || file.starts_with("src/sqlite/ffi") {
            continue;
        }
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        let says: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("//!"))
            .collect();
        let says = says.join("\n");
        for line in code(&file).lines() {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            let name = line
                .strip_prefix("mod ")
                .and_then(|line| line.strip_suffix(';'));
            if let Some(name) = name.filter(|name| !says.contains(&format!("`{name}`"))) {
                missing.push(format!("{file}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "not described:\n{}", missing.join("\n"));
}

/// The reading of paths itself: a mistake in it could hide what the others look for.
#[test]
fn paths_are_read() {
    let text = "use crate::a::{self, b::{C, d::E}, F};\nuse super::g;\nlet x = crate::h::I::j(super::super::K);\n use self::l::M;";
    let found: BTreeSet<String> = uses("src/n/o/mod.rs", text)
        .iter()
        .map(|path| path.join("::"))
        .collect();
    let expected = [
        "K",
        "a",
        "a::F",
        "a::b::C",
        "a::b::d::E",
        "h::I::j",
        "n::g",
        "n::o::l::M",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}
