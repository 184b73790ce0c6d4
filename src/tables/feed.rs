//! `branch_feed(number)`: the ids that [`Fetch`](crate::tree::fetch::Fetch) hands to its statement, one at a time. Of no
//! use to others: it has no rows for them.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Kind, Place, Plan, Rows, Shape, Table};

/// The table.
pub struct BranchFeed;

impl Table for BranchFeed {
    const SHAPE: Shape = Shape {
        name: "branch_feed",
        columns: "id INTEGER",
        arguments: &[("number", "INTEGER")],
        required: 1,
        orders: &[],
        rows: 100,
        limit: None,
    };
    // Statements that are kept read it, and so keep it connected.
    const ANCHOR: bool = false;
    type Rows = FeedRows;
}

/// The rows of one use.
pub struct FeedRows {
    place: Option<Place>,
    id: Option<i64>,
}

impl Rows for FeedRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, _: Plan) -> Result<Self> {
        let number = arguments
            .get(0)
            .filter(|number| number.kind() == Kind::Integer);
        let mut rows = Self {
            place: number.and_then(|number| connection.fed(number.integer())),
            id: None,
        };
        rows.next()?;
        Ok(rows)
    }

    fn eof(&self) -> bool {
        self.id.is_none()
    }

    fn next(&mut self) -> Result<()> {
        self.id = self.place.as_ref().and_then(|place| place.take());
        Ok(())
    }

    fn column(&self, context: &mut Context<'_>, _: usize) -> Result<()> {
        context.result_optional(self.id);
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.id.unwrap_or(0)
    }
}
