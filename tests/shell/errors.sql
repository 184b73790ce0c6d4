-- What each bad input is told. Nothing of it changes anything: the counts at the end say so.
.load dist/branch

-- Before there are tables.
SELECT branch_append('x', 'user', 'Hello');
SELECT * FROM branch_tree('x');
SELECT branch_depth(1);
SELECT branch_migrate();
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('x', '', 0, '', 1, 1, 'idle', '', '', 'api'), ('y', '', 0, '', 1, 1, 'idle', '', '', 'api');
SELECT branch_append('x', 'user', 'One', NULL, 1);
SELECT branch_append('y', 'user', 'Two', NULL, 2);

-- Numbers of arguments.
SELECT branch_append();
SELECT branch_append('x', 'user');
SELECT branch_append('x', 'user', 'c', NULL, 1, 2);
SELECT branch_version(1);
SELECT * FROM branch_path;
SELECT * FROM branch_messages;
SELECT * FROM branch_diff(1);
SELECT * FROM branch_messages('x', 1, 1, 'uid', 1, 1, 1);

-- Types of arguments.
SELECT branch_append(NULL, 'user', 'c');
SELECT branch_append(1, 'user', 'c');
SELECT branch_append(x'78', 'user', 'c');
SELECT branch_append('x', NULL, 'c');
SELECT branch_append('x', 7, 'c');
SELECT branch_append('x', 'user', NULL);
SELECT branch_append('x', 'user', 1.5);
SELECT branch_append('x', 'user', 'c', '');
SELECT branch_append('x', 'user', 'c', '{"a":1');
SELECT branch_append('x', 'user', 'c', '{} {}');
SELECT branch_append('x', 'user', 'c', 7);
SELECT branch_append('x', 'user', 'c', NULL, 'soon');
SELECT branch_append('x', 'user', 'c', NULL, 1.5);
SELECT branch_fork(NULL, 'user', 'c');
SELECT branch_fork('one', 'user', 'c');
SELECT branch_fork(1.5, 'user', 'c');
SELECT branch_fork(x'01', 'user', 'c');
SELECT branch_fork('9223372036854775808', 'user', 'c');
SELECT branch_alternative('', 'user', 'c');
SELECT branch_switch('x', 'first');
SELECT branch_switch(NULL, 1);
SELECT branch_prune(NULL);
SELECT branch_copy(1, NULL);
SELECT branch_copy(1, 'z', 'then');
SELECT branch_clear(NULL);
SELECT branch_depth('a');
SELECT branch_common_ancestor(1, 'b');
SELECT branch_is_ancestor('a', 1);
SELECT * FROM branch_path('one');
SELECT * FROM branch_path(1, 'all');
SELECT * FROM branch_path(1, -1);
SELECT * FROM branch_messages(1);
SELECT * FROM branch_messages('x', 1, 'one');
SELECT * FROM branch_diff(1, 'b');
SELECT * FROM branch_check(1);

-- Things that are not there, or there already, or elsewhere.
SELECT branch_append('z', 'user', 'c');
SELECT branch_append('it''s %s %n', 'user', 'c');
SELECT branch_fork(9, 'user', 'c');
SELECT branch_fork(-9223372036854775808, 'user', 'c');
SELECT branch_alternative(9, 'user', 'c');
SELECT branch_switch('z', 1);
SELECT branch_switch('z', NULL);
SELECT branch_switch('x', 9);
SELECT branch_switch('x', 2);
SELECT branch_clear('z');
SELECT branch_prune(9);
SELECT branch_copy(9, 'z');
SELECT branch_copy(1, 'y');

-- Places where functions that write may not be called.
CREATE VIEW append AS SELECT branch_append('x', 'user', 'c');
SELECT * FROM append;
CREATE TRIGGER clear AFTER UPDATE ON threads BEGIN SELECT branch_clear('x'); END;
UPDATE threads SET preview = '';
DROP TRIGGER clear;
INSERT INTO branch_write(work) VALUES (1);
SELECT * FROM branch_write;

-- Data that the schema refuses stays SQLite's error, with SQLite's code.
CREATE UNIQUE INDEX once ON messages(content);
SELECT branch_append('x', 'user', 'One');
DROP INDEX once;

-- Integers written in other ways are integers.
SELECT branch_depth('1'), branch_depth(1.0), branch_depth(' 1 ');
SELECT count(*) FROM messages;
SELECT id, current_leaf_id FROM threads ORDER BY id;
