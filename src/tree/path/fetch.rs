//! The contents of messages.

use std::rc::Rc;

use crate::code;
use crate::error::{Error, Result};
use crate::sqlite::{Connection, Context, Kind, Statement};
use crate::tree::rows::columns::{
    with_columns, with_columns_and_parent, Columns, Positions, PARENT,
};
use crate::tree::rows::fed::Fed;
use crate::tree::rows::links;

/// How many messages must follow one another for a scan to be worth its start: from 2 to 16 it makes no difference beyond 1.03.
pub const RUN: u64 = 4;

/// Reads messages by id: those that follow one another by a scan, single ones by handing their ids to a join.
pub struct Fetch {
    connection: Rc<Connection>,
    columns: Columns,
    /// The id is the first value of a row, before these.
    positions: Positions,
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
    pub fn new(connection: &Rc<Connection>, columns: Columns, descending: bool) -> Option<Self> {
        (columns != Columns::Nothing).then(|| Self {
            connection: Rc::clone(connection),
            columns,
            positions: columns.positions(columns.with_parent()),
            descending,
            scan: None,
            expected: None,
            single: Fed::new(
                connection,
                with_columns_and_parent!(
                    columns,
                    "SELECT m.id",
                    " FROM branch_feed(?1) AS ids CROSS JOIN main.messages AS m WHERE m.id = ids.rowid"
                ),
            ),
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
                with_columns_and_parent!(
                    self.columns,
                    "SELECT m.id",
                    " FROM main.messages AS m WHERE m.id <= +?1 ORDER BY m.id DESC"
                )
            } else {
                with_columns_and_parent!(
                    self.columns,
                    "SELECT m.id",
                    " FROM main.messages AS m WHERE m.id >= +?1 ORDER BY m.id"
                )
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
        let Some(place) = self.place(PARENT) else {
            return Ok(());
        };
        let row = self.row()?;
        let same = match parent {
            Some(parent) => row.integer(place) == parent,
            None => row.kind(place) == Kind::Null,
        };
        if same {
            Ok(())
        } else {
            Err(links::unlike_index(id))
        }
    }

    /// Which value of a row is a column of M, if it is read.
    #[inline]
    fn place(&self, column: usize) -> Option<i32> {
        let position = *self.positions.get(column)?;
        position.map(|position| i32::from(position) + 1)
    }

    /// Gives a column of M.
    #[inline]
    pub fn result(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        if let Some(place) = self.place(column) {
            context.result_column(self.row()?, place as usize);
        }
        Ok(())
    }

    /// The text of a column of M.
    pub fn text(&self, column: usize) -> Result<Vec<u8>> {
        match self.place(column) {
            Some(place) => Ok(self.row()?.text(place)?.to_vec()),
            None => Ok(Vec::new()),
        }
    }

    /// The row of the message: where all columns are read, the values of M in their order.
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
