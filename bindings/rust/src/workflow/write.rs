//! Writing the workflow tables.

use rusqlite::params;

use super::{BranchRun, ControlNodeRun, LeafRun, TeacherCandidate, WorkflowRun};
use crate::error::{Error, Result, Thing};
use crate::sql;
use crate::transaction::Transaction;

impl Transaction<'_> {
    /// The same error, or which of the rows that a row refers to is missing if a foreign key says that one is.
    fn or_missing_run(&self, error: Error, parents: &[(Parent, &str)]) -> Error {
        let missing = parents.iter().find(|((_, query), id)| {
            let doing = || format!("look for {id:?}");
            matches!(sql::value(self.conn(), query, [id], doing), Ok(false))
        });
        match missing {
            Some(((what, _), id)) => error.or_missing(*what, id),
            None => error,
        }
    }
}

store_methods! {
    Transaction

    /// Writes a workflow run, new or not.
    write("write workflow run {id:?}", id = run.id)
    fn upsert_workflow_run(&self, run: &WorkflowRun) -> Result<()> {
        let what = || format!("workflow run {:?}", run.id);
        let metadata = sql::json_text(&run.metadata, || format!("the metadata of {}", what()))?;
        sql::run(
            self.conn(),
            "INSERT INTO main.workflow_runs(id, workflow_id, goal, status, input_hash, started_at, completed_at, \
             metadata_json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
             ON CONFLICT(id) DO UPDATE SET workflow_id = excluded.workflow_id, goal = excluded.goal, \
             status = excluded.status, input_hash = excluded.input_hash, started_at = excluded.started_at, \
             completed_at = excluded.completed_at, metadata_json = excluded.metadata_json",
            params![
                run.id,
                run.workflow_id,
                run.goal,
                run.status,
                run.input_hash,
                run.started_at,
                run.completed_at,
                metadata,
            ],
            || format!("write {}", what()),
        )?;
        Ok(())
    }

    /// Deletes a workflow run with everything that belongs to it. Nothing if there is no such run.
    together("delete workflow run {id:?}")
    fn delete_workflow_run(&self, id: &str) -> Result<()> {
        // Whatever the foreign_keys pragma says, and before what they refer to.
        for statement in [
            "DELETE FROM main.teacher_candidates WHERE workflow_run_id = ?1",
            "DELETE FROM main.control_node_runs WHERE workflow_run_id = ?1",
            "DELETE FROM main.leaf_runs WHERE workflow_run_id = ?1",
            "DELETE FROM main.branch_runs WHERE workflow_run_id = ?1",
            "DELETE FROM main.workflow_runs WHERE id = ?1",
        ] {
            sql::run(self.conn(), statement, [id], || {
                format!("delete workflow run {id:?}")
            })?;
        }
        Ok(())
    }

    /// Writes a branch run, new or not.
    write("write branch run {id:?}", id = run.id)
    fn upsert_branch_run(&self, run: &BranchRun) -> Result<()> {
        let what = || format!("branch run {:?}", run.id);
        let result = sql::json_text(&run.result, || format!("the result of {}", what()))?;
        sql::run(
            self.conn(),
            "INSERT INTO main.branch_runs(id, workflow_run_id, branch_id, node_id, status, started_at, completed_at, \
             result_json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
             ON CONFLICT(id) DO UPDATE SET workflow_run_id = excluded.workflow_run_id, \
             branch_id = excluded.branch_id, node_id = excluded.node_id, status = excluded.status, \
             started_at = excluded.started_at, completed_at = excluded.completed_at, \
             result_json = excluded.result_json",
            params![
                run.id,
                run.workflow_run_id,
                run.branch_id,
                run.node_id,
                run.status,
                run.started_at,
                run.completed_at,
                result,
            ],
            || format!("write {}", what()),
        )
        .map_err(|error| self.or_missing_run(error, &[(WORKFLOW_RUN, &run.workflow_run_id)]))?;
        Ok(())
    }

    /// Writes a leaf run, new or not.
    write("write leaf run {id:?}", id = run.id)
    fn upsert_leaf_run(&self, run: &LeafRun) -> Result<()> {
        let what = || format!("leaf run {:?}", run.id);
        let output = sql::json_text(&run.output, || format!("the output of {}", what()))?;
        let artifacts = sql::json_text(&run.artifacts, || format!("the artifacts of {}", what()))?;
        sql::run(
            self.conn(),
            "INSERT INTO main.leaf_runs(id, workflow_run_id, branch_run_id, leaf_id, task_id, input_hash, status, \
             output_json, artifacts_json, started_at, completed_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
             ON CONFLICT(id) DO UPDATE SET workflow_run_id = excluded.workflow_run_id, \
             branch_run_id = excluded.branch_run_id, leaf_id = excluded.leaf_id, task_id = excluded.task_id, \
             input_hash = excluded.input_hash, status = excluded.status, output_json = excluded.output_json, \
             artifacts_json = excluded.artifacts_json, started_at = excluded.started_at, \
             completed_at = excluded.completed_at",
            params![
                run.id,
                run.workflow_run_id,
                run.branch_run_id,
                run.leaf_id,
                run.task_id,
                run.input_hash,
                run.status,
                output,
                artifacts,
                run.started_at,
                run.completed_at,
            ],
            || format!("write {}", what()),
        )
        .map_err(|error| {
            let mut parents = vec![(WORKFLOW_RUN, run.workflow_run_id.as_str())];
            parents.extend(run.branch_run_id.as_deref().map(|id| (BRANCH_RUN, id)));
            self.or_missing_run(error, &parents)
        })?;
        Ok(())
    }

    /// Writes the run of a control node, new or not.
    write("write control node run {id:?}", id = run.id)
    fn upsert_control_node_run(&self, run: &ControlNodeRun) -> Result<()> {
        let what = || format!("control node run {:?}", run.id);
        let children = sql::json_text(&run.selected_children, || {
            format!("the selected children of {}", what())
        })?;
        let result = sql::json_text(&run.result, || format!("the result of {}", what()))?;
        sql::run(
            self.conn(),
            "INSERT INTO main.control_node_runs(id, workflow_run_id, node_id, kind, status, selected_children_json, \
             result_json, started_at, completed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
             ON CONFLICT(id) DO UPDATE SET workflow_run_id = excluded.workflow_run_id, node_id = excluded.node_id, \
             kind = excluded.kind, status = excluded.status, \
             selected_children_json = excluded.selected_children_json, result_json = excluded.result_json, \
             started_at = excluded.started_at, completed_at = excluded.completed_at",
            params![
                run.id,
                run.workflow_run_id,
                run.node_id,
                run.kind,
                run.status,
                children,
                result,
                run.started_at,
                run.completed_at,
            ],
            || format!("write {}", what()),
        )
        .map_err(|error| self.or_missing_run(error, &[(WORKFLOW_RUN, &run.workflow_run_id)]))?;
        Ok(())
    }

    /// Writes a candidate, new or not. A score that is not a number is refused.
    write("write teacher candidate {id:?}", id = candidate.id)
    fn upsert_teacher_candidate(&self, candidate: &TeacherCandidate) -> Result<()> {
        let what = || format!("teacher candidate {:?}", candidate.id);
        let rationale = sql::json_text(&candidate.rationale, || {
            format!("the rationale of {}", what())
        })?;
        if candidate.score.is_some_and(f64::is_nan) {
            return Err(Error::InvalidValue {
                what: format!("the score of {}", what()),
                reason: "is not a number, which SQLite would store as none".to_owned(),
            });
        }
        sql::run(
            self.conn(),
            "INSERT INTO main.teacher_candidates(id, workflow_run_id, control_node_run_id, candidate_id, \
             branch_run_id, score, passed, rationale_json, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
             ON CONFLICT(id) DO UPDATE SET workflow_run_id = excluded.workflow_run_id, \
             control_node_run_id = excluded.control_node_run_id, candidate_id = excluded.candidate_id, \
             branch_run_id = excluded.branch_run_id, score = excluded.score, passed = excluded.passed, \
             rationale_json = excluded.rationale_json, created_at = excluded.created_at",
            params![
                candidate.id,
                candidate.workflow_run_id,
                candidate.control_node_run_id,
                candidate.candidate_id,
                candidate.branch_run_id,
                candidate.score,
                candidate.passed,
                rationale,
                candidate.created_at,
            ],
            || format!("write {}", what()),
        )
        .map_err(|error| {
            let mut parents = vec![
                (WORKFLOW_RUN, candidate.workflow_run_id.as_str()),
                (CONTROL_NODE_RUN, candidate.control_node_run_id.as_str()),
            ];
            let branch_run = candidate.branch_run_id.as_deref();
            parents.extend(branch_run.map(|id| (BRANCH_RUN, id)));
            self.or_missing_run(error, &parents)
        })?;
        Ok(())
    }
}

/// What a row can refer to, and the query that tells whether it is there.
type Parent = (Thing, &'static str);

const WORKFLOW_RUN: Parent = (
    Thing::WorkflowRun,
    "SELECT EXISTS (SELECT 1 FROM main.workflow_runs WHERE id = ?1)",
);
const BRANCH_RUN: Parent = (
    Thing::BranchRun,
    "SELECT EXISTS (SELECT 1 FROM main.branch_runs WHERE id = ?1)",
);
const CONTROL_NODE_RUN: Parent = (
    Thing::ControlNodeRun,
    "SELECT EXISTS (SELECT 1 FROM main.control_node_runs WHERE id = ?1)",
);
