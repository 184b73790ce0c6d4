//! `branch_version()` and `branch_debug()`: what is running here.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Answer, Connection, Value};

pub fn version(_: &Rc<Connection>, _: &[Value<'_>]) -> Result<Answer> {
    Ok(Answer::Text(env!("CARGO_PKG_VERSION").to_owned()))
}

pub fn debug(connection: &Rc<Connection>, _: &[Value<'_>]) -> Result<Answer> {
    let (version, source) = connection.sqlite_version();
    Ok(Answer::Text(format!(
        "sqlite-branch {}\ncommit {}\nbuild {} {}\nSQLite {version} {source}",
        env!("CARGO_PKG_VERSION"),
        env!("SQLITE_BRANCH_COMMIT"),
        env!("SQLITE_BRANCH_TARGET"),
        env!("SQLITE_BRANCH_PROFILE"),
    )))
}
