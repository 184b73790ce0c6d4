//! A message's tool calls with their arguments, results with their texts, thoughts, and parts that are not text.
//!
//! [`Item`](super::Item) reads the ids alone, which is all that a context needs; who compares or shows messages needs
//! this. The same shapes, in the same three places: top level, `message`, `payload`.

use super::json::{keep, Raw};

/// A call of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// What its result refers to. Tools that a provider runs itself may have none.
    pub id: Option<String>,
    /// The tool.
    pub name: String,
    /// JSON as a rule; of a custom tool any text.
    pub arguments: String,
}

/// The result of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The call.
    pub id: String,
    /// What came back, as text.
    pub text: String,
    /// The tool's name, where it stands beside.
    pub name: Option<String>,
    /// Whether it is an error.
    pub is_error: bool,
    /// Whether it has one of the shapes of OpenAI, which have no place for that.
    pub of_openai: bool,
}

/// A part of a message that is not text: an image, a file, a sound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Media {
    /// Its `type`.
    pub kind: String,
    /// The whole, as JSON.
    pub json: String,
}

/// What a message consists of, beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// The speaker's `name`, in Chat Completions.
    pub name: Option<String>,
    /// In the order of the text; so below.
    pub calls: Vec<Call>,
    /// Results.
    pub outputs: Vec<Output>,
    /// What a model has thought.
    pub thoughts: Vec<String>,
    /// Images, files, sounds.
    pub media: Vec<Media>,
}

impl Parts {
    /// Reads the text of `item_json`. Of a text that is not JSON, or of none, nothing is found.
    pub fn read(text: &[u8]) -> Self {
        let mut parts = Self::default();
        let Some(top) = Raw::unchecked(text) else {
            return parts;
        };
        let mut members = Members::default();
        let valid = top.elements(&mut |element| parts.block(element))
            && top.members(&mut |name, value| members.take(name, value));
        if !valid {
            return Self::default();
        }
        members.settle(&mut parts);
        parts
    }

    /// Whether a text is what a model has thought, and nothing that it has said.
    pub fn is_thought(&self, content: &str) -> bool {
        matches!(self.thoughts.as_slice(), [thought] if thought == content)
    }

    /// A block of content.
    fn block(&mut self, value: Raw<'_>) {
        let mut holder = Holder::default();
        value.members(&mut |name, value| holder.member(name, value));
        let kind = holder.kind.and_then(Raw::string).unwrap_or_default();
        match kind.as_str() {
            "text" | "input_text" | "output_text" | "summary_text" | "refusal" => {}
            "thinking" | "reasoning" => self.thoughts.extend(holder.thought()),
            "redacted_thinking" => {}
            _ if holder.is_tool(&kind) => {
                holder.settle(self);
            }
            _ if kind.is_empty() => {}
            _ => self.media.push(Media {
                kind,
                json: value.text().to_owned(),
            }),
        }
    }
}

/// The members of an item, from which its parts can be read when they are wanted.
#[derive(Clone, Default)]
pub struct Members<'a> {
    own: Holder<'a>,
    inner: Vec<Raw<'a>>,
}

impl<'a> Members<'a> {
    /// Takes one member after the other.
    pub fn take(&mut self, name: &[u8], value: Raw<'a>) {
        match name {
            b"message" | b"payload" => self.inner.push(value),
            _ => self.own.member(name, value),
        }
    }

    /// The members of a text. None if it is no object.
    pub fn of(text: &'a [u8]) -> Option<Self> {
        let top = Raw::unchecked(text)?;
        let mut members = Self::default();
        let valid = top.members(&mut |name, value| members.take(name, value));
        (valid && top.text().starts_with('{')).then_some(members)
    }

    /// The `type`, if it is text.
    pub fn kind(&self) -> Option<String> {
        self.own.kind.and_then(Raw::string)
    }

