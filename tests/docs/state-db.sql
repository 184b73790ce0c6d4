-- What the README takes for granted: an agent's state.db from before there were branches.
.open state.db
.read sql/0001_threads.sql
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('fix-build', 'The build fails', 0, 'deepseek', 1750000000, 1750000000, 'idle', '/home/ana/shop', '0.1.0', 'interactive');
INSERT INTO messages(thread_id, role, content, item_json, created_at) VALUES
('fix-build', 'user', 'The build fails. Why?', NULL, 1750000001),
('fix-build', 'assistant', 'A header is missing: libssl-dev.', NULL, 1750000002),
('fix-build', 'user', 'Install it.', NULL, 1750000003);
-- And another one, to migrate by hand.
.open other.db
.read sql/0001_threads.sql
