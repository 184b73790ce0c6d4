//! Processes that write to one file, killed at any moment: what they said is stored is stored.
//!
//! Some are sqlite3 shells with the loaded extension, some load it into a newer SQLite, some use the Rust wrapper.
#![cfg(unix)]

#[path = "kill/indexing.rs"]
mod indexing;
#[path = "kill/retries.rs"]
mod retries;

use std::collections::{HashMap, HashSet};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sqlite_branch_reliability::child::{self, Process, Role};
use sqlite_branch_reliability::database::{
    add_thread, assert_sound, open, open_and_load, rows, run, PATIENCE,
};
use sqlite_branch_reliability::size::{random, size};
use sqlite_branch_store::{JournalMode, StateStore};

/// Kinds of writers, all of which write at the same time.
const WRITERS: [&str; 4] = ["shell", "shell", "loader", "store"];
/// How many of each are killed in one round.
const KILLS: usize = 5;
/// The most acknowledgements before a kill.
const MOST: usize = 40;

/// What the writers of a round said.
#[derive(Default)]
struct Said {
    /// By content: the id of the message, which is there.
    stored: HashMap<String, i64>,
    /// Contents of messages that were deleted again.
    deleted: HashSet<String>,
    /// Threads that were made by copying, with their leaves.
    copied: HashMap<String, i64>,
    kills: usize,
}

impl Said {
    /// `stored|id|content`, `deleted|id|content`, `copied|leaf|thread`.
    fn add(&mut self, line: &str) {
        let words: Vec<&str> = line.split('|').collect();
        let [what, id, name] = words[..] else {
            panic!("not what a child says: {line:?}");
        };
        let id = id.parse().unwrap();
        let before = match what {
            "stored" => self.stored.insert(name.to_owned(), id),
            "copied" => self.copied.insert(name.to_owned(), id),
            "deleted" => {
                assert!(self.deleted.insert(name.to_owned()));
                None
            }
            _ => panic!("not what a child says: {line:?}"),
        };
        assert_eq!(before, None, "said twice: {line}");
    }

    fn merge(&mut self, other: Self) {
        self.stored.extend(other.stored);
        self.deleted.extend(other.deleted);
        self.copied.extend(other.copied);
        self.kills += other.kills;
    }

    fn len(&self) -> usize {
        self.stored.len() + self.deleted.len() + self.copied.len()
    }
}

/// The calls of a shell named `name`: enough for any kill to come first.
fn calls_of_shell(name: &str) -> String {
    let own = format!("own-{name}");
    let mut script = String::new();
    for at in 0..=MOST / 4 {
        let content = format!("{name}-{at}");
        for call in [
            format!("SELECT 'stored', branch_append('shared', 'user', '{content}a'), '{content}a'"),
            format!("SELECT 'stored', branch_fork(1, 'user', '{content}f'), '{content}f'"),
            format!("SELECT 'stored', branch_append('{own}', 'user', '{content}o', '[1]'), '{content}o'"),
            format!("SELECT 'stored', branch_alternative(2, 'user', '{content}l'), '{content}l'"),
            format!(
                "SELECT 'deleted', branch_prune(branch_append('{own}', 'user', '{content}d')), '{content}d'"
            ),
            format!("SELECT 'copied', branch_copy(3, 'copy-{content}'), 'copy-{content}'"),
        ] {
            // A file that is opened for one statement is written as soon as that has ended.
            script.push_str(&format!(".once /dev/stdout\n{call};\n"));
        }
    }
    script
}

/// Runs writers of one kind, one after the other, until each is killed.
fn kill_writers(slot: usize, round: usize, path: &Path) -> Said {
    let mut random = random(round * WRITERS.len() + slot);
    let mut said = Said::default();
    for kill in 0..KILLS {
        let name = format!("{slot}.{round}.{kill}");
        let kind = WRITERS[slot];
        let mut writer = if kind == "shell" {
            let mut shell = Process::shell(path);
            shell.write(&calls_of_shell(&name));
            shell
        } else {
            Process::start(kind, path, &name)
        };
        for _ in 0..random.usize(0..MOST) {
            match writer.next() {
                Some(line) => said.add(&line),
                None => panic!(
                    "writer {name} ({kind}) ended by itself: {:?}",
                    writer.wait()
                ),
            }
        }
        // Anywhere in the next call or two.
        let moment = Instant::now() + Duration::from_micros(random.u64(0..3_000));
        while Instant::now() < moment {
            thread::yield_now();
        }
        writer.kill();
        for line in writer.by_ref() {
            said.add(&line);
        }
        assert_eq!(writer.wait().signal(), Some(9), "writer {name} ({kind})");
        said.kills += 1;
    }
    said
}

