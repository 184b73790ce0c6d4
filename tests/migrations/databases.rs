//! Databases as older and newer programs left them, and the two ways to bring them up to date.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;

use crate::{dist, host};

/// The migrations, in order.
pub const FILES: [&str; 8] = [
    "0001_threads.sql",
    "0002_branches.sql",
    "0003_workflow.sql",
    "0004_walk.sql",
    "0005_user_version.sql",
    "0006_uids.sql",
    "0007_labels.sql",
    "0008_context.sql",
];

/// How a database can be brought up to date.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// By the function, in this process.
    Function,
    /// By the function, in the sqlite3 shell.
    ShellFunction,
    /// By the files, in the sqlite3 shell.
    Files,
}

pub const WAYS: [Way; 3] = [Way::Function, Way::ShellFunction, Way::Files];

impl Way {
    /// Brings a database up to date.
    pub fn run(self, database: &Path) {
        match self {
            Self::Function => {
                host::integer(&host::open(database), "SELECT branch_migrate()", &[]);
            }
            Self::ShellFunction => {
                let run = shell(database, &function());
                assert_eq!(complaints(&run), "", "branch_migrate() in the shell");
            }
            Self::Files => {
                let run = shell(database, &files());
                let complaints = complaints(&run);
                // Where the columns are there already, this is how the file says so; the shell goes on.
                let unexpected: Vec<_> = complaints
                    .lines()
                    .filter(|line| !line.contains("duplicate column name"))
                    .collect();
                assert!(unexpected.is_empty(), "{complaints}");
            }
        }
    }
}

/// The shell's line that runs one of the files.
pub fn read(name: &str) -> String {
    let path = dist::root().join("sql").join(name);
    format!(".read '{}'\n", path.display())
}

/// The shell's lines that run all of the files.
pub fn files() -> String {
    std::iter::once(".timeout 20000\n".to_owned())
        .chain(FILES.into_iter().map(read))
        .collect()
}

/// The shell's lines that load the extension and bring the database up to date.
pub fn function() -> String {
    format!(
        ".load '{}'\n.timeout 20000\nSELECT branch_migrate();\n",
        dist::loadable_stem().display()
    )
}

/// A sqlite3 shell that is about to read its commands from a pipe.
pub fn start_shell(database: &Path) -> Command {
    let mut shell = dist::shell();
    shell
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    shell
}

/// Runs a script in the sqlite3 shell, which goes on after errors as it does when somebody types.
pub fn shell(database: &Path, script: &str) -> Output {
    let mut child = start_shell(database).spawn().expect("the sqlite3 shell");
    let mut input = child.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

/// What a run has printed.
pub fn printed(run: &Output) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// What a run has complained about.
pub fn complaints(run: &Output) -> String {
    String::from_utf8_lossy(&run.stderr).into_owned()
}

/// All that is in a database, as text, `user_version` included.
pub fn dump(database: &Path) -> String {
    let run = shell(database, "PRAGMA user_version;\n.dump\n");
    assert_eq!(complaints(&run), "");
    let text = printed(&run);
    assert!(text.ends_with("COMMIT;\n"), "{text}");
    text
}

/// The tables, columns and indexes of a database, whatever the order in which they were made.
pub fn schema(database: &Path) -> Vec<String> {
    let connection = Connection::open(database).unwrap();
    texts(
        &connection,
        "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name",
    )
}

/// The one column of a query that gives texts.
pub fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Each message with its parent, and then each thread with its leaf.
pub fn links(database: &Path) -> Vec<String> {
    let connection = Connection::open(database).unwrap();
    let mut links = texts(
        &connection,
        "SELECT id || '<-' || coalesce(parent_entry_id, 'none') FROM messages ORDER BY id",
    );
    links.extend(texts(
        &connection,
        "SELECT id || ' ends at ' || coalesce(current_leaf_id, 'none') FROM threads ORDER BY id",
    ));
    links
}

/// Fails unless SQLite finds the file sound.
pub fn assert_sound(database: &Path) {
    let connection = Connection::open(database).unwrap();
    assert_eq!(texts(&connection, "PRAGMA integrity_check"), ["ok"]);
}

/// The tables of a program that knew no branches. Its indexes are not there either: it is the oldest of them all.
const LINEAR: &str = "
CREATE TABLE threads (
    id TEXT PRIMARY KEY, rollout_path TEXT, preview TEXT NOT NULL, ephemeral INTEGER NOT NULL,
    model_provider TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, status TEXT NOT NULL,
    path TEXT, cwd TEXT NOT NULL, cli_version TEXT NOT NULL, source TEXT NOT NULL, title TEXT, sandbox_policy TEXT,
    approval_mode TEXT, archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER, git_sha TEXT, git_branch TEXT,
    git_origin_url TEXT, memory_mode TEXT
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, thread_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL,
    item_json TEXT, created_at INTEGER NOT NULL,
    FOREIGN KEY(thread_id) REFERENCES threads(id) ON DELETE CASCADE
);
";

/// The columns that make a thread.
pub const THREAD: &str =
    "id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, \
     source) VALUES (";

/// The values for [`THREAD`] after the id.
pub const OF_THREAD: &str =
    ", 'a preview', 0, 'a provider', 1, 1, 'idle', '/home', '1.0', 'interactive')";

/// An empty directory, and the path of a database that is not there yet.
pub fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    (directory, path)
}

