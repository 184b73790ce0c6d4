//! Code written against the seed, with only the import changed: every public signature, every serde form.
//!
//! Written from the seed's public surface alone. The calls in `every_method` have the argument and result types that the
//! seed has; that this file compiles is most of the test.

mod support;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{json, Value};
use sqlite_branch_store::{
    CheckpointRecord, DynamicToolRecord, JobStateRecord, JobStateStatus, MessageRecord,
    SessionSource, StateStore, ThreadListFilters, ThreadMetadata, ThreadStatus,
};

fn thread() -> ThreadMetadata {
    ThreadMetadata {
        id: "t1".to_string(),
        rollout_path: Some(PathBuf::from("/logs/t1.jsonl")),
        preview: "hello".to_string(),
        ephemeral: false,
        model_provider: "provider".to_string(),
        created_at: 10,
        updated_at: 20,
        status: ThreadStatus::Running,
        path: Some(PathBuf::from("/p/log")),
        cwd: PathBuf::from("/home/u"),
        cli_version: "1.2.3".to_string(),
        source: SessionSource::Interactive,
        name: Some("First".to_string()),
        sandbox_policy: Some("read-only".to_string()),
        approval_mode: Some("never".to_string()),
        archived: false,
        archived_at: None,
        git_sha: Some("abc".to_string()),
        git_branch: Some("main".to_string()),
        git_origin_url: Some("git@host:repo".to_string()),
        memory_mode: Some("on".to_string()),
        current_leaf_id: None,
    }
}

#[test]
fn every_method() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let path: PathBuf = dir.path().join("deep").join("state.db");
    let store: StateStore = StateStore::open(Some(path.clone()))?;
    let db_path: &Path = store.db_path();
    assert_eq!(db_path, path);

    let unit: () = store.upsert_thread(&thread())?;
    assert_eq!(unit, ());
    let found: Option<ThreadMetadata> = store.get_thread("t1")?;
    assert_eq!(
        serde_json::to_string(&found.context("no thread")?)?,
        serde_json::to_string(&thread())?
    );
    let listed: Vec<ThreadMetadata> = store.list_threads(ThreadListFilters::default())?;
    assert_eq!(listed.len(), 1);
    let filters = ThreadListFilters {
        include_archived: true,
        limit: None,
    };
    assert_eq!(store.list_threads(filters.clone())?.len(), 1);

    store.mark_archived("t1")?;
    assert!(store.list_threads(ThreadListFilters::default())?.is_empty());
    store.mark_unarchived("t1")?;
    store.set_thread_memory_mode("t1", Some("off"))?;
    let mode: Option<String> = store.get_thread_memory_mode("t1")?;
    assert_eq!(mode.as_deref(), Some("off"));
    store.set_thread_memory_mode("t1", None)?;
    assert_eq!(store.get_thread_memory_mode("t1")?, None);

    let item: Option<Value> = Some(json!({"k": [1, "x"]}));
    let first: i64 = store.append_message("t1", "user", "one", item.clone())?;
    let second: i64 = store.append_message("t1", "assistant", "two", None)?;
    let messages: Vec<MessageRecord> = store.list_messages("t1", None)?;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].item, item);
    assert_eq!(store.list_messages("t1", Some(1))?[0].id, second);

    // The seed takes message ids as text.
    let fork: i64 = store.fork_at_message(&first.to_string(), "assistant", "three", None)?;
    let leaves: Vec<MessageRecord> = store.list_leaf_messages("t1")?;
    assert_eq!(
        leaves.iter().map(|m| m.id).collect::<Vec<_>>(),
        [second, fork]
    );
    let as_text: String = second.to_string();
    store.set_current_leaf_id("t1", &as_text)?;
    store.set_current_leaf_id("t1", as_text.as_str())?;
    store.set_current_leaf_id("t1", second)?;
    assert_eq!(
        store.get_thread("t1")?.and_then(|t| t.current_leaf_id),
        Some(second)
    );
    let cleared: usize = store.clear_messages("t1")?;
    assert_eq!(cleared, 3);

    let tools: Vec<DynamicToolRecord> = vec![DynamicToolRecord {
        position: 0,
        name: "grep".to_string(),
        description: None,
        input_schema: json!({"type": "object"}),
    }];
    store.persist_dynamic_tools("t1", &tools)?;
    let tools: Vec<DynamicToolRecord> = store.get_dynamic_tools("t1")?;
    assert_eq!(tools[0].name, "grep");

    store.save_checkpoint("t1", "c1", &json!({"step": 1}))?;
    let checkpoint: Option<CheckpointRecord> = store.load_checkpoint("t1", None)?;
    assert_eq!(checkpoint.context("no checkpoint")?.state["step"], 1);
    assert!(store.load_checkpoint("t1", Some("c2"))?.is_none());
    let checkpoints: Vec<CheckpointRecord> = store.list_checkpoints("t1", Some(10))?;
    assert_eq!(checkpoints.len(), 1);
    store.delete_checkpoint("t1", "c1")?;
    assert!(store.list_checkpoints("t1", None)?.is_empty());

    store.upsert_job(&JobStateRecord {
        id: "j".to_string(),
        name: "build".to_string(),
        status: JobStateStatus::Running,
        progress: Some(50),
        detail: None,
        created_at: 1,
        updated_at: 2,
    })?;
    let job: Option<JobStateRecord> = store.get_job("j")?;
    assert_eq!(job.context("no job")?.progress, Some(50));
    let jobs: Vec<JobStateRecord> = store.list_jobs(None)?;
    assert_eq!(jobs[0].status, JobStateStatus::Running);
    store.delete_job("j")?;
    assert!(store.get_job("j")?.is_none());

    let rollout: Option<PathBuf> = store.find_rollout_path_by_id("t1")?;
    assert_eq!(rollout, Some(PathBuf::from("/logs/t1.jsonl")));
    store.append_thread_name("t1", Some("Second".to_string()), 30, rollout.clone())?;
    let name: Option<String> = store.find_thread_name_by_id("t1")?;
    assert_eq!(name.as_deref(), Some("Second"));
    let ids: Vec<String> = vec!["t1".to_string(), "t2".to_string()];
    let names: HashMap<String, Option<String>> = store.find_thread_names_by_ids(&ids)?;
    assert_eq!(names["t1"].as_deref(), Some("Second"));
    assert_eq!(names["t2"], None);
    let found: Option<PathBuf> = store.find_thread_path_by_name_str("sECOND")?;
    assert_eq!(found, rollout);

    store.delete_thread("t1")?;
    assert!(store.get_thread("t1")?.is_none());
    Ok(())
}

