//! Depth, root, common ancestor.
//!
//! Two tips are walked rootward in turn, always the one whose stretch has the higher ids, until the stretches meet: as long
//! as parents have lower ids than their children, a message cannot lie above a lower one. So the cost grows with the
//! distance to the fork. If any link goes to a higher id, the whole of both paths is compared.

use std::rc::Rc;

use crate::error::{push, sort_by_number, Result};
use crate::sqlite::Connection;
use crate::tree::path::ancestors::{Climb, Stretch};
use crate::tree::rows::links;

/// The number of ancestors of a message that is there.
pub fn depth(connection: &Rc<Connection>, id: i64) -> Result<i64> {
    let mut climb = Climb::from(connection, id)?;
    let mut depth = 0;
    while let Some(stretch) = climb.next_verified()? {
        depth = stretch
            .distance
            .saturating_add_unsigned(stretch.run.steps());
    }
    Ok(depth)
}

/// The first message on the path to a message that is there.
pub fn root(connection: &Rc<Connection>, id: i64) -> Result<i64> {
    let mut climb = Climb::from(connection, id)?;
    let mut root = id;
    while let Some(stretch) = climb.next_verified()? {
        root = stretch.run.first;
    }
    Ok(root)
}

/// Where a message lies on a path.
pub struct Place {
    /// How far it is from the message that the path leads to.
    pub distance: i64,
    /// Its child on the path. None for that message itself.
    pub child: Option<i64>,
}

/// Where `above` lies on the path to `below`, both of which are there. None if it is not on it.
pub fn find(connection: &Rc<Connection>, above: i64, below: i64) -> Result<Option<Place>> {
    let ids_grow = !links::any_later_parent(connection)?;
    let mut climb = Climb::from(connection, below)?;
    while let Some(mut stretch) = climb.next()? {
        if stretch.run.contains(above) {
            let steps = stretch.run.last.abs_diff(above);
            let place = Place {
                distance: stretch.distance.saturating_add_unsigned(steps),
                child: match steps {
                    0 => stretch.child,
                    _ => above.checked_add(1),
                },
            };
            stretch.keep_from(above);
            climb.verify_ends(&stretch)?;
            return Ok(Some(place));
        }
        if ids_grow && stretch.run.last < above {
            return Ok(None);
        }
        climb.verify_ends(&stretch)?;
    }
    Ok(None)
}

/// Whether `above` is `below` or lies above it. Both are there.
pub fn is_ancestor(connection: &Rc<Connection>, above: i64, below: i64) -> Result<bool> {
    Ok(find(connection, above, below)?.is_some())
}

/// The nearest message on the paths to both, which are there.
pub fn common(connection: &Rc<Connection>, a: i64, b: i64) -> Result<Option<i64>> {
    if links::any_later_parent(connection)? {
        return common_anywhere(connection, a, b);
    }
    let mut climb_a = Climb::from(connection, a)?;
    let mut climb_b = Climb::from(connection, b)?;
    let (mut at_a, mut at_b) = (climb_a.next()?, climb_b.next()?);
    while let (Some(mut in_a), Some(mut in_b)) = (at_a, at_b) {
        let shared = in_a.run.last.min(in_b.run.last);
        if in_a.run.contains(shared) && in_b.run.contains(shared) {
            in_a.keep_from(shared);
            climb_a.verify_ends(&in_a)?;
            in_b.keep_from(shared);
            climb_b.verify_ends(&in_b)?;
            return Ok(Some(shared));
        }
        if in_a.run.first > in_b.run.last {
            climb_a.verify_ends(&in_a)?;
            at_a = climb_a.next()?;
        } else {
            climb_b.verify_ends(&in_b)?;
            at_b = climb_b.next()?;
        }
    }
    Ok(None)
}

fn common_anywhere(connection: &Rc<Connection>, a: i64, b: i64) -> Result<Option<i64>> {
    let mut path: Vec<Stretch> = Vec::new();
    let mut climb = Climb::from(connection, a)?;
    while let Some(stretch) = climb.next_verified()? {
        push(&mut path, stretch)?;
    }
    sort_by_number(&mut path, |stretch| stretch.run.first)?;
    let mut climb = Climb::from(connection, b)?;
    while let Some(stretch) = climb.next_verified()? {
        let after = path.partition_point(|other| other.run.first <= stretch.run.last);
        let nearest = after.checked_sub(1).and_then(|at| path.get(at));
        if let Some(other) = nearest.filter(|other| other.run.last >= stretch.run.first) {
            return Ok(Some(other.run.last.min(stretch.run.last)));
        }
    }
    Ok(None)
}
