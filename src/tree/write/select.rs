//! Showing a message: the current branch becomes the newest one that goes through it.

use std::rc::Rc;

use crate::error::{quoted, Error, Result};
use crate::sqlite::Connection;
use crate::tree::rows::links;
use crate::tree::rows::thread;
use crate::tree::rows::uids::Message;
use crate::tree::shape::descendants::{self, Descendants};
use crate::tree::write::append::{located, set_leaf};

/// Moves the leaf of a message's thread to the message's tip; with a position, to the tip of its alternative of that
/// position, from 1. Gives the new leaf.
pub fn select(
    connection: &Rc<Connection>,
    message: Message<'_>,
    position: Option<i64>,
) -> Result<i64> {
    connection.atomically(|| {
        let (id, thread) = located(connection, message)?;
        let shown = match position {
            Some(position) => alternative(connection, id, position)?,
            None => id,
        };
        if thread::of_message(connection, shown)?.as_ref() != Some(&thread) {
            return Err(Error::misuse(format!(
                "message {shown} is not in thread {}",
                quoted(&thread)
            )));
        }
        let tip = tip_in(connection, shown, &thread)?;
        set_leaf(connection, &thread, Some(tip))?;
        Ok(tip)
    })
}

/// The newest of a thread's own message and its descendants in that thread. Other programs may have hung another thread's
/// messages there.
fn tip_in(connection: &Rc<Connection>, shown: i64, thread: &[u8]) -> Result<i64> {
    let is_inside = |id| {
        let owner = thread::of_message(connection, id)?;
        Ok(owner.is_some_and(|owner| owner == thread))
    };
    let tip = descendants::tip(connection, shown)?;
    if is_inside(tip)? {
        return Ok(tip);
    }
    let mut tip = shown;
    let mut descendants = Descendants::of(connection, shown)?;
    while let Some(id) = descendants.next()? {
        if id > tip && is_inside(id)? {
            tip = id;
        }
    }
    Ok(tip)
}

/// The alternative of a message that has this position among them, oldest first.
fn alternative(connection: &Rc<Connection>, id: i64, position: i64) -> Result<i64> {
    let siblings = match links::parent(connection, id)?.flatten() {
        Some(parent) => descendants::children(connection, parent)?,
        None => descendants::first_messages(connection, id)?,
    };
    let found = usize::try_from(position)
        .ok()
        .and_then(|position| position.checked_sub(1))
        .and_then(|at| siblings.get(at));
    found.copied().ok_or_else(|| {
        Error::misuse(format!(
            "message {id} has no alternative {position}; there {} {}",
            if siblings.len() == 1 { "is" } else { "are" },
            siblings.len()
        ))
    })
}
