//! The shape of all of a thread: who is whose parent, how deep, leafward of which fork.

use std::collections::HashSet;
use std::rc::Rc;

use crate::error::{push, sort_by_number, Error, Result};
use crate::sqlite::Connection;
use crate::tree::rows::links::{self, ChildCount, Links};
use crate::tree::rows::thread;

/// In place of a position: no message.
const NONE: u32 = u32::MAX;
/// In place of a depth: not known yet.
const UNKNOWN: u32 = u32::MAX - 1;
/// In place of a depth: its ancestors are being climbed, so to meet it again is a circle.
const ON_THE_WAY: u32 = u32::MAX - 2;

/// A message's place. Other messages are named by their position in the forest.
#[derive(Debug, Clone, Copy)]
struct Node {
    id: i64,
    parent: u32,
    fork: u32,
    depth: u32,
    children: u32,
    /// Whether it belongs to the thread, rather than being an ancestor in another one.
    inside: bool,
}

/// The messages of a thread and their ancestors, by id.
pub struct Forest {
    nodes: Vec<Node>,
}

impl Forest {
    /// Reads the links of a thread. No message's contents are read.
    pub fn of(connection: &Rc<Connection>, thread: &[u8]) -> Result<Self> {
        Self::shaped(connection, thread, true)
    }

    /// The same. Unless children are `counted`, it is not known how many there are, in all threads, nor where forks are.
    pub fn shaped(connection: &Rc<Connection>, thread: &[u8], counted: bool) -> Result<Self> {
        let ids = thread::messages(connection, thread)?;
        let links = with_ancestors(connection, &ids)?;
        if u32::try_from(links.len()).is_ok_and(|count| count < ON_THE_WAY) {
            let mut forest = Self::join(connection, &ids, &links, counted)?;
            forest.measure()?;
            Ok(forest)
        } else {
            Err(Error::no_memory())
        }
    }

    /// The number of messages, ancestors in other threads included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Where a message is.
    pub fn position(&self, id: i64) -> Option<usize> {
        self.nodes.binary_search_by_key(&id, |node| node.id).ok()
    }

    /// The position of the first message with this id or a higher one.
    pub fn first_from(&self, id: i64) -> usize {
        self.nodes.partition_point(|node| node.id < id)
    }

    /// The position of the first message with a higher id.
    pub fn first_after(&self, id: i64) -> usize {
        self.nodes.partition_point(|node| node.id <= id)
    }

    fn node(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    /// A message's id.
    pub fn id(&self, at: usize) -> i64 {
        self.node(at).map_or(0, |node| node.id)
    }

    /// Whether a message belongs to the thread.
    pub fn is_inside(&self, at: usize) -> bool {
        self.node(at).is_some_and(|node| node.inside)
    }

    /// Where a message's parent is.
    pub fn parent(&self, at: usize) -> Option<usize> {
        self.named(self.node(at)?.parent)
    }

    /// Where the nearest ancestor is that has several children.
    pub fn fork(&self, at: usize) -> Option<usize> {
        self.named(self.node(at)?.fork)
    }

    fn named(&self, at: u32) -> Option<usize> {
        (at != NONE).then_some(at as usize)
    }

    /// The number of a message's ancestors.
    pub fn depth(&self, at: usize) -> i64 {
        self.node(at).map_or(0, |node| i64::from(node.depth))
    }

    /// The number of a message's children, in all threads.
    pub fn children(&self, at: usize) -> i64 {
        self.node(at).map_or(0, |node| i64::from(node.children))
    }

    /// Puts the links together, and counts children.
    fn join(
        connection: &Rc<Connection>,
        ids: &[i64],
        links: &[(i64, Option<i64>)],
        counted: bool,
    ) -> Result<Self> {
        let mut nodes = Vec::new();
        let mut children = match counted {
            true => Some(ChildCount::open(connection)?),
            false => None,
        };
        for (at, (id, parent)) in links.iter().enumerate() {
            let parent = match parent {
                None => NONE,
                Some(parent) => {
                    // As a rule the parent is the message before.
                    let before = at
                        .checked_sub(1)
                        .filter(|before| links.get(*before).is_some_and(|link| link.0 == *parent));
                    let found = match before {
                        Some(before) => before,
                        None => links
                            .binary_search_by_key(parent, |link| link.0)
                            .map_err(|_| links::missing(*parent, Some(*id)))?,
                    };
                    u32::try_from(found).map_err(|_| Error::no_memory())?
                }
            };
            let node = Node {
                id: *id,
                parent,
                fork: NONE,
                depth: UNKNOWN,
                children: match &mut children {
                    Some(children) => children.of(*id)?,
                    None => 0,
                },
                inside: ids.len() == links.len() || ids.binary_search(id).is_ok(),
            };
            push(&mut nodes, node)?;
        }
        Ok(Self { nodes })
    }

    /// Finds each message's depth and fork, from its parent's.
    fn measure(&mut self) -> Result<()> {
        let mut way = Vec::new();
        for start in 0..self.nodes.len() {
            let mut at = start;
            // Rootward, to one that is known or to a first message ...
            let mut known = loop {
                let Some(node) = self.nodes.get_mut(at) else {
                    break None;
                };
                match node.depth {
                    UNKNOWN => node.depth = ON_THE_WAY,
                    ON_THE_WAY => {
                        return Err(Error::corrupt(format!(
                            "message {} is its own ancestor",
                            node.id
                        )))
                    }
                    _ => break Some(at),
                }
                let parent = node.parent;
                push(&mut way, at)?;
                match self.named(parent) {
                    Some(parent) => at = parent,
                    None => break None,
                }
            };
            // ... and leafward again.
            while let Some(at) = way.pop() {
                let (depth, fork) =
                    match known.and_then(|parent| Some((parent, self.node(parent)?))) {
                        None => (0, NONE),
                        Some((parent, node)) => (
                            node.depth + 1,
                            if node.children > 1 {
                                u32::try_from(parent).unwrap_or(NONE)
                            } else {
                                node.fork
                            },
                        ),
                    };
                if let Some(node) = self.nodes.get_mut(at) {
                    node.depth = depth;
                    node.fork = fork;
                }
                known = Some(at);
            }
        }
        Ok(())
    }
}

/// Messages with their parents, ascending: those of a thread, and all their ancestors elsewhere.
fn with_ancestors(connection: &Rc<Connection>, ids: &[i64]) -> Result<Vec<(i64, Option<i64>)>> {
    let mut parents = Links::for_ids(connection, ids)?;
    let mut links = Vec::new();
    let mut outside = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let parent = parents.parent(*id)?;
        push(&mut links, (*id, parent))?;
        if let Some(parent) = parent {
            let before = at.checked_sub(1).and_then(|before| ids.get(before));
            if before != Some(&parent) && ids.binary_search(&parent).is_err() {
                push(&mut outside, (parent, *id))?;
            }
        }
    }
    if outside.is_empty() {
        return Ok(links);
    }
    let mut seen = HashSet::new();
    while let Some((id, child)) = outside.pop() {
        if ids.binary_search(&id).is_ok() || seen.contains(&id) {
            continue;
        }
        seen.try_reserve(1).map_err(|_| Error::no_memory())?;
        seen.insert(id);
        let parent =
            links::parent(connection, id)?.ok_or_else(|| links::missing(id, Some(child)))?;
        push(&mut links, (id, parent))?;
        if let Some(parent) = parent {
            push(&mut outside, (parent, id))?;
        }
    }
    sort_by_number(&mut links, |(id, _)| *id)?;
    Ok(links)
}
