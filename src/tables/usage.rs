//! `branch_usage([thread_id [, leaf]])`: the tokens that providers have counted.

use std::rc::Rc;

use super::context::belonging;
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table};
use crate::tree::context::usage::{self, Used};
use crate::tree::rows::links;
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::thread;

const THREAD_ID: usize = 0;
const MODEL: usize = 1;
const MESSAGES: usize = 2;
const INPUT: usize = 3;
const CACHED: usize = 4;
const OUTPUT: usize = 5;
const COST: usize = 6;
/// The argument, where it was left out.
const THREAD: usize = 7;

/// The table.
pub struct BranchUsage;

impl Table for BranchUsage {
    const SHAPE: Shape = Shape {
        name: "branch_usage",
        columns: "thread_id TEXT, model TEXT, messages INTEGER, input_tokens INTEGER, \
                  cached_tokens INTEGER, output_tokens INTEGER, cost REAL",
        arguments: &[("thread", "TEXT"), ("leaf", "INTEGER")],
        required: 0,
        orders: &[SortKey::grouped(THREAD_ID, Order::Natural, Order::Reverse).and(MODEL)],
        rows: 10,
        limit: None,
    };
    type Rows = UsageRows;
}

/// A thread and a model.
type Group = (Rc<[u8]>, Option<String>);

/// The rows of one use.
pub struct UsageRows {
    rows: Vec<(Group, Used)>,
    at: usize,
}

impl Rows for UsageRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let thread = arguments::given_thread_id(arguments.get(0))?;
        let _snapshot = Snapshot::hold(connection)?;
        let used = match arguments.get(1) {
            Some(value) => {
                let leaf = arguments::known_message_id(connection, "leaf", value)?;
                let leaf = match (thread, leaf) {
                    (Some(thread), leaf) => {
                        let current = thread::leaf(connection, thread)?.flatten();
                        belonging(connection, thread, current, leaf)?
                    }
                    (None, Some(leaf)) if links::exists(connection, leaf)? => Some(leaf),
                    (None, _) => None,
                };
                match leaf {
                    Some(leaf) => usage::of_path(connection, leaf)?,
                    None => usage::ByModel::new(),
                }
            }
            None => usage::of_threads(connection, thread)?,
        };
        let mut rows: Vec<_> = used.into_iter().collect();
        if plan.order() == Order::Reverse {
            rows.reverse();
        }
        Ok(Self { rows, at: 0 })
    }

    fn eof(&self) -> bool {
        self.at >= self.rows.len()
    }

    fn next(&mut self) -> Result<()> {
        self.at += 1;
        Ok(())
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        let Some(((thread, model), used)) = self.rows.get(self.at) else {
            return Ok(());
        };
        match column {
            THREAD_ID | THREAD => context.result_text(thread),
            MODEL => match model {
                Some(model) => context.result_text(model.as_bytes()),
                None => context.result_null(),
            },
            MESSAGES => context.result_integer(used.messages),
            INPUT => context.result_integer(used.usage.input),
            CACHED => context.result_integer(used.usage.cached),
            OUTPUT => context.result_integer(used.usage.output),
            COST => match used.usage.cost {
                Some(cost) => context.result_real(cost),
                None => context.result_null(),
            },
            _ => context.result_null(),
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        i64::try_from(self.at).unwrap_or(i64::MAX - 1) + 1
    }
}
