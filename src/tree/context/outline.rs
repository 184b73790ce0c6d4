//! A path as runs, and where on it the leading messages end and the newest summary is.
//!
//! A place on the path is told by its distance from the leaf. Runs are climbed to the first message, which the leading
//! messages take; none of the messages between is read.

use std::rc::Rc;

use crate::error::{push, Result};
use crate::items::json::room;
use crate::items::Item;
use crate::sqlite::Connection;
use crate::tree::path::ancestors::{Climb, Stretch};
use crate::tree::path::fetch::Fetch;
use crate::tree::rows::columns::Columns;
use crate::tree::rows::links::{self, Run};
use crate::tree::rows::summaries::{Summaries, ROLE as SUMMARY};

const ROLE: i32 = 2;
const CONTENT: i32 = 3;
const ITEM_JSON: i32 = 4;

/// One message that has been read.
pub struct Message {
    /// Its id.
    pub id: i64,
    /// How far it is from the leaf.
    pub distance: i64,
    /// Whether it is a summary.
    pub is_summary: bool,
    /// Whether it is one of those that a conversation begins with: `system`, `developer`.
    pub is_leading: bool,
    /// How many tokens it is taken to have.
    pub tokens: i64,
    /// What its `item_json` says.
    pub item: Item,
}

/// A path, from the leaf rootward.
pub struct Outline {
    connection: Rc<Connection>,
    stretches: Vec<Stretch>,
    summaries: Summaries,
    /// The messages that the path begins with, first to last.
    pub leading: Vec<Message>,
    /// The newest summary.
    pub summary: Option<Message>,
    /// The distance of the message nearest the root that may be sent beside those two. Negative if there is none.
    pub farthest: i64,
}

impl Outline {
    /// The path to a message that is there.
    pub fn of(connection: &Rc<Connection>, leaf: i64) -> Result<Self> {
        let mut outline = Self {
            connection: Rc::clone(connection),
            stretches: Vec::new(),
            summaries: Summaries::open(connection)?,
            leading: Vec::new(),
            summary: None,
            farthest: -1,
        };
        let newest = outline.climb(leaf)?;
        outline.read_leading()?;
        if let Some(distance) = newest {
            outline.read_summary(distance)?;
        }
        Ok(outline)
    }

    /// Collects the runs. Gives the distance of the newest summary.
    fn climb(&mut self, leaf: i64) -> Result<Option<i64>> {
        let mut climb = Climb::from(&self.connection, leaf)?;
        let mut newest = None;
        while let Some(stretch) = climb.next()? {
            if newest.is_none() {
                let found = self.summaries.newest_in(&stretch.run)?;
                newest = found.map(|id| distance(&stretch, id));
            }
            self.farthest = distance(&stretch, stretch.run.first);
            push(&mut self.stretches, stretch)?;
        }
        Ok(newest)
    }

