//! The messages that a model is sent for a path: the leading ones, the newest summary, and as many of those after it as
//! the budget has room for.

use std::rc::Rc;

use crate::error::{push, Result};
use crate::sqlite::Connection;
use crate::tree::context::outline::{Message, Outline};
use crate::tree::context::pairs::Pairs;

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The conversation begins with it.
    System,
    /// It stands for what came before.
    Summary,
    /// It is one of those that a conversation is made of.
    Message,
}

impl Kind {
    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Summary => "summary",
            Self::Message => "message",
        }
    }
}

/// A message that is sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// The message.
    pub id: i64,
    /// Why.
    pub kind: Kind,
    /// How many tokens it is taken to have.
    pub tokens: i64,
}

/// All that is sent.
#[derive(Default)]
pub struct Window {
    /// The messages in the order in which they are sent.
    pub sent: Vec<Sent>,
    /// Their tokens.
    pub total: i64,
    /// How many messages that could have been sent lie rootward of the oldest of kind `Message`.
    pub dropped: i64,
}

impl Window {
    /// What to send for the path to a message that is there, in at most `budget` tokens.
    pub fn of(connection: &Rc<Connection>, leaf: i64, budget: Option<i64>) -> Result<Self> {
        let mut outline = Outline::of(connection, leaf)?;
        let mut window = Self::default();
        let mut pairs = Pairs::default();
        let mut fixed = 0_i128;
        for (messages, kind) in [
            (outline.leading.as_slice(), Kind::System),
            (outline.summary.as_slice(), Kind::Summary),
        ] {
            for message in messages {
                pairs.fixed(&message.item)?;
                fixed += i128::from(message.tokens);
                window.add(message.id, kind, message.tokens)?;
            }
        }
        let budget = budget.map(|budget| i128::from(budget) - fixed);
        let candidates = collect(&outline, &mut pairs, budget)?;
        pairs.trim(budget)?;
        let mut oldest = None;
        for (number, candidate) in candidates.iter().enumerate().rev() {
            if pairs.has(number) {
                oldest.get_or_insert(candidate.distance);
                window.add(candidate.id, Kind::Message, candidate.tokens)?;
            }
        }
        window.total = clamp(fixed + pairs.there());
        window.dropped = outline.count(oldest.map_or(0, |oldest| oldest.saturating_add(1)))?;
        Ok(window)
    }

    fn add(&mut self, id: i64, kind: Kind, tokens: i64) -> Result<()> {
        push(&mut self.sent, Sent { id, kind, tokens })
    }
}

/// A message that may be sent.
struct Candidate {
    id: i64,
    distance: i64,
    tokens: i64,
}

/// Reads messages from the leaf rootward until no more can fit. The newest comes first.
fn collect(outline: &Outline, pairs: &mut Pairs, budget: Option<i128>) -> Result<Vec<Candidate>> {
    let mut candidates = Vec::new();
    let mut walk = outline.rootward(0);
    for distance in 0..=outline.farthest {
        let Some(message) = walk.next()? else {
            break;
        };
        if message.is_summary {
            continue;
        }
        let Message {
            id, tokens, item, ..
        } = message;
        pairs.add(tokens, &item, distance == 0)?;
        push(
            &mut candidates,
            Candidate {
                id,
                distance,
                tokens,
            },
        )?;
        if budget.is_some_and(|budget| pairs.exceed(budget)) {
            break;
        }
    }
    Ok(candidates)
}

fn clamp(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}
