//! The files in `sql/`, run by hand in ways that nobody would recommend.

use std::path::Path;

use rusqlite::Connection;

use crate::databases::*;

/// All the files in one order, in a shell that goes on after errors.
fn in_order(database: &Path, order: &[usize]) -> String {
    let script: String = std::iter::once(".bail off\n".to_owned())
        .chain(order.iter().map(|file| read(FILES[*file])))
        .collect();
    complaints(&shell(database, &script))
}

/// What a database is, and how it is made.
type Kind = (&'static str, fn(&Path));

/// A database of each kind that users have.
fn kinds() -> [Kind; 4] {
    fn empty(database: &Path) {
        drop(Connection::open(database).unwrap());
    }
    fn put_back(database: &Path) {
        crate::with_branches(database);
        let connection = Connection::open(database).unwrap();
        connection.execute_batch("PRAGMA user_version = 0").unwrap();
    }
    [
        ("empty", empty),
        ("linear", linear),
        ("branches", crate::with_branches),
        ("branches, version put back", put_back),
    ]
}

#[test]
fn any_order_first_and_then_the_right_one() {
    for (kind, make) in kinds() {
        let (_directory, path) = place();
        make(&path);
        crate::databases::Way::Files.run(&path);
        let (expected, expected_schema) = (links(&path), schema(&path));
        for order in [
            [7, 6, 5, 4, 3, 2, 1, 0],
            [3, 6, 1, 7, 4, 0, 5, 2],
            [0, 5, 3, 1, 4, 7, 2, 6],
        ] {
            let (_directory, path) = place();
            make(&path);
            in_order(&path, &order);
            assert_sound(&path);
            in_order(&path, &[0, 1, 2, 3, 4, 5, 6, 7]);
            assert_eq!(links(&path), expected, "{kind}, {order:?}");
            assert_eq!(schema(&path), expected_schema, "{kind}, {order:?}");
            let before = dump(&path);
            assert!(before.starts_with("2\n"), "{kind}, {order:?}: {before}");
            // Once more, each file several times.
            in_order(&path, &[1, 1, 0, 1, 6, 3, 3, 5, 5, 2, 4, 7, 7, 4, 1]);
            assert_eq!(dump(&path), before, "{kind}, {order:?}");
        }
    }
}

#[test]
fn every_file_alone_twice_changes_nothing_the_second_time() {
    for (kind, make) in kinds() {
        let (_directory, path) = place();
        make(&path);
        for (number, file) in FILES.iter().enumerate() {
            in_order(&path, &[number]);
            let once = dump(&path);
            in_order(&path, &[number]);
            assert_eq!(dump(&path), once, "{kind}: {file}");
        }
    }
}

/// The only complaints: that the columns are there.
#[test]
fn what_the_shell_complains_about() {
    let (_directory, path) = place();
    assert_eq!(in_order(&path, &[0, 1, 2, 3, 4]), "");
    let again = in_order(&path, &[0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(again.lines().count(), 2, "{again}");
    assert!(
        again.contains("duplicate column name: parent_entry_id"),
        "{again}"
    );
    assert!(
        again.contains("duplicate column name: current_leaf_id"),
        "{again}"
    );
}

#[test]
fn a_shell_that_stops_at_the_first_error_changes_nothing_either() {
    let (_directory, path) = place();
    crate::with_branches(&path);
    let before = dump(&path);
    let run = shell(&path, &format!(".bail on\n{}", files()));
    assert!(complaints(&run).contains("duplicate column name"));
    assert!(!run.status.success());
    assert_eq!(dump(&path), before);

    // Where nothing fails, it runs through.
    let (_directory, path) = place();
    linear(&path);
    let run = shell(&path, &format!(".bail on\n{}", files()));
    assert_eq!(complaints(&run), "");
    assert_eq!(links(&path), LINEAR_LINKS);
    assert!(dump(&path).starts_with("2\n"));
}

#[test]
fn a_backfill_that_fails_leaves_the_database_as_it_was() {
    let (_directory, path) = place();
    linear(&path);
    let connection = Connection::open(&path).unwrap();
    // It fires for the backfill's rows only, so the shell, going on, comes to the end of the file.
    connection
        .execute_batch(
            "CREATE TRIGGER no_updates BEFORE UPDATE ON messages WHEN new.id = 6
             BEGIN SELECT raise(ABORT, 'not this one'); END;",
        )
        .unwrap();
    let before = dump(&path);
    let complaints = in_order(&path, &[1]);
    assert!(complaints.contains("not this one"), "{complaints}");
    assert!(
        complaints.contains("the_backfill_failed_and_everything_was_rolled_back"),
        "{complaints}"
    );
    assert_eq!(dump(&path), before);

    connection.execute_batch("DROP TRIGGER no_updates").unwrap();
    Way::Files.run(&path);
    assert_eq!(links(&path), LINEAR_LINKS);
}

#[test]
fn inside_a_transaction_that_is_rolled_back() {
    let (_directory, path) = place();
    linear(&path);
    let before = dump(&path);
    let all: String = FILES[..4].iter().map(|file| read(file)).collect();
    let run = shell(&path, &format!("BEGIN;\n{all}ROLLBACK;\n"));
    assert_eq!(complaints(&run), "");
    assert_eq!(dump(&path), before);
    let run = shell(&path, &format!("BEGIN;\n{all}COMMIT;\n"));
    assert_eq!(complaints(&run), "");
    assert_eq!(links(&path), LINEAR_LINKS);
}

#[test]
fn the_version_waits_for_all_tables() {
    let (_directory, path) = place();
    linear(&path);
    in_order(&path, &[4]);
    assert!(dump(&path).starts_with("0\n"));
    in_order(&path, &[0, 1, 4]);
    assert!(
        dump(&path).starts_with("0\n"),
        "the workflow tables are missing"
    );
    in_order(&path, &[2, 4]);
    assert!(dump(&path).starts_with("2\n"));
}

/// A path with everything that a URI or a quotation could stumble over.
#[test]
fn a_path_with_odd_characters() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("it's 100% \"state\" #1?mode=ro;é.db");
    linear(&path);
    in_order(&path, &[0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(links(&path), LINEAR_LINKS);
    assert!(dump(&path).starts_with("2\n"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}