/// A few threads of a program that knew no branches, one of them with a clock that went back.
pub fn linear(database: &Path) {
    let connection = Connection::open(database).unwrap();
    let mut script = LINEAR.to_owned();
    for thread in ["steady", "clock", "empty", "single"] {
        script.push_str(&format!(
            "INSERT INTO threads({THREAD}'{thread}'{OF_THREAD};\n"
        ));
    }
    // (id, thread, time): ids as they were given, times as the clock told them.
    for (id, thread, time) in [
        (1, "steady", 100),
        (2, "clock", 100),
        (3, "steady", 100),
        (4, "clock", 110),
        (5, "clock", 90),
        (6, "steady", 120),
        (7, "clock", 95),
        (8, "single", 5),
        (9, "nobody", 7),
        (11, "nobody", 6),
    ] {
        script.push_str(&format!(
            "INSERT INTO messages(id, thread_id, role, content, created_at) \
             VALUES ({id}, '{thread}', 'user', 'said {id}', {time});\n"
        ));
    }
    connection
        .pragma_update(None, "foreign_keys", false)
        .unwrap();
    connection.execute_batch(&script).unwrap();
}

/// What [`linear`] is to become: by time, and of equal times by id.
pub const LINEAR_LINKS: [&str; 14] = [
    "1<-none",
    "2<-7",
    "3<-1",
    "4<-2",
    "5<-none",
    "6<-3",
    "7<-5",
    "8<-none",
    "9<-11",
    "11<-none",
    "clock ends at 4",
    "empty ends at none",
    "single ends at 8",
    "steady ends at 6",
];

/// Many threads of a program that knew no branches, of 100 messages each, told in turns. In every tenth, the clock
/// went back half way through.
pub fn large(database: &Path, threads: i64) {
    let mut connection = Connection::open(database).unwrap();
    connection.execute_batch(LINEAR).unwrap();
    connection
        .pragma_update(None, "synchronous", "off")
        .unwrap();
    let transaction = connection.transaction().unwrap();
    for thread in 0..threads {
        let insert = format!("INSERT INTO threads({THREAD}'thread ' || ?1{OF_THREAD}");
        transaction.execute(&insert, [thread]).unwrap();
    }
    transaction
        .execute(
            "INSERT INTO messages(id, thread_id, role, content, created_at)
             WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < 100 * ?1)
             SELECT n + 1, 'thread ' || (n % ?1), 'user', 'what was said, number ' || n,
                 1700000000 + n / ?1 - iif(n % ?1 % 10 = 0 AND n / ?1 >= 50, 1000, 0)
             FROM number",
            [threads],
        )
        .unwrap();
    transaction.commit().unwrap();
}

/// Fails unless [`large`] has become one chain per thread.
pub fn assert_large_is_linked(database: &Path, threads: i64) {
    let connection = Connection::open(database).unwrap();
    let mut statement = connection
        .prepare("SELECT id, parent_entry_id FROM messages ORDER BY id")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut seen = 0;
    while let Some(row) = rows.next().unwrap() {
        let (id, parent): (i64, Option<i64>) = (row.get(0).unwrap(), row.get(1).unwrap());
        let (turn, thread) = ((id - 1) / threads, (id - 1) % threads);
        // Where the clock went back, the second half comes first.
        let before = match (thread % 10 == 0, turn) {
            (false, 0) | (true, 50) => None,
            (true, 0) => Some(99),
            _ => Some(turn - 1),
        };
        let expected = before.map(|turn| turn * threads + thread + 1);
        assert_eq!(parent, expected, "the parent of {id}");
        seen += 1;
    }
    assert_eq!(seen, 100 * threads);
    drop(rows);
    let mut statement = connection
        .prepare("SELECT substr(id, 8), current_leaf_id FROM threads")
        .unwrap();
    let leaves = statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })
        .unwrap();
    let mut seen = 0;
    for leaf in leaves {
        let (thread, leaf) = leaf.unwrap();
        let thread: i64 = thread.parse().unwrap();
        let turn = if thread % 10 == 0 { 49 } else { 99 };
        assert_eq!(leaf, turn * threads + thread + 1, "the leaf of {thread}");
        seen += 1;
    }
    assert_eq!(seen, threads);
}

