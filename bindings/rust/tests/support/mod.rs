//! What several test files need: a store in a directory of its own, and child processes.
#![allow(dead_code)] // Each test file uses its own part.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use sqlite_branch_store::{StateStore, ThreadMetadata};

/// A store in a directory that goes with it.
pub struct TestStore {
    pub store: StateStore,
    pub dir: tempfile::TempDir,
}

impl TestStore {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = StateStore::open(Some(dir.path().join("state.db"))).unwrap();
        Self { store, dir }
    }

    /// With a thread in it.
    pub fn with_thread(id: &str) -> Self {
        let new = Self::new();
        new.store.upsert_thread(&ThreadMetadata::new(id)).unwrap();
        new
    }

    pub fn db(&self) -> PathBuf {
        self.dir.path().join("state.db")
    }

    pub fn index(&self) -> PathBuf {
        self.dir.path().join("session_index.jsonl")
    }
}

impl std::ops::Deref for TestStore {
    type Target = StateStore;

    fn deref(&self) -> &StateStore {
        &self.store
    }
}

/// A question with two answers, the first of which was gone on from:
/// 1 question, 2 answer, 3 "why", 4 "because", 5 other answer (the leaf).
pub fn conversation() -> (TestStore, [i64; 5]) {
    let store = TestStore::with_thread("t");
    let question = store.append_message("t", "user", "question", None).unwrap();
    let answer = store
        .append_message("t", "assistant", "answer", None)
        .unwrap();
    let why = store.append_message("t", "user", "why", None).unwrap();
    let because = store
        .append_message("t", "assistant", "because", None)
        .unwrap();
    let other = store
        .add_alternative(answer, "assistant", "other", None)
        .unwrap();
    (store, [question, answer, why, because, other])
}

/// The ids of what a thread shows.
pub fn shown(store: &StateStore, thread: &str) -> Vec<i64> {
    let messages = store.list_messages(thread, Some(usize::MAX)).unwrap();
    messages.iter().map(|m| m.id).collect()
}

/// The texts of what a thread shows.
pub fn texts(store: &StateStore, thread: &str) -> Vec<String> {
    let messages = store.list_messages(thread, Some(usize::MAX)).unwrap();
    messages.into_iter().map(|m| m.content).collect()
}

/// The environment variable that makes a test binary act as a child process: what to do, and with which file.
const ROLE: &str = "SQLITE_BRANCH_STORE_TEST_ROLE";
const FILE: &str = "SQLITE_BRANCH_STORE_TEST_FILE";

/// What this process is to do, if it is a child of [`Process::start`].
pub fn role() -> Option<(String, PathBuf)> {
    let role = std::env::var(ROLE).ok()?;
    Some((role, std::env::var_os(FILE)?.into()))
}

/// Another process that runs the function `child_process` of the same test binary.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// Lines of the children begin with this, because the test harness prints lines as well.
const MARK: &str = "@child ";

/// Tells the parent something, in a child process. It has it at once, whatever happens to the child.
pub fn tell(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{MARK}{line}").unwrap();
    out.flush().unwrap();
}

/// Waits for the parent's word, in a child process.
pub fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim().to_owned()
}

impl Process {
    pub fn start(role: &str, file: &Path) -> Self {
        Self::start_with(role, file, |_| {})
    }

    pub fn start_with(role: &str, file: &Path, more: impl FnOnce(&mut Command)) -> Self {
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
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        more(&mut command);
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            input: child.stdin.take(),
            child,
            output,
        }
    }

    /// The next thing that the child tells; none when it has ended.
    pub fn next(&mut self) -> Option<String> {
        self.output
            .by_ref()
            .filter_map(Result::ok)
            .find_map(|line| line.strip_prefix(MARK).map(str::to_owned))
    }

    /// Waits until the child says that it is ready.
    pub fn expect(&mut self, word: &str) {
        assert_eq!(self.next().as_deref(), Some(word));
    }

    /// Gives the child its word to go on.
    pub fn go(&mut self) {
        writeln!(self.input.as_mut().unwrap(), "go").unwrap();
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    pub fn wait(mut self) -> ExitStatus {
        drop(self.input.take());
        // What it still tells must not block it.
        while self.next().is_some() {}
        self.child.wait().unwrap()
    }
}
