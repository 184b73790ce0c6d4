//! Making sure that all messages of a run are there.
//!
//! The index on jumps tells where a run begins, and nothing of the messages that follow (see [`links`]).

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sqlite::{Connection, Statement};
use crate::tree::rows::fed::Fed;
use crate::tree::rows::links::{self, Run};

/// How to make sure of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Not at all: somebody will look at each of them.
    Nothing,
    /// By counting their links in the index on parents, which is small whatever the messages contain.
    Links,
    /// By their rows. Faster where there are many, and the caller reads them too.
    Rows,
    /// Only that the last is there, of a run that is longer than [`FEW`]: enough for a question about a path, whose cost
    /// is then that of its runs, not of its messages.
    Ends,
}

const LINK: &str = "SELECT 1 FROM branch_feed(?1) AS ids \
     CROSS JOIN main.messages AS m INDEXED BY idx_messages_parent_entry_id \
     WHERE m.parent_entry_id = +ids.rowid AND m.id = +ids.rowid + 1";
const COUNT_LINKS: &str =
    "SELECT count(*) FROM main.messages INDEXED BY idx_messages_parent_entry_id \
     WHERE parent_entry_id >= +?1 AND parent_entry_id < +?2 AND id = parent_entry_id + 1";
/// Ids are whole numbers, so the message that comes so many after the first one has an id that is so much higher just if
/// none between is missing. To skip rows takes a third of the time that it takes to count them.
const SKIP_ROWS: &str = "SELECT id FROM main.messages WHERE id > +?1 ORDER BY id LIMIT 1 OFFSET ?2";

/// How many links are worth looking up one by one, by a statement that runs on. In runs of 3 that takes two thirds of what the
/// whole of `branch_path` takes without it; in runs of 10 skipping rows does.
const SINGLE: u64 = 4;

/// Up to how many messages a question verifies whole, since that costs no more than what else it does for a run.
const FEW: u64 = 16;

/// From how many messages on it is asked how long they are. To ask takes as long as to skip 256 rows (35,000 instructions): with 40
/// messages it would be a quarter of `branch_path`.
const MANY: u64 = 256;

/// How messages lie in the file.
#[derive(Clone, Copy, Default)]
struct Density {
    /// How many pages the file has,
    pages: i64,
    /// for how many messages at most,
    messages: i64,
    /// and how many of them stay in memory, about.
    cache: i64,
}

/// Makes sure of one run after the other.
pub struct Verifier {
    connection: Rc<Connection>,
    verify: Verify,
    single: Fed,
    links: Option<Statement>,
    rows: Option<Statement>,
    density: Option<Density>,
}

impl Verifier {
    /// In the given way.
    pub fn new(connection: &Rc<Connection>, verify: Verify) -> Self {
        Self {
            connection: Rc::clone(connection),
            verify,
            single: Fed::new(connection, LINK),
            links: None,
            rows: None,
            density: None,
        }
    }

    /// Whether it does anything.
    pub fn is_needed(&self) -> bool {
        self.verify != Verify::Nothing
    }

    /// Whether a message is not there, if that matters.
    pub fn misses(&self, id: i64) -> Result<bool> {
        Ok(self.is_needed() && !links::exists(&self.connection, id)?)
    }

    /// Makes sure of one run. `child` is the message whose parent the last one is, for the text of an error.
    pub fn run(&mut self, run: &Run, child: Option<i64>) -> Result<()> {
        if !self.is_needed() || run.first == run.last {
            return Ok(());
        }
        if self.verify == Verify::Ends && run.steps() > FEW {
            let end = Run {
                first: run.last - 1,
                ..*run
            };
            return self.whole(&end, child);
        }
        self.whole(run, child)
    }

    fn whole(&mut self, run: &Run, child: Option<i64>) -> Result<()> {
        let complete = match self.by_index(run) {
            Ok(Some(complete)) => complete,
            Ok(None) => self.has_all_rows(run)?,
            // The index is not there.
            Err(error) if error.lacks_index() => self.has_all_rows(run)?,
            Err(error) => return Err(error),
        };
        if complete {
            Ok(())
        } else {
            Err(gap(&self.connection, run, child)?)
        }
    }

    /// By the index on parents. None where rows are better.
    fn by_index(&mut self, run: &Run) -> Result<Option<bool>> {
        let steps = run.steps();
        if steps <= SINGLE && self.has_each_link(run)? {
            return Ok(Some(true));
        }
        if self.verify == Verify::Rows && (steps <= MANY || self.rows_stay(steps)) {
            return Ok(None);
        }
        self.has_all_links(run).map(Some)
    }

    fn has_each_link(&mut self, run: &Run) -> Result<bool> {
        for parent in run.first..run.last {
            if !self.single.find(parent)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn has_all_links(&mut self, run: &Run) -> Result<bool> {
        let statement = match &mut self.links {
            Some(statement) => statement,
            empty => empty.insert(self.connection.prepare(COUNT_LINKS)?),
        };
        statement.start(&[run.first, run.last])?;
        statement.step()?;
        Ok(u64::try_from(statement.integer(0)).is_ok_and(|counted| counted == run.steps()))
    }

    fn has_all_rows(&mut self, run: &Run) -> Result<bool> {
        let Ok(skipped) = i64::try_from(run.steps() - 1) else {
            return Ok(false);
        };
        let statement = match &mut self.rows {
            Some(statement) => statement,
            empty => empty.insert(self.connection.prepare(SKIP_ROWS)?),
        };
        statement.start(&[run.first, skipped])?;
        Ok(statement.step()? && statement.integer(0) == run.last)
    }

    /// Whether the rows of so many messages are still in memory when somebody reads them, and are most of what there is to
    /// read. Otherwise to go through them is to read the file twice.
    fn rows_stay(&mut self, steps: u64) -> bool {
        let number = |sql| -> Result<i64> {
            let mut statement = self.connection.prepare(sql)?;
            let found = statement.once(&[], |row| Ok(row.integer(0)))?;
            Ok(found.unwrap_or(0))
        };
        let density = || -> Result<Density> {
            Ok(Density {
                pages: number("PRAGMA main.page_count")?,
                messages: number("SELECT max(id) FROM main.messages")?,
                cache: match number("PRAGMA main.cache_size")? {
                    kibibytes if kibibytes < 0 => {
                        let page = number("PRAGMA main.page_size")?.max(512);
                        kibibytes.saturating_neg().saturating_mul(1024) / page
                    }
                    pages => pages,
                },
            })
        };
        let Density {
            pages,
            messages,
            cache,
        } = *self
            .density
            // It is only a matter of speed.
            .get_or_insert_with(|| density().unwrap_or_default());
        // Indexes are among the pages, so this is rather too much.
        let needed = i128::from(steps) * i128::from(pages) / i128::from(messages.max(1));
        pages <= messages && needed <= i128::from(cache)
    }
}

/// The error for the first message of a run that is not there, from below.
fn gap(connection: &Rc<Connection>, run: &Run, child: Option<i64>) -> Result<Error> {
    let Run { first, last, .. } = *run;
    let expected = links::highest_missing(connection, first, last)?;
    if expected < first {
        return Ok(Error::corrupt(format!(
            "messages {first} to {last} are not as an index says: run REINDEX, unless they were changed while they were read"
        )));
    }
    let child = if expected == last {
        child
    } else {
        expected.checked_add(1)
    };
    Ok(links::missing(expected, child))
}