fn verify(path: &Path, said: &Said) {
    let connection = open(path);
    assert_sound(&connection);
    let mut here = HashMap::new();
    for row in rows(
        &connection,
        "SELECT content || '|' || id FROM messages WHERE thread_id NOT LIKE 'copy-%'",
    ) {
        let (content, id) = row.split_once('|').unwrap();
        let before = here.insert(content.to_owned(), id.parse::<i64>().unwrap());
        assert_eq!(before, None, "{content} is there twice");
    }
    for (content, id) in &said.stored {
        assert_eq!(here.get(content), Some(id), "{content} is lost");
    }
    for content in &said.deleted {
        assert_eq!(here.get(content), None, "{content} is back");
    }
    for (thread, leaf) in &said.copied {
        let found = rows(
            &connection,
            &format!("SELECT id, content FROM branch_messages('{thread}')"),
        );
        assert_eq!(found.len(), 3, "{thread}: {found:?}");
        assert!(found[2].starts_with(&format!("{leaf}|")), "{thread}");
    }
    // Each process can have been killed between a commit, of up to three messages, and its word. The first three
    // messages are ours.
    let unsaid = here.len() - 3 - said.stored.len();
    assert!(unsaid <= 3 * said.kills, "{unsaid} messages of nobody");
}

fn prepare(path: &Path, journal: &str, round: usize) {
    let connection = open(path);
    rows(&connection, &format!("PRAGMA journal_mode = {journal}"));
    run(&connection, "SELECT branch_migrate()").unwrap();
    add_thread(&connection, "shared");
    for content in ["root", "second", "third"] {
        run(
            &connection,
            &format!("SELECT branch_append('shared', 'user', '{content}')"),
        )
        .unwrap();
    }
    for slot in 0..WRITERS.len() {
        for kill in 0..KILLS {
            add_thread(&connection, &format!("own-{slot}.{round}.{kill}"));
        }
    }
}

#[test]
fn writers() {
    for journal in ["wal", "delete"] {
        let mut all = Said::default();
        for round in 0..size(1) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("state.db");
            prepare(&path, journal, round);
            let mut said = Said::default();
            thread::scope(|scope| {
                let slots: Vec<_> = (0..WRITERS.len())
                    .map(|slot| {
                        let path = &path;
                        scope.spawn(move || kill_writers(slot, round, path))
                    })
                    .collect();
                for slot in slots {
                    said.merge(slot.join().unwrap());
                }
            });
            verify(&path, &said);
            all.merge(said);
        }
        assert!(all.len() >= all.kills);
        println!(
            "kill, {journal}: {} kills, {} acknowledged, lost: 0",
            all.kills,
            all.len()
        );
    }
}

/// A database of the seed's first version, without branches.
fn legacy(path: &Path, messages: i64) {
    let connection = Connection::open(path).unwrap();
    let threads = include_str!("../../sql/0001_threads.sql");
    connection.execute_batch(threads).unwrap();
    add_thread(&connection, "t");
    connection
        .execute(
            "WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < ?1) \
             INSERT INTO messages(thread_id, role, content, created_at) \
             SELECT 't', 'user', 'message ' || at, at FROM n",
            [messages],
        )
        .unwrap();
}

#[test]
fn migrations() {
    const MESSAGES: i64 = 20_000;
    let directory = tempfile::tempdir().unwrap();
    let pristine = directory.path().join("pristine.db");
    legacy(&pristine, MESSAGES);
    let path = directory.path().join("state.db");
    std::fs::copy(&pristine, &path).unwrap();
    let started = Instant::now();
    run(&open(&path), "SELECT branch_migrate()").unwrap();
    let whole = started.elapsed();

    let (mut kills, mut untouched, mut complete) = (0, 0, 0);
    for round in 0..size(6) {
        let mut random = random(round);
        let path = directory.path().join(format!("{round}.db"));
        std::fs::copy(&pristine, &path).unwrap();
        if round % 2 == 1 {
            rows(
                &Connection::open(&path).unwrap(),
                "PRAGMA journal_mode = wal",
            );
        }
        // Two at once, which take turns, and are killed one after the other.
        let mut processes: Vec<Process> = (0..2)
            .map(|_| {
                let mut shell = Process::shell(&path);
                shell.write(
                    ".once /dev/stdout\nSELECT 'begun|';\n.once /dev/stdout\nSELECT 'migrated|', branch_migrate();\n",
                );
                shell
            })
            .collect();
        for process in &mut processes {
            assert_eq!(process.next().as_deref(), Some("begun|"));
        }
        let mut said = false;
        for mut process in processes {
            thread::sleep(whole.mul_f64(random.f64() * 0.8));
            process.kill();
            said |= process.next().is_some();
            assert_eq!(process.wait().signal(), Some(9));
            kills += 1;
        }
        // All of it or nothing, for a program that knows nothing of branches too.
        let plain = Connection::open(&path).unwrap();
        assert_eq!(rows(&plain, "PRAGMA integrity_check"), ["ok"]);
        let version = rows(&plain, "PRAGMA user_version");
        let columns = rows(
            &plain,
            "SELECT count(*) FROM pragma_table_info('messages') WHERE name = 'parent_entry_id'",
        );
        assert_eq!(
            version[0] == "2",
            columns[0] == "1",
            "{version:?} {columns:?}"
        );
        let migrated = version[0] == "2";
        assert!(migrated || !said, "a migration that was reported is lost");
        drop(plain);
        let connection = open(&path);
        let again = rows(&connection, "SELECT branch_migrate() > 0");
        assert_eq!(again[0] == "0", migrated);
        assert_sound(&connection);
        let listed = rows(
            &connection,
            "SELECT count(*) FROM branch_messages('t') JOIN messages USING(id)",
        );
        assert_eq!(listed, [MESSAGES.to_string()]);
        if migrated {
            complete += 1;
        } else {
            untouched += 1;
        }
        drop(connection);
        std::fs::remove_file(&path).unwrap();
    }
    println!(
        "kill, migration: {kills} kills, {untouched} undone, {complete} complete, half done: 0"
    );
}

