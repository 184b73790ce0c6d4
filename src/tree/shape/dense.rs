//! Threads that have all the ids from their first message to their last.
//!
//! Nearly all messages of a conversation are followed by another one, and the index on jumps holds only those that are
//! not the child of the message before. Where a thread's messages fill a range of ids, that index tells the shape of the
//! whole thread, and all that has to be read of the other messages is that they are there: which is a matter of skipping
//! entries of the index on thread and time, at a tenth of what it takes to read them.

use std::rc::Rc;

use crate::error::{push, Result};
use crate::sqlite::{Connection, Kind, Parameter};
use crate::tree::rows::links::{self, ChildCount, Run};

/// All ids from the first to the last.
#[derive(Clone, Copy)]
pub struct Range {
    first: i64,
    last: i64,
    /// Whether there are no other messages at all.
    everything: bool,
}

/// The thread's first message by time, its last one, and the smallest and the largest id of all threads' messages.
const ENDS: &str = "SELECT \
     (SELECT id FROM main.messages WHERE thread_id = +?1 ORDER BY created_at LIMIT 1), \
     (SELECT id FROM main.messages WHERE thread_id = +?1 ORDER BY created_at DESC, id DESC LIMIT 1), \
     (SELECT min(id) FROM main.messages), (SELECT max(id) FROM main.messages)";

/// The message that comes so many after the thread's first one in the index, and whether it is the thread's.
const SKIP: &str = "SELECT thread_id = +?1, id \
     FROM main.messages INDEXED BY idx_messages_thread_created_at \
     WHERE thread_id >= +?1 ORDER BY thread_id, created_at LIMIT 1 OFFSET ?2";

/// The first entry of the index, from the thread's first one, with an id outside of a range, and whether it is the
/// thread's.
const OUTSIDE: &str =
    "SELECT thread_id = +?1 FROM main.messages INDEXED BY idx_messages_thread_created_at \
     WHERE thread_id >= +?1 AND id NOT BETWEEN ?2 AND ?3 ORDER BY thread_id, created_at LIMIT 1";

/// How many entries are skipped before the ids are compared with them for the first time. (Measured: 512 are skipped in 4 µs,
/// where the statement itself takes 7; 100,000 in 2,500.)
const FIRST_SKIP: i64 = 512;
/// How much further each skip goes than the one before. All that were made then take a third more than the last alone.
const SKIP_GROWS: i64 = 4;

/// Whether an index entry of the thread is so many steps after its first one. `first` is the id of that one if the entries'
/// ids are to be one by one; this is not looked at for each, but early enough to skip little in vain.
fn reaches(
    connection: &Rc<Connection>,
    thread: &[u8],
    first: Option<i64>,
    steps: i64,
) -> Result<bool> {
    let mut skip = connection.prepare(SKIP)?;
    let mut step = FIRST_SKIP.min(steps);
    loop {
        let parameters = [Parameter::Text(thread), Parameter::Integer(step)];
        let found = skip.once(&parameters, |row| Ok((row.integer(0), row.integer(1))))?;
        let Some((1, id)) = found else {
            return Ok(false);
        };
        if step == steps {
            return Ok(true);
        }
        if first.is_some_and(|first| id.checked_sub(first) != Some(step)) {
            return Ok(false);
        }
        step = match step.saturating_mul(SKIP_GROWS) {
            next if next <= steps / 2 => next,
            _ => steps,
        };
    }
}