    /// The `content`.
    pub fn content(&self) -> Option<Raw<'a>> {
        self.own.content
    }

    /// The `output`.
    pub fn output(&self) -> Option<Raw<'a>> {
        self.own.output
    }

    /// Whether two have the same parts for sure, because they are written alike. False says nothing.
    pub fn are_surely(&self, others: &Self) -> bool {
        self.inner.is_empty() && others.inner.is_empty() && self.own.is_surely(&others.own)
    }

    /// Reads the parts.
    pub fn parts(self) -> Parts {
        let mut parts = Parts::default();
        self.settle(&mut parts);
        parts
    }

    fn settle(self, parts: &mut Parts) {
        for value in self.inner {
            let mut inner = Holder::default();
            value.members(&mut |name, value| inner.member(name, value));
            inner.settle(parts);
        }
        self.own.settle(parts);
    }
}

/// An object that may be a message, a call, a result or a part: what was met of its members.
#[derive(Clone, Default)]
struct Holder<'a> {
    kind: Option<Raw<'a>>,
    id: Option<Raw<'a>>,
    call_id: Option<Raw<'a>>,
    result_of: Option<Raw<'a>>,
    name: Option<Raw<'a>>,
    arguments: Option<Raw<'a>>,
    output: Option<Raw<'a>>,
    content: Option<Raw<'a>>,
    thinking: Option<Raw<'a>>,
    tool_calls: Option<Raw<'a>>,
    function_call: Option<Raw<'a>>,
    is_error: Option<Raw<'a>>,
    of_openai: bool,
}

impl<'a> Holder<'a> {
    fn member(&mut self, name: &[u8], value: Raw<'a>) {
        self.of_openai |= name == b"tool_call_id";
        let slot = match name {
            b"type" => &mut self.kind,
            b"id" => &mut self.id,
            b"call_id" => &mut self.call_id,
            b"tool_call_id" | b"toolCallId" | b"tool_use_id" => &mut self.result_of,
            b"name" => &mut self.name,
            b"arguments" | b"input" | b"action" => &mut self.arguments,
            b"output" => &mut self.output,
            b"content" => &mut self.content,
            b"thinking" | b"text" | b"summary" => &mut self.thinking,
            b"tool_calls" => &mut self.tool_calls,
            b"function_call" => &mut self.function_call,
            b"is_error" | b"isError" => &mut self.is_error,
            _ => return,
        };
        keep(slot, Some(value));
    }

    /// Whether two are messages with the same name, calls and result, as far as their texts tell. False says nothing.
    fn is_surely(&self, other: &Self) -> bool {
        let message = |one: &Self| {
            let kind = one.kind.is_none_or(|kind| kind.text() == "\"message\"");
            let blocks = one
                .content
                .is_some_and(|content| content.text().starts_with('['));
            kind && !blocks
        };
        let same = |a: Option<Raw<'_>>, b: Option<Raw<'_>>| a.map(Raw::text) == b.map(Raw::text);
        message(self)
            && message(other)
            && same(self.name, other.name)
            && same(self.tool_calls, other.tool_calls)
            && same(self.function_call, other.function_call)
            && same(self.result_of, other.result_of)
            && same(self.is_error, other.is_error)
    }

    fn is_tool(&self, kind: &str) -> bool {
        kind.ends_with("_call")
            || kind.ends_with("_call_output")
            || kind.ends_with("tool_use")
            || kind.ends_with("tool_result")
            || kind == "toolCall"
            || self.result_of.is_some()
    }

    fn thought(&self) -> Option<String> {
        let text = self.thinking.or(self.content).map(text)?;
        (!text.is_empty()).then_some(text)
    }

    /// Notes the result of a call. False if the call has no id.
    fn result(&self, call: Option<Raw<'_>>, came: Option<Raw<'_>>, parts: &mut Parts) -> bool {
        let Some(id) = call.and_then(Raw::string) else {
            return false;
        };
        parts.outputs.push(Output {
            id,
            text: came.map(text).unwrap_or_default(),
            name: self.name.and_then(Raw::string),
            is_error: self.is_error.is_some_and(|flag| flag.text() == "true"),
            of_openai: self.of_openai,
        });
        true
    }

