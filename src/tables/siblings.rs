//! `branch_siblings(message_id)`: a message and its alternatives.

use std::rc::Rc;

use super::children::Siblings;
use super::list::BY_ID;
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table};
use crate::tree::path::fetch::WIDTH;
use crate::tree::rows::columns::message_columns;
use crate::tree::rows::links;
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::shape::descendants;

const POSITION: usize = WIDTH;
const IS_CURRENT: usize = WIDTH + 1;

/// The table.
pub struct BranchSiblings;

impl Table for BranchSiblings {
    const SHAPE: Shape = Shape {
        name: "branch_siblings",
        columns: concat!(
            message_columns!(declared),
            ", position INTEGER, is_current INTEGER"
        ),
        arguments: &[("message_id", "INTEGER")],
        required: 1,
        orders: &[
            BY_ID[0],
            BY_ID[1],
            SortKey::new(POSITION, Order::Natural, Order::Reverse),
        ],
        rows: 3,
        limit: None,
    };
    type Rows = SiblingRows;
}

/// The rows of one use.
pub struct SiblingRows {
    siblings: Siblings,
}

impl Rows for SiblingRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let snapshot = Snapshot::hold(connection)?;
        let id = match arguments.get(0) {
            Some(value) => arguments::known_message_id(connection, "message_id", value)?,
            None => None,
        };
        let parent = match id {
            Some(id) => links::parent(connection, id)?,
            None => None,
        };
        let ids = match (id, parent) {
            (_, Some(Some(parent))) => descendants::children(connection, parent)?,
            (Some(id), Some(None)) => descendants::first_messages(connection, id)?,
            _ => Vec::new(),
        };
        let current = plan.uses(IS_CURRENT);
        let parent = parent.flatten();
        Ok(Self {
            siblings: Siblings::new(connection, snapshot, ids, parent, plan, current)?,
        })
    }

    fn eof(&self) -> bool {
        self.siblings.list.id().is_none()
    }

    fn next(&mut self) -> Result<()> {
        self.siblings.advance()
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        let list = &self.siblings.list;
        match column {
            POSITION => {
                context.result_integer(i64::try_from(list.position()).unwrap_or(i64::MAX - 1) + 1);
            }
            IS_CURRENT => context.result_flag(self.siblings.is_current),
            _ => return list.column(context, column),
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.siblings.list.id().unwrap_or(0)
    }
}
