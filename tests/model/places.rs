//! The databases in which the properties have to hold: files and memory, beside other databases, with other columns.

use std::path::PathBuf;

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::super::host;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Storage {
    Memory,
    Wal,
    Delete,
}

/// Where a case happens.
#[derive(Debug, Clone)]
pub struct Place {
    pub storage: Storage,
    pub trusted_schema: bool,
    /// Another database with the same tables and other messages in them.
    pub attached: bool,
    /// TEMP tables with the same names and other messages in them.
    pub shadowed: bool,
    /// Columns that no program here knows.
    pub more_columns: bool,
    /// More pages than messages, as where contents are long: then ways are taken that do not read rows to their end.
    pub many_pages: bool,
    /// Indexes that are not there.
    pub without: Vec<&'static str>,
}

const INDEXES: [&str; 4] = [
    "branch_messages_jumps",
    "branch_messages_later",
    "branch_messages_first",
    "idx_messages_parent_entry_id",
];

/// Any place. With all indexes as often as without some.
pub fn any_place() -> impl Strategy<Value = Place> {
    let storage = prop_oneof![
        Just(Storage::Memory),
        Just(Storage::Wal),
        Just(Storage::Delete)
    ];
    let some = proptest::sample::subsequence(INDEXES.to_vec(), 0..=INDEXES.len());
    let without = prop_oneof![Just(Vec::new()), some];
    let flags = any::<[bool; 5]>();
    (storage, flags, without).prop_map(|(storage, flags, without)| {
        let [trusted_schema, attached, shadowed, more_columns, many_pages] = flags;
        Place {
            storage,
            trusted_schema,
            attached,
            shadowed,
            more_columns,
            many_pages,
            without,
        }
    })
}

/// A database that is open in such a place.
pub struct Opened {
    pub connection: Connection,
    directory: Option<TempDir>,
}

/// A table like ours, with other things in it.
const OTHER: &str = "
    CREATE TABLE @.threads(id TEXT PRIMARY KEY, current_leaf_id INTEGER, note TEXT);
    CREATE TABLE @.messages(id INTEGER PRIMARY KEY, thread_id TEXT, role TEXT, content TEXT, item_json TEXT,
                            created_at INTEGER, parent_entry_id INTEGER);
    INSERT INTO @.threads VALUES ('t0', 3, 'not this one'), ('elsewhere', 9, '');
    INSERT INTO @.messages(id, thread_id, role, content, created_at, parent_entry_id)
    VALUES (1, 't0', 'other', 'other', 0, 2), (2, 't0', 'other', 'other', 0, 1), (3, 't0', 'other', 'other', 0, 77),
           (9, 'elsewhere', 'other', 'other', 0, NULL);
    CREATE INDEX @.branch_messages_jumps ON messages(id) WHERE parent_entry_id IS NULL;
    CREATE INDEX @.branch_messages_later ON messages(content);";

impl Place {
    /// Makes the database, with all tables and nothing in them.
    pub fn open(&self) -> Opened {
        let directory = match self.storage {
            Storage::Memory => None,
            _ => Some(tempfile::tempdir().unwrap()),
        };
        let connection = match &directory {
            None => host::memory(),
            Some(directory) => host::open(&directory.path().join("state.db")),
        };
        let setting = if self.trusted_schema { "ON" } else { "OFF" };
        let mut script = format!("PRAGMA trusted_schema = {setting}; PRAGMA synchronous = OFF;");
        if self.many_pages {
            script.push_str("PRAGMA page_size = 512;");
        }
        if self.storage == Storage::Wal {
            script.push_str("PRAGMA journal_mode = WAL;");
        }
        if self.attached {
            script.push_str("ATTACH ':memory:' AS other;");
            script.push_str(&OTHER.replace('@', "other"));
        }
        script.push_str("SELECT branch_migrate();");
        if self.shadowed {
            script.push_str(&OTHER.replace('@', "temp"));
        }
        if self.more_columns {
            script.push_str(
                "ALTER TABLE main.messages ADD COLUMN stars INTEGER NOT NULL DEFAULT 3;
                 ALTER TABLE main.messages ADD COLUMN length AS (length(content));
                 ALTER TABLE main.threads ADD COLUMN owner TEXT DEFAULT 'someone';",
            );
        }
        if self.many_pages {
            script.push_str("CREATE TABLE main.ballast(pages); INSERT INTO main.ballast VALUES (zeroblob(300000));");
        }
        for index in &self.without {
            script.push_str(&format!("DROP INDEX main.{index};"));
        }
        script.push_str("CREATE TABLE main.notes(number INTEGER PRIMARY KEY, value);");
        connection.execute_batch(&script).unwrap();
        Opened {
            connection,
            directory,
        }
    }

    /// What the tables of the same names hold that are none of our business.
    pub fn others(&self, connection: &Connection) -> Vec<String> {
        let mut found = Vec::new();
        for (there, schema) in [(self.attached, "other"), (self.shadowed, "temp")] {
            if !there {
                continue;
            }
            let sql = format!(
                "SELECT group_concat(id || '/' || current_leaf_id), \
                        (SELECT group_concat(id || '/' || ifnull(parent_entry_id, '')) FROM {schema}.messages) \
                 FROM {schema}.threads"
            );
            let [threads, messages]: [String; 2] = connection
                .query_row(&sql, [], |row| Ok([row.get(0)?, row.get(1)?]))
                .unwrap();
            found.push(threads);
            found.push(messages);
        }
        found
    }
}

impl Opened {
    /// The file, if there is one.
    pub fn file(&self) -> Option<PathBuf> {
        self.directory
            .as_ref()
            .map(|directory| directory.path().join("state.db"))
    }

    /// Closes the connection and opens the file anew; memory stays as it is.
    pub fn reopen(self) -> Self {
        let Some(file) = self.file() else {
            return self;
        };
        self.connection
            .close()
            .expect("nothing keeps the connection open");
        Self {
            connection: host::open(&file),
            directory: self.directory,
        }
    }
}
