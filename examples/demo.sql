-- A conversation that branches, from the sqlite3 shell. `make demo` runs this on an empty database, dist/demo.db.
--
-- Times are given, so that the demo prints the same each time; leave created_at out, and it is now.

.bail on
.headers off
.mode list
.load dist/branch

.print
.print == An empty file gets its tables ==
SELECT 'branch_migrate: ' || branch_migrate() || ' steps changed something';
INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
VALUES ('lisbon', 'Three days in Lisbon', 0, 'none', 1760000000, 1760000000, 'idle', '/home/ana', '0.1.0', 'interactive');

.print
.print == branch_append: each message goes below the one before ==
SELECT 'message ' || branch_append('lisbon', 'user', 'Three days in Lisbon in May: what should I see?', NULL, 1760000010);
SELECT 'message ' || branch_append('lisbon', 'assistant', 'Alfama on foot, the tram 28, Belém for the tarts.', NULL, 1760000020);
SELECT 'message ' || branch_append('lisbon', 'user', 'Where should I stay?', NULL, 1760000030);
SELECT 'message ' || branch_append('lisbon', 'assistant', 'In Baixa: flat, central, on every tram line.', NULL, 1760000040);
SELECT 'message ' || branch_append('lisbon', 'user', 'I need it quiet at night.', NULL, 1760000050);
SELECT 'message ' || branch_append('lisbon', 'assistant', 'Then Campo de Ourique: the tram 28 ends there.', NULL, 1760000060);

.print
.print == branch_alternative: another answer in place of message 4, and on from there ==
SELECT 'message ' || branch_alternative(4, 'assistant', 'In Graça, on the hill: quiet, and the best view.', NULL, 1760000070);
SELECT 'message ' || branch_append('lisbon', 'user', 'How do I get up there with luggage?', NULL, 1760000080);
SELECT 'message ' || branch_append('lisbon', 'assistant', 'By taxi, 20 minutes. The tram is too full for bags.', NULL, 1760000090);

.print
.print == branch_fork: a question on the side, below message 2 ==
SELECT 'message ' || branch_fork(2, 'user', 'What if it rains?', NULL, 1760000100);
SELECT 'message ' || branch_append('lisbon', 'assistant', 'The tile museum, and the aquarium for an afternoon.', NULL, 1760000110);

.print
.print == branch_tree: all of it (● the current branch, ◉ its end, ○ other branches) ==
SELECT graph FROM branch_tree('lisbon');

.print
.print == branch_leaves: where each branch ends ==
.mode box
SELECT id, substr(content, 1, 40) AS content, depth, fork_id, is_current FROM branch_leaves('lisbon');

.print
.print == branch_switch: back to the hotel in Graça, which ended with message 9 ==
.mode list
SELECT 'the leaf is message ' || branch_switch('lisbon', 9);
SELECT graph FROM branch_tree('lisbon');

.print
.print == branch_messages: the conversation as the assistant is given it now ==
.mode box
SELECT id, role, content FROM branch_messages('lisbon');

.print
.print == branch_messages: its last two messages, and the two above those ==
SELECT id, role, content FROM branch_messages('lisbon', 2);
SELECT id, role, content FROM branch_messages('lisbon', 2, 8);

.print
.print == branch_diff: what the two hotels do not share ==
SELECT side, id, role, content FROM branch_diff(6, 9);

.print
.print == branch_check: is anything wrong with the stored trees? ==
.mode list
SELECT count(*) || ' problems' FROM branch_check();
.print
