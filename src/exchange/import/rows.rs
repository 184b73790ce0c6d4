//! The statements of an import.

use std::collections::HashSet;
use std::rc::Rc;

use super::json::{self, Raw};
use super::node::{Cell, Copies, Node, Row};
use crate::error::Result;
use crate::items::{compaction, Item};
use crate::sqlite::{Connection, Kind, Parameter, Statement};
use crate::tree::rows::{thread, uids};
use crate::tree::write::append::{inserted, optional, set_leaf};
use crate::tree::write::thread as threads;

/// A message that is there.
pub struct Found {
    pub message: i64,
    pub thread: Vec<u8>,
    pub created_at: i64,
}

/// The statements, prepared once.
pub struct Rows {
    connection: Rc<Connection>,
    find: Statement,
    insert: Statement,
    name: Statement,
}

const FIND: &str = "SELECT m.id, m.thread_id, m.created_at FROM main.message_uids AS u \
     CROSS JOIN main.messages AS m ON m.id = u.message_id WHERE u.uid = +?1";
const INSERT: &str =
    "INSERT INTO main.messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
     SELECT ?1, ?2, ?3, ?4, ?5, ?6";
const NAME: &str = "INSERT OR REPLACE INTO main.message_uids(uid, message_id) SELECT ?1, ?2";
const FINISH: &str = "UPDATE main.threads SET rollout_path = ?2, preview = ?3, ephemeral = ?4, \
     model_provider = ?5, created_at = ?6, updated_at = ?7, status = ?8, path = ?9, cwd = ?10, \
     cli_version = ?11, source = ?12, title = ?13, sandbox_policy = ?14, approval_mode = ?15, \
     archived = ?16, archived_at = ?17, git_sha = ?18, git_branch = ?19, git_origin_url = ?20, \
     memory_mode = ?21 WHERE id = +?1";

impl Rows {
    pub fn new(connection: &Rc<Connection>) -> Result<Self> {
        Ok(Self {
            connection: Rc::clone(connection),
            find: connection.prepare(FIND)?,
            insert: connection.prepare(INSERT)?,
            name: connection.prepare(NAME)?,
        })
    }

    /// The message of a uid.
    pub fn find(&mut self, uid: &[u8]) -> Result<Option<Found>> {
        self.find.once(&[Parameter::Text(uid)], found)
    }

    /// The uid of a message.
    pub fn uid(&self, message: i64) -> Result<Option<Vec<u8>>> {
        uids::of(&self.connection, message)
    }

    /// Stores a message.
    pub fn insert(
        &mut self,
        thread: &[u8],
        node: &Node<'_>,
        item_json: Option<&[u8]>,
        created_at: i64,
        parent: Option<i64>,
    ) -> Result<i64> {
        self.insert.run(&[
            Parameter::Text(thread),
            Parameter::Text(node.role),
            bytes(node.text, node.blobs.text),
            item_json.map_or(Parameter::Null, |item| bytes(item, node.blobs.item_json)),
            Parameter::Integer(created_at),
            optional(parent),
        ])?;
        inserted(&self.connection)
    }

    /// Names a message. What is left of a message that is gone is replaced.
    pub fn name(&mut self, uid: &[u8], message: i64) -> Result<()> {
        self.name
            .run(&[Parameter::Text(uid), Parameter::Integer(message)])?;
        uids::was_set(&self.connection, uid)
    }

    pub fn thread_exists(&self, thread: &[u8]) -> Result<bool> {
        thread::exists(&self.connection, thread)
    }

    /// Makes a thread with what is known so far.
    pub fn make_thread(&self, thread: &[u8], row: &Row, now: i64) -> Result<()> {
        let created_at = row.integer("created_at").unwrap_or(now);
        threads::make(&self.connection, thread, None, created_at)
    }

    /// Fills in the columns of a new thread. `times` are those of its earliest and latest message.
    pub fn finish_thread(
        &self,
        thread: &[u8],
        row: &Row,
        times: (i64, i64),
        preview: Option<&[u8]>,
        is_exact: bool,
    ) -> Result<()> {
        let mut row = row.clone();
        row.fill("created_at", times.0);
        let created_at = row.integer("created_at").unwrap_or(times.0);
        row.fill("updated_at", created_at.max(times.1));
        let updated_at = row.integer("updated_at").unwrap_or(created_at);
        if !is_exact && updated_at < created_at {
            row.set("updated_at", Cell::Integer(created_at));
        }
        if let (Some(preview), true) = (preview, row.is_empty("preview")) {
            row.set("preview", Cell::Text(preview.to_vec()));
        }
        let mut parameters = vec![Parameter::Text(thread)];
        parameters.extend(row.0.iter().map(|cell| match cell {
            Cell::Null => Parameter::Null,
            Cell::Integer(integer) => Parameter::Integer(*integer),
            Cell::Text(text) => Parameter::Text(text),
            Cell::Blob(blob) => Parameter::Blob(blob),
        }));
        self.connection.prepare(FINISH)?.run(&parameters)
    }

    /// Makes a summary keep a message that was stored after it.
    pub fn keep_from(&self, summary: i64, first_kept: i64) -> Result<()> {
        let mut stored = self
            .connection
            .prepare("SELECT item_json FROM main.messages WHERE id = ?1")?;
        let changed = stored.once(&[Parameter::Integer(summary)], |row| {
            Ok(compaction::with_first_kept(row.text(0)?, Some(first_kept)))
        })?;
        let Some(changed) = changed.flatten() else {
            return Ok(());
        };
        let mut update = self
            .connection
            .prepare("UPDATE main.messages SET item_json = ?2 WHERE id = ?1")?;
        update.run(&[Parameter::Integer(summary), Parameter::Text(&changed)])
    }

