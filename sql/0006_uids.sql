-- 0006_uids: names for messages that the caller chooses.
--
-- May be run again: it makes only what is missing. Needs 0001.
--
-- Other programs do not know this table. They may delete a message and leave its uid behind; a uid whose message is gone
-- does not exist. (Ids of messages never come back, so it cannot come to mean another message.)

CREATE TABLE IF NOT EXISTS main.message_uids (
    uid         TEXT PRIMARY KEY,
    message_id  INTEGER NOT NULL UNIQUE
) WITHOUT ROWID;
