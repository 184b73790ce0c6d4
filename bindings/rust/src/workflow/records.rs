//! The rows of the workflow tables.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A row of `workflow_runs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkflowRun {
    /// Any text.
    pub id: String,
    /// The workflow that was run.
    pub workflow_id: String,
    /// What it was to reach.
    pub goal: String,
    /// What it is doing.
    pub status: String,
    /// Hash of what it was given.
    pub input_hash: Option<String>,
    /// Unix seconds.
    pub started_at: i64,
    /// Unix seconds; none while it runs.
    pub completed_at: Option<i64>,
    /// What else is known of it.
    pub metadata: Value,
}

/// A row of `branch_runs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BranchRun {
    /// Any text.
    pub id: String,
    /// The workflow run that it belongs to.
    pub workflow_run_id: String,
    /// The branch of the workflow that was run.
    pub branch_id: String,
    /// The node that the branch hangs on.
    pub node_id: String,
    /// What it is doing.
    pub status: String,
    /// Unix seconds.
    pub started_at: i64,
    /// Unix seconds; none while it runs.
    pub completed_at: Option<i64>,
    /// What came of it.
    pub result: Value,
}

/// A row of `leaf_runs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeafRun {
    /// Any text.
    pub id: String,
    /// The workflow run that it belongs to.
    pub workflow_run_id: String,
    /// The branch run that it belongs to, if any.
    pub branch_run_id: Option<String>,
    /// The leaf of the workflow that was run.
    pub leaf_id: String,
    /// The task that the leaf stands for.
    pub task_id: String,
    /// Hash of what it was given.
    pub input_hash: Option<String>,
    /// What it is doing.
    pub status: String,
    /// What it said.
    pub output: Value,
    /// What it made.
    pub artifacts: Value,
    /// Unix seconds.
    pub started_at: i64,
    /// Unix seconds; none while it runs.
    pub completed_at: Option<i64>,
}

/// A row of `control_node_runs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlNodeRun {
    /// Any text.
    pub id: String,
    /// The workflow run that it belongs to.
    pub workflow_run_id: String,
    /// The control node that was run.
    pub node_id: String,
    /// What kind of node.
    pub kind: String,
    /// What it is doing.
    pub status: String,
    /// The children that it chose.
    pub selected_children: Value,
    /// What came of it.
    pub result: Value,
    /// Unix seconds.
    pub started_at: i64,
    /// Unix seconds; none while it runs.
    pub completed_at: Option<i64>,
}

/// A row of `teacher_candidates`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeacherCandidate {
    /// Any text.
    pub id: String,
    /// The workflow run that it belongs to.
    pub workflow_run_id: String,
    /// The run of the control node that it was a candidate of.
    pub control_node_run_id: String,
    /// The candidate.
    pub candidate_id: String,
    /// The branch run that made it, if any.
    pub branch_run_id: Option<String>,
    /// How good it is.
    pub score: Option<f64>,
    /// Whether it is good enough.
    pub passed: Option<bool>,
    /// Why.
    pub rationale: Value,
    /// Unix seconds.
    pub created_at: i64,
}

/// Which workflow runs to list.
#[derive(Debug, Clone, Default)]
pub struct WorkflowRunFilters {
    /// Only those of this workflow.
    pub workflow_id: Option<String>,
    /// Only those with this status.
    pub status: Option<String>,
    /// At most so many; 100 for none.
    pub limit: Option<usize>,
}
