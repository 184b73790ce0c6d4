-- Loads conversations from JSON, with SQL alone. Before this, the table `source(json TEXT)` is filled, one tree per row:
--   {"message_tree_id": …, "prompt": {"message_id": …, "role": …, "text": …, "replies": [ … ]}}

INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source)
SELECT json ->> '$.message_tree_id', json ->> '$.prompt.text', 0, 'import', 0, 0, 'idle', '', '', 'api'
FROM source;

-- All messages, each after its parent and its older siblings: the order of the document.
CREATE TEMP TABLE draft (
    number      INTEGER PRIMARY KEY,
    thread      TEXT NOT NULL,
    name        TEXT NOT NULL,
    parent      TEXT,
    -- Which reply of its parent it is, from 0.
    position    INTEGER NOT NULL,
    role        TEXT NOT NULL,
    content     TEXT NOT NULL,
    item_json   TEXT NOT NULL
);
INSERT INTO draft(thread, name, parent, position, role, content, item_json)
SELECT source.json ->> '$.message_tree_id', node.value ->> '$.message_id', node.value ->> '$.parent_id',
    iif(node.key = 'prompt', 0, node.key), node.value ->> '$.role', node.value ->> '$.text',
    json_remove(node.value, '$.replies')
FROM source, json_tree(source.json) AS node
WHERE node.type = 'object' AND node.value ->> '$.message_id' IS NOT NULL
ORDER BY source.rowid, node.id;

CREATE TEMP TABLE loaded (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TEMP TRIGGER remember AFTER INSERT ON main.messages BEGIN
    INSERT INTO loaded VALUES (new.id, new.item_json ->> '$.message_id');
END;

-- A first reply follows its parent, which is the leaf by then. Of the others, some are added below their parent, and some
-- beside their oldest sibling: the same thing, said in two ways.
SELECT count(id) FROM (
    SELECT CASE
        WHEN position = 0 THEN
            branch_append(thread, role, content, item_json, number)
        WHEN position % 2 = 0 THEN
            branch_fork((SELECT id FROM loaded WHERE name = draft.parent), role, content, item_json, number)
        ELSE
            branch_alternative(
                (SELECT id FROM loaded WHERE name =
                    (SELECT name FROM draft AS oldest WHERE oldest.parent = draft.parent AND oldest.position = 0)),
                role, content, item_json, number
            )
    END AS id
    FROM draft
    ORDER BY number
);
