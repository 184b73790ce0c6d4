//! A thread's current branch: the path to its leaf.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::Connection;
use crate::tree::path::ancestors::{Climb, Cut};
use crate::tree::path::common;
use crate::tree::rows::links;
use crate::tree::rows::thread;

/// The last `limit` messages above `before` of the branch that ends at `leaf`: the last of them, and how the branch is cut.
///
/// A `before` beside the branch stands for the last message of the branch that is its ancestor, and that one is kept. None if
/// there is nothing: no such message, or nothing above it.
pub fn cut(
    connection: &Rc<Connection>,
    leaf: i64,
    limit: Option<u64>,
    before: Option<i64>,
) -> Result<Option<(i64, Cut)>> {
    let Some(before) = before else {
        let cut = Cut {
            limit,
            ..Cut::default()
        };
        return Ok(Some((leaf, cut)));
    };
    let Some(parent) = links::parent(connection, before)? else {
        return Ok(None);
    };
    if let Some(place) = common::find(connection, before, leaf)? {
        let cut = Cut {
            limit,
            child: Some(before),
            distance: place.distance.saturating_add(1),
            ..Cut::default()
        };
        return Ok(parent.map(|parent| (parent, cut)));
    }
    let Some(shared) = common::common(connection, before, leaf)? else {
        return Ok(None);
    };
    let Some(place) = common::find(connection, shared, leaf)? else {
        return Ok(None);
    };
    let cut = Cut {
        limit,
        child: place.child,
        distance: place.distance,
        ..Cut::default()
    };
    Ok(Some((shared, cut)))
}

/// The child of a message that lies on a thread's current branch; without a message, the branch's first message.
pub fn child_on(
    connection: &Rc<Connection>,
    thread: &[u8],
    parent: Option<i64>,
) -> Result<Option<i64>> {
    let Some(leaf) = thread::present_leaf(connection, thread)?.flatten() else {
        return Ok(None);
    };
    let Some(parent) = parent else {
        return common::root(connection, leaf).map(Some);
    };
    let descending = !links::any_later_parent(connection)?;
    let mut climb = Climb::from(connection, leaf)?;
    while let Some(mut stretch) = climb.next()? {
        if descending && stretch.run.last <= parent {
            return Ok(None);
        }
        if stretch.run.contains(parent) && parent < stretch.run.last {
            stretch.keep_from(parent + 1);
            climb.verify_ends(&stretch)?;
            return Ok(Some(parent + 1));
        }
        climb.verify_ends(&stretch)?;
        if stretch.run.parent == Some(parent) {
            return Ok(Some(stretch.run.first));
        }
    }
    Ok(None)
}
