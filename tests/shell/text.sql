-- Text of all kinds comes back byte for byte.
.load dist/branch
.mode list
SELECT branch_migrate();
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('it''s "x" %s%n 日本', '', 0, '', 1, 1, 'idle', '', '', 'api'), ('', '', 0, '', 1, 1, 'idle', '', '', 'api');

-- Quotes, percent signs, other scripts.
SELECT branch_append('it''s "x" %s%n 日本', 'us''er', 'don''t say "100%s" -- ; /* */', '"\u00e9 \" é"', 1);
SELECT branch_append('it''s "x" %s%n 日本', 'assistant', 'héllo wörld ✓ 🌳 日本語 العربية', NULL, 2);
SELECT role, content, item_json FROM branch_messages('it''s "x" %s%n 日本');
SELECT graph FROM branch_tree('it''s "x" %s%n 日本');
SELECT branch_append('it''s "x" %s%n 日本?', 'user', '');

-- Lines, tabs and control characters: as they are in the content, one line in the preview.
SELECT branch_append('', 'user', 'one' || char(10) || char(9) || '  two' || char(13, 10) || char(27) || '[31mthree', NULL, 3);
SELECT hex(content) FROM branch_messages('');
SELECT preview FROM branch_tree('');
SELECT graph FROM branch_tree('');

-- NUL is a character like others.
SELECT branch_append('', 'a' || char(0) || 'b', char(0), NULL, 4);
SELECT hex(role), hex(content), typeof(content) FROM messages WHERE id = 4;
SELECT hex(role), hex(content), typeof(content) FROM branch_messages('', 1);
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('nul' || char(0) || '1', '', 0, '', 1, 1, 'idle', '', '', 'api'), ('nul' || char(0) || '2', '', 0, '', 1, 1, 'idle', '', '', 'api');
SELECT branch_append('nul' || char(0) || '1', 'user', 'first', NULL, 5), branch_append('nul' || char(0) || '2', 'user', 'second', NULL, 6);
SELECT content FROM branch_messages('nul' || char(0) || '1');
SELECT content FROM branch_messages('nul' || char(0) || '2');
SELECT count(*) FROM branch_messages('nul');

-- Nothing, and a lot.
SELECT branch_append('', '', '', NULL, 7);
SELECT hex(role), hex(content), typeof(content), item_json IS NULL FROM branch_messages('', 1);
SELECT branch_append('', 'user', printf('%.*c', 3000000, 'x'), NULL, 8);
SELECT length(content), content = printf('%.*c', 3000000, 'x') FROM branch_messages('', 1);
SELECT preview FROM branch_tree('') WHERE id = 8;

-- JSON may be deep: nothing recurses over it.
SELECT branch_append('', 'user', 'deep', printf('%.200000c', '[') || printf('%.200000c', ']'), 9);
SELECT length(item_json) FROM branch_messages('', 1);
SELECT count(*) FROM branch_check();

-- A preview ends after 60 characters, not bytes.
SELECT branch_append('', 'user', replace(printf('%.61c', 'x'), 'x', 'é'), NULL, 10);
SELECT length(preview), preview FROM branch_tree('') WHERE id = 10;
SELECT branch_append('', 'user', replace(printf('%.60c', 'x'), 'x', '🌳'), NULL, 11);
SELECT length(preview) FROM branch_tree('') WHERE id = 11;
SELECT * FROM branch_check();

-- It is words with one space between, looks at 240 characters, stops at a NUL, and leaves bidi controls.
SELECT branch_append('', 'user', '  a' || char(1) || char(10) || 'b  c' || char(0) || 'd', NULL, 12);
SELECT branch_append('', 'user', printf('%239c', ' ') || 'xy', NULL, 13);
SELECT branch_append('', 'user', printf('%240c', ' ') || 'x', NULL, 14);
SELECT branch_append('', 'user', char(0x202e) || 'abc', NULL, 15);
SELECT created_at, hex(preview) FROM branch_tree('') WHERE created_at > 11;
SELECT branch_append('', printf('%.61c', 'r'), '', NULL, 16);
SELECT graph FROM branch_tree('') WHERE created_at = 16;
