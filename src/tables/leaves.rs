//! `branch_leaves(thread_id)`: a thread's messages without children.

use std::rc::Rc;

use super::list::{Beside, List, ListRows, Parent, BY_ID};
use crate::arguments;
use crate::error::{push, Result};
use crate::sqlite::{Arguments, Connection, Context, Plan, Shape, Table};
use crate::tree::rows::columns::{message_columns, Columns, WIDTH};
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::thread;
use crate::tree::shape::leaves;

const DEPTH: usize = WIDTH;
const FORK_ID: usize = WIDTH + 1;
const IS_CURRENT: usize = WIDTH + 2;

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
    type Rows = ListRows<Places>;
}

/// Where the leaves of a thread are.
pub struct Places {
    /// Depth and fork of each, if the statement reads them.
    measures: Vec<(i64, Option<i64>)>,
    current: Option<i64>,
}

impl Beside for Places {
    fn filter(
        connection: &Rc<Connection>,
        arguments: &Arguments<'_>,
        plan: Plan,
    ) -> Result<(List, Self)> {
        let thread = arguments::given_thread_id(arguments.get(0))?.unwrap_or_default();
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
        let columns = Columns::of(plan, 0);
        let list = List::new(connection, snapshot, ids, plan, Parent::Any, columns)?;
        let current = leaf.flatten();
        Ok((list, Self { measures, current }))
    }

    fn column(&self, list: &List, context: &mut Context<'_>, column: usize) {
        let measure = self.measures.get(list.position());
        match (column, measure) {
            (DEPTH, Some((depth, _))) => context.result_integer(*depth),
            (FORK_ID, Some((_, fork))) => context.result_optional(*fork),
            (IS_CURRENT, _) => {
                context.result_flag(self.current.is_some() && list.id() == self.current);
            }
            _ => {}
        }
    }
}
