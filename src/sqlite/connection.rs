//! One database connection of the host: prepared statements that are kept between calls, and a few facts about it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::os::raw::{c_int, c_void};
use std::ptr::NonNull;
use std::rc::Rc;

use super::cells::Spare;
use super::ffi;
use super::statement::{RawStatement, Statement};
use super::Exchange;
use crate::advice;
use crate::code;
use crate::error::{Error, Result};

/// The name of the database's encoding, by the bytes of a letter. An authorizer that allows only to read denies the pragma.
const ENCODING: &str = "SELECT CASE hex(CAST('a' AS BLOB)) WHEN '6100' THEN 'UTF-16le' WHEN '0061' THEN 'UTF-16be' ELSE 'UTF-8' END \
     FROM (SELECT count(*) FROM main.sqlite_schema)";

/// How deep our own functions may call each other through the schema (a view named `messages` that calls them, say).
const DEEPEST: u32 = 16;

/// What `branch_write` is to run.
pub(super) type Pending = NonNull<dyn FnMut() -> Result<()>>;

/// A connection, as every function and table of the extension sees it. One per `sqlite3*`; shared by all that is registered on it.
///
/// SQLite runs one call at a time on a connection, so cells are enough. The pointer is good for as long as anything
/// registered with this value exists: SQLite drops functions, modules and tables before it frees the connection.
pub struct Connection {
    db: *mut ffi::sqlite3,
    kept: RefCell<Vec<(&'static str, RawStatement)>>,
    /// Tables of ours that are connected. Their disconnection is the only sign that the connection is being closed.
    anchors: Cell<usize>,
    /// The name of one that can be connected for that.
    pub(super) anchor: Cell<Option<&'static str>>,
    /// How often the planner has asked for tables of ours.
    planned: Cell<u64>,
    depth: Cell<u32>,
    /// What `branch_write` is to run, while one of our functions writes.
    pub(super) pending: Cell<Option<Pending>>,
    /// What a call has left for the next one.
    parked: RefCell<Option<Box<dyn Any>>>,
    /// Where statements that run get their ids, and leave their rows.
    pub(super) ports: RefCell<Vec<Option<Rc<dyn Exchange>>>>,
    /// Memory for cells.
    pub(super) spare: RefCell<Vec<Spare>>,
    /// See [`Connection::hint`].
    hint: Cell<u32>,
    /// How the database encodes text, once that was asked for.
    encoding: Cell<Option<u8>>,
}

impl Connection {
    /// # Safety
    /// `db` is the connection that the entry point was called for, and `ffi::adopt` succeeded.
    pub(super) unsafe fn new(db: *mut ffi::sqlite3) -> Rc<Self> {
        Rc::new(Self {
            db,
            kept: RefCell::new(Vec::new()),
            anchors: Cell::new(0),
            anchor: Cell::new(None),
            planned: Cell::new(0),
            depth: Cell::new(0),
            pending: Cell::new(None),
            parked: RefCell::new(None),
            ports: RefCell::new(Vec::new()),
            spare: RefCell::new(Vec::new()),
            hint: Cell::new(0),
            encoding: Cell::new(None),
        })
    }

    pub(super) fn handle(&self) -> *mut ffi::sqlite3 {
        self.db
    }

    /// Prepares a statement, or takes the one that an earlier call left.
    ///
    /// The statement is exclusively the caller's until it is dropped; a second use at the same time gets another one.
    ///
    /// A parameter that is compared is written `+?1`. Without the plus, SQLite takes a bound value into account when it
    /// prepares a kept statement anew (after a change of the schema), may find that it fits a partial index,
    /// and up to 3.40 at least goes on using that index for other values.
    pub fn prepare(self: &Rc<Self>, sql: &'static str) -> Result<Statement> {
        let found = {
            let mut kept = self.kept.borrow_mut();
            kept.iter()
                .position(|(text, _)| std::ptr::eq(*text, sql))
                .map(|at| kept.swap_remove(at).1)
        };
        let (planned, raw) = match found {
            Some(raw) => (self.planned.get(), raw),
            None => {
                self.anchor();
                let planned = self.planned.get();
                let raw = self.compile(sql)?.0.ok_or_else(|| {
                    Error::new(code::INTERNAL, "an empty statement in the extension")
                })?;
                (planned, raw)
            }
        };
        Ok(Statement::new(Rc::clone(self), Some(sql), raw, planned))
    }

