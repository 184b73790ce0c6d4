//! Reading the workflow tables.

use rusqlite::{params, Row};

use super::{
    BranchRun, ControlNodeRun, LeafRun, TeacherCandidate, WorkflowRun, WorkflowRunFilters,
};
use crate::error::Result;
use crate::sql;
use crate::transaction::Transaction;

/// How many workflow runs are listed when the caller sets no limit.
const RUNS: usize = 100;

macro_rules! select_workflow_runs {
    ($rest:literal) => {
        concat!(
            "SELECT id, workflow_id, goal, status, input_hash, started_at, completed_at, metadata_json \
             FROM main.workflow_runs ",
            $rest
        )
    };
}

macro_rules! select_branch_runs {
    ($rest:literal) => {
        concat!(
            "SELECT id, workflow_run_id, branch_id, node_id, status, started_at, completed_at, result_json \
             FROM main.branch_runs ",
            $rest
        )
    };
}

macro_rules! select_leaf_runs {
    ($rest:literal) => {
        concat!(
            "SELECT id, workflow_run_id, branch_run_id, leaf_id, task_id, input_hash, status, output_json, \
             artifacts_json, started_at, completed_at FROM main.leaf_runs ",
            $rest
        )
    };
}

macro_rules! select_control_node_runs {
    ($rest:literal) => {
        concat!(
            "SELECT id, workflow_run_id, node_id, kind, status, selected_children_json, result_json, started_at, \
             completed_at FROM main.control_node_runs ",
            $rest
        )
    };
}

macro_rules! select_teacher_candidates {
    ($rest:literal) => {
        concat!(
            "SELECT id, workflow_run_id, control_node_run_id, candidate_id, branch_run_id, score, passed, \
             rationale_json, created_at FROM main.teacher_candidates ",
            $rest
        )
    };
}

fn workflow_run(row: &Row<'_>) -> rusqlite::Result<WorkflowRun> {
    let id: String = row.get(0)?;
    Ok(WorkflowRun {
        metadata: sql::json(row, 7, || format!("the metadata of workflow run {id:?}"))?,
        workflow_id: row.get(1)?,
        goal: row.get(2)?,
        status: row.get(3)?,
        input_hash: row.get(4)?,
        started_at: row.get(5)?,
        completed_at: row.get(6)?,
        id,
    })
}

fn branch_run(row: &Row<'_>) -> rusqlite::Result<BranchRun> {
    let id: String = row.get(0)?;
    Ok(BranchRun {
        result: sql::json(row, 7, || format!("the result of branch run {id:?}"))?,
        workflow_run_id: row.get(1)?,
        branch_id: row.get(2)?,
        node_id: row.get(3)?,
        status: row.get(4)?,
        started_at: row.get(5)?,
        completed_at: row.get(6)?,
        id,
    })
}

fn leaf_run(row: &Row<'_>) -> rusqlite::Result<LeafRun> {
    let id: String = row.get(0)?;
    Ok(LeafRun {
        output: sql::json(row, 7, || format!("the output of leaf run {id:?}"))?,
        artifacts: sql::json(row, 8, || format!("the artifacts of leaf run {id:?}"))?,
        workflow_run_id: row.get(1)?,
        branch_run_id: row.get(2)?,
        leaf_id: row.get(3)?,
        task_id: row.get(4)?,
        input_hash: row.get(5)?,
        status: row.get(6)?,
        started_at: row.get(9)?,
        completed_at: row.get(10)?,
        id,
    })
}

fn control_node_run(row: &Row<'_>) -> rusqlite::Result<ControlNodeRun> {
    let id: String = row.get(0)?;
    Ok(ControlNodeRun {
        selected_children: sql::json(row, 5, || {
            format!("the selected children of control node run {id:?}")
        })?,
        result: sql::json(row, 6, || format!("the result of control node run {id:?}"))?,
        workflow_run_id: row.get(1)?,
        node_id: row.get(2)?,
        kind: row.get(3)?,
        status: row.get(4)?,
        started_at: row.get(7)?,
        completed_at: row.get(8)?,
        id,
    })
}

fn teacher_candidate(row: &Row<'_>) -> rusqlite::Result<TeacherCandidate> {
    let id: String = row.get(0)?;
    let passed: Option<i64> = row.get(6)?;
    Ok(TeacherCandidate {
        rationale: sql::json(row, 7, || {
            format!("the rationale of teacher candidate {id:?}")
        })?,
        workflow_run_id: row.get(1)?,
        control_node_run_id: row.get(2)?,
        candidate_id: row.get(3)?,
        branch_run_id: row.get(4)?,
        score: row.get(5)?,
        passed: passed.map(|passed| passed != 0),
        created_at: row.get(8)?,
        id,
    })
}

