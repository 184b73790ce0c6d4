//! Which messages lie on the current branch of their thread, for tables whose rows come from many threads.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{push, sort_by_number, Result};
use crate::sqlite::Connection;
use crate::tree::path::ancestors::Climb;
use crate::tree::rows::links;
use crate::tree::rows::thread;

/// The current branches of threads, each read once, and only as far as somebody asks.
pub struct CurrentBranches {
    connection: Rc<Connection>,
    /// Whether all parents have lower ids than their children: then a branch need not be read past the message.
    descending: Option<bool>,
    branches: HashMap<Vec<u8>, Branch>,
}

/// What is known of one branch.
struct Branch {
    /// Where the reading goes on. None when all has been read.
    climb: Option<Climb>,
    /// First and last messages of its runs, from the leaf to the first message.
    runs: Vec<(i64, i64)>,
}

impl CurrentBranches {
    /// Knows nothing yet.
    pub fn new(connection: &Rc<Connection>) -> Self {
        Self {
            connection: Rc::clone(connection),
            descending: None,
            branches: HashMap::new(),
        }
    }

    /// Whether a message, which is there, lies on the current branch of a thread. False if there is no such thread.
    pub fn contain(&mut self, thread: &[u8], id: i64) -> Result<bool> {
        let descending = match self.descending {
            Some(known) => known,
            None => *self
                .descending
                .insert(!links::any_later_parent(&self.connection)?),
        };
        let branch = match self.branches.get_mut(thread) {
            Some(branch) => branch,
            None => {
                let branch = Branch::of(&self.connection, thread)?;
                self.branches.entry(thread.to_vec()).or_insert(branch)
            }
        };
        branch.contains(id, descending)
    }
}

impl Branch {
    fn of(connection: &Rc<Connection>, thread: &[u8]) -> Result<Self> {
        let leaf = thread::present_leaf(connection, thread)?.flatten();
        Ok(Self {
            climb: match leaf {
                Some(leaf) => Some(Climb::from(connection, leaf)?),
                None => None,
            },
            runs: Vec::new(),
        })
    }

    fn contains(&mut self, id: i64, descending: bool) -> Result<bool> {
        while let Some(climb) = &mut self.climb {
            if descending && self.runs.last().is_some_and(|(first, _)| *first <= id) {
                break;
            }
            match climb.next()? {
                Some(stretch) => push(&mut self.runs, (stretch.run.first, stretch.run.last))?,
                None => {
                    self.climb = None;
                    if !descending {
                        sort_by_number(&mut self.runs, |(first, _)| !*first)?;
                    }
                }
            }
        }
        // Each run lies below the one before it.
        let at = self.runs.partition_point(|(first, _)| *first > id);
        Ok(self.runs.get(at).is_some_and(|(_, last)| *last >= id))
    }
}
