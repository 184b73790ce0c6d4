//! A real disk that is full: a small file system in memory, where this machine lets us mount one.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};

use sqlite_branch_reliability::database::{
    add_thread, assert_same, assert_sound, open, rows, run, state,
};
use sqlite_branch_reliability::not_run;
use sqlite_branch_reliability::size::size;

const FULL: i32 = 13;

/// A mounted file system of 600 KB, which goes with this.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=600k", "none"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self { directory })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.directory.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// Writes until the disk is full, and on. Gives how many calls failed, and how many messages are there.
fn fill(path: &Path, journal: &str, content: usize) -> (usize, usize) {
    let connection = open(path);
    rows(&connection, &format!("PRAGMA journal_mode = {journal}"));
    run(&connection, "SELECT branch_migrate()").unwrap();
    add_thread(&connection, "t");
    let mut stored: Vec<String> = Vec::new();
    let mut failed = 0;
    while failed < 30 {
        let calls = [
            format!("branch_append('t', 'user', printf('%.{content}c', 'x'))"),
            format!("branch_fork(1, 'user', printf('%.{content}c', 'y'))"),
            "branch_copy(1, 'copy-' || hex(randomblob(8)))".to_owned(),
        ];
        // The first message is there before anything can fail.
        let call = &calls[if stored.is_empty() {
            0
        } else {
            (stored.len() + failed) % 3
        }];
        let before = if failed > 0 {
            state(&connection)
        } else {
            String::new()
        };
        match run(&connection, &format!("SELECT {call}")) {
            Ok(_) => stored.push(rows(&connection, "SELECT max(id) FROM messages")[0].clone()),
            Err(failure) => {
                assert_eq!(failure.primary(), FULL, "{call}: {failure:?}");
                assert!(connection.is_autocommit());
                if failed > 0 {
                    assert_same(&state(&connection), &before, call);
                }
                failed += 1;
            }
        }
    }
    assert_eq!(
        rows(&connection, "SELECT id FROM messages ORDER BY id"),
        stored
    );
    assert_sound(&connection);
    // Reading goes on.
    assert_eq!(rows(&connection, "SELECT branch_root(1)"), ["1"]);
    (failed, stored.len())
}

#[test]
fn full_disk() {
    let (mut failed, mut stored) = (0, 0);
    for round in 0..size(2) {
        for journal in ["wal", "delete", "persist"] {
            let Some(disk) = SmallDisk::mount() else {
                not_run("a real disk that is full", "mount");
                return;
            };
            let path = disk.directory.path().join("state.db");
            let found = fill(&path, journal, 1_000 + 700 * (round % 20));
            failed += found.0;
            stored += found.1;
        }
    }
    println!("full disk: {stored} messages stored, {failed} calls failed, lost or half done: 0");
}
