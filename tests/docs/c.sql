-- What docs/c.md takes for granted: a chat.db.
.open chat.db
.load dist/branch
INSERT INTO branch_call SELECT branch_migrate();
INSERT INTO branch_call SELECT branch_thread('dinner');
INSERT INTO branch_call SELECT branch_append('dinner', 'user', 'I have six guests. What do I cook?');
INSERT INTO branch_call SELECT branch_append('dinner', 'assistant', 'A lasagne. It waits for you.');
INSERT INTO branch_call SELECT branch_alternative(2, 'assistant', 'A chickpea curry. One pot.');
