//! `branch_children(message_id)`: the messages that have it for their parent.

use std::collections::HashMap;
use std::rc::Rc;

use super::list::{Beside, List, ListRows, Parent, BY_ID};
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Plan, Shape, Table};
use crate::tree::path::page;
use crate::tree::rows::columns::{message_columns, Columns, WIDTH};
use crate::tree::rows::links;
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::shape::descendants;

const IS_CURRENT: usize = WIDTH;

/// The table.
pub struct BranchChildren;

impl Table for BranchChildren {
    const SHAPE: Shape = Shape {
        name: "branch_children",
        columns: concat!(message_columns!(declared), ", is_current INTEGER"),
        arguments: &[("message_id", "INTEGER")],
        required: 1,
        orders: &BY_ID,
        rows: 3,
        limit: None,
    };
    type Rows = ListRows<Children>;
}

/// Whether each child lies on its thread's current branch.
pub struct Children(Siblings);

impl Beside for Children {
    fn filter(
        connection: &Rc<Connection>,
        arguments: &Arguments<'_>,
        plan: Plan,
    ) -> Result<(List, Self)> {
        let snapshot = Snapshot::hold(connection)?;
        let parent = arguments::given_message_id(connection, "message_id", arguments.get(0))?;
        // Those whose parent is missing are found by branch_check() and branch_siblings(), not here.
        let ids = match parent {
            Some(parent) if links::exists(connection, parent)? => {
                descendants::children(connection, parent)?
            }
            _ => Vec::new(),
        };
        let current = plan.uses(IS_CURRENT);
        let (list, siblings) = Siblings::of(connection, snapshot, ids, parent, plan, current)?;
        Ok((list, Self(siblings)))
    }

    fn look(&mut self, list: &List) -> Result<()> {
        self.0.look(list)
    }

    fn column(&self, _: &List, context: &mut Context<'_>, column: usize) {
        if column == IS_CURRENT {
            context.result_flag(self.0.is_current);
        }
    }
}

/// Messages that have the same parent, of which each thread's current branch contains at most one.
pub struct Siblings {
    connection: Rc<Connection>,
    parent: Option<i64>,
    /// By thread, the one that lies on its current branch. None if the statement does not ask.
    current: Option<HashMap<Vec<u8>, Option<i64>>>,
    /// Whether the current message lies on its thread's current branch.
    pub is_current: bool,
}

impl Siblings {
    /// The list of them. `current`: whether the statement asks which lie on the current branch.
    pub fn of(
        connection: &Rc<Connection>,
        snapshot: Snapshot,
        ids: Vec<i64>,
        parent: Option<i64>,
        plan: Plan,
        current: bool,
    ) -> Result<(List, Self)> {
        // Its thread says whose current branch a message may lie on.
        let columns = match Columns::of(plan, 0) {
            Columns::Nothing | Columns::Role if current => Columns::Head,
            Columns::Text if current => Columns::All,
            columns => columns,
        };
        let siblings = Self {
            connection: Rc::clone(connection),
            parent,
            current: current.then(HashMap::new),
            is_current: false,
        };
        let same = Parent::Same(parent);
        let list = List::new(connection, snapshot, ids, plan, same, columns)?;
        Ok((list, siblings))
    }

    /// The list goes to a message.
    pub fn look(&mut self, list: &List) -> Result<()> {
        let (Some(current), Some(id)) = (&mut self.current, list.id()) else {
            return Ok(());
        };
        let thread = &list.thread()?;
        let on_branch = match current.get(thread) {
            Some(known) => *known,
            None => {
                let found = page::child_on(&self.connection, thread, self.parent)?;
                current.insert(thread.clone(), found);
                found
            }
        };
        self.is_current = on_branch == Some(id);
        Ok(())
    }
}
