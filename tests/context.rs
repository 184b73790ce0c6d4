//! What a model is sent: `branch_compact`, `branch_context`, `branch_tokens`, `branch_usage`.

mod host;

#[path = "context/model.rs"]
mod model;

#[path = "context/compaction.rs"]
mod compaction;
#[path = "context/hostile.rs"]
mod hostile;
#[path = "context/pairs.rs"]
mod pairs;
#[path = "context/random.rs"]
mod random;
#[path = "context/usage.rs"]
mod usage;
#[path = "context/window.rs"]
mod window;
