//! `branch_stretches(thread_id [, limit [, before]])`: a thread's current branch, as ranges of ids.
//!
//! What the Rust store joins to `messages`. SQLite calls a virtual table once for each row and each column, so whole
//! messages that come by ranges of ids cost what a plain scan costs.

use std::rc::Rc;

use super::messages::Asked;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Plan, Rows, Shape, Table};
use crate::tree::path::{Downward, Stretch, Stretches};
use crate::tree::snapshot::Snapshot;
use crate::tree::verify::{Verifier, Verify};

const FIRST: usize = 0;

/// The longest range. All of its messages are made sure of before it is given, and should still be near when they are
/// read.
const LONGEST: u64 = 256;

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
    connection: Rc<Connection>,
    verifier: Verifier,
    stretches: Option<Downward>,
    at: Option<Stretch>,
    /// What is left of the stretch after that.
    rest: Option<Stretch>,
    _snapshot: Snapshot,
}

impl Rows for StretchRows {
    fn start(connection: &Rc<Connection>, arguments: &Arguments<'_>, _: Plan) -> Result<Self> {
        let Asked { branch, snapshot } = Asked::read(connection, arguments)?;
        let stretches = match branch {
            Some((leaf, cut)) => {
                Some(Stretches::new(connection, leaf, cut)?.downward(Verify::Nothing)?)
            }
            None => None,
        };
        let mut rows = Self {
            connection: Rc::clone(connection),
            verifier: Verifier::new(connection, Verify::Rows),
            stretches,
            at: None,
            rest: None,
            _snapshot: snapshot,
        };
        rows.advance()?;
        Ok(rows)
    }

    fn at_end(&self) -> bool {
        self.at.is_none()
    }

    fn advance(&mut self) -> Result<()> {
        self.at = None;
        let next = || self.stretches.as_mut().and_then(Downward::next);
        let Some(whole) = self.rest.take().or_else(next) else {
            return Ok(());
        };
        let mut stretch = whole;
        if whole.run.steps() > LONGEST {
            let end = whole.run.first.saturating_add_unsigned(LONGEST);
            let mut rest = whole;
            rest.keep_up_to(end);
            // The first message of the rest is made sure of with these.
            stretch.keep_down_to(end);
            self.rest = Some(rest.begun());
        }
        if let Err(error) = stretch.verify_by(&self.connection, &mut self.verifier) {
            // The message to name is the lowest one that is missing.
            whole.verify_by(&self.connection, &mut self.verifier)?;
            return Err(error);
        }
        if self.rest.is_some() {
            stretch.keep_down_to(stretch.run.last - 1);
        }
        self.at = Some(stretch);
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
