-- Writes belong to the transaction that is open: what is rolled back has not happened.
.load dist/branch
.mode list
SELECT branch_migrate();
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('r', '', 0, '', 1, 1, 'idle', '', '', 'api');
SELECT branch_append('r', 'user', 'one', NULL, 1), branch_append('r', 'assistant', 'two', NULL, 2);

BEGIN;
SELECT branch_append('r', 'user', 'three', NULL, 3);
SELECT branch_alternative(2, 'assistant', 'four', NULL, 4);
SELECT graph FROM branch_tree('r');
ROLLBACK;
SELECT graph FROM branch_tree('r');

-- A savepoint takes back its part.
BEGIN;
SELECT branch_append('r', 'user', 'three', NULL, 3);
SAVEPOINT s;
SELECT branch_prune(2);
SELECT branch_copy(1, 'copy', 5);
ROLLBACK TO s;
COMMIT;
SELECT graph FROM branch_tree('r');
SELECT id, current_leaf_id FROM threads ORDER BY id;

-- A statement that fails takes back all of its calls.
CREATE TABLE log(id INTEGER PRIMARY KEY CHECK (id < 6));
INSERT INTO log SELECT branch_append('r', 'user', 'again', NULL, column1) FROM (VALUES (4), (5), (6), (7));
SELECT count(*) FROM messages;
SELECT current_leaf_id FROM threads;
INSERT INTO log SELECT branch_append('r', 'user', 'again', NULL, column1) FROM (VALUES (4), (5));
SELECT count(*), max(id) FROM messages;
SELECT current_leaf_id FROM threads;

-- A function that fails leaves the transaction as it was.
BEGIN;
SELECT branch_append('r', 'user', 'six', NULL, 6);
SELECT branch_fork(99, 'user', 'seven');
SELECT branch_append('r', 'user', 'seven', NULL, 7);
COMMIT;
SELECT graph FROM branch_tree('r');

-- A trigger that refuses the leaf takes the message back with it.
CREATE TRIGGER no BEFORE UPDATE OF current_leaf_id ON threads BEGIN SELECT raise(ABORT, 'the leaf stays'); END;
SELECT branch_append('r', 'user', 'eight', NULL, 8);
SELECT branch_switch('r', 1);
SELECT branch_clear('r');
SELECT branch_prune(7);
DROP TRIGGER no;
SELECT count(*), max(id) FROM messages;

-- A trigger that ignores it too.
CREATE TRIGGER no BEFORE UPDATE OF current_leaf_id ON threads BEGIN SELECT raise(IGNORE); END;
SELECT branch_append('r', 'user', 'eight', NULL, 8);
DROP TRIGGER no;
SELECT count(*), max(id) FROM messages;

-- Databases that may not be written.
PRAGMA query_only = 1;
SELECT branch_append('r', 'user', 'eight', NULL, 8);
SELECT branch_migrate();
SELECT branch_depth(3);
PRAGMA query_only = 0;
SELECT * FROM branch_check();