#[test]
fn what_is_not_there_is_none_or_nothing() -> Result<()> {
    let store = support::TestStore::new();
    assert!(store.get_thread("x")?.is_none());
    assert!(store.get_thread_memory_mode("x")?.is_none());
    assert!(store.find_rollout_path_by_id("x")?.is_none());
    assert!(store.find_thread_name_by_id("x")?.is_none());
    assert!(store.find_thread_path_by_name_str("x")?.is_none());
    assert!(store.get_job("x")?.is_none());
    assert!(store.load_checkpoint("x", None)?.is_none());
    assert!(store.list_messages("x", None)?.is_empty());
    assert!(store.list_leaf_messages("x")?.is_empty());
    assert!(store.get_dynamic_tools("x")?.is_empty());
    store.mark_archived("x")?;
    store.mark_unarchived("x")?;
    store.set_thread_memory_mode("x", Some("on"))?;
    store.delete_thread("x")?;
    assert_eq!(store.clear_messages("x")?, 0);
    store.delete_checkpoint("x", "y")?;
    store.delete_job("x")?;
    assert!(store.get_thread("x")?.is_none());
    assert!(store.append_message("x", "user", "hi", None).is_err());
    assert!(store.fork_at_message("1", "user", "hi", None).is_err());
    Ok(())
}

#[test]
fn errors_convert_into_what_callers_use() {
    fn anyhow_error(store: &StateStore) -> anyhow::Result<i64> {
        let id = store
            .append_message("x", "user", "hi", None)
            .context("while chatting")?;
        Ok(id)
    }
    fn boxed(store: &StateStore) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
        Ok(store.append_message("x", "user", "hi", None)?)
    }
    let store = support::TestStore::new();
    let error = anyhow_error(&store).unwrap_err();
    assert_eq!(format!("{error:#}"), "while chatting: no thread 'x'");
    assert_eq!(boxed(&store).unwrap_err().to_string(), "no thread 'x'");
}

#[test]
fn a_store_can_go_anywhere() {
    fn check<T: Clone + std::fmt::Debug + Send + Sync + 'static>(_: &T) {}
    let store = support::TestStore::new();
    check(&store.store);
    check(&thread());
    check(&ThreadListFilters::default());
    assert!(format!("{:?}", store.store).contains("state.db"));
}

