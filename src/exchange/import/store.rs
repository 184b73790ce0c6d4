//! Where the nodes of all formats go: makes threads, finds what is there already, hangs each message where it belongs.
//!
//! Nodes may come in any order. One whose parent has not come yet waits for it; what still waits at the end of the
//! conversation has a parent that is not there, or is on a cycle.
//!
//! * [`expected`]: what the values of a file must be.
//! * [`identity`]: which message a node is.
//! * [`home`]: which thread a message goes to.

mod expected;
mod home;
mod identity;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::node::{Conversation, Copies, Leaf, Naming, Node, Parent, Slot, Waiting};
use super::rows::{Found, Rows};
use super::Options;
use crate::error::{push, Result};
use crate::sqlite::Connection;

/// Numbers by name.
type Numbers = HashMap<Vec<u8>, usize>;

/// A message that is stored.
#[derive(Clone, Copy)]
struct Place {
    message: i64,
    /// Which of the conversation's threads.
    thread: usize,
    /// Whether it was added just now.
    is_new: bool,
    is_side: bool,
    /// Whether it is another thread's, and what is new below it not.
    is_foreign: bool,
    time: i64,
}

/// What is known of a node.
#[derive(Clone, Copy)]
enum State {
    /// Another node names it, or it waits for its parent.
    Awaited,
    /// It is a message.
    Here(Place),
    /// It is no message, and nothing is above it: its children are first messages.
    Top,
}

struct Known {
    state: State,
    /// Whether it has come, and not only been named.
    has_come: bool,
    /// Whether it was looked for among the messages that are stored.
    was_looked_for: bool,
    /// The node that it waits for, and its place in the queue.
    waits: Option<(Slot, usize)>,
    /// Which of the queue wait for it.
    awaited_by: Vec<usize>,
}

/// One of the threads that a conversation's messages are in.
struct Thread {
    id: Vec<u8>,
    /// Whether it was made for this conversation.
    is_new: bool,
    added: i64,
    /// Time and id of the newest message that is not in a side chain.
    newest: Option<(i64, i64)>,
    earliest: i64,
    latest: i64,
    /// What the first user has said.
    preview: Option<Vec<u8>>,
}

/// The sink of an import.
pub struct Store<'a> {
    rows: Rows,
    options: &'a Options,
    added: i64,
    conversation: Conversation,
    nodes: Vec<Known>,
    ids: Numbers,
    /// Nodes that wait, with their numbers, in the order in which they came.
    queue: Vec<Option<(Slot, Waiting)>>,
    threads: Vec<Thread>,
    thread_numbers: Numbers,
    /// The threads that first messages of a session go to; the conversation itself has the name "".
    homes: Numbers,
    /// For [`Copies::Equal`]: messages that nodes of this conversation are.
    claimed: HashSet<i64>,
    labels: Vec<(Slot, Vec<u8>, i64)>,
    /// Summaries that were stored before the message that they keep first.
    keeping: Vec<(i64, Slot)>,
    /// For errors: the format, and the line that is being read.
    format: &'static str,
    line: u64,
}

impl<'a> Store<'a> {
    /// For use inside [`Connection::atomically`].
    pub fn new(
        connection: &Rc<Connection>,
        options: &'a Options,
        format: &'static str,
    ) -> Result<Self> {
        Ok(Self {
            rows: Rows::new(connection)?,
            options,
            keeping: Vec::new(),
            format,
            line: 0,
            added: 0,
            conversation: Conversation::default(),
            nodes: Vec::new(),
            ids: HashMap::new(),
            queue: Vec::new(),
            threads: Vec::new(),
            thread_numbers: HashMap::new(),
            homes: HashMap::new(),
            claimed: HashSet::new(),
            labels: Vec::new(),
        })
    }

    /// How many messages were added.
    pub fn added(&self) -> i64 {
        self.added
    }

