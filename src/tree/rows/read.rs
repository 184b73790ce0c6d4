//! Reading the rows of many messages in one step of one statement (see [`Exchange`]), and keeping them until they are listed.
//!
//! * [`Chain`]: rootward, each row naming the next.
//! * [`Batch`]: rows whose ids are known: that follow one another, or from a list.

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::{push, Result};
use crate::sqlite::{Cells, Connection, Context, Exchange, Kind, Port, Statement, Value};
use crate::tree::rows::columns::{
    with_columns, with_columns_and_parent, Columns, Positions, PARENT,
};
use crate::tree::rows::links;

/// How much memory a climb keeps contents in, in bytes; what is above on the path is read a second time, from SQLite's cache.
/// With it, listing 100,000 messages takes no more than 4 MB beside the cache.
const ROOM: usize = 768 << 10;

/// How much a batch holds, in bytes: it should stay in the processor's second cache.
const BATCH: usize = 64 << 10;

/// From how many bytes a message on it takes longer to copy contents once more than to ask SQLite for them one by one
/// (a call takes 25 ns in a serialized connection, a step 100; 2 KB are copied in 150).
pub const LONG: usize = 2048;

/// After how many that follow one another the next ones are read in descending order: a step to the row before takes a third of
/// a seek (2,500 instructions a message rather than 3,300, with three columns of 500 bytes).
const LINKS: u32 = 4;

/// Rows of messages.
pub struct Kept {
    ids: Vec<i64>,
    cells: Cells,
    /// Which of a row's cells has a column of M, if one has.
    positions: Positions,
    /// How many cells a row has. Where all columns are read by a batch, the parent is the last one.
    width: usize,
    /// Where the caller stands.
    at: usize,
}

impl Kept {
    fn new(connection: &Rc<Connection>, columns: Columns, with_parent: bool) -> Result<Self> {
        Ok(Self {
            positions: columns.positions(with_parent),
            ids: Vec::new(),
            cells: Cells::new(connection)?,
            width: columns.places().len() + usize::from(with_parent),
            at: 0,
        })
    }

    fn clear(&mut self) {
        self.ids.clear();
        self.cells.clear();
        self.at = 0;
    }

    /// Stands on the row of a message: one next to the last that was found, or at an end. False if it is none of these.
    #[inline]
    pub fn find(&mut self, id: i64) -> bool {
        let end = self.ids.len().wrapping_sub(1);
        let near = [self.at.wrapping_sub(1), self.at + 1, self.at, end];
        match near.into_iter().find(|at| self.ids.get(*at) == Some(&id)) {
            Some(at) => {
                self.at = at;
                true
            }
            None => false,
        }
    }

    /// Gives a column of M of the row.
    #[inline]
    pub fn result(&self, context: &mut Context<'_>, place: usize) {
        if let Some(cell) = self.cell(place) {
            context.result_cell(&self.cells, cell);
        }
    }

    /// Which cell has a column of M of the row, if one has.
    #[inline]
    fn cell(&self, place: usize) -> Option<usize> {
        let position = *self.positions.get(place)?;
        position.map(|position| self.at * self.width + usize::from(position))
    }

    /// The bytes of a text of the row. None for what is not text.
    pub fn text(&self, place: usize) -> Vec<u8> {
        let cell = self.cell(place);
        cell.map_or_else(Vec::new, |cell| self.cells.text(cell))
    }

    /// How long the rows are, in bytes.
    fn length(&self) -> usize {
        self.cells.size() / self.ids.len().max(1)
    }
}

/// What has been read rootward, in the order of the path.
struct Way {
    /// The message that is read next.
    next: Option<i64>,
    /// Whether rows come in descending order, rather than by the ids that they are asked for by.
    descending: bool,
    /// Which message the next row is, where that is known.
    follows: Option<i64>,
    /// How many more to read.
    left: u64,
    ids: Vec<i64>,
    /// The parent of the last one. Where that cannot be told, the message itself, which has then not been read.
    resume: Option<i64>,
    /// How many in a row have had the id before theirs for their parent, and how many of those to stop after.
    links: u32,
    most_links: u32,
    kept: Option<Rc<RefCell<Kept>>>,
    full: bool,
}

