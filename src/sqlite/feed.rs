//! Handing ids to a statement while it runs.
//!
//! To start a statement anew for each message costs several times what it costs to read the message. A statement that
//! joins `branch_feed` to a table is started once, and asks for the next id whenever it is stepped.

use std::rc::Rc;

use super::{Connection, Place};
use crate::error::Result;

/// A place of one's own, until this is dropped.
pub struct Feed {
    connection: Rc<Connection>,
    number: usize,
    place: Place,
}

impl Feed {
    /// A place that no other statement has.
    pub fn new(connection: &Rc<Connection>) -> Result<Self> {
        connection.nothing_in_the_way_of(c"branch_feed")?;
        let place = Place::default();
        let mut feeds = connection.feeds.borrow_mut();
        let number = match feeds.iter().position(Option::is_none) {
            Some(number) => number,
            None => {
                feeds.push(None);
                feeds.len() - 1
            }
        };
        if let Some(feed) = feeds.get_mut(number) {
            *feed = Some(Rc::clone(&place));
        }
        drop(feeds);
        Ok(Self {
            connection: Rc::clone(connection),
            number,
            place,
        })
    }

    /// The argument of `branch_feed` that leads to this place.
    pub fn number(&self) -> i64 {
        i64::try_from(self.number).unwrap_or(-1)
    }

    /// Whether the statement has taken what it was to get next.
    pub fn is_free(&self) -> bool {
        self.place.get().is_none()
    }

    /// What the statement gets next. It takes each id once, and ends when there is none.
    pub fn set(&self, id: i64) {
        self.place.set(Some(id));
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if let Some(feed) = self.connection.feeds.borrow_mut().get_mut(self.number) {
            *feed = None;
        }
    }
}

impl Connection {
    /// The place that a number leads to.
    pub fn fed(&self, number: i64) -> Option<Place> {
        let number = usize::try_from(number).ok()?;
        self.feeds.borrow().get(number)?.clone()
    }
}
