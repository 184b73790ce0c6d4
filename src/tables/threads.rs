//! `branch_threads()`: all conversations, and what a list of them shows.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{
    Arguments, Connection, Context, Kind, Order, Parameter, Plan, Rows, Shape, SortKey, Statement,
    Table,
};
use crate::tree::shape::leaves;

const ID: usize = 0;
const UPDATED_AT: usize = 5;
const MESSAGES: usize = 7;
const LEAVES: usize = 8;
const LAST: usize = 9;
const WIDTH: usize = 13;

/// The table.
pub struct BranchThreads;

impl Table for BranchThreads {
    const SHAPE: Shape = Shape {
        name: "branch_threads",
        columns: "id TEXT, title TEXT, preview TEXT, archived INTEGER, created_at INTEGER, updated_at INTEGER, \
                  current_leaf_id INTEGER, messages INTEGER, leaves INTEGER, last_id INTEGER, last_role TEXT, \
                  last_content TEXT, last_at INTEGER",
        arguments: &[],
        required: 0,
        orders: &[
            SortKey::new(ID, Order::IdAscending, Order::IdDescending),
            SortKey::descending(UPDATED_AT, Order::Reverse),
        ],
        rows: 1000,
        limit: None,
    };
    const KEY: Option<usize> = Some(ID);
    type Rows = ThreadRows;
}

/// The columns of threads, and with `$last` those of the current leaf.
macro_rules! threads {
    ($last:literal, $rest:literal) => {
        concat!(
            "SELECT t.id, t.title, t.preview, t.archived, t.created_at, t.updated_at, t.current_leaf_id",
            $last,
            $rest
        )
    };
}

/// All statements: in each order, with and without the current leaf.
macro_rules! in_order {
    ($rest:literal) => {
        [
            threads!(" FROM main.threads AS t", $rest),
            threads!(
                ", NULL, NULL, m.id, m.role, m.content, m.created_at \
                 FROM main.threads AS t LEFT JOIN main.messages AS m ON m.id = t.current_leaf_id",
                $rest
            ),
        ]
    };
}

/// The rows of one use.
pub struct ThreadRows {
    connection: Rc<Connection>,
    threads: Statement,
    at_end: bool,
    number: i64,
}

impl Rows for ThreadRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        // SQLite has compared nothing yet: a number is equal to the text that it is written as.
        let id = match arguments.get(0) {
            Some(id) if id.kind() != Kind::Blob => Some(id.text()?),
            _ => None,
        };
        let [alone, with_leaf] = match (id, plan.order()) {
            (Some(_), _) => in_order!(" WHERE t.id = +?1"),
            (None, Order::IdAscending) => in_order!(" ORDER BY t.id"),
            (None, Order::IdDescending) => in_order!(" ORDER BY t.id DESC"),
            (None, Order::Reverse) => in_order!(" ORDER BY t.updated_at DESC"),
            (None, Order::Natural) => in_order!(""),
        };
        let mut threads = connection.prepare(if plan.uses_any(LAST..=WIDTH - 1) {
            with_leaf
        } else {
            alone
        })?;
        match id {
            Some(id) => threads.start_text(id)?,
            None => threads.start(&[])?,
        }
        let at_end = !threads.step()?;
        Ok(Self {
            connection: Rc::clone(connection),
            threads,
            at_end,
            number: 1,
        })
    }

    fn eof(&self) -> bool {
        self.at_end
    }

    fn next(&mut self) -> Result<()> {
        self.at_end = !self.threads.step()?;
        self.number += 1;
        Ok(())
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        match column {
            MESSAGES => context.result_integer(self.messages()?),
            LEAVES => {
                let leaves = leaves::of(&self.connection, self.threads.text(ID as i32)?)?;
                context.result_integer(i64::try_from(leaves.len()).unwrap_or(i64::MAX));
            }
            _ => context.result_column(&self.threads, column),
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.number
    }
}

impl ThreadRows {
    /// How many messages the current thread has.
    fn messages(&self) -> Result<i64> {
        let mut count = self
            .connection
            .prepare("SELECT count(*) FROM main.messages WHERE thread_id = +?1")?;
        let thread = Parameter::Text(self.threads.text(ID as i32)?);
        let found = count.once(&[thread], |row| Ok(row.integer(0)))?;
        Ok(found.unwrap_or(0))
    }
}