struct Rootward(RefCell<Way>);

impl Exchange for Rootward {
    #[inline]
    fn next(&self) -> Option<i64> {
        self.0.borrow_mut().next.take()
    }

    /// Stops before a message whose parent is not older, or not an integer: what that means is not decided here.
    fn take(&self, row: &[Value<'_>]) -> Result<bool> {
        let way = &mut *self.0.borrow_mut();
        way.follows = None;
        let [id, parent, columns @ ..] = row else {
            return Ok(true);
        };
        let id = id.integer();
        if way.descending && way.next != Some(id) {
            return Ok(true);
        }
        let parent = match parent.kind() {
            Kind::Integer => Some(parent.integer()),
            Kind::Null => None,
            _ => return Ok(true),
        };
        if parent.is_some_and(|parent| parent >= id) {
            return Ok(true);
        }
        if let Some(kept) = &way.kept {
            let kept = &mut *kept.borrow_mut();
            if !kept.cells.push(columns, ROOM)? {
                way.full = true;
                return Ok(true);
            }
            push(&mut kept.ids, id)?;
        }
        push(&mut way.ids, id)?;
        way.resume = parent;
        way.left = way.left.saturating_sub(1);
        way.links = if parent == id.checked_sub(1) && parent.is_some() {
            way.links + 1
        } else {
            0
        };
        way.follows = parent.filter(|_| way.links > 0);
        if way.left == 0 || way.links >= way.most_links {
            return Ok(true);
        }
        way.next = parent;
        Ok(way.descending && way.links == 0)
    }
}

/// Goes rootward by the messages' own rows, and keeps their columns as long as there is room.
pub struct Chain {
    connection: Rc<Connection>,
    columns: Columns,
    way: Rc<Rootward>,
    running: Option<(Port, Statement)>,
    /// How many of the ids that were read have been given.
    given: usize,
}

impl Chain {
    /// Not prepared before it is used.
    pub fn new(connection: &Rc<Connection>, columns: Columns) -> Result<Self> {
        let kept = match columns {
            Columns::Nothing => None,
            _ => Some(Rc::new(RefCell::new(Kept::new(
                connection, columns, false,
            )?))),
        };
        Ok(Self {
            connection: Rc::clone(connection),
            columns,
            way: Rc::new(Rootward(RefCell::new(Way {
                next: None,
                descending: false,
                follows: None,
                left: 0,
                ids: Vec::new(),
                resume: None,
                links: 0,
                most_links: 0,
                kept,
                full: false,
            }))),
            running: None,
            given: 0,
        })
    }

    /// The rows that are kept.
    pub fn kept(&self) -> Option<Rc<RefCell<Kept>>> {
        self.way.0.borrow().kept.clone()
    }