    /// Prepares a statement that is made up for one use, and is not kept.
    pub fn prepare_once(self: &Rc<Self>, sql: &str) -> Result<Statement> {
        let raw = self
            .compile(sql)?
            .0
            .ok_or_else(|| Error::new(code::INTERNAL, "an empty statement in the extension"))?;
        Ok(Statement::new(Rc::clone(self), None, raw, 0))
    }

    /// The same for a statement on a table of ours (`message_...`). None where the database has not got it: it was not
    /// migrated that far, and nothing of the kind is stored.
    pub fn prepare_added(self: &Rc<Self>, sql: &'static str) -> Result<Option<Statement>> {
        Self::if_added(self.prepare(sql))
    }

    /// What a statement on a table of ours has given; None where the database has not got the table. A kept statement
    /// finds that out only when it runs, if the table was dropped since.
    pub fn if_added<T>(outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(found) => Ok(Some(found)),
            Err(error) if advice::lacks_added(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Runs all statements of a script in turn, those that `wanted` accepts, and goes on after an error in one if
    /// `tolerated` says so.
    pub fn run_script(
        self: &Rc<Self>,
        script: &str,
        mut wanted: impl FnMut(&str) -> bool,
        mut tolerated: impl FnMut(&str, &Error) -> bool,
    ) -> Result<()> {
        let mut rest = script;
        loop {
            let at = statement_start(rest);
            rest = rest.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            match self.compile(rest) {
                Ok((raw, used)) => {
                    let text = rest.get(..used).unwrap_or(rest);
                    if let Some(raw) = raw {
                        if wanted(text) {
                            raw.run(self)
                                .or_else(|error| match tolerated(text, &error) {
                                    true => Ok(()),
                                    false => Err(error),
                                })?;
                        }
                    }
                    rest = rest.get(used..).unwrap_or_default();
                }
                Err(error) => {
                    let end = rest.find(';').map_or(rest.len(), |end| end + 1);
                    if !tolerated(rest, &error) {
                        return Err(error);
                    }
                    rest = rest.get(end..).unwrap_or_default();
                }
            }
        }
    }

    /// Compiles the first statement of `sql`: the statement (none for an empty one) and how many bytes it took.
    fn compile(&self, sql: &str) -> Result<(Option<RawStatement>, usize)> {
        let length = c_int::try_from(sql.len())
            .map_err(|_| Error::new(code::INTERNAL, "a statement of over 2 GB"))?;
        let mut statement = std::ptr::null_mut();
        let mut tail = std::ptr::null();
        // SAFETY: the connection is open, the text has `length` bytes, and both out-pointers live through the call.
        let outcome = unsafe {
            ffi::sqlite3_prepare_v3(
                self.db,
                sql.as_ptr().cast(),
                length,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &mut statement,
                &mut tail,
            )
        };
        self.verify(outcome)
            .map_err(|error| advice::whose(sql, error))?;
        // SAFETY: SQLite sets the tail into the text that it was given, or to its end.
        let used = unsafe { tail.cast::<u8>().offset_from(sql.as_ptr()) };
        Ok((
            RawStatement::new(statement),
            usize::try_from(used).unwrap_or(sql.len()),
        ))
    }

    /// Takes back a statement that is no longer used. It is kept only while a table of ours will be told of the close,
    /// and only if there are not several like it already (from calls within calls).
    ///
    /// `planned` is the connection's count before it was prepared. If the planner has asked for a table of ours
    /// since, that may have been for this statement, where a trigger or a view uses one. It then holds on to the table
    /// that is to be told, and is not kept.
    pub(super) fn give_back(&self, sql: &'static str, raw: RawStatement, planned: u64) {
        const MOST: usize = 4;
        if self.anchors.get() == 0 || self.planned.get() != planned {
            return;
        }
        let mut kept = self.kept.borrow_mut();
        let alike = kept
            .iter()
            .filter(|(text, _)| std::ptr::eq(*text, sql))
            .count();
        if alike < MOST {
            kept.push((sql, raw));
            return;
        }
        // Before the statement goes: that can disconnect a table, which looks into what is kept.
        drop(kept);
    }

    /// Counts one more time that the planner has asked for a table of ours that is an anchor.
    pub(super) fn table_planned(&self) {
        self.planned.set(self.planned.get().wrapping_add(1));
    }

    /// Connects one of our tables if none is, so that statements can be kept (see [`Connection::give_back`]).
    fn anchor(&self) {
        if self.anchors.get() == 0 {
            // Preparing is what connects the table. A failure only costs the keeping.
            if let Some(table) = self.anchor.get() {
                drop(self.compile(&format!("SELECT 1 FROM {table}")));
            }
        }
    }

    pub(super) fn table_connected(&self) {
        self.anchors.set(self.anchors.get() + 1);
    }

    /// When the last table goes, the connection is about to be closed: statements that stayed open would forbid that.
    pub(super) fn table_disconnected(&self) {
        self.anchors.set(self.anchors.get().saturating_sub(1));
        if self.anchors.get() == 0 {
            let kept = std::mem::take(&mut *self.kept.borrow_mut());
            drop(kept);
        }
    }

    /// Counts one more of our calls on the stack, until the guard goes.
    pub(super) fn enter(&self) -> Result<Nested<'_>> {
        let depth = self.depth.get();
        if depth >= DEEPEST {
            return Err(Error::misuse(
                "called by itself through the schema, too deep",
            ));
        }
        self.depth.set(depth + 1);
        Ok(Nested(self))
    }

    /// A number that a call may leave for later ones. Only speed may depend on it: the database can change at any time. 0 at
    /// first.
    pub fn hint(&self) -> &Cell<u32> {
        &self.hint
    }

    /// How the database encodes text. Once it has a table, that does not change.
    pub(super) fn encoding(&self) -> Result<u8> {
        if let Some(known) = self.encoding.get() {
            return Ok(known);
        }
        let mut encoding = ffi::SQLITE_UTF8 as u8;
        if let (Some(raw), _) = self.compile(ENCODING)? {
            encoding = raw.encoding(self)?;
        }
        self.encoding.set(Some(encoding));
        Ok(encoding)
    }

    /// What a call on this connection has returned, as a result.
    #[inline]
    pub(super) fn verify(&self, outcome: c_int) -> Result<()> {
        match outcome {
            code::OK => Ok(()),
            failed => Err(self.error(failed)),
        }
    }

    /// The error that SQLite has just returned on this connection.
    #[cold]
    pub(super) fn error(&self, outcome: c_int) -> Error {
        // SAFETY: the connection is open; the text is valid until the next call on the connection, and copied before that.
        let (extended, message) = unsafe {
            let message = ffi::sqlite3_errmsg(self.db);
            let message = if message.is_null() {
                String::new()
            } else {
                CStr::from_ptr(message).to_string_lossy().into_owned()
            };
            (ffi::sqlite3_extended_errcode(self.db), message)
        };
        // The connection remembers the latest failure only, so its code counts only where the two agree.
        if extended & 0xff == outcome & 0xff {
            Error::new(extended, advice::with_advice(message))
        } else {
            Error::new(outcome, Self::describe(outcome))
        }
    }

    fn describe(outcome: c_int) -> String {
        // SAFETY: errstr returns static text for any number.
        unsafe {
            let text = ffi::sqlite3_errstr(outcome);
            if text.is_null() {
                format!("SQLite error {outcome}")
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            }
        }
    }

    /// SQLite's version as text, and the source it was built from.
    pub fn sqlite_version(&self) -> (String, String) {
        // SAFETY: both give static text.
        unsafe {
            let version = CStr::from_ptr(ffi::sqlite3_libversion());
            let source = CStr::from_ptr(ffi::sqlite3_sourceid());
            (
                version.to_string_lossy().into_owned(),
                source.to_string_lossy().into_owned(),
            )
        }
    }

    /// Leaves something for a later call, until the connection is closed. One thing at a time: what was left before
    /// goes.
    pub fn park(&self, thing: Box<dyn Any>) {
        let before = self.parked.borrow_mut().replace(thing);
        drop(before);
    }

    /// Takes what an earlier call has left.
    pub fn take_parked(&self) -> Option<Box<dyn Any>> {
        self.parked.borrow_mut().take()
    }

    /// How many rows the last INSERT, UPDATE or DELETE has changed.
    pub fn changes(&self) -> i64 {
        // SAFETY: the connection is open; so below. (The 64-bit count is there since 3.37.)
        unsafe { ffi::sqlite3_changes64(self.db) }
    }

    /// The rowid of the row that was inserted last.
    pub fn last_insert_rowid(&self) -> i64 {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_last_insert_rowid(self.db) }
    }

