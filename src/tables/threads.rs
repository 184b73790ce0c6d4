//! `branch_threads()`: all conversations, and what a list of them shows.
//!
//! A list is read page by page, each from where the last one ended:
//!
//! ```sql
//! SELECT id, title, last_content FROM branch_threads()
//! WHERE (updated_at, id) < (?1, ?2) ORDER BY updated_at DESC, id DESC LIMIT 20;
//! ```
//!
//! So bounds on the id or on the time go into the statement inside, which has an index on each.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{
    Arguments, Bound, Connection, Context, Kind, Order, Parameter, Plan, Rows, Shape, SortKey,
    Statement, Table,
};
use crate::tree::shape::leaves;

const ID: usize = 0;
const UPDATED_AT: usize = 5;
const MESSAGES: usize = 7;
const LEAVES: usize = 8;
const LAST: usize = 9;
const WIDTH: usize = 13;

/// The column of the statement inside that has the rowid. What shows the current leaf comes after it.
const ROWID: i32 = 7;

/// The arguments, each a bound.
const THE_ID: usize = 0;
const FROM_ID: usize = 1;
const FROM_TIME: usize = 3;

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
            SortKey::grouped(UPDATED_AT, Order::PairAscending, Order::PairDescending).and(ID),
        ],
        rows: 1000,
        limit: None,
    };
    const BOUNDS: &'static [Bound] = &[
        Bound::Equal(ID),
        Bound::AtLeast(ID),
        Bound::AtMost(ID),
        Bound::AtLeast(UPDATED_AT),
        Bound::AtMost(UPDATED_AT),
    ];
    type Rows = ThreadRows;
}

/// A statement, without the current leaf and with it.
macro_rules! threads {
    (columns) => {
        "SELECT t.id, t.title, t.preview, t.archived, t.created_at, t.updated_at, t.current_leaf_id, t.rowid"
    };
    ($($rest:literal),*) => {
        [
            concat!(threads!(columns), " FROM main.threads AS t", $($rest),*),
            concat!(
                threads!(columns),
                ", m.id, m.role, m.content, m.created_at \
                 FROM main.threads AS t LEFT JOIN main.messages AS m ON m.id = t.current_leaf_id",
                $($rest),*
            ),
        ]
    };
}

/// The statements of an order: without a bound, with a lower one, with both.
macro_rules! in_order {
    ($by:literal, $order:literal) => {
        [
            threads!($order),
            threads!(" WHERE ", $by, " >= +?1", $order),
            threads!(" WHERE ", $by, " >= +?1 AND ", $by, " <= +?2", $order),
        ]
    };
}

/// No id is before this one,
const LOWEST_ID: &[u8] = b"";
/// and no time before this one: read as a number, it is minus infinity.
const LOWEST_TIME: &[u8] = b"-9e999";

/// The bounds for a statement: none, a lower one, or both. Only those with a value of this kind: SQLite has compared nothing
/// yet, and what a value of another kind is compared to depends on where it comes from.
fn bounds<'a>(
    arguments: &Arguments<'a>,
    lower: usize,
    kind: Kind,
    lowest: &'a [u8],
) -> Result<Vec<&'a [u8]>> {
    let bound = |at| match arguments.get(at) {
        Some(value) if value.kind() == kind => value.text().map(Some),
        _ => Ok(None),
    };
    Ok(match (bound(lower)?, bound(lower + 1)?) {
        (None, None) => vec![],
        (Some(lower), None) => vec![lower],
        (lower, Some(upper)) => vec![lower.unwrap_or(lowest), upper],
    })
}

/// The rows of one use.
pub struct ThreadRows {
    connection: Rc<Connection>,
    threads: Statement,
    at_end: bool,
}

impl Rows for ThreadRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        // An id that is a number is the text that it is written as.
        let the_id = match arguments.get(THE_ID) {
            Some(id) if id.kind() != Kind::Blob => Some(id.text()?),
            _ => None,
        };
        let ids = bounds(arguments, FROM_ID, Kind::Text, LOWEST_ID)?;
        let times = bounds(arguments, FROM_TIME, Kind::Integer, LOWEST_TIME)?;
        let order = match plan.order() {
            Order::Natural if !ids.is_empty() => Order::IdAscending,
            Order::Natural if !times.is_empty() => Order::Reverse,
            order => order,
        };
        // As bytes, which is how SQLite compares ids, whatever the table's own column says.
        let (by_bounds, bounds) = match order {
            Order::Natural => ([threads!(); 3], ids),
            Order::IdAscending => (
                in_order!("t.id COLLATE BINARY", " ORDER BY t.id COLLATE BINARY"),
                ids,
            ),
            Order::IdDescending => (
                in_order!("t.id COLLATE BINARY", " ORDER BY t.id COLLATE BINARY DESC"),
                ids,
            ),
            Order::Reverse => (
                in_order!("t.updated_at", " ORDER BY t.updated_at DESC"),
                times,
            ),
            Order::PairAscending => (
                in_order!(
                    "t.updated_at",
                    " ORDER BY t.updated_at, t.id COLLATE BINARY"
                ),
                times,
            ),
            Order::PairDescending => (
                in_order!(
                    "t.updated_at",
                    " ORDER BY t.updated_at DESC, t.id COLLATE BINARY DESC"
                ),
                times,
            ),
        };
        let ([alone, with_leaf], texts) = match the_id {
            Some(id) => (threads!(" WHERE t.id = +?1"), vec![id]),
            None => (by_bounds[bounds.len().min(2)], bounds),
        };
        let mut threads = connection.prepare(if plan.uses_any(LAST..=WIDTH - 1) {
            with_leaf
        } else {
            alone
        })?;
        threads.start_texts(&texts)?;
        let at_end = !threads.step()?;
        Ok(Self {
            connection: Rc::clone(connection),
            threads,
            at_end,
        })
    }

    fn eof(&self) -> bool {
        self.at_end
    }

    fn next(&mut self) -> Result<()> {
        self.at_end = !self.threads.step()?;
        Ok(())
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        match column {
            MESSAGES => context.result_integer(self.messages()?),
            LEAVES => {
                let leaves = leaves::of(&self.connection, self.threads.text(ID as i32)?)?;
                context.result_integer(i64::try_from(leaves.len()).unwrap_or(i64::MAX));
            }
            LAST.. => context.result_column(&self.threads, column - LAST + ROWID as usize + 1),
            _ => context.result_column(&self.threads, column),
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        // The same in each use: where terms are joined by OR, SQLite looks for each, and tells rows apart by this.
        self.threads.integer(ROWID)
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