    /// Reads from a message on, at most so many, and no more after so many that follow one another. Unless `all` stay, those
    /// that were kept before are forgotten.
    pub fn read(&mut self, from: i64, most: u64, most_links: u32, all: bool) -> Result<()> {
        let descending = {
            let way = &mut *self.way.0.borrow_mut();
            let descending = way.links >= LINKS;
            if way.descending != descending || (descending && way.follows != Some(from)) {
                self.running = None;
            }
            way.follows = None;
            way.descending = descending;
            way.next = Some(from);
            way.resume = Some(from);
            way.left = most;
            way.links = 0;
            way.most_links = most_links;
            way.full = false;
            way.ids.clear();
            if let (false, Some(kept)) = (all, &way.kept) {
                kept.borrow_mut().clear();
            }
            descending
        };
        self.given = 0;
        let (port, statement) = match &mut self.running {
            Some(running) => running,
            empty => {
                let exchange = Rc::clone(&self.way) as Rc<dyn Exchange>;
                let port = Port::new(&self.connection, exchange)?;
                let mut statement = self.connection.prepare(if descending {
                    with_columns!(
                        self.columns,
                        "SELECT 1 FROM main.messages AS m \
                         CROSS JOIN branch_feed(?1, m.id, m.parent_entry_id",
                        ") WHERE m.id <= +?2 ORDER BY m.id DESC"
                    )
                } else {
                    with_columns!(
                        self.columns,
                        "SELECT 1 FROM branch_feed(?1) AS ids CROSS JOIN main.messages AS m \
                         CROSS JOIN branch_feed(?1, m.id, m.parent_entry_id",
                        ") WHERE m.id = ids.rowid"
                    )
                })?;
                let bound = [port.number(), from];
                statement.start(bound.get(..1 + usize::from(descending)).unwrap_or(&bound))?;
                empty.insert((port, statement))
            }
        };
        // It pauses, or comes to its end where there is no such message.
        let paused = statement.step()?;
        let way = self.way.0.borrow();
        if way.ids.is_empty() && way.next.is_some() {
            port.verify()?;
        }
        if !paused {
            self.running = None;
        }
        Ok(())
    }

    /// The next message that was read, and its parent.
    #[inline]
    pub fn next(&mut self) -> Option<(i64, Option<i64>)> {
        let way = self.way.0.borrow();
        let id = way.ids.get(self.given).copied()?;
        self.given += 1;
        let parent = match way.ids.get(self.given) {
            Some(parent) => Some(*parent),
            None => way.resume,
        };
        Some((id, parent))
    }

    /// Whether the last reading stopped because many messages follow one another.
    pub fn met_run(&self) -> bool {
        let way = self.way.0.borrow();
        way.links >= way.most_links
    }

    /// Whether the last reading stopped because there was no more room.
    pub fn is_full(&self) -> bool {
        self.way.0.borrow().full
    }

    /// Whether contents are so long that they had better not be kept.
    pub fn are_long(&self) -> bool {
        let way = self.way.0.borrow();
        way.kept
            .as_ref()
            .is_some_and(|kept| kept.borrow().length() > LONG)
    }
}

/// Which rows a batch reads.
enum Ids {
    /// Those from one to another, whichever way that is.
    Range { next: i64, last: i64 },
    /// These, the next one last.
    List(Vec<i64>),
}

struct Known {
    ids: Ids,
    kept: Kept,
}

struct Given(RefCell<Known>);

impl Exchange for Given {
    fn next(&self) -> Option<i64> {
        match &mut self.0.borrow_mut().ids {
            Ids::List(ids) => ids.pop(),
            Ids::Range { .. } => None,
        }
    }

    fn take(&self, row: &[Value<'_>]) -> Result<bool> {
        let known = &mut *self.0.borrow_mut();
        let Some((id, columns)) = row.split_first() else {
            return Ok(true);
        };
        let id = id.integer();
        if let Ids::Range { next, .. } = &known.ids {
            if *next != id {
                return Ok(true);
            }
        }
        if !known.kept.cells.push(columns, BATCH)? {
            return Ok(true);
        }
        push(&mut known.kept.ids, id)?;
        match &mut known.ids {
            Ids::Range { next, last } => {
                if id == *last {
                    return Ok(true);
                }
                *next += if *last > id { 1 } else { -1 };
                Ok(false)
            }
            Ids::List(ids) => Ok(ids.is_empty()),
        }
    }
}

impl Given {
    /// Fails where nothing has come because SQLite takes another table for the port's.
    fn verify(&self, port: &Port) -> Result<()> {
        if self.0.borrow().kept.ids.is_empty() {
            port.verify()?;
        }
        Ok(())
    }
}

/// Reads rows whose ids are known.
pub struct Batch {
    connection: Rc<Connection>,
    columns: Columns,
    given: Rc<Given>,
    range: Option<(Port, Statement, bool)>,
    list: Option<(Port, Statement)>,
}

impl Batch {
    /// Not prepared before it is used.
    pub fn new(connection: &Rc<Connection>, columns: Columns) -> Result<Self> {
        Ok(Self {
            connection: Rc::clone(connection),
            columns,
            given: Rc::new(Given(RefCell::new(Known {
                ids: Ids::List(Vec::new()),
                kept: Kept::new(connection, columns, columns.with_parent())?,
            }))),
            range: None,
            list: None,
        })
    }

