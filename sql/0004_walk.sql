-- 0004_walk: two small indexes that make walks along parent links fast, and the view that the write functions use.
--
-- May be run again: it makes only what is missing. Needs 0001 and 0002.
--
-- Other programs that read and write these tables are not affected: nothing here fires on their statements.

-- The messages whose parent is not the message just before them. A linear stretch of any length costs no entry: between
-- one entry and the next, each message's parent is the one with the id below it.
CREATE INDEX IF NOT EXISTS main.branch_messages_jumps ON messages(id, parent_entry_id)
WHERE parent_entry_id IS NOT id - 1;

-- The messages whose parent is not older than they are. Empty unless data is broken; while it is empty, links only go
-- down, so there are no cycles.
CREATE INDEX IF NOT EXISTS main.branch_messages_later ON messages(id)
WHERE parent_entry_id >= id;

-- A write of several steps is one INSERT into this view, and one statement happens wholly or not at all. Which columns
-- are used depends on op.
CREATE VIEW IF NOT EXISTS main.branch_write AS
SELECT
    NULL AS op, NULL AS id, NULL AS thread_id, NULL AS role, NULL AS content, NULL AS item_json, NULL AS created_at,
    NULL AS parent_entry_id, NULL AS path_length, NULL AS messages
WHERE 0;

-- Adds a message and makes it the leaf of its thread.
CREATE TRIGGER IF NOT EXISTS main.branch_write_append INSTEAD OF INSERT ON branch_write
WHEN NEW.op = 'append'
BEGIN
    INSERT INTO messages(id, thread_id, role, content, item_json, created_at, parent_entry_id)
    VALUES (NEW.id, NEW.thread_id, NEW.role, NEW.content, NEW.item_json, NEW.created_at, NEW.parent_entry_id);
    UPDATE threads SET current_leaf_id = NEW.id WHERE id = NEW.thread_id;
END;

-- Deletes all messages of thread_id.
CREATE TRIGGER IF NOT EXISTS main.branch_write_clear INSTEAD OF INSERT ON branch_write
WHEN NEW.op = 'clear'
BEGIN
    UPDATE threads SET current_leaf_id = NULL WHERE id = NEW.thread_id;
    DELETE FROM messages WHERE thread_id = NEW.thread_id;
END;

-- Deletes the message id with everything below it. A leaf in there moves to parent_entry_id. UNION, because it ends
-- where links go round in a circle.
CREATE TRIGGER IF NOT EXISTS main.branch_write_prune INSTEAD OF INSERT ON branch_write
WHEN NEW.op = 'prune'
BEGIN
    UPDATE threads SET current_leaf_id = NEW.parent_entry_id
    WHERE current_leaf_id IN (
        WITH RECURSIVE pruned(id) AS (
            SELECT NEW.id
            UNION
            SELECT child.id FROM pruned CROSS JOIN messages AS child ON child.parent_entry_id = pruned.id
        )
        SELECT id FROM pruned
    );
    DELETE FROM messages
    WHERE id IN (
        WITH RECURSIVE pruned(id) AS (
            SELECT NEW.id
            UNION
            SELECT child.id FROM pruned CROSS JOIN messages AS child ON child.parent_entry_id = pruned.id
        )
        SELECT id FROM pruned
    );
END;

-- Makes the thread thread_id: the metadata of the thread of the message id, times created_at, and copies of the
-- path_length messages on the path to that message, first to last, with the ids after the id in messages.
CREATE TRIGGER IF NOT EXISTS main.branch_write_copy INSTEAD OF INSERT ON branch_write
WHEN NEW.op = 'copy'
BEGIN
    INSERT INTO threads(
        id, rollout_path, preview, ephemeral, model_provider, created_at, updated_at, status, path, cwd, cli_version,
        source, title, sandbox_policy, approval_mode, archived, archived_at, git_sha, git_branch, git_origin_url,
        memory_mode, current_leaf_id
    )
    SELECT
        NEW.thread_id, rollout_path, preview, ephemeral, model_provider, NEW.created_at, NEW.created_at, status, path,
        cwd, cli_version, 'fork', title, sandbox_policy, approval_mode, archived, archived_at, git_sha, git_branch,
        git_origin_url, memory_mode, NEW.messages + NEW.path_length
    FROM threads
    WHERE id = (SELECT thread_id FROM messages WHERE id = NEW.id);

    INSERT INTO messages(id, thread_id, role, content, item_json, created_at, parent_entry_id)
    SELECT
        NEW.messages + NEW.path_length - path.distance,
        NEW.thread_id, original.role, original.content, original.item_json, original.created_at,
        CASE WHEN path.distance < NEW.path_length - 1 THEN NEW.messages + NEW.path_length - path.distance - 1 END
    FROM (
        WITH RECURSIVE up(id, parent_entry_id, distance) AS (
            SELECT id, parent_entry_id, 0 FROM messages WHERE id = NEW.id
            UNION ALL
            SELECT parent.id, parent.parent_entry_id, up.distance + 1
            FROM up CROSS JOIN messages AS parent ON parent.id = up.parent_entry_id
            WHERE up.distance < NEW.path_length - 1
        )
        -- The LIMIT keeps SQLite from dropping the order.
        SELECT id, distance FROM up ORDER BY distance DESC LIMIT -1
    ) AS path CROSS JOIN messages AS original ON original.id = path.id;
END;