#[test]
fn defaults() -> Result<()> {
    let filters = ThreadListFilters::default();
    assert!(!filters.include_archived);
    assert_eq!(filters.limit, Some(50));

    let store = support::TestStore::with_thread("t");
    for at in 0..120 {
        store.upsert_thread(&ThreadMetadata::new(format!("{at}")))?;
        store.save_checkpoint("t", &at.to_string(), &Value::Null)?;
        store.upsert_job(&JobStateRecord {
            id: at.to_string(),
            name: String::new(),
            status: JobStateStatus::Queued,
            progress: None,
            detail: None,
            created_at: 0,
            updated_at: 0,
        })?;
    }
    let messages = vec![sqlite_branch_store::NewMessage::new("user", "x"); 501];
    store.append_messages("t", &messages)?;
    assert_eq!(store.list_threads(ThreadListFilters::default())?.len(), 50);
    let unlimited = ThreadListFilters {
        include_archived: true,
        limit: None,
    };
    assert_eq!(store.list_threads(unlimited)?.len(), 50);
    assert_eq!(store.list_messages("t", None)?.len(), 500);
    assert_eq!(store.list_checkpoints("t", None)?.len(), 100);
    assert_eq!(store.list_jobs(None)?.len(), 100);
    Ok(())
}

/// A value, the bytes that it is written as, and that these bytes are read as the same again.
macro_rules! form {
    ($value:expr, $type:ty, $bytes:expr) => {
        let bytes = serde_json::to_string(&$value).unwrap();
        assert_eq!(bytes, $bytes);
        let read: $type = serde_json::from_str(&bytes).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), bytes);
    };
}

#[test]
fn serde_forms() {
    for (status, name) in [
        (ThreadStatus::Running, "running"),
        (ThreadStatus::Idle, "idle"),
        (ThreadStatus::Completed, "completed"),
        (ThreadStatus::Failed, "failed"),
        (ThreadStatus::Paused, "paused"),
        (ThreadStatus::Archived, "archived"),
    ] {
        form!(status, ThreadStatus, format!("\"{name}\""));
    }
    for (source, name) in [
        (SessionSource::Interactive, "interactive"),
        (SessionSource::Resume, "resume"),
        (SessionSource::Fork, "fork"),
        (SessionSource::Api, "api"),
        (SessionSource::Unknown, "unknown"),
    ] {
        form!(source, SessionSource, format!("\"{name}\""));
    }
    for (status, name) in [
        (JobStateStatus::Queued, "queued"),
        (JobStateStatus::Running, "running"),
        (JobStateStatus::Completed, "completed"),
        (JobStateStatus::Failed, "failed"),
        (JobStateStatus::Cancelled, "cancelled"),
    ] {
        form!(status, JobStateStatus, format!("\"{name}\""));
    }
    form!(
        thread(),
        ThreadMetadata,
        concat!(
            r#"{"id":"t1","rollout_path":"/logs/t1.jsonl","preview":"hello","ephemeral":false,"#,
            r#""model_provider":"provider","created_at":10,"updated_at":20,"status":"running","path":"/p/log","#,
            r#""cwd":"/home/u","cli_version":"1.2.3","source":"interactive","name":"First","#,
            r#""sandbox_policy":"read-only","approval_mode":"never","archived":false,"archived_at":null,"#,
            r#""git_sha":"abc","git_branch":"main","git_origin_url":"git@host:repo","memory_mode":"on","#,
            r#""current_leaf_id":null}"#
        )
    );
    form!(
        DynamicToolRecord {
            position: 3,
            name: "n".into(),
            description: Some("d".into()),
            input_schema: json!({"type": "object"}),
        },
        DynamicToolRecord,
        r#"{"position":3,"name":"n","description":"d","input_schema":{"type":"object"}}"#
    );
    form!(
        MessageRecord {
            id: 7,
            thread_id: "t".into(),
            role: "user".into(),
            content: "c".into(),
            item: Some(json!([null])),
            created_at: 5,
            parent_entry_id: Some(6),
        },
        MessageRecord,
        r#"{"id":7,"thread_id":"t","role":"user","content":"c","item":[null],"created_at":5,"parent_entry_id":6}"#
    );
    form!(
        CheckpointRecord {
            thread_id: "t".into(),
            checkpoint_id: "c".into(),
            state: json!({"a": 1}),
            created_at: 9,
        },
        CheckpointRecord,
        r#"{"thread_id":"t","checkpoint_id":"c","state":{"a":1},"created_at":9}"#
    );
    form!(
        JobStateRecord {
            id: "j".into(),
            name: "n".into(),
            status: JobStateStatus::Failed,
            progress: Some(99),
            detail: None,
            created_at: 1,
            updated_at: 2,
        },
        JobStateRecord,
        concat!(
            r#"{"id":"j","name":"n","status":"failed","progress":99,"detail":null,"#,
            r#""created_at":1,"updated_at":2}"#
        )
    );
}