    /// Begins a conversation.
    pub fn begin(&mut self, conversation: Conversation) -> Result<()> {
        self.conversation = conversation;
        self.nodes.clear();
        self.ids.clear();
        self.queue.clear();
        self.threads.clear();
        self.thread_numbers.clear();
        self.homes.clear();
        self.claimed.clear();
        self.labels.clear();
        self.keeping.clear();
        Ok(())
    }

    /// The conversation that has begun: what is known of its thread may still be added.
    pub fn conversation(&mut self) -> &mut Conversation {
        &mut self.conversation
    }

    /// The number of the node that others call so.
    pub fn slot(&mut self, id: &[u8]) -> Result<Slot> {
        if let Some(slot) = self.ids.get(id) {
            return Ok(*slot);
        }
        let slot = self.new_slot()?;
        self.ids.insert(id.into(), slot);
        Ok(slot)
    }

    fn new_slot(&mut self) -> Result<Slot> {
        push(
            &mut self.nodes,
            Known {
                state: State::Awaited,
                has_come: false,
                was_looked_for: false,
                waits: None,
                awaited_by: Vec::new(),
            },
        )?;
        Ok(self.nodes.len() - 1)
    }

    /// Adds a node. Of several with the same id the first counts.
    pub fn add(&mut self, node: Node<'_>) -> Result<Slot> {
        let slot = match node.id {
            Some(id) => self.slot(id.as_bytes())?,
            None => self.new_slot()?,
        };
        if let Some(known) = self.nodes.get_mut(slot) {
            if std::mem::replace(&mut known.has_come, true) {
                return Ok(slot);
            }
        }
        let parent = match node.parent {
            Parent::First | Parent::Slot(None) => None,
            Parent::Slot(parent) => parent,
            Parent::Id(id) => Some(self.named(id, node.naming)?),
        };
        match parent.map(|parent| (parent, self.state(parent))) {
            Some((parent, State::Awaited)) => self.wait(slot, &node, parent)?,
            Some((_, State::Here(place))) => self.settle(slot, &node, Some(place))?,
            Some((_, State::Top)) | None => self.settle(slot, &node, None)?,
        }
        Ok(slot)
    }

    /// Gives a node a label.
    pub fn label(&mut self, slot: Slot, label: &[u8], created_at: Option<i64>) {
        let created_at = created_at.or(self.options.created_at);
        let created_at = created_at.unwrap_or(self.options.now);
        self.labels.push((slot, label.to_vec(), created_at));
    }

    fn state(&self, slot: Slot) -> State {
        self.nodes.get(slot).map_or(State::Top, |known| known.state)
    }

    /// The number of a parent, which an earlier file may have brought.
    fn named(&mut self, id: &str, naming: Naming) -> Result<Slot> {
        let slot = self.slot(id.as_bytes())?;
        let is_unknown = self.nodes.get_mut(slot).is_some_and(|known| {
            !known.has_come && !std::mem::replace(&mut known.was_looked_for, true)
        });
        if is_unknown {
            if let Some(uid) = self.uid_of_id(id, naming) {
                if let Some(found) = self.rows.find(&uid)? {
                    let place = self.found(&found, false)?;
                    self.set(slot, State::Here(place));
                }
            }
        }
        Ok(slot)
    }

    fn set(&mut self, slot: Slot, state: State) {
        if let Some(known) = self.nodes.get_mut(slot) {
            known.state = state;
            known.waits = None;
        }
    }

    fn wait(&mut self, slot: Slot, node: &Node<'_>, parent: Slot) -> Result<()> {
        if let Some(known) = self.nodes.get_mut(slot) {
            known.waits = Some((parent, self.queue.len()));
        }
        if let Some(known) = self.nodes.get_mut(parent) {
            push(&mut known.awaited_by, self.queue.len())?;
        }
        push(&mut self.queue, Some((slot, Waiting::of(node))))
    }

