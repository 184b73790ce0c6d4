-- 0007_labels: names for places in a thread.
--
-- May be run again: it makes only what is missing. Needs 0001.
--
-- Other programs do not know this table. A label whose message is gone, or is in another thread, does not exist.

CREATE TABLE IF NOT EXISTS main.message_labels (
    thread_id   TEXT NOT NULL,
    label       TEXT NOT NULL,
    message_id  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (thread_id, label)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS main.branch_message_labels_message ON message_labels(message_id);
