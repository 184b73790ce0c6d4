//! What the seed program does to a database, stated by its effects: its tables, and what its methods run. It opens a
//! connection for each call and sets nothing on it.
#![allow(dead_code)] // Each test file uses its own part.

use std::path::{Path, PathBuf};

use sqlite_branch_store::rusqlite::{params, Connection, OptionalExtension};

/// The tables of the seed before there were branches: `user_version` 0, no parent, no leaf.
pub const LINEAR: &str = "
CREATE TABLE threads(
    id TEXT PRIMARY KEY, rollout_path TEXT, preview TEXT NOT NULL, ephemeral INTEGER NOT NULL,
    model_provider TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, status TEXT NOT NULL,
    path TEXT, cwd TEXT NOT NULL, cli_version TEXT NOT NULL, source TEXT NOT NULL, title TEXT, sandbox_policy TEXT,
    approval_mode TEXT, archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER, git_sha TEXT, git_branch TEXT,
    git_origin_url TEXT, memory_mode TEXT
);
CREATE INDEX idx_threads_updated_at ON threads(updated_at DESC);
CREATE INDEX idx_threads_archived_at ON threads(archived_at DESC);
CREATE INDEX idx_threads_archived_updated ON threads(archived, updated_at DESC);
CREATE TABLE thread_dynamic_tools(
    thread_id TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, description TEXT,
    input_schema TEXT NOT NULL, PRIMARY KEY(thread_id, position),
    FOREIGN KEY(thread_id) REFERENCES threads(id) ON DELETE CASCADE
);
CREATE TABLE messages(
    id INTEGER PRIMARY KEY AUTOINCREMENT, thread_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL,
    item_json TEXT, created_at INTEGER NOT NULL, FOREIGN KEY(thread_id) REFERENCES threads(id) ON DELETE CASCADE
);
CREATE INDEX idx_messages_thread_created_at ON messages(thread_id, created_at ASC);
CREATE TABLE checkpoints(
    thread_id TEXT NOT NULL, checkpoint_id TEXT NOT NULL, state_json TEXT NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY(thread_id, checkpoint_id), FOREIGN KEY(thread_id) REFERENCES threads(id) ON DELETE CASCADE
);
CREATE INDEX idx_checkpoints_thread_created_at ON checkpoints(thread_id, created_at DESC);
CREATE TABLE jobs(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, progress INTEGER, detail TEXT,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
CREATE INDEX idx_jobs_updated_at ON jobs(updated_at DESC);
";

/// What makes version 1 of it.
pub const BRANCHES: &str = "
ALTER TABLE messages ADD COLUMN parent_entry_id INTEGER NULL;
CREATE INDEX idx_messages_parent_entry_id ON messages(parent_entry_id);
ALTER TABLE threads ADD COLUMN current_leaf_id INTEGER NULL;
PRAGMA user_version = 1;
";

/// What makes version 2 of it.
pub const WORKFLOW: &str = "
CREATE TABLE workflow_runs(
    id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL, goal TEXT NOT NULL, status TEXT NOT NULL, input_hash TEXT,
    started_at INTEGER NOT NULL, completed_at INTEGER, metadata_json TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX idx_workflow_runs_status_started_at ON workflow_runs(status, started_at DESC);
CREATE INDEX idx_workflow_runs_workflow_started_at ON workflow_runs(workflow_id, started_at DESC);
CREATE TABLE branch_runs(
    id TEXT PRIMARY KEY, workflow_run_id TEXT NOT NULL, branch_id TEXT NOT NULL, node_id TEXT NOT NULL,
    status TEXT NOT NULL, started_at INTEGER NOT NULL, completed_at INTEGER, result_json TEXT NOT NULL DEFAULT '{}',
    FOREIGN KEY(workflow_run_id) REFERENCES workflow_runs(id) ON DELETE CASCADE
);
CREATE INDEX idx_branch_runs_workflow_run_id ON branch_runs(workflow_run_id);
CREATE INDEX idx_branch_runs_branch_id ON branch_runs(branch_id);
CREATE TABLE leaf_runs(
    id TEXT PRIMARY KEY, workflow_run_id TEXT NOT NULL, branch_run_id TEXT, leaf_id TEXT NOT NULL,
    task_id TEXT NOT NULL, input_hash TEXT, status TEXT NOT NULL, output_json TEXT NOT NULL DEFAULT '{}',
    artifacts_json TEXT NOT NULL DEFAULT '[]', started_at INTEGER NOT NULL, completed_at INTEGER,
    FOREIGN KEY(workflow_run_id) REFERENCES workflow_runs(id) ON DELETE CASCADE,
    FOREIGN KEY(branch_run_id) REFERENCES branch_runs(id) ON DELETE SET NULL
);
CREATE INDEX idx_leaf_runs_workflow_run_id ON leaf_runs(workflow_run_id);
CREATE INDEX idx_leaf_runs_replay_lookup ON leaf_runs(workflow_run_id, leaf_id, input_hash);
CREATE TABLE control_node_runs(
    id TEXT PRIMARY KEY, workflow_run_id TEXT NOT NULL, node_id TEXT NOT NULL, kind TEXT NOT NULL,
    status TEXT NOT NULL, selected_children_json TEXT NOT NULL DEFAULT '[]', result_json TEXT NOT NULL DEFAULT '{}',
    started_at INTEGER NOT NULL, completed_at INTEGER,
    FOREIGN KEY(workflow_run_id) REFERENCES workflow_runs(id) ON DELETE CASCADE
);
CREATE INDEX idx_control_node_runs_workflow_run_id ON control_node_runs(workflow_run_id);
CREATE INDEX idx_control_node_runs_node_id ON control_node_runs(node_id);
CREATE TABLE teacher_candidates(
    id TEXT PRIMARY KEY, workflow_run_id TEXT NOT NULL, control_node_run_id TEXT NOT NULL, candidate_id TEXT NOT NULL,
    branch_run_id TEXT, score REAL, passed INTEGER, rationale_json TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    FOREIGN KEY(workflow_run_id) REFERENCES workflow_runs(id) ON DELETE CASCADE,
    FOREIGN KEY(control_node_run_id) REFERENCES control_node_runs(id) ON DELETE CASCADE,
    FOREIGN KEY(branch_run_id) REFERENCES branch_runs(id) ON DELETE SET NULL
);
CREATE INDEX idx_teacher_candidates_workflow_run_id ON teacher_candidates(workflow_run_id);
CREATE INDEX idx_teacher_candidates_control_node_run_id ON teacher_candidates(control_node_run_id);
PRAGMA user_version = 2;
";

/// A message as the seed reads it.
pub type Row = (
    i64,
    String,
    String,
    String,
    Option<String>,
    i64,
    Option<i64>,
);

const MESSAGE: &str = "id, thread_id, role, content, item_json, created_at, parent_entry_id";

fn message(
    row: &sqlite_branch_store::rusqlite::Row<'_>,
) -> sqlite_branch_store::rusqlite::Result<Row> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
    ))
}

