//! Leafward from several messages at once, one step of one statement for each child.

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sqlite::{Connection, Feed, Statement};

/// A statement whose rows are children: the first column is the parent, the second the child.
pub struct Descent {
    feed: Feed,
    statement: Statement,
    /// Messages whose children are still to come, with their levels.
    waiting: VecDeque<(i64, usize)>,
    /// Those that the statement has been given; the first is the one whose children come now.
    open: VecDeque<(i64, usize)>,
    /// Children with an id that is not higher than their parent's. Each cycle has one; it is there twice.
    later: HashSet<i64>,
    /// Whether the statement has to be started.
    ended: bool,
}

impl Descent {
    /// With a statement on `branch_feed(?1)`.
    pub fn new(connection: &Rc<Connection>, sql: &'static str) -> Result<Self> {
        let feed = Feed::new(connection)?;
        feed.verify()?;
        Ok(Self {
            feed,
            statement: connection.prepare(sql)?,
            waiting: VecDeque::new(),
            open: VecDeque::new(),
            later: HashSet::new(),
            ended: true,
        })
    }

    /// Asks for the children of a message too.
    pub fn add(&mut self, id: i64, level: usize) -> Result<()> {
        self.waiting
            .try_reserve(1)
            .map_err(|_| Error::no_memory())?;
        self.waiting.push_back((id, level));
        Ok(())
    }

    /// Goes to the next child. Gives the level of its parent, or None if there are no more.
    pub fn next(&mut self) -> Result<Option<usize>> {
        loop {
            // The statement asks for a message when it has given all children of the one before, which is in this step or
            // a later one.
            if self.feed.is_free() {
                if let Some(next) = self.waiting.pop_front() {
                    self.feed.set(next.0);
                    self.open.try_reserve(1).map_err(|_| Error::no_memory())?;
                    self.open.push_back(next);
                }
            }
            if self.ended {
                if self.feed.is_free() {
                    return Ok(None);
                }
                self.statement.start(&[self.feed.number()])?;
                self.ended = false;
            }
            if self.statement.step()? {
                break;
            }
            // It has asked for one more, and there was none yet.
            self.ended = true;
            self.open.clear();
        }
        let (parent, child) = (self.statement.integer(0), self.statement.integer(1));
        if child <= parent {
            self.later.try_reserve(1).map_err(|_| Error::no_memory())?;
            if !self.later.insert(child) {
                return Err(Error::corrupt(format!(
                    "message {child} is its own ancestor"
                )));
            }
        }
        while let Some((id, level)) = self.open.front() {
            if *id == parent {
                return Ok(Some(*level));
            }
            self.open.pop_front();
        }
        Err(Error::corrupt(format!(
            "message {child}: its parent was changed while it was read"
        )))
    }

    /// The row of the child.
    pub fn row(&self) -> &Statement {
        &self.statement
    }
}
