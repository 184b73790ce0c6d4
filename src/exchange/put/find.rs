//! The longest beginning of what was sent that is a path of the thread already.
//!
//! Alternatives may be the same message several times (an answer that came out equal), so all paths that fit are followed
//! side by side, level by level. Summaries are passed over: a client does not know of them.

use std::collections::HashSet;
use std::rc::Rc;

use super::compare;
use super::descent::Descent;
use crate::error::{push, Result};
use crate::exchange::openai::Element;
use crate::items::json::room;
use crate::sqlite::{Connection, Kind, Parameter, Statement};
use crate::tree::path::ancestors::Climb;
use crate::tree::path::common;
use crate::tree::rows::thread;

const SUMMARY: &[u8] = b"summary";

const CHILDREN: &str = "SELECT f.id, m.id, m.thread_id, m.role, m.content, m.item_json \
     FROM branch_feed(?1) AS f CROSS JOIN main.messages AS m WHERE m.parent_entry_id = f.id";
const HEADS: &str = "SELECT f.id, m.id, m.thread_id, m.role \
     FROM branch_feed(?1) AS f CROSS JOIN main.messages AS m WHERE m.parent_entry_id = f.id";
/// With the columns of [`CHILDREN`].
const FIRST: &str = "SELECT NULL, id, thread_id, role, content, item_json FROM main.messages \
     WHERE parent_entry_id IS NULL AND thread_id = +?1 ORDER BY id";
const ONE: &str =
    "SELECT NULL, id, thread_id, role, content, item_json FROM main.messages WHERE id = +?1";

const ID: i32 = 1;
const THREAD: i32 = 2;
const ROLE: i32 = 3;
const CONTENT: i32 = 4;
const ITEM_JSON: i32 = 5;

/// How much of what was sent is there.
pub struct Place {
    /// So many messages.
    pub matched: usize,
    /// Where the rest goes: below this message.
    pub end: Option<i64>,
}

