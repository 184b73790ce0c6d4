//! What names a message from another table: a thread's leaf, a uid, a label. [`check`](super::check) verifies that the
//! message is there and in the right thread: side by side with all messages, or by look-ups for one thread.

use std::rc::Rc;

use crate::error::{push, quoted, Result};
use crate::sqlite::{Connection, Kind, Statement};
use crate::tree::rows::thread;
use crate::tree::shape::problem::Problem;

/// From where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namer {
    /// The leaf of a thread.
    Leaf,
    /// A uid. With its message, a uid has lost its thread, so it is a problem of none.
    Uid,
    /// A label.
    Label,
}

impl Namer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Leaf, Self::Uid, Self::Label];

    /// The messages, their threads, and the names: all by message, or those of one thread.
    fn queries(self) -> [&'static str; 2] {
        match self {
            Self::Leaf => [
                "SELECT current_leaf_id, id FROM main.threads WHERE current_leaf_id IS NOT NULL ORDER BY current_leaf_id",
                "SELECT current_leaf_id, id FROM main.threads WHERE current_leaf_id IS NOT NULL AND id = +?1",
            ],
            Self::Uid => ["SELECT message_id, NULL, uid FROM main.message_uids ORDER BY message_id"; 2],
            Self::Label => [
                "SELECT message_id, thread_id, label FROM main.message_labels ORDER BY message_id",
                "SELECT message_id, thread_id, label FROM main.message_labels WHERE thread_id = +?1",
            ],
        }
    }
}

/// The names from one table, standing on the first that was not verified yet.
pub struct Names {
    namer: Namer,
    rows: Statement,
    more: bool,
    /// The message that this one names, the smallest integer if it is none.
    next: i64,
}

impl Names {
    /// Of a thread, or of all. None where the database has not got the table.
    pub fn open(
        connection: &Rc<Connection>,
        namer: Namer,
        thread: Option<&[u8]>,
    ) -> Result<Option<Self>> {
        let [all, one] = namer.queries();
        let started = connection
            .prepare(thread.map_or(all, |_| one))
            .and_then(|mut rows| {
                match thread {
                    Some(thread) => rows.start_text(thread)?,
                    None => rows.start(&[])?,
                }
                let mut names = Self {
                    namer,
                    rows,
                    more: true,
                    next: i64::MIN,
                };
                names.step()?;
                Ok(names)
            });
        Connection::if_added(started)
    }

    fn step(&mut self) -> Result<()> {
        self.more = self.rows.step()?;
        self.next = match self.more && self.rows.kind(0) == Kind::Integer {
            true => self.rows.integer(0),
            false => i64::MIN,
        };
        Ok(())
    }

    /// Verifies names up to this message, which is the next one by id and has its thread in the second column; all that are
    /// left, after the last message.
    pub fn up_to(
        &mut self,
        id: Option<i64>,
        messages: &Statement,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        while self.more && id.is_none_or(|id| self.next <= id) {
            let thread = match id == Some(self.next) {
                true => Some(messages.text(1)?),
                false => None,
            };
            self.verify(thread, problems)?;
            self.step()?;
        }
        Ok(())
    }

    /// Verifies all of them, one by one. `ids` are the messages of the thread, sorted.
    pub fn each(
        &mut self,
        connection: &Rc<Connection>,
        ids: &[i64],
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        while self.more {
            if ids.binary_search(&self.next).is_err() {
                let thread = thread::of_message(connection, self.next)?;
                self.verify(thread.as_deref(), problems)?;
            }
            self.step()?;
        }
        Ok(())
    }

    /// Reports this name if the message is not there, or in another thread. `owner` is the message's thread, if it is there.
    fn verify(&self, owner: Option<&[u8]>, problems: &mut Vec<Problem>) -> Result<()> {
        let integer = self.rows.kind(0) == Kind::Integer;
        let thread = self.rows.text(1)?;
        let (problem, detail) = match (self.namer, owner.filter(|_| integer)) {
            (Namer::Uid, Some(_)) => return Ok(()),
            (_, Some(owner)) if owner == thread => return Ok(()),
            (Namer::Leaf, None) if !integer => (
                "leaf missing",
                "its current_leaf_id is not an integer".to_owned(),
            ),
            (Namer::Leaf, None) => ("leaf missing", format!("its leaf {} is missing", self.next)),
            (Namer::Leaf, Some(owner)) => (
                "leaf of another thread",
                format!("it belongs to thread {}", quoted(owner)),
            ),
            (Namer::Uid, None) => (
                "uid of a missing message",
                format!("uid {}: its message is missing", quoted(self.rows.text(2)?)),
            ),
            (Namer::Label, owner) => {
                let label = quoted(self.rows.text(2)?);
                let place = owner.map_or("missing".to_owned(), |owner| {
                    format!("in thread {}", quoted(owner))
                });
                (
                    "label of a missing message",
                    format!("label {label}: its message is {place}"),
                )
            }
        };
        push(
            problems,
            Problem {
                thread: (self.namer != Namer::Uid).then(|| thread.to_vec()),
                message: integer.then_some(self.next),
                problem,
                detail,
            },
        )
    }
}
