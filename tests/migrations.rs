//! Bringing databases up to date, by `branch_migrate()` and by the files in `sql/`: what comes out of which database.
//! In `tests/migrations/`: the files run by hand, files that cannot be written, transactions, and processes that are killed
//! or several at once.

mod dist;
mod host;

#[path = "migrations/access.rs"]
mod access;
#[path = "migrations/by_hand.rs"]
mod by_hand;
#[path = "migrations/databases.rs"]
mod databases;
#[cfg(unix)]
#[path = "migrations/processes.rs"]
mod processes;
#[path = "migrations/transactions.rs"]
mod transactions;

use rusqlite::Connection;

use databases::*;
use host::{error, integer};

/// A database of a newer relative: more tables, more columns, a version that we do not know.
const NEWER: &str = "
CREATE TABLE later_ideas (id INTEGER PRIMARY KEY, idea TEXT);
INSERT INTO later_ideas VALUES (1, 'kept');
ALTER TABLE threads ADD COLUMN mood TEXT DEFAULT 'calm';
ALTER TABLE messages ADD COLUMN tokens INTEGER;
UPDATE messages SET tokens = id * 10;
PRAGMA user_version = 4;
";

/// A thread with a fork, and one whose leaf was put before its first message.
fn with_branches(database: &std::path::Path) {
    let connection = host::open(database);
    integer(&connection, "SELECT branch_migrate()", &[]);
    host::add_thread(&connection, "forked");
    host::add_thread(&connection, "rewound");
    for sql in [
        "SELECT branch_append('forked', 'user', 'one', NULL, 10)",
        "SELECT branch_append('forked', 'assistant', 'two', NULL, 20)",
        "SELECT branch_alternative(2, 'assistant', 'another two', '{}', 30)",
        "SELECT branch_fork(2, 'user', 'three', NULL, 40)",
        "SELECT branch_append('rewound', 'user', 'one', NULL, 50)",
    ] {
        integer(&connection, sql, &[]);
    }
    assert_eq!(
        host::maybe(&connection, "SELECT branch_switch('rewound', NULL)", &[]),
        None
    );
}

/// What [`with_branches`] has stored.
const BRANCHES: [&str; 7] = [
    "1<-none",
    "2<-1",
    "3<-1",
    "4<-2",
    "5<-none",
    "forked ends at 4",
    "rewound ends at none",
];

fn version(database: &std::path::Path) -> i64 {
    let connection = Connection::open(database).unwrap();
    integer(&connection, "PRAGMA user_version", &[])
}

#[test]
fn an_empty_file_gets_the_same_schema_by_every_way() {
    let mut schemas = Vec::new();
    for way in WAYS {
        let (_directory, path) = place();
        way.run(&path);
        assert_eq!(version(&path), 2, "{way:?}");
        let before = dump(&path);
        way.run(&path);
        assert_eq!(dump(&path), before, "{way:?}");
        schemas.push(schema(&path));
    }
    assert_eq!(schemas[0], schemas[1]);
    assert_eq!(schemas[0], schemas[2]);
    let made: Vec<_> = schemas[0]
        .iter()
        .filter(|line| line.contains("CREATE"))
        .collect();
    assert_eq!(
        made.len(),
        13 + 22,
        "tables (with sqlite_sequence) and indexes:\n{made:#?}"
    );
}

#[test]
fn a_linear_database_becomes_one_branch_per_thread_by_time_and_id() {
    for mode in ["delete", "wal"] {
        let mut dumps = Vec::new();
        for way in WAYS {
            let (_directory, path) = place();
            linear(&path);
            journal(&path, mode);
            way.run(&path);
            assert_eq!(links(&path), LINEAR_LINKS, "{way:?}");
            assert_eq!(version(&path), 2, "{way:?}");
            let before = dump(&path);
            way.run(&path);
            assert_eq!(dump(&path), before, "{way:?}");
            dumps.push(before);
            journal(&path, mode);
        }
        assert_eq!(dumps[0], dumps[1]);
        assert_eq!(dumps[0], dumps[2]);
    }
}

/// Puts a database into a journal mode, and makes sure of it.
fn journal(database: &std::path::Path, mode: &str) {
    let connection = Connection::open(database).unwrap();
    let now: String = connection
        .pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0))
        .unwrap();
    assert_eq!(now, mode);
}

#[test]
fn branches_stay_when_the_version_was_put_back() {
    for (kept, expected) in [(0, 2), (1, 2), (2, 2), (3, 3), (4, 4)] {
        for way in WAYS {
            let (_directory, path) = place();
            with_branches(&path);
            let connection = Connection::open(&path).unwrap();
            connection
                .pragma_update(None, "user_version", kept)
                .unwrap();
            way.run(&path);
            assert_eq!(links(&path), BRANCHES, "{way:?} from {kept}");
            assert_eq!(version(&path), expected, "{way:?} from {kept}");
        }
    }
}

