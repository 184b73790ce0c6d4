//! Registering scalar functions.

use std::ffi::CString;
use std::os::raw::c_int;
use std::rc::Rc;

use super::connection::free_boxed;
use super::{ffi, guarded, Connection, Context, Value};
use crate::code;
use crate::error::{Error, Result};

/// Where a function may be called from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// It writes: from SQL that the user runs, but not from views, triggers or the schema.
    Writes,
    /// It reads tables: not from the schema of a database that is not trusted.
    Reads,
    /// It touches nothing: from everywhere.
    Nothing,
}

/// What a function returns.
pub enum Answer {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// A text.
    Text(String),
    /// A text of any bytes.
    Bytes(Vec<u8>),
}

impl From<Option<i64>> for Answer {
    fn from(integer: Option<i64>) -> Self {
        integer.map_or(Self::Null, Self::Integer)
    }
}

/// What a function does.
pub type Body = fn(&Rc<Connection>, &[Value<'_>]) -> Result<Answer>;

/// A scalar SQL function.
pub struct Function {
    /// How it is written in SQL, with its arguments by name and the optional ones in brackets: `f(a, b [, c [, d]])`.
    pub signature: &'static str,
    /// Where it may be called from.
    pub risk: Risk,
    /// What it does.
    pub body: Body,
}

impl Function {
    /// Its name in SQL, with which its error messages start.
    pub fn name(&self) -> &'static str {
        self.signature.split('(').next().unwrap_or_default()
    }

    /// Its arguments, as they are written between the parentheses.
    pub fn arguments(&self) -> &'static str {
        let (_, rest) = self.signature.split_once('(').unwrap_or_default();
        rest.strip_suffix(')').unwrap_or(rest)
    }

    /// How many arguments it takes.
    fn counts(&self) -> std::ops::RangeInclusive<c_int> {
        let count = |text: &str| {
            text.split(',')
                .filter(|name| !name.trim().is_empty())
                .count()
        };
        let arguments = self.arguments();
        let required = arguments.split('[').next().map_or(0, count);
        let all = count(&arguments.replace(['[', ']'], ""));
        // A handful.
        required as c_int..=all as c_int
    }
}

struct Registered {
    connection: Rc<Connection>,
    name: &'static str,
    body: Body,
}

impl Connection {
    /// Makes a function known to this connection.
    pub fn register_function(self: &Rc<Self>, function: &Function) -> Result<()> {
        let name = CString::new(function.name())
            .map_err(|_| Error::new(code::INTERNAL, "a function's name with a NUL"))?;
        let flags = ffi::SQLITE_UTF8
            | match function.risk {
                Risk::Writes => ffi::SQLITE_DIRECTONLY,
                Risk::Reads => 0,
                Risk::Nothing => ffi::SQLITE_INNOCUOUS,
            };
        for count in function.counts() {
            let registered = Box::new(Registered {
                connection: Rc::clone(self),
                name: function.name(),
                body: function.body,
            });
            // SAFETY: the connection is open. SQLite owns the box from here on, also when the call fails, and frees it
            // with the given destructor, once.
            self.verify(unsafe {
                ffi::sqlite3_create_function_v2(
                    self.handle(),
                    name.as_ptr(),
                    count,
                    flags,
                    Box::into_raw(registered).cast(),
                    Some(call),
                    None,
                    None,
                    Some(free_boxed::<Registered>),
                )
            })?;
        }
        Ok(())
    }
}

unsafe extern "C" fn call(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    // SAFETY: SQLite calls this with the context and the arguments of a call that lasts until this returns, and with
    // the user data that was registered with it.
    let (mut context, arguments, registered) = unsafe {
        (
            Context::new(context),
            Value::all(values, count),
            ffi::sqlite3_user_data(context)
                .cast::<Registered>()
                .as_ref(),
        )
    };
    let Some(registered) = registered else {
        return;
    };
    let outcome = guarded(|| {
        let _nested = registered.connection.enter()?;
        match (registered.body)(&registered.connection, arguments)? {
            Answer::Null => context.result_null(),
            Answer::Integer(integer) => context.result_integer(integer),
            Answer::Text(text) => context.result_text(text.as_bytes()),
            Answer::Bytes(text) => context.result_text(&text),
        }
        Ok(())
    });
    if let Err(error) = outcome {
        context.result_error(registered.name, &error);
    }
}
