//! The workflow-trace tables, typed.

mod support;

use serde_json::json;
use sqlite_branch_store::rusqlite::Connection;
use sqlite_branch_store::{
    BranchRun, ControlNodeRun, Error, LeafRun, TeacherCandidate, Thing, WorkflowRun,
    WorkflowRunFilters,
};
use support::TestStore;

fn workflow(id: &str, started_at: i64) -> WorkflowRun {
    WorkflowRun {
        id: id.into(),
        workflow_id: "flow".into(),
        goal: "win".into(),
        status: "running".into(),
        input_hash: Some("h".into()),
        started_at,
        completed_at: None,
        metadata: json!({"k": [1]}),
    }
}

fn branch(id: &str, run: &str) -> BranchRun {
    BranchRun {
        id: id.into(),
        workflow_run_id: run.into(),
        branch_id: "b".into(),
        node_id: "n".into(),
        status: "done".into(),
        started_at: 1,
        completed_at: Some(2),
        result: json!({"ok": true}),
    }
}

fn leaf(id: &str, run: &str, branch: Option<&str>, hash: Option<&str>, started_at: i64) -> LeafRun {
    LeafRun {
        id: id.into(),
        workflow_run_id: run.into(),
        branch_run_id: branch.map(Into::into),
        leaf_id: "leaf".into(),
        task_id: "task".into(),
        input_hash: hash.map(Into::into),
        status: "done".into(),
        output: json!("text"),
        artifacts: json!(["a.txt"]),
        started_at,
        completed_at: None,
    }
}

fn control(id: &str, run: &str) -> ControlNodeRun {
    ControlNodeRun {
        id: id.into(),
        workflow_run_id: run.into(),
        node_id: "n".into(),
        kind: "choose".into(),
        status: "done".into(),
        selected_children: json!(["x", "y"]),
        result: json!({}),
        started_at: 1,
        completed_at: Some(1),
    }
}

fn candidate(id: &str, run: &str, control: &str) -> TeacherCandidate {
    TeacherCandidate {
        id: id.into(),
        workflow_run_id: run.into(),
        control_node_run_id: control.into(),
        candidate_id: "c".into(),
        branch_run_id: None,
        score: Some(0.5),
        passed: Some(false),
        rationale: json!({"why": "because"}),
        created_at: 3,
    }
}

#[test]
fn everything_comes_back_as_it_was_written_and_can_be_written_again() {
    let store = TestStore::new();
    let mut run = workflow("w", 1);
    store.upsert_workflow_run(&run).unwrap();
    assert_eq!(store.get_workflow_run("w").unwrap(), Some(run.clone()));
    run.status = "done".into();
    run.completed_at = Some(9);
    run.input_hash = None;
    store.upsert_workflow_run(&run).unwrap();
    assert_eq!(store.get_workflow_run("w").unwrap(), Some(run));

    let mut run = branch("b", "w");
    store.upsert_branch_run(&run).unwrap();
    run.result = json!(null);
    store.upsert_branch_run(&run).unwrap();
    assert_eq!(store.get_branch_run("b").unwrap(), Some(run.clone()));
    assert_eq!(store.list_branch_runs("w").unwrap(), [run]);

    let mut run = leaf("l", "w", Some("b"), Some("h"), 1);
    store.upsert_leaf_run(&run).unwrap();
    run.completed_at = Some(2);
    store.upsert_leaf_run(&run).unwrap();
    assert_eq!(store.get_leaf_run("l").unwrap(), Some(run.clone()));
    assert_eq!(store.list_leaf_runs("w").unwrap(), [run]);

    let mut run = control("n", "w");
    store.upsert_control_node_run(&run).unwrap();
    run.selected_children = json!([]);
    store.upsert_control_node_run(&run).unwrap();
    assert_eq!(store.get_control_node_run("n").unwrap(), Some(run.clone()));
    assert_eq!(store.list_control_node_runs("w").unwrap(), [run]);

    let mut one = candidate("t", "w", "n");
    store.upsert_teacher_candidate(&one).unwrap();
    one.branch_run_id = Some("b".into());
    one.score = None;
    one.passed = None;
    store.upsert_teacher_candidate(&one).unwrap();
    assert_eq!(store.get_teacher_candidate("t").unwrap(), Some(one.clone()));
    assert_eq!(store.list_teacher_candidates("n").unwrap(), [one]);
}

