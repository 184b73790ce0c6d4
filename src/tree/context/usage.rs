//! The tokens that providers have counted, by thread and model.
//!
//! A program that stores a stream as it comes in may write one answer of the provider in several rows, each with the
//! same usage or, while it grows, with a larger one. Such rows have the provider's name for the answer in common, and
//! the last one counts.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::items::json::room;
use crate::items::{Item, Usage};
use crate::sqlite::{Connection, Order, Statement};
use crate::tree::path::ancestors::Cut;
use crate::tree::path::fetch::Fetch;
use crate::tree::path::gaps::Verify;
use crate::tree::path::walk::Walk;
use crate::tree::rows::columns::Columns;

const THREAD: i32 = 1;
const ITEM_JSON: i32 = 4;

/// What a model has used in a thread.
#[derive(Debug, Clone, Default)]
pub struct Used {
    /// How many answers were counted.
    pub messages: i64,
    /// The sum of what they have used.
    pub usage: Usage,
}

/// By thread and model, sorted.
pub type ByModel = BTreeMap<(Rc<[u8]>, Option<String>), Used>;

/// What all messages of a thread have used, or those of all threads.
pub fn of_threads(connection: &Rc<Connection>, thread: Option<&[u8]>) -> Result<ByModel> {
    const ALL: &str = "SELECT id, thread_id, item_json FROM main.messages";
    const ONE: &str = "SELECT id, thread_id, item_json FROM main.messages WHERE thread_id = +?1";
    let mut count = Count::default();
    let mut statement = connection.prepare(if thread.is_some() { ONE } else { ALL })?;
    match thread {
        Some(thread) => statement.start_text(thread)?,
        None => statement.start(&[])?,
    }
    while statement.step()? {
        count.message(&statement, statement.integer(0), 2)?;
    }
    Ok(count.sum())
}

/// What the messages on the path to one have used, which is there.
pub fn of_path(connection: &Rc<Connection>, leaf: i64) -> Result<ByModel> {
    let mut count = Count::default();
    let mut walk = Walk::new(
        connection,
        leaf,
        Cut::default(),
        Order::Reverse,
        Verify::Nothing,
    )?;
    let mut fetch = Fetch::new(connection, Columns::All, true);
    while let (Some(at), Some(fetch)) = (walk.at(), &mut fetch) {
        if !fetch.go_to(at.id, at.more())? {
            return Err(walk.missing());
        }
        fetch.compare_parent(at.id, at.parent())?;
        count.message(fetch.row()?, at.id, ITEM_JSON)?;
        walk.advance()?;
    }
    Ok(count.sum())
}

/// One answer.
struct Answer {
    /// The message that says so.
    id: i64,
    model: Option<String>,
    usage: Usage,
}

#[derive(Default)]
struct Count {
    /// Threads, each once.
    threads: HashMap<Rc<[u8]>, Rc<[u8]>>,
    /// Answers that have a name, by thread and name.
    named: HashMap<(Rc<[u8]>, String), Answer>,
    sum: ByModel,
}

impl Count {
    /// Counts a message's usage, if it has any.
    fn message(&mut self, row: &Statement, id: i64, item_json: i32) -> Result<()> {
        let item_json = row.text(item_json)?;
        room(item_json)?;
        let item = Item::read(item_json);
        let Some(usage) = item.usage else {
            return Ok(());
        };
        let thread = self.thread(row.text(THREAD)?)?;
        let answer = Answer {
            id,
            model: item.model,
            usage,
        };
        // An empty name names nothing.
        let Some(name) = item.provider_id.filter(|name| !name.trim().is_empty()) else {
            add(&mut self.sum, thread, answer);
            return Ok(());
        };
        self.named.try_reserve(1).map_err(|_| Error::no_memory())?;
        let known = self.named.entry((thread, name));
        known
            .and_modify(|known| {
                if known.id < id {
                    *known = Answer {
                        id,
                        model: answer.model.clone(),
                        usage,
                    };
                }
            })
            .or_insert(answer);
        Ok(())
    }

    fn thread(&mut self, thread: &[u8]) -> Result<Rc<[u8]>> {
        if let Some(known) = self.threads.get(thread) {
            return Ok(Rc::clone(known));
        }
        self.threads
            .try_reserve(1)
            .map_err(|_| Error::no_memory())?;
        let new: Rc<[u8]> = Rc::from(thread);
        self.threads.insert(Rc::clone(&new), Rc::clone(&new));
        Ok(new)
    }

    fn sum(mut self) -> ByModel {
        for ((thread, _), answer) in self.named {
            add(&mut self.sum, thread, answer);
        }
        self.sum
    }
}

fn add(sum: &mut ByModel, thread: Rc<[u8]>, answer: Answer) {
    let used = sum.entry((thread, answer.model)).or_default();
    used.messages += 1;
    used.usage.add(&answer.usage);
}