store_methods! {
    Transaction

    /// Reads a workflow run. `None` if there is no such run.
    read
    fn get_workflow_run(&self, id: &str) -> Result<Option<WorkflowRun>> {
        sql::first(
            self.conn(),
            select_workflow_runs!("WHERE id = ?1"),
            [id],
            || format!("read workflow run {id:?}"),
            workflow_run,
        )
    }

    /// Lists workflow runs, the latest start first.
    read
    fn list_workflow_runs(&self, filters: &WorkflowRunFilters) -> Result<Vec<WorkflowRun>> {
        // One text for each combination, so that each can use its index.
        let query = match (&filters.workflow_id, &filters.status) {
            (None, None) => select_workflow_runs!(
                "WHERE ?1 IS NULL AND ?2 IS NULL ORDER BY started_at DESC, rowid DESC LIMIT ?3"
            ),
            (Some(_), None) => select_workflow_runs!(
                "WHERE workflow_id = ?1 AND ?2 IS NULL ORDER BY started_at DESC, rowid DESC LIMIT ?3"
            ),
            (None, Some(_)) => select_workflow_runs!(
                "WHERE ?1 IS NULL AND status = ?2 ORDER BY started_at DESC, rowid DESC LIMIT ?3"
            ),
            (Some(_), Some(_)) => select_workflow_runs!(
                "WHERE workflow_id = ?1 AND status = ?2 ORDER BY started_at DESC, rowid DESC LIMIT ?3"
            ),
        };
        let limit = sql::limit(filters.limit.unwrap_or(RUNS));
        sql::all(
            self.conn(),
            query,
            params![filters.workflow_id, filters.status, limit],
            || "list workflow runs".to_owned(),
            workflow_run,
        )
    }

    /// Reads a branch run. `None` if there is no such run.
    read
    fn get_branch_run(&self, id: &str) -> Result<Option<BranchRun>> {
        sql::first(
            self.conn(),
            select_branch_runs!("WHERE id = ?1"),
            [id],
            || format!("read branch run {id:?}"),
            branch_run,
        )
    }

    /// Lists the branch runs of a workflow run, the earliest start first.
    read
    fn list_branch_runs(&self, workflow_run_id: &str) -> Result<Vec<BranchRun>> {
        sql::all(
            self.conn(),
            select_branch_runs!("WHERE workflow_run_id = ?1 ORDER BY started_at, rowid"),
            [workflow_run_id],
            || format!("list branch runs of workflow run {workflow_run_id:?}"),
            branch_run,
        )
    }

    /// Reads a leaf run. `None` if there is no such run.
    read
    fn get_leaf_run(&self, id: &str) -> Result<Option<LeafRun>> {
        sql::first(
            self.conn(),
            select_leaf_runs!("WHERE id = ?1"),
            [id],
            || format!("read leaf run {id:?}"),
            leaf_run,
        )
    }

    /// Lists the leaf runs of a workflow run, the earliest start first.
    read
    fn list_leaf_runs(&self, workflow_run_id: &str) -> Result<Vec<LeafRun>> {
        sql::all(
            self.conn(),
            select_leaf_runs!("WHERE workflow_run_id = ?1 ORDER BY started_at, rowid"),
            [workflow_run_id],
            || format!("list leaf runs of workflow run {workflow_run_id:?}"),
            leaf_run,
        )
    }

    /// The replay lookup: the runs of a leaf on this input within a workflow run, the latest first. Without a hash,
    /// those that have none. To replay a run, take the first one whose status says that its output is good.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let store = sqlite_branch_store::StateStore::open(Some(dir.path().join("state.db")))?;
    /// // What a step gave on the same input in an earlier attempt need not be computed again.
    /// let earlier = store.find_leaf_runs("run 1", "summarize", Some("hash of the input"))?;
    /// let done = earlier.iter().find(|run| run.status == "completed");
    /// assert!(done.is_none());
    /// # Ok(())
    /// # }
    /// ```
    read
    fn find_leaf_runs(
        &self,
        workflow_run_id: &str,
        leaf_id: &str,
        input_hash: Option<&str>,
    ) -> Result<Vec<LeafRun>> {
        sql::all(
            self.conn(),
            select_leaf_runs!(
                "WHERE workflow_run_id = ?1 AND leaf_id = ?2 AND input_hash IS ?3 \
                 ORDER BY started_at DESC, rowid DESC"
            ),
            params![workflow_run_id, leaf_id, input_hash],
            || format!("find runs of leaf {leaf_id:?} in workflow run {workflow_run_id:?}"),
            leaf_run,
        )
    }

    /// Reads the run of a control node. `None` if there is no such run.
    read
    fn get_control_node_run(&self, id: &str) -> Result<Option<ControlNodeRun>> {
        sql::first(
            self.conn(),
            select_control_node_runs!("WHERE id = ?1"),
            [id],
            || format!("read control node run {id:?}"),
            control_node_run,
        )
    }

    /// Lists the control node runs of a workflow run, the earliest start first.
    read
    fn list_control_node_runs(&self, workflow_run_id: &str) -> Result<Vec<ControlNodeRun>> {
        sql::all(
            self.conn(),
            select_control_node_runs!("WHERE workflow_run_id = ?1 ORDER BY started_at, rowid"),
            [workflow_run_id],
            || format!("list control node runs of workflow run {workflow_run_id:?}"),
            control_node_run,
        )
    }

    /// Reads a candidate. `None` if there is no such candidate.
    read
    fn get_teacher_candidate(&self, id: &str) -> Result<Option<TeacherCandidate>> {
        sql::first(
            self.conn(),
            select_teacher_candidates!("WHERE id = ?1"),
            [id],
            || format!("read teacher candidate {id:?}"),
            teacher_candidate,
        )
    }

    /// Lists the candidates of the run of a control node, in the order in which they were written.
    read
    fn list_teacher_candidates(
        &self,
        control_node_run_id: &str,
    ) -> Result<Vec<TeacherCandidate>> {
        sql::all(
            self.conn(),
            select_teacher_candidates!("WHERE control_node_run_id = ?1 ORDER BY rowid"),
            [control_node_run_id],
            || format!("list candidates of control node run {control_node_run_id:?}"),
            teacher_candidate,
        )
    }
}
