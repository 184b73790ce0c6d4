//! FTS5 tables in memory, to which texts are shown that no index knows: they match exactly what an index would.

use std::rc::Rc;

use super::{explain, snippet, text, tokenizer};
use crate::error::{push, Error, Result};
use crate::sqlite::{code, Connection, Parameter, Private, Statement};

/// Texts are matched together up to this size, in bytes. It bounds the memory.
const BATCH: usize = 16 << 20;

/// The tables. To open them costs a third of a millisecond, so they are kept with the caller's connection.
pub struct Matcher {
    begin: Statement,
    rollback: Statement,
    /// Into a table without contents, which is all that matching takes.
    insert: Statement,
    matching: Statement,
    /// Into a table with contents, to mark the matches in them.
    insert_shown: Statement,
    shown: Statement,
    // After the statements, which belong to it.
    _private: Private,
}

impl Matcher {
    fn open() -> Result<Self> {
        let private = Private::open()?;
        private
            .run_script(
                concat!(
                    "CREATE VIRTUAL TABLE texts USING fts5(content, content = '', ",
                    tokenizer!(),
                    "); CREATE VIRTUAL TABLE shown USING fts5(content, ",
                    tokenizer!(),
                    ")"
                ),
                |_| true,
                |_, _| false,
            )
            .map_err(explain)?;
        Ok(Self {
            begin: private.prepare("BEGIN")?,
            rollback: private.prepare("ROLLBACK")?,
            insert: private.prepare("INSERT INTO texts(rowid, content) VALUES (?1, ?2)")?,
            matching: private.prepare("SELECT rowid, rank FROM texts WHERE texts MATCH ?1")?,
            insert_shown: private.prepare("INSERT INTO shown(rowid, content) VALUES (1, ?1)")?,
            shown: private
                .prepare("SELECT highlight(shown, 0, ?2, ?3) FROM shown WHERE shown MATCH ?1")?,
            _private: private,
        })
    }

    /// The place in a part of a text where a query matches.
    fn shown(&mut self, query: &[u8], part: &[u8], whole: (bool, bool)) -> Result<Option<Vec<u8>>> {
        self.begin.run(&[])?;
        self.insert_shown.run(&[Parameter::Text(part)])?;
        let parameters = [
            Parameter::Text(query),
            Parameter::Text(&[snippet::BEGIN]),
            Parameter::Text(&[snippet::END]),
        ];
        let shown = self
            .shown
            .once(&parameters, |row| snippet::of(row.text(0)?, whole))?;
        self.rollback.run(&[])?;
        Ok(shown)
    }

    /// The one that an earlier call has left, or a new one. After an error it is dropped.
    fn lent(connection: &Rc<Connection>) -> Result<Box<Self>> {
        let parked = connection.take_parked();
        match parked.and_then(|thing| thing.downcast().ok()) {
            Some(matcher) => Ok(matcher),
            None => Self::open().map(Box::new),
        }
    }
}

/// A query, ready to be asked of texts.
pub struct Query {
    connection: Rc<Connection>,
    query: Vec<u8>,
}

impl Query {
    /// Prepares what the caller wrote, and verifies that FTS5 understands it.
    pub fn new(connection: &Rc<Connection>, written: &[u8]) -> Result<Self> {
        let query = text::query(written)?;
        let mut matcher = Matcher::lent(connection)?;
        matcher
            .matching
            .run(&[Parameter::Text(&query)])
            .map_err(|error| match error.code() {
                code::ERROR => text::refused(written, error.message()),
                _ => error,
            })?;
        connection.park(matcher);
        Ok(Self {
            connection: Rc::clone(connection),
            query,
        })
    }

    /// As FTS5 gets it.
    pub fn text(&self) -> &[u8] {
        &self.query
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &[u8]) -> Result<bool> {
        let mut texts = Texts::new(self)?;
        texts.add(0, text)?;
        Ok(!texts.hits()?.is_empty())
    }

    /// The place in a text that is worth showing, with the matches in it marked.
    pub fn snippet(&self, text: &[u8]) -> Result<Vec<u8>> {
        let text = snippet::without_marks(text)?;
        let text = text::prepare(&text)?;
        let mut matcher = Matcher::lent(&self.connection)?;
        // In a long text, where all of it stands together; or else where any of the words stands.
        let any = text::any(&self.query);
        // An interrupt is meant for the caller's connection, and stops whatever runs there.
        let mut stopped = self.connection.prepare("SELECT 1")?;
        for query in [&self.query, &any]
            .into_iter()
            .filter(|query| !query.is_empty())
        {
            let mut before = 0;
            for part in snippet::parts(&text) {
                let whole = (before == 0, before + part.len() == text.len());
                stopped.run(&[])?;
                let shown = matcher.shown(query, part, whole)?;
                before += part.len();
                if let Some(shown) = shown {
                    self.connection.park(matcher);
                    return Ok(shown);
                }
            }
        }
        self.connection.park(matcher);
        // The message was changed since it was found.
        let part = snippet::parts(&text).next().unwrap_or_default();
        snippet::of(part, (true, part.len() == text.len()))
    }
}

/// Messages' texts, of which some match a query.
pub struct Texts<'a> {
    query: &'a Query,
    matcher: Box<Matcher>,
    /// The messages that are in the table in memory, in the order in which they came.
    ids: Vec<i64>,
    /// The size of their texts.
    size: usize,
    hits: Vec<Hit>,
}

impl<'a> Texts<'a> {
    /// None yet.
    pub fn new(query: &'a Query) -> Result<Self> {
        let mut matcher = Matcher::lent(&query.connection)?;
        matcher.begin.run(&[])?;
        Ok(Self {
            query,
            matcher,
            ids: Vec::new(),
            size: 0,
            hits: Vec::new(),
        })
    }

    /// Adds a message.
    pub fn add(&mut self, id: i64, text: &[u8]) -> Result<()> {
        if self.size >= BATCH {
            self.collect()?;
            self.matcher.begin.run(&[])?;
        }
        let text = text::prepare(text)?;
        // By numbers that ascend, whatever the ids do: FTS5 begins anew at one that does not.
        let number = i64::try_from(self.ids.len()).map_err(|_| Error::no_memory())?;
        self.matcher
            .insert
            .run(&[Parameter::Integer(number), Parameter::Text(&text)])?;
        self.size = self.size.saturating_add(text.len());
        push(&mut self.ids, id)
    }

    /// Finds those that match, and takes all out again.
    fn collect(&mut self) -> Result<()> {
        let matching = &mut self.matcher.matching;
        matching.start_text(&self.query.query)?;
        while matching.step()? {
            let number = usize::try_from(matching.integer(0)).unwrap_or(usize::MAX);
            if let Some(id) = self.ids.get(number) {
                let rank = matching.real(1);
                push(&mut self.hits, Hit { rank, id: *id })?;
            }
        }
        matching.start(&[])?;
        self.matcher.rollback.run(&[])?;
        self.ids.clear();
        self.size = 0;
        Ok(())
    }

    /// Those that match.
    pub fn hits(mut self) -> Result<Vec<Hit>> {
        self.collect()?;
        self.query.connection.park(self.matcher);
        Ok(self.hits)
    }
}

/// A message that was found.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// How good it is: the lower the better.
    pub rank: f64,
    /// Its id.
    pub id: i64,
}
