//! A list of messages by id, forwards or backwards: what several tables show.

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Rows, SortKey};
use crate::tree::path::contents::Contents;
use crate::tree::rows::columns::{Columns, ID, PARENT, THREAD_ID, WIDTH};
use crate::tree::rows::density;
use crate::tree::rows::links::Links;
use crate::tree::rows::scan::Direction;
use crate::tree::rows::snapshot::Snapshot;

/// The orders of a table whose rows are messages, by ascending id.
pub const BY_ID: [SortKey; 2] = [
    SortKey::new(0, Order::Natural, Order::Reverse),
    SortKey::rowid(Order::Natural, Order::Reverse),
];

/// How many rows are read ahead at least, and at most: more than fit into a batch are of no use.
const AHEAD: usize = 4;
const MOST_AHEAD: usize = 512;

/// Where the parents of listed messages come from.
pub enum Parent {
    /// All have this one.
    Same(Option<i64>),
    /// From their rows or, where contents are long and not wanted, from the index of jumps.
    Any,
}

/// Messages, by id as a rule.
pub struct List {
    ids: Vec<i64>,
    reverse: bool,
    /// How many have been passed.
    passed: usize,
    contents: Option<Contents>,
    parent: Parent,
    /// Where the index is asked for them.
    parents: Option<RefCell<Links>>,
    _snapshot: Snapshot,
}

impl List {
    /// Stands on the first of the messages, if there are any. The table's columns begin with M, of which these are read.
    pub fn new(
        connection: &Rc<Connection>,
        snapshot: Snapshot,
        ids: Vec<i64>,
        plan: Plan,
        parent: Parent,
        mut columns: Columns,
    ) -> Result<Self> {
        let reverse = plan.order() == Order::Reverse;
        let mut parents = None;
        if plan.uses(PARENT) && matches!(parent, Parent::Any) && columns != Columns::All {
            if density::rows_are_short(connection) {
                columns = Columns::All;
            } else {
                parents = Some(RefCell::new(Links::open(connection, Direction::Ascending)?));
            }
        }
        let (columns, times) = Contents::shorten(connection, columns, reverse);
        let contents = if ids.is_empty() || columns == Columns::Nothing {
            None
        } else {
            Some(Contents::new(connection, columns, reverse, None)?.timed_by(times))
        };
        let mut list = Self {
            ids,
            reverse,
            passed: 0,
            contents,
            parent,
            parents,
            _snapshot: snapshot,
        };
        list.read()?;
        Ok(list)
    }

    fn read(&mut self) -> Result<()> {
        let (Some(id), position) = (self.id(), self.position()) else {
            return Ok(());
        };
        let Some(contents) = &mut self.contents else {
            return Ok(());
        };
        let (ids, reverse) = (&self.ids, self.reverse);
        let next = || {
            // The caller may stop any time.
            let ahead = AHEAD.max(self.passed / 8).min(MOST_AHEAD);
            let from = position.saturating_sub(ahead);
            let to = ids.len().min(position.saturating_add(ahead + 1));
            if reverse {
                ids.get(from..position).unwrap_or_default().to_vec()
            } else {
                let next = ids.get(position + 1..to).unwrap_or_default();
                next.iter().rev().copied().collect()
            }
        };
        if contents.go_to(id, 0, None, next)? {
            Ok(())
        } else {
            Err(Error::corrupt(format!("message {id} is missing")))
        }
    }

    /// Where the current message is in ascending order, from 0.
    pub fn position(&self) -> usize {
        if self.reverse {
            self.ids.len().wrapping_sub(self.passed + 1)
        } else {
            self.passed
        }
    }

    /// The current message. None at the end.
    pub fn id(&self) -> Option<i64> {
        self.ids.get(self.position()).copied()
    }

    /// The current message's thread, if that is read.
    pub fn thread(&self) -> Result<Vec<u8>> {
        let contents = self.contents.as_ref();
        contents.map_or(Ok(Vec::new()), |contents| contents.text(THREAD_ID))
    }

    /// Goes to the next message.
    pub fn next(&mut self) -> Result<()> {
        self.passed += 1;
        self.read()
    }

    /// Gives a column of `messages`.
    pub fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        let Some(id) = self.id() else {
            return Ok(());
        };
        match (column, &self.parent, &self.parents, &self.contents) {
            (ID, ..) => context.result_integer(id),
            (PARENT, Parent::Same(parent), ..) => context.result_optional(*parent),
            (PARENT, _, Some(parents), _) => {
                context.result_optional(parents.borrow_mut().parent(id)?);
            }
            (_, _, _, Some(contents)) => contents.column(context, column)?,
            _ => {}
        }
        Ok(())
    }
}

/// What a table has beside the columns of messages.
pub trait Beside: Sized + 'static {
    /// The messages that a use of the table lists, and what it has beside them.
    fn filter(
        connection: &Rc<Connection>,
        arguments: &Arguments<'_>,
        plan: Plan,
    ) -> Result<(List, Self)>;
    /// The list goes to a message.
    fn look(&mut self, _list: &List) -> Result<()> {
        Ok(())
    }
    /// Gives a column after those of messages.
    fn column(&self, list: &List, context: &mut Context<'_>, column: usize);
}

/// The rows of one use of a table that lists messages.
pub struct ListRows<B> {
    list: List,
    beside: B,
}

impl<B: Beside> Rows for ListRows<B> {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let (list, mut beside) = B::filter(connection, arguments, plan)?;
        beside.look(&list)?;
        Ok(Self { list, beside })
    }

    fn eof(&self) -> bool {
        self.list.id().is_none()
    }

    fn next(&mut self) -> Result<()> {
        self.list.next()?;
        self.beside.look(&self.list)
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        if column < WIDTH {
            return self.list.column(context, column);
        }
        self.beside.column(&self.list, context, column);
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.list.id().unwrap_or(0)
    }
}
