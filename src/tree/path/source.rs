//! Where a walk to the root learns parents from: the index of jumps, or the messages' own rows.
//!
//! * The index tells a whole run of consecutive ids by one seek, and nothing of the messages inside ([`Links`]). Where each
//!   message is a jump, it costs a step over each entry between, or a seek and, in a large file, a page for each message.
//! * A row tells one parent. It has to be read anyway where contents are listed, and is then kept ([`Chain`]).
//!
//! Which one it is, is decided here and nowhere else, from what the walk has met and from how long rows are.

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::Connection;
use crate::tree::rows::columns::Columns;
use crate::tree::rows::density;
use crate::tree::rows::links::{self, Links, Run};
use crate::tree::rows::read::{Chain, Kept};
use crate::tree::rows::scan::Direction;

/// What a walk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A question about the path. Rows are read only where that takes no more pages than the index does.
    Question,
    /// Messages are listed, as a whole or as far as the caller reads, which may be as many as expected, with these columns.
    List {
        columns: Columns,
        whole: bool,
        expected: u64,
    },
}

/// After how many messages in a row that were no runs the next one is expected to be none either. With 0, ids take 1.12 times as
/// long where there is a fork at every 10th; one alone is common, and rows are then read for nothing.
const JUMPS: u32 = 2;

/// After how many consecutive ids the index is asked how many more there are. With 64, a thread of 400 takes 0.94 times the
/// instructions, and one of 100 that lies alone in a large file 17 pages rather than 14. Few enough that the disk does not
/// matter, which reads ahead only in ascending order.
const LINKS: u32 = 128;

/// How many rows are read before it is known whether contents are long. Between 2 and 32, listing 400 messages differs by a tenth.
const SAMPLE: u64 = 8;

/// Tells a walk its runs.
pub struct Source {
    connection: Rc<Connection>,
    links: Links,
    rows: Option<Chain>,
    columns: Columns,
    /// Whether the caller will read all that there is.
    whole: bool,
    /// How many it is likely to read, if it has said so.
    expected: u64,
    /// Whether this is for a question.
    question: bool,
    /// Whether rows may be read at all. None if that is not known yet.
    allowed: Option<bool>,
    /// How many of the latest runs had one message.
    jumps: u32,
    /// Whether the index is to be asked next.
    ask: bool,
    /// For how many consecutive ids the index is not asked.
    patience: u32,
    /// How many messages have been given.
    passed: u64,
}

impl Source {
    /// For a walk with a purpose.
    pub fn new(connection: &Rc<Connection>, purpose: Purpose) -> Result<Self> {
        let (columns, whole, expected, question) = match purpose {
            Purpose::Question => (Columns::Nothing, false, 0, true),
            Purpose::List {
                columns,
                whole,
                expected,
            } => (columns, whole, expected, false),
        };
        let rows = match columns {
            Columns::Nothing => None,
            _ => Some(Chain::new(connection, columns)?),
        };
        Ok(Self {
            connection: Rc::clone(connection),
            links: Links::open(connection, Direction::Descending)?,
            rows,
            columns,
            whole,
            expected,
            question,
            allowed: None,
            jumps: 0,
            ask: false,
            patience: LINKS,
            passed: 0,
        })
    }

    /// The rows that it keeps on the way.
    pub fn kept(&self) -> Option<Rc<RefCell<Kept>>> {
        self.rows.as_ref().and_then(Chain::kept)
    }

    /// From here on, only the index is asked: where links go to higher ids, what rows say is not enough to find cycles.
    pub fn close(&mut self) {
        self.allowed = Some(false);
    }

    /// The run that ends at a message, whose parent `child` has for it, and whether its rows have been read. No more than
    /// `left` messages are wanted.
    #[inline]
    pub fn run(&mut self, last: i64, child: Option<i64>, left: Option<u64>) -> Result<(Run, bool)> {
        if let Some(run) = self.given() {
            return Ok((run, true));
        }
        if self.prefers_rows()? {
            self.read(last, left)?;
            if let Some(run) = self.given() {
                return Ok((run, true));
            }
        }
        let run = self.links.run(last, child)?;
        self.note(&run);
        Ok((run, false))
    }

    /// The next message of those whose rows have been read.
    #[inline]
    fn given(&mut self) -> Option<Run> {
        let (id, parent) = self.rows.as_mut()?.next()?;
        self.passed += 1;
        Some(Run {
            first: id,
            last: id,
            parent,
        })
    }

    /// The one decision.
    fn prefers_rows(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.ask) || self.allowed == Some(false) {
            return Ok(false);
        }
        // Contents are read anyway. Otherwise a run, if there is one, is told by the index at once.
        if self.columns == Columns::Nothing && self.jumps < JUMPS {
            return Ok(false);
        }
        // An entry that was stepped to is on a page with others.
        if self.question && !self.links.seeks() {
            return Ok(false);
        }
        if let Some(allowed) = self.allowed {
            return Ok(allowed);
        }
        // The parent is the last column of a row, behind the contents. Where those are not read anyway, they are not to be
        // walked over. And where links go to higher ids, a walk has to look out for cycles.
        let allowed = (self.columns == Columns::All || density::rows_are_short(&self.connection))
            && !links::any_later_parent(&self.connection)?;
        self.allowed = Some(allowed);
        Ok(allowed)
    }

    fn read(&mut self, last: i64, left: Option<u64>) -> Result<()> {
        let rows = match &mut self.rows {
            Some(rows) => rows,
            empty => empty.insert(Chain::new(&self.connection, Columns::Nothing)?),
        };
        let most = match (self.passed, self.whole) {
            (0, true)
                if self.columns.have_content() && left.is_none_or(|left| left > 2 * SAMPLE) =>
            {
                SAMPLE
            }
            (_, true) => u64::MAX,
            (passed, false) if passed < self.expected => self.expected - passed,
            // It may stop any time, and what is read ahead then is pages in vain. At least 4 at a time would spare one
            // instruction in 70.
            (passed, false) => 1.max(passed / 8),
        };
        rows.read(
            last,
            most.min(left.unwrap_or(u64::MAX)),
            self.patience,
            self.whole,
        )?;
        self.ask = rows.met_run();
        if rows.is_full() && self.whole {
            // What is further rootward is read again when it is given. To learn parents from it takes longer than from the index: 1.1
            // times the whole listing of 20,000 messages with alternatives, 1.15 where threads take turns.
            self.close();
        } else if rows.are_long() {
            self.close();
        }
        Ok(())
    }

    fn note(&mut self, run: &Run) {
        self.passed = self.passed.saturating_add(run.steps()).saturating_add(1);
        if run.first == run.last {
            self.jumps += 1;
        } else {
            self.jumps = 0;
        }
        // It was asked in vain, and is asked less often.
        self.patience = if run.steps() < u64::from(LINKS) {
            self.patience.saturating_mul(2)
        } else {
            LINKS
        };
    }
}
