-- The migrations by hand, without the extension. Each may be run again, which changes nothing.
.mode list
.read sql/0001_threads.sql
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('old', '', 0, '', 1, 1, 'idle', '', '', 'api');
INSERT INTO messages(thread_id, role, content, created_at) VALUES
('old', 'user', 'first', 10), ('old', 'user', 'third, stored before the second', 30), ('old', 'assistant', 'second', 20);
.read sql/0002_branches.sql
.read sql/0003_workflow.sql
.read sql/0004_walk.sql
.read sql/0005_user_version.sql
.read sql/0006_uids.sql
.read sql/0007_labels.sql
.read sql/0008_context.sql
PRAGMA user_version;
SELECT id, parent_entry_id FROM messages ORDER BY id;
SELECT current_leaf_id FROM threads;

-- A branch, and all that can be run again without an error. (0002_branches.sql says that its columns are there.)
INSERT INTO messages(thread_id, role, content, created_at, parent_entry_id) VALUES ('old', 'user', 'other second', 40, 1);
UPDATE threads SET current_leaf_id = 4;
.read sql/0001_threads.sql
.read sql/0003_workflow.sql
.read sql/0004_walk.sql
.read sql/0005_user_version.sql
.read sql/0006_uids.sql
.read sql/0007_labels.sql
.read sql/0008_context.sql
PRAGMA user_version;
SELECT id, parent_entry_id FROM messages ORDER BY id;
SELECT current_leaf_id FROM threads;

-- The extension finds nothing to do.
.load dist/branch
SELECT branch_migrate();
SELECT graph FROM branch_tree('old');
