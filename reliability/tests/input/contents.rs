//! Tables with anything in them. Every call ends, and a read call only says that a tree is broken when `branch_check`
//! says so as well.

use fastrand::Rng;
use rusqlite::Connection;
use sqlite_branch_reliability::database::{
    assert_same, memory, rows, run, state, try_rows, Failure,
};

use crate::{literals, Tally, CONSTRAINT, CORRUPT_VTAB, ERROR, MISMATCH, TOOBIG};

const LOOSE: &str = "
    CREATE TABLE threads(id, rollout_path, preview, ephemeral, model_provider, created_at, updated_at, status, path,
        cwd, cli_version, source, title, sandbox_policy, approval_mode, archived, archived_at, git_sha, git_branch,
        git_origin_url, memory_mode, current_leaf_id);
    CREATE TABLE messages(id INTEGER PRIMARY KEY, thread_id, role, content, item_json, created_at, parent_entry_id);";

/// The tables as they should be, or without types and constraints; some of the indexes.
fn tables(random: &mut Rng) -> Connection {
    let connection = memory();
    if random.u32(0..3) == 0 {
        connection.execute_batch(LOOSE).unwrap();
        if random.bool() {
            // As far as that goes with such columns.
            let _ = run(&connection, "SELECT branch_migrate()");
        }
    } else {
        run(&connection, "SELECT branch_migrate()").unwrap();
        rows(&connection, "PRAGMA foreign_keys = off");
    }
    let indexes = rows(
        &connection,
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL \
         AND tbl_name IN ('messages', 'threads')",
    );
    let all = random.bool();
    for index in indexes {
        if !all && random.bool() {
            run(&connection, &format!("DROP INDEX {index}")).unwrap();
        }
    }
    connection
}

