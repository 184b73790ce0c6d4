//! Several processes, and processes that are killed.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::OnceLock;

use rusqlite::Connection;

use crate::databases::*;

const THREADS: i64 = 200;

/// A large linear database, as bytes. It is made once for all tests here.
fn large_file(mode: &'static str) -> &'static [u8] {
    static FILES: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let [delete, wal] = FILES.get_or_init(|| {
        let (_directory, path) = place();
        large(&path, THREADS);
        let delete = std::fs::read(&path).unwrap();
        crate::journal(&path, "wal");
        [delete, std::fs::read(&path).unwrap()]
    });
    if mode == "wal" {
        wal
    } else {
        delete
    }
}

/// A shell that has been told what to do, and does it.
fn start(database: &Path, script: &str) -> Child {
    let mut child = start_shell(database).spawn().expect("the sqlite3 shell");
    let mut input = child.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    child
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Kills a process as soon as a file has grown to a size. True if it was killed in time.
fn kill_when(mut child: Child, growing: &Path, size: u64) -> bool {
    let ended = loop {
        if std::fs::metadata(growing).is_ok_and(|found| found.len() >= size) {
            child.kill().unwrap();
            break child.wait().unwrap();
        }
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::yield_now();
    };
    const SIGKILL: i32 = 9;
    ended.signal() == Some(SIGKILL)
}

/// Whether branches are there: with both columns, all parents and all leaves, or not at all.
fn all_or_nothing(database: &Path) -> bool {
    let connection = Connection::open(database).unwrap();
    let columns = texts(
        &connection,
        "SELECT name FROM pragma_table_info('messages') WHERE name = 'parent_entry_id' \
         UNION ALL SELECT name FROM pragma_table_info('threads') WHERE name = 'current_leaf_id'",
    );
    if columns.is_empty() {
        return false;
    }
    assert_eq!(columns.len(), 2, "{columns:?}");
    assert_large_is_linked(database, THREADS);
    true
}

fn kill_midway(mode: &'static str, growing: &str, script: &str, again: Way) {
    let whole = {
        let (_directory, path) = place();
        std::fs::write(&path, large_file(mode)).unwrap();
        again.run(&path);
        dump(&path)
    };
    let mut killed = 0;
    let mut undone = 0;
    for size in [1, 64 << 10, 512 << 10] {
        let (_directory, path) = place();
        std::fs::write(&path, large_file(mode)).unwrap();
        if kill_when(start(&path, script), &beside(&path, growing), size) {
            killed += 1;
        }
        if !all_or_nothing(&path) {
            undone += 1;
        }
        assert_sound(&path);
        again.run(&path);
        assert!(
            dump(&path) == whole,
            "{mode}, killed at {size}: another result"
        );
    }
    // The journal is there from the first change to the last, so most of the kills hit.
    assert!(killed >= 2, "{mode}: {killed} of 3 were killed in time");
    assert!(undone >= 1, "{mode}: none was killed before its end");
}

#[test]
fn killed_in_the_function() {
    kill_midway("delete", "-journal", &function(), Way::ShellFunction);
    kill_midway("wal", "-wal", &function(), Way::ShellFunction);
}

#[test]
fn killed_in_the_files() {
    kill_midway("delete", "-journal", &files(), Way::Files);
    kill_midway("wal", "-wal", &files(), Way::Files);
}

#[test]
fn killed_in_one_way_and_finished_in_the_other() {
    kill_midway("delete", "-journal", &files(), Way::Function);
    kill_midway("delete", "-journal", &function(), Way::Function);
}

#[test]
fn several_processes_at_once() {
    for mode in ["delete", "wal"] {
        let (_directory, path) = place();
        std::fs::write(&path, large_file(mode)).unwrap();
        let children: Vec<_> = (0..4).map(|_| start(&path, &function())).collect();
        let mut counts = Vec::new();
        for child in children {
            let run = child.wait_with_output().unwrap();
            assert_eq!(complaints(&run), "", "{mode}");
            counts.push(printed(&run).trim().parse::<i64>().unwrap());
        }
        counts.sort_unstable();
        assert_eq!(counts, [0, 0, 0, 8], "{mode}: one has done it all");
        assert_large_is_linked(&path, THREADS);
        assert_sound(&path);
    }
}

#[test]
fn several_processes_at_once_with_the_files() {
    for mode in ["delete", "wal"] {
        let (_directory, path) = place();
        std::fs::write(&path, large_file(mode)).unwrap();
        let children: Vec<_> = (0..3).map(|_| start(&path, &files())).collect();
        for child in children {
            let run = child.wait_with_output().unwrap();
            let complaints = complaints(&run);
            for line in complaints.lines() {
                assert!(
                    line.contains("duplicate column name"),
                    "{mode}: {complaints}"
                );
            }
        }
        assert_large_is_linked(&path, THREADS);
        assert_sound(&path);
        assert!(dump(&path).starts_with("2\n"));
    }
}

#[test]
fn several_processes_at_once_make_a_new_database() {
    let (_directory, path) = place();
    let children: Vec<_> = (0..4).map(|_| start(&path, &function())).collect();
    let mut total = 0;
    for child in children {
        let run = child.wait_with_output().unwrap();
        assert_eq!(complaints(&run), "");
        total += printed(&run).trim().parse::<i64>().unwrap();
    }
    assert_eq!(total, 8);
    assert_sound(&path);
}
