//! The scripts of the shell's tests, in the real sqlite3 shell, under valgrind: no invalid read or write, no leak.
#![cfg(unix)]

use std::io::Write;
use std::process::{Command, Stdio};

use sqlite_branch_reliability::dist;
use sqlite_branch_reliability::not_run;

const FOUND_SOMETHING: i32 = 99;

fn is_installed(command: &str) -> bool {
    Command::new(command)
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok()
}

#[test]
fn scripts_of_the_shell() {
    if !is_installed("valgrind") {
        not_run("the shell's scripts under valgrind", "valgrind");
        return;
    }
    let shell = dist::shell();
    let mut scripts: Vec<_> = std::fs::read_dir(dist::root().join("tests/shell"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    scripts.sort();
    let mut commands = 0;
    for script in &scripts {
        let text = std::fs::read_to_string(script).unwrap();
        commands += text.matches(";\n").count();
        let mut run = Command::new("valgrind")
            .args(["-q", "--leak-check=full"])
            .arg("--errors-for-leak-kinds=definite,indirect,possible")
            .arg(format!("--error-exitcode={FOUND_SOMETHING}"))
            .arg(shell.get_program())
            .args(shell.get_args())
            .arg(":memory:")
            .current_dir(dist::root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = run.stdin.take().unwrap();
        // The shell goes on after errors, which the scripts are full of.
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        let output = run.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output
                .status
                .code()
                .is_some_and(|code| code != FOUND_SOMETHING),
            "{}: {}\n{errors}",
            script.display(),
            output.status
        );
        assert!(!errors.contains("=="), "{}: {errors}", script.display());
        assert!(!output.stdout.is_empty(), "{}: {errors}", script.display());
    }
    println!(
        "valgrind: {} scripts, {commands} commands, errors: 0, leaks: 0",
        scripts.len()
    );
}
