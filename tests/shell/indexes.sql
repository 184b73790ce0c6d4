-- Indexes that others make, also with constants in them, change no answer: neither before nor after the statements
-- inside have been prepared. (SQLite up to 3.40 at least would go on using such an index for other values.)
.load dist/branch
.mode list
SELECT branch_migrate();
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('t', '', 0, '', 1, 1, 'idle', '', '', 'api'), ('u', '', 0, '', 1, 1, 'idle', '', '', 'api');
SELECT branch_append('t', 'user', 'one', NULL, 1), branch_append('t', 'assistant', 'two', NULL, 2);
SELECT branch_append('u', 'user', 'three', NULL, 3), branch_append('u', 'assistant', 'four', NULL, 4);
SELECT count(*) FROM branch_tree('t');
SELECT count(*) FROM branch_leaves('t');
SELECT group_concat(id) FROM branch_children(1);
SELECT group_concat(id) FROM branch_siblings(2);

CREATE INDEX hot_thread ON messages(thread_id, created_at) WHERE thread_id = 't';
CREATE INDEX hot_parent ON messages(parent_entry_id) WHERE parent_entry_id = 1;
SELECT count(*) FROM branch_tree('t');
SELECT count(*) FROM branch_tree('u');
SELECT count(*) FROM branch_leaves('t');
SELECT count(*) FROM branch_leaves('u');
SELECT group_concat(id) FROM branch_children(1);
SELECT group_concat(id) FROM branch_children(3);
SELECT group_concat(id) FROM branch_siblings(2);
SELECT group_concat(id) FROM branch_siblings(4);
SELECT branch_clear('t');
DROP INDEX hot_thread;
CREATE INDEX hot_thread ON messages(thread_id, created_at) WHERE thread_id = 't';
SELECT branch_clear('t');
SELECT branch_clear('u');
SELECT count(*) FROM messages;

-- An index that lacks an entry: what it leads to is not taken for the history, which is read from the rows.
SELECT branch_append('t', 'user', 'five', NULL, 5), branch_append('t', 'assistant', 'six', NULL, 6);
SELECT branch_alternative(6, 'assistant', 'seven', NULL, 7);
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'parent_entry_id IS NOT id - 1', 'parent_entry_id IS NOT id - 1 AND id < 7')
WHERE name = 'branch_messages_jumps';
PRAGMA writable_schema = RESET;
REINDEX branch_messages_jumps;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' AND id < 7', '') WHERE name = 'branch_messages_jumps';
PRAGMA writable_schema = RESET;
SELECT id, content FROM branch_messages('t');
REINDEX branch_messages_jumps;
SELECT id, content FROM branch_messages('t');

-- Where branch_check() has no argument, its rows can be chosen by it.
UPDATE messages SET parent_entry_id = 99 WHERE id = 5;
SELECT thread, message_id, problem FROM branch_check WHERE (thread = 't' AND message_id < 6) OR thread = 'u';
