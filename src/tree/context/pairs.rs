//! Which messages go together: one has a tool's call, and another its result.
//!
//! A result belongs to the nearest call of its id above it: some agents count calls anew with each answer.
//!
//! Messages are added from the newest one rootward. While that goes on, the sum of those of which it is certain that they can
//! be sent says when enough have been read: a message with a result is not among them before its call has come.
//! Then messages are taken away from the oldest one on, and with each call its results.

use std::collections::{HashMap, HashSet};

use crate::error::{push, sort_by_number, Error, Result};
use crate::items::Item;

/// A message, as far as it matters here.
struct Entry {
    tokens: i64,
    /// Those that have results among the messages below.
    calls: Vec<usize>,
    /// Without those whose call is in the same message.
    results: Vec<usize>,
    /// How many of the results have no call yet.
    waits_for: usize,
    /// Whether it is there whatever it holds.
    stays: bool,
    gone: bool,
}

/// A call that has results.
#[derive(Default)]
struct Call {
    /// Whether its message is there.
    there: bool,
    /// The messages with its results.
    results: Vec<usize>,
}

/// Messages and the calls that they share.
#[derive(Default)]
pub struct Pairs {
    /// By id, calls whose results have come, and which themselves are still to come.
    open: HashMap<String, usize>,
    calls: Vec<Call>,
    /// The ids of calls in messages that are sent in any case, and above all others.
    fixed: HashSet<String>,
    /// The number of open calls that may be one of those.
    undecided: usize,
    /// The newest first.
    entries: Vec<Entry>,
    /// The tokens of all messages that are certain to be there.
    certain: i128,
    /// The tokens of all that are there.
    there: i128,
}

impl Pairs {
    /// Calls of messages that are sent in any case. They come before all others.
    pub fn fixed(&mut self, item: &Item) -> Result<()> {
        for id in &item.calls {
            self.fixed.try_reserve(1).map_err(|_| Error::no_memory())?;
            self.fixed.insert(id.clone());
        }
        Ok(())
    }

    /// Adds the message that is rootward of those that are there already. `stays` says that nothing takes it away.
    pub fn add(&mut self, tokens: i64, item: &Item, stays: bool) -> Result<()> {
        let number = self.entries.len();
        let mut calls = Vec::new();
        for id in &item.calls {
            if let Some(call) = self.open.remove(id) {
                self.undecided -= usize::from(self.fixed.contains(id));
                push(&mut calls, call)?;
            }
        }
        let mut own: HashSet<&String> = HashSet::new();
        if !item.results.is_empty() {
            let more = own.try_reserve(item.calls.len());
            more.map_err(|_| Error::no_memory())?;
            own.extend(&item.calls);
        }
        let mut results = Vec::new();
        for id in &item.results {
            if !own.contains(id) {
                push(&mut results, self.waiting(id)?)?;
            }
        }
        sort_by_number(&mut results, |result| *result as i64)?;
        results.dedup();
        for result in &results {
            if let Some(call) = self.calls.get_mut(*result) {
                push(&mut call.results, number)?;
            }
        }
        for call in &calls {
            if let Some(call) = self.calls.get_mut(*call) {
                call.there = true;
            }
        }
        self.there += i128::from(tokens);
        let waits_for = results.len();
        let entry = Entry {
            tokens,
            calls,
            results,
            waits_for,
            stays,
            gone: false,
        };
        push(&mut self.entries, entry)?;
        if waits_for == 0 || stays {
            self.is_certain(number)?;
        }
        Ok(())
    }

    /// The call of this id that results wait for.
    fn waiting(&mut self, id: &str) -> Result<usize> {
        if let Some(call) = self.open.get(id) {
            return Ok(*call);
        }
        let call = self.calls.len();
        push(&mut self.calls, Call::default())?;
        self.open.try_reserve(1).map_err(|_| Error::no_memory())?;
        self.open.insert(id.to_owned(), call);
        self.undecided += usize::from(self.fixed.contains(id));
        Ok(call)
    }

    /// Whether the messages that are certain to be there, whatever is added, have more tokens than this, and no more has to be
    /// read.
    pub fn exceed(&self, budget: i128) -> bool {
        self.certain > budget && self.undecided == 0
    }

    /// A message is certain to be there, and so are those that waited for its calls alone.
    fn is_certain(&mut self, number: usize) -> Result<()> {
        let mut certain = vec![number];
        while let Some(number) = certain.pop() {
            let Some(entry) = self.entries.get(number) else {
                continue;
            };
            self.certain += i128::from(entry.tokens);
            for at in 0..entry.calls.len() {
                let call = self
                    .entries
                    .get(number)
                    .and_then(|entry| entry.calls.get(at));
                let Some(call) = call.and_then(|call| self.calls.get(*call)) else {
                    continue;
                };
                for waiting in &call.results {
                    if let Some(entry) = self.entries.get_mut(*waiting) {
                        entry.waits_for = entry.waits_for.saturating_sub(1);
                        if entry.waits_for == 0 && !entry.stays {
                            push(&mut certain, *waiting)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes away what cannot be sent, and from the oldest message on what does not fit into `budget`.
    pub fn trim(&mut self, budget: Option<i128>) -> Result<()> {
        for (id, call) in &self.open {
            if let Some(call) = self.calls.get_mut(*call) {
                call.there = self.fixed.contains(id);
            }
        }
        let lonely = |entry: &Entry, calls: &[Call]| {
            let mut results = entry.results.iter();
            results.any(|result| calls.get(*result).is_none_or(|call| !call.there))
        };
        for number in 0..self.entries.len() {
            let entry = self.entries.get(number);
            if entry.is_some_and(|entry| lonely(entry, &self.calls)) {
                self.take(number)?;
            }
        }
        let Some(budget) = budget else {
            return Ok(());
        };
        for number in (0..self.entries.len()).rev() {
            if self.there <= budget {
                break;
            }
            self.take(number)?;
        }
        Ok(())
    }

    /// Takes a message away, and those whose calls went with it.
    fn take(&mut self, number: usize) -> Result<()> {
        let mut taken = vec![number];
        while let Some(number) = taken.pop() {
            let Some(entry) = self.entries.get_mut(number) else {
                continue;
            };
            if entry.stays || entry.gone {
                continue;
            }
            entry.gone = true;
            self.there -= i128::from(entry.tokens);
            for call in &entry.calls {
                if let Some(call) = self.calls.get_mut(*call) {
                    call.there = false;
                    for result in &call.results {
                        push(&mut taken, *result)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The tokens of all that are there.
    pub fn there(&self) -> i128 {
        self.there
    }

    /// Whether a message is still there, by its place: the newest is 0.
    pub fn has(&self, number: usize) -> bool {
        self.entries.get(number).is_some_and(|entry| !entry.gone)
    }
}
