//! Traces of workflow runs: tables that the seed creates and leaves to others to fill.
//!
//! A workflow run has branch runs, leaf runs and runs of control nodes; a control node has the candidates that a teacher
//! chose from. Statuses and kinds are any text: the tables do not limit them.

mod read;
mod records;
mod write;

pub use records::{
    BranchRun, ControlNodeRun, LeafRun, TeacherCandidate, WorkflowRun, WorkflowRunFilters,
};
