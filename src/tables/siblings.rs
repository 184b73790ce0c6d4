//! `branch_siblings(message_id)`: a message and its alternatives.

use std::rc::Rc;

use super::children::Siblings;
use super::list::{Beside, List, ListRows, BY_ID};
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Shape, SortKey, Table};
use crate::tree::rows::columns::message_columns;
use crate::tree::rows::columns::WIDTH;
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
    type Rows = ListRows<Alternatives>;
}

/// The place of each among its alternatives.
pub struct Alternatives(Siblings);

impl Beside for Alternatives {
    fn filter(
        connection: &Rc<Connection>,
        arguments: &Arguments<'_>,
        plan: Plan,
    ) -> Result<(List, Self)> {
        let snapshot = Snapshot::hold(connection)?;
        let id = arguments::given_message_id(connection, "message_id", arguments.get(0))?;
        let parent = match id {
            Some(id) => links::parent(connection, id)?,
            None => None,
        };
        let ids = match (id, parent) {
            (_, Some(Some(parent))) => descendants::children(connection, parent)?,
            (Some(id), Some(None)) => descendants::first_messages(connection, id)?,
            _ => Vec::new(),
        };
        let (parent, current) = (parent.flatten(), plan.uses(IS_CURRENT));
        let (list, siblings) = Siblings::of(connection, snapshot, ids, parent, plan, current)?;
        Ok((list, Self(siblings)))
    }

    fn look(&mut self, list: &List) -> Result<()> {
        self.0.look(list)
    }

    fn column(&self, list: &List, context: &mut Context<'_>, column: usize) {
        match column {
            POSITION => {
                let before = i64::try_from(list.position()).unwrap_or(i64::MAX - 1);
                context.result_integer(before + 1);
            }
            IS_CURRENT => context.result_flag(self.0.is_current),
            _ => {}
        }
    }
}
