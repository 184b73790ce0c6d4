-- 0004_walk: three small indexes that make walks along parent links fast.
--
-- May be run again: it makes only what is missing. Needs 0001 and 0002.
--
-- Other programs may read and write these tables as before: SQLite keeps the indexes up to date by itself. Without them
-- everything works, only slower.

-- The messages whose parent is not the message just before them. A linear stretch of any length costs no entry: between
-- one entry and the next, each message's parent is the one with the id below it.
CREATE INDEX IF NOT EXISTS main.branch_messages_jumps ON messages(id, parent_entry_id)
WHERE parent_entry_id IS NOT id - 1;

-- The messages whose parent is not older than they are. Empty unless data is broken; while it is empty, links only go
-- down, so there are no cycles.
CREATE INDEX IF NOT EXISTS main.branch_messages_later ON messages(id)
WHERE parent_entry_id >= id;

-- The first messages of each thread, which are each other's siblings.
CREATE INDEX IF NOT EXISTS main.branch_messages_first ON messages(thread_id, id)
WHERE parent_entry_id IS NULL;
