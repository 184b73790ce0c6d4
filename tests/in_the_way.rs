//! What stood in the way of somebody who tried the extension for the first time, with a chat program from scratch: each is a
//! test, in the client in which it was met.

mod dist;
mod host;

use std::process::Command;

use host::{error, integer, maybe};
use rusqlite::Connection;

fn chat() -> Connection {
    let connection = host::migrated();
    connection
        .execute_batch("SELECT branch_thread('t'); SELECT branch_append('t', 'user', 'one'), branch_append('t', 'user', 'two')")
        .unwrap();
    connection
}

/// A conversation took an INSERT of ten columns.
#[test]
fn a_thread_is_one_call() {
    let connection = host::migrated();
    connection
        .execute_batch("SELECT branch_thread('t'); SELECT branch_append('t', 'user', 'one')")
        .unwrap();
    assert_eq!(
        integer(
            &connection,
            "SELECT count(*) FROM branch_messages('t')",
            &[]
        ),
        1
    );
}

/// `branch_switch(t, branch_tip(unknown))` went to before the first message, without a word.
#[test]
fn showing_a_version_that_is_not_there_does_not_blank_the_chat() {
    let connection = chat();
    for sql in ["SELECT branch_select(99)", "SELECT branch_select(2, 9)"] {
        let (_, told) = error(&connection, sql, &[]);
        assert!(told.starts_with("branch_select: "), "{told}");
        assert_eq!(
            integer(
                &connection,
                "SELECT count(*) FROM branch_messages('t')",
                &[]
            ),
            2
        );
    }
}

/// Where `foreign_keys` is off, as it is in the shell, deleting the row of a thread left its messages, and no check saw them.
#[test]
fn deleting_a_thread_leaves_nothing_or_is_found() {
    let connection = chat();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM threads WHERE id = 't'")
        .unwrap();
    let found = "SELECT count(*) FROM branch_check() WHERE problem = 'thread missing'";
    assert_eq!(integer(&connection, found, &[]), 2);
    let connection = chat();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; SELECT branch_delete('t')")
        .unwrap();
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM messages", &[]),
        0
    );
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM branch_check()", &[]),
        0
    );
}

/// Whoever would change or delete a row with SQL is told what to call, also where nothing says which thread.
#[test]
fn changing_a_row_says_what_to_call() {
    let connection = chat();
    for sql in [
        "DELETE FROM branch_messages WHERE id = 2",
        "DELETE FROM branch_messages",
        "DELETE FROM branch_messages WHERE thread_id = 't'",
        "UPDATE branch_messages SET content = 'x'",
        "UPDATE branch_messages SET content = 'x' WHERE id = 1 OR role = 'user'",
        "UPDATE branch_messages SET content = 'x' WHERE thread = 't'",
        "DELETE FROM branch_messages WHERE thread = 't'",
    ] {
        let (code, told) = error(&connection, sql, &[]);
        assert_eq!(code, 1);
        let function = if sql.starts_with("DELETE") {
            "branch_prune"
        } else {
            "branch_alternative"
        };
        assert!(
            told.starts_with("branch_messages: ") && told.contains(function),
            "{sql}: {told}"
        );
    }
    assert_eq!(
        error(&connection, "SELECT id FROM branch_messages", &[]),
        (1, "branch_messages: needs an argument: thread".to_owned())
    );
}

/// A program that has ids of its own needed a table from them to ours.
#[test]
fn a_message_has_a_name_of_the_callers() {
    let connection = chat();
    let uid = "0198c7f0-0000-7000-8000-000000000001";
    let sql = "SELECT branch_append('t', 'user', 'three', NULL, NULL, ?1)";
    assert_eq!(integer(&connection, sql, &[&uid]), 3);
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_alternative(?1, 'user', 'four')",
            &[&uid]
        ),
        4
    );
    assert_eq!(
        maybe(&connection, "SELECT branch_depth(?1)", &[&uid]),
        Some(2)
    );
}

/// `SELECT branch_append(1, ...)` was refused, and so was `time.time()`; milliseconds were not.
#[test]
fn numbers_as_programs_have_them() {
    let connection = host::migrated();
    connection.execute_batch("SELECT branch_thread(1)").unwrap();
    assert_eq!(
        integer(
            &connection,
            "SELECT branch_append(1, 'user', 'x', NULL, 1760000000.75)",
            &[]
        ),
        1
    );
    assert_eq!(
        integer(&connection, "SELECT created_at FROM messages", &[]),
        1_760_000_000
    );
    let (_, told) = error(
        &connection,
        "SELECT branch_append(1, 'user', 'x', NULL, 1760000000750)",
        &[],
    );
    assert!(told.contains("looks like milliseconds"), "{told}");
}

