//! What is known to be weak in the seed, and is mended here.

mod seed;
mod support;

use serde_json::{json, Value};
use sqlite_branch_store::rusqlite::Connection;
use sqlite_branch_store::{
    DynamicToolRecord, Error, JobStateRecord, JobStateStatus, Thing, ThreadListFilters,
    ThreadMetadata, ThreadStatus,
};
use support::{shown, TestStore};

#[test]
fn limit_0_returns_nothing() {
    let store = TestStore::with_thread("t");
    store.append_message("t", "user", "hi", None).unwrap();
    store.save_checkpoint("t", "c", &Value::Null).unwrap();
    store.upsert_job(&job("j", None)).unwrap();
    let none = ThreadListFilters {
        include_archived: true,
        limit: Some(0),
    };
    assert!(store.list_messages("t", Some(0)).unwrap().is_empty());
    assert!(store.list_checkpoints("t", Some(0)).unwrap().is_empty());
    assert!(store.list_jobs(Some(0)).unwrap().is_empty());
    assert!(store.list_threads(none).unwrap().is_empty());
    assert_eq!(store.list_messages("t", Some(1)).unwrap().len(), 1);
}

#[test]
fn a_limit_larger_than_sql_counts_is_no_limit() {
    let store = TestStore::with_thread("t");
    for at in 0..60 {
        store
            .upsert_thread(&ThreadMetadata::new(format!("t{at}")))
            .unwrap();
    }
    let all = ThreadListFilters {
        include_archived: true,
        limit: Some(usize::MAX),
    };
    assert_eq!(store.list_threads(all).unwrap().len(), 61);
}

#[test]
fn a_thread_out_of_the_archive_is_not_archived() {
    let store = TestStore::with_thread("t");
    store.mark_archived("t").unwrap();
    let archived = store.get_thread("t").unwrap().unwrap();
    assert!(archived.archived && archived.archived_at.is_some());
    assert_eq!(archived.status, ThreadStatus::Archived);

    store.mark_unarchived("t").unwrap();
    let thread = store.get_thread("t").unwrap().unwrap();
    assert!(!thread.archived && thread.archived_at.is_none());
    assert_eq!(thread.status, ThreadStatus::Idle);
}

#[test]
fn unarchiving_leaves_another_status_alone() {
    let store = TestStore::with_thread("t");
    let mut thread = ThreadMetadata::new("t");
    thread.status = ThreadStatus::Running;
    store.upsert_thread(&thread).unwrap();
    store.mark_unarchived("t").unwrap();
    let status = store.get_thread("t").unwrap().unwrap().status;
    assert_eq!(status, ThreadStatus::Running);
}