    fn read_leading(&mut self) -> Result<()> {
        let mut fetch = Fetch::new(&self.connection, Columns::All, false);
        'path: for stretch in self.stretches.iter().rev() {
            for id in stretch.run.first..=stretch.run.last {
                let message = read(&mut fetch, stretch, id, 0)?;
                if !message.is_leading {
                    break 'path;
                }
                self.farthest = message.distance.saturating_sub(1);
                push(&mut self.leading, message)?;
            }
        }
        Ok(())
    }

    fn read_summary(&mut self, distance: i64) -> Result<()> {
        let mut walk = self.rootward(distance);
        let Some(summary) = walk.next()? else {
            return Ok(());
        };
        let kept = match summary.item.first_kept_id {
            Some(id) => self.find(id)?.filter(|kept| *kept > distance),
            None => None,
        };
        self.farthest = self
            .farthest
            .min(kept.unwrap_or(distance.saturating_sub(1)));
        self.summary = Some(summary);
        Ok(())
    }

    /// The distance of a message, if it is on the path.
    fn find(&self, id: i64) -> Result<Option<i64>> {
        let stretch = self
            .stretches
            .iter()
            .find(|stretch| stretch.run.contains(id));
        match stretch {
            // Inside a run nothing else says so.
            Some(stretch) if links::exists(&self.connection, id)? => {
                Ok(Some(distance(stretch, id)))
            }
            _ => Ok(None),
        }
    }

    /// Reads messages one by one, from this distance on.
    pub fn rootward(&self, from: i64) -> Rootward<'_> {
        let at = self
            .stretches
            .partition_point(|stretch| distance(stretch, stretch.run.first) < from);
        Rootward {
            stretches: self.stretches.get(at..).unwrap_or_default(),
            distance: from,
            fetch: Fetch::new(&self.connection, Columns::All, true),
        }
    }

    /// How many messages lie at distances from `from` to the farthest, summaries not counted.
    pub fn count(&mut self, from: i64) -> Result<i64> {
        let farthest = self.farthest;
        let mut count = farthest.saturating_sub(from).saturating_add(1).max(0);
        if self.summary.is_none() || count == 0 {
            return Ok(count);
        }
        for stretch in &self.stretches {
            let mut run = stretch.run;
            run.last = run
                .last
                .saturating_sub(from.saturating_sub(stretch.distance).max(0));
            let beyond = distance(stretch, run.first).saturating_sub(farthest);
            run.first = run.first.saturating_add(beyond.max(0));
            while let Some(id) = self.summaries.newest_in(&run)? {
                count -= 1;
                let Some(next) = id.checked_sub(1) else {
                    break;
                };
                run.last = next;
            }
        }
        Ok(count)
    }
}

/// How far a message of a stretch is from the leaf.
fn distance(stretch: &Stretch, id: i64) -> i64 {
    stretch
        .distance
        .saturating_add_unsigned(stretch.run.last.abs_diff(id))
}

/// Reads a message of a stretch, which `more` others follow with ids one by one.
fn read(fetch: &mut Option<Fetch>, stretch: &Stretch, id: i64, more: u64) -> Result<Message> {
    let Run {
        first,
        last,
        parent,
    } = stretch.run;
    let child = if id == last {
        stretch.child
    } else {
        id.checked_add(1)
    };
    let Some(fetch) = fetch else {
        return Err(links::missing(id, child));
    };
    if !fetch.go_to(id, more)? {
        return Err(links::missing(id, child));
    }
    fetch.compare_parent(
        id,
        if id == first {
            parent
        } else {
            id.checked_sub(1)
        },
    )?;
    let row = fetch.row()?;
    let role = row.text(ROLE)?;
    let (is_summary, is_leading) = (role == SUMMARY, matches!(role, b"system" | b"developer"));
    let content = row.text(CONTENT)?.len();
    let item_json = row.text(ITEM_JSON)?;
    room(item_json)?;
    let item = Item::read(item_json);
    Ok(Message {
        id,
        distance: distance(stretch, id),
        is_summary,
        is_leading,
        tokens: item.tokens_or_estimate(content, item_json.len()),
        item,
    })
}

/// The messages of a path from one rootward.
pub struct Rootward<'a> {
    stretches: &'a [Stretch],
    /// The distance of the next one.
    distance: i64,
    fetch: Option<Fetch>,
}

impl Rootward<'_> {
    /// The next message. None after the first one of the path.
    pub fn next(&mut self) -> Result<Option<Message>> {
        let Some((stretch, further)) = self.stretches.split_first() else {
            return Ok(None);
        };
        let id = stretch
            .run
            .last
            .saturating_sub(self.distance.saturating_sub(stretch.distance));
        let more = id.abs_diff(stretch.run.first);
        let message = read(&mut self.fetch, stretch, id, more)?;
        self.distance = self.distance.saturating_add(1);
        if more == 0 {
            self.stretches = further;
        }
        Ok(Some(message))
    }
}