impl Range {
    /// The range that a thread's messages fill, if they fill one.
    pub fn of(connection: &Rc<Connection>, thread: &[u8]) -> Result<Option<Self>> {
        let mut ends = connection.prepare(ENDS)?;
        let found = ends.once(&[Parameter::Text(thread)], |row| {
            let all_there = (0..4).all(|column| row.kind(column) == Kind::Integer);
            Ok(all_there.then(|| [0, 1, 2, 3].map(|column| row.integer(column))))
        })?;
        let Some(Some([first, last, smallest, largest])) = found else {
            return Ok(None);
        };
        // Nothing comes before the smallest number: what its message would have for a parent, SQLite cannot say.
        if smallest == i64::MIN {
            return Ok(None);
        }
        if let Some(steps) = last.checked_sub(first).filter(|steps| *steps >= 0) {
            // A thread that has at least as many messages as a range has ids, and none outside, has all of these.
            if reaches(connection, thread, Some(first), steps)? {
                let everything = (first, last) == (smallest, largest);
                let range = Self {
                    first,
                    last,
                    everything,
                };
                let fills = everything || !range.misses_some(connection, thread)?;
                return Ok(fills.then_some(range));
            }
        }
        // One that has as many as there are ids has all of them, whatever their times.
        match largest.checked_sub(smallest).filter(|_| first == smallest) {
            Some(steps) if reaches(connection, thread, None, steps)? => Ok(Some(Self {
                first: smallest,
                last: largest,
                everything: true,
            })),
            _ => Ok(None),
        }
    }

    /// Whether the thread has messages outside.
    fn misses_some(&self, connection: &Rc<Connection>, thread: &[u8]) -> Result<bool> {
        let bounds = [
            Parameter::Text(thread),
            Parameter::Integer(self.first),
            Parameter::Integer(self.last),
        ];
        let mut outside = connection.prepare(OUTSIDE)?;
        let found = outside.once(&bounds, |row| Ok(row.integer(0)))?;
        Ok(found == Some(1))
    }

    fn contains(&self, id: i64) -> bool {
        (self.first..=self.last).contains(&id)
    }

    /// The runs of which the range consists.
    pub fn runs(self, connection: &Rc<Connection>) -> Result<Runs> {
        let mut runs: Vec<Run> = Vec::new();
        let mut parents = Vec::new();
        let mut add = |first, parent| {
            if let Some(before) = runs.last_mut() {
                before.last = first - 1;
            }
            let last = self.last;
            push(
                &mut runs,
                Run {
                    first,
                    last,
                    parent,
                },
            )
        };
        let mut jumps = links::jumps(connection)?;
        jumps.start(&[self.first])?;
        let mut first = None;
        while jumps.step()? && jumps.integer(0) <= self.last {
            let (id, parent) = links::jump_in(&jumps)?;
            if first.is_none() && id > self.first {
                // The child of the message before the range.
                add(self.first, self.first.checked_sub(1))?;
            }
            first = Some(id);
            add(id, parent)?;
            if let Some(parent) = parent.filter(|parent| self.contains(*parent)) {
                push(&mut parents, parent)?;
            }
        }
        if first.is_none() {
            add(self.first, self.first.checked_sub(1))?;
        }
        parents.sort_unstable();
        let runs = Runs {
            range: self,
            runs,
            parents,
            children_outside: false,
        };
        Ok(Runs {
            children_outside: !self.everything && runs.has_children_outside(connection)?,
            ..runs
        })
    }
}

/// A message without children.
#[derive(Clone, Copy)]
pub struct Leaf {
    /// The message.
    pub id: i64,
    /// The number of its ancestors.
    pub depth: i64,
    /// The nearest of them that has several children.
    pub fork: Option<i64>,
}

/// The shape of a thread that fills a range of ids.
pub struct Runs {
    range: Range,
    /// One after the other, by id.
    runs: Vec<Run>,
    /// The parents of those that begin in the range, sorted; one is there once for each run.
    parents: Vec<i64>,
    /// Whether messages outside the range have parents in it.
    children_outside: bool,
}

