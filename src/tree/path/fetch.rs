//! The contents of messages.

use std::rc::Rc;

use crate::code;
use crate::error::{Error, Result};
use crate::sqlite::{Connection, Kind, Statement};
use crate::tree::rows::columns::Columns;
use crate::tree::rows::fed::Fed;
use crate::tree::rows::links;

/// How many columns of `messages` tables show: the contract's M, the id first.
pub const WIDTH: usize = 7;

/// The last of them.
const PARENT: i32 = WIDTH as i32 - 1;

/// How many messages must follow one another for a scan to be worth its start.
pub const RUN: u64 = 4;

/// Which of a message's columns somebody will read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// None but the id.
    Nothing,
    /// Those before the content.
    Head,
    /// Any.
    All,
}

impl Wanted {
    /// What has these columns.
    pub fn for_columns(columns: Columns) -> Self {
        match columns {
            Columns::Nothing => Self::Nothing,
            Columns::Role | Columns::Head => Self::Head,
            Columns::Text | Columns::Timed | Columns::All => Self::All,
        }
    }

    // What comes after a long content is far to reach, so the short columns before it have statements of their own.

    fn ascending(self) -> &'static str {
        match self {
            Self::All => {
                "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
                 FROM main.messages WHERE id >= +?1 ORDER BY id"
            }
            _ => "SELECT id, thread_id, role FROM main.messages WHERE id >= +?1 ORDER BY id",
        }
    }

    fn descending(self) -> &'static str {
        match self {
            Self::All => {
                "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id \
                 FROM main.messages WHERE id <= +?1 ORDER BY id DESC"
            }
            _ => "SELECT id, thread_id, role FROM main.messages WHERE id <= +?1 ORDER BY id DESC",
        }
    }

    fn single(self) -> &'static str {
        match self {
            Self::All => {
                "SELECT m.id, thread_id, role, content, item_json, created_at, parent_entry_id \
                 FROM branch_feed(?1) AS ids CROSS JOIN main.messages AS m WHERE m.id = ids.rowid"
            }
            _ => {
                "SELECT m.id, thread_id, role \
                 FROM branch_feed(?1) AS ids CROSS JOIN main.messages AS m WHERE m.id = ids.rowid"
            }
        }
    }
}

/// Reads messages by id: those that follow one another by a scan, single ones by handing their ids to a join.
pub struct Fetch {
    connection: Rc<Connection>,
    wanted: Wanted,
    descending: bool,
    scan: Option<Statement>,
    /// The id that a step of the scan leads to, if the messages are as they should be.
    expected: Option<i64>,
    single: Fed,
    /// Whether the current row is that of the scan.
    scanned: bool,
}

impl Fetch {
    /// For runs of messages whose ids ascend or descend. None if there is nothing to fetch.
    pub fn new(connection: &Rc<Connection>, wanted: Wanted, descending: bool) -> Option<Self> {
        (wanted != Wanted::Nothing).then(|| Self {
            connection: Rc::clone(connection),
            wanted,
            descending,
            scan: None,
            expected: None,
            single: Fed::new(connection, wanted.single()),
            scanned: false,
        })
    }

    /// Goes to a message, which `more` others follow with ids one by one. False if it is not there.
    #[inline(always)]
    pub fn go_to(&mut self, id: i64, more: u64) -> Result<bool> {
        let expected = self.expected.take() == Some(id);
        self.scanned = expected || more >= RUN;
        if self.scanned {
            self.scan(id, expected, more)
        } else {
            self.single.find(id)
        }
    }

    fn scan(&mut self, id: i64, expected: bool, more: u64) -> Result<bool> {
        let scan = match &mut self.scan {
            Some(scan) => scan,
            empty => empty.insert(self.connection.prepare(if self.descending {
                self.wanted.descending()
            } else {
                self.wanted.ascending()
            })?),
        };
        if !expected {
            scan.start(&[id])?;
        }
        if !scan.step()? || scan.integer(0) != id {
            return Ok(false);
        }
        if more > 0 {
            self.expected = id.checked_add(if self.descending { -1 } else { 1 });
        }
        Ok(true)
    }

    /// Makes sure that the message's parent is the one that the indexes told, where its row has been read that far.
    #[inline(always)]
    pub fn compare_parent(&self, id: i64, parent: Option<i64>) -> Result<()> {
        if self.wanted != Wanted::All {
            return Ok(());
        }
        let row = self.row()?;
        let same = match parent {
            Some(parent) => row.integer(PARENT) == parent,
            None => row.kind(PARENT) == Kind::Null,
        };
        if same {
            Ok(())
        } else {
            Err(links::unlike_index(id))
        }
    }

    /// The row of the message.
    #[inline(always)]
    pub fn row(&self) -> Result<&Statement> {
        let row = if self.scanned {
            self.scan.as_ref()
        } else {
            self.single.row()
        };
        row.ok_or_else(|| Error::new(code::INTERNAL, "no message was fetched"))
    }
}
