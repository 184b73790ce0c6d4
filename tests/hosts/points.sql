-- The contract's main points, one statement a line: tests/hosts/run.py has each client run them on a new file.
-- What a client prints: a line for each row, columns joined by |, NULL as nothing; `error: ...` for a statement that fails.
SELECT branch_migrate() > 0, branch_migrate()
SELECT branch_thread('garden', 'What to plant', 1760000000)
SELECT branch_append('garden', 'user', 'What can I plant in March?', NULL, 1760000001, 'q')
SELECT branch_append('garden', 'assistant', 'Peas, radishes.', '{"tokens":7}', 1760000002, 'a1')
SELECT branch_append('garden', 'assistant', 'Peas, radishes.', '{"tokens":7}', 1760000009, 'a1')
SELECT branch_alternative('a1', 'assistant', 'Grüße – 東京 %s ''quoted''', NULL, 1760000003, 'a2')
SELECT branch_fork(2, 'user', 'In what soil?', NULL, 1760000004)
INSERT INTO branch_messages(thread_id, role, content, created_at) VALUES ('garden', 'assistant', 'In any.', 1760000005), ('garden', 'user', 'Sure?', 1760000006)
SELECT last_insert_rowid()
SELECT id, role, content, distance FROM branch_messages('garden')
SELECT id FROM branch_messages('garden', 2)
SELECT id FROM branch_messages('garden', NULL, 5)
SELECT id, position, versions, uid FROM branch_messages('garden') WHERE id < 4
INSERT INTO branch_call SELECT branch_switch('garden', 'a2')
SELECT last_insert_rowid(), current_leaf_id FROM threads
SELECT branch_select(3, 1)
SELECT id, distance FROM branch_path(6, 3)
SELECT id, depth, fork_id, is_current FROM branch_leaves('garden')
SELECT id, position, is_current FROM branch_siblings(2)
SELECT id, is_current FROM branch_children(1)
SELECT side, id FROM branch_diff(3, 4)
SELECT graph FROM branch_tree('garden')
SELECT branch_depth(6), branch_root(6), branch_tip(1), branch_common_ancestor(3, 6), branch_is_ancestor(1, 6), branch_id('a2'), branch_uid(3)
SELECT branch_depth(99), branch_tip('unknown')
SELECT branch_fork(42, 'user', 'x')
SELECT branch_append('garden', 'user', 'x', '{')
SELECT * FROM branch_path
BEGIN
SELECT branch_append('garden', 'user', 'undone', NULL, 1760000007) > 6
ROLLBACK
SELECT count(*) FROM branch_messages('garden')
SELECT branch_label('a2', 'tokyo', 1760000008)
SELECT label, message_id, is_current FROM branch_labels('garden')
SELECT id, snippet FROM branch_search('soil')
SELECT id FROM branch_search('京')
SELECT branch_compact('garden', 'They talked about soil.', 5, NULL, 1760000009) > 6
SELECT role, kind, tokens FROM branch_context('garden', 100)
SELECT branch_put('api', '[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]', 1760000010) > 7
SELECT count(*) FROM branch_messages('api')
SELECT branch_import('jsonl', replace(branch_export('api', 'jsonl'), 'api', 'copy')) IN (0, 2)
SELECT branch_copy('a1', 'shed', 1760000011) > 8
SELECT id, messages, last_content FROM branch_threads() WHERE id IN ('garden', 'shed') ORDER BY id
SELECT branch_prune(2), branch_clear('api'), branch_delete('api')
SELECT thread_id, problem FROM branch_check()
SELECT content FROM messages AS m JOIN branch_path(3) AS p ON p.id = m.id ORDER BY p.distance DESC
SELECT 'SQLite ' || sqlite_version()
