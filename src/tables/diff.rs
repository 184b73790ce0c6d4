//! `branch_diff(a, b)`: what two paths do not share.

use std::rc::Rc;

use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table};
use crate::tree::path::ancestors::Cut;
use crate::tree::path::common;
use crate::tree::path::fetch::{Fetch, Wanted};
use crate::tree::path::walk::Walk;
use crate::tree::rows::links;
use crate::tree::rows::snapshot::Snapshot;

const SIDE: usize = 0;
const ID: usize = 1;

/// The table.
pub struct BranchDiff;

impl Table for BranchDiff {
    const SHAPE: Shape = Shape {
        name: "branch_diff",
        columns: "side TEXT, id INTEGER, thread_id TEXT, role TEXT, content TEXT, item_json TEXT, \
                  created_at INTEGER, parent_entry_id INTEGER",
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
    walk: Walk,
    fetch: Option<Fetch>,
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
            let Some(at) = side.walk.at() else {
                self.sides.pop();
                continue;
            };
            if let Some(fetch) = &mut side.fetch {
                if !fetch.go_to(at.id, at.more())? {
                    return Err(side.walk.missing());
                }
                fetch.compare_parent(at.id, at.parent())?;
            }
            return Ok(());
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
        let wanted = Wanted::of(plan, ID);
        let order = plan.order();
        let mut count = 0;
        for (name, id) in [("b", b), ("a", a)] {
            let limit = match shared {
                Some(shared) => common::distance(connection, shared, id)?,
                None => None,
            };
            count += match limit {
                Some(limit) => i64::try_from(limit).unwrap_or(i64::MAX),
                None => common::depth(connection, id)? + 1,
            };
            let cut = Cut {
                limit,
                ..Cut::default()
            };
            let walk = Walk::new(connection, id, cut, order, wanted.verify(order))?;
            let fetch = Fetch::new(connection, wanted, walk.descends());
            rows.sides.push(Side { name, walk, fetch });
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
            side.walk.advance()?;
        }
        self.settle()
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        let Some(side) = self.sides.last() else {
            return Ok(());
        };
        match (&side.fetch, side.walk.at()) {
            _ if column == SIDE => context.result_text(side.name.as_bytes()),
            (_, Some(at)) if column == ID => context.result_integer(at.id),
            (Some(fetch), _) => context.result_column(fetch.row()?, column - ID),
            _ => {}
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.row
    }
}
