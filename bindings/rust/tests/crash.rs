//! Processes that are killed at any moment: what they were told is done, is done.
#![cfg(unix)]

mod seed;
mod support;

use sqlite_branch_store::rusqlite::Connection;
use sqlite_branch_store::StateStore;
use support::{shown, Process, TestStore};

/// How many processes are killed for each test.
const KILLS: usize = 15;

/// Starts a child, lets it tell some things, kills it, and returns all that it told.
fn kill_after(role: &str, path: &std::path::Path, lines: usize) -> Vec<String> {
    let mut child = Process::start(role, path);
    let mut told: Vec<String> = (0..lines).map_while(|_| child.next()).collect();
    child.kill();
    // What it told between the last line and its end counts as well.
    told.extend(std::iter::from_fn(|| child.next()));
    assert!(!child.wait().success(), "it was killed");
    told
}

fn assert_sound(path: &std::path::Path) {
    let conn = Connection::open(path).unwrap();
    let sound: String = conn
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let mut orphans = conn.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!orphans.exists([]).unwrap());
}

#[test]
fn acknowledged_messages_survive() {
    let store = TestStore::with_thread("t");
    let mut acknowledged: Vec<i64> = Vec::new();
    for kill in 0..KILLS {
        let told = kill_after("append", &store.db(), 1 + 7 * kill);
        acknowledged.extend(told.iter().map(|id| id.parse::<i64>().unwrap()));
        assert_sound(&store.db());
        let here = shown(&store, "t");
        for id in &acknowledged {
            assert!(here.contains(id), "message {id} is lost");
        }
        assert!(store.check(None).unwrap().is_empty());
    }
    assert!(acknowledged.len() >= KILLS);
    // At most the one that each child was at is there without its word.
    assert!(shown(&store, "t").len() <= acknowledged.len() + KILLS);
}

#[test]
fn a_transaction_is_there_whole_or_not_at_all() {
    let store = TestStore::with_thread("t");
    for kill in 0..KILLS {
        kill_after("transactions", &store.db(), 1 + kill);
        assert_sound(&store.db());
        assert_eq!(shown(&store, "t").len() % 10, 0);
    }
    assert!(!shown(&store, "t").is_empty());
}

#[test]
fn acknowledged_names_survive() {
    let store = TestStore::new();
    let mut acknowledged = Vec::new();
    for kill in 0..KILLS {
        acknowledged.extend(kill_after("names", &store.db(), 1 + 7 * kill));
        for id in &acknowledged {
            let name = store.find_thread_name_by_id(id).unwrap();
            assert_eq!(name.as_ref(), Some(id));
        }
    }
    assert!(acknowledged.len() >= KILLS);
}

#[test]
fn compacting_loses_no_name() {
    let store = TestStore::new();
    for at in 0..2_000 {
        let id = format!("t{}", at % 400);
        seed::Seed::at(store.db()).append_to_index(&format!(
            r#"{{"thread_id":"{id}","thread_name":"{at}","updated_at":{at},"rollout_path":null}}"#
        ));
    }
    let mut acknowledged = Vec::new();
    for kill in 0..KILLS {
        acknowledged.extend(kill_after("compact", &store.db(), 1 + kill));
        for at in 1_600..2_000 {
            let name = store
                .find_thread_name_by_id(&format!("t{}", at % 400))
                .unwrap();
            assert_eq!(name, Some(at.to_string()));
        }
        for id in &acknowledged {
            assert_eq!(store.find_thread_name_by_id(id).unwrap().as_ref(), Some(id));
        }
    }
    store.verify_session_index().unwrap();
}

#[test]
fn a_migration_that_is_killed_can_be_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    let seed = seed::Seed::at(dir.path().join("state.db"));
    seed.run(seed::LINEAR);
    seed.upsert_thread("t", 1);
    seed.run(
        "WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 100000)
         INSERT INTO messages(thread_id, role, content, created_at) SELECT 't', 'user', at, at FROM n;",
    );
    for _ in 0..5 {
        kill_after("open", &seed.path, 1);
        assert_sound(&seed.path);
    }
    let store = StateStore::open(Some(seed.path.clone())).unwrap();
    let path = store.path(100_000, None).unwrap();
    assert_eq!(path.len(), 100_000);
    assert!(store.check(None).unwrap().is_empty());
}

/// What the child processes do, until they are killed.
#[test]
fn child_process() {
    let Some((role, path)) = support::role() else {
        return;
    };
    if role == "open" {
        support::tell("opening");
        drop(StateStore::open(Some(path)));
        // To be killed, whether that took long or not.
        support::hear();
        return;
    }
    let store = StateStore::open(Some(path)).unwrap();
    for at in 0.. {
        let id = format!("{}-{at}", std::process::id());
        match role.as_str() {
            "append" => support::tell(store.append_message("t", "user", &id, None).unwrap()),
            "transactions" => {
                store
                    .transaction(|tx| {
                        (0..10)
                            .try_for_each(|_| tx.append_message("t", "user", &id, None).map(drop))
                    })
                    .unwrap();
                support::tell(at);
            }
            "names" => {
                store
                    .append_thread_name(&id, Some(id.clone()), at, None)
                    .unwrap();
                support::tell(id);
            }
            "compact" => {
                store
                    .append_thread_name(&id, Some(id.clone()), at, None)
                    .unwrap();
                support::tell(&id);
                store.compact_session_index().unwrap();
            }
            other => panic!("{other}"),
        }
    }
}
