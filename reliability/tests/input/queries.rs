//! Random SQL around the tables. What a query gives does not depend on how SQLite plans it: the same query over a copy
//! of the rows in an ordinary table must give the same.

use fastrand::Rng;
use rusqlite::Connection;
use sqlite_branch_reliability::database::{memory, rows};
use sqlite_branch_reliability::queries::{self, Query};

use crate::Tally;

pub struct Harness {
    connection: Connection,
}

impl Harness {
    pub fn new() -> Self {
        let connection = memory();
        queries::prepare(&connection);
        Self { connection }
    }

    pub fn case(&self, random: &mut Rng, tally: &mut Tally) {
        let query = Query::any(random);
        query.compare(
            rows(&self.connection, &query.real),
            rows(&self.connection, &query.copied),
        );
        tally.calls += 1;
    }
}