    /// Refuses to go on where some schema has a table of the name of one of ours, which SQLite would take for it.
    pub(super) fn nothing_in_the_way_of(&self, name: &CStr) -> Result<()> {
        if self.has_table(name) {
            return Err(in_the_way(name));
        }
        Ok(())
    }

    fn has_table(&self, name: &CStr) -> bool {
        use std::ptr::{null, null_mut};
        // SAFETY: the connection is open, the name ends in a NUL, and null is allowed for what nobody asks for.
        let outcome = unsafe {
            ffi::sqlite3_table_column_metadata(
                self.db,
                null(),
                name.as_ptr(),
                null(),
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
            )
        };
        outcome == code::OK
    }

    /// Whether a statement that writes is running: where SQLite reads a table, perhaps for an UPDATE or a DELETE of it.
    pub(super) fn is_writing(&self) -> bool {
        let mut statement = std::ptr::null_mut();
        loop {
            // SAFETY: the connection is open, and SQLite gives statements of it that are not finalized, or null at the end.
            unsafe {
                statement = ffi::sqlite3_next_stmt(self.db, statement);
                if statement.is_null() {
                    return false;
                }
                if ffi::sqlite3_stmt_busy(statement) != 0
                    && ffi::sqlite3_stmt_readonly(statement) == 0
                {
                    return true;
                }
            }
        }
    }

