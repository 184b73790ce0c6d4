-- Trees that other programs broke: an error with the ids, never an endless loop or a shorter history.
.load dist/branch
.mode list
SELECT branch_migrate();
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('b', '', 0, '', 1, 1, 'idle', '', '', 'api'), ('other', '', 0, '', 1, 1, 'idle', '', '', 'api');
INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) VALUES
(1, 'b', 'user', 'one', 1, NULL), (2, 'b', 'assistant', 'two', 2, 1), (3, 'b', 'user', 'three', 3, 2),
(4, 'b', 'assistant', 'four', 4, 3), (5, 'b', 'user', 'five', 5, 4);
SELECT branch_switch('b', 5);
SELECT * FROM branch_check();

-- A parent is missing, in the middle of a stretch.
SAVEPOINT s;
DELETE FROM messages WHERE id = 3;
SELECT * FROM branch_check();
SELECT branch_depth(5);
SELECT branch_root(5);
SELECT branch_is_ancestor(1, 5);
SELECT branch_common_ancestor(1, 5);
SELECT id FROM branch_path(5);
SELECT id FROM branch_messages('b');
SELECT id FROM branch_messages('b', 2);
SELECT graph FROM branch_tree('b');
SELECT branch_copy(5, 'copy');
SELECT branch_alternative(4, 'user', 'c');
SELECT branch_append('b', 'user', 'six', NULL, 6);
SELECT branch_prune(4);
SELECT id, current_leaf_id FROM threads ORDER BY id;
ROLLBACK TO s;

-- A cycle.
UPDATE messages SET parent_entry_id = 4 WHERE id = 2;
SELECT * FROM branch_check();
SELECT branch_depth(5);
SELECT branch_root(3);
SELECT branch_tip(2);
SELECT branch_common_ancestor(1, 5);
SELECT id FROM branch_path(3);
SELECT id FROM branch_path(5, 2);
SELECT id FROM branch_messages('b');
SELECT graph FROM branch_tree('b');
SELECT id, depth FROM branch_leaves('b');
SELECT branch_prune(3);
SELECT branch_copy(3, 'copy');
ROLLBACK TO s;

-- A message that is its own parent.
UPDATE messages SET parent_entry_id = 3 WHERE id = 3;
SELECT * FROM branch_check();
SELECT branch_depth(3);
SELECT branch_prune(3);
ROLLBACK TO s;

-- Parents in later ids are slower, and right.
UPDATE messages SET parent_entry_id = CASE id WHEN 5 THEN NULL ELSE id + 1 END;
UPDATE threads SET current_leaf_id = 1 WHERE id = 'b';
SELECT * FROM branch_check();
SELECT branch_depth(1), branch_root(1), branch_tip(5), branch_common_ancestor(2, 1), branch_is_ancestor(4, 2), branch_is_ancestor(2, 4);
SELECT group_concat(id, ' ') FROM branch_messages('b');
SELECT group_concat(id, ' ') FROM branch_messages('b', 2, 3);
SELECT graph FROM branch_tree('b');
ROLLBACK TO s;

-- Leaves that are missing, or another thread's.
UPDATE threads SET current_leaf_id = 9 WHERE id = 'b';
UPDATE threads SET current_leaf_id = 5 WHERE id = 'other';
SELECT * FROM branch_check();
SELECT branch_append('b', 'user', 'c');
SELECT id FROM branch_messages('b');
SELECT group_concat(id, ' ') FROM branch_messages('other');
SELECT graph FROM branch_tree('b');
ROLLBACK TO s;

-- A branch that goes on in another thread is followed.
INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) VALUES (6, 'other', 'user', 'six', 6, 3);
UPDATE threads SET current_leaf_id = 6 WHERE id = 'other';
SELECT * FROM branch_check();
SELECT group_concat(id, ' ') FROM branch_messages('other');
SELECT graph FROM branch_tree('other');
SELECT id, is_current FROM branch_children(3);
SELECT branch_prune(3);
SELECT id, current_leaf_id FROM threads ORDER BY id;
ROLLBACK TO s;

-- What is not JSON, and not an integer.
UPDATE messages SET item_json = '{' WHERE id = 1;
UPDATE messages SET parent_entry_id = 'one' WHERE id = 2;
UPDATE threads SET current_leaf_id = 'last' WHERE id = 'b';
SELECT * FROM branch_check();
SELECT branch_depth(5);
SELECT id FROM branch_messages('b');
ROLLBACK TO s;
RELEASE s;
SELECT * FROM branch_check();