/// The seed at work on a file.
#[derive(Clone)]
pub struct Seed {
    pub path: PathBuf,
}

impl Seed {
    /// A new database of version 2.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let seed = Self::at(path);
        seed.run(&[LINEAR, BRANCHES, WORKFLOW].concat());
        seed
    }

    /// A database that is there.
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
        }
    }

    pub fn conn(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    pub fn run(&self, script: &str) {
        self.conn()
            .execute_batch(&format!("BEGIN; {script} COMMIT;"))
            .unwrap();
    }

    pub fn upsert_thread(&self, id: &str, updated_at: i64) {
        self.conn()
            .execute(
                "INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd,
                     cli_version, source, title)
                 VALUES (?1, 'p', 0, 'm', 1, ?2, 'running', '/', '1', 'interactive', 'T')
                 ON CONFLICT(id) DO UPDATE SET updated_at = excluded.updated_at, status = excluded.status",
                params![id, updated_at],
            )
            .unwrap();
    }

    /// A message of the time before branches.
    pub fn append_linear(&self, thread: &str, content: &str, created_at: i64) -> i64 {
        let conn = self.conn();
        conn.execute(
            "INSERT INTO messages(thread_id, role, content, created_at) VALUES (?1, 'user', ?2, ?3)",
            params![thread, content, created_at],
        )
        .unwrap();
        conn.last_insert_rowid()
    }

    pub fn append(&self, thread: &str, role: &str, content: &str, item: Option<&str>) -> i64 {
        let mut conn = self.conn();
        let tx = conn.transaction().unwrap();
        let leaf: Option<i64> = tx
            .query_row(
                "SELECT current_leaf_id FROM threads WHERE id = ?1",
                [thread],
                |row| row.get(0),
            )
            .unwrap();
        let id = Self::insert(
            &tx,
            thread,
            role,
            content,
            item,
            leaf.map(|id| id.to_string()),
        );
        tx.commit().unwrap();
        id
    }

    pub fn fork(&self, message_id: &str, role: &str, content: &str) -> i64 {
        let mut conn = self.conn();
        let tx = conn.transaction().unwrap();
        let thread: String = tx
            .query_row(
                "SELECT thread_id FROM messages WHERE id = ?1",
                [message_id],
                |row| row.get(0),
            )
            .unwrap();
        // The seed binds the parent as the text that it was given.
        let id = Self::insert(
            &tx,
            &thread,
            role,
            content,
            None,
            Some(message_id.to_owned()),
        );
        tx.commit().unwrap();
        id
    }

    fn insert(
        conn: &Connection,
        thread: &str,
        role: &str,
        content: &str,
        item: Option<&str>,
        parent: Option<String>,
    ) -> i64 {
        let id: i64 = conn
            .query_row(
                "INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id)
                 SELECT ?1, ?2, ?3, ?4, unixepoch(), ?5 RETURNING id",
                params![thread, role, content, item, parent],
                |row| row.get(0),
            )
            .unwrap();
        conn.execute(
            "UPDATE threads SET current_leaf_id = ?1 WHERE id = ?2",
            params![id, thread],
        )
        .unwrap();
        id
    }

    pub fn set_leaf(&self, thread: &str, message_id: &str) {
        self.conn()
            .execute(
                "UPDATE threads SET current_leaf_id = ?1 WHERE id = ?2",
                [message_id, thread],
            )
            .unwrap();
    }

    pub fn list(&self, thread: &str, limit: i64) -> Vec<Row> {
        let sql = format!(
            "WITH RECURSIVE branch AS (
                 SELECT {MESSAGE}, 0 AS depth FROM messages
                 WHERE id = (SELECT current_leaf_id FROM threads WHERE id = ?1)
                 UNION ALL
                 SELECT m.id, m.thread_id, m.role, m.content, m.item_json, m.created_at, m.parent_entry_id,
                        branch.depth + 1
                 FROM messages m JOIN branch ON m.id = branch.parent_entry_id WHERE branch.depth < ?2
             ) SELECT {MESSAGE} FROM branch ORDER BY depth DESC"
        );
        let conn = self.conn();
        let mut statement = conn.prepare(&sql).unwrap();
        let rows = statement.query_map(params![thread, limit - 1], message);
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    pub fn leaves(&self, thread: &str) -> Vec<Row> {
        let conn = self.conn();
        let mut statement = conn
            .prepare(
                "SELECT m1.id, m1.thread_id, m1.role, m1.content, m1.item_json, m1.created_at, m1.parent_entry_id
                 FROM messages m1 LEFT JOIN messages m2 ON m1.id = m2.parent_entry_id
                 WHERE m1.thread_id = ?1 AND m2.id IS NULL",
            )
            .unwrap();
        let rows = statement.query_map([thread], message);
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    pub fn clear(&self, thread: &str) -> usize {
        let mut conn = self.conn();
        let tx = conn.transaction().unwrap();
        tx.execute(
            "UPDATE threads SET current_leaf_id = NULL WHERE id = ?1",
            [thread],
        )
        .unwrap();
        let count = tx
            .execute("DELETE FROM messages WHERE thread_id = ?1", [thread])
            .unwrap();
        tx.commit().unwrap();
        count
    }

    pub fn delete_thread(&self, thread: &str) {
        self.conn()
            .execute("DELETE FROM threads WHERE id = ?1", [thread])
            .unwrap();
    }

    pub fn save_checkpoint(&self, thread: &str, id: &str, state: &str, created_at: i64) {
        self.conn()
            .execute(
                "INSERT INTO checkpoints(thread_id, checkpoint_id, state_json, created_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT(thread_id, checkpoint_id) DO UPDATE SET state_json = excluded.state_json,
                     created_at = excluded.created_at",
                params![thread, id, state, created_at],
            )
            .unwrap();
    }

    pub fn latest_checkpoint(&self, thread: &str) -> Option<(String, String)> {
        self.conn()
            .query_row(
                "SELECT checkpoint_id, state_json FROM checkpoints WHERE thread_id = ?1
                 ORDER BY created_at DESC LIMIT 1",
                [thread],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .unwrap()
    }

    pub fn upsert_job(&self, id: &str, progress: Option<i64>, updated_at: i64) {
        self.conn()
            .execute(
                "INSERT INTO jobs(id, name, status, progress, detail, created_at, updated_at)
                 VALUES (?1, 'n', 'running', ?2, NULL, 1, ?3)
                 ON CONFLICT(id) DO UPDATE SET progress = excluded.progress, updated_at = excluded.updated_at",
                params![id, progress, updated_at],
            )
            .unwrap();
    }

    /// A line of the session index, written as the seed does: no lock, the text and the end of the line apart.
    pub fn append_to_index(&self, line: &str) {
        use std::io::Write;
        let path = self.path.with_file_name("session_index.jsonl");
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        file.write_all(line.as_bytes()).unwrap();
        file.write_all(b"\n").unwrap();
    }
}
