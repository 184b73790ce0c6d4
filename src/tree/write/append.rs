//! Adding messages, and choosing which branch is the current one.

use std::rc::Rc;

use crate::code;
use crate::error::{quoted, Error, Result};
use crate::sqlite::{Connection, Kind, Parameter};
use crate::tree::rows::links;
use crate::tree::rows::thread;
use crate::tree::rows::uids::{self, Message};

/// A message that is to be stored.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// Who speaks.
    pub role: &'a [u8],
    /// What is said.
    pub content: &'a [u8],
    /// JSON.
    pub item_json: Option<&'a [u8]>,
    /// Unix seconds.
    pub created_at: i64,
    /// Its own name.
    pub uid: Option<&'a [u8]>,
}

/// Adds a child of a thread's leaf, and makes it the leaf.
pub fn append(connection: &Rc<Connection>, thread: &[u8], draft: Draft<'_>) -> Result<i64> {
    connection.atomically(|| {
        if let Some(id) = stored(connection, Some(thread), draft)? {
            return Ok(id);
        }
        let leaf =
            thread::present_leaf(connection, thread)?.ok_or_else(|| thread::unknown(thread))?;
        add(connection, thread, leaf, draft)
    })
}

/// Adds a child of a message, and makes it its thread's leaf.
pub fn fork<'a>(
    connection: &Rc<Connection>,
    message: impl Into<Message<'a>>,
    draft: Draft<'_>,
) -> Result<i64> {
    let message = message.into();
    connection.atomically(|| {
        let (message, thread) = match beside(connection, message, draft)? {
            Beside::Stored(id) => return Ok(id),
            Beside::At(message, thread) => (message, thread),
        };
        add(connection, &thread, Some(message), draft)
    })
}

/// As [`fork`], of a message that must be in a given thread.
pub fn fork_in(
    connection: &Rc<Connection>,
    thread: &[u8],
    message: Message<'_>,
    draft: Draft<'_>,
) -> Result<i64> {
    connection.atomically(|| {
        if let Some(id) = stored(connection, Some(thread), draft)? {
            return Ok(id);
        }
        let parent = located_in(connection, thread, message)?;
        add(connection, thread, Some(parent), draft)
    })
}

/// Adds a sibling of a message, and makes it its thread's leaf.
pub fn alternative<'a>(
    connection: &Rc<Connection>,
    message: impl Into<Message<'a>>,
    draft: Draft<'_>,
) -> Result<i64> {
    let message = message.into();
    connection.atomically(|| {
        let (message, thread) = match beside(connection, message, draft)? {
            Beside::Stored(id) => return Ok(id),
            Beside::At(message, thread) => (message, thread),
        };
        let parent = links::parent(connection, message)?.flatten();
        if let Some(parent) = parent {
            if !links::exists(connection, parent)? {
                return Err(links::missing(parent, Some(message)));
            }
        }
        add(connection, &thread, parent, draft)
    })
}

/// Makes a message its thread's leaf, or puts the leaf before the first message. Gives the leaf.
pub fn switch(
    connection: &Rc<Connection>,
    thread: &[u8],
    message: Option<Message<'_>>,
) -> Result<Option<i64>> {
    connection.atomically(|| {
        let leaf = match message {
            Some(message) => Some(located_in(connection, thread, message)?),
            None if thread::exists(connection, thread)? => None,
            None => return Err(thread::unknown(thread)),
        };
        set_leaf(connection, thread, leaf)?;
        Ok(leaf)
    })
}

/// The id of a message that must be in a thread. Both must be there.
fn located_in(connection: &Rc<Connection>, thread: &[u8], message: Message<'_>) -> Result<i64> {
    if !thread::exists(connection, thread)? {
        return Err(thread::unknown(thread));
    }
    let id = message.known_id(connection)?;
    let owner = thread::of_message(connection, id)?.ok_or_else(|| message.unknown())?;
    if owner == thread {
        Ok(id)
    } else {
        Err(Error::misuse(format!(
            "message {id} is not in thread {}",
            quoted(thread)
        )))
    }
}

/// A message's id and thread. Both must be there.
pub fn located(connection: &Rc<Connection>, message: Message<'_>) -> Result<(i64, Vec<u8>)> {
    let id = message.known_id(connection)?;
    let thread = thread::of_message(connection, id)?.ok_or_else(|| message.unknown())?;
    if !thread::exists(connection, &thread)? {
        return Err(Error::corrupt(format!(
            "message {id}: its thread {} is missing",
            quoted(&thread)
        )));
    }
    Ok((id, thread))
}

