//! Finding messages: the hits of the index, each verified, and those that are not in it, best first.

use std::rc::Rc;

use super::explain;
use super::index::{self, hash};
use super::matcher::{Hit, Query, Texts};
use crate::error::{push, sort_by_number, total_order, Result};
use crate::sqlite::{Connection, Statement};
use crate::tree::rows::columns::message_columns;
use crate::tree::rows::snapshot::Snapshot;

/// The column of a message's content in [`Found::row`].
pub const CONTENT: usize = 3;
const RANK: i32 = 7;
const HASH: i32 = 8;

/// What is in the index, of all threads or of one. The columns are those of `messages`, the rank, and the hash of what was
/// indexed.
macro_rules! indexed {
    ($and:literal) => {
        concat!(
            "SELECT m.id, m.thread_id, m.role, m.content, m.item_json, m.created_at, m.parent_entry_id, ",
            "s.rank, r.hash FROM main.message_search AS s CROSS JOIN main.messages AS m ON m.id = s.rowid ",
            "LEFT JOIN main.message_search_rows AS r ON r.id = s.rowid WHERE s.message_search MATCH ?1",
            $and,
            " ORDER BY s.rank"
        )
    };
}

/// The messages that match a query, best first or last.
pub struct Found {
    query: Query,
    /// Hits of the index, the best one next.
    indexed: Option<Statement>,
    /// The rank of the hit that it stands on, which has been verified. None at its end.
    standing: Option<f64>,
    /// Other hits, the next one last.
    listed: Vec<Hit>,
    /// Reads a message that is listed.
    single: Statement,
    /// The hit that this stands on.
    current: Option<Current>,
    _snapshot: Snapshot,
}

#[derive(Clone, Copy)]
struct Current {
    id: i64,
    rank: f64,
    /// Whether it is in `indexed`, rather than in `single`.
    indexed: bool,
}

impl Found {
    /// Stands on the first of them.
    pub fn new(
        connection: &Rc<Connection>,
        written: &[u8],
        thread: Option<&[u8]>,
        worst_first: bool,
    ) -> Result<Self> {
        let query = Query::new(connection, written)?;
        let snapshot = Snapshot::hold(connection)?;
        let indexed = indexed(connection, &query, thread).map_err(explain)?;
        let listed = unindexed(connection, &query, thread, indexed.is_some())?;
        let mut found = Self {
            query,
            indexed,
            standing: None,
            listed,
            single: connection.prepare(concat!(
                "SELECT ",
                message_columns!(),
                " FROM main.messages WHERE id = +?1"
            ))?,
            current: None,
            _snapshot: snapshot,
        };
        found.step_indexed()?;
        found.rank_listed()?;
        if worst_first {
            found.turn()?;
        }
        found.next()?;
        Ok(found)
    }

    /// Ranks of messages that are not indexed come from a comparison among themselves. The best of them is put level with
    /// the best in the index.
    fn rank_listed(&mut self) -> Result<()> {
        let best = self.listed.iter().map(|hit| hit.rank).fold(0.0, f64::min);
        if let Some(standing) = self.standing {
            let factor = standing / best;
            if factor.is_finite() {
                for hit in &mut self.listed {
                    hit.rank *= factor;
                }
            }
        }
        // Of those that are equally good the oldest comes first, as in the index.
        sort_by_number(&mut self.listed, |hit| !hit.id)?;
        sort_by_number(&mut self.listed, |hit| !total_order(hit.rank))
    }

    /// Lists all hits, the worst one next.
    fn turn(&mut self) -> Result<()> {
        let mut all = Vec::new();
        loop {
            self.next()?;
            let Some(Current { id, rank, .. }) = self.current else {
                break;
            };
            push(&mut all, Hit { rank, id })?;
        }
        self.listed = all;
        Ok(())
    }

