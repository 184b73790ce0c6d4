//! `branch_search(query [, thread_id])`: messages that contain the words, on any branch.

use std::rc::Rc;

use crate::arguments;
use crate::error::Result;
use crate::search::find::Found;
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table};
use crate::tree::path::current::CurrentBranches;
use crate::tree::rows::columns::message_columns;
use crate::tree::rows::columns::WIDTH;

const THREAD_ID: i32 = 1;
const RANK: usize = WIDTH;
const SNIPPET: usize = WIDTH + 1;
const IS_CURRENT: usize = WIDTH + 2;

/// The table.
pub struct BranchSearch;

impl Table for BranchSearch {
    const SHAPE: Shape = Shape {
        name: "branch_search",
        columns: concat!(
            message_columns!(declared),
            ", rank REAL, snippet TEXT, is_current INTEGER"
        ),
        arguments: &[("query", "TEXT"), ("thread", "TEXT")],
        required: 1,
        orders: &[SortKey::grouped(RANK, Order::Natural, Order::Reverse)],
        rows: 50,
        limit: None,
    };
    type Rows = SearchRows;
}

/// The rows of one use.
pub struct SearchRows {
    found: Found,
    branches: Option<CurrentBranches>,
    /// Whether the current message lies on its thread's current branch.
    is_current: bool,
}

impl Rows for SearchRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let query = match arguments.get(0) {
            Some(value) => arguments::text("query", value)?,
            None => &[],
        };
        let thread = arguments::given_thread_id(arguments.get(1))?;
        let mut rows = Self {
            found: Found::new(connection, query, thread, plan.order() == Order::Reverse)?,
            branches: plan
                .uses(IS_CURRENT)
                .then(|| CurrentBranches::new(connection)),
            is_current: false,
        };
        rows.look()?;
        Ok(rows)
    }

    fn eof(&self) -> bool {
        self.found.current().is_none()
    }

    fn next(&mut self) -> Result<()> {
        self.found.next()?;
        self.look()
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        match column {
            RANK => context.result_real(self.found.current().map_or(0.0, |(_, rank)| rank)),
            SNIPPET => context.result_text(&self.found.snippet()?),
            IS_CURRENT => context.result_flag(self.is_current),
            _ => context.result_column(self.found.row(), column),
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.found.current().map_or(0, |(id, _)| id)
    }
}

impl SearchRows {
    fn look(&mut self) -> Result<()> {
        if let (Some((id, _)), Some(branches)) = (self.found.current(), &mut self.branches) {
            self.is_current = branches.contain(self.found.row().text(THREAD_ID)?, id)?;
        }
        Ok(())
    }
}