/// What there is to do for a draft below or beside a message.
enum Beside {
    /// Nothing: it is stored already.
    Stored(i64),
    /// To add it near this message, in this thread.
    At(i64, Vec<u8>),
}

/// A call that is repeated gets its answer also where the message that it names was deleted meanwhile.
fn beside(connection: &Rc<Connection>, message: Message<'_>, draft: Draft<'_>) -> Result<Beside> {
    let located = located(connection, message);
    let thread = located.as_ref().ok().map(|(_, thread)| thread.as_slice());
    if let Some(id) = stored(connection, thread, draft)? {
        return Ok(Beside::Stored(id));
    }
    located.map(|(id, thread)| Beside::At(id, thread))
}

/// The message that a draft's uid names already: a call that is repeated after a lost answer happens once. One that is
/// not the same is an error. None without a uid, or where the uid is free. Without a thread, that is not compared.
pub fn stored(
    connection: &Rc<Connection>,
    thread: Option<&[u8]>,
    draft: Draft<'_>,
) -> Result<Option<i64>> {
    let Some(uid) = draft.uid else {
        return Ok(None);
    };
    let Some(id) = uids::find(connection, uid)? else {
        return Ok(None);
    };
    let mut same = connection
        .prepare("SELECT thread_id, role, content, item_json FROM main.messages WHERE id = +?1")?;
    let differs = same.once(&[Parameter::Integer(id)], |row| {
        let expected = [
            ("thread", thread.or(Some(row.text(0)?))),
            ("role", Some(draft.role)),
            ("content", Some(draft.content)),
            ("item_json", draft.item_json),
        ];
        for (column, (name, expected)) in (0..).zip(expected) {
            let stored = match row.kind(column) {
                Kind::Null => None,
                _ => Some(row.text(column)?),
            };
            if stored != expected {
                return Ok(Some(name));
            }
        }
        Ok(None)
    })?;
    match differs {
        Some(None) => Ok(Some(id)),
        Some(Some(what)) => Err(Error::new(
            code::CONSTRAINT,
            format!(
                "uid {} names message {id} already, which has another {what}",
                quoted(uid)
            ),
        )),
        None => Ok(None),
    }
}

/// Stores a message as the child of one, and makes it its thread's leaf. For use inside [`Connection::atomically`]; whether
/// the uid is free is the caller's to find out (see [`stored`]).
pub fn add(
    connection: &Rc<Connection>,
    thread: &[u8],
    parent: Option<i64>,
    draft: Draft<'_>,
) -> Result<i64> {
    let id = insert(connection, thread, parent, draft)?;
    set_leaf(connection, thread, Some(id))?;
    Ok(id)
}

/// As [`add`], and leaves the thread's leaf alone.
pub fn insert(
    connection: &Rc<Connection>,
    thread: &[u8],
    parent: Option<i64>,
    draft: Draft<'_>,
) -> Result<i64> {
    // With a SELECT, SQLite keeps a statement journal: when the disk is full, it takes back this statement, and with
    // VALUES it would take back the caller's whole transaction.
    let mut insert = connection.prepare(
        "INSERT INTO main.messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
         SELECT ?1, ?2, ?3, ?4, ?5, ?6",
    )?;
    insert.run(&[
        Parameter::Text(thread),
        Parameter::Text(draft.role),
        Parameter::Text(draft.content),
        draft.item_json.map_or(Parameter::Null, Parameter::Text),
        Parameter::Integer(draft.created_at),
        optional(parent),
    ])?;
    let id = inserted(connection)?;
    if let Some(uid) = draft.uid {
        uids::set(connection, uid, id)?;
    }
    Ok(id)
}

/// The id of the message that an INSERT has just stored.
pub fn inserted(connection: &Rc<Connection>) -> Result<i64> {
    if connection.changes() == 1 {
        Ok(connection.last_insert_rowid())
    } else {
        Err(Error::misuse(
            "the message was not stored; a trigger on messages ignored it, or messages is not a table",
        ))
    }
}

/// Sets the leaf of a thread that is there.
pub fn set_leaf(connection: &Rc<Connection>, thread: &[u8], leaf: Option<i64>) -> Result<()> {
    let mut update =
        connection.prepare("UPDATE main.threads SET current_leaf_id = ?2 WHERE id = +?1")?;
    update.run(&[Parameter::Text(thread), optional(leaf)])?;
    if connection.changes() == 1 {
        Ok(())
    } else {
        Err(Error::misuse(
            "the leaf was not moved; a trigger on threads ignored it, or threads is not a table",
        ))
    }
}

/// An integer or NULL.
pub fn optional(integer: Option<i64>) -> Parameter<'static> {
    integer.map_or(Parameter::Null, Parameter::Integer)
}