#[test]
fn branches_stay_when_the_indexes_are_gone() {
    for way in WAYS {
        let (_directory, path) = place();
        with_branches(&path);
        let before = schema(&path);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "DROP INDEX idx_messages_parent_entry_id; DROP INDEX branch_messages_jumps;
                 DROP INDEX branch_messages_later; DROP INDEX branch_messages_first;
                 DROP TABLE teacher_candidates; PRAGMA user_version = 0;",
            )
            .unwrap();
        way.run(&path);
        assert_eq!(links(&path), BRANCHES, "{way:?}");
        assert_eq!(schema(&path), before, "{way:?}");
        assert_eq!(version(&path), 2);
    }
}

#[test]
fn version_one_gets_the_workflow_tables() {
    for way in WAYS {
        let (_directory, path) = place();
        with_branches(&path);
        let all = schema(&path);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "DROP TABLE teacher_candidates; DROP TABLE control_node_runs; DROP TABLE leaf_runs;
                 DROP TABLE branch_runs; DROP TABLE workflow_runs; PRAGMA user_version = 1;",
            )
            .unwrap();
        assert_ne!(schema(&path), all);
        way.run(&path);
        assert_eq!(schema(&path), all, "{way:?}");
        assert_eq!(links(&path), BRANCHES, "{way:?}");
        assert_eq!(version(&path), 2);
    }
}

#[test]
fn a_newer_relatives_database_keeps_all_that_it_has() {
    for way in WAYS {
        let (_directory, path) = place();
        with_branches(&path);
        Connection::open(&path)
            .unwrap()
            .execute_batch(NEWER)
            .unwrap();
        let before = dump(&path);
        way.run(&path);
        assert_eq!(dump(&path), before, "{way:?}");
    }
    // And one that has the columns of branches, but not our indexes.
    for way in WAYS {
        let (_directory, path) = place();
        with_branches(&path);
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(NEWER).unwrap();
        connection
            .execute_batch("DROP INDEX branch_messages_jumps; DROP TABLE leaf_runs;")
            .unwrap();
        way.run(&path);
        assert_eq!(version(&path), 4, "{way:?}");
        assert_eq!(links(&path), BRANCHES, "{way:?}");
        let connection = host::open(&path);
        for (sql, expected) in [
            ("SELECT sum(tokens) FROM messages", 10 + 20 + 30 + 40 + 50),
            ("SELECT count(*) FROM threads WHERE mood = 'calm'", 2),
            ("SELECT count(*) FROM later_ideas", 1),
            ("SELECT branch_append('forked', 'user', 'works')", 6),
            ("SELECT count(*) FROM branch_messages('forked')", 4),
            ("SELECT count(*) FROM branch_check()", 0),
        ] {
            assert_eq!(integer(&connection, sql, &[]), expected, "{way:?}: {sql}");
        }
    }
}

#[test]
fn one_of_the_two_columns_is_there_already() {
    // Parents of somebody's own making are kept, and only the leaves are filled in.
    for way in WAYS {
        let (_directory, path) = place();
        linear(&path);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "ALTER TABLE messages ADD COLUMN parent_entry_id INTEGER NULL;
                 UPDATE messages SET parent_entry_id = 1 WHERE id IN (3, 6);",
            )
            .unwrap();
        way.run(&path);
        assert_eq!(
            links(&path),
            [
                "1<-none",
                "2<-none",
                "3<-1",
                "4<-none",
                "5<-none",
                "6<-1",
                "7<-none",
                "8<-none",
                "9<-none",
                "11<-none",
                "clock ends at 4",
                "empty ends at none",
                "single ends at 8",
                "steady ends at 6",
            ],
            "{way:?}"
        );
    }
    // Leaves of somebody's own making are kept, and only the parents are filled in.
    for way in WAYS {
        let (_directory, path) = place();
        linear(&path);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "ALTER TABLE threads ADD COLUMN current_leaf_id INTEGER NULL;
                 UPDATE threads SET current_leaf_id = 3 WHERE id = 'steady';",
            )
            .unwrap();
        way.run(&path);
        let found = links(&path);
        assert_eq!(found[..10], LINEAR_LINKS[..10], "{way:?}");
        assert_eq!(
            found[10..],
            [
                "clock ends at none",
                "empty ends at none",
                "single ends at none",
                "steady ends at 3"
            ],
            "{way:?}"
        );
    }
}

/// What a run leaves that could add the second column only.
#[test]
fn leaves_that_are_all_missing_are_filled_in_with_the_parents() {
    for way in WAYS {
        let (_directory, path) = place();
        linear(&path);
        Connection::open(&path)
            .unwrap()
            .execute_batch("ALTER TABLE threads ADD COLUMN current_leaf_id INTEGER NULL")
            .unwrap();
        way.run(&path);
        assert_eq!(links(&path), LINEAR_LINKS, "{way:?}");
    }
}

