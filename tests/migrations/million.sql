-- How long a large database of a program without branches takes. From the repository, after `make loadable`:
--
--   rm -f /tmp/million.db; sqlite3 /tmp/million.db < tests/migrations/million.sql
--
-- makes 1,000,000 messages in 10,000 threads, told in turns, and brings the database up to date. In every tenth thread
-- the clock went back half way through.

.bail on
.load dist/branch
PRAGMA journal_mode = DELETE;
PRAGMA synchronous = FULL;

CREATE TABLE threads (
    id TEXT PRIMARY KEY, rollout_path TEXT, preview TEXT NOT NULL, ephemeral INTEGER NOT NULL,
    model_provider TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, status TEXT NOT NULL,
    path TEXT, cwd TEXT NOT NULL, cli_version TEXT NOT NULL, source TEXT NOT NULL, title TEXT, sandbox_policy TEXT,
    approval_mode TEXT, archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER, git_sha TEXT, git_branch TEXT,
    git_origin_url TEXT, memory_mode TEXT
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, thread_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL,
    item_json TEXT, created_at INTEGER NOT NULL,
    FOREIGN KEY(thread_id) REFERENCES threads(id) ON DELETE CASCADE
);
CREATE INDEX idx_messages_thread_created_at ON messages(thread_id, created_at ASC);
BEGIN;
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < 10000)
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
SELECT 'thread ' || n, 'a preview', 0, 'a provider', 1, 1, 'idle', '/home', '1.0', 'interactive' FROM number;
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < 1000000)
INSERT INTO messages(thread_id, role, content, created_at)
SELECT 'thread ' || (n % 10000), iif(n / 10000 % 2, 'assistant', 'user'),
    printf('%.200c', 'x'), 1700000000 + n / 10000 - iif(n % 10 = 0 AND n / 10000 >= 50, 1000, 0)
FROM number;
COMMIT;

.print Size of the file before, in MB:
SELECT page_count * page_size / 1000000 FROM pragma_page_count, pragma_page_size;
.print Bringing it up to date:
.timer on
SELECT branch_migrate();
.timer off
.print Size of the file afterwards, in MB:
SELECT page_count * page_size / 1000000 FROM pragma_page_count, pragma_page_size;
.print Links to a later message, one for each clock that went back:
SELECT problem, count(*) FROM branch_check() GROUP BY problem;
.print Up to date already:
.timer on
SELECT branch_migrate();
