//! `branch_put`: the whole history that a stateless client sends with each request becomes a path of a thread's tree.
//!
//! [`find`] goes leafward as far as messages are those that were sent ([`compare`] says when two are the same, [`descent`]
//! reads children level by level), and what was sent beyond that is added there. All under the database's write lock, so that requests that come at once
//! find what the others have added.

mod compare;
mod descent;
mod find;

use std::rc::Rc;

use super::openai;
use crate::error::Result;
use crate::items::json::room;
use crate::sqlite::{Connection, Parameter};
use crate::tree::rows::thread;
use crate::tree::write::append::{inserted, optional, set_leaf};
use crate::tree::write::thread::make;

/// Makes an array of messages the current branch of a thread. Gives the new leaf, which is None for an empty array.
pub fn put(
    connection: &Rc<Connection>,
    thread: &[u8],
    messages: &[u8],
    created_at: i64,
) -> Result<Option<i64>> {
    room(messages)?;
    let sent = openai::elements("messages", messages)?;
    connection.atomically(|| {
        if !thread::exists(connection, thread)? {
            make(connection, thread, None, created_at)?;
        }
        let place = find::find(connection, thread, &sent)?;
        let mut leaf = place.end;
        let rest = sent.get(place.matched..).unwrap_or_default();
        if !rest.is_empty() {
            // With a SELECT for the same reason as in `append`.
            let mut insert = connection.prepare(
                "INSERT INTO main.messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6",
            )?;
            for element in rest {
                insert.run(&[
                    Parameter::Text(thread),
                    Parameter::Text(element.role.as_bytes()),
                    Parameter::Text(element.content().as_bytes()),
                    Parameter::Text(element.original.text().as_bytes()),
                    Parameter::Integer(created_at),
                    optional(leaf),
                ])?;
                leaf = Some(inserted(connection)?);
            }
        }
        set_leaf(connection, thread, leaf)?;
        Ok(leaf)
    })
}