    /// Moves a thread's leaf.
    pub fn set_leaf(&self, thread: &[u8], leaf: i64) -> Result<()> {
        set_leaf(&self.connection, thread, Some(leaf))
    }

    /// Time and id of a thread's leaf.
    pub fn leaf(&self, thread: &[u8]) -> Result<Option<(i64, i64)>> {
        let mut leaf = self.connection.prepare(
            "SELECT m.created_at, m.id FROM main.threads AS t \
             CROSS JOIN main.messages AS m ON m.id = t.current_leaf_id WHERE t.id = +?1",
        )?;
        leaf.once(&[Parameter::Text(thread)], |row| {
            Ok((row.integer(0), row.integer(1)))
        })
    }

    /// Gives a message a label, if its thread has none of that name.
    pub fn label(&self, thread: &[u8], label: &[u8], message: i64, created_at: i64) -> Result<()> {
        let mut insert = self.connection.prepare(
            "INSERT OR IGNORE INTO main.message_labels(thread_id, label, message_id, created_at) \
             SELECT ?1, ?2, ?3, ?4",
        )?;
        insert.run(&[
            Parameter::Text(thread),
            Parameter::Text(label),
            Parameter::Integer(message),
            Parameter::Integer(created_at),
        ])
    }

    /// The first child of a message that is the same as a node.
    pub fn equal_child(&self, parent: i64, wanted: &Wanted<'_>) -> Result<Option<Found>> {
        let mut children = self.connection.prepare(
            "SELECT id, thread_id, created_at, item_json FROM main.messages \
             WHERE parent_entry_id = +?1 AND role = +?2 AND content = +?3 ORDER BY id",
        )?;
        wanted.search(Parameter::Integer(parent), &mut children)
    }

    /// The first one of the first messages, of a thread or of all, that is the same as a node.
    pub fn equal_first(&self, thread: Option<&[u8]>, wanted: &Wanted<'_>) -> Result<Option<Found>> {
        let mut firsts = match thread {
            Some(_) => self.connection.prepare(
                "SELECT id, thread_id, created_at, item_json FROM main.messages \
                 WHERE parent_entry_id IS NULL AND role = +?2 AND content = +?3 AND thread_id = +?1 ORDER BY id",
            )?,
            None => self.connection.prepare(
                "SELECT id, thread_id, created_at, item_json FROM main.messages \
                 WHERE parent_entry_id IS NULL AND role = +?2 AND content = +?3 AND ?1 IS NULL",
            )?,
        };
        wanted.search(thread.map_or(Parameter::Null, Parameter::Text), &mut firsts)
    }
}

fn bytes(bytes: &[u8], is_blob: bool) -> Parameter<'_> {
    match is_blob {
        true => Parameter::Blob(bytes),
        false => Parameter::Text(bytes),
    }
}

fn found(row: &Statement) -> Result<Found> {
    Ok(Found {
        message: row.integer(0),
        thread: row.text(1)?.to_vec(),
        created_at: row.integer(2),
    })
}

/// What a message that is a node's copy is like.
pub struct Wanted<'w> {
    pub node: &'w Node<'w>,
    /// The node's original as it would be stored.
    pub item_json: Option<&'w [u8]>,
    pub copies: Copies,
    /// Messages that are other nodes'.
    pub claimed: &'w HashSet<i64>,
    /// Whether it is a summary that keeps no message that has come.
    pub keeps_nothing: bool,
}

impl Wanted<'_> {
    /// The first row that is the same, where `place` is what the statement looks below or in.
    fn search(&self, place: Parameter<'_>, rows: &mut Statement) -> Result<Option<Found>> {
        let node = self.node;
        let parameters = [
            place,
            Parameter::Text(node.role),
            bytes(node.text, node.blobs.text),
        ];
        rows.search(&parameters, |row| {
            self.is(row)?.then(|| found(row)).transpose()
        })
    }

    fn is(&self, row: &Statement) -> Result<bool> {
        let kind = row.kind(3);
        let stored = match kind {
            Kind::Null => None,
            Kind::Blob => Some(row.blob(3)),
            _ => Some(row.text(3)?),
        };
        Ok(match self.copies {
            Copies::None => false,
            Copies::Equal => {
                let is_blob = self.item_json.is_some() && self.node.blobs.item_json;
                is_blob == (kind == Kind::Blob)
                    && (stored == self.item_json || self.is_but_for_what_it_keeps(stored))
                    && self
                        .node
                        .created_at
                        .is_none_or(|time| time == row.integer(2))
                    && !self.claimed.contains(&row.integer(0))
            }
            Copies::Entries => same(stored, self.item_json, ["id", "timestamp"]),
            Copies::Payloads => same(stored, self.item_json, ["type", "payload"]),
        })
    }

    /// Whether the stored original is that of a summary that keeps a message which is not among those that have come:
    /// an export calls that one null.
    fn is_but_for_what_it_keeps(&self, stored: Option<&[u8]>) -> bool {
        let Some(stored) = stored.filter(|_| self.keeps_nothing) else {
            return false;
        };
        let kept = Item::read(stored).first_kept_id;
        kept.is_some_and(|kept| !self.claimed.contains(&kept))
            && compaction::with_first_kept(stored, None).as_deref() == self.item_json
    }
}

/// Whether two originals are objects that have both these members, and the same.
fn same(stored: Option<&[u8]>, given: Option<&[u8]>, names: [&str; 2]) -> bool {
    let members = |text: Option<&[u8]>| {
        let [first, second] = json::pick(Raw::of(text?)?, names);
        Some((first?.text().to_owned(), second?.text().to_owned()))
    };
    let stored = members(stored);
    stored.is_some() && stored == members(given)
}
