//! The `usage` objects of OpenAI (Chat Completions and Responses), Anthropic and pi.

use super::json::{keep, Raw};

/// The tokens of one answer, as its provider has counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// What was sent to the model, with what it had in its cache.
    pub input: i64,
    /// The part of it that came from the cache.
    pub cached: i64,
    /// What the model has written.
    pub output: i64,
    /// What it has cost, in the currency of the provider. None if it is not said.
    pub cost: Option<f64>,
}

/// The members of all the kinds together. They have different names, so they tell which kind it is.
#[derive(Default)]
struct Counts {
    prompt: Option<i64>,
    completion: Option<i64>,
    cache_hit: Option<i64>,
    input: Option<i64>,
    output: Option<i64>,
    /// `cached_tokens`, in an object that says more of the input.
    detail: Option<i64>,
    cache_read: Option<i64>,
    cache_creation: Option<i64>,
    short: Short,
    cost: Option<f64>,
}

/// pi's.
#[derive(Default)]
struct Short {
    input: Option<i64>,
    output: Option<i64>,
    cache_read: Option<i64>,
    cache_write: Option<i64>,
}

impl Usage {
    /// Adds what another answer has used.
    pub fn add(&mut self, other: &Self) {
        self.input = self.input.saturating_add(other.input);
        self.cached = self.cached.saturating_add(other.cached);
        self.output = self.output.saturating_add(other.output);
        if let Some(cost) = other.cost {
            self.cost = Some(self.cost.unwrap_or(0.0) + cost);
        }
    }

    /// Reads a `usage` object. None if it counts nothing.
    pub(super) fn read(value: Raw<'_>) -> Option<Self> {
        let mut counts = Counts::default();
        value.members(&mut |name, value| counts.member(name, value));
        counts.total()
    }
}

impl Counts {
    fn member(&mut self, name: &[u8], value: Raw<'_>) {
        let slot = match name {
            b"prompt_tokens" => &mut self.prompt,
            b"completion_tokens" => &mut self.completion,
            b"prompt_cache_hit_tokens" => &mut self.cache_hit,
            b"input_tokens" => &mut self.input,
            b"output_tokens" => &mut self.output,
            b"cache_read_input_tokens" => &mut self.cache_read,
            b"cache_creation_input_tokens" => &mut self.cache_creation,
            b"input" => &mut self.short.input,
            b"output" => &mut self.short.output,
            b"cacheRead" => &mut self.short.cache_read,
            b"cacheWrite" => &mut self.short.cache_write,
            b"prompt_tokens_details" | b"input_tokens_details" => {
                value.members(&mut |name, value| {
                    if name == b"cached_tokens" {
                        keep(&mut self.detail, count(value));
                    }
                });
                return;
            }
            b"cost" => {
                keep(&mut self.cost, cost(value));
                return;
            }
            _ => return,
        };
        keep(slot, count(value));
    }

    fn total(&self) -> Option<Usage> {
        let sum = |parts: &[Option<i64>]| {
            let parts = parts.iter().flatten();
            parts.fold(0_i64, |sum, part| sum.saturating_add(*part))
        };
        let any = |parts: &[Option<i64>]| parts.iter().any(Option::is_some);
        let short = &self.short;
        let (input, cached, output) = if any(&[self.prompt, self.completion]) {
            // Chat Completions: the prompt is all of it. DeepSeek says beside that how much came from the cache.
            let cached = self.detail.or(self.cache_hit);
            (self.prompt, cached, self.completion)
        } else if any(&[self.input, self.output]) {
            let cached = self.detail.or(self.cache_read);
            let input = match self.detail {
                // Responses: the input is all of it.
                Some(_) => self.input,
                // Anthropic: what came from the cache, or went into it, is counted beside the input.
                None => Some(sum(&[self.input, self.cache_read, self.cache_creation])),
            };
            (input, cached, self.output)
        } else if any(&[short.input, short.output]) {
            let input = sum(&[short.input, short.cache_read, short.cache_write]);
            (Some(input), short.cache_read, short.output)
        } else {
            return None;
        };
        Some(Usage {
            input: input.unwrap_or(0),
            cached: cached.unwrap_or(0),
            output: output.unwrap_or(0),
            cost: self.cost,
        })
    }
}

/// A number of tokens.
fn count(value: Raw<'_>) -> Option<i64> {
    value.integer().filter(|count| *count >= 0)
}

/// What an answer has cost: a number, or an object with its `total` or its parts.
fn cost(value: Raw<'_>) -> Option<f64> {
    let mut total = None;
    let mut parts = None;
    value.members(&mut |name, value| match name {
        b"total" => keep(&mut total, value.number()),
        b"input" | b"output" | b"cacheRead" | b"cacheWrite" => {
            if let Some(part) = value.number() {
                parts = Some(parts.unwrap_or(0.0) + part);
            }
        }
        _ => {}
    });
    value.number().or(total).or(parts)
}
