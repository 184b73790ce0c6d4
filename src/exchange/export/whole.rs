//! A thread with all that belongs to it, message by message, for the exports that hold everything.
//!
//! Messages are numbered from 1, by id, but parents always before their children. Ancestors that a message has in
//! another thread come along: without them its history would be a part of what it was.

use std::rc::Rc;

use super::rows::Messages;
use crate::error::{filled, push, quoted, sort_by_number, Error, Result};
use crate::sqlite::{Connection, Parameter, Statement};
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::rows::thread;
use crate::tree::shape::forest::Forest;

const LABELS: &str = "SELECT message_id, label, created_at FROM main.message_labels \
     WHERE thread_id = +?1 ORDER BY message_id, label";

/// A label, and since when it is there.
pub struct Label {
    position: usize,
    /// Its text.
    pub label: Vec<u8>,
    /// Unix seconds.
    pub created_at: i64,
}

/// What takes a message: its number, its parent's, its labels, and its row (see [`super::rows`]).
type Give<'g> = dyn FnMut(i64, Option<i64>, &[Label], &Statement) -> Result<()> + 'g;

/// A thread with its messages.
pub struct Whole {
    connection: Rc<Connection>,
    forest: Forest,
    /// Positions in the forest, by number.
    order: Vec<usize>,
    /// Numbers from 1, by position in the forest.
    numbers: Vec<i64>,
    /// By position in the forest.
    labels: Vec<Label>,
    leaf: Option<i64>,
    _snapshot: Snapshot,
}

impl Whole {
    /// Reads the links, labels and leaf of a thread. An error if there is no such thread.
    pub fn of(connection: &Rc<Connection>, thread: &[u8]) -> Result<Self> {
        let snapshot = Snapshot::hold(connection)?;
        let leaf =
            thread::present_leaf(connection, thread)?.ok_or_else(|| thread::unknown(thread))?;
        let forest = Forest::of(connection, thread)?;
        let order = parents_first(&forest)?;
        let mut numbers = filled(forest.len(), 0)?;
        for (number, position) in (1..).zip(&order) {
            if let Some(place) = numbers.get_mut(*position) {
                *place = number;
            }
        }
        let leaf = match leaf {
            None => None,
            Some(id) => match forest.position(id) {
                Some(position) if forest.is_inside(position) => numbers.get(position).copied(),
                _ => {
                    return Err(Error::corrupt(format!(
                        "thread {}: its current leaf {id} is in another thread",
                        quoted(thread)
                    )))
                }
            },
        };
        Ok(Self {
            connection: Rc::clone(connection),
            labels: labels(connection, thread, &forest)?,
            forest,
            order,
            numbers,
            leaf,
            _snapshot: snapshot,
        })
    }

    /// The number of the thread's leaf.
    pub fn leaf(&self) -> Option<i64> {
        self.leaf
    }

    /// The number of the message with an id.
    pub fn number(&self, id: i64) -> Option<i64> {
        let position = self.forest.position(id)?;
        self.numbers.get(position).copied()
    }

    /// Gives each message in turn.
    pub fn each(&self, give: &mut Give<'_>) -> Result<()> {
        let mut messages = Messages::open(&self.connection)?;
        for (number, position) in (1..).zip(&self.order) {
            let parent = self.forest.parent(*position);
            let parent = parent.and_then(|parent| self.numbers.get(parent).copied());
            let labels =
                |before: usize| self.labels.partition_point(|label| label.position < before);
            let labels = self.labels.get(labels(*position)..labels(*position + 1));
            let labels = labels.unwrap_or_default();
            let row = messages.read(self.forest.id(*position))?;
            give(number, parent, labels, row)?;
        }
        Ok(())
    }
}

/// Positions by id, but where a parent has a higher id than its child (other programs can write that), by depth first.
fn parents_first(forest: &Forest) -> Result<Vec<usize>> {
    let mut order = filled(forest.len(), 0)?;
    for (at, place) in order.iter_mut().enumerate() {
        *place = at;
    }
    let later = |at: &usize| forest.parent(*at).is_some_and(|parent| parent > *at);
    if order.iter().any(later) {
        sort_by_number(&mut order, |at| forest.depth(*at))?;
    }
    Ok(order)
}

/// Labels by position in the forest. One whose message is not in the thread does not exist.
fn labels(connection: &Rc<Connection>, thread: &[u8], forest: &Forest) -> Result<Vec<Label>> {
    let mut labels = Vec::new();
    let Some(mut statement) = connection.prepare_added(LABELS)? else {
        return Ok(labels);
    };
    statement.start_text(thread)?;
    while statement.step()? {
        let Some(position) = forest.position(statement.integer(0)) else {
            continue;
        };
        if forest.is_inside(position) {
            let label = Label {
                position,
                label: statement.text(1)?.to_vec(),
                created_at: statement.integer(2),
            };
            push(&mut labels, label)?;
        }
    }
    Ok(labels)
}

/// Gives the row of a thread to the caller's function. An error if there is no such thread.
pub fn thread_row<T>(
    connection: &Rc<Connection>,
    thread: &[u8],
    sql: &'static str,
    read: impl FnOnce(&Statement) -> Result<T>,
) -> Result<T> {
    let mut statement = connection.prepare(sql)?;
    statement
        .once(&[Parameter::Text(thread)], read)?
        .ok_or_else(|| thread::unknown(thread))
}
