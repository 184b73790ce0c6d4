//! Reading one state of the database with several statements.

use std::rc::Rc;

use crate::error::Result;
use crate::sqlite::{Connection, Statement};

/// While this exists, no statement sees what other connections commit.
///
/// In a transaction that is so anyway. In autocommit mode each statement would see the latest state, unless another
/// one has not ended: this is that other one, a statement that has one row, however empty the database is, and stays on it.
pub struct Snapshot {
    _standing: Option<Statement>,
}

impl Snapshot {
    /// Holds on to the state that the next statement sees.
    pub fn hold(connection: &Rc<Connection>) -> Result<Self> {
        if !connection.is_autocommit() {
            return Ok(Self { _standing: None });
        }
        let mut standing =
            connection.prepare("SELECT EXISTS (SELECT 1 FROM main.sqlite_schema)")?;
        standing.start(&[])?;
        standing.step()?;
        Ok(Self::on(standing))
    }

    /// Holds on to the state that a statement sees, which stands on a row.
    pub fn on(standing: Statement) -> Self {
        Self {
            _standing: Some(standing),
        }
    }
}
