-- Views, triggers, TEMP tables, ATTACHed databases, other columns: what schemas do around the functions.
.load dist/branch
.mode list
SELECT branch_migrate();
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('s', '', 0, '', 1, 1, 'idle', '', '', 'api');
SELECT branch_append('s', 'user', 'one', NULL, 1), branch_append('s', 'assistant', 'two', NULL, 2);

-- What reads can be used in views and triggers, unless the schema is not trusted.
CREATE VIEW shown AS SELECT id, content, branch_depth(id) AS depth FROM branch_messages('s');
SELECT * FROM shown;
CREATE TABLE seen(id INTEGER, depth INTEGER);
CREATE TRIGGER note AFTER INSERT ON messages BEGIN INSERT INTO seen VALUES (new.id, branch_depth(new.id)); END;
SELECT branch_append('s', 'user', 'three', NULL, 3);
SELECT * FROM seen;
PRAGMA trusted_schema = 0;
SELECT id FROM shown;
SELECT branch_append('s', 'user', 'refused by the trigger', NULL, 4);
SELECT id, branch_depth(id) FROM branch_messages('s');
PRAGMA trusted_schema = 1;
DROP TRIGGER note;

-- Functions that read tables are not deterministic enough for an index.
CREATE INDEX depth ON messages(branch_depth(id));

-- A TEMP table and an ATTACHed database of the same names are not what is read and written.
CREATE TEMP TABLE messages(id INTEGER PRIMARY KEY, content TEXT);
CREATE TEMP TABLE threads(id TEXT, current_leaf_id INTEGER);
ATTACH ':memory:' AS other;
CREATE TABLE other.messages(id INTEGER PRIMARY KEY);
CREATE TABLE other.threads(id TEXT);
SELECT branch_append('s', 'user', 'four', NULL, 4);
SELECT group_concat(id, ' ') FROM branch_messages('s');
SELECT (SELECT count(*) FROM temp.messages), (SELECT count(*) FROM main.messages), (SELECT count(*) FROM other.messages);
DROP TABLE temp.messages;
DROP TABLE temp.threads;
DETACH other;

-- Columns that other programs add are theirs.
ALTER TABLE messages ADD COLUMN stars INTEGER DEFAULT 3;
ALTER TABLE threads ADD COLUMN colour TEXT;
SELECT branch_append('s', 'assistant', 'five', NULL, 5);
SELECT id, stars FROM messages WHERE id = 5;
SELECT count(*) FROM pragma_table_info('branch_messages');

-- Without the indexes for walks everything works.
DROP INDEX branch_messages_jumps;
DROP INDEX branch_messages_later;
DROP INDEX branch_messages_first;
SELECT branch_alternative(2, 'assistant', 'other two', NULL, 6);
SELECT graph FROM branch_tree('s');
SELECT branch_depth(5), branch_common_ancestor(5, 6), branch_tip(1);
SELECT * FROM branch_check();
SELECT branch_migrate();
SELECT graph FROM branch_tree('s');

-- DELETE of a thread is plain SQL.
PRAGMA foreign_keys = 1;
DELETE FROM threads WHERE id = 's';
SELECT count(*) FROM messages;
