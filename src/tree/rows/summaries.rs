//! Summaries: messages that stand for what came before them, found by an index that holds nothing else.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Connection, Statement};
use crate::tree::rows::links::Run;

/// The role of a summary.
pub const ROLE: &[u8] = b"summary";

const INDEXED: &str = "SELECT id FROM main.messages INDEXED BY branch_messages_summaries \
     WHERE role = 'summary' AND id <= +?1 ORDER BY id DESC LIMIT 1";
/// Where the index is missing (a database that was not migrated).
const EACH: &str = "SELECT id FROM main.messages \
     WHERE +role = 'summary' AND id <= +?1 ORDER BY id DESC LIMIT 1";

/// Finds summaries, best from newer runs to older ones.
pub struct Summaries {
    connection: Rc<Connection>,
    statement: Statement,
    indexed: bool,
    /// What was asked last, and the newest summary at or before that.
    known: Option<(i64, Option<i64>)>,
}

impl Summaries {
    /// Opens the index.
    pub fn open(connection: &Rc<Connection>) -> Result<Self> {
        let (statement, indexed) = match connection.prepare(INDEXED) {
            Ok(statement) => (statement, true),
            Err(error) if error.lacks_index() => (connection.prepare(EACH)?, false),
            Err(error) => return Err(error),
        };
        Ok(Self {
            connection: Rc::clone(connection),
            statement,
            indexed,
            known: None,
        })
    }

    /// The newest summary among the messages of a run.
    pub fn newest_in(&mut self, run: &Run) -> Result<Option<i64>> {
        let found = match self.known {
            // A run for which what is known is enough costs nothing.
            Some((asked, found))
                if run.last <= asked && found.is_none_or(|found| found <= run.last) =>
            {
                found
            }
            _ => {
                let found = match self.newest(run.last) {
                    // A statement that was kept from a time when the index was there.
                    Err(error) if self.indexed && error.lacks_index() => {
                        self.statement = self.connection.prepare(EACH)?;
                        self.indexed = false;
                        self.newest(run.last)
                    }
                    other => other,
                }?;
                self.known = Some((run.last, found));
                found
            }
        };
        Ok(found.filter(|found| run.contains(*found)))
    }

    /// The newest summary that is not newer than this message.
    fn newest(&mut self, last: i64) -> Result<Option<i64>> {
        self.statement.start(&[last])?;
        let found = self.statement.step()?;
        Ok(found.then(|| self.statement.integer(0)))
    }
}
