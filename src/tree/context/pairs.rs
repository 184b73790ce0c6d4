//! Which messages go together: one has a tool's call, and another its result.
//!
//! Messages are added from the newest one rootward. While that goes on, the sum of those of which it is certain that they can
//! be sent says when enough have been read: a message with a result is not among them before its call has come.
//! Then messages are taken away from the oldest one on, and with each call the results that have no other.

use std::collections::HashMap;

use crate::error::{push, Error, Result};
use crate::items::Item;

/// A message, as far as it matters here.
struct Entry {
    tokens: i64,
    calls: Vec<usize>,
    /// Without those whose call is in the same message.
    results: Vec<usize>,
    /// How many of the results have no call yet.
    waits_for: usize,
    /// Whether it is there whatever it holds.
    stays: bool,
    gone: bool,
}

/// A call's id.
#[derive(Default)]
struct Call {
    /// How many messages have it that are certain to be there.
    certain: usize,
    /// How many messages have it that are there.
    there: usize,
    /// The messages with its results.
    results: Vec<usize>,
}

/// Messages and the calls that they share.
#[derive(Default)]
pub struct Pairs {
    names: HashMap<String, usize>,
    calls: Vec<Call>,
    /// The newest first.
    entries: Vec<Entry>,
    /// The tokens of all messages that are certain to be there.
    certain: i128,
    /// The tokens of all that are there.
    there: i128,
}

impl Pairs {
    /// Calls of messages that are sent in any case.
    pub fn fixed(&mut self, item: &Item) -> Result<()> {
        for call in self.numbers(&item.calls)? {
            if let Some(call) = self.calls.get_mut(call) {
                call.certain += 1;
                call.there += 1;
            }
        }
        Ok(())
    }

    /// Adds the message that is rootward of those that are there already. `stays` says that nothing takes it away.
    pub fn add(&mut self, tokens: i64, item: &Item, stays: bool) -> Result<()> {
        let calls = self.numbers(&item.calls)?;
        let mut results = self.numbers(&item.results)?;
        results.retain(|result| calls.binary_search(result).is_err());
        let number = self.entries.len();
        let mut waits_for = 0;
        for result in &results {
            if let Some(call) = self.calls.get_mut(*result) {
                push(&mut call.results, number)?;
                waits_for += usize::from(call.certain == 0);
            }
        }
        for call in &calls {
            if let Some(call) = self.calls.get_mut(*call) {
                call.there += 1;
            }
        }
        self.there += i128::from(tokens);
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

    /// The tokens of all messages that are certain to be there, whatever is added.
    pub fn certain(&self) -> i128 {
        self.certain
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
                let Some(call) = call.and_then(|call| self.calls.get_mut(*call)) else {
                    continue;
                };
                call.certain += 1;
                if call.certain > 1 {
                    continue;
                }
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
        let lonely = |entry: &Entry, calls: &[Call]| {
            let mut results = entry.results.iter();
            results.any(|result| calls.get(*result).is_none_or(|call| call.there == 0))
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
                    call.there = call.there.saturating_sub(1);
                    if call.there == 0 {
                        for result in &call.results {
                            push(&mut taken, *result)?;
                        }
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

    /// Numbers for the ids of calls, sorted, each once.
    fn numbers(&mut self, names: &[String]) -> Result<Vec<usize>> {
        let mut numbers = Vec::new();
        for name in names {
            let number = match self.names.get(name) {
                Some(number) => *number,
                None => {
                    let number = self.calls.len();
                    push(&mut self.calls, Call::default())?;
                    self.names.try_reserve(1).map_err(|_| Error::no_memory())?;
                    self.names.insert(name.clone(), number);
                    number
                }
            };
            push(&mut numbers, number)?;
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }
}