/// Python's `executemany` refuses a SELECT, and `time.time()` is a float.
#[test]
fn python() {
    let program = "
import sqlite3, sys, time
db = sqlite3.connect(':memory:')
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
db.execute('INSERT INTO branch_call SELECT branch_migrate()')
db.execute('INSERT INTO branch_call SELECT branch_thread(42)')
db.commit()
before = time.time()
db.executemany('INSERT INTO branch_messages(thread_id, role, content, created_at) VALUES (42, ?, ?, ?)',
               [('user', 'one', before), ('assistant', 'two', before), ('user', 'three', before)])
last = db.execute('INSERT INTO branch_call SELECT branch_select(1)').lastrowid
db.executemany('INSERT INTO branch_call SELECT branch_alternative(?, ?, ?)', [(1, 'user', 'other'), (2, 'user', 'another')])
print(db.in_transaction, last, *db.execute('SELECT group_concat(created_at = ?) FROM messages WHERE id < 4', (int(before),)).fetchone())
db.rollback()
print(*db.execute('SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM threads)').fetchone())
";
    let can = "import sqlite3; sqlite3.Connection.enable_load_extension; assert sqlite3.sqlite_version_info >= (3, 38)";
    let found = ["python3", "/usr/bin/python3"].into_iter().find(|python| {
        Command::new(python)
            .args(["-c", can])
            .output()
            .is_ok_and(|run| run.status.success())
    });
    let Some(python) = found else {
        dist::not_run("Python's executemany", "Python that loads extensions");
        return;
    };
    let printed = dist::output(
        Command::new(python)
            .args(["-c", program])
            .arg(dist::loadable_stem()),
    );
    // Python began a transaction for the INSERTs, since they are writes.
    assert_eq!(printed, "True 3 1,1,1\n0 1\n");
}

/// PHP's SQLite3 runs a statement once when it is executed, and again when its rows are fetched: a SELECT that writes stores
/// a message twice.
#[test]
fn php() {
    let program = "<?php
$db = new SQLite3(':memory:');
$db->enableExceptions(true);
$db->loadExtension($argv[1]);
$db->exec('INSERT INTO branch_call SELECT branch_migrate()');
$db->exec(\"INSERT INTO branch_call SELECT branch_thread('t')\");
$insert = $db->prepare(\"INSERT INTO branch_messages(thread_id, role, content) VALUES ('t', 'user', ?)\");
foreach (['one', 'two'] as $content) {
    $insert->bindValue(1, $content);
    $result = $insert->execute();
    if ($result->numColumns()) $result->fetchArray();
    echo $db->lastInsertRowID(), ' ';
}
$db->query(\"INSERT INTO branch_call SELECT branch_fork(1, 'user', 'three')\");
echo $db->lastInsertRowID(), ' ', $db->querySingle('SELECT count(*) FROM messages'), ' ';
$db->query(\"SELECT branch_append('t', 'user', 'selected')\")->fetchArray();
echo $db->querySingle('SELECT count(*) FROM messages'), \"\\n\";
";
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("chat.php");
    std::fs::write(&script, program).unwrap();
    let has = Command::new("php").args(["-r", "exit(class_exists('SQLite3') && version_compare(SQLite3::version()['versionString'], '3.38', '>=') ? 0 : 1);"]).output();
    if !has.is_ok_and(|run| run.status.success()) {
        dist::not_run("PHP's SQLite3", "PHP with SQLite3");
        return;
    }
    // Extensions come from one directory, which is named to the interpreter.
    let file = dist::loadable();
    let printed = dist::output(
        Command::new("php")
            .arg("-d")
            .arg(format!(
                "sqlite3.extension_dir={}",
                file.parent().unwrap().display()
            ))
            .arg(&script)
            .arg(file.file_name().unwrap()),
    );
    // Each INSERT was one message; the SELECT was two, which is why docs/hosts.md says not to use it.
    assert_eq!(printed, "1 2 3 3 5\n");
}

/// Not supported, and SQLite gives no way to say so: it finds a table-valued function by its name alone. Should this fail on
/// a newer SQLite, docs/how-do-i.md is to be mended.
#[test]
fn an_attached_file_is_not_read() {
    let connection = chat();
    connection
        .execute_batch("ATTACH ':memory:' AS other")
        .unwrap();
    assert_eq!(
        integer(
            &connection,
            "SELECT count(*) FROM other.branch_messages('t')",
            &[]
        ),
        2
    );
}
