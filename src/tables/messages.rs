//! `branch_messages(thread_id [, limit [, before]])`: a thread's current branch.

use std::rc::Rc;

use super::insert;
use super::versions::Versions;
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{
    Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table, Write,
};
use crate::tree::path::ancestors::Cut;
use crate::tree::path::fetch::{Fetch, Wanted, WIDTH};
use crate::tree::path::page;
use crate::tree::path::walk::Walk;
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::thread;
use crate::tree::rows::uids;

pub(super) const ID: usize = 0;
const PARENT: usize = WIDTH - 1;
pub(super) const DISTANCE: usize = WIDTH;
/// The first of the arguments.
pub(super) const THREAD: usize = DISTANCE + 1;
pub(super) const UID: usize = THREAD + 3;
pub(super) const POSITION: usize = UID + 1;
pub(super) const VERSIONS: usize = UID + 2;

/// The table.
pub struct BranchMessages;

impl Table for BranchMessages {
    const SHAPE: Shape = Shape {
        name: "branch_messages",
        columns: "id INTEGER, thread_id TEXT, role TEXT, content TEXT, item_json TEXT, created_at INTEGER, \
                  parent_entry_id INTEGER, distance INTEGER",
        arguments: &[("thread", "TEXT"), ("limit", "INTEGER"), ("before", "INTEGER")],
        required: 1,
        orders: &[
            SortKey::new(DISTANCE, Order::Reverse, Order::Natural),
            SortKey::new(ID, Order::IdAscending, Order::IdDescending),
            SortKey::rowid(Order::IdAscending, Order::IdDescending),
        ],
        rows: 100,
        limit: Some(1),
    };
    const HIDDEN: &'static [(&'static str, &'static str)] = &[
        ("uid", "TEXT"),
        ("position", "INTEGER"),
        ("versions", "INTEGER"),
    ];
    const WRITE: Option<Write> = Some(insert::write);
    type Rows = MessageRows;
}

/// What the arguments `thread_id [, limit [, before]]` ask for.
pub(super) struct Asked {
    /// The leaf of the branch, and how it is cut. None if there is nothing to list.
    pub branch: Option<(i64, Cut)>,
    /// The state of the database to which that belongs.
    pub snapshot: Snapshot,
}

impl Asked {
    pub fn read(connection: &Rc<Connection>, arguments: &Arguments<'_>) -> Result<Self> {
        let thread = match arguments.get(0) {
            Some(value) => arguments::thread_id("thread_id", value)?,
            None => &[],
        };
        let limit = arguments::limit(arguments.get(1))?;
        let before = match arguments.get(2) {
            Some(value) => Some(arguments::message("before", value)?),
            None => None,
        };
        let (leaf, snapshot) = thread::hold_leaf(connection, thread)?;
        let before = match before {
            Some(before) => match before.id(connection)? {
                Some(before) => Some(before),
                None => {
                    return Ok(Self {
                        branch: None,
                        snapshot,
                    })
                }
            },
            None => None,
        };
        let branch = match leaf {
            Some(leaf) => page::cut(connection, leaf, limit, before)?.map(|cut| (leaf, cut)),
            None => None,
        };
        Ok(Self { branch, snapshot })
    }
}

/// The rows of one use.
pub struct MessageRows {
    walk: Option<Walk>,
    fetch: Option<Fetch>,
    versions: Versions,
    _snapshot: Snapshot,
}

impl MessageRows {
    #[inline(always)]
    fn read(&mut self) -> Result<()> {
        if let (Some(walk), Some(fetch)) = (&mut self.walk, &mut self.fetch) {
            if let Some(at) = walk.at() {
                if !fetch.go_to(at.id, at.more())? {
                    return Err(walk.missing());
                }
                if !walk.awaits_parent() {
                    return fetch.compare_parent(at.id, at.parent());
                }
                let parent = fetch.parent(at.id)?;
                walk.tell(parent)?;
            }
        }
        Ok(())
    }
}

impl MessageRows {
    /// The columns that are looked up only where they are read.
    #[cold]
    fn more(
        &self,
        context: &mut Context<'_>,
        column: usize,
        id: i64,
        parent: Option<i64>,
    ) -> Result<()> {
        match column {
            UID => match uids::of_stored(self.versions.connection(), id)? {
                Some(uid) => context.result_text(&uid),
                None => context.result_null(),
            },
            POSITION => context.result_integer(self.versions.of(id, parent)?.0),
            VERSIONS => context.result_integer(self.versions.of(id, parent)?.1),
            _ => context.result_null(),
        }
        Ok(())
    }
}

impl Rows for MessageRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let Asked { branch, snapshot } = Asked::read(connection, arguments)?;
        let wanted = Wanted::of(plan, ID);
        let mut walk = None;
        let mut fetch = None;
        if let Some((leaf, cut)) = branch {
            let verify = wanted.verify(plan.order());
            let mut path = Walk::new(connection, leaf, cut, plan.order(), verify)?;
            if wanted == Wanted::All {
                path.let_tell();
            }
            fetch = Fetch::new(connection, wanted, path.descends());
            walk = Some(path);
        }
        let mut rows = Self {
            walk,
            fetch,
            versions: Versions::new(connection),
            _snapshot: snapshot,
        };
        rows.read()?;
        Ok(rows)
    }

    #[inline(always)]
    fn eof(&self) -> bool {
        self.walk.as_ref().and_then(Walk::at).is_none()
    }

    #[inline(always)]
    fn next(&mut self) -> Result<()> {
        if let Some(walk) = &mut self.walk {
            walk.advance()?;
        }
        self.read()
    }

    #[inline(always)]
    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        match (&self.fetch, self.walk.as_ref().and_then(Walk::at)) {
            (_, Some(at)) if column == DISTANCE => context.result_integer(at.distance()),
            (_, Some(at)) if column == ID => context.result_integer(at.id),
            (_, Some(at)) if column == PARENT => context.result_optional(at.parent()),
            (_, Some(at)) if column > DISTANCE => {
                return self.more(context, column, at.id, at.parent())
            }
            (Some(fetch), _) => context.result_column(fetch.row()?, column),
            _ => {}
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        self.walk.as_ref().and_then(Walk::at).map_or(0, |at| at.id)
    }
}
