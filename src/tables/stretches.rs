//! `branch_stretches(thread_id [, limit [, before]])`: a thread's current branch, as ranges of ids.
//!
//! What the Rust store joins to `messages`. SQLite calls a virtual table once for each row and each column, so whole
//! messages that come by ranges of ids cost what a plain scan costs.
//!
//! Of no use to others: nothing verifies that all messages of a range are there, but for the last one of all. Whoever
//! reads them compares each one's parent with the message before.

use std::rc::Rc;

use super::messages::Asked;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Plan, Rows, Shape, Table};
use crate::tree::path::ancestors::{Leafward, Stretch, Stretches};
use crate::tree::path::gaps::Verify;
use crate::tree::rows::links;
use crate::tree::rows::snapshot::Snapshot;

const FIRST: usize = 0;

/// The table.
pub struct BranchStretches;

impl Table for BranchStretches {
    const SHAPE: Shape = Shape {
        name: "branch_stretches",
        columns: "first INTEGER, last INTEGER",
        arguments: &[
            ("thread", "TEXT"),
            ("limit", "INTEGER"),
            ("before", "INTEGER"),
        ],
        required: 1,
        orders: &[],
        rows: 10,
        limit: None,
    };
    type Rows = StretchRows;
}

/// The rows of one use.
pub struct StretchRows {
    stretches: Option<Leafward>,
    at: Option<Stretch>,
    _snapshot: Snapshot,
}

impl Rows for StretchRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, _: Plan) -> Result<Self> {
        let Asked { branch, snapshot } = Asked::read(connection, arguments)?;
        let stretches = match branch {
            Some((leaf, cut)) => {
                Some(Stretches::new(connection, leaf, cut)?.leafward(Verify::Nothing)?)
            }
            None => None,
        };
        if let Some((last, child)) = stretches.as_ref().and_then(Leafward::last) {
            if !links::exists(connection, last)? {
                return Err(links::missing(last, child));
            }
        }
        let mut rows = Self {
            stretches,
            at: None,
            _snapshot: snapshot,
        };
        rows.next()?;
        Ok(rows)
    }

    fn eof(&self) -> bool {
        self.at.is_none()
    }

    fn next(&mut self) -> Result<()> {
        self.at = self.stretches.as_mut().and_then(Leafward::next);
        Ok(())
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        if let Some(Stretch { run, .. }) = self.at {
            context.result_integer(if column == FIRST { run.first } else { run.last });
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.at.map_or(0, |at| at.run.first)
    }
}
