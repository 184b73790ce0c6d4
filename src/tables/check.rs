//! `branch_check([thread_id])`: what is broken in the stored trees.

use std::rc::Rc;

use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table};
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::shape::check::check;
use crate::tree::shape::problem::Problem;

const THREAD_ID: usize = 0;
/// The argument, where it was left out.
const THREAD: usize = 4;

/// The table.
pub struct BranchCheck;

impl Table for BranchCheck {
    const SHAPE: Shape = Shape {
        name: "branch_check",
        columns: "thread_id TEXT, message_id INTEGER, problem TEXT, detail TEXT",
        arguments: &[("thread", "TEXT")],
        required: 0,
        orders: &[SortKey::rowid(Order::Natural, Order::Reverse)],
        rows: 10,
        limit: None,
    };
    type Rows = CheckRows;
}

/// The rows of one use.
pub struct CheckRows {
    problems: Vec<Problem>,
    reverse: bool,
    passed: usize,
}

impl CheckRows {
    fn position(&self) -> usize {
        if self.reverse {
            self.problems.len().wrapping_sub(self.passed + 1)
        } else {
            self.passed
        }
    }
}

impl Rows for CheckRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let thread = arguments::given_thread_id(arguments.get(0))?;
        let _snapshot = Snapshot::hold(connection)?;
        Ok(Self {
            problems: check(connection, thread)?,
            reverse: plan.order() == Order::Reverse,
            passed: 0,
        })
    }

    fn eof(&self) -> bool {
        self.passed >= self.problems.len()
    }

    fn next(&mut self) -> Result<()> {
        self.passed += 1;
        Ok(())
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        let Some(problem) = self.problems.get(self.position()) else {
            return Ok(());
        };
        match column {
            THREAD_ID | THREAD => match &problem.thread {
                Some(thread) => context.result_text(thread),
                None => context.result_null(),
            },
            1 => context.result_optional(problem.message),
            2 => context.result_text(problem.problem.as_bytes()),
            _ => context.result_text(problem.detail.as_bytes()),
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        i64::try_from(self.position()).unwrap_or(i64::MAX - 1) + 1
    }
}
