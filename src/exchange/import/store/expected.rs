//! What the values of a file must be: those that hold messages, and those that say where a message belongs. What is not is
//! an error that names the line, the member and the format, or is passed over as if it were not there.

use std::borrow::Cow;

use super::{State, Store};
use crate::error::{Error, Result};
use crate::exchange::import::json::{self, Raw};

impl Store<'_> {
    /// Says which line is being read.
    pub fn at_line(&mut self, line: u64) {
        self.line = line;
    }

    /// The line that is being read.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The error for what cannot be read, unless that is passed over.
    pub fn bad(&self, what: &str) -> Result<()> {
        match self.options.skip_bad {
            true => Ok(()),
            false => Err(self.error(self.line, what)),
        }
    }

    /// The error for what cannot be read on a line.
    pub fn error(&self, line: u64, what: &str) -> Error {
        Error::misuse(format!("line {line}: {what} ({})", self.format))
    }

    /// An object. None if it is not there, or null.
    pub fn object<'v>(&self, value: Option<Raw<'v>>, what: &str) -> Result<Option<Raw<'v>>> {
        self.one_of(value, "{", what, "an object")
    }

    /// An array. None if it is not there, or null.
    pub fn array<'v>(&self, value: Option<Raw<'v>>, what: &str) -> Result<Option<Raw<'v>>> {
        self.one_of(value, "[", what, "an array")
    }

    /// An id: text that is not empty, or an integer as text. None if it is not there, null or empty.
    pub fn id<'v>(&self, value: Option<Raw<'v>>, what: &str) -> Result<Option<Cow<'v, str>>> {
        let value = self.one_of(value, "\"-0123456789", what, "an id")?;
        let id = json::id(value);
        if id.is_none() && value.is_some_and(|value| value.text() != "\"\"") {
            self.bad(&format!("{what} is not an id"))?;
        }
        Ok(id)
    }

    /// A text; empty if it is not there, or null.
    pub fn text<'v>(&self, value: Option<Raw<'v>>, what: &str) -> Result<Cow<'v, str>> {
        let value = self.one_of(value, "\"", what, "text")?;
        Ok(json::text_or_empty(value))
    }

    /// A value that begins with one of these characters.
    fn one_of<'v>(
        &self,
        value: Option<Raw<'v>>,
        beginnings: &str,
        what: &str,
        wanted: &str,
    ) -> Result<Option<Raw<'v>>> {
        let value = value.filter(|value| value.text() != "null");
        if let Some(value) = value {
            if !value.text().starts_with(|first| beginnings.contains(first)) {
                self.bad(&format!("{what} is not {wanted}"))?;
                return Ok(None);
            }
        }
        Ok(value)
    }

    /// Whether a node of that id has come.
    pub fn has_come(&self, id: &str) -> bool {
        self.node(id).is_some_and(|known| known.has_come)
    }

    /// Whether the node of that id waits for its parent.
    pub fn is_awaited(&self, id: &str) -> bool {
        self.node(id)
            .is_some_and(|known| matches!(known.state, State::Awaited))
    }

    fn node(&self, id: &str) -> Option<&super::Known> {
        self.nodes.get(*self.ids.get(id.as_bytes())?)
    }
}