#[test]
fn indexing() {
    indexing::run_and_kill();
}

#[test]
fn retries() {
    retries::run_and_kill();
}

#[test]
fn session_index() {
    let (mut kills, mut acknowledged, mut torn) = (0, 0, 0);
    for round in 0..size(2) {
        let mut random = random(round);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        let store = StateStore::open(Some(path.clone())).unwrap();
        let mut names = Vec::new();
        for turn in 0..3 {
            let mut processes: Vec<Process> = (0..2)
                .map(|at| Process::start("names", &path, &format!("{turn}.{at}")))
                .collect();
            for process in &mut processes {
                for _ in 0..random.usize(1..20) {
                    names.push(process.next().unwrap());
                }
            }
            for mut process in processes {
                process.kill();
                names.extend(process.by_ref());
                assert_eq!(process.wait().signal(), Some(9));
                kills += 1;
            }
            for name in &names {
                let found = store.find_thread_name_by_id(name).unwrap();
                assert_eq!(found.as_ref(), Some(name), "{name} is lost");
            }
        }
        acknowledged += names.len();
        torn += store.session_index_report().unwrap().unreadable.len();
    }
    println!(
        "kill, session index: {kills} kills, {acknowledged} names acknowledged, {torn} torn lines passed over, lost: 0"
    );
}

/// What the child processes do, until they are killed.
#[test]
fn child_process() {
    let Some(Role { role, file, name }) = child::role() else {
        return;
    };
    match role.as_str() {
        "loader" => load_and_write(&file, &name),
        "store" => store_and_write(&file, &name),
        "names" => name_threads(&file, &name),
        "retrying" => retries::ask(&file, &name),
        "batches" => retries::ask_store(&file, &name),
        other => panic!("no role {other}"),
    }
}

fn load_and_write(file: &Path, name: &str) {
    let connection = open_and_load(file);
    let say = |call: String| child::tell(&rows(&connection, &call)[0]);
    for at in 0.. {
        let content = format!("{name}-{at}");
        say(format!(
            "SELECT 'stored', branch_append('shared', 'user', '{content}a'), '{content}a'"
        ));
        say(format!(
            "SELECT 'stored', branch_fork(2, 'user', '{content}f'), '{content}f'"
        ));
        // In a transaction of several calls, which is acknowledged by its commit.
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let said: Vec<String> = ["x", "y", "z"]
            .iter()
            .flat_map(|part| {
                rows(
                    &connection,
                    &format!(
                        "SELECT 'stored', branch_append('own-{name}', 'user', '{content}{part}'), '{content}{part}'"
                    ),
                )
            })
            .collect();
        let deleted = rows(
            &connection,
            &format!("SELECT 'deleted', branch_prune(branch_append('own-{name}', 'user', 'gone')), '{content}d'"),
        );
        connection.execute_batch("COMMIT").unwrap();
        said.iter().chain(&deleted).for_each(child::tell);
    }
}

/// The mode that the file is in, for a store that is not to change it.
fn journal_mode(file: &Path) -> JournalMode {
    match rows(&open(file), "PRAGMA journal_mode")[0].as_str() {
        "wal" => JournalMode::Wal,
        _ => JournalMode::Delete,
    }
}

fn store_and_write(file: &Path, name: &str) {
    let store = StateStore::builder()
        .path(file)
        .journal_mode(journal_mode(file))
        .busy_timeout(PATIENCE)
        .open()
        .unwrap();
    for at in 0.. {
        let content = format!("{name}-{at}");
        let text = format!("{content}a");
        let id = store.append_message("shared", "user", &text, None).unwrap();
        child::tell(format!("stored|{id}|{text}"));
        let text = format!("{content}f");
        let id = store.fork_at_message(3, "user", &text, None).unwrap();
        child::tell(format!("stored|{id}|{text}"));
        let text = format!("{content}l");
        let id = store.add_alternative(id, "user", &text, None).unwrap();
        child::tell(format!("stored|{id}|{text}"));
        let thread = format!("copy-{content}");
        let leaf = store.copy_branch(3, &thread).unwrap();
        child::tell(format!("copied|{leaf}|{thread}"));
    }
}

fn name_threads(file: &Path, name: &str) {
    let store = StateStore::builder()
        .path(file)
        .busy_timeout(PATIENCE)
        .open()
        .unwrap();
    for at in 0.. {
        let id = format!("{name}.{at}");
        store
            .append_thread_name(&id, Some(id.clone()), at, None)
            .unwrap();
        child::tell(&id);
        if at % 3 == 0 {
            store.compact_session_index().unwrap();
        }
    }
}
