-- All functions and tables, on one conversation.
.load dist/branch
.mode list
SELECT branch_migrate();
SELECT branch_migrate();
PRAGMA user_version;
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('tea', 'Tea', 0, 'none', 1, 1, 'idle', '/', '0', 'interactive');

-- Each write gives the new message's id, and moves the leaf.
SELECT branch_append('tea', 'user', 'Which tea is good in the evening?', NULL, 11);
SELECT branch_append('tea', 'assistant', 'Rooibos: no caffeine.', '{"model":"a"}', 12);
SELECT branch_append('tea', 'user', 'And with milk?', NULL, 13);
SELECT branch_alternative(2, 'assistant', 'Lemon balm.', NULL, 14);
SELECT branch_alternative(1, 'user', 'Which tea is good in the morning?', NULL, 15);
SELECT branch_append('tea', 'assistant', 'Assam.', NULL, 16);
SELECT branch_fork(2, 'user', 'How long does it steep?', NULL, 17);
SELECT current_leaf_id FROM threads;
SELECT branch_switch('tea', 6);
SELECT current_leaf_id FROM threads;

SELECT graph FROM branch_tree('tea');
SELECT branch_switch('tea', branch_tip(1));
SELECT graph FROM branch_tree('tea');

-- Functions that read.
SELECT id, branch_depth(id), branch_root(id), branch_tip(id) FROM messages ORDER BY id;
SELECT a.id, b.id, branch_common_ancestor(a.id, b.id), branch_is_ancestor(a.id, b.id)
FROM messages AS a JOIN messages AS b ON a.id < b.id ORDER BY a.id, b.id;
SELECT branch_depth(99), branch_root(99), branch_tip(99), branch_common_ancestor(1, 99), branch_is_ancestor(99, 1);
SELECT branch_depth(NULL), branch_root(NULL), branch_tip(NULL), branch_common_ancestor(NULL, 1), branch_is_ancestor(1, NULL);

-- Tables, with all their columns.
.mode box
.nullvalue NULL
SELECT * FROM branch_path(3);
SELECT * FROM branch_messages('tea');
SELECT * FROM branch_leaves('tea');
SELECT * FROM branch_children(2);
SELECT * FROM branch_siblings(2);
SELECT * FROM branch_siblings(5);
SELECT * FROM branch_diff(3, 4);
SELECT id, parent_entry_id, role, created_at, depth, children, is_leaf, is_current FROM branch_tree('tea');
SELECT * FROM branch_check();

-- Unknown threads and messages have no rows.
.mode list
SELECT (SELECT count(*) FROM branch_path(99)), (SELECT count(*) FROM branch_messages('no')),
    (SELECT count(*) FROM branch_leaves('no')), (SELECT count(*) FROM branch_children(99)),
    (SELECT count(*) FROM branch_siblings(99)), (SELECT count(*) FROM branch_tree('no')),
    (SELECT count(*) FROM branch_diff(1, 99)), (SELECT count(*) FROM branch_check('no'));

-- A copy keeps times and JSON, and is a thread of its own.
SELECT branch_copy(3, 'tea too', 100);
SELECT id, preview, created_at, updated_at, status, source, current_leaf_id FROM threads ORDER BY id;
SELECT id, thread_id, role, item_json, created_at, parent_entry_id FROM branch_messages('tea too');
SELECT branch_append('tea too', 'assistant', 'Yes, with a lot of it.', NULL, 101);

-- Deleting.
SELECT branch_prune(2);
SELECT graph FROM branch_tree('tea');
SELECT branch_clear('tea');
SELECT count(*) FROM branch_tree('tea');
SELECT graph FROM branch_tree('tea too');
SELECT * FROM branch_check();
PRAGMA integrity_check;
PRAGMA foreign_key_check;
