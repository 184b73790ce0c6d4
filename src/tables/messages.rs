//! `branch_messages(thread_id [, limit [, before]])`: a thread's current branch.

use std::rc::Rc;

use super::insert::{self, DISTANCE, POSITION, UID, VERSIONS};
use super::versions::Versions;
use crate::arguments;
use crate::error::Result;
use crate::sqlite::{
    Arguments, Bound, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table, Write,
};
use crate::tree::path::ancestors::Cut;
use crate::tree::path::listing::Listing;
use crate::tree::path::page;
use crate::tree::rows::columns::{message_columns, Columns, ID};
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::thread;
use crate::tree::rows::uids;

/// After the arguments: a LIMIT.
const LIMIT: usize = 3;

/// The table.
pub struct BranchMessages;

impl Table for BranchMessages {
    const SHAPE: Shape = Shape {
        name: "branch_messages",
        columns: concat!(message_columns!(declared), ", distance INTEGER"),
        arguments: &[
            ("thread", "TEXT"),
            ("limit", "INTEGER"),
            ("before", "INTEGER"),
        ],
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
    const BOUNDS: &'static [Bound] = &[Bound::Limit];
    const WRITE: Option<Write> = Some(insert::write);
    const INSTEAD: &'static str = insert::INSTEAD;
    type Rows = MessageRows;
}

/// What the arguments `thread_id [, limit [, before]]` ask for.
pub(super) struct Asked {
    /// The last message that is listed, and how the branch is cut. None if there is nothing to list.
    pub branch: Option<(i64, Cut)>,
    /// The state of the database to which that belongs.
    pub snapshot: Snapshot,
}

impl Asked {
    pub fn read(connection: &Rc<Connection>, arguments: &Arguments<'_>) -> Result<Self> {
        let thread = arguments::given_thread_id(arguments.get(0))?.unwrap_or_default();
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
            Some(leaf) => page::cut(connection, leaf, limit, before)?,
            None => None,
        };
        Ok(Self { branch, snapshot })
    }
}

/// The rows of one use.
pub struct MessageRows {
    listing: Option<Listing>,
    versions: Versions,
    _snapshot: Snapshot,
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
        let listing = match branch {
            Some((id, mut cut)) => {
                cut.expected = arguments::expected(arguments.get(LIMIT));
                let columns = Columns::of(plan, ID);
                Some(Listing::new(connection, id, cut, plan.order(), columns)?)
            }
            None => None,
        };
        Ok(Self {
            listing,
            versions: Versions::new(connection),
            _snapshot: snapshot,
        })
    }

    #[inline(always)]
    fn eof(&self) -> bool {
        self.listing.as_ref().and_then(Listing::at).is_none()
    }

    #[inline(always)]
    fn next(&mut self) -> Result<()> {
        self.listing.as_mut().map_or(Ok(()), Listing::next)
    }

    #[inline(always)]
    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        let Some(listing) = &self.listing else {
            return Ok(());
        };
        match (column, listing.at()) {
            (..DISTANCE, _) => listing.column(context, column)?,
            (DISTANCE, Some(at)) => context.result_integer(at.distance()),
            (_, Some(at)) => return self.more(context, column, at.id, at.parent()),
            _ => {}
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        let at = self.listing.as_ref().and_then(Listing::at);
        at.map_or(0, |at| at.id)
    }
}
