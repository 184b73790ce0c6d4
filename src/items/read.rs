//! Tool calls and results, usage, model, token count and compaction of one message.

use super::json::{keep, Raw};
use super::usage::Usage;

/// What `item_json` says. What it does not say, or says in a type that is not expected, is not there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// `$.tokens`, if that is an integer.
    pub tokens: Option<i64>,
    /// `$.first_kept_id`, if that is an integer.
    pub first_kept_id: Option<i64>,
    /// Whether `$.type` is `compaction`.
    pub is_compaction: bool,
    /// The ids of the tool calls in it, in the order of the text.
    pub calls: Vec<String>,
    /// The ids of the calls whose results are in it, in the order of the text.
    pub results: Vec<String>,
    /// The tokens that a provider has counted.
    pub usage: Option<Usage>,
    /// The model.
    pub model: Option<String>,
    /// The name that the provider has given to the message for which it counted: the `id` beside `usage`. A stream that
    /// was stored in several rows has the same one in each.
    pub provider_id: Option<String>,
}

impl Item {
    /// How many tokens the message is taken to have: what it says itself, else four bytes for each. Programs store the
    /// text in `content`, in `item_json` or in both, so the longer of the two counts.
    pub fn tokens_or_estimate(&self, content: usize, item_json: usize) -> i64 {
        self.tokens.unwrap_or_else(|| {
            let estimate = content.max(item_json).div_ceil(4);
            i64::try_from(estimate).unwrap_or(i64::MAX)
        })
    }

    /// Reads the text of `item_json`. Of a text that is not JSON, or of none, nothing is found.
    pub fn read(text: &[u8]) -> Self {
        let mut item = Self::default();
        let Some(top) = Raw::unchecked(text) else {
            return item;
        };
        let mut own = Holder::default();
        let mut message = Holder::default();
        let mut payload = Holder::default();
        let valid = top.members(&mut |name, value| match name {
            b"message" => message.object(value, &mut item),
            b"payload" => payload.object(value, &mut item),
            b"tokens" => keep(&mut item.tokens, value.integer()),
            b"first_kept_id" => keep(&mut item.first_kept_id, value.integer()),
            _ => own.member(name, value, &mut item),
            // An array of content blocks, or of Responses items.
        }) && top.elements(&mut |element| Holder::default().block(element, &mut item));
        if !valid {
            return Self::default();
        }
        item.is_compaction = own.kind.as_deref() == Some("compaction");
        own.settle(&mut item);
        let holders = [own, message, payload];
        if let Some(holder) = holders.iter().find(|holder| holder.usage.is_some()) {
            item.usage = holder.usage;
            item.model.clone_from(&holder.model);
            item.provider_id.clone_from(&holder.id);
        }
        if item.model.is_none() {
            item.model = holders.into_iter().find_map(|holder| holder.model);
        }
        item
    }
}

/// One of the objects in which things are looked for: the whole, its `message`, its `payload`, or a block of content.
#[derive(Default)]
struct Holder {
    kind: Option<String>,
    id: Option<String>,
    call_id: Option<String>,
    tool_use_id: Option<String>,
    usage: Option<Usage>,
    model: Option<String>,
}

impl Holder {
    /// The `message` or the `payload`.
    fn object(&mut self, value: Raw<'_>, item: &mut Item) {
        value.members(&mut |name, value| self.member(name, value, item));
        self.settle(item);
    }

    /// A member of an object that may be a whole message.
    fn member(&mut self, name: &[u8], value: Raw<'_>, item: &mut Item) {
        match name {
            b"content" => {
                value.elements(&mut |block| Self::default().block(block, item));
            }
            b"tool_calls" => {
                value.elements(&mut |call| {
                    let mut id = None;
                    call.members(&mut |name, value| {
                        if name == b"id" {
                            keep(&mut id, value.string());
                        }
                    });
                    item.calls.extend(id);
                });
            }
            // Chat Completions, and pi.
            b"tool_call_id" | b"toolCallId" => item.results.extend(value.string()),
            b"usage" => keep(&mut self.usage, Usage::read(value)),
            b"model" => keep(&mut self.model, value.string()),
            _ => self.name(name, value),
        }
    }

    /// A block of content, or a Responses item.
    fn block(mut self, value: Raw<'_>, item: &mut Item) {
        value.members(&mut |name, value| self.name(name, value));
        self.settle(item);
    }

    /// What says that something is a call or a result, and of which name.
    fn name(&mut self, name: &[u8], value: Raw<'_>) {
        match name {
            b"type" => keep(&mut self.kind, value.string()),
            b"id" => keep(&mut self.id, value.string()),
            b"call_id" => keep(&mut self.call_id, value.string()),
            b"tool_use_id" => keep(&mut self.tool_use_id, value.string()),
            _ => {}
        }
    }

    /// When all members have been seen: notes the call or the result that this is.
    ///
    /// Each family of types has members beside those that are best known (`custom_tool_call`, `local_shell_call`,
    /// `server_tool_use`, `web_search_tool_result`), with ids in the same places.
    fn settle(&mut self, item: &mut Item) {
        let kind = self.kind.as_deref().unwrap_or_default();
        if kind.ends_with("_call_output") {
            item.results.extend(self.call_id.take());
        } else if kind.ends_with("_call") {
            item.calls.extend(self.call_id.take());
        } else if kind.ends_with("tool_result") {
            item.results.extend(self.tool_use_id.take());
        } else if kind.ends_with("tool_use") || kind == "toolCall" {
            item.calls.extend(self.id.clone());
        }
    }
}
