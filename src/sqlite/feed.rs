//! `branch_feed`: ids for a statement while it runs, and rows back from it, without a call into SQLite for either.
//!
//! ```sql
//! SELECT 1 FROM branch_feed(?1) AS ids CROSS JOIN main.messages AS m
//! CROSS JOIN branch_feed(?1, m.id, m.parent_entry_id, m.role) AS taken
//! WHERE m.id = ids.rowid
//! ```
//!
//! With a number alone, the table gives ids: whatever the [`Exchange`] of that number has next. With more arguments it
//! takes them as a row, and has no row itself unless the exchange wants the statement to pause. So one `sqlite3_step`
//! reads as many messages as are wanted, where each may name the next, as a walk to the root needs it. To start a
//! statement anew for each message costs several times what reading it costs; to step once for each, and to ask for each
//! column, a third more, most of it for the connection's mutex (measured: see docs/performance.md).
//!
//! Of no use to others: it has no rows for them.

use std::cell::Cell;
use std::os::raw::{c_char, c_int};
use std::rc::Rc;

use super::connected::{self, ours, with_cursor, with_table, Known};
use super::ffi;
use super::module;
use super::{Connection, Context, Kind, Listed, Shape, Value};
use crate::code;
use crate::error::{Error, Result};

const NAME: &str = "branch_feed";

/// The number, and up to as many values as `messages` has columns.
const ARGUMENTS: usize = 9;

const SHAPE: Shape = Shape {
    name: NAME,
    columns: "id INTEGER",
    arguments: &[
        ("number", ""),
        ("c0", ""),
        ("c1", ""),
        ("c2", ""),
        ("c3", ""),
        ("c4", ""),
        ("c5", ""),
        ("c6", ""),
        ("c7", ""),
    ],
    required: 1,
    orders: &[],
    rows: 1,
    limit: None,
};

/// For the one list of tables.
pub const BRANCH_FEED: Listed = Listed::by(&SHAPE, &MODULE);

/// What a running statement asks for ids, and hands rows to.
pub trait Exchange {
    /// The id that the statement reads next. It ends when there is none.
    fn next(&self) -> Option<i64>;
    /// Takes a row. True to pause: the step that is going on returns.
    fn take(&self, _row: &[Value<'_>]) -> Result<bool> {
        Ok(true)
    }
}

/// Makes an exchange known to statements, until this is dropped.
pub struct Port {
    connection: Rc<Connection>,
    number: usize,
}

impl Port {
    /// Under a number that no other one has.
    pub fn new(connection: &Rc<Connection>, exchange: Rc<dyn Exchange>) -> Result<Self> {
        let mut ports = connection.ports.borrow_mut();
        let number = match ports.iter().position(Option::is_none) {
            Some(number) => number,
            None => {
                ports.push(None);
                ports.len() - 1
            }
        };
        if let Some(port) = ports.get_mut(number) {
            *port = Some(exchange);
        }
        drop(ports);
        Ok(Self {
            connection: Rc::clone(connection),
            number,
        })
    }

    /// The argument of `branch_feed` that leads to the exchange.
    pub fn number(&self) -> i64 {
        i64::try_from(self.number).unwrap_or(-1)
    }

    /// Fails where SQLite takes another table for `branch_feed`. That costs as much as two rows, so it is asked where a
    /// statement has neither taken an id nor left a row.
    #[cold]
    pub fn verify(&self) -> Result<()> {
        self.connection.nothing_in_the_way_of(c"branch_feed")
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(port) = self.connection.ports.borrow_mut().get_mut(self.number) {
            *port = None;
        }
    }
}

/// An exchange that only hands out ids, one at a time.
pub struct Feed {
    port: Port,
    place: Rc<Place>,
}

#[derive(Default)]
struct Place(Cell<Option<i64>>);

impl Exchange for Place {
    fn next(&self) -> Option<i64> {
        self.0.take()
    }
}

impl Feed {
    /// With no id yet.
    pub fn new(connection: &Rc<Connection>) -> Result<Self> {
        let place = Rc::<Place>::default();
        let port = Port::new(connection, Rc::clone(&place) as Rc<dyn Exchange>)?;
        Ok(Self { port, place })
    }

    /// The argument of `branch_feed` that leads to it.
    pub fn number(&self) -> i64 {
        self.port.number()
    }

    /// See [`Port::verify`].
    pub fn verify(&self) -> Result<()> {
        self.port.verify()
    }

    /// Whether the statement has taken what it was to get next.
    pub fn is_free(&self) -> bool {
        self.place.0.get().is_none()
    }

