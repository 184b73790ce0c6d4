//! Sessions in the real sqlite3 shell: what each command prints, its errors included.

#![allow(dead_code)] // Each test binary uses a part of it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::dist;

/// How the shell asks for a command, and for the rest of one.
pub const PROMPT: &str = "sqlite> ";
/// The same length, as the shell has it.
pub const MORE: &str = "   ...> ";

/// A part of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A line that nobody runs: a comment, an empty line.
    Line(String),
    /// A command, of one line or several, and what it prints.
    Command { typed: String, printed: String },
}

/// Takes a script apart. A command is a line that starts with a dot, or all up to a line that ends with a semicolon.
pub fn of_script(script: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut typed: Option<String> = None;
    for line in script.lines() {
        let open = match typed.take() {
            Some(open) => format!("{open}\n{line}"),
            None if line.trim().is_empty() || line.starts_with("--") => {
                parts.push(Part::Line(line.to_owned()));
                continue;
            }
            None => line.to_owned(),
        };
        if open.starts_with('.') || open.trim_end().ends_with(';') {
            parts.push(command(open));
        } else {
            typed = Some(open);
        }
    }
    assert_eq!(typed, None, "a command without a semicolon");
    parts
}

/// Takes a transcript apart: prompts with commands, and what they printed.
pub fn of_transcript(transcript: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for line in transcript.lines() {
        if let Some(typed) = line.strip_prefix(PROMPT) {
            parts.push(command(typed.to_owned()));
            continue;
        }
        match parts.last_mut() {
            Some(Part::Command { typed, printed }) => match line.strip_prefix(MORE) {
                Some(more) if printed.is_empty() => {
                    typed.push('\n');
                    typed.push_str(more);
                }
                _ => {
                    printed.push_str(line);
                    printed.push('\n');
                }
            },
            _ => panic!("a transcript starts with {PROMPT:?}, not with {line:?}"),
        }
    }
    parts
}

fn command(typed: String) -> Part {
    Part::Command {
        typed,
        printed: String::new(),
    }
}

/// The parts as a transcript.
pub fn transcript(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Line(line) => text.push_str(line),
            Part::Command { typed, printed } => {
                for (at, line) in typed.lines().enumerate() {
                    text.push_str(if at == 0 { PROMPT } else { MORE });
                    text.push_str(line);
                    text.push('\n');
                }
                text.push_str(printed);
                continue;
            }
        }
        text.push('\n');
    }
    text
}

/// Runs all commands in one shell, which opens `database` in `directory`, and fills in what they print.
pub fn run(directory: &Path, database: &str, parts: &mut [Part]) {
    const MARK: &str = "-- what the next command prints --";
    let mut input = String::new();
    let mut starts = Vec::new();
    let mut line = 1;
    for part in parts.iter() {
        if let Part::Command { typed, .. } = part {
            starts.push(line + 1);
            input.push_str(&format!(".print \"{MARK}\"\n{typed}\n"));
            line += 1 + typed.lines().count();
        }
    }
    let mut shell = dist::shell()
        .arg(database)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the sqlite3 shell starts");
    let mut stdin = shell.stdin.take().expect("its input is a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = shell.wait_with_output().expect("the shell ends");
    writer
        .join()
        .expect("the writer ends")
        .expect("the shell reads all of its input");

    let stdout = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    let mut printed: Vec<String> = stdout
        .split(&format!("{MARK}\n"))
        .skip(1)
        .map(str::to_owned)
        .collect();
    assert_eq!(printed.len(), starts.len(), "{stdout}");
    for error in String::from_utf8_lossy(&output.stderr).lines() {
        // What follows is the statement with an arrow to the place, in newer shells only.
        let Some((line, text)) = error_line(error) else {
            let more = error.starts_with(' ') || error.is_empty();
            assert!(more, "an error that names no line: {error}");
            continue;
        };
        let at = starts.partition_point(|start| *start <= line) - 1;
        printed[at].push_str(&text);
        printed[at].push('\n');
    }
    let commands = parts.iter_mut().filter_map(|part| match part {
        Part::Command { printed, .. } => Some(printed),
        Part::Line(_) => None,
    });
    for (place, text) in commands.zip(printed) {
        *place = text;
    }
}

/// "Runtime error near line 7: text" is line 7 and "Runtime error: text", which is what one sees who types the command.
fn error_line(error: &str) -> Option<(usize, String)> {
    let (what, rest) = error.split_once(" near line ")?;
    let (line, text) = rest.split_once(": ")?;
    Some((line.parse().ok()?, format!("{what}: {text}")))
}

/// A text without what differs from one version of the shell to the next: in the frames of `.mode box`, how cells are
/// aligned.
pub fn comparable(text: &str) -> String {
    let mut plain = String::new();
    for line in text.lines() {
        if line.starts_with(['┌', '├', '│', '└', '╭', '╰']) {
            let mut before = None;
            for character in line.chars() {
                let same = before == Some(character) && matches!(character, ' ' | '─');
                if !same {
                    plain.push(match character {
                        '╭' => '┌',
                        '╮' => '┐',
                        '╰' => '└',
                        '╯' => '┘',
                        other => other,
                    });
                }
                before = Some(character);
            }
        } else {
            plain.push_str(line);
        }
        plain.push('\n');
    }
    plain
}

/// A directory as the repository is after `make loadable static`: what a reader of the docs has.
pub fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let dist = directory.path().join("dist");
    std::fs::create_dir(&dist).unwrap();
    for built in [dist::loadable(), dist::static_library()] {
        std::fs::copy(&built, dist.join(built.file_name().unwrap())).unwrap();
    }
    let header = dist::root().join("bindings/c/sqlite-branch.h");
    std::fs::copy(header, dist.join("sqlite-branch.h")).unwrap();
    copy(&dist::root().join("sql"), &directory.path().join("sql"));
    copy(
        &dist::root().join("examples"),
        &directory.path().join("examples"),
    );
    directory
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Runs a command to its end: whether it succeeded, and what it printed, its errors last.
pub fn printed_by(command: &mut Command) -> (bool, String) {
    let run = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let printed = [run.stdout, run.stderr].concat();
    (
        run.status.success(),
        String::from_utf8_lossy(&printed).into_owned(),
    )
}

/// Whether expected outputs are to be written anew: `REWRITE_EXPECTED=1 cargo test --test shell --test docs`.
pub fn rewrites() -> bool {
    std::env::var_os("REWRITE_EXPECTED").is_some()
}

/// Compares a text with the file that holds the expected one, or writes that file.
pub fn expect(file: &Path, text: &str) {
    if rewrites() {
        std::fs::write(file, text).unwrap();
        return;
    }
    let expected =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    compare(&file.display().to_string(), &expected, text);
}

/// Fails with the first line that differs.
pub fn compare(what: &str, expected: &str, text: &str) {
    let (expected, found) = (comparable(expected), comparable(text));
    if expected == found {
        return;
    }
    let same = expected
        .lines()
        .zip(found.lines())
        .take_while(|(a, b)| a == b)
        .count();
    panic!(
        "{what}, line {}:\nexpected: {}\nfound:    {}\n(REWRITE_EXPECTED=1 writes it anew.) All that was found:\n{text}",
        same + 1,
        expected.lines().nth(same).unwrap_or("(the end)"),
        found.lines().nth(same).unwrap_or("(the end)"),
    );
}
