//! A plain model of threads and messages: maps in memory, walked parent by parent, with every function of the
//! extension computed in the most obvious way.
//!
//! * here: the data, and the walks that everything else is made of
//! * `reads`: what each function and table has to answer
//! * `problems`: what `branch_check` has to find
//! * `writes`: what each writing function has to change
//! * `drawing`: what the column `graph` of `branch_tree` has to look like
//! * `places`: the databases in which all that has to hold
//! * `acts`, `world`, `refusals`: what people do, to a database and to the model, and what is refused them
//! * `raw`, `careful`: tables that hold anything, and writes to them
//! * `compare`, `joins`: ask a database, and hold its answers against all that
//! * `asking`: how it is asked
//! * `everyday`: uids, versions, threads in one call

pub mod acts;
pub mod asking;
pub mod careful;
pub mod compare;
pub mod drawing;
pub mod everyday;
pub mod joins;
pub mod places;
pub mod problems;
pub mod raw;
pub mod reads;
mod refusals;
pub mod world;
pub mod writes;

use std::collections::BTreeMap;

use rusqlite::types::Value;

/// What a `parent_entry_id` holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Parent {
    None,
    Id(i64),
    /// Something that is not an integer.
    Other(Value),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub thread: String,
    pub role: String,
    pub content: String,
    pub item_json: Option<String>,
    pub created_at: i64,
    pub parent: Parent,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    pub leaf: Option<i64>,
    pub source: String,
    pub title: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// All threads and messages, as far as they matter here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    pub threads: BTreeMap<String, Thread>,
    pub messages: BTreeMap<i64, Message>,
    /// The message that each uid names.
    pub uids: BTreeMap<String, i64>,
    /// The highest id that there ever was.
    pub highest: i64,
}

/// What can be wrong with the stored trees: all the texts that an error may have, without the function's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Damage {
    pub texts: Vec<String>,
    /// The id beyond which nothing is known.
    pub at: i64,
}

impl Damage {
    fn one(at: i64, text: String) -> Self {
        Self {
            texts: vec![text],
            at,
        }
    }
}

/// The messages from one up to the first, as far as they can be followed.
#[derive(Debug, Clone)]
pub struct Way {
    /// The message first, its ancestors after it.
    pub ids: Vec<i64>,
    pub damage: Option<Damage>,
}

impl Way {
    /// The whole way, or what is wrong with it.
    pub fn whole(self) -> Result<Vec<i64>, Damage> {
        match self.damage {
            None => Ok(self.ids),
            Some(damage) => Err(damage),
        }
    }
}

impl Model {
    /// The path of a message that is there, from its lower end up.
    pub fn way(&self, message: i64) -> Way {
        let mut ids = vec![message];
        let mut at = message;
        loop {
            let damage = match &self.messages[&at].parent {
                Parent::None => None,
                Parent::Other(_) => Some(Damage::one(
                    at,
                    format!("message {at}: its parent_entry_id is not an integer"),
                )),
                Parent::Id(parent) if !self.messages.contains_key(parent) => Some(Damage::one(
                    *parent,
                    format!("message {at}: its parent {parent} is missing"),
                )),
                Parent::Id(parent) => match ids.iter().position(|id| id == parent) {
                    Some(begin) => Some(Damage {
                        texts: ids[begin..]
                            .iter()
                            .map(|id| format!("message {id} is its own ancestor"))
                            .collect(),
                        at: *parent,
                    }),
                    None => {
                        ids.push(*parent);
                        at = *parent;
                        continue;
                    }
                },
            };
            return Way { ids, damage };
        }
    }

    /// A message's children in all threads, by id.
    pub fn children(&self, message: i64) -> Vec<i64> {
        self.messages
            .iter()
            .filter(|(_, child)| child.parent == Parent::Id(message))
            .map(|(id, _)| *id)
            .collect()
    }

    /// A thread's messages, by id.
    pub fn messages_of(&self, thread: &str) -> Vec<i64> {
        self.messages
            .iter()
            .filter(|(_, message)| message.thread == thread)
            .map(|(id, _)| *id)
            .collect()
    }

    /// A message that is there and all below it. Fails where a message is below itself.
    pub fn below(&self, message: i64) -> Result<Vec<i64>, Damage> {
        let mut found = vec![message];
        let mut at = 0;
        while at < found.len() {
            for child in self.children(found[at]) {
                if child == message {
                    return Err(Damage::one(
                        message,
                        format!("message {message} is its own ancestor"),
                    ));
                }
                found.push(child);
            }
            at += 1;
        }
        Ok(found)
    }

    /// A thread's leaf, which has to be there.
    pub fn leaf(&self, thread: &str) -> Result<Option<i64>, Damage> {
        match self.threads[thread].leaf {
            Some(leaf) if !self.messages.contains_key(&leaf) => Err(Damage::one(
                leaf,
                format!("thread '{thread}': its current leaf {leaf} is missing"),
            )),
            leaf => Ok(leaf),
        }
    }

    /// A thread's current branch from the leaf up, or nothing.
    pub fn branch(&self, thread: &str) -> Result<Way, Damage> {
        Ok(match self.leaf(thread)? {
            Some(leaf) => self.way(leaf),
            None => Way {
                ids: Vec::new(),
                damage: None,
            },
        })
    }

    /// What is broken on any path.
    pub fn all_damage(&self) -> Vec<Damage> {
        self.messages
            .keys()
            .filter_map(|id| self.way(*id).damage)
            .collect()
    }

    /// Whether every parent that is an integer is lower than its child, so that walks may stop early.
    pub fn only_goes_down(&self) -> bool {
        self.messages
            .iter()
            .all(|(id, message)| match &message.parent {
                Parent::None => true,
                Parent::Id(parent) => parent < id,
                // A way ends there.
                Parent::Other(_) => true,
            })
    }
}