    fn settle(mut self, parts: &mut Parts) {
        let kind = self.kind.take().and_then(Raw::string).unwrap_or_default();
        if kind.ends_with("_call_output") {
            self.of_openai = true;
            self.result(self.call_id, self.output, parts);
            return;
        }
        if kind.ends_with("_call") {
            parts.calls.push(Call {
                id: self.call_id.and_then(Raw::string),
                name: self.name.and_then(Raw::string).unwrap_or(kind),
                arguments: self.arguments.map(argument).unwrap_or_default(),
            });
            return;
        }
        if kind.ends_with("tool_use") || kind == "toolCall" {
            parts.calls.push(Call {
                id: self.id.and_then(Raw::string),
                name: self.name.and_then(Raw::string).unwrap_or(kind),
                arguments: self.arguments.map(argument).unwrap_or_default(),
            });
            return;
        }
        if kind == "reasoning" {
            parts.thoughts.extend(self.thought());
            return;
        }
        if self.result(self.result_of, self.content, parts) {
            return;
        }
        // A message.
        if let Some(content) = self.content {
            content.elements(&mut |block| parts.block(block));
        }
        if let Some(calls) = self.tool_calls {
            calls.elements(&mut |call| parts.calls.extend(chat_call(call)));
        }
        if let Some(call) = self.function_call {
            parts.calls.extend(function(None, call));
        }
        if parts.name.is_none() {
            parts.name = self.name.and_then(Raw::string);
        }
    }
}

/// A call of Chat Completions: the tool is in a member that has the name of its `type`.
fn chat_call(call: Raw<'_>) -> Option<Call> {
    let (mut id, mut tool) = (None, None);
    call.members(&mut |name, value| match name {
        b"id" => keep(&mut id, value.string()),
        b"function" | b"custom" => keep(&mut tool, Some(value)),
        _ => {}
    });
    match tool {
        Some(tool) => function(id, tool),
        None => id.map(|id| Call {
            id: Some(id),
            ..Call::default()
        }),
    }
}

fn function(id: Option<String>, tool: Raw<'_>) -> Option<Call> {
    let (mut called, mut arguments) = (None, None);
    tool.members(&mut |name, value| match name {
        b"name" => keep(&mut called, value.string()),
        b"arguments" | b"input" => keep(&mut arguments, Some(value)),
        _ => {}
    });
    (called.is_some() || arguments.is_some() || id.is_some()).then(|| Call {
        id,
        name: called.unwrap_or_default(),
        arguments: arguments.map(argument).unwrap_or_default(),
    })
}

/// Arguments as text: a string is one already.
fn argument(value: Raw<'_>) -> String {
    value
        .lossy_string()
        .unwrap_or_else(|| value.text().to_owned())
}

/// The text of a `content`, an `output` or a `summary`: a string, or the texts of an array's parts, with an empty line between. Other
/// objects that have no text are given as JSON.
pub fn text(value: Raw<'_>) -> String {
    if let Some(string) = value.lossy_string() {
        return string;
    }
    match value.text().as_bytes().first() {
        Some(b'[') => {
            let mut all = String::new();
            let mut first = true;
            value.elements(&mut |part| {
                if let Some(text) = part_text(part) {
                    if !std::mem::take(&mut first) {
                        all.push_str("\n\n");
                    }
                    all.push_str(&text);
                }
            });
            all
        }
        Some(b'{') => part_text(value).unwrap_or_else(|| value.text().to_owned()),
        Some(b'n') | None => String::new(),
        Some(_) => value.text().to_owned(),
    }
}

/// The text of one part. None if it is of another kind.
fn part_text(part: Raw<'_>) -> Option<String> {
    if let Some(string) = part.lossy_string() {
        return Some(string);
    }
    let (mut found, mut kind) = (None, None);
    part.members(&mut |name, value| match name {
        b"text" | b"refusal" => keep(&mut found, value.lossy_string()),
        b"type" => keep(&mut kind, value.string()),
        _ => {}
    });
    found.filter(|_| kind.as_deref() != Some("reasoning"))
}
