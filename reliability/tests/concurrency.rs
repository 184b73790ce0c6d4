//! Eight processes write to one file while others list it: nothing is lost, nobody is turned away before the timeout,
//! and every listing is one branch.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use sqlite_branch_reliability::child::{self, Process, Role};
use sqlite_branch_reliability::database::{
    add_thread, assert_same, assert_sound, open, open_and_load, rows, run, state, try_rows,
    PATIENCE,
};
use sqlite_branch_reliability::size::size;
use sqlite_branch_store::StateStore;

const PROCESSES: usize = 8;
const READERS: usize = 2;
const BUSY: i32 = 5;
const BUSY_SNAPSHOT: i32 = 5 | (2 << 8);

/// How many messages each process stores.
fn messages() -> usize {
    size(40)
}

/// A thread's listing is one branch: each message is the child of the one before it.
fn check_listing(connection: &Connection, thread: &str) -> usize {
    let sql = format!("SELECT id, parent_entry_id, distance FROM branch_messages('{thread}')");
    let listed = rows(connection, &sql);
    let mut before = "NULL".to_owned();
    for (at, row) in listed.iter().enumerate() {
        let words: Vec<&str> = row.split('|').collect();
        assert_eq!(words[1], before, "{thread}: a gap before {row}");
        assert_eq!(
            words[2],
            (listed.len() - 1 - at).to_string(),
            "{thread}: {row}"
        );
        words[0].clone_into(&mut before);
    }
    listed.len()
}

/// Every leaf's path is whole, and as long as its depth says: in one statement, so in one state of the file.
fn check_leaves(connection: &Connection, thread: &str) -> usize {
    let sql = format!(
        "SELECT l.id, l.depth + 1, (SELECT count(*) FROM branch_path(l.id)) FROM branch_leaves('{thread}') AS l"
    );
    let leaves = rows(connection, &sql);
    for leaf in &leaves {
        let words: Vec<&str> = leaf.split('|').collect();
        assert_eq!(words[1], words[2], "{thread}: {leaf}");
    }
    leaves.len()
}

fn crowd(journal: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let connection = open(&path);
    rows(&connection, &format!("PRAGMA journal_mode = {journal}"));
    run(&connection, "SELECT branch_migrate()").unwrap();
    for thread in 0..PROCESSES {
        add_thread(&connection, &format!("own-{thread}"));
    }
    add_thread(&connection, "shared");
    run(
        &connection,
        "SELECT branch_append('shared', 'user', 'first')",
    )
    .unwrap();

    let mut writers: Vec<Process> = (0..PROCESSES)
        .map(|at| {
            let role = ["loader", "linked", "store"][at % 3];
            Process::start(role, &path, &at.to_string())
        })
        .collect();
    // All of them begin at once.
    for writer in &mut writers {
        assert_eq!(writer.next().as_deref(), Some("ready"));
    }
    for writer in &mut writers {
        writer.write("go\n");
    }
    let done = AtomicBool::new(false);
    let listings = AtomicUsize::new(0);
    let mut said: HashMap<String, String> = HashMap::new();
    thread::scope(|scope| {
        for reader in 0..READERS {
            let (path, done, listings) = (&path, &done, &listings);
            scope.spawn(move || {
                let connection = open(path);
                while !done.load(Ordering::Relaxed) {
                    for thread in ["shared", &format!("own-{reader}")] {
                        check_listing(&connection, thread);
                        check_leaves(&connection, thread);
                        listings.fetch_add(2, Ordering::Relaxed);
                    }
                }
            });
        }
        let ended: Vec<_> = writers
            .into_iter()
            .map(|mut writer| {
                scope.spawn(move || {
                    let lines: Vec<String> = writer.by_ref().collect();
                    (lines, writer.wait())
                })
            })
            .collect();
        let ended: Vec<_> = ended.into_iter().map(|writer| writer.join()).collect();
        done.store(true, Ordering::Relaxed);
        for writer in ended {
            let (lines, status) = writer.unwrap();
            assert!(status.success(), "a writer failed");
            assert_eq!(lines.len(), messages());
            for line in lines {
                let (content, id) = line.split_once('|').unwrap();
                said.insert(content.to_owned(), id.to_owned());
            }
        }
    });
    assert_sound(&connection);
    assert_eq!(said.len(), PROCESSES * messages());
    let ids: HashSet<&String> = said.values().collect();
    assert_eq!(ids.len(), said.len(), "two messages have one id");
    let stored: HashMap<String, String> = rows(
        &connection,
        "SELECT content, id FROM messages WHERE content <> 'first'",
    )
    .into_iter()
    .map(|row| {
        let (content, id) = row.split_once('|').unwrap();
        (content.to_owned(), id.to_owned())
    })
    .collect();
    assert_eq!(stored, said);
    // A thread that only its own process appends to is one line, in that process's order.
    for process in 0..PROCESSES {
        let own = rows(
            &connection,
            &format!("SELECT content FROM branch_messages('own-{process}')"),
        );
        let expected: Vec<String> = (0..messages())
            .filter(|at| at % 4 == 1)
            .map(|at| format!("{process}-{at}"))
            .collect();
        assert_eq!(own, expected);
    }
    println!(
        "concurrency, {journal}: {PROCESSES} processes, {} messages, {} listings meanwhile, busy: 0, lost: 0",
        said.len(),
        listings.into_inner()
    );
}

