//! Databases of newer programs of the family: `user_version` 3 and 4, with goals, paused jobs, and values that this version
//! does not know. They open, and nothing in them is lost when records are read, changed and written back.

#[path = "seed/mod.rs"]
mod seed;

use rusqlite::Connection;
use sqlite_branch_store::{JobStateStatus, SessionSource, StateStore, ThreadStatus};

const GOALS: [&str; 2] = [
    "CREATE TABLE thread_goals (
         thread_id TEXT PRIMARY KEY NOT NULL, goal_id TEXT NOT NULL, objective TEXT NOT NULL,
         status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'blocked', 'usage_limited', 'budget_limited', 'complete')),
         token_budget INTEGER, tokens_used INTEGER NOT NULL DEFAULT 0, time_used_seconds INTEGER NOT NULL DEFAULT 0,
         created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
         FOREIGN KEY(thread_id) REFERENCES threads(id) ON DELETE CASCADE);
     PRAGMA user_version = 3;",
    "ALTER TABLE thread_goals ADD COLUMN continuation_count INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 4;",
];

/// A database of such a program, in a directory that goes with it.
fn newer(version: i64) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(&[seed::LINEAR, seed::BRANCHES, seed::WORKFLOW].concat())
        .unwrap();
    for goals in GOALS.iter().take(usize::try_from(version - 2).unwrap()) {
        conn.execute_batch(goals).unwrap();
    }
    conn.execute_batch(
        "INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
         VALUES ('t', 'p', 0, 'm', 1, 2, 'waiting_for_review', '/', '2.0', 'scheduler'), ('u', '', 0, '', 1, 1, 'idle', '', '', 'unknown');
         INSERT INTO messages(thread_id, role, content, created_at) VALUES ('t', 'user', 'hello', 5);
         UPDATE threads SET current_leaf_id = 1 WHERE id = 't';
         INSERT INTO thread_goals(thread_id, goal_id, objective, status, token_budget, tokens_used, created_at, updated_at)
         VALUES ('t', 'g', 'finish', 'budget_limited', 1000, 999, 1, 2), ('u', 'h', 'rest', 'active', NULL, 0, 1, 1);
         INSERT INTO jobs VALUES ('paused', 'a', 'paused', 40, 'd', 1, 2), ('odd', 'b', 'hibernating', 150, NULL, 1, 3),
             ('far', 'c', 'running', 5000000000, NULL, 1, 4), ('below', 'd', 'failed', -7, NULL, 1, 5);",
    )
    .unwrap();
    (dir, path)
}

/// One row as text, columns divided by bars.
fn row(path: &std::path::Path, sql: &str) -> String {
    let conn = Connection::open(path).unwrap();
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn they_open_and_keep_their_version() {
    for version in [3, 4] {
        let (_dir, path) = newer(version);
        let store = StateStore::open(Some(path.clone())).unwrap();
        assert_eq!(store.list_messages("t", None).unwrap().len(), 1);
        store
            .append_message("t", "assistant", "hello", None)
            .unwrap();
        drop(store);
        drop(StateStore::open(Some(path.clone())).unwrap());
        assert_eq!(
            row(&path, "SELECT user_version || '' FROM pragma_user_version"),
            version.to_string()
        );
        assert_eq!(
            row(
                &path,
                "SELECT group_concat(goal_id || status || tokens_used) FROM thread_goals"
            ),
            "gbudget_limited999,hactive0"
        );
    }
}

#[test]
fn a_record_that_is_written_back_loses_nothing() {
    for version in [3, 4] {
        let (_dir, path) = newer(version);
        let store = StateStore::open(Some(path.clone())).unwrap();

        let mut thread = store.get_thread("t").unwrap().unwrap();
        assert_eq!(
            (&thread.status, &thread.source),
            (&ThreadStatus::Idle, &SessionSource::Unknown)
        );
        thread.name = Some("Renamed".to_owned());
        thread.updated_at = 9;
        store.upsert_thread(&thread).unwrap();
        assert_eq!(
            row(&path, "SELECT concat_ws('|', status, source, title, updated_at, current_leaf_id) FROM threads WHERE id = 't'"),
            "waiting_for_review|scheduler|Renamed|9|1"
        );
        // What the caller knows and says is written.
        thread.status = ThreadStatus::Running;
        thread.source = SessionSource::Resume;
        store.upsert_thread(&thread).unwrap();
        thread.status = ThreadStatus::Idle;
        thread.source = SessionSource::Unknown;
        store.upsert_thread(&thread).unwrap();
        assert_eq!(
            row(&path, "SELECT status || source FROM threads WHERE id = 't'"),
            "idleunknown"
        );

        for job in store.list_jobs(None).unwrap() {
            let mut job = job;
            job.detail = Some("seen".to_owned());
            store.upsert_job(&job).unwrap();
        }
        assert_eq!(
            row(&path, "SELECT group_concat(id || ' ' || status || ' ' || progress || ' ' || detail, ', ') FROM jobs"),
            "paused paused 40 seen, odd hibernating 150 seen, far running 5000000000 seen, below failed -7 seen"
        );
        assert_eq!(
            store.get_job("paused").unwrap().unwrap().status,
            JobStateStatus::Paused
        );

        let mut odd = store.get_job("odd").unwrap().unwrap();
        assert_eq!((&odd.status, odd.progress), (&JobStateStatus::Queued, None));
        odd.status = JobStateStatus::Cancelled;
        odd.progress = Some(99);
        store.upsert_job(&odd).unwrap();
        assert_eq!(
            row(
                &path,
                "SELECT status || progress FROM jobs WHERE id = 'odd'"
            ),
            "cancelled99"
        );
        odd.status = JobStateStatus::Queued;
        odd.progress = None;
        store.upsert_job(&odd).unwrap();
        assert_eq!(row(&path, "SELECT concat_ws('|', status, coalesce(progress, 'none')) FROM jobs WHERE id = 'odd'"), "queued|none");
    }
}

#[test]
fn a_paused_job_stays_paused_in_json() {
    let json = r#"{"id":"j","name":"n","status":"paused","progress":null,"detail":null,"created_at":1,"updated_at":2}"#;
    let job: sqlite_branch_store::JobStateRecord = serde_json::from_str(json).unwrap();
    assert_eq!(job.status, JobStateStatus::Paused);
    assert_eq!(serde_json::to_string(&job).unwrap(), json);
}

#[test]
fn deleting_a_thread_takes_its_goal() {
    let (_dir, path) = newer(4);
    let store = StateStore::open(Some(path.clone())).unwrap();
    store.delete_thread("t").unwrap();
    store.delete_thread("nobody").unwrap();
    assert_eq!(
        row(&path, "SELECT group_concat(thread_id) FROM thread_goals"),
        "u"
    );
    assert_eq!(row(&path, "SELECT group_concat(id) FROM threads"), "u");
}

/// Their backfill runs again where `user_version` is 0; ours goes by what is there.
#[test]
fn a_version_put_back_to_0_flattens_nothing() {
    let (_dir, path) = newer(4);
    let store = StateStore::open(Some(path.clone())).unwrap();
    let answer = store.append_message("t", "assistant", "one", None).unwrap();
    store
        .add_alternative(answer, "assistant", "two", None)
        .unwrap();
    drop(store);
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 0")
        .unwrap();
    let store = StateStore::open(Some(path.clone())).unwrap();
    assert_eq!(store.siblings(answer).unwrap().len(), 2);
    assert_eq!(row(&path, "SELECT count(*) || '' FROM thread_goals"), "2");
}
