//! What README.md and docs/ say is what happens: their commands are run, and what they show is compared.
//!
//! | block | here |
//! |---|---|
//! | `console` with `sqlite> ` | typed into the sqlite3 shell, one session for each document; outputs compared |
//! | `sql` | typed into the same session, must print nothing |
//! | `console` with `$ ` | run by `sh` after that session, in the same directory; outputs compared |
//! | `python`, `c` | run then too; a `text` block right after it is what it prints |
//! | `sh` | run then too, must succeed |
//!
//! `make` and `cargo` commands are not run, because tests are what they would run; their targets must exist. The Rust
//! of the README is compared and run by the tests of `bindings/rust`.
//!
//! A session starts in a directory as the repository is after `make`, with the files that `tests/docs/<document>.sql`
//! makes, if there is one. `REWRITE_EXPECTED=1 cargo test --test docs` writes the outputs anew.

#![cfg(unix)]

#[path = "docs/blocks.rs"]
mod blocks;
#[path = "docs/complete.rs"]
mod complete;
mod dist;
#[path = "docs/programs.rs"]
mod programs;
#[path = "shell/session.rs"]
mod session;

use std::path::Path;
use std::process::Command;

use blocks::{Block, Document};
use session::Part;

/// Runs all blocks of a document.
fn follow(name: &str) {
    let path = dist::root().join(name);
    let mut document = Document::read(&path);
    let directory = session::repository();
    prepare(directory.path(), &path);
    in_the_shell(directory.path(), &mut document);
    let mut at = 0;
    while at < document.blocks.len() {
        let block = &document.blocks[at];
        let printed = match block.language.as_str() {
            "console" if block.text.starts_with("$ ") => {
                document.blocks[at].text = on_the_command_line(directory.path(), &block.text);
                None
            }
            "sh" => {
                for line in block.text.lines().filter_map(to_run) {
                    let (success, printed) = session::printed_by(&mut sh(directory.path(), &line));
                    assert!(success, "{name}: {line}: {printed}");
                }
                None
            }
            "python" => programs::python(directory.path(), &block.text),
            "c" => Some(programs::c(directory.path(), &block.text)),
            _ => None,
        };
        if let Some(printed) = printed {
            let output = document
                .blocks
                .get_mut(at + 1)
                .filter(|next| next.language == "text")
                .unwrap_or_else(|| panic!("{name}: a program without a block with its output"));
            output.text = printed;
        }
        at += 1;
    }
    session::expect(&path, &document.whole());
}

/// Makes the files that a document takes for granted.
fn prepare(directory: &Path, document: &Path) {
    let stem = document.file_stem().unwrap().to_str().unwrap();
    let script = dist::root()
        .join("tests/docs")
        .join(stem.to_lowercase())
        .with_extension("sql");
    if !script.exists() {
        return;
    }
    let mut parts = session::of_script(&std::fs::read_to_string(&script).unwrap());
    session::run(directory, ":memory:", &mut parts);
    assert_prints_nothing(&script.display().to_string(), &parts);
}

fn assert_prints_nothing(what: &str, parts: &[Part]) {
    for part in parts {
        if let Part::Command { typed, printed } = part {
            assert_eq!(printed, "", "{what}: {typed}");
        }
    }
}

/// Types the blocks that are for the sqlite3 shell, and puts what they print into the document.
fn in_the_shell(directory: &Path, document: &mut Document) {
    let mut sessions: Vec<(usize, Vec<Part>)> = Vec::new();
    for (at, block) in document.blocks.iter().enumerate() {
        match block.language.as_str() {
            "console" if block.text.starts_with(session::PROMPT) => {
                sessions.push((at, session::of_transcript(&block.text)));
            }
            "sql" => sessions.push((at, session::of_script(&block.text))),
            _ => {}
        }
    }
    let mut all: Vec<Part> = sessions
        .iter()
        .flat_map(|(_, parts)| parts.clone())
        .collect();
    if all.is_empty() {
        return;
    }
    session::run(directory, "chat.db", &mut all);
    let mut rest = all.as_slice();
    for (at, parts) in sessions {
        let (done, more) = rest.split_at(parts.len());
        rest = more;
        let block: &mut Block = &mut document.blocks[at];
        if block.language == "sql" {
            assert_prints_nothing(&block.text, done);
        } else {
            block.text = session::transcript(done);
        }
    }
}

/// Runs the lines that start with `$ `; gives the block with what they print.
fn on_the_command_line(directory: &Path, text: &str) -> String {
    let mut filled = String::new();
    let mut shown_as_it_is = false;
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            filled.push_str(line);
            filled.push('\n');
            match to_run(typed) {
                Some(typed) => {
                    let (_, printed) = session::printed_by(&mut sh(directory, &typed));
                    filled.push_str(&printed);
                }
                None => shown_as_it_is = true,
            }
        } else if shown_as_it_is {
            filled.push_str(line);
            filled.push('\n');
        }
    }
    filled
}

/// The command of a line. None if it is not to be run: a `make` or `cargo` command, whose target is looked up.
fn to_run(line: &str) -> Option<String> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    let command = line
        .split_whitespace()
        .find(|word| !word.contains('=') && *word != "sudo");
    match command {
        None | Some("cargo") => None,
        Some("make") => {
            let dry = line.replace("sudo ", "").replacen("make", "make -n", 1);
            let (success, printed) = session::printed_by(&mut sh(dist::root(), &dry));
            assert!(success, "{line}: {printed}");
            None
        }
        Some(_) => Some(line.to_owned()),
    }
}

/// A command line, in which `sqlite3` is the shell that the tests use.
fn sh(directory: &Path, line: &str) -> Command {
    let shell = std::env::var("SQLITE3").unwrap_or_else(|_| "sqlite3".into());
    let mut command = Command::new("sh");
    command
        .arg("-ec")
        .arg(line.replace("sqlite3 ", &format!("{shell} -init /dev/null ")))
        .current_dir(directory);
    command
}

#[test]
fn readme() {
    follow("README.md");
}

#[test]
fn how_do_i() {
    follow("docs/how-do-i.md");
}

#[test]
fn c() {
    follow("docs/c.md");
}

#[test]
fn state_db() {
    follow("docs/state-db.md");
}

#[test]
fn sql_reference() {
    follow("docs/sql-reference.md");
}

#[test]
fn design() {
    follow("docs/design.md");
}

#[test]
fn chat_server() {
    follow("docs/chat-server.md");
}

#[test]
fn agents() {
    follow("docs/agents.md");
}

#[test]
fn formats() {
    follow("docs/formats.md");
}

#[test]
fn search() {
    follow("docs/search.md");
}

#[test]
fn scaling() {
    follow("docs/scaling.md");
}

/// `make demo` prints what `tests/docs/demo.out` shows.
#[test]
fn demo() {
    let directory = session::repository();
    let script = std::fs::File::open(dist::root().join("examples/demo.sql")).unwrap();
    let run = dist::shell()
        .arg("dist/demo.db")
        .current_dir(directory.path())
        .stdin(script)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
    assert!(run.status.success());
    let printed = String::from_utf8(run.stdout).unwrap();
    let widest = printed.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "for a terminal of 100 columns");
    session::expect(&dist::root().join("tests/docs/demo.out"), &printed);
}