#[test]
fn what_is_not_there_is_none_or_nothing() {
    let store = TestStore::new();
    assert_eq!(store.get_workflow_run("x").unwrap(), None);
    assert_eq!(store.get_branch_run("x").unwrap(), None);
    assert_eq!(store.get_leaf_run("x").unwrap(), None);
    assert_eq!(store.get_control_node_run("x").unwrap(), None);
    assert_eq!(store.get_teacher_candidate("x").unwrap(), None);
    assert!(store.list_branch_runs("x").unwrap().is_empty());
    assert!(store.list_leaf_runs("x").unwrap().is_empty());
    assert!(store.list_control_node_runs("x").unwrap().is_empty());
    assert!(store.list_teacher_candidates("x").unwrap().is_empty());
    assert!(store.find_leaf_runs("x", "y", None).unwrap().is_empty());
    store.delete_workflow_run("x").unwrap();
}

#[test]
fn runs_are_listed_latest_first_and_by_what_is_asked() {
    let store = TestStore::new();
    for (at, (flow, status)) in [("f", "done"), ("f", "failed"), ("g", "done"), ("f", "done")]
        .into_iter()
        .enumerate()
    {
        let mut run = workflow(&at.to_string(), 5);
        run.workflow_id = flow.into();
        run.status = status.into();
        store.upsert_workflow_run(&run).unwrap();
    }
    let list = |workflow_id: Option<&str>, status: Option<&str>, limit| -> Vec<String> {
        let filters = WorkflowRunFilters {
            workflow_id: workflow_id.map(Into::into),
            status: status.map(Into::into),
            limit,
        };
        let runs = store.list_workflow_runs(&filters).unwrap();
        runs.into_iter().map(|run| run.id).collect()
    };
    assert_eq!(list(None, None, None), ["3", "2", "1", "0"]);
    assert_eq!(list(Some("f"), None, None), ["3", "1", "0"]);
    assert_eq!(list(None, Some("done"), None), ["3", "2", "0"]);
    assert_eq!(list(Some("f"), Some("done"), None), ["3", "0"]);
    assert_eq!(list(Some("f"), Some("done"), Some(1)), ["3"]);
    assert!(list(None, None, Some(0)).is_empty());
}