/// What else a user may have in the file.
#[test]
fn views_triggers_and_odd_settings_are_no_hindrance() {
    for way in WAYS {
        let (_directory, path) = place();
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "PRAGMA auto_vacuum = FULL; PRAGMA page_size = 512; PRAGMA encoding = 'UTF-16le';",
            )
            .unwrap();
        linear(&path);
        connection
            .execute_batch(
                "CREATE VIEW broken AS SELECT missing FROM nowhere;
                 CREATE VIEW talk AS SELECT * FROM messages;
                 CREATE TABLE seen (id);
                 CREATE TRIGGER see AFTER UPDATE ON messages BEGIN INSERT INTO seen VALUES (new.id); END;
                 CREATE TABLE temp_branch_migration (kept);
                 CREATE TABLE branch_migration (kept);",
            )
            .unwrap();
        way.run(&path);
        assert_eq!(links(&path), LINEAR_LINKS, "{way:?}");
        assert_sound(&path);
        let before = dump(&path);
        way.run(&path);
        assert_eq!(dump(&path), before, "{way:?}");
    }
}

#[test]
fn nothing_temporary_is_left() {
    let (_directory, path) = place();
    linear(&path);
    let connection = host::open(&path);
    assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 8);
    let left = "SELECT count(*) FROM temp.sqlite_schema";
    assert_eq!(integer(&connection, left, &[]), 0);
}

#[test]
fn column_names_may_be_written_in_capitals() {
    for way in WAYS {
        let (_directory, path) = place();
        linear(&path);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "ALTER TABLE messages ADD COLUMN Parent_Entry_Id INTEGER;
                 ALTER TABLE threads ADD COLUMN CURRENT_LEAF_ID INTEGER;
                 UPDATE messages SET parent_entry_id = 1 WHERE id = 6;
                 UPDATE threads SET current_leaf_id = 6 WHERE id = 'steady';",
            )
            .unwrap();
        let before = links(&path);
        way.run(&path);
        assert_eq!(links(&path), before, "{way:?}");
        assert_eq!(version(&path), 2, "{way:?}");
    }
}

#[test]
fn tables_that_lack_other_columns_are_left_alone() {
    let (_directory, path) = place();
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT);
             CREATE TABLE messages (id INTEGER PRIMARY KEY, body TEXT);
             INSERT INTO messages VALUES (1, 'somebody else''s');",
        )
        .unwrap();
    let before = dump(&path);
    let (code, text) = error(&host::open(&path), "SELECT branch_migrate()", &[]);
    assert_eq!(code, 1);
    assert!(text.starts_with("branch_migrate: "), "{text}");
    assert!(text.contains("updated_at"), "{text}");
    assert_eq!(dump(&path), before);
}

#[test]
fn a_hundred_thousand_linear_messages() {
    let (_directory, path) = place();
    large(&path, 1000);
    let linear = std::fs::read(&path).unwrap();
    for way in WAYS {
        std::fs::write(&path, &linear).unwrap();
        way.run(&path);
        assert_large_is_linked(&path, 1000);
        assert_sound(&path);
    }
}

#[test]
fn the_number_of_files_that_changed_something_is_returned() {
    let count = |path: &std::path::Path| integer(&host::open(path), "SELECT branch_migrate()", &[]);
    let (_directory, path) = place();
    // Four files, and the version.
    assert_eq!(count(&path), 8);
    assert_eq!(count(&path), 0);

    let connection = Connection::open(&path).unwrap();
    for (sql, expected) in [
        ("PRAGMA user_version = 1", 1),
        ("PRAGMA user_version = 0", 1),
        ("DROP INDEX branch_messages_jumps", 1),
        (
            "DROP INDEX branch_messages_later; DROP INDEX branch_messages_first",
            1,
        ),
        ("DROP INDEX idx_jobs_updated_at; DROP TABLE leaf_runs", 2),
        (
            "DROP INDEX idx_messages_parent_entry_id; PRAGMA user_version = 1",
            2,
        ),
        ("PRAGMA user_version = 77", 0),
    ] {
        connection.execute_batch(sql).unwrap();
        assert_eq!(count(&path), expected, "{sql}");
        assert_eq!(count(&path), 0, "{sql}");
    }
    assert_eq!(version(&path), 77);

    let (_directory, path) = place();
    linear(&path);
    assert_eq!(count(&path), 8);
    assert_eq!(count(&path), 0);
}

#[test]
fn attached_and_temporary_tables_of_the_same_names_are_left_alone() {
    let (_directory, path) = place();
    linear(&path);
    let connection = host::open(&path);
    connection
        .execute_batch(
            "ATTACH ':memory:' AS other;
             CREATE TABLE other.messages (id INTEGER PRIMARY KEY, thread_id, created_at);
             CREATE TABLE other.threads (id);
             CREATE TEMP TABLE messages (id INTEGER PRIMARY KEY, thread_id, created_at);
             CREATE TEMP TABLE threads (id);",
        )
        .unwrap();
    let list = "SELECT 'other ' || sql FROM other.sqlite_schema UNION ALL SELECT sql FROM temp.sqlite_schema";
    let before = texts(&connection, list);
    assert_eq!(integer(&connection, "SELECT branch_migrate()", &[]), 8);
    assert_eq!(texts(&connection, list), before);
    assert_eq!(links(&path), LINEAR_LINKS);
}