    /// What the statement gets next. It takes each id once, and ends when there is none.
    pub fn set(&self, id: i64) {
        self.place.0.set(Some(id));
    }
}

impl Connection {
    fn exchange(&self, number: &Value<'_>) -> Option<Rc<dyn Exchange>> {
        if number.kind() != Kind::Integer {
            return None;
        }
        let number = usize::try_from(number.integer()).ok()?;
        self.ports.borrow().get(number)?.clone()
    }
}

const MODULE: ffi::sqlite3_module = ffi::sqlite3_module {
    xConnect: Some(module::connect),
    xBestIndex: Some(best_index),
    xDisconnect: Some(module::disconnect),
    xOpen: Some(connected::open::<Open>),
    xClose: Some(connected::close::<Open>),
    xFilter: Some(filter),
    xNext: Some(next),
    xEof: Some(connected::eof::<Open>),
    xColumn: Some(column),
    xRowid: Some(rowid),
    ..ffi::NO_CALLBACKS
};

/// What is ours of a cursor.
#[derive(Default)]
struct Open {
    /// Looked up once in each run of the statement, during which its number is the same.
    exchange: Option<Rc<dyn Exchange>>,
    /// Whether it gives ids, rather than taking rows.
    gives: bool,
    /// The row that it stands on: an id that it gives, or anything for a pause.
    at: Option<i64>,
}

impl connected::Open for Open {
    fn eof(&self) -> bool {
        self.at.is_none()
    }

    fn end(&mut self) {
        self.at = None;
    }
}

/// All arguments that a statement names are handed over, in their order; none may be left out before one that is given.
unsafe extern "C" fn best_index(
    table: *mut ffi::sqlite3_vtab,
    info: *mut ffi::sqlite3_index_info,
) -> c_int {
    let mut possible = true;
    // SAFETY: SQLite passes a table of ours. It owns the structure and leaves it to this call; both arrays have the length
    // that it names.
    let body = |_: &Known| unsafe {
        let count = usize::try_from((*info).nConstraint).unwrap_or(0);
        let mut given = [None; ARGUMENTS];
        for at in 0..count {
            let constraint = &*(*info).aConstraint.add(at);
            let place = usize::try_from(constraint.iColumn)
                .ok()
                .and_then(|column| given.get_mut(column.checked_sub(1)?));
            match place {
                Some(place) if constraint.op == ffi::SQLITE_INDEX_CONSTRAINT_EQ => {
                    if constraint.usable == 0 {
                        possible = false;
                        return Ok(());
                    }
                    place.get_or_insert(at);
                }
                _ => {}
            }
        }
        let named = given.iter().take_while(|at| at.is_some()).count();
        if named == 0 || given.iter().flatten().count() != named {
            return Err(Error::misuse("for the functions of sqlite-branch alone"));
        }
        for (position, at) in given.iter().flatten().enumerate() {
            let usage = &mut *(*info).aConstraintUsage.add(*at);
            usage.argvIndex = position as c_int + 1;
            usage.omit = 1;
        }
        (*info).idxNum = c_int::from(named == 1);
        (*info).estimatedCost = 1.0;
        (*info).estimatedRows = 1;
        Ok(())
    };
    // SAFETY: as above.
    let outcome = unsafe { with_table(table, body) };
    match possible {
        true => outcome,
        false => code::CONSTRAINT,
    }
}

unsafe extern "C" fn filter(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    gives: c_int,
    _text: *const c_char,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) -> c_int {
    // SAFETY: SQLite passes a cursor of ours, and arguments that last until this returns.
    unsafe {
        with_cursor(cursor, |cursor: &mut Open, Known { connection, .. }| {
            cursor.at = None;
            let Some((number, row)) = Value::all(values, count).split_first() else {
                return Ok(());
            };
            cursor.gives = gives != 0;
            if cursor.exchange.is_none() {
                cursor.exchange = connection.exchange(number);
            }
            let Some(exchange) = &cursor.exchange else {
                return Ok(());
            };
            cursor.at = if cursor.gives {
                exchange.next()
            } else {
                exchange.take(row)?.then_some(0)
            };
            Ok(())
        })
    }
}

unsafe extern "C" fn next(cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    // SAFETY: SQLite passes a cursor of ours.
    unsafe {
        with_cursor(cursor, |cursor: &mut Open, _| {
            cursor.at = match &cursor.exchange {
                Some(exchange) if cursor.gives => exchange.next(),
                _ => None,
            };
            Ok(())
        })
    }
}

/// The id. Nobody reads the others, which are hidden arguments.
unsafe extern "C" fn column(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    context: *mut ffi::sqlite3_context,
    column: c_int,
) -> c_int {
    // SAFETY: SQLite passes a cursor of ours, and the context of a call that lasts until this returns.
    let (at, mut context) = unsafe { (ours::<Open>(cursor).at, Context::new(context)) };
    if column == 0 {
        context.result_optional(at);
    }
    code::OK
}

unsafe extern "C" fn rowid(cursor: *mut ffi::sqlite3_vtab_cursor, rowid: *mut i64) -> c_int {
    // SAFETY: SQLite passes a cursor of ours, and a place for the number.
    unsafe { *rowid = ours::<Open>(cursor).at.unwrap_or(0) };
    code::OK
}
