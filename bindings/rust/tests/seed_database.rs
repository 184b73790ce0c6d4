//! Databases that the seed and its relatives wrote: opened, used, and handed back.

#[path = "../../../tests/dist/not_run.rs"]
mod not_run;
#[path = "seed_database/refused.rs"]
mod refused;
mod seed;
mod support;

use not_run::not_run;
use seed::Seed;
use sqlite_branch_store::rusqlite::Connection;
use sqlite_branch_store::{Error, NewMessage, StateStore, ThreadListFilters};
use support::{shown, texts};

/// A directory with the file in it that a seed wrote.
fn written(write: impl FnOnce(&Seed)) -> (tempfile::TempDir, Seed) {
    let dir = tempfile::tempdir().unwrap();
    let seed = Seed::at(dir.path().join("state.db"));
    write(&seed);
    (dir, seed)
}

fn open(seed: &Seed) -> StateStore {
    StateStore::open(Some(seed.path.clone())).unwrap()
}

fn user_version(seed: &Seed) -> i64 {
    seed.conn()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

/// Two threads, the first with a fork and an item.
fn fill(seed: &Seed) -> Vec<i64> {
    seed.upsert_thread("a", 10);
    seed.upsert_thread("b", 20);
    let question = seed.append("a", "user", "question", Some("{\"k\":1}"));
    let answer = seed.append("a", "assistant", "answer", None);
    let other = seed.fork(&question.to_string(), "assistant", "other");
    seed.set_leaf("a", &answer.to_string());
    let b = seed.append("b", "user", "hello", None);
    seed.save_checkpoint("a", "c", "{\"step\":1}", 5);
    seed.upsert_job("j", Some(50), 5);
    vec![question, answer, other, b]
}

/// What a user of ours sees and does in a database that `fill` filled, and then what a user of the seed does.
fn use_and_hand_back(seed: &Seed, ids: &[i64]) {
    let [question, answer, other, hello] = ids else {
        panic!("{ids:?}");
    };
    let store = open(seed);
    assert_eq!(shown(&store, "a"), [*question, *answer]);
    assert_eq!(shown(&store, "b"), [*hello]);
    assert_eq!(store.siblings(*answer).unwrap().len(), 2);
    assert_eq!(store.list_leaf_messages("a").unwrap().len(), 2);
    let threads = store.list_threads(ThreadListFilters::default()).unwrap();
    assert_eq!(
        threads.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(),
        ["b", "a"]
    );
    assert_eq!(threads[1].name.as_deref(), Some("T"));
    assert_eq!(
        store.load_checkpoint("a", None).unwrap().unwrap().state["step"],
        1
    );
    assert_eq!(store.get_job("j").unwrap().unwrap().progress, Some(50));

    store.switch_leaf("a", Some(*other)).unwrap();
    let ours = store.append_message("a", "user", "ours", None).unwrap();
    assert!(store.check(None).unwrap().is_empty());

    // Both at a time.
    let theirs = seed.append("a", "assistant", "theirs", None);
    assert_eq!(shown(&store, "a"), [*question, *other, ours, theirs]);
    let again = store
        .add_alternative(theirs, "assistant", "again", None)
        .unwrap();
    drop(store);

    // Handed back.
    let list = seed.list("a", 500);
    assert_eq!(
        list.iter().map(|m| m.0).collect::<Vec<_>>(),
        [*question, *other, ours, again]
    );
    assert_eq!(list[0].4.as_deref(), Some("{\"k\":1}"));
    assert_eq!(seed.leaves("a").len(), 3);
    let forked = seed.fork(&ours.to_string(), "assistant", "forked");
    assert_eq!(seed.list("a", 1)[0].0, forked);
    seed.upsert_thread("a", 30);
    seed.save_checkpoint("a", "d", "{\"step\":2}", i64::MAX);
    assert_eq!(seed.latest_checkpoint("a").unwrap().0, "d");

    // And taken up again.
    let store = open(seed);
    assert_eq!(shown(&store, "a"), [*question, *other, ours, forked]);
    assert_eq!(store.get_thread("a").unwrap().unwrap().updated_at, 30);
    assert!(store.check(None).unwrap().is_empty());
    drop(store);
    assert_eq!(seed.clear("a"), 7);
    seed.delete_thread("b");
    let store = open(seed);
    assert!(shown(&store, "a").is_empty());
    assert!(store.get_thread("b").unwrap().is_none());
}

#[test]
fn version_2() {
    let (_dir, seed) =
        written(|seed| seed.run(&[seed::LINEAR, seed::BRANCHES, seed::WORKFLOW].concat()));
    let ids = fill(&seed);
    use_and_hand_back(&seed, &ids);
    assert_eq!(user_version(&seed), 2);
}

#[test]
fn version_1() {
    let (_dir, seed) = written(|seed| seed.run(&[seed::LINEAR, seed::BRANCHES].concat()));
    let ids = fill(&seed);
    use_and_hand_back(&seed, &ids);
    assert_eq!(user_version(&seed), 2);
    let store = open(&seed);
    assert!(store
        .list_workflow_runs(&Default::default())
        .unwrap()
        .is_empty());
}

#[test]
fn a_newer_relative_with_version_4() {
    let (_dir, seed) = written(|seed| {
        seed.run(&[seed::LINEAR, seed::BRANCHES, seed::WORKFLOW].concat());
        seed.run(
            "CREATE TABLE thread_goals(thread_id TEXT PRIMARY KEY REFERENCES threads(id) ON DELETE CASCADE,
                 goal TEXT NOT NULL);
             ALTER TABLE threads ADD COLUMN reasoning TEXT;
             ALTER TABLE threads ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
             ALTER TABLE messages ADD COLUMN tokens INTEGER;
             CREATE INDEX idx_threads_pinned ON threads(pinned);
             PRAGMA user_version = 4;",
        );
    });
    let ids = fill(&seed);
    seed.run(
        "UPDATE threads SET reasoning = 'much', pinned = 1; UPDATE messages SET tokens = 7;
              INSERT INTO thread_goals VALUES ('b', 'win');",
    );
    use_and_hand_back(&seed, &ids);
    assert_eq!(user_version(&seed), 4);
    let conn = seed.conn();
    let kept: (String, i64) = conn
        .query_row(
            "SELECT reasoning, pinned FROM threads WHERE id = 'a'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(kept, ("much".to_owned(), 1));
}

#[test]
fn a_linear_database_of_the_time_before_branches() {
    let (_dir, seed) = written(|seed| seed.run(seed::LINEAR));
    seed.upsert_thread("a", 10);
    seed.upsert_thread("b", 20);
    seed.upsert_thread("empty", 30);
    for at in 0..10 {
        let thread = if at % 3 == 0 { "b" } else { "a" };
        seed.append_linear(thread, &format!("{at}"), 100 + at / 2);
    }
    let store = open(&seed);
    assert_eq!(user_version(&seed), 2);
    assert_eq!(texts(&store, "a"), ["1", "2", "4", "5", "7", "8"]);
    assert_eq!(texts(&store, "b"), ["0", "3", "6", "9"]);
    assert!(texts(&store, "empty").is_empty());
    assert!(store.check(None).unwrap().is_empty());
    store
        .append_message("empty", "user", "first", None)
        .unwrap();
    store.append_message("a", "user", "10", None).unwrap();
    drop(store);
    let list = seed.list("a", 500);
    assert_eq!(list.len(), 7);
    assert_eq!(list[6].3, "10");
    assert_eq!(seed.list("empty", 500).len(), 1);
}

/// Where the clock went back, the message with the largest id is not the last one: the seed hides what comes after it.
#[test]
fn a_linear_database_whose_clock_went_back_shows_everything() {
    let (_dir, seed) = written(|seed| seed.run(seed::LINEAR));
    seed.upsert_thread("a", 10);
    for (content, at) in [("first", 100), ("third", 300), ("second", 200)] {
        seed.append_linear("a", content, at);
    }
    let store = open(&seed);
    assert_eq!(texts(&store, "a"), ["first", "second", "third"]);
}

#[test]
fn a_header_put_back_to_0_keeps_every_branch() {
    let (_dir, seed) =
        written(|seed| seed.run(&[seed::LINEAR, seed::BRANCHES, seed::WORKFLOW].concat()));
    let ids = fill(&seed);
    let links = |seed: &Seed| -> Vec<(i64, Option<i64>)> {
        let conn = seed.conn();
        let mut query = conn
            .prepare("SELECT id, parent_entry_id FROM messages ORDER BY id")
            .unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(|row| row.unwrap()).collect()
    };
    let before = links(&seed);
    for version in [0, 1] {
        seed.conn()
            .pragma_update(None, "user_version", version)
            .unwrap();
        let store = open(&seed);
        assert_eq!(links(&seed), before);
        assert_eq!(shown(&store, "a"), ids[..2]);
        assert_eq!(user_version(&seed), 2);
    }
}

/// The seed takes anything for a leaf. Such a thread says what is wrong with it, and can be mended.
#[test]
fn leaves_that_are_no_message_of_the_thread() {
    let (_dir, seed) = written(|seed| seed.run(&[seed::LINEAR, seed::BRANCHES].concat()));
    let ids = fill(&seed);
    let store = open(&seed);
    let says = |error: Error, text: &str| {
        assert!(matches!(error, Error::CorruptTree { .. }), "{error:?}");
        assert!(error.to_string().contains(text), "{error}");
    };

    seed.set_leaf("a", "the last one");
    let text = "its current_leaf_id is not an integer";
    says(store.list_messages("a", None).unwrap_err(), text);
    says(
        store.append_message("a", "user", "x", None).unwrap_err(),
        text,
    );
    says(store.get_thread("a").unwrap_err(), "thread \"a\"");
    let all = ThreadListFilters::default();
    says(store.list_threads(all).unwrap_err(), "thread \"a\"");
    assert_eq!(shown(&store, "b"), ids[3..]);

    seed.set_leaf("a", "4711");
    let text = "its current leaf 4711 is missing";
    says(store.list_messages("a", None).unwrap_err(), text);
    says(
        store.append_message("a", "user", "x", None).unwrap_err(),
        text,
    );
    let thread = store.get_thread("a").unwrap().unwrap();
    assert_eq!(thread.current_leaf_id, Some(4711));

    // A message of another thread is followed, as the seed does.
    seed.set_leaf("a", &ids[3].to_string());
    assert_eq!(shown(&store, "a"), ids[3..]);
    let problems = store.check(Some("a")).unwrap();
    assert_eq!(problems[0].problem, "leaf of another thread");

    for leaf in ["the last one", "4711"] {
        seed.set_leaf("a", leaf);
        store.switch_leaf("a", Some(ids[1])).unwrap();
        assert_eq!(shown(&store, "a"), ids[..2]);
    }
    assert!(store.check(None).unwrap().is_empty());
}

#[test]
fn opening_again_and_again_changes_nothing() {
    let (_dir, seed) =
        written(|seed| seed.run(&[seed::LINEAR, seed::BRANCHES, seed::WORKFLOW].concat()));
    fill(&seed);
    let dump = || -> Vec<String> {
        let conn = seed.conn();
        let mut query = conn
            .prepare("SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")
            .unwrap();
        let rows = query.query_map([], |row| row.get(0));
        rows.unwrap().map(|row| row.unwrap()).collect()
    };
    drop(open(&seed));
    let once = dump();
    for _ in 0..3 {
        drop(open(&seed));
    }
    assert_eq!(dump(), once);
}

#[test]
fn a_new_database_has_the_tables_of_the_seed() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Seed::at(dir.path().join("ours.db"));
    drop(open(&ours));
    let theirs = Seed::new(dir.path().join("theirs.db"));
    let columns = |conn: &Connection, table: &str| -> Vec<String> {
        let mut query = conn
            .prepare(
                "SELECT concat_ws('|', cid, lower(name), type, \"notnull\", dflt_value, pk) FROM pragma_table_info(?1)
                 UNION ALL SELECT concat_ws('|', 'fk', \"table\", \"from\", \"to\", on_delete)
                 FROM pragma_foreign_key_list(?1)",
            )
            .unwrap();
        let rows = query.query_map([table], |row| row.get(0));
        rows.unwrap().map(|row| row.unwrap()).collect()
    };
    let names = |conn: &Connection, kind: &str| -> Vec<String> {
        let mut query = conn
            .prepare("SELECT name FROM sqlite_schema WHERE type = ?1 AND name NOT LIKE 'sqlite_%' ORDER BY name")
            .unwrap();
        let rows = query.query_map([kind], |row| row.get(0));
        rows.unwrap().map(|row| row.unwrap()).collect()
    };
    let (ours, theirs) = (ours.conn(), theirs.conn());
    let tables = names(&theirs, "table");
    assert_eq!(tables.len(), 10);
    for table in tables {
        assert_eq!(columns(&ours, &table), columns(&theirs, &table), "{table}");
    }
    let indexes = names(&ours, "index");
    for index in names(&theirs, "index") {
        assert!(indexes.contains(&index), "{index}");
    }
}

/// The scripts that stand in the seed's own text, where that is at hand, run against what we make, and make the same.
#[test]
fn the_seeds_own_scripts() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/seed/state_store.txt"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        not_run("the seed's own scripts against ours", "shared");
        return;
    };
    // Its lines are numbered.
    let text: String = text
        .lines()
        .map(|line| {
            line.trim_start_matches(|c: char| c.is_ascii_digit())
                .to_owned()
                + "\n"
        })
        .collect();
    let literals: Vec<&str> = text
        .split("r#\"")
        .skip(1)
        .filter_map(|rest| rest.split("\"#").next())
        .collect();
    let scripts: Vec<&&str> = literals
        .iter()
        .filter(|sql| sql.contains("COMMIT"))
        .collect();
    assert_eq!(scripts.len(), 2);

    // Written by its own scripts, opened here.
    let dir = tempfile::tempdir().unwrap();
    let seed = Seed::at(dir.path().join("state.db"));
    for script in &scripts {
        seed.conn().execute_batch(script).unwrap();
    }
    let ids = fill(&seed);
    use_and_hand_back(&seed, &ids);

    // Made here: all that it runs can be prepared, and its second script runs again.
    let ours = Seed::at(dir.path().join("ours.db"));
    drop(open(&ours));
    let conn = ours.conn();
    let mut prepared = 0;
    for sql in literals.iter().filter(|sql| !sql.contains("COMMIT")) {
        conn.prepare(sql)
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        prepared += 1;
    }
    assert!(prepared >= 8, "{prepared}");
    conn.execute_batch(scripts[1]).unwrap();
    drop(open(&ours));
}