#[test]
fn wal() {
    crowd("wal");
}

#[test]
fn delete() {
    crowd("delete");
}

/// Stores the message of a number with a content, and gives its id.
type Call = Box<dyn FnMut(usize, &str) -> i64>;

/// What a writing process does.
#[test]
fn child_process() {
    let Some(Role { role, file, name }) = child::role() else {
        return;
    };
    let mut call: Call = match role.as_str() {
        "store" => {
            let store = StateStore::builder()
                .path(&file)
                .journal_mode(journal_of(&file))
                .busy_timeout(PATIENCE)
                .open()
                .unwrap();
            let own = format!("own-{name}");
            Box::new(move |at, content| {
                match at % 4 {
                    0 => store.append_message("shared", "user", content, None),
                    1 => store.append_message(&own, "user", content, None),
                    2 => store.fork_at_message(1, "user", content, None),
                    _ => store.add_alternative(1, "user", content, None),
                }
                .unwrap()
            })
        }
        _ => {
            let connection = match role.as_str() {
                "loader" => open_and_load(&file),
                _ => open(&file),
            };
            let own = format!("own-{name}");
            Box::new(move |at, content| {
                let sql = match at % 4 {
                    0 => format!("SELECT branch_append('shared', 'user', '{content}')"),
                    1 => format!("SELECT branch_append('{own}', 'user', '{content}')"),
                    2 => format!("SELECT branch_fork(1, 'user', '{content}')"),
                    _ => format!("SELECT branch_alternative(1, 'user', '{content}')"),
                };
                rows(&connection, &sql)[0].parse().unwrap()
            })
        }
    };
    child::tell("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    for at in 0..messages() {
        let content = format!("{name}-{at}");
        let id = call(at, &content);
        child::tell(format!("{content}|{id}"));
    }
}

fn journal_of(file: &Path) -> sqlite_branch_store::JournalMode {
    match rows(&open(file), "PRAGMA journal_mode")[0].as_str() {
        "wal" => sqlite_branch_store::JournalMode::Wal,
        _ => sqlite_branch_store::JournalMode::Delete,
    }
}

/// A database in which another connection can be in the way, and a call.
fn two_connections(journal: &str) -> (tempfile::TempDir, Connection, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let (one, other) = (open(&path), open(&path));
    rows(&one, &format!("PRAGMA journal_mode = {journal}"));
    run(&one, "SELECT branch_migrate()").unwrap();
    add_thread(&one, "t");
    run(&one, "SELECT branch_append('t', 'user', 'first')").unwrap();
    for connection in [&one, &other] {
        connection.busy_timeout(Duration::ZERO).unwrap();
    }
    (directory, one, other)
}

const WRITES: [&str; 8] = [
    "branch_append('t', 'user', 'x')",
    "branch_fork(1, 'user', 'x')",
    "branch_alternative(1, 'user', 'x')",
    "branch_switch('t', 1)",
    "branch_clear('t')",
    "branch_prune(1)",
    "branch_copy(1, 'copied')",
    "branch_migrate()",
];

