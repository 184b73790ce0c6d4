//! `INSERT INTO branch_call SELECT branch_switch('t', 5)`: a function that writes, as a statement that counts as a write.
//!
//! Clients and engines that take a SELECT for a read, run it twice, or offer batches only for INSERT need this. SQLite
//! evaluates the SELECT, in which the function does its work, and hands the result to the INSERT: all rows are one
//! statement, and `last_insert_rowid()` is the last one's result.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sqlite::{Change, Connection, Kind, NoRows, Shape, Table, Write};

/// The table.
pub struct BranchCall;

impl Table for BranchCall {
    const SHAPE: Shape = Shape {
        name: "branch_call",
        columns: "result",
        arguments: &[],
        required: 0,
        orders: &[],
        rows: 1,
        limit: None,
    };
    const DIRECTONLY: bool = true;
    const UNREADABLE: Option<&'static str> = Some(REFUSED);
    const WRITE: Option<Write> = Some(write);
    type Rows = NoRows;
}

fn write(_: &Rc<Connection>, change: Change<'_>) -> Result<i64> {
    let Change::Insert { columns, .. } = change else {
        return Err(Error::misuse(REFUSED));
    };
    match columns.first() {
        Some(result) if result.kind() == Kind::Integer => Ok(result.integer()),
        _ => Ok(0),
    }
}

const REFUSED: &str = "takes only INSERT INTO branch_call SELECT, with a function that writes";
