//! `branch_leaves(thread_id)`: a thread's messages without children.

use std::rc::Rc;

use super::list::{List, Parent, BY_ID};
use crate::arguments;
use crate::error::{push, Result};
use crate::sqlite::{Arguments, Connection, Context, Plan, Rows, Shape, Table};
use crate::tree::rows::columns::{message_columns, Columns, WIDTH};
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::thread;
use crate::tree::shape::leaves;

const DEPTH: usize = WIDTH;
const FORK_ID: usize = WIDTH + 1;

/// The table.
pub struct BranchLeaves;

impl Table for BranchLeaves {
    const SHAPE: Shape = Shape {
        name: "branch_leaves",
        columns: concat!(
            message_columns!(declared),
            ", depth INTEGER, fork_id INTEGER, is_current INTEGER"
        ),
        arguments: &[("thread", "TEXT")],
        required: 1,
        orders: &BY_ID,
        rows: 10,
        limit: None,
    };
    type Rows = LeafRows;
}

/// The rows of one use.
pub struct LeafRows {
    list: List,
    /// Depth and fork of each, if the statement reads them.
    measures: Vec<(i64, Option<i64>)>,
    leaf: Option<i64>,
}

impl Rows for LeafRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let thread = match arguments.get(0) {
            Some(value) => arguments::thread_id("thread_id", value)?,
            None => &[],
        };
        let snapshot = Snapshot::hold(connection)?;
        let leaf = thread::leaf(connection, thread)?;
        let mut ids = Vec::new();
        let mut measures = Vec::new();
        if leaf.is_some() {
            if plan.uses_any(DEPTH..=FORK_ID) {
                for leaf in leaves::measured(connection, thread)? {
                    push(&mut ids, leaf.id)?;
                    push(&mut measures, (leaf.depth, leaf.fork))?;
                }
            } else {
                ids = leaves::of(connection, thread)?;
            }
        }
        Ok(Self {
            list: List::new(
                connection,
                snapshot,
                ids,
                plan,
                Parent::Any,
                Columns::of(plan, 0),
            )?,
            measures,
            leaf: leaf.flatten(),
        })
    }

    fn eof(&self) -> bool {
        self.list.id().is_none()
    }

    fn next(&mut self) -> Result<()> {
        self.list.advance()
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        if column < WIDTH {
            return self.list.column(context, column);
        }
        let id = self.list.id();
        if column > FORK_ID {
            context.result_flag(id.is_some() && id == self.leaf);
        } else if let Some((depth, fork)) = self.measures.get(self.list.position()) {
            if column == DEPTH {
                context.result_integer(*depth);
            } else {
                context.result_optional(*fork);
            }
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.list.id().unwrap_or(0)
    }
}