    /// Whether no transaction is open that the user has begun.
    pub fn is_autocommit(&self) -> bool {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_get_autocommit(self.db) != 0 }
    }
}

/// The error where another table or view has the name of one of ours.
pub(super) fn in_the_way(name: &CStr) -> Error {
    Error::misuse(format!(
        "a table or view named {} is in the way; rename it",
        name.to_string_lossy()
    ))
}

/// One of our calls, on the stack. See [`Connection::enter`].
pub(super) struct Nested<'a>(&'a Connection);

impl Drop for Nested<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get().saturating_sub(1));
    }
}

/// Frees a `Box<T>` that was handed to SQLite as user data.
///
/// # Safety
/// `pointer` came from `Box::<T>::into_raw`, and SQLite calls this once.
pub(super) unsafe extern "C" fn free_boxed<T>(pointer: *mut c_void) {
    // A destructor has nobody to report to; a panic in it stops here.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: as the function's own condition says.
        drop(unsafe { Box::from_raw(pointer.cast::<T>()) });
    }));
}

/// Where the first statement of a script begins, past blanks and comments.
fn statement_start(script: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = script.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start().len();
        at += blank;
        let rest = rest.trim_start();
        if rest.starts_with("--") {
            at += rest.find('\n').map_or(rest.len(), |end| end + 1);
        } else {
            return at;
        }
    }
}
