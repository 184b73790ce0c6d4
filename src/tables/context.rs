//! `branch_context(thread_id [, budget [, leaf]])`: what to send to a model.

use std::rc::Rc;

use super::list::{Beside, List, ListRows, Parent};
use crate::arguments;
use crate::error::{push, quoted, Error, Result};
use crate::sqlite::{Arguments, Connection, Context, Plan, Shape, Table};
use crate::tree::context::window::Window;
use crate::tree::path::common;
use crate::tree::rows::columns::{message_columns, Columns, WIDTH};
use crate::tree::rows::thread;

const KIND: usize = WIDTH;
const TOKENS: usize = KIND + 1;
const TOTAL: usize = TOKENS + 1;
const DROPPED: usize = TOTAL + 1;

/// The table.
pub struct BranchContext;

impl Table for BranchContext {
    const SHAPE: Shape = Shape {
        name: "branch_context",
        columns: concat!(
            message_columns!(declared),
            ", kind TEXT, tokens INTEGER, total INTEGER, dropped INTEGER"
        ),
        arguments: &[
            ("thread", "TEXT"),
            ("budget", "INTEGER"),
            ("leaf", "INTEGER"),
        ],
        required: 1,
        orders: &[],
        rows: 100,
        limit: None,
    };
    type Rows = ListRows<Window>;
}

impl Beside for Window {
    fn filter(
        connection: &Rc<Connection>,
        arguments: &Arguments<'_>,
        plan: Plan,
    ) -> Result<(List, Self)> {
        let thread = arguments::given_thread_id(arguments.get(0))?.unwrap_or_default();
        let budget = arguments::budget(arguments.get(1))?;
        let (current, snapshot) = thread::hold_leaf(connection, thread)?;
        let leaf = match arguments.get(2) {
            Some(value) => {
                let leaf = arguments::known_message_id(connection, "leaf", value)?;
                belonging(connection, thread, current, leaf)?
            }
            None => current,
        };
        let window = match leaf {
            Some(leaf) => Self::of(connection, leaf, budget)?,
            None => Self::default(),
        };
        let mut ids = Vec::new();
        for sent in &window.sent {
            push(&mut ids, sent.id)?;
        }
        let columns = Columns::of(plan, 0);
        let list = List::new(connection, snapshot, ids, plan, Parent::Any, columns)?;
        Ok((list, window))
    }

    fn column(&self, list: &List, context: &mut Context<'_>, column: usize) {
        match (column, self.sent.get(list.position())) {
            (KIND, Some(sent)) => context.result_text(sent.kind.name().as_bytes()),
            (TOKENS, Some(sent)) => context.result_integer(sent.tokens),
            (TOTAL, _) => context.result_integer(self.total),
            (DROPPED, _) => context.result_integer(self.dropped),
            _ => {}
        }
    }
}

/// A message of the thread, or on its current branch. Another conversation's is an error, since it would be sent by mistake.
/// None if there is no such message, or no such thread.
pub(super) fn belonging(
    connection: &Rc<Connection>,
    thread: &[u8],
    current: Option<i64>,
    message: Option<i64>,
) -> Result<Option<i64>> {
    let Some(message) = message else {
        return Ok(None);
    };
    let Some(owner) = thread::of_message(connection, message)? else {
        return Ok(None);
    };
    if owner == thread || !thread::exists(connection, thread)? {
        return Ok(Some(message).filter(|_| owner == thread));
    }
    if let Some(current) = current {
        if common::is_ancestor(connection, message, current)? {
            return Ok(Some(message));
        }
    }
    Err(Error::misuse(format!(
        "message {message} is not in thread {}",
        quoted(thread)
    )))
}