/// The seed opens a connection per call while the store is open, in the journal mode that the store set.
#[test]
fn the_seed_and_a_store_take_turns() {
    let (_dir, seed) =
        written(|seed| seed.run(&[seed::LINEAR, seed::BRANCHES, seed::WORKFLOW].concat()));
    seed.upsert_thread("a", 1);
    let store = open(&seed);
    let mut expected = Vec::new();
    for at in 0..50 {
        expected.push(seed.append("a", "user", &format!("seed {at}"), None));
        let batch = [NewMessage::new("user", "x"), NewMessage::new("user", "y")];
        expected.extend(store.append_messages("a", &batch).unwrap());
    }
    assert_eq!(shown(&store, "a"), expected);
    let list = seed.list("a", 500);
    assert_eq!(list.iter().map(|m| m.0).collect::<Vec<_>>(), expected);
}

/// What docs/migrating.md says of the seed's appends, which read and then write in one deferred transaction: in WAL, one
/// that another writer came between fails at once, however long it would wait. In DELETE mode there is no between.
#[test]
fn the_seeds_append_where_another_one_came_between() {
    let failed_at_once = |mode: &str| {
        let dir = tempfile::tempdir().unwrap();
        let seed = Seed::new(dir.path().join("state.db"));
        seed.upsert_thread("t", 1);
        let mut conn = seed.conn();
        let set: String = conn
            .pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0))
            .unwrap();
        assert_eq!(set, mode);
        let tx = conn.transaction().unwrap();
        let leaf: Option<i64> = tx
            .query_row("SELECT current_leaf_id FROM threads", [], |row| row.get(0))
            .unwrap();
        assert_eq!(leaf, None);
        let other = seed.conn();
        other.busy_timeout(std::time::Duration::ZERO).unwrap();
        let came_between = other
            .execute("UPDATE threads SET updated_at = 2", [])
            .is_ok();
        let appended = tx.execute(
            "INSERT INTO messages(thread_id, role, content, created_at) VALUES ('t', 'user', 'x', 1)",
            [],
        );
        (
            came_between,
            appended.map_err(|error| error.sqlite_error().unwrap().extended_code),
        )
    };
    const BUSY_SNAPSHOT: i32 = 517;
    assert_eq!(failed_at_once("wal"), (true, Err(BUSY_SNAPSHOT)));
    assert_eq!(failed_at_once("delete"), (false, Ok(1)));
}
