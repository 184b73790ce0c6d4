-- A database that may not grow. What does not fit has not happened; whether the open transaction stays depends on the
-- statement around the call: one that SQLite can take back alone keeps it.
.load dist/branch
.mode list
SELECT branch_migrate();
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('f', 'before', 0, '', 1, 1, 'idle', '', '', 'api');
CREATE TABLE draft(content TEXT, id INTEGER);
INSERT INTO draft(content) VALUES ('short'), (printf('%.20000c', 'x')), ('short too');
PRAGMA max_page_count = 1;

-- A SELECT that reads a table: rolled back.
BEGIN;
UPDATE threads SET preview = 'kept';
SELECT branch_append('f', 'user', content) FROM draft;
ROLLBACK;
SELECT preview, current_leaf_id, (SELECT count(*) FROM messages) FROM threads;

-- One that reads a table for an argument, and statements that write one row: the same.
BEGIN;
UPDATE threads SET preview = 'kept';
SELECT branch_append('f', 'user', (SELECT content FROM draft ORDER BY length(content) DESC));
ROLLBACK;
BEGIN;
UPDATE threads SET preview = 'kept';
INSERT INTO draft(id) VALUES (branch_append('f', 'user', printf('%.20000c', 'x')));
ROLLBACK;
BEGIN;
UPDATE threads SET preview = 'kept';
UPDATE draft SET id = branch_append('f', 'user', content) WHERE rowid = 2;
ROLLBACK;

-- Kept: without FROM, and a table made of what is returned. (INSERT ... SELECT and UPDATE too, but not on SQLite 3.38.)
BEGIN;
UPDATE threads SET preview = 'kept';
SELECT branch_append('f', 'user', printf('%.20000c', 'x'));
CREATE TEMP TABLE added AS SELECT branch_append('f', 'user', content) AS id FROM draft;
COMMIT;
SELECT preview, current_leaf_id, (SELECT count(*) FROM messages) FROM threads;

-- What fits is still written.
SELECT branch_append('f', 'user', 'short');
