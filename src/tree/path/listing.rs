//! A path with the contents of its messages.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Connection, Context, Order};
use crate::tree::path::ancestors::Cut;
use crate::tree::path::contents::Contents;
use crate::tree::path::gaps::Verify;
use crate::tree::path::walk::{At, Walk};
use crate::tree::rows::columns::{Columns, ID, PARENT};

/// How many messages are asked for in one go, leafward: as many of 500 bytes as fit into a batch.
const NEXT: usize = 128;

/// The messages of a path, one after the other.
pub struct Listing {
    walk: Walk,
    contents: Option<Contents>,
}

impl Listing {
    /// Stands on the first of them, if there are any.
    pub fn new(
        connection: &Rc<Connection>,
        id: i64,
        cut: Cut,
        order: Order,
        columns: Columns,
    ) -> Result<Self> {
        let rootward = matches!(order, Order::Reverse | Order::IdDescending);
        let (columns, times) =
            Contents::shorten(connection, columns, rootward || cut.limit.is_some());
        let verify = match (columns, order) {
            (Columns::Nothing, _) => Verify::Links,
            (_, Order::Natural | Order::IdAscending) => Verify::Rows,
            // Rootward, reading them is what tells.
            (_, _) => Verify::Nothing,
        };
        let walk = Walk::with(connection, id, cut, order, verify, columns)?;
        let contents = match columns {
            Columns::Nothing => None,
            _ => {
                let contents = Contents::new(connection, columns, walk.descends(), walk.kept())?;
                Some(contents.timed_by(times))
            }
        };
        let mut listing = Self { walk, contents };
        listing.read()?;
        Ok(listing)
    }

    /// Where it stands. None at the end.
    #[inline(always)]
    pub fn at(&self) -> Option<At<'_>> {
        self.walk.at()
    }

    /// Goes to the next message.
    #[inline(always)]
    pub fn next(&mut self) -> Result<()> {
        self.walk.advance()?;
        self.read()
    }

    #[inline(always)]
    fn read(&mut self) -> Result<()> {
        match (&mut self.contents, self.walk.at()) {
            (Some(contents), Some(at)) => {
                let next = || self.walk.upcoming(NEXT);
                if contents.go_to(at.id, at.more(), Some(at.parent()), next)? {
                    Ok(())
                } else {
                    Err(self.walk.missing())
                }
            }
            _ => Ok(()),
        }
    }

    /// Gives a column of M.
    #[inline(always)]
    pub fn column(&self, context: &mut Context<'_>, place: usize) -> Result<()> {
        match (&self.contents, place) {
            (_, ID | PARENT) => {
                if let Some(at) = self.walk.at() {
                    context.result_optional(if place == ID {
                        Some(at.id)
                    } else {
                        at.parent()
                    });
                }
            }
            (Some(contents), _) => contents.column(context, place)?,
            _ => {}
        }
        Ok(())
    }
}
