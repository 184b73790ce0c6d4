//! What an error of SQLite's says about a database of ours: which table is another program's, and what helps.
//!
//! SQLite tells a missing table and a missing column by their texts alone, so these are looked into.

use crate::code;
use crate::error::Error;

/// Whether a statement was refused because a table is missing that `branch_migrate()` adds.
pub fn lacks_added(error: &Error) -> bool {
    error.code() == code::ERROR && error.message().starts_with("no such table: main.message_")
}

/// Names the table where a column of one of ours is missing, for that table is another program's.
pub fn whose(sql: &str, error: Error) -> Error {
    let ours = ["message_uids", "message_labels"];
    let told = error.message();
    // A join with `messages` calls that `m`.
    let one_of_it = told.contains("column") && !told.contains(": m.");
    match ours.into_iter().find(|name| sql.contains(name)) {
        Some(name) if error.code() == code::ERROR && one_of_it => {
            Error::misuse(format!("{name} is another program's: {told}"))
        }
        _ => error,
    }
}

/// Says what helps where a database has not been brought up to date.
pub fn with_advice(mut message: String) -> String {
    let branches = ["parent_entry_id", "current_leaf_id"];
    let missing = message.starts_with("no such table: main.")
        || (message.contains("column") && branches.iter().any(|name| message.contains(name)));
    if message == "'branch_feed' is not a function" {
        message = "a table or view named branch_feed is in the way; rename it".to_owned();
    } else if missing {
        message.push_str("; SELECT branch_migrate() brings the database up to date");
    }
    message
}
