//! The rows of messages, one after the other by their ids.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::items::json::room;
use crate::sqlite::{Connection, Feed, Kind, Statement};

// The columns.

/// Who speaks.
pub const ROLE: i32 = 1;
/// The text.
pub const CONTENT: i32 = 2;
/// JSON, or NULL.
pub const ITEM_JSON: i32 = 3;
/// Unix seconds.
pub const CREATED_AT: i32 = 4;
/// Text, or NULL.
pub const UID: i32 = 5;
/// The time as text, in UTC.
pub const TIME: i32 = 6;
/// The thread that it is in.
pub const THREAD: i32 = 7;

const MESSAGE: &str = "SELECT m.id, m.role, m.content, m.item_json, m.created_at, u.uid, \
         strftime('%Y-%m-%d %H:%M', m.created_at, 'unixepoch'), m.thread_id \
     FROM branch_feed(?1) AS f CROSS JOIN main.messages AS m \
     LEFT JOIN main.message_uids AS u ON u.message_id = m.id WHERE m.id = f.id";
/// For a file that was not brought up to date: no message has a uid there.
const WITHOUT_UID: &str = "SELECT m.id, m.role, m.content, m.item_json, m.created_at, NULL, \
         strftime('%Y-%m-%d %H:%M', m.created_at, 'unixepoch'), m.thread_id \
     FROM branch_feed(?1) AS f CROSS JOIN main.messages AS m WHERE m.id = f.id";

/// Reads messages by id.
pub struct Messages {
    feed: Feed,
    row: Statement,
}

impl Messages {
    /// Nothing is read yet.
    pub fn open(connection: &Rc<Connection>) -> Result<Self> {
        let feed = Feed::new(connection)?;
        feed.verify()?;
        let mut row = match connection.prepare_added(MESSAGE)? {
            Some(row) => row,
            None => connection.prepare(WITHOUT_UID)?,
        };
        row.start(&[feed.number()])?;
        Ok(Self { feed, row })
    }

    /// The row of a message.
    pub fn read(&mut self, id: i64) -> Result<&Statement> {
        self.feed.set(id);
        if self.row.step()? && self.row.integer(0) == id {
            for column in [CONTENT, ITEM_JSON] {
                // A blob that is read as text is text from then on.
                match self.row.kind(column) {
                    Kind::Blob => room(self.row.blob(column))?,
                    _ => room(self.row.text(column)?)?,
                }
            }
            Ok(&self.row)
        } else {
            Err(Error::corrupt(format!("message {id} is missing")))
        }
    }
}