#[test]
fn optional_fields_may_be_missing_when_read() {
    let job: JobStateRecord = serde_json::from_str(
        r#"{"id":"j","name":"n","status":"queued","created_at":1,"updated_at":2}"#,
    )
    .unwrap();
    assert_eq!((job.progress, job.detail), (None, None));
    let message: MessageRecord = serde_json::from_str(
        r#"{"id":1,"thread_id":"t","role":"r","content":"c","created_at":5,"more":1}"#,
    )
    .unwrap();
    assert_eq!(message.parent_entry_id, None);
    assert!(serde_json::from_str::<MessageRecord>(r#"{"id":1}"#).is_err());
    assert!(serde_json::from_str::<ThreadStatus>("\"Running\"").is_err());
}

#[test]
fn what_is_stored_is_what_the_seed_stores() -> Result<()> {
    let store = support::TestStore::new();
    store.upsert_thread(&thread())?;
    store.save_checkpoint("t1", "c", &json!({"b": 1, "a": [true, null]}))?;
    store.append_message("t1", "user", "hi", Some(json!({"b": 1, "a": "x\u{0}"})))?;
    let tool = DynamicToolRecord {
        position: 1,
        name: "n".into(),
        description: None,
        input_schema: json!({"z": 1, "a": 2}),
    };
    store.persist_dynamic_tools("t1", &[tool])?;
    let conn = sqlite_branch_store::rusqlite::Connection::open(store.db())?;
    let row = |query: &str| -> Result<String> { Ok(conn.query_row(query, [], |row| row.get(0))?) };
    assert_eq!(
        row("SELECT concat_ws('|', id, rollout_path, preview, ephemeral, model_provider, created_at, updated_at, status,
                path, cwd, cli_version, source, title, sandbox_policy, approval_mode, archived, archived_at, git_sha,
                git_branch, git_origin_url, memory_mode) FROM threads")?,
        "t1|/logs/t1.jsonl|hello|0|provider|10|20|running|/p/log|/home/u|1.2.3|interactive|First|read-only|never|0|abc|\
         main|git@host:repo|on"
    );
    assert_eq!(
        row("SELECT state_json FROM checkpoints")?,
        json!({"b": 1, "a": [true, null]}).to_string()
    );
    assert_eq!(
        row("SELECT item_json FROM messages")?,
        json!({"b": 1, "a": "x\u{0}"}).to_string()
    );
    assert_eq!(
        row("SELECT input_schema FROM thread_dynamic_tools")?,
        json!({"z": 1, "a": 2}).to_string()
    );
    let index = std::fs::read_to_string(store.index())?;
    assert_eq!(
        index,
        "{\"thread_id\":\"t1\",\"thread_name\":\"First\",\"updated_at\":20,\"rollout_path\":\"/logs/t1.jsonl\"}\n"
    );
    Ok(())
}

/// What a child process does: opens the store that is opened without a path, and tells where it is.
#[test]
fn child_process() {
    let Some((_, home)) = support::role() else {
        return;
    };
    let store = StateStore::open(None).unwrap();
    support::tell(store.db_path().strip_prefix(home).unwrap().display());
}

/// Where a process with this home directory, and this `CODEWHALE_HOME`, has its store.
#[cfg(unix)]
fn default_path(home: &std::path::Path, codewhale: Option<&str>) -> String {
    let mut child = support::Process::start_with("default path", home, |command| {
        command.env("HOME", home).env_remove("CODEWHALE_HOME");
        if let Some(name) = codewhale {
            let path = if name.is_empty() {
                name.into()
            } else {
                home.join(name)
            };
            command.env("CODEWHALE_HOME", path);
        }
    });
    let path = child.next().unwrap();
    assert!(child.wait().success());
    assert!(home.join(&path).is_file());
    path
}

#[test]
#[cfg(unix)]
fn the_default_path_is_that_of_the_program_that_is_there() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    assert_eq!(default_path(home, None), ".deepseek/state.db");
    assert_eq!(default_path(home, Some("")), ".deepseek/state.db");
    // A directory of the newest program that has no database yet does not count.
    std::fs::create_dir(home.join(".codewhale")).unwrap();
    assert_eq!(default_path(home, None), ".deepseek/state.db");
    assert_eq!(default_path(home, Some("elsewhere")), "elsewhere/state.db");
    drop(StateStore::open(Some(home.join(".codewhale/state.db"))).unwrap());
    assert_eq!(default_path(home, None), ".codewhale/state.db");
    assert_eq!(default_path(home, Some("other")), "other/state.db");
}
