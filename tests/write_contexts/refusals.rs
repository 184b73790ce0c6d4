//! Triggers and constraints of the user's own that refuse what a function writes.

use rusqlite::ffi;

use super::host::{error, integer, maybe};
use super::{memory, notes, state, AFTER, BEFORE, CALLS};

/// Calls every function under a trigger of the user's that fails in some way, with and without a transaction.
fn under(trigger: &str, call: &str, expected: (i32, &str), keeps: bool) {
    for begin in [false, true] {
        let connection = memory();
        connection.execute_batch(trigger).unwrap();
        if begin {
            connection
                .execute_batch("BEGIN; INSERT INTO notes(value) VALUES (7)")
                .unwrap();
        }
        let (code, text) = error(&connection, &format!("SELECT {call}"), &[]);
        let context = format!("{trigger}: {call}");
        assert_eq!((code, text.as_str()), expected, "{context}");
        assert_eq!(connection.is_autocommit(), !(begin && keeps), "{context}");
        assert_eq!(state(&connection), BEFORE, "{context}");
        assert_eq!(
            notes(&connection),
            if begin && keeps { "7" } else { "" },
            "{context}"
        );
    }
}

#[test]
fn a_trigger_that_refuses_the_leaf() {
    for (action, keeps) in [("ABORT", true), ("FAIL", true), ("ROLLBACK", false)] {
        for time in ["BEFORE", "AFTER"] {
            let trigger = format!(
                "CREATE TRIGGER refuse {time} UPDATE OF current_leaf_id ON threads \
                 BEGIN SELECT RAISE({action}, 'not that leaf'); END"
            );
            for call in CALLS {
                let name = call.split('(').next().unwrap();
                let told = format!("{name}: not that leaf");
                under(
                    &trigger,
                    call,
                    (ffi::SQLITE_CONSTRAINT_TRIGGER, &told),
                    keeps,
                );
            }
        }
    }
}

#[test]
fn a_trigger_that_refuses_the_message() {
    for (action, keeps) in [("ABORT", true), ("FAIL", true), ("ROLLBACK", false)] {
        for event in ["INSERT", "DELETE"] {
            let trigger = format!(
                "CREATE TRIGGER refuse AFTER {event} ON messages \
                 BEGIN SELECT RAISE({action}, 'not that message'); END"
            );
            for call in CALLS {
                let name = call.split('(').next().unwrap();
                let deletes = name == "branch_clear" || name == "branch_prune";
                if name == "branch_switch" || deletes != (event == "DELETE") {
                    continue;
                }
                let told = format!("{name}: not that message");
                under(
                    &trigger,
                    call,
                    (ffi::SQLITE_CONSTRAINT_TRIGGER, &told),
                    keeps,
                );
            }
        }
    }
}

#[test]
fn a_trigger_that_ignores() {
    let stored =
        "the message was not stored; a trigger on messages ignored it, or messages is not a table";
    let moved =
        "the leaf was not moved; a trigger on threads ignored it, or threads is not a table";
    let insert = "CREATE TRIGGER ignore BEFORE INSERT ON messages BEGIN SELECT RAISE(IGNORE); END";
    let update = "CREATE TRIGGER ignore BEFORE UPDATE ON threads BEGIN SELECT RAISE(IGNORE); END";
    for call in CALLS {
        let name = call.split('(').next().unwrap();
        let told = match name {
            "branch_prune" => "a leaf was not moved; a trigger on threads ignored it",
            _ => moved,
        };
        under(
            update,
            call,
            (ffi::SQLITE_ERROR, &format!("{name}: {told}")),
            true,
        );
        if !["branch_switch", "branch_clear", "branch_prune"].contains(&name) {
            under(
                insert,
                call,
                (ffi::SQLITE_ERROR, &format!("{name}: {stored}")),
                true,
            );
        }
    }
}

#[test]
fn a_constraint_of_the_users_own() {
    let connection = memory();
    connection
        .execute_batch("CREATE UNIQUE INDEX words ON messages(content); CREATE UNIQUE INDEX ends ON threads(current_leaf_id)")
        .unwrap();
    let (code, text) = error(&connection, "SELECT branch_append('t', 'user', 'one')", &[]);
    assert_eq!(code, ffi::SQLITE_CONSTRAINT_UNIQUE);
    assert_eq!(
        text,
        "branch_append: UNIQUE constraint failed: messages.content"
    );
    assert_eq!(state(&connection), BEFORE);

    let connection = memory();
    connection
        .execute_batch("ALTER TABLE threads ADD COLUMN high CHECK (current_leaf_id < 4)")
        .unwrap();
    for call in [
        "branch_append('t', 'user', 'x')",
        "branch_fork(1, 'user', 'x')",
        "branch_copy(2, 'v')",
    ] {
        let (code, _) = error(&connection, &format!("SELECT {call}"), &[]);
        assert_eq!(code, ffi::SQLITE_CONSTRAINT_CHECK, "{call}");
        assert_eq!(state(&connection), BEFORE, "{call}");
    }
}

#[test]
fn after_a_rollback_the_connection_goes_on() {
    let connection = memory();
    connection
        .execute_batch("CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END; BEGIN")
        .unwrap();
    let (code, _) = error(&connection, "SELECT branch_append('t', 'user', 'new')", &[]);
    assert_eq!(code, ffi::SQLITE_CONSTRAINT_TRIGGER);
    assert!(connection.is_autocommit());
    connection.execute_batch("DROP TRIGGER refuse").unwrap();
    integer(&connection, "SELECT branch_append('t', 'user', 'new')", &[]);
    assert_eq!(state(&connection), AFTER);
    assert_eq!(
        maybe(&connection, "SELECT count(*) FROM branch_check", &[]),
        Some(0)
    );
}