#[test]
fn only_a_message_of_the_thread_can_be_its_leaf() {
    let store = TestStore::with_thread("t");
    store.upsert_thread(&ThreadMetadata::new("other")).unwrap();
    let mine = store.append_message("t", "user", "hi", None).unwrap();
    let theirs = store.append_message("other", "user", "hi", None).unwrap();

    let error = store.set_current_leaf_id("t", theirs).unwrap_err();
    assert!(matches!(error, Error::InvalidId { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("message {theirs} is not in thread 't'")
    );
    let error = store.set_current_leaf_id("t", 4711).unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotFound {
                what: Thing::Message,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(error.to_string(), "no message 4711");
    let error = store.set_current_leaf_id("t", "the first").unwrap_err();
    assert!(matches!(error, Error::InvalidId { .. }), "{error:?}");
    assert_eq!(error.to_string(), "'the first' is not a message id");
    let error = store.set_current_leaf_id("nobody", mine).unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotFound {
                what: Thing::Thread,
                ..
            }
        ),
        "{error:?}"
    );

    assert_eq!(shown(&store, "t"), [mine]);
}

#[test]
fn leaves_come_by_id() {
    let store = TestStore::with_thread("t");
    let root = store.append_message("t", "user", "root", None).unwrap();
    let mut forks: Vec<i64> = (0..50)
        .map(|at| {
            store
                .fork_at_message(root, "user", &at.to_string(), None)
                .unwrap()
        })
        .collect();
    // The first fork goes on, so that a newer message is the leaf of an older branch.
    let below = store
        .fork_at_message(forks[0], "user", "below", None)
        .unwrap();
    forks.remove(0);
    forks.push(below);
    let leaves = store.list_leaf_messages("t").unwrap();
    assert_eq!(leaves.iter().map(|m| m.id).collect::<Vec<_>>(), forks);
}

#[test]
fn deleting_a_thread_takes_everything_of_it_along() {
    let store = TestStore::with_thread("t");
    store.upsert_thread(&ThreadMetadata::new("stays")).unwrap();
    for thread in ["t", "stays"] {
        store.append_message(thread, "user", "hi", None).unwrap();
        store.save_checkpoint(thread, "c", &Value::Null).unwrap();
        let tool = DynamicToolRecord {
            position: 0,
            name: "n".into(),
            description: None,
            input_schema: Value::Null,
        };
        store.persist_dynamic_tools(thread, &[tool]).unwrap();
    }
    store.delete_thread("t").unwrap();
    let conn = Connection::open(store.db()).unwrap();
    for table in ["messages", "checkpoints", "thread_dynamic_tools"] {
        let query = format!("SELECT group_concat(thread_id) FROM {table}");
        let left: String = conn.query_row(&query, [], |row| row.get(0)).unwrap();
        assert_eq!(left, "stays", "{table}");
    }
}

/// Rows that a program without the pragma left behind do not turn up in a new thread of the same id.
#[test]
fn orphans_of_a_thread_that_was_deleted_without_cascade_go_with_it() {
    let store = TestStore::with_thread("t");
    store.append_message("t", "user", "old", None).unwrap();
    let conn = Connection::open(store.db()).unwrap();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    conn.execute("DELETE FROM threads", []).unwrap();
    store.delete_thread("t").unwrap();
    let left: i64 = conn
        .query_row("SELECT count(*) FROM messages", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn the_latest_checkpoint_of_a_second_is_the_one_that_was_saved_last() {
    let store = TestStore::with_thread("t");
    let latest = || {
        let checkpoint = store.load_checkpoint("t", None).unwrap().unwrap();
        let listed = store.list_checkpoints("t", Some(1)).unwrap();
        assert_eq!(listed[0].checkpoint_id, checkpoint.checkpoint_id);
        (checkpoint.checkpoint_id, checkpoint.state)
    };
    let names = ["b", "a", "c"];
    for round in 0..20 {
        for name in names {
            store.save_checkpoint("t", name, &json!(round)).unwrap();
            assert_eq!(latest(), (name.to_owned(), json!(round)));
        }
    }
    let listed = store.list_checkpoints("t", None).unwrap();
    let order: Vec<&str> = listed.iter().map(|c| c.checkpoint_id.as_str()).collect();
    assert_eq!(order, ["c", "a", "b"]);
    store.delete_checkpoint("t", "c").unwrap();
    assert_eq!(latest().0, "a");
}

#[test]
fn saving_a_checkpoint_keeps_what_newer_programs_add_to_its_row() {
    let store = TestStore::with_thread("t");
    store.save_checkpoint("t", "c", &json!(1)).unwrap();
    let conn = Connection::open(store.db()).unwrap();
    conn.execute_batch(
        "ALTER TABLE checkpoints ADD COLUMN label TEXT; UPDATE checkpoints SET label = 'kept'",
    )
    .unwrap();
    store.save_checkpoint("t", "c", &json!(2)).unwrap();
    let label: String = conn
        .query_row("SELECT label FROM checkpoints", [], |row| row.get(0))
        .unwrap();
    assert_eq!(label, "kept");
}

#[test]
fn json_that_does_not_parse_is_an_error_that_names_it() {
    let store = TestStore::with_thread("t");
    let message = store
        .append_message("t", "user", "hi", Some(json!({})))
        .unwrap();
    store.save_checkpoint("t", "c", &json!(1)).unwrap();
    let tool = DynamicToolRecord {
        position: 0,
        name: "grep".into(),
        description: None,
        input_schema: Value::Null,
    };
    store.persist_dynamic_tools("t", &[tool]).unwrap();
    Connection::open(store.db())
        .unwrap()
        .execute_batch(
            "UPDATE messages SET item_json = '{'; UPDATE checkpoints SET state_json = '{\"a\":';
             UPDATE thread_dynamic_tools SET input_schema = ''",
        )
        .unwrap();
    let check = |error: Error, name: &str| {
        assert!(matches!(error, Error::InvalidJson { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    };
    let item = format!("the item of message {message} in thread \"t\"");
    check(store.list_messages("t", None).unwrap_err(), &item);
    check(store.list_leaf_messages("t").unwrap_err(), &item);
    let state = "the state of checkpoint \"c\" of thread \"t\"";
    check(store.load_checkpoint("t", None).unwrap_err(), state);
    check(store.load_checkpoint("t", Some("c")).unwrap_err(), state);
    check(store.list_checkpoints("t", None).unwrap_err(), state);
    let schema = "the input schema of tool \"grep\" of thread \"t\"";
    check(store.get_dynamic_tools("t").unwrap_err(), schema);
    // It can be got rid of.
    store.delete_checkpoint("t", "c").unwrap();
    assert!(store.load_checkpoint("t", None).unwrap().is_none());
}

/// The parser refuses what is nested too deep: once stored, it would make the whole history unreadable.
#[test]
fn json_that_could_not_be_read_back_is_refused() {
    let nested = |levels: usize| (1..levels).fold(json!([]), |inside, _| json!([inside]));
    let store = TestStore::with_thread("t");
    let id = store
        .append_message("t", "user", "hi", Some(nested(127)))
        .unwrap();
    store.save_checkpoint("t", "c", &nested(127)).unwrap();
    let error = store
        .append_message("t", "user", "hi", Some(nested(128)))
        .unwrap_err();
    assert!(matches!(error, Error::InvalidJson { .. }), "{error:?}");
    let error = store
        .save_checkpoint("t", "c", &json!({ "a": nested(127) }))
        .unwrap_err();
    assert!(error.to_string().contains("checkpoint \"c\""), "{error}");
    assert_eq!(shown(&store, "t"), [id]);
    let state = store.load_checkpoint("t", None).unwrap().unwrap().state;
    assert_eq!(state, nested(127));

    // SQL stores it, as the seed does, and one such message is an error of every list that it is in.
    let conn = Connection::open(store.db()).unwrap();
    sqlite_branch_store::register(&conn).unwrap();
    let append = "SELECT branch_append('t', 'user', 'deep', ?1)";
    let deep: i64 = conn
        .query_row(append, [nested(128).to_string()], |row| row.get(0))
        .unwrap();
    let error = store.list_messages("t", None).unwrap_err();
    assert!(matches!(error, Error::InvalidJson { .. }), "{error:?}");
    let item = format!("the item of message {deep} in thread \"t\"");
    assert!(error.to_string().contains(&item), "{error}");
    store.switch_leaf("t", Some(id)).unwrap();
    assert_eq!(shown(&store, "t"), [id]);
}

fn job(id: &str, progress: Option<u8>) -> JobStateRecord {
    JobStateRecord {
        id: id.into(),
        name: "n".into(),
        status: JobStateStatus::Running,
        progress,
        detail: None,
        created_at: 0,
        updated_at: 0,
    }
}

#[test]
fn progress_is_at_most_100() {
    let store = TestStore::new();
    for progress in [None, Some(0), Some(100)] {
        store.upsert_job(&job("j", progress)).unwrap();
        assert_eq!(store.get_job("j").unwrap().unwrap().progress, progress);
    }
    let error = store.upsert_job(&job("j", Some(101))).unwrap_err();
    assert!(matches!(error, Error::InvalidValue { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "progress 101 of job \"j\" is over 100 percent"
    );
    assert_eq!(store.get_job("j").unwrap().unwrap().progress, Some(100));
}

#[test]
fn a_stored_progress_out_of_range_reads_as_none() {
    let store = TestStore::new();
    let seed = seed::Seed::at(store.db());
    for (at, progress) in [-1, 101, 255, 256, i64::MAX].into_iter().enumerate() {
        seed.upsert_job(&at.to_string(), Some(progress), 0);
        let read = store.get_job(&at.to_string()).unwrap().unwrap();
        assert_eq!(read.progress, None, "{progress}");
        store.upsert_job(&read).unwrap();
    }
    assert_eq!(store.list_jobs(None).unwrap().len(), 5);
}

#[test]
fn equal_times_are_listed_newest_first() {
    let store = TestStore::new();
    for id in ["b", "a", "c"] {
        let mut thread = ThreadMetadata::new(id);
        thread.updated_at = 5;
        store.upsert_thread(&thread).unwrap();
        store.upsert_job(&job(id, None)).unwrap();
    }
    let threads = store.list_threads(ThreadListFilters::default()).unwrap();
    let order: Vec<&str> = threads.iter().map(|t| t.id.as_str()).collect();
    assert_eq!(order, ["c", "a", "b"]);
    let jobs = store.list_jobs(None).unwrap();
    let order: Vec<&str> = jobs.iter().map(|j| j.id.as_str()).collect();
    assert_eq!(order, ["c", "a", "b"]);
}

#[test]
fn a_tool_or_checkpoint_of_no_thread_is_refused_by_name() {
    let store = TestStore::new();
    let tool = DynamicToolRecord {
        position: 0,
        name: "grep".into(),
        description: None,
        input_schema: Value::Null,
    };
    let error = store.persist_dynamic_tools("x", &[tool]).unwrap_err();
    assert_eq!(error.to_string(), "no thread 'x'");
    let error = store.save_checkpoint("x", "c", &Value::Null).unwrap_err();
    assert_eq!(error.to_string(), "no thread 'x'");
}

#[test]
fn tools_are_replaced_together_or_not_at_all() {
    let store = TestStore::with_thread("t");
    let tool = |position, name: &str| DynamicToolRecord {
        position,
        name: name.into(),
        description: Some("d".into()),
        input_schema: json!({"type": "object"}),
    };
    store
        .persist_dynamic_tools("t", &[tool(1, "b"), tool(0, "a")])
        .unwrap();
    let names = || -> Vec<String> {
        let tools = store.get_dynamic_tools("t").unwrap();
        tools.into_iter().map(|tool| tool.name).collect()
    };
    assert_eq!(names(), ["a", "b"]);
    let error = store
        .persist_dynamic_tools("t", &[tool(0, "x"), tool(0, "y")])
        .unwrap_err();
    assert!(error.to_string().contains("\"y\""), "{error}");
    assert_eq!(names(), ["a", "b"]);
    store.persist_dynamic_tools("t", &[]).unwrap();
    assert!(names().is_empty());
}
