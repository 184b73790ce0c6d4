-- Pages of a branch, from its end back to its beginning.
.load dist/branch
.mode list
SELECT branch_migrate();
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('p', '', 0, '', 1, 1, 'idle', '', '', 'api');
CREATE TEMP TABLE ids AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
SELECT branch_append('p', iif(i % 2, 'user', 'assistant'), 'message ' || i, NULL, i) AS id FROM n;

-- A branch that leaves at 4, and back.
SELECT branch_fork(4, 'user', 'aside', NULL, 11), branch_append('p', 'assistant', 'aside too', NULL, 12);
SELECT branch_switch('p', 10);
SELECT group_concat(id || ':' || distance, ' ') FROM branch_messages('p');

-- By limit and before.
SELECT group_concat(id, ' ') FROM branch_messages('p', 4);
SELECT group_concat(id, ' ') FROM branch_messages('p', 4, 7);
SELECT group_concat(id, ' ') FROM branch_messages('p', 4, 3);
SELECT group_concat(id, ' ') FROM branch_messages('p', 4, 1);
SELECT group_concat(id, ' ') FROM branch_messages('p', NULL, 4);
SELECT group_concat(id, ' ') FROM branch_messages('p', NULL, NULL);
SELECT group_concat(id, ' ') FROM branch_messages('p', 0);
SELECT group_concat(id, ' ') FROM branch_messages('p', 1);
SELECT group_concat(id, ' ') FROM branch_messages('p', 9223372036854775807);

-- A before on another branch: what is above it on the current one too.
SELECT group_concat(id, ' ') FROM branch_messages('p', NULL, 12);
SELECT group_concat(id, ' ') FROM branch_messages('p', 2, 11);
SELECT group_concat(id, ' ') FROM branch_messages('p', NULL, 99);

-- By order and LIMIT, both ways, with and without OFFSET.
SELECT id FROM branch_messages('p') ORDER BY distance LIMIT 3;
SELECT id FROM branch_messages('p') ORDER BY distance DESC LIMIT 3;
SELECT id FROM branch_messages('p') ORDER BY distance LIMIT 2 OFFSET 3;
SELECT id FROM branch_messages('p') ORDER BY id DESC LIMIT 2;
SELECT id FROM branch_messages('p', 3) ORDER BY distance;
SELECT id FROM branch_messages('p') WHERE role = 'user' ORDER BY distance LIMIT 2;

-- Paths.
SELECT group_concat(id || ':' || distance, ' ') FROM branch_path(12);
SELECT group_concat(id, ' ') FROM branch_path(12, 3);
SELECT group_concat(id, ' ') FROM branch_path(12, 0);
SELECT id FROM branch_path(12) ORDER BY distance LIMIT 2;

-- The arguments are columns too.
SELECT group_concat(id, ' ') FROM branch_messages WHERE thread = 'p' AND "limit" = 2 AND before = 6;
SELECT group_concat(id, ' ') FROM branch_path WHERE message_id = 4;
SELECT message_id, group_concat(branch_path.id, ' ')
FROM (SELECT 2 AS m UNION ALL SELECT 11) JOIN branch_path ON message_id = m GROUP BY message_id;

-- A leaf in the middle, and before the first message.
SELECT branch_switch('p', 4);
SELECT group_concat(id, ' ') FROM branch_messages('p');
SELECT branch_switch('p', NULL) IS NULL;
SELECT group_concat(id, ' ') FROM branch_messages('p');
