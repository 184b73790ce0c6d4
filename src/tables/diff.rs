//! `branch_diff(a, b)`: what two paths do not share.

use std::rc::Rc;

use crate::arguments;
use crate::error::{Error, Result};
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table};
use crate::tree::path::ancestors::Cut;
use crate::tree::path::common;
use crate::tree::path::listing::Listing;
use crate::tree::rows::columns::message_columns;
use crate::tree::rows::columns::Columns;
use crate::tree::rows::links;
use crate::tree::rows::snapshot::Snapshot;

const SIDE: usize = 0;
const ID: usize = 1;

/// The table.
pub struct BranchDiff;

impl Table for BranchDiff {
    const SHAPE: Shape = Shape {
        name: "branch_diff",
        columns: concat!("side TEXT, ", message_columns!(declared)),
        arguments: &[("a", "INTEGER"), ("b", "INTEGER")],
        required: 2,
        orders: &[
            SortKey::rowid(Order::Natural, Order::Reverse),
            SortKey::grouped(SIDE, Order::Natural, Order::Reverse),
        ],
        rows: 20,
        limit: None,
    };
    type Rows = DiffRows;
}

/// One of the two sides.
struct Side {
    name: &'static str,
    listing: Listing,
}

/// The rows of one use.
pub struct DiffRows {
    /// What is still to come, the next one last.
    sides: Vec<Side>,
    row: i64,
    step: i64,
    _snapshot: Snapshot,
}

impl DiffRows {
    /// Stands on a row, or at the end.
    fn settle(&mut self) -> Result<()> {
        while let Some(side) = self.sides.last_mut() {
            if side.listing.at().is_some() {
                break;
            }
            self.sides.pop();
        }
        Ok(())
    }
}

impl Rows for DiffRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let snapshot = Snapshot::hold(connection)?;
        let mut ids = [None; 2];
        for ((at, name), id) in ["a", "b"].into_iter().enumerate().zip(&mut ids) {
            if let Some(value) = arguments.get(at) {
                *id = arguments::known_message_id(connection, name, value)?;
            }
        }
        let mut rows = Self {
            sides: Vec::new(),
            row: 1,
            step: 1,
            _snapshot: snapshot,
        };
        let [Some(a), Some(b)] = ids else {
            return Ok(rows);
        };
        if !links::exists(connection, a)? || !links::exists(connection, b)? {
            return Ok(rows);
        }
        let shared = common::common(connection, a, b)?;
        let columns = Columns::of(plan, ID);
        let order = plan.order();
        let mut count = 0;
        for (name, id) in [("b", b), ("a", a)] {
            // The distance of the common ancestor is the number of messages below it. None: all of the path.
            let limit = match shared {
                Some(shared) => Some(
                    common::find(connection, shared, id)?
                        .ok_or_else(|| not_above(shared, id))?
                        .distance,
                ),
                None => None,
            };
            count += match limit {
                Some(limit) => limit,
                None => common::depth(connection, id)? + 1,
            };
            let cut = Cut {
                limit: limit.and_then(|limit| u64::try_from(limit).ok()),
                ..Cut::default()
            };
            let listing = Listing::new(connection, id, cut, order, columns)?;
            rows.sides.push(Side { name, listing });
        }
        if order == Order::Reverse {
            rows.sides.reverse();
            rows.row = count;
            rows.step = -1;
        }
        rows.settle()?;
        Ok(rows)
    }

    fn eof(&self) -> bool {
        self.sides.is_empty()
    }

    fn next(&mut self) -> Result<()> {
        self.row += self.step;
        if let Some(side) = self.sides.last_mut() {
            side.listing.next()?;
        }
        self.settle()
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        let Some(side) = self.sides.last() else {
            return Ok(());
        };
        if column == SIDE {
            context.result_text(side.name.as_bytes());
            return Ok(());
        }
        side.listing.column(context, column - ID)
    }

    fn rowid(&self) -> i64 {
        self.row
    }
}

/// The error for a common ancestor that is found from both sides, and then not from one of them.
fn not_above(shared: i64, id: i64) -> Error {
    Error::corrupt(format!(
        "message {shared} is above message {id} by one index and not by another; run REINDEX"
    ))
}
