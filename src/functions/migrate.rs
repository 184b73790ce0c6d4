//! `branch_migrate()`: brings the schema up to date.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Answer, Connection, Value};
use crate::tree::write::migrate;

pub fn migrate(connection: &Rc<Connection>, _: &[Value<'_>]) -> Result<Answer> {
    migrate::migrate(connection).map(Answer::Integer)
}