/// Finds the place of what was sent in a thread.
pub fn find(connection: &Rc<Connection>, thread: &[u8], sent: &[Element<'_>]) -> Result<Place> {
    let scope = Scope::of(connection, thread)?;
    let mut search = Search {
        sent,
        descent: Descent::new(connection, CHILDREN)?,
        matched: 0,
        ends: Vec::new(),
    };
    let mut first = connection.prepare(FIRST)?;
    first.start_text(thread)?;
    while first.step()? {
        search.meet(&first, 0)?;
    }
    if let Some(root) = scope.root_outside {
        let mut one = connection.prepare(ONE)?;
        one.once(&[Parameter::Integer(root)], |row| search.meet(row, 0))?;
    }
    while let Some(level) = search.descent.next()? {
        if scope.has(search.descent.row())? {
            let Search { descent, .. } = &search;
            let met = Met::of(descent.row(), search.sent, level)?;
            search.note(met, level)?;
        }
    }
    let Search { matched, ends, .. } = search;
    let mut end = highest(connection, &scope, &ends)?;
    // The rest goes below a summary that is there already: without it, the branch would lose it.
    loop {
        let children = scope.heads(connection, thread, end)?;
        if !children.iter().any(|child| child.1) {
            break;
        }
        let ids: Vec<i64> = children.iter().map(|child| child.0).collect();
        let next = highest(connection, &scope, &ids)?;
        let is_summary = |child: &&(i64, bool)| Some(child.0) == next && child.1;
        if children.iter().find(is_summary).is_none() {
            break;
        }
        end = next;
    }
    Ok(Place { matched, end })
}

/// Which messages belong to a thread's paths: its own, and those above its current branch in another thread.
struct Scope {
    thread: Vec<u8>,
    outside: HashSet<i64>,
    root_outside: Option<i64>,
}

impl Scope {
    fn of(connection: &Rc<Connection>, thread: &[u8]) -> Result<Self> {
        let mut scope = Self {
            thread: thread.to_vec(),
            outside: HashSet::new(),
            root_outside: None,
        };
        let Some(leaf) = thread::present_leaf(connection, thread)?.flatten() else {
            return Ok(scope);
        };
        let root = common::root(connection, leaf)?;
        if thread::of_message(connection, root)?.as_deref() == Some(thread) {
            return Ok(scope);
        }
        scope.root_outside = Some(root);
        let mut climb = Climb::from(connection, leaf)?;
        while let Some(stretch) = climb.next_verified()? {
            scope.outside.extend(stretch.run.first..=stretch.run.last);
        }
        Ok(scope)
    }

    fn has(&self, row: &Statement) -> Result<bool> {
        Ok(row.text(THREAD)? == self.thread || self.outside.contains(&row.integer(ID)))
    }

    /// The children of a message, or the first messages: their ids, and whether they are summaries.
    fn heads(
        &self,
        connection: &Rc<Connection>,
        thread: &[u8],
        parent: Option<i64>,
    ) -> Result<Vec<(i64, bool)>> {
        let mut heads = Vec::new();
        let mut note = |row: &Statement| {
            if self.has(row)? {
                push(&mut heads, (row.integer(ID), row.text(ROLE)? == SUMMARY))?;
            }
            Ok::<(), crate::error::Error>(())
        };
        match parent {
            Some(parent) => {
                let mut descent = Descent::new(connection, HEADS)?;
                descent.add(parent, 0)?;
                while descent.next()?.is_some() {
                    note(descent.row())?;
                }
            }
            None => {
                let mut first = connection.prepare(FIRST)?;
                first.start_text(thread)?;
                while first.step()? {
                    note(&first)?;
                }
            }
        }
        Ok(heads)
    }
}

/// What a child is to the messages that were sent.
enum Met {
    /// The next of them.
    Sent(i64),
    /// A summary, which is passed over.
    Summary(i64),
    Other,
}

impl Met {
    /// `level` of the messages that were sent are above.
    fn of(row: &Statement, sent: &[Element<'_>], level: usize) -> Result<Self> {
        let id = row.integer(ID);
        let role = row.text(ROLE)?;
        let is_sent = match sent.get(level) {
            Some(sent) if sent.role.as_bytes() == role => {
                let item = match row.kind(ITEM_JSON) {
                    Kind::Null => None,
                    _ => Some(row.text(ITEM_JSON)?),
                };
                room(item.unwrap_or_default())?;
                compare::is(sent, role, row.text(CONTENT)?, item)
            }
            _ => false,
        };
        Ok(if is_sent {
            Self::Sent(id)
        } else if role == SUMMARY {
            Self::Summary(id)
        } else {
            Self::Other
        })
    }
}

struct Search<'a> {
    sent: &'a [Element<'a>],
    descent: Descent,
    /// The length of the longest beginning so far,
    matched: usize,
    /// and where it ends.
    ends: Vec<i64>,
}

impl Search<'_> {
    fn meet(&mut self, row: &Statement, level: usize) -> Result<()> {
        let met = Met::of(row, self.sent, level)?;
        self.note(met, level)
    }

    fn note(&mut self, met: Met, level: usize) -> Result<()> {
        match met {
            Met::Sent(id) => {
                if level + 1 > self.matched {
                    self.matched = level + 1;
                    self.ends.clear();
                }
                if level + 1 == self.matched {
                    push(&mut self.ends, id)?;
                }
                if level + 1 < self.sent.len() {
                    self.descent.add(id, level + 1)?;
                }
                Ok(())
            }
            Met::Summary(id) => self.descent.add(id, level),
            Met::Other => Ok(()),
        }
    }
}

/// Of several messages the one whose path goes on longest, and of those the newest.
fn highest(connection: &Rc<Connection>, scope: &Scope, ids: &[i64]) -> Result<Option<i64>> {
    if ids.len() < 2 {
        return Ok(ids.first().copied());
    }
    let mut best = None;
    for id in ids {
        let mut height = 0;
        let mut descent = Descent::new(connection, HEADS)?;
        descent.add(*id, 0)?;
        while let Some(level) = descent.next()? {
            if scope.has(descent.row())? {
                height = height.max(level + 1);
                let child = descent.row().integer(ID);
                descent.add(child, level + 1)?;
            }
        }
        best = best.max(Some((height, *id)));
    }
    Ok(best.map(|(_, id)| id))
}
