//! The contents of messages whose ids are known, from wherever it takes least to have them.
//!
//! * Rows that a walk has read on its way, and kept.
//! * Short rows that follow one another: many at a time, by one step of a statement ([`Batch`]).
//! * Single rows, and long ones, whose contents had better not be copied once more: one step each ([`Fetch`]).

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Connection, Context};
use crate::tree::path::fetch::{Fetch, RUN};
use crate::tree::rows::columns::{Columns, CREATED_AT, THREAD_ID};
use crate::tree::rows::density;
use crate::tree::rows::read::{Batch, Kept, LONG};
use crate::tree::rows::times::Times;

/// Where the current row is.
#[derive(Clone, Copy)]
enum At {
    Nowhere,
    Kept,
    Batch,
    Fetch,
}

/// A message's parent, if the caller knows it: which is None for a first message.
pub type Known = Option<Option<i64>>;

fn compare(batch: &Batch, id: i64, parent: Known) -> Result<()> {
    parent.map_or(Ok(()), |parent| batch.compare_parent(id, parent))
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
    /// The current message.
    id: i64,
    /// Where times come from, if not from the rows.
    times: Option<RefCell<Times>>,
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
            id: 0,
            times: None,
            passed: 0,
        })
    }

    /// Where columns that stand behind contents are wanted, and not these, and contents are long, times come from an index.
    /// `backwards`: the newest comes first, or only new ones are wanted.
    pub fn shorten(
        connection: &Rc<Connection>,
        columns: Columns,
        backwards: bool,
    ) -> (Columns, Option<Times>) {
        if columns != Columns::Timed || density::rows_are_short(connection) {
            return (columns, None);
        }
        (Columns::Head, Some(Times::new(connection, backwards)))
    }

    /// Has times come from there.
    pub fn timed_by(mut self, times: Option<Times>) -> Self {
        self.times = times.map(RefCell::new);
        self
    }

    /// Goes to a message, which `more` others follow with ids one by one, and of which `next` gives those that come after it,
    /// the next one last, if they are known. False if it is not there. Where all of its row is read, its parent is compared
    /// with `parent`, if the caller knows that.
    #[inline(always)]
    pub fn go_to(
        &mut self,
        id: i64,
        more: u64,
        parent: Known,
        next: impl FnOnce() -> Vec<i64>,
    ) -> Result<bool> {
        self.id = id;
        if let Some(kept) = &self.kept {
            if kept.borrow_mut().find(id) {
                self.at = At::Kept;
                return Ok(true);
            }
        }
        if let Some(batch) = &self.batch {
            if batch.find(id) {
                self.at = At::Batch;
                compare(batch, id, parent)?;
                return Ok(true);
            }
        }
        if self.long {
            return self.fetch(id, more, parent);
        }
        let next = if more < RUN { next() } else { Vec::new() };
        self.read(id, more, parent, next)
    }

    fn read(&mut self, id: i64, more: u64, parent: Known, mut next: Vec<i64>) -> Result<bool> {
        if more < RUN && next.is_empty() {
            return self.fetch(id, more, parent);
        }
        let batch = match &mut self.batch {
            Some(batch) => batch,
            empty => empty.insert(Batch::new(&self.connection, self.columns)?),
        };
        if next.is_empty() {
            // Rootward, the caller may stop soon.
            let (more, last) = if self.descending {
                let more = more.min(RUN.max(self.passed / 8));
                (more, id.checked_sub_unsigned(more))
            } else {
                (more, id.checked_add_unsigned(more))
            };
            self.passed = self.passed.saturating_add(more).saturating_add(1);
            batch.read_range(id, last.unwrap_or(id))?;
        } else {
            next.push(id);
            batch.read_list(next)?;
        }
        if !batch.find(id) {
            return Ok(false);
        }
        self.long = batch.length() > LONG;
        self.at = At::Batch;
        compare(batch, id, parent)?;
        Ok(true)
    }

    fn fetch(&mut self, id: i64, more: u64, parent: Known) -> Result<bool> {
        self.at = At::Fetch;
        let fetch = match &mut self.fetch {
            Some(fetch) => fetch,
            empty => match Fetch::new(&self.connection, self.columns, self.descending) {
                Some(fetch) => empty.insert(fetch),
                None => return Ok(true),
            },
        };
        let found = fetch.go_to(id, more)?;
        if let (true, Some(parent)) = (found, parent) {
            fetch.compare_parent(id, parent)?;
        }
        Ok(found)
    }

    /// Gives a column of M.
    #[inline(always)]
    pub fn column(&self, context: &mut Context<'_>, place: usize) -> Result<()> {
        match (self.at, &self.kept, &self.batch, &self.fetch) {
            _ if place == CREATED_AT && self.times.is_some() => self.time(context)?,
            (At::Kept, Some(kept), _, _) => kept.borrow().result(context, place),
            (At::Batch, _, Some(batch), _) => batch.result(context, place),
            (At::Fetch, _, _, Some(fetch)) => fetch.result(context, place)?,
            _ => {}
        }
        Ok(())
    }

    #[cold]
    fn time(&self, context: &mut Context<'_>) -> Result<()> {
        if let Some(times) = &self.times {
            let time = times.borrow_mut().of(&self.text(THREAD_ID)?, self.id)?;
            context.result_optional(time);
        }
        Ok(())
    }

    /// The text of a column of M.
    pub fn text(&self, place: usize) -> Result<Vec<u8>> {
        Ok(match (&self.at, &self.kept, &self.batch, &self.fetch) {
            (At::Kept, Some(kept), _, _) => kept.borrow().text(place),
            (At::Batch, _, Some(batch), _) => batch.text(place),
            (At::Fetch, _, _, Some(fetch)) => fetch.text(place)?,
            _ => Vec::new(),
        })
    }
}
