//! What a table-valued function is: how it describes itself, and what its rows can do. Most are only read.
//!
//! The callbacks that SQLite gets are the same for all of them, in [`super::module`].

use std::rc::Rc;

use super::index::MOST_ARGUMENTS;
use super::{ffi, Bound, Connection, Context, Kind, Plan, Shape, Value};
use crate::error::{Error, Result};

/// A table-valued function.
pub trait Table: 'static {
    /// What it looks like.
    const SHAPE: Shape;
    /// Whether statements are kept while it is connected (see [`Connection::prepare`]). Not for a table that kept
    /// statements read, because they keep it connected.
    const ANCHOR: bool = true;
    /// Hidden columns after the arguments, with their types: what only some readers want.
    const HIDDEN: &'static [(&'static str, &'static str)] = &[];
    /// Comparisons with its columns that it makes use of, each one more argument after the others.
    const BOUNDS: &'static [Bound] = &[];
    /// What INSERT, UPDATE and DELETE do, for a table that takes them. Gives the rowid of a new row, which becomes the
    /// caller's `last_insert_rowid()`.
    const WRITE: Option<Write> = None;
    /// What the error for a missing argument says beside, where the statement may be an UPDATE or a DELETE: SQLite begins
    /// those with reading the rows.
    const INSTEAD: &'static str = "";
    /// Whether it can be used from the user's own SQL only: not from views and triggers.
    const DIRECTONLY: bool = false;
    /// Why nothing can be read from it, if nothing can.
    const UNREADABLE: Option<&'static str> = None;
    /// The rows of one use of it.
    type Rows: Rows;
}

/// See [`Table::WRITE`].
pub type Write = fn(&Rc<Connection>, Change<'_>) -> Result<i64>;

/// What a statement does to a table.
pub enum Change<'a> {
    /// A new row.
    Insert {
        /// The rowid that is asked for, or NULL.
        rowid: Value<'a>,
        /// The values of all columns, the hidden ones included: NULL for those that are not named.
        columns: &'a [Value<'a>],
    },
    /// Other values for a row.
    Update,
    /// One row less.
    Delete,
}

/// The rows of a table from which nothing can be read.
pub enum NoRows {}

impl Rows for NoRows {
    fn filter(_: &Rc<Connection>, _: &Arguments<'_>, _: Plan) -> Result<Self> {
        Err(Error::misuse("has no rows"))
    }

    fn eof(&self) -> bool {
        match *self {}
    }

    fn next(&mut self) -> Result<()> {
        match *self {}
    }

    fn column(&self, _: &mut Context<'_>, _: usize) -> Result<()> {
        match *self {}
    }

    fn rowid(&self) -> i64 {
        match *self {}
    }
}

/// The rows of one use of a table, one at a time: a cursor. The methods have the names of SQLite's callbacks.
pub trait Rows: Sized + 'static {
    /// Starts with these arguments, and stands on the first row if there is one. Arguments that are required are not NULL.
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self>;
    /// Whether there is no row here: all have been given.
    fn eof(&self) -> bool;
    /// Goes to the next row.
    fn next(&mut self) -> Result<()>;
    /// Gives a column of this row.
    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()>;
    /// A number for this row that no other one has.
    fn rowid(&self) -> i64;
}

/// [`Rows`] of whatever table, and what SQLite's callbacks need of them.
pub(super) trait AnyRows {
    /// Goes to the next row. False if there is none.
    fn advance(&mut self) -> Result<bool>;
    /// As in [`Rows`].
    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()>;
    /// As in [`Rows`].
    fn rowid(&self) -> i64;
}

impl<R: Rows> AnyRows for R {
    fn advance(&mut self) -> Result<bool> {
        self.next()?;
        Ok(!self.eof())
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        Rows::column(self, context, column)
    }

    fn rowid(&self) -> i64 {
        Rows::rowid(self)
    }
}

/// The rows of one use of some table, or None where there are none.
type Start = fn(&Rc<Connection>, &Arguments<'_>, Plan) -> Result<Option<Box<dyn AnyRows>>>;

/// A table, as a line of the one list of them: what a [`Table`] says, without its type. (With a set of callbacks for each
/// type, the file would be 70 KB larger.)
pub struct Listed {
    /// What it looks like.
    pub shape: &'static Shape,
    /// The number of columns before the hidden ones.
    pub(super) visible: usize,
    pub(super) anchor: bool,
    pub(super) hidden: &'static [(&'static str, &'static str)],
    pub(super) bounds: &'static [Bound],
    pub(super) write: Option<Write>,
    pub(super) instead: &'static str,
    pub(super) directonly: bool,
    pub(super) unreadable: Option<&'static str>,
    pub(super) start: Start,
    /// Callbacks of its own.
    pub(super) own: Option<&'static ffi::sqlite3_module>,
}

impl Listed {
    /// The entry of a table.
    pub const fn of<T: Table>() -> Self {
        Self {
            shape: &T::SHAPE,
            visible: T::SHAPE.visible(),
            anchor: T::ANCHOR,
            hidden: T::HIDDEN,
            bounds: T::BOUNDS,
            write: T::WRITE,
            instead: T::INSTEAD,
            directonly: T::DIRECTONLY,
            unreadable: T::UNREADABLE,
            start: start::<T::Rows>,
            own: None,
        }
    }

    /// The entry of a table with callbacks of its own for reading.
    pub(super) const fn by(shape: &'static Shape, callbacks: &'static ffi::sqlite3_module) -> Self {
        Self {
            shape,
            visible: shape.visible(),
            anchor: false,
            hidden: &[],
            bounds: &[],
            write: None,
            instead: "",
            directonly: false,
            unreadable: None,
            start: start::<NoRows>,
            own: Some(callbacks),
        }
    }
}

fn start<R: Rows>(
    connection: &Rc<Connection>,
    arguments: &Arguments<'_>,
    plan: Plan,
) -> Result<Option<Box<dyn AnyRows>>> {
    let rows = R::filter(connection, arguments, plan)?;
    if rows.eof() {
        return Ok(None);
    }
    Ok(Some(Box::new(rows)))
}

/// The arguments of one use of a table.
pub struct Arguments<'a>(pub(super) [Option<Value<'a>>; MOST_ARGUMENTS]);

impl<'a> Arguments<'a> {
    /// An argument, if it was given and is not NULL.
    pub fn get(&self, at: usize) -> Option<Value<'a>> {
        self.0
            .get(at)
            .copied()
            .flatten()
            .filter(|value| value.kind() != Kind::Null)
    }
}