    /// Goes to the next hit of the index that is still one.
    fn step_indexed(&mut self) -> Result<()> {
        self.standing = None;
        while let Some(indexed) = &mut self.indexed {
            if !indexed.step()? {
                self.indexed = None;
                break;
            }
            let content = indexed.text(CONTENT as i32)?;
            // What is still as it was when it was indexed matches as it did. (NULL, where another program has deleted the
            // hash, reads as 0.)
            if indexed.integer(HASH) == hash(content) || self.query.matches(content)? {
                self.standing = Some(indexed.real(RANK));
                break;
            }
        }
        Ok(())
    }

    /// Goes to the next hit.
    pub fn next(&mut self) -> Result<()> {
        if self.current.is_some_and(|current| current.indexed) {
            self.step_indexed()?;
        }
        self.current = None;
        while let Some(hit) = self.listed.last().copied() {
            if let (Some(rank), Some(indexed)) = (self.standing, &self.indexed) {
                if rank
                    .total_cmp(&hit.rank)
                    .then(indexed.integer(0).cmp(&hit.id))
                    .is_lt()
                {
                    break;
                }
            }
            self.listed.pop();
            self.single.start(&[hit.id])?;
            // It may have been deleted since, in the same transaction.
            if self.single.step()? {
                self.current = Some(Current {
                    id: hit.id,
                    rank: hit.rank,
                    indexed: false,
                });
                return Ok(());
            }
        }
        if let (Some(rank), Some(indexed)) = (self.standing, &self.indexed) {
            self.current = Some(Current {
                id: indexed.integer(0),
                rank,
                indexed: true,
            });
        }
        Ok(())
    }

    /// The id and the rank of the hit. None at the end.
    pub fn current(&self) -> Option<(i64, f64)> {
        self.current.map(|current| (current.id, current.rank))
    }

    /// The message, of which the columns of `messages` can be read.
    pub fn row(&self) -> &Statement {
        match (self.current, &self.indexed) {
            (Some(Current { indexed: true, .. }), Some(indexed)) => indexed,
            _ => &self.single,
        }
    }

    /// The place in it that is worth showing.
    pub fn snippet(&self) -> Result<Vec<u8>> {
        self.query.snippet(self.row().text(CONTENT as i32)?)
    }
}

/// Asks the index. None where there is none.
fn indexed(
    connection: &Rc<Connection>,
    query: &Query,
    thread: Option<&[u8]>,
) -> Result<Option<Statement>> {
    if !index::is_there(connection)? {
        return Ok(None);
    }
    let statement = match thread {
        None => {
            let mut statement = connection.prepare(indexed!(""))?;
            statement.start_text(query.text())?;
            statement
        }
        Some(thread) => {
            let mut statement = connection.prepare(indexed!(" AND m.thread_id = +?2"))?;
            statement.start_texts(&[query.text(), thread])?;
            statement
        }
    };
    Ok(Some(statement))
}

/// Looks through the messages that are not in the index.
fn unindexed(
    connection: &Rc<Connection>,
    query: &Query,
    thread: Option<&[u8]>,
    indexed: bool,
) -> Result<Vec<Hit>> {
    let mut messages = connection.prepare(match (thread.is_some(), indexed) {
        (false, false) => "SELECT id, content FROM main.messages ORDER BY id",
        (false, true) => {
            "SELECT m.id, m.content FROM main.message_search_gaps AS g CROSS JOIN main.messages AS m \
             WHERE m.id BETWEEN g.first AND g.last"
        }
        (true, false) => "SELECT id, content FROM main.messages WHERE thread_id = +?1",
        // A thread's messages are few, compared with all that may not be indexed.
        (true, true) => {
            "SELECT id, content FROM main.messages AS m WHERE thread_id = +?1 \
             AND m.id <= (SELECT g.last FROM main.message_search_gaps AS g WHERE g.first <= m.id \
                          ORDER BY g.first DESC LIMIT 1)"
        }
    })?;
    match thread {
        Some(thread) => messages.start_text(thread)?,
        None => messages.start(&[])?,
    }
    if !messages.step()? {
        return Ok(Vec::new());
    }
    let mut texts = Texts::new(query)?;
    loop {
        texts.add(messages.integer(0), messages.text(1)?)?;
        if !messages.step()? {
            return texts.hits();
        }
    }
}
