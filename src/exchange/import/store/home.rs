//! Which thread a message goes to.

use super::{Store, Thread};
use crate::error::{push, Result};

impl Store<'_> {
    /// The number of a thread that is there.
    pub(super) fn thread(&mut self, id: &[u8]) -> Result<usize> {
        if let Some(at) = self.thread_numbers.get(id) {
            return Ok(*at);
        }
        self.thread_numbers.insert(id.into(), self.threads.len());
        push(
            &mut self.threads,
            Thread {
                id: id.to_vec(),
                is_new: false,
                added: 0,
                newest: None,
                earliest: i64::MAX,
                latest: i64::MIN,
                preview: None,
            },
        )?;
        Ok(self.threads.len() - 1)
    }

    /// The thread that a first message goes to: the session's own, or the one that its other messages are in.
    pub(super) fn home(&mut self, session: Option<&str>, uid: Option<&[u8]>) -> Result<usize> {
        let is_exact = self.conversation.is_exact;
        let session = session
            .filter(|session| !is_exact && Some(*session) != self.conversation.id.as_deref());
        if let Some(thread) = self.homes.get(session.unwrap_or_default().as_bytes()) {
            return Ok(*thread);
        }
        let id = match session.or(self.conversation.id.as_deref()) {
            Some(id) => self.options.thread_id(id),
            None => match (&self.options.thread, uid) {
                (Some(thread), _) => self.options.thread_id(thread),
                (None, Some(uid)) => self.options.thread_id(&String::from_utf8_lossy(uid)),
                (None, None) => self.options.thread_id("import"),
            },
        };
        let is_there = self.rows.thread_exists(&id)?;
        let thread = if is_there {
            self.thread(&id)?
        } else if session.is_none() && !self.threads.is_empty() && !is_exact {
            0
        } else {
            let row = &mut self.conversation.row;
            self.rows.make_thread(&id, row, self.options.now)?;
            let thread = self.thread(&id)?;
            if let Some(thread) = self.threads.get_mut(thread) {
                thread.is_new = true;
            }
            thread
        };
        self.homes
            .insert(session.unwrap_or_default().as_bytes().into(), thread);
        Ok(thread)
    }
}
