-- 0001_threads: threads and what belongs to them, in the form that they had before there were branches.
--
-- May be run again: it makes only what is missing. What is there stays as it is, with all its columns.
-- 0002_branches.sql adds the two columns for branches, so that a new database and an old one that was brought up to
-- date have the same columns in the same order.

CREATE TABLE IF NOT EXISTS main.threads (
    id              TEXT PRIMARY KEY,
    rollout_path    TEXT,
    preview         TEXT NOT NULL,
    ephemeral       INTEGER NOT NULL,
    model_provider  TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    status          TEXT NOT NULL,
    path            TEXT,
    cwd             TEXT NOT NULL,
    cli_version     TEXT NOT NULL,
    source          TEXT NOT NULL,
    title           TEXT,
    sandbox_policy  TEXT,
    approval_mode   TEXT,
    archived        INTEGER NOT NULL DEFAULT 0,
    archived_at     INTEGER,
    git_sha         TEXT,
    git_branch      TEXT,
    git_origin_url  TEXT,
    memory_mode     TEXT
);
CREATE INDEX IF NOT EXISTS main.idx_threads_updated_at ON threads(updated_at DESC);
CREATE INDEX IF NOT EXISTS main.idx_threads_archived_at ON threads(archived_at DESC);
CREATE INDEX IF NOT EXISTS main.idx_threads_archived_updated ON threads(archived, updated_at DESC);

CREATE TABLE IF NOT EXISTS main.thread_dynamic_tools (
    thread_id     TEXT NOT NULL,
    position      INTEGER NOT NULL,
    name          TEXT NOT NULL,
    description   TEXT,
    input_schema  TEXT NOT NULL,
    PRIMARY KEY (thread_id, position),
    FOREIGN KEY (thread_id) REFERENCES threads(id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS main.messages (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    thread_id   TEXT NOT NULL,
    role        TEXT NOT NULL,
    content     TEXT NOT NULL,
    item_json   TEXT,
    created_at  INTEGER NOT NULL,
    FOREIGN KEY (thread_id) REFERENCES threads(id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS main.idx_messages_thread_created_at ON messages(thread_id, created_at ASC);

CREATE TABLE IF NOT EXISTS main.checkpoints (
    thread_id      TEXT NOT NULL,
    checkpoint_id  TEXT NOT NULL,
    state_json     TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (thread_id, checkpoint_id),
    FOREIGN KEY (thread_id) REFERENCES threads(id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS main.idx_checkpoints_thread_created_at ON checkpoints(thread_id, created_at DESC);

CREATE TABLE IF NOT EXISTS main.jobs (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    status      TEXT NOT NULL,
    progress    INTEGER,
    detail      TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS main.idx_jobs_updated_at ON jobs(updated_at DESC);