    /// Stands on the row of a message, if it has been read.
    #[inline]
    pub fn find(&self, id: i64) -> bool {
        self.given.0.borrow_mut().kept.find(id)
    }

    /// Gives a column of M of the row.
    #[inline]
    pub fn result(&self, context: &mut Context<'_>, place: usize) {
        self.given.0.borrow().kept.result(context, place);
    }

    /// Makes sure that the message's parent is the one that the indexes told, where its row has been read that far.
    #[inline]
    pub fn compare_parent(&self, id: i64, parent: Option<i64>) -> Result<()> {
        let kept = &self.given.0.borrow().kept;
        match kept.cell(PARENT) {
            Some(cell) if !kept.cells.holds(cell, parent) => Err(links::unlike_index(id)),
            _ => Ok(()),
        }
    }

    /// The bytes of a text of the row.
    pub fn text(&self, place: usize) -> Vec<u8> {
        self.given.0.borrow().kept.text(place)
    }

    /// How long the rows are that were read last, in bytes.
    pub fn length(&self) -> usize {
        self.given.0.borrow().kept.length()
    }

    /// Reads from one message to another, or as far as there is room, instead of what was read before.
    pub fn read_range(&mut self, first: i64, last: i64) -> Result<()> {
        let descending = last < first;
        {
            let known = &mut *self.given.0.borrow_mut();
            known.kept.clear();
            known.ids = Ids::Range { next: first, last };
        }
        let (port, statement) = match &mut self.range {
            Some((port, statement, way)) if *way == descending => (port, statement),
            empty => {
                let exchange = Rc::clone(&self.given) as Rc<dyn Exchange>;
                let port = Port::new(&self.connection, exchange)?;
                let sql = if descending {
                    with_columns_and_parent!(
                        self.columns,
                        "SELECT 1 FROM main.messages AS m CROSS JOIN branch_feed(?1, m.id",
                        ") WHERE m.id <= +?2 ORDER BY m.id DESC"
                    )
                } else {
                    with_columns_and_parent!(
                        self.columns,
                        "SELECT 1 FROM main.messages AS m CROSS JOIN branch_feed(?1, m.id",
                        ") WHERE m.id >= +?2 ORDER BY m.id"
                    )
                };
                let statement = self.connection.prepare(sql)?;
                let (port, statement, _) = empty.insert((port, statement, descending));
                (port, statement)
            }
        };
        statement.start(&[port.number(), first])?;
        statement.step()?;
        self.given.verify(port)
    }

    /// Reads messages of a list, the next one last, as far as there is room, instead of what was read before.
    pub fn read_list(&mut self, ids: Vec<i64>) -> Result<()> {
        {
            let known = &mut *self.given.0.borrow_mut();
            known.kept.clear();
            known.ids = Ids::List(ids);
        }
        let (port, statement) = match &mut self.list {
            Some(running) => running,
            empty => {
                let exchange = Rc::clone(&self.given) as Rc<dyn Exchange>;
                let port = Port::new(&self.connection, exchange)?;
                let mut statement = self.connection.prepare(with_columns_and_parent!(
                    self.columns,
                    "SELECT 1 FROM branch_feed(?1) AS ids CROSS JOIN main.messages AS m \
                     CROSS JOIN branch_feed(?1, m.id",
                    ") WHERE m.id = ids.rowid"
                ))?;
                statement.start(&[port.number()])?;
                empty.insert((port, statement))
            }
        };
        let paused = statement.step()?;
        self.given.verify(port)?;
        if !paused {
            self.list = None;
        }
        Ok(())
    }
}
