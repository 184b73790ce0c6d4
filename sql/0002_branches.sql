-- 0002_branches: each message gets a parent, each thread a current leaf.
--
-- May be run again, also with a shell that goes on after errors: where a column is there already, ALTER TABLE fails
-- with "duplicate column name", and neither parents nor leaves change. Takes the write lock; when other programs use
-- the database, set a busy timeout first (.timeout 10000).
--
-- A linear history becomes one branch: a message's parent is the message before it in its thread by (created_at, id),
-- and the leaf is the last one in that order.
--
-- It is all or nothing. If a backfill fails, the transaction is rolled back as a whole, the caller's included.

SAVEPOINT branch_migration;

-- Changes nothing; takes the write lock before anything is read, so that programs that do this at once take turns.
UPDATE main.threads SET id = id WHERE 0;

-- What has to be filled in. Later on, a column that is new and one that was always there look alike.
-- (A run before this one may have left the table behind: while another statement runs, none can be dropped.)
CREATE TABLE IF NOT EXISTS temp.branch_migration (
    parents  INTEGER NOT NULL,
    leaves   INTEGER NOT NULL,
    failed   INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT the_backfill_failed_and_everything_was_rolled_back CHECK (NOT failed)
);
DELETE FROM temp.branch_migration;
INSERT INTO temp.branch_migration(parents, leaves) VALUES (
    NOT EXISTS (SELECT 1 FROM pragma_table_info('messages', 'main') WHERE lower(name) = 'parent_entry_id'),
    NOT EXISTS (SELECT 1 FROM pragma_table_info('threads', 'main') WHERE lower(name) = 'current_leaf_id')
);

-- In this order: should the first be refused and the second not, the next run sees that parents are missing.
ALTER TABLE main.messages ADD COLUMN parent_entry_id INTEGER NULL;
ALTER TABLE main.threads ADD COLUMN current_leaf_id INTEGER NULL;

-- Leaves that are all NULL beside messages without parents are what such a run has left.
UPDATE temp.branch_migration SET leaves = 1
WHERE parents AND NOT EXISTS (SELECT 1 FROM main.threads WHERE current_leaf_id IS NOT NULL);

UPDATE main.messages SET parent_entry_id = ordered.previous
FROM (
    SELECT id AS message, lag(id) OVER (PARTITION BY thread_id ORDER BY created_at, id) AS previous
    FROM main.messages
    WHERE (SELECT parents FROM temp.branch_migration)
) AS ordered
WHERE messages.id = ordered.message AND ordered.previous IS NOT NULL;

UPDATE main.threads SET current_leaf_id = (
    SELECT last.id FROM main.messages AS last
    WHERE last.thread_id = threads.id
    ORDER BY last.created_at DESC, last.id DESC
    LIMIT 1
)
WHERE (SELECT leaves FROM temp.branch_migration)
  AND EXISTS (SELECT 1 FROM main.messages AS any_message WHERE any_message.thread_id = threads.id);

-- After the backfill: one sort is faster than a million insertions.
CREATE INDEX IF NOT EXISTS main.idx_messages_parent_entry_id ON messages(parent_entry_id);

-- New columns without their values must not stay: the next run would take them for finished.
UPDATE OR ROLLBACK temp.branch_migration SET failed =
    (parents
        AND NOT EXISTS (SELECT 1 FROM main.messages WHERE parent_entry_id IS NOT NULL)
        AND EXISTS (SELECT 1 FROM main.messages GROUP BY thread_id HAVING count(*) > 1))
    OR (leaves
        AND NOT EXISTS (SELECT 1 FROM main.threads WHERE current_leaf_id IS NOT NULL)
        AND EXISTS (SELECT 1 FROM main.threads JOIN main.messages ON messages.thread_id = threads.id));

DELETE FROM temp.branch_migration;
DROP TABLE temp.branch_migration;

RELEASE branch_migration;
