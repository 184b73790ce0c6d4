//! The contents of messages whose ids are known, from wherever it takes least to have them.
//!
//! * Rows that a walk has read on its way, and kept.
//! * Short rows that follow one another: many at a time, by one step of a statement ([`Batch`]).
//! * Single rows, and long ones, whose contents had better not be copied once more: one step each ([`Fetch`]).

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Connection, Context};
use crate::tree::path::fetch::{Fetch, Wanted, RUN};
use crate::tree::rows::columns::Columns;
use crate::tree::rows::read::{Batch, Kept, LONG};

/// Where the current row is.
enum At {
    Nowhere,
    Kept,
    Batch,
    Fetch,
}

/// Reads messages by id.
pub struct Contents {
    connection: Rc<Connection>,
    columns: Columns,
    descending: bool,
    kept: Option<Rc<RefCell<Kept>>>,
    batch: Option<Batch>,
    fetch: Option<Fetch>,
    at: At,
    /// Whether rows have turned out to be long.
    long: bool,
    /// How many have been read, of those that a caller may stop at any time.
    passed: u64,
}

impl Contents {
    /// For messages whose ids ascend or descend, as a rule.
    pub fn new(
        connection: &Rc<Connection>,
        columns: Columns,
        descending: bool,
        kept: Option<Rc<RefCell<Kept>>>,
    ) -> Result<Self> {
        Ok(Self {
            connection: Rc::clone(connection),
            columns,
            descending,
            kept,
            batch: None,
            fetch: None,
            at: At::Nowhere,
            long: false,
            passed: 0,
        })
    }

    /// Goes to a message, which `more` others follow with ids one by one. False if it is not there.
    #[inline(always)]
    pub fn go_to(&mut self, id: i64, more: u64, parent: Option<i64>) -> Result<bool> {
        if let Some(kept) = &self.kept {
            if kept.borrow_mut().find(id) {
                self.at = At::Kept;
                return Ok(true);
            }
        }
        if let Some(batch) = &self.batch {
            if batch.find(id) {
                self.at = At::Batch;
                batch.compare_parent(id, parent)?;
                return Ok(true);
            }
        }
        self.read(id, more, parent)
    }

    fn read(&mut self, id: i64, more: u64, parent: Option<i64>) -> Result<bool> {
        if more < RUN || self.long {
            return self.fetch(id, more, parent);
        }
        let batch = match &mut self.batch {
            Some(batch) => batch,
            empty => empty.insert(Batch::new(&self.connection, self.columns)?),
        };
        // Rootward, the caller may stop soon.
        let (more, last) = if self.descending {
            let more = more.min(RUN.max(self.passed / 8));
            (more, id.checked_sub_unsigned(more))
        } else {
            (more, id.checked_add_unsigned(more))
        };
        self.passed = self.passed.saturating_add(more).saturating_add(1);
        batch.read_range(id, last.unwrap_or(id))?;
        if !batch.find(id) {
            return Ok(false);
        }
        self.long = batch.length() > LONG;
        self.at = At::Batch;
        batch.compare_parent(id, parent)?;
        Ok(true)
    }

    fn fetch(&mut self, id: i64, more: u64, parent: Option<i64>) -> Result<bool> {
        self.at = At::Fetch;
        let fetch = match &mut self.fetch {
            Some(fetch) => fetch,
            empty => {
                let wanted = Wanted::for_columns(self.columns);
                match Fetch::new(&self.connection, wanted, self.descending) {
                    Some(fetch) => empty.insert(fetch),
                    None => return Ok(true),
                }
            }
        };
        let found = fetch.go_to(id, more)?;
        if found {
            fetch.compare_parent(id, parent)?;
        }
        Ok(found)
    }

    /// Gives a column of M.
    #[inline(always)]
    pub fn column(&self, context: &mut Context<'_>, place: usize) -> Result<()> {
        match (&self.at, &self.kept, &self.batch, &self.fetch) {
            (At::Kept, Some(kept), _, _) => kept.borrow().result(context, place),
            (At::Batch, _, Some(batch), _) => batch.result(context, place),
            (At::Fetch, _, _, Some(fetch)) => context.result_column(fetch.row()?, place),
            _ => {}
        }
        Ok(())
    }
}