    /// Stores a node whose parent is known, and all that have waited for it.
    fn settle(&mut self, slot: Slot, node: &Node<'_>, parent: Option<Place>) -> Result<()> {
        let state = self.place(node, parent)?;
        self.set(slot, state);
        let mut settled = vec![slot];
        while let Some(parent) = settled.pop() {
            let place = match self.state(parent) {
                State::Here(place) => Some(place),
                _ => None,
            };
            let known = self.nodes.get_mut(parent);
            let waiting = known.map(|known| std::mem::take(&mut known.awaited_by));
            for at in waiting.unwrap_or_default() {
                let Some((slot, node)) = self.queue.get_mut(at).and_then(Option::take) else {
                    continue;
                };
                let state = self.place(&node.node(), place)?;
                self.set(slot, state);
                settled.push(slot);
            }
        }
        Ok(())
    }

    /// Finds or adds the message that a node is.
    fn place(&mut self, node: &Node<'_>, parent: Option<Place>) -> Result<State> {
        if !node.is_message {
            return Ok(parent.map_or(State::Top, State::Here));
        }
        let item_json = self.item_json(node);
        let item_json = item_json.as_deref();
        let uid = self.uid(node, parent)?;
        let mut found = match &uid {
            Some(uid) => self.rows.find(uid)?,
            None => None,
        };
        if found.is_none() {
            found = self.copy(node, item_json, uid.is_some(), parent)?;
        }
        if let Some(found) = found {
            let mut place = self.found(&found, node.is_side)?;
            let own = self.conversation.id.as_deref().unwrap_or_default();
            place.is_foreign = self.conversation.is_exact
                && node.session.is_some()
                && found.thread != self.options.thread_id(own);
            return Ok(State::Here(place));
        }
        let thread = match parent {
            Some(parent) if !parent.is_foreign => parent.thread,
            _ => self.home(node.session, uid.as_deref())?,
        };
        let time = node.created_at.or(parent.map(|parent| parent.time));
        let time = time.or(self.conversation.row.integer("created_at"));
        let stored = node.created_at.or(self.options.created_at).or(time);
        let stored = stored.unwrap_or(self.options.now);
        let time = time.unwrap_or(stored);
        let thread_id = self.threads.get(thread).map(|thread| thread.id.as_slice());
        let message = self.rows.insert(
            thread_id.unwrap_or_default(),
            node,
            item_json,
            stored,
            parent.map(|parent| parent.message),
        )?;
        if let Some(uid) = &uid {
            self.rows.name(uid, message)?;
        }
        if let (Some(Some(kept)), None) = (node.first_kept, self.kept(node)) {
            push(&mut self.keeping, (message, kept))?;
        }
        self.claim(message);
        self.added += 1;
        if let Some(thread) = self.threads.get_mut(thread) {
            thread.added += 1;
            thread.earliest = thread.earliest.min(stored);
            thread.latest = thread.latest.max(stored);
            if thread.preview.is_none() && node.role == b"user" && !node.text.is_empty() {
                thread.preview = Some(beginning(node.text));
            }
        }
        let place = Place {
            message,
            thread,
            is_new: true,
            is_side: node.is_side,
            is_foreign: false,
            time,
        };
        self.is_newest(place);
        Ok(State::Here(place))
    }

    /// The place of a message that is there.
    fn found(&mut self, found: &Found, is_side: bool) -> Result<Place> {
        let thread = self.thread(&found.thread)?;
        self.claim(found.message);
        let place = Place {
            message: found.message,
            thread,
            is_new: false,
            is_side,
            is_foreign: false,
            time: found.created_at,
        };
        self.is_newest(place);
        Ok(place)
    }

    fn claim(&mut self, message: i64) {
        if self.conversation.copies == Copies::Equal {
            self.claimed.insert(message);
        }
    }

    fn is_newest(&mut self, place: Place) {
        if let Some(thread) = self.threads.get_mut(place.thread) {
            if !place.is_side {
                thread.newest = thread.newest.max(Some((place.time, place.message)));
            }
        }
    }