/// A table of another program that came, or comes, to have the name of one that is added to a file: what needs it says
/// whose it is, and what does not need it works.
#[test]
fn another_programs_table_in_place_of_ours() {
    for (table, calls) in [
        (
            "message_uids",
            &[
                "SELECT branch_id('a')",
                "SELECT branch_uid(1)",
                "SELECT branch_depth('a')",
                "SELECT branch_append('t', 'user', 'x', NULL, NULL, 'a')",
                "SELECT uid FROM branch_messages('t')",
                "SELECT * FROM branch_check()",
                "SELECT branch_prune(1)",
                "SELECT branch_clear('t')",
                "SELECT branch_delete('t')",
                "SELECT branch_export('t', 'jsonl')",
            ][..],
        ),
        (
            "message_labels",
            &[
                "SELECT branch_label(1, 'here')",
                "SELECT branch_label(1, NULL)",
                "SELECT branch_unlabel('t', 'here')",
                "SELECT * FROM branch_labels()",
                "SELECT * FROM branch_labels('t')",
                "SELECT * FROM branch_check()",
                "SELECT branch_prune(1)",
                "SELECT branch_copy(1, 'copy')",
                "SELECT branch_clear('t')",
                "SELECT branch_delete('t')",
                "SELECT branch_export('t', 'jsonl')",
            ][..],
        ),
    ] {
        let connection = host::migrated();
        connection
            .execute_batch(&format!(
                "SELECT branch_thread('t'), branch_append('t', 'user', 'one');
                 DROP TABLE {table}; CREATE TABLE {table}(mine); INSERT INTO {table} VALUES (1);"
            ))
            .unwrap();
        for call in calls.iter().chain(&["SELECT branch_migrate()"]) {
            let (code, told) = host::error(&connection, call, &[]);
            assert_eq!(code, 1, "{call}");
            assert!(
                told.contains(&format!(": {table} is another program's: ")),
                "{call}: {told}"
            );
        }
        assert_eq!(
            host::integer(&connection, "SELECT branch_append('t', 'user', 'two')", &[]),
            2
        );
        assert_eq!(
            host::integer(
                &connection,
                "SELECT count(*) FROM branch_messages('t')",
                &[]
            ),
            2
        );
    }
}

/// A file in which another program has tables of our names is left as it is, and what collides is said.
#[test]
fn tables_of_other_programs() {
    for (schema, said) in [
        (
            "CREATE TABLE threads(id INTEGER PRIMARY KEY, subject TEXT)",
            "threads is another program's: it has no columns updated_at, archived, archived_at; take another file, or rename it",
        ),
        (
            "CREATE TABLE Messages(id INTEGER PRIMARY KEY, thread_id, role, content, created_at)",
            "messages is another program's: it has no column item_json; take another file, or rename it",
        ),
        (
            "CREATE VIEW threads AS SELECT 1 AS id",
            "threads is another program's: it is a view; take another file, or rename it",
        ),
        (
            "CREATE TABLE things(a); CREATE VIEW messages AS SELECT a AS id FROM things",
            "messages is another program's: it is a view; take another file, or rename it",
        ),
        (
            "CREATE TABLE message_uids(account, uid)",
            "message_uids is another program's: it has no column message_id; take another file, or rename it",
        ),
        (
            "CREATE TABLE message_labels(name)",
            "message_labels is another program's: it has no columns thread_id, label, message_id, created_at; \
             take another file, or rename it",
        ),
        (
            "CREATE VIEW Message_Labels AS SELECT 1 AS thread_id",
            "message_labels is another program's: it is a view; take another file, or rename it",
        ),
    ] {
        let connection = host::memory();
        connection.execute_batch(schema).unwrap();
        let listed = |connection: &Connection| -> String {
            connection
                .query_row(
                    "SELECT group_concat(sql, ';') FROM sqlite_schema",
                    [],
                    |row| row.get(0),
                )
                .unwrap()
        };
        let before = listed(&connection);
        assert_eq!(
            host::error(&connection, "SELECT branch_migrate()", &[]),
            (1, format!("branch_migrate: {said}")),
            "{schema}"
        );
        assert_eq!(listed(&connection), before);
        assert_eq!(host::integer(&connection, "PRAGMA user_version", &[]), 0);
    }
}
