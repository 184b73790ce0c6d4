//! Processes that say what they have done, until they are killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// The environment variables that make a test binary act as a child: what to do, with which file, under which name.
const ROLE: &str = "RELIABILITY_ROLE";
const FILE: &str = "RELIABILITY_FILE";
const NAME: &str = "RELIABILITY_NAME";

/// Lines of the children begin with this, because the test harness prints lines as well.
const MARK: &str = "@child ";

/// What this process is to do, if it is a child.
#[derive(Debug, Clone)]
pub struct Role {
    /// What.
    pub role: String,
    /// With which file.
    pub file: PathBuf,
    /// Under which name.
    pub name: String,
}

/// What this process is to do, if it is a child.
pub fn role() -> Option<Role> {
    Some(Role {
        role: std::env::var(ROLE).ok()?,
        file: std::env::var_os(FILE)?.into(),
        name: std::env::var(NAME).ok()?,
    })
}

/// Tells the parent something. It has it at once, whatever happens to this process.
pub fn tell(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{MARK}{line}\n").as_bytes())
        .unwrap();
    out.flush().unwrap();
}

/// A child process.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Another process that runs the test `child_process` of this test binary.
    pub fn start(role: &str, file: &Path, name: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "child_process",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(ROLE, role)
            .env(FILE, file)
            .env(NAME, name);
        Self::spawn(command)
    }

    /// A sqlite3 shell that has loaded the extension and waits for [`Process::write`].
    pub fn shell(file: &Path) -> Self {
        let mut command = crate::dist::shell();
        command.arg(file);
        let mut shell = Self::spawn(command);
        shell.write(&format!(
            ".timeout 120000\n.load '{}'\n",
            crate::dist::loadable_stem().display()
        ));
        shell
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            input: child.stdin.take(),
            child,
            output,
        }
    }

    /// Gives it something to read.
    pub fn write(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// There is no more to read for it.
    pub fn finish_input(&mut self) {
        self.input = None;
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// What can be killed, and what it tells.
    pub fn split(&mut self) -> (Killer<'_>, Told<'_>) {
        (Killer(&mut self.child), Told(&mut self.output))
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        self.input = None;
        // What it still tells must not block it.
        while self.next().is_some() {}
        self.child.wait().unwrap()
    }
}

/// The part of a process that can be killed while another thread hears what it tells.
pub struct Killer<'a>(&'a mut Child);

impl Killer<'_> {
    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
    }
}

/// What a process tells, until it has ended. A line that it was killed in the middle of does not count. Of a shell, every
/// row with two columns or more counts.
pub struct Told<'a>(&'a mut BufReader<ChildStdout>);

impl Iterator for Told<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            let length = self.0.read_line(&mut line).unwrap();
            if length == 0 || !line.ends_with('\n') {
                return None;
            }
            let line = line.trim_end();
            if let Some(told) = line.strip_prefix(MARK) {
                return Some(told.to_owned());
            }
            if line.contains('|') {
                return Some(line.to_owned());
            }
        }
    }
}

impl Iterator for Process {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        Told(&mut self.output).next()
    }
}
