//! Files that the store refuses, and leaves as they are.

use super::*;

#[test]
fn a_newer_database_that_lacks_what_we_need_is_refused_and_left_alone() {
    let (_dir, seed) = written(|seed| {
        seed.run(&[seed::LINEAR, seed::BRANCHES, seed::WORKFLOW].concat());
        seed.run("ALTER TABLE messages RENAME COLUMN content TO body; PRAGMA user_version = 9;");
    });
    let before = std::fs::read(&seed.path).unwrap();
    let error = StateStore::open(Some(seed.path.clone())).unwrap_err();
    let Error::SchemaTooNew {
        path,
        found,
        supported,
        detail,
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((path, *found, *supported), (&seed.path, 9, 2));
    assert!(detail.contains("content"), "{detail}");
    assert_eq!(std::fs::read(&seed.path).unwrap(), before);
}

#[test]
fn a_newer_database_that_wants_what_we_do_not_know_is_refused() {
    let (_dir, seed) = written(|seed| {
        seed.run(&[seed::LINEAR, seed::BRANCHES, seed::WORKFLOW].concat());
        seed.run("DROP TABLE jobs; CREATE TABLE jobs(id TEXT PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL,
                      progress INTEGER, detail TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
                      owner TEXT NOT NULL);
                  PRAGMA user_version = 5;");
    });
    let error = StateStore::open(Some(seed.path.clone())).unwrap_err();
    assert!(
        matches!(error, Error::SchemaTooNew { found: 5, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("jobs: column owner"), "{error}");
    seed.run("DROP TABLE jobs;");
    let error = StateStore::open(Some(seed.path.clone())).unwrap_err();
    assert!(
        matches!(&error, Error::SchemaTooNew { detail, .. } if detail.contains("jobs")),
        "{error:?}"
    );
}

#[test]
fn a_database_of_another_kind_is_refused_and_left_alone() {
    for script in [
        "CREATE TABLE threads(id INTEGER PRIMARY KEY, subject TEXT);",
        "CREATE TABLE messages(id INTEGER PRIMARY KEY, sender TEXT, parent_entry_id INTEGER);",
    ] {
        let (_dir, seed) = written(|seed| seed.run(script));
        let before = std::fs::read(&seed.path).unwrap();
        let error = StateStore::open(Some(seed.path.clone())).unwrap_err();
        assert!(matches!(error, Error::Schema { .. }), "{error:?}");
        assert!(error.to_string().contains("state.db"), "{error}");
        assert_eq!(std::fs::read(&seed.path).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let (_dir, seed) = written(|seed| {
        std::fs::write(&seed.path, "no database, just a text. ".repeat(100)).unwrap()
    });
    let before = std::fs::read(&seed.path).unwrap();
    let error = StateStore::open(Some(seed.path.clone())).unwrap_err();
    assert!(error.to_string().contains("state.db"), "{error}");
    assert!(error.to_string().contains("not a database"), "{error}");
    assert_eq!(std::fs::read(&seed.path).unwrap(), before);
}