    /// Ends the conversation: stores what still waits, and moves the leaf.
    pub fn end(&mut self, leaf: Leaf<'_>) -> Result<()> {
        self.settle_orphans()?;
        if self.conversation.is_exact && self.nodes.is_empty() {
            self.home(None, None)?;
        }
        for (summary, kept) in std::mem::take(&mut self.keeping) {
            if let State::Here(place) = self.state(kept) {
                self.rows.keep_from(summary, place.message)?;
            }
        }
        for (slot, label, created_at) in std::mem::take(&mut self.labels) {
            if let State::Here(place) = self.state(slot) {
                if let Some(thread) = self.threads.get(place.thread) {
                    self.rows
                        .label(&thread.id, &label, place.message, created_at)?;
                }
            }
        }
        let named = match leaf {
            Leaf::Newest | Leaf::Before => None,
            Leaf::Slot(slot) => slot,
            Leaf::Id(id) => self.ids.get(id.as_bytes()).copied(),
        };
        let named = match named.map(|slot| self.state(slot)) {
            Some(State::Here(place)) if !place.is_side => Some(place),
            _ => None,
        };
        let is_exact = self.conversation.is_exact;
        for (at, thread) in self.threads.iter().enumerate() {
            if thread.is_new {
                self.rows.finish_thread(
                    &thread.id,
                    &self.conversation.row,
                    match thread.added {
                        0 => (self.options.now, self.options.now),
                        _ => (thread.earliest, thread.latest),
                    },
                    thread.preview.as_deref().filter(|_| !is_exact),
                    is_exact,
                )?;
            }
            if thread.added == 0 || matches!(leaf, Leaf::Before) {
                continue;
            }
            match named {
                Some(place) if place.thread == at => {
                    self.rows.set_leaf(&thread.id, place.message)?;
                }
                _ => {
                    if let Some((time, message)) = thread.newest {
                        if self.rows.leaf(&thread.id)? < Some((time, message)) {
                            self.rows.set_leaf(&thread.id, message)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Stores what waits for a parent that has not come: below nothing. Of a cycle the node that came first begins it.
    fn settle_orphans(&mut self) -> Result<()> {
        for at in 0..self.queue.len() {
            while let Some(slot) = self
                .queue
                .get(at)
                .and_then(Option::as_ref)
                .map(|(slot, _)| *slot)
            {
                let first = self.first_above(slot, at);
                match self.queue.get_mut(first).and_then(Option::take) {
                    Some((slot, node)) => self.settle(slot, &node.node(), None)?,
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Which of the queue has to be stored first so that one that waits there can be: the topmost above it that has
    /// come, or the earliest of the cycle that it hangs on.
    fn first_above(&self, slot: Slot, at: usize) -> usize {
        let mut seen = HashSet::new();
        let (mut now, mut place) = (slot, at);
        // The same kind of set as elsewhere: each kind is code of its own.
        while seen.insert(now as i64) {
            match self
                .waits(now)
                .and_then(|(above, _)| Some((above, self.waits(above)?.1)))
            {
                Some((above, its_place)) => (now, place) = (above, its_place),
                None => return place,
            }
        }
        let (start, mut earliest) = (now, place);
        while let Some((above, place)) = self.waits(now) {
            earliest = earliest.min(place);
            now = above;
            if now == start {
                break;
            }
        }
        earliest
    }

    fn waits(&self, slot: Slot) -> Option<(Slot, usize)> {
        self.nodes.get(slot)?.waits
    }
}

/// What fits in a list of threads, in characters.
fn beginning(text: &[u8]) -> Vec<u8> {
    const LONGEST: usize = 200;
    let text = String::from_utf8_lossy(text);
    let words: Vec<_> = text.split_whitespace().take(LONGEST).collect();
    words
        .join(" ")
        .chars()
        .take(LONGEST)
        .collect::<String>()
        .into_bytes()
}