#[test]
fn replay_finds_the_runs_of_a_leaf_on_an_input_latest_first() {
    let store = TestStore::new();
    store.upsert_workflow_run(&workflow("w", 1)).unwrap();
    store.upsert_workflow_run(&workflow("v", 1)).unwrap();
    store
        .upsert_leaf_run(&leaf("old", "w", None, Some("h"), 1))
        .unwrap();
    store
        .upsert_leaf_run(&leaf("new", "w", None, Some("h"), 2))
        .unwrap();
    store
        .upsert_leaf_run(&leaf("other input", "w", None, Some("i"), 3))
        .unwrap();
    store
        .upsert_leaf_run(&leaf("no input", "w", None, None, 4))
        .unwrap();
    store
        .upsert_leaf_run(&leaf("other run", "v", None, Some("h"), 5))
        .unwrap();
    let mut other = leaf("other leaf", "w", None, Some("h"), 6);
    other.leaf_id = "another".into();
    store.upsert_leaf_run(&other).unwrap();

    let found = |hash: Option<&str>| -> Vec<String> {
        let runs = store.find_leaf_runs("w", "leaf", hash).unwrap();
        runs.into_iter().map(|run| run.id).collect()
    };
    assert_eq!(found(Some("h")), ["new", "old"]);
    assert_eq!(found(None), ["no input"]);
    assert!(found(Some("nothing")).is_empty());

    let plan: String = Connection::open(store.db())
        .unwrap()
        .query_row(
            "EXPLAIN QUERY PLAN SELECT * FROM leaf_runs WHERE workflow_run_id = 'w' AND leaf_id = 'l'
             AND input_hash IS NULL",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("idx_leaf_runs_replay_lookup"), "{plan}");
}

#[test]
fn deleting_a_run_takes_what_belongs_to_it_along() {
    let store = TestStore::new();
    for run in ["w", "stays"] {
        let id = |kind: &str| format!("{kind} of {run}");
        store.upsert_workflow_run(&workflow(run, 1)).unwrap();
        store.upsert_branch_run(&branch(&id("b"), run)).unwrap();
        store
            .upsert_leaf_run(&leaf(&id("l"), run, Some(&id("b")), None, 1))
            .unwrap();
        store
            .upsert_control_node_run(&control(&id("n"), run))
            .unwrap();
        store
            .upsert_teacher_candidate(&candidate(&id("t"), run, &id("n")))
            .unwrap();
    }
    store.delete_workflow_run("w").unwrap();
    let conn = Connection::open(store.db()).unwrap();
    for table in [
        "branch_runs",
        "leaf_runs",
        "control_node_runs",
        "teacher_candidates",
    ] {
        let query = format!("SELECT group_concat(workflow_run_id) FROM {table}");
        let left: String = conn.query_row(&query, [], |row| row.get(0)).unwrap();
        assert_eq!(left, "stays", "{table}");
    }
    assert_eq!(store.get_workflow_run("w").unwrap(), None);
}

#[test]
fn a_row_that_belongs_to_nothing_is_refused_by_name() {
    let store = TestStore::new();
    let missing = |error: Error| match error {
        Error::NotFound { what, id } => (what, id),
        other => panic!("{other:?}"),
    };
    let error = store.upsert_branch_run(&branch("b", "no run")).unwrap_err();
    assert_eq!(missing(error), (Thing::WorkflowRun, "no run".into()));
    store.upsert_workflow_run(&workflow("w", 1)).unwrap();
    let error = store
        .upsert_leaf_run(&leaf("l", "w", Some("no branch"), None, 1))
        .unwrap_err();
    assert_eq!(missing(error), (Thing::BranchRun, "no branch".into()));
    let error = store
        .upsert_control_node_run(&control("n", "no run"))
        .unwrap_err();
    assert_eq!(missing(error), (Thing::WorkflowRun, "no run".into()));
    let error = store
        .upsert_teacher_candidate(&candidate("t", "w", "no node"))
        .unwrap_err();
    assert_eq!(error.to_string(), "no control node run 'no node'");
}

#[test]
fn a_score_that_is_no_number_is_refused() {
    let store = TestStore::new();
    store.upsert_workflow_run(&workflow("w", 1)).unwrap();
    store.upsert_control_node_run(&control("n", "w")).unwrap();
    let mut one = candidate("t", "w", "n");
    one.score = Some(f64::NAN);
    let error = store.upsert_teacher_candidate(&one).unwrap_err();
    assert!(matches!(error, Error::InvalidValue { .. }), "{error:?}");
    one.score = Some(f64::INFINITY);
    store.upsert_teacher_candidate(&one).unwrap();
    assert_eq!(store.get_teacher_candidate("t").unwrap(), Some(one));
}

#[test]
fn json_that_does_not_parse_is_an_error_that_names_it() {
    let store = TestStore::new();
    store.upsert_workflow_run(&workflow("w", 1)).unwrap();
    store.upsert_branch_run(&branch("b", "w")).unwrap();
    store
        .upsert_leaf_run(&leaf("l", "w", None, None, 1))
        .unwrap();
    store.upsert_control_node_run(&control("n", "w")).unwrap();
    store
        .upsert_teacher_candidate(&candidate("t", "w", "n"))
        .unwrap();
    Connection::open(store.db())
        .unwrap()
        .execute_batch(
            "UPDATE workflow_runs SET metadata_json = '{'; UPDATE branch_runs SET result_json = '';
             UPDATE leaf_runs SET artifacts_json = '[1'; UPDATE control_node_runs SET selected_children_json = 'x';
             UPDATE teacher_candidates SET rationale_json = '{}}'",
        )
        .unwrap();
    let check = |error: Error, name: &str| {
        assert!(matches!(error, Error::InvalidJson { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    };
    check(
        store.get_workflow_run("w").unwrap_err(),
        "the metadata of workflow run \"w\"",
    );
    check(
        store.list_branch_runs("w").unwrap_err(),
        "the result of branch run \"b\"",
    );
    check(
        store.get_leaf_run("l").unwrap_err(),
        "the artifacts of leaf run \"l\"",
    );
    check(
        store.get_control_node_run("n").unwrap_err(),
        "the selected children of control node run \"n\"",
    );
    check(
        store.list_teacher_candidates("n").unwrap_err(),
        "the rationale of teacher candidate \"t\"",
    );
}

#[test]
fn rows_that_sql_wrote_with_the_defaults_can_be_read() {
    let store = TestStore::new();
    Connection::open(store.db())
        .unwrap()
        .execute_batch(
            "INSERT INTO workflow_runs(id, workflow_id, goal, status, started_at) VALUES ('w', 'f', 'g', 's', 1);
             INSERT INTO leaf_runs(id, workflow_run_id, leaf_id, task_id, status, started_at)
                 VALUES ('l', 'w', 'x', 't', 's', 1)",
        )
        .unwrap();
    assert_eq!(
        store.get_workflow_run("w").unwrap().unwrap().metadata,
        json!({})
    );
    let leaf = store.get_leaf_run("l").unwrap().unwrap();
    assert_eq!((leaf.output, leaf.artifacts), (json!({}), json!([])));
}

#[test]
fn runs_are_written_in_a_transaction_together() {
    let store = TestStore::new();
    let failed = store.transaction(|tx| {
        tx.upsert_workflow_run(&workflow("w", 1))?;
        tx.upsert_branch_run(&branch("b", "no run"))
    });
    assert!(failed.is_err());
    assert_eq!(store.get_workflow_run("w").unwrap(), None);
}