fn fill(connection: &Connection, random: &mut Rng) -> Vec<String> {
    let count = random.i64(0..40);
    let wild = random.u32(0..3);
    let base = match random.u32(0..5) {
        0 => i64::MAX - count,
        1 => i64::MIN + 1,
        2 => -count / 2,
        _ => 1,
    };
    let mut ids: Vec<i64> = (0..count)
        .map(|at| base.saturating_add(at * random.i64(1..3).min(at + 1)))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    for thread in ["'t'", "'u'", "x'74'", "''"] {
        let leaf = value(random, &ids, None, wild);
        let sql = format!(
            "INSERT OR IGNORE INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, \
                 cli_version, source, current_leaf_id) VALUES ({thread}, '', 0, '', 1, 1, '', '', '', '', {leaf})"
        );
        run(connection, &sql).unwrap();
    }
    for (at, id) in ids.iter().enumerate() {
        let parent = value(random, &ids, Some(at), wild);
        let thread = match random.u32(0..12) {
            0 => "'u'".to_owned(),
            1 if wild > 0 => literals::any(random),
            _ => "'t'".to_owned(),
        };
        let (role, content, item) = match random.u32(0..6) {
            0 => (
                literals::any(random),
                literals::any(random),
                literals::any(random),
            ),
            1 => ("'user'".into(), "'x'".into(), "'{}'".into()),
            _ => ("'user'".into(), "'x'".into(), "NULL".into()),
        };
        let created_at = random.i64(0..100);
        let sql = format!(
            "INSERT OR IGNORE INTO messages(id, thread_id, role, content, item_json, created_at, parent_entry_id) \
             VALUES ({id}, {thread}, {role}, {content}, {item}, {created_at}, {parent})"
        );
        run(connection, &sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"));
    }
    ids.iter()
        .map(|id| format!("({id})").replace("-9223372036854775808", "-9223372036854775807 - 1"))
        .collect()
}

/// A parent or a leaf: mostly one that is there, and mostly an earlier one.
fn value(random: &mut Rng, ids: &[i64], at: Option<usize>, wild: u32) -> String {
    let any = |random: &mut Rng| ids.get(random.usize(0..ids.len().max(1))).copied();
    let id = match (at, random.u32(0..10)) {
        (Some(at), 0..=5) => at.checked_sub(1).and_then(|at| ids.get(at)).copied(),
        (Some(at), 6) => ids.get(random.usize(0..at.max(1))).copied(),
        (_, 7) if wild == 2 => return literals::any(random),
        (_, 8) if wild > 0 => any(random).map(|id| id.wrapping_add(random.i64(-2..3))),
        (Some(_), 9) if wild == 0 => None,
        _ => any(random),
    };
    match id {
        // Wild enough, but not in tables that are to be sound.
        Some(id) if wild == 0 && at.is_some_and(|at| ids[at] <= id) => "NULL".to_owned(),
        Some(i64::MIN) => "(-9223372036854775807 - 1)".to_owned(),
        Some(id) => id.to_string(),
        None => "NULL".to_owned(),
    }
}

pub fn case(random: &mut Rng, tally: &mut Tally) {
    let connection = tables(random);
    let ids = fill(&connection, random);
    let problems = try_rows(&connection, "SELECT * FROM branch_check()");
    tally.count("branch_check", &problems, &[ERROR]);
    let sound = problems.is_ok_and(|problems| problems.is_empty());
    let read = |sql: String, tally: &mut Tally| {
        let outcome = run(&connection, &sql);
        tally.count(&sql, &outcome, &[ERROR, CORRUPT_VTAB]);
        if sound {
            assert!(
                !matches!(&outcome, Err(Failure { code, .. }) if *code == CORRUPT_VTAB),
                "{sql}: {outcome:?}, and branch_check() finds nothing"
            );
        }
    };
    for id in ids.iter().map(String::as_str).chain([
        "0",
        "(-9223372036854775807 - 1)",
        "9223372036854775807",
    ]) {
        for function in ["depth", "root", "tip"] {
            read(format!("SELECT branch_{function}({id})"), tally);
        }
        for order in [
            "",
            " ORDER BY id",
            " ORDER BY id DESC",
            " ORDER BY distance",
        ] {
            read(format!("SELECT * FROM branch_path({id}){order}"), tally);
        }
        read(format!("SELECT * FROM branch_children({id})"), tally);
        read(format!("SELECT * FROM branch_siblings({id})"), tally);
        let other = ids.get(random.usize(0..ids.len().max(1)));
        let other = other.map_or("1", |id| id);
        read(
            format!("SELECT branch_common_ancestor({id}, {other})"),
            tally,
        );
        read(format!("SELECT branch_is_ancestor({id}, {other})"), tally);
        read(format!("SELECT * FROM branch_diff({id}, {other})"), tally);
        let limit = random.u32(0..5);
        read(
            format!("SELECT * FROM branch_messages('t', {limit}, {id})"),
            tally,
        );
    }
    for thread in ["'t'", "'u'", "''"] {
        for table in ["messages", "leaves", "tree", "check"] {
            for order in ["", " ORDER BY rowid DESC"] {
                read(
                    format!("SELECT * FROM branch_{table}({thread}){order}"),
                    tally,
                );
            }
        }
        read(format!("SELECT graph FROM branch_tree({thread})"), tally);
    }
    for _ in 0..5 {
        let id = ids
            .get(random.usize(0..ids.len().max(1)))
            .map_or("1", |id| id);
        for call in [
            "branch_append('t', 'user', 'x')".to_owned(),
            format!("branch_fork({id}, 'user', 'x')"),
            format!("branch_alternative({id}, 'user', 'x')"),
            format!("branch_switch('t', {id})"),
            format!("branch_prune({id})"),
            format!("branch_copy({id}, 'copied')"),
            "branch_clear('u')".to_owned(),
            "branch_migrate()".to_owned(),
        ] {
            let sql = format!("SELECT {call}");
            let before = state(&connection);
            connection.execute_batch("BEGIN").unwrap();
            let outcome = run(&connection, &sql);
            const FULL: i32 = 13;
            tally.count(
                &sql,
                &outcome,
                // With the largest id in use, there is none for a new message.
                &[ERROR, CORRUPT_VTAB, CONSTRAINT, MISMATCH, TOOBIG, FULL],
            );
            if outcome.is_err() && !connection.is_autocommit() {
                assert_same(&state(&connection), &before, &sql);
            }
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK").unwrap();
            }
            assert_same(&state(&connection), &before, &sql);
        }
    }
}