#[test]
fn busy_after_the_timeout() {
    for journal in ["wal", "delete"] {
        for call in WRITES {
            let (_directory, one, other) = two_connections(journal);
            // So that there is something to migrate.
            run(&one, "DROP INDEX branch_messages_jumps").unwrap();
            one.execute_batch("BEGIN IMMEDIATE").unwrap();
            let sql = format!("SELECT {call}");
            let failure = try_rows(&other, &sql).unwrap_err();
            assert_eq!(failure.code, BUSY, "{sql}: {failure:?}");
            assert!(other.is_autocommit());
            one.execute_batch("COMMIT").unwrap();
            run(&other, &sql).unwrap();
        }
    }
}

/// With a rollback journal, what is in the way of a commit is somebody who reads: the call is at its end then, and is
/// undone all the same.
#[test]
fn busy_at_the_commit() {
    for call in WRITES {
        for around in [
            "SELECT {}",
            "INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, \
             status, cwd, cli_version, source) VALUES ({}, '', 0, '', 1, 1, '', '', '', '')",
        ] {
            let (_directory, one, other) = two_connections("delete");
            run(&one, "DROP INDEX branch_messages_jumps").unwrap();
            let before = state(&other);
            one.execute_batch("BEGIN").unwrap();
            rows(&one, "SELECT count(*) FROM messages");
            let sql = around.replace("{}", call);
            let failure = try_rows(&other, &sql).unwrap_err();
            assert_eq!(failure.code, BUSY, "{sql}: {failure:?}");
            assert!(other.is_autocommit());
            one.execute_batch("COMMIT").unwrap();
            assert_same(&state(&other), &before, &sql);
            run(&other, &sql).unwrap();
        }
    }
}

/// Two connections that share a cache lock tables, not files.
#[test]
fn locked_in_a_shared_cache() {
    const LOCKED: i32 = 6;
    let connect = || {
        let connection = Connection::open("file:shared?mode=memory&cache=shared").unwrap();
        sqlite_branch_store::register(&connection).unwrap();
        connection
    };
    let (one, other) = (connect(), connect());
    run(&one, "SELECT branch_migrate()").unwrap();
    add_thread(&one, "t");
    run(&one, "SELECT branch_append('t', 'user', 'first')").unwrap();
    one.execute_batch("BEGIN IMMEDIATE").unwrap();
    run(&one, "SELECT branch_append('t', 'user', 'second')").unwrap();
    let reads = ["branch_depth(1)", "branch_tip(1)", "branch_root(1)"];
    for call in WRITES.iter().chain(&reads[..]) {
        let sql = format!("SELECT {call}");
        // There is nothing to migrate, and nobody has locked the schema.
        if let Err(failure) = try_rows(&other, &sql) {
            assert_eq!(failure.primary(), LOCKED, "{sql}: {failure:?}");
        } else {
            assert!(sql.contains("migrate"), "{sql}");
        }
    }
    one.execute_batch("ROLLBACK").unwrap();
    for call in WRITES {
        let before = state(&other);
        other.execute_batch("BEGIN").unwrap();
        run(&other, &format!("SELECT {call}")).unwrap();
        other.execute_batch("ROLLBACK").unwrap();
        assert_same(&state(&other), &before, call);
    }
    one.close().unwrap();
    other.close().unwrap();
}

#[test]
fn busy_where_waiting_cannot_help() {
    for call in WRITES {
        let (_directory, one, other) = two_connections("wal");
        run(&one, "DROP INDEX branch_messages_jumps").unwrap();
        other.busy_timeout(PATIENCE).unwrap();
        other.execute_batch("BEGIN").unwrap();
        rows(&other, "SELECT count(*) FROM messages");
        run(&one, "SELECT branch_append('t', 'user', 'in between')").unwrap();
        let sql = format!("SELECT {call}");
        let failure = try_rows(&other, &sql).unwrap_err();
        assert_eq!(failure.code, BUSY_SNAPSHOT, "{sql}: {failure:?}");
        // The transaction goes on with what it saw.
        assert!(!other.is_autocommit());
        assert_eq!(
            rows(&other, "SELECT count(*) FROM branch_messages('t')"),
            ["1"]
        );
        other.execute_batch("ROLLBACK").unwrap();
        run(&other, &sql).unwrap();
    }
}
