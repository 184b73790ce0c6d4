-- 0008_context: one small index that finds the newest summary of a path without reading the path.
--
-- May be run again: it makes only what is missing. Needs 0001.

CREATE INDEX IF NOT EXISTS main.branch_messages_summaries ON messages(id)
WHERE role = 'summary';
