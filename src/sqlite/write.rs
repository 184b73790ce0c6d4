//! Several statements as one: all of them happen, or none.
//!
//! A function that SQL calls can be in the middle of any statement, where it can neither begin a transaction nor set a
//! savepoint. But one inner statement is atomic everywhere. So `branch_write` is a virtual table that can only be
//! written: an INSERT into it makes SQLite take the write lock and open its own statement journal, and the table's
//! xUpdate then runs the ordinary statements. When one of them fails the INSERT fails, and SQLite undoes them all.

use std::ffi::CStr;
use std::ptr::NonNull;
use std::rc::Rc;

use super::connection::{in_the_way, Pending};
use super::{guarded, Change, Connection, NoRows, Shape, Table, Write};
use crate::code;
use crate::error::{Error, Result};

const NAME_FOR_C: &CStr = c"branch_write";

/// With a SELECT rather than VALUES, so that SQLite cannot know that it is one row, and opens a statement journal.
const INSERT: &str = "INSERT INTO branch_write SELECT 1";

impl Connection {
    /// Does `work` under the database's write lock, in one statement: what it writes happens as a whole, or not at all.
    ///
    /// In autocommit mode that is a transaction. Otherwise it is part of the one that is open, and an error leaves what
    /// that one did before as it is.
    pub fn atomically<T>(self: &Rc<Self>, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut work = Some(work);
        let mut done = None;
        self.as_one(&mut || {
            let work = work.take().ok_or_else(not_once)?;
            done = Some(work()?);
            Ok(())
        })?;
        done.ok_or_else(not_once)
    }

    /// [`Connection::atomically`], for work of any kind.
    fn as_one(self: &Rc<Self>, work: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        self.nothing_in_the_way_of(NAME_FOR_C)?;
        let mut statement = self.prepare(INSERT)?;
        let mut outcome = None;
        let mut body = || {
            let done = guarded(&mut *work);
            outcome = Some(done.clone());
            done
        };
        let ran = {
            let _offered = Offered::new(self, &mut body);
            statement.run(&[])
        };
        // What went wrong inside says more than that the statement failed for it.
        match outcome {
            Some(done) => done.and(ran),
            // A view with a trigger that takes what is inserted.
            None => ran.and_then(|()| Err(in_the_way(NAME_FOR_C))),
        }
    }
}

#[cold]
fn not_once() -> Error {
    Error::new(code::INTERNAL, "written twice, or not at all")
}

/// A piece of work that xUpdate may take, until this is dropped.
struct Offered<'a> {
    connection: &'a Connection,
    before: Option<Pending>,
}

impl<'a> Offered<'a> {
    fn new<'w: 'a>(
        connection: &'a Connection,
        body: &'a mut (dyn FnMut() -> Result<()> + 'w),
    ) -> Self {
        // SAFETY: only the lifetime changes. The pointer is used while it is offered, and this value, which borrows
        // the work, takes it back when it goes.
        let body = unsafe {
            std::mem::transmute::<
                NonNull<dyn FnMut() -> Result<()> + 'w>,
                NonNull<dyn FnMut() -> Result<()> + 'static>,
            >(NonNull::from(body))
        };
        Self {
            connection,
            before: connection.pending.replace(Some(body)),
        }
    }
}

impl Drop for Offered<'_> {
    fn drop(&mut self) {
        self.connection.pending.set(self.before);
    }
}

/// The table.
pub struct BranchWrite;

impl Table for BranchWrite {
    const SHAPE: Shape = Shape {
        name: "branch_write",
        columns: "work",
        arguments: &[],
        required: 0,
        orders: &[],
        rows: 1,
        limit: None,
    };
    // Statements that are kept write to it, and so keep it connected.
    const ANCHOR: bool = false;
    const WRITE: Option<Write> = Some(run);
    const DIRECTONLY: bool = true;
    const UNREADABLE: Option<&'static str> = Some(REFUSED);
    type Rows = NoRows;
}

const REFUSED: &str = "for the functions of sqlite-branch alone";

/// Runs the work that is offered, if some is.
fn run(connection: &Rc<Connection>, change: Change<'_>) -> Result<i64> {
    let work = match change {
        Change::Insert { .. } => connection.pending.take(),
        Change::Update | Change::Delete => None,
    };
    let Some(mut work) = work else {
        return Err(Error::misuse(REFUSED));
    };
    // SAFETY: an offered piece of work lives until the statement that runs this has ended, and it was taken, so
    // nobody else has it. It catches its own panics.
    unsafe { (work.as_mut())() }?;
    // SQLite makes this the caller's last_insert_rowid(), which the work has already set.
    Ok(connection.last_insert_rowid())
}
