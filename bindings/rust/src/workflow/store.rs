//! The workflow methods of the store.

use super::{
    BranchRun, ControlNodeRun, LeafRun, TeacherCandidate, WorkflowRun, WorkflowRunFilters,
};
use crate::error::Result;
use crate::store::StateStore;

/// Workflow traces.
impl StateStore {
    /// Writes a workflow run, new or not.
    pub fn upsert_workflow_run(&self, run: &WorkflowRun) -> Result<()> {
        let doing = || format!("write workflow run {:?}", run.id);
        self.write(doing, |tx| tx.upsert_workflow_run(run))
    }

    /// Reads a workflow run. `None` if there is no such run.
    pub fn get_workflow_run(&self, id: &str) -> Result<Option<WorkflowRun>> {
        self.read(|tx| tx.get_workflow_run(id))
    }

    /// Lists workflow runs, the latest start first.
    pub fn list_workflow_runs(&self, filters: &WorkflowRunFilters) -> Result<Vec<WorkflowRun>> {
        self.read(|tx| tx.list_workflow_runs(filters))
    }

    /// Deletes a workflow run with everything that belongs to it. Nothing if there is no such run.
    pub fn delete_workflow_run(&self, id: &str) -> Result<()> {
        let doing = || format!("delete workflow run {id:?}");
        self.write_together(doing, |tx| tx.delete_workflow_run(id))
    }

    /// Writes a branch run, new or not.
    pub fn upsert_branch_run(&self, run: &BranchRun) -> Result<()> {
        let doing = || format!("write branch run {:?}", run.id);
        self.write(doing, |tx| tx.upsert_branch_run(run))
    }

    /// Reads a branch run. `None` if there is no such run.
    pub fn get_branch_run(&self, id: &str) -> Result<Option<BranchRun>> {
        self.read(|tx| tx.get_branch_run(id))
    }

    /// Lists the branch runs of a workflow run, the earliest start first.
    pub fn list_branch_runs(&self, workflow_run_id: &str) -> Result<Vec<BranchRun>> {
        self.read(|tx| tx.list_branch_runs(workflow_run_id))
    }

    /// Writes a leaf run, new or not.
    pub fn upsert_leaf_run(&self, run: &LeafRun) -> Result<()> {
        let doing = || format!("write leaf run {:?}", run.id);
        self.write(doing, |tx| tx.upsert_leaf_run(run))
    }

    /// Reads a leaf run. `None` if there is no such run.
    pub fn get_leaf_run(&self, id: &str) -> Result<Option<LeafRun>> {
        self.read(|tx| tx.get_leaf_run(id))
    }

    /// Lists the leaf runs of a workflow run, the earliest start first.
    pub fn list_leaf_runs(&self, workflow_run_id: &str) -> Result<Vec<LeafRun>> {
        self.read(|tx| tx.list_leaf_runs(workflow_run_id))
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
    pub fn find_leaf_runs(
        &self,
        workflow_run_id: &str,
        leaf_id: &str,
        input_hash: Option<&str>,
    ) -> Result<Vec<LeafRun>> {
        self.read(|tx| tx.find_leaf_runs(workflow_run_id, leaf_id, input_hash))
    }

    /// Writes the run of a control node, new or not.
    pub fn upsert_control_node_run(&self, run: &ControlNodeRun) -> Result<()> {
        let doing = || format!("write control node run {:?}", run.id);
        self.write(doing, |tx| tx.upsert_control_node_run(run))
    }

    /// Reads the run of a control node. `None` if there is no such run.
    pub fn get_control_node_run(&self, id: &str) -> Result<Option<ControlNodeRun>> {
        self.read(|tx| tx.get_control_node_run(id))
    }

    /// Lists the control node runs of a workflow run, the earliest start first.
    pub fn list_control_node_runs(&self, workflow_run_id: &str) -> Result<Vec<ControlNodeRun>> {
        self.read(|tx| tx.list_control_node_runs(workflow_run_id))
    }

    /// Writes a candidate, new or not. A score that is not a number is refused.
    pub fn upsert_teacher_candidate(&self, candidate: &TeacherCandidate) -> Result<()> {
        let doing = || format!("write teacher candidate {:?}", candidate.id);
        self.write(doing, |tx| tx.upsert_teacher_candidate(candidate))
    }

    /// Reads a candidate. `None` if there is no such candidate.
    pub fn get_teacher_candidate(&self, id: &str) -> Result<Option<TeacherCandidate>> {
        self.read(|tx| tx.get_teacher_candidate(id))
    }

    /// Lists the candidates of the run of a control node, in the order in which they were written.
    pub fn list_teacher_candidates(
        &self,
        control_node_run_id: &str,
    ) -> Result<Vec<TeacherCandidate>> {
        self.read(|tx| tx.list_teacher_candidates(control_node_run_id))
    }
}