impl Runs {
    /// Whether more messages have parents in the range than those of the range itself. It is enough to see what comes
    /// after as many entries of the index on parents.
    fn has_children_outside(&self, connection: &Rc<Connection>) -> Result<bool> {
        const SKIP_CHILDREN: &str =
            "SELECT parent_entry_id FROM main.messages INDEXED BY idx_messages_parent_entry_id \
             WHERE parent_entry_id >= +?1 ORDER BY parent_entry_id LIMIT 1 OFFSET ?2";
        let inside_runs = self.runs.iter().map(Run::steps).sum::<u64>();
        let Ok(children) = i64::try_from(inside_runs + self.parents.len() as u64) else {
            return Ok(true);
        };
        let mut skip = connection.prepare(SKIP_CHILDREN)?;
        skip.start(&[self.range.first, children])?;
        Ok(skip.step()? && skip.kind(0) == Kind::Integer && skip.integer(0) <= self.range.last)
    }

    /// The messages that have no children, ascending. Only the last one of a run can be one.
    pub fn leaves(&self, connection: &Rc<Connection>) -> Result<Vec<i64>> {
        let mut children = ChildCount::open(connection)?;
        let mut parents = self.parents.iter().peekable();
        let mut leaves = Vec::new();
        for run in &self.runs {
            while parents.next_if(|parent| **parent < run.last).is_some() {}
            let is_parent = parents.peek() == Some(&&run.last);
            if !(is_parent || self.children_outside && children.any(run.last)?) {
                push(&mut leaves, run.last)?;
            }
        }
        Ok(leaves)
    }

    /// The same with their depths and forks. None if an ancestor is not in the range, or not in the order of ids.
    pub fn measured_leaves(&self) -> Result<Option<Vec<Leaf>>> {
        if self.children_outside {
            return Ok(None);
        }
        let forks = self.forks()?;
        // For each run, the depth of its first message and the nearest fork rootward of that.
        let mut begins: Vec<(i64, Option<i64>)> = Vec::new();
        let mut parents = self.parents.iter().peekable();
        let mut leaves = Vec::new();
        for (at, run) in self.runs.iter().enumerate() {
            let begin = match run.parent {
                None => (0, None),
                Some(parent) if self.range.contains(parent) && parent < run.first => {
                    let at = self.run_of(parent, at);
                    let (Some(run), Some(begin)) = (self.runs.get(at), begins.get(at)) else {
                        return Ok(None);
                    };
                    let depth = begin.0 + (parent - run.first) + 1;
                    (depth, nearest(&forks, run.first, parent).or(begin.1))
                }
                Some(_) => return Ok(None),
            };
            push(&mut begins, begin)?;
            while parents.next_if(|parent| **parent < run.last).is_some() {}
            if parents.peek() != Some(&&run.last) {
                let leaf = Leaf {
                    id: run.last,
                    depth: begin.0 + (run.last - run.first),
                    fork: nearest(&forks, run.first, run.last).or(begin.1),
                };
                push(&mut leaves, leaf)?;
            }
        }
        Ok(Some(leaves))
    }

    /// Which run a message is part of that is rootward of the run `from`.
    fn run_of(&self, id: i64, from: usize) -> usize {
        match from.checked_sub(1) {
            // As a rule it is the run before, from which this one branches off.
            Some(before) if self.runs.get(before).is_some_and(|run| run.contains(id)) => before,
            _ => self
                .runs
                .partition_point(|run| run.first <= id)
                .wrapping_sub(1),
        }
    }

    /// The messages that have several children, ascending.
    fn forks(&self) -> Result<Vec<i64>> {
        let mut forks = Vec::new();
        let mut runs = self.runs.iter().peekable();
        for same in self.parents.chunk_by(|a, b| a == b) {
            let Some(parent) = same.first() else {
                continue;
            };
            while runs.next_if(|run| run.last < *parent).is_some() {}
            // Within a run the next message is a child as well.
            let goes_on = runs.peek().is_some_and(|run| *parent < run.last);
            if same.len() + usize::from(goes_on) > 1 {
                push(&mut forks, *parent)?;
            }
        }
        Ok(forks)
    }
}

/// The largest of some sorted ids from `first` to `last`.
fn nearest(ids: &[i64], first: i64, last: i64) -> Option<i64> {
    let at = ids.partition_point(|id| *id <= last).checked_sub(1)?;
    ids.get(at).copied().filter(|id| *id >= first)
}
