//! `branch_path(message_id [, limit])`: the ids on the path to a message.

use std::rc::Rc;

use crate::arguments;
use crate::error::Result;
use crate::sqlite::{
    Arguments, Bound, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table,
};
use crate::tree::path::ancestors::Cut;
use crate::tree::path::gaps::Verify;
use crate::tree::path::walk::Walk;
use crate::tree::rows::links;
use crate::tree::rows::snapshot::Snapshot;

const ID: usize = 0;
const DISTANCE: usize = 1;
/// After the arguments: a LIMIT.
const LIMIT: usize = 2;

/// The table.
pub struct BranchPath;

impl Table for BranchPath {
    const SHAPE: Shape = Shape {
        name: "branch_path",
        columns: "id INTEGER, distance INTEGER",
        arguments: &[("message_id", "INTEGER"), ("limit", "INTEGER")],
        required: 1,
        orders: &[
            SortKey::new(DISTANCE, Order::Reverse, Order::Natural),
            SortKey::new(ID, Order::IdAscending, Order::IdDescending),
            SortKey::rowid(Order::IdAscending, Order::IdDescending),
        ],
        rows: 100,
        limit: Some(1),
    };
    const BOUNDS: &'static [Bound] = &[Bound::Limit];
    type Rows = PathRows;
}

/// The rows of one use.
pub struct PathRows {
    walk: Option<Walk>,
    _snapshot: Snapshot,
}

impl Rows for PathRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let message = match arguments.get(0) {
            Some(value) => arguments::optional_message("message_id", value)?,
            None => None,
        };
        let cut = Cut {
            limit: arguments::limit(arguments.get(1))?,
            expected: arguments::expected(arguments.get(LIMIT)),
            ..Cut::default()
        };
        let snapshot = Snapshot::hold(connection)?;
        let id = match message {
            Some(message) => message.id(connection)?,
            None => None,
        };
        let walk = match id {
            Some(id) if links::exists(connection, id)? => {
                Some(Walk::new(connection, id, cut, plan.order(), Verify::Rows)?)
            }
            _ => None,
        };
        Ok(Self {
            walk,
            _snapshot: snapshot,
        })
    }

    #[inline(always)]
    fn eof(&self) -> bool {
        self.walk.as_ref().and_then(Walk::at).is_none()
    }

    #[inline(always)]
    fn next(&mut self) -> Result<()> {
        self.walk.as_mut().map_or(Ok(()), Walk::advance)
    }

    #[inline(always)]
    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        if let Some(at) = self.walk.as_ref().and_then(Walk::at) {
            context.result_integer(if column == ID { at.id } else { at.distance() });
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.walk.as_ref().and_then(Walk::at).map_or(0, |at| at.id)
    }
}
