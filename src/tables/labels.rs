//! `branch_labels([thread_id])`: the labels of a thread, or of all.

use std::rc::Rc;

use crate::arguments;
use crate::error::Result;
use crate::sqlite::{
    Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Statement, Table,
};
use crate::tree::path::current::CurrentBranches;

const THREAD_ID: usize = 0;
const LABEL: usize = 1;
const MESSAGE_ID: usize = 2;
const IS_CURRENT: usize = 4;
/// The argument, where it was left out.
const THREAD: usize = 5;

/// The table.
pub struct BranchLabels;

impl Table for BranchLabels {
    const SHAPE: Shape = Shape {
        name: "branch_labels",
        columns:
            "thread_id TEXT, label TEXT, message_id INTEGER, created_at INTEGER, is_current INTEGER",
        arguments: &[("thread", "TEXT")],
        required: 0,
        orders: &[
            SortKey::grouped(THREAD_ID, Order::Natural, Order::Reverse).and(LABEL),
            SortKey::new(LABEL, Order::Natural, Order::Reverse).with(0),
        ],
        rows: 10,
        limit: None,
    };
    type Rows = LabelRows;
}

/// The rows of one use.
pub struct LabelRows {
    /// None where the database has no table of labels: it was not migrated that far.
    labels: Option<Statement>,
    branches: Option<CurrentBranches>,
    /// Whether the current row's message lies on its thread's current branch.
    is_current: bool,
    at_end: bool,
    /// Counts the rows from 1.
    number: i64,
}

/// The labels that exist: their messages are there, in their threads.
macro_rules! labels {
    ($where:literal, $order:literal) => {
        concat!(
            "SELECT l.thread_id, l.label, l.message_id, l.created_at FROM main.message_labels AS l ",
            "CROSS JOIN main.messages AS m ON m.id = l.message_id AND m.thread_id = l.thread_id",
            $where,
            " ORDER BY l.thread_id",
            $order,
            ", l.label",
            $order
        )
    };
}

impl Rows for LabelRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let reverse = plan.order() == Order::Reverse;
        let thread = arguments::given_thread_id(arguments.get(0))?;
        let labels = connection.prepare_added(match (thread.is_some(), reverse) {
            (false, false) => labels!("", ""),
            (false, true) => labels!("", " DESC"),
            (true, false) => labels!(" WHERE l.thread_id = +?1", ""),
            (true, true) => labels!(" WHERE l.thread_id = +?1", " DESC"),
        })?;
        let started = labels.map(|mut labels| {
            match thread {
                Some(thread) => labels.start_text(thread)?,
                None => labels.start(&[])?,
            }
            Ok(labels)
        });
        let labels = Connection::if_added(started.transpose())?.flatten();
        let mut rows = Self {
            labels,
            branches: plan
                .uses(IS_CURRENT)
                .then(|| CurrentBranches::new(connection)),
            is_current: false,
            at_end: false,
            number: 0,
        };
        rows.step()?;
        Ok(rows)
    }

    fn eof(&self) -> bool {
        self.at_end
    }

    fn next(&mut self) -> Result<()> {
        self.step()
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        match (&self.labels, column) {
            (_, IS_CURRENT) => context.result_flag(self.is_current),
            (Some(labels), THREAD) => context.result_column(labels, THREAD_ID),
            (Some(labels), _) => context.result_column(labels, column),
            (None, _) => {}
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.number
    }
}

impl LabelRows {
    fn step(&mut self) -> Result<()> {
        let Some(labels) = &mut self.labels else {
            self.at_end = true;
            return Ok(());
        };
        self.at_end = !labels.step()?;
        self.number += 1;
        if let (false, Some(branches)) = (self.at_end, &mut self.branches) {
            let id = labels.integer(MESSAGE_ID as i32);
            self.is_current = branches.contain(labels.text(THREAD_ID as i32)?, id)?;
        }
        Ok(())
    }
}
