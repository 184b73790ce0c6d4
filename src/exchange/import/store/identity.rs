//! Which message a node is: its uid, and where it has another one in the database, the message that it is a copy of.

use std::borrow::Cow;

use super::{Place, State, Store};
use crate::error::Result;
use crate::exchange::import::node::{Copies, Naming, Node};
use crate::exchange::import::rows::{Found, Wanted};
use crate::exchange::import::uid;
use crate::items::compaction;
use crate::tree::rows::uids::reads_as_integer;

impl Store<'_> {
    /// The original as it is stored: that of a compaction names the message that it keeps first.
    pub(super) fn item_json<'n>(&self, node: &Node<'n>) -> Option<Cow<'n, [u8]>> {
        let original = node.item_json?;
        if node.first_kept.is_none() {
            return Some(Cow::Borrowed(original));
        }
        let kept = self.kept(node);
        compaction::with_first_kept(original, kept)
            .map(Cow::Owned)
            .or_else(|| {
                compaction::written(Some(original), kept).map(|text| Cow::Owned(text.into_bytes()))
            })
            .or(Some(Cow::Borrowed(original)))
    }

    pub(super) fn uid(
        &mut self,
        node: &Node<'_>,
        parent: Option<Place>,
    ) -> Result<Option<Vec<u8>>> {
        if let Some(uid) = node.uid {
            return Ok(Some(uid.to_vec()));
        }
        if node.naming == Naming::None {
            return Ok(None);
        }
        if let Some(id) = node.id {
            if let Some(uid) = self.uid_of_id(id, node.naming) {
                return Ok(Some(uid));
            }
        }
        let above = match parent {
            Some(parent) => self.rows.uid(parent.message)?,
            // In a thread of the caller's choice, the same text is another conversation.
            None => match (&self.conversation.id, &self.options.thread) {
                (None, Some(thread)) => Some(thread.as_bytes().to_vec()),
                _ => None,
            },
        };
        let original = node.identity.or(node.item_json);
        let original = original.unwrap_or_default();
        let above = above.unwrap_or_default();
        Ok(Some(uid::hash(&[&above, node.role, original]).into_bytes()))
    }

    /// The uid of a node that has an id.
    pub(super) fn uid_of_id(&self, id: &str, naming: Naming) -> Option<Vec<u8>> {
        let of_session = |session: &str| format!("{session}/{id}").into_bytes();
        match naming {
            Naming::Own if !id.is_empty() && !reads_as_integer(id.as_bytes()) => {
                Some(id.as_bytes().to_vec())
            }
            // No uid may read as an integer.
            Naming::Own => self.conversation.id.as_deref().map(of_session),
            Naming::InSession if !self.conversation.session.is_empty() => {
                Some(of_session(&self.conversation.session))
            }
            _ => None,
        }
    }

    /// The message that a node is a copy of, or that has no uid to be found by.
    pub(super) fn copy(
        &mut self,
        node: &Node<'_>,
        item_json: Option<&[u8]>,
        has_uid: bool,
        parent: Option<Place>,
    ) -> Result<Option<Found>> {
        let copies = self.conversation.copies;
        if copies == Copies::None || (copies == Copies::Equal && has_uid) {
            return Ok(None);
        }
        let wanted = Wanted {
            node,
            item_json,
            copies,
            claimed: &self.claimed,
            keeps_nothing: node.first_kept.is_some() && self.kept(node).is_none(),
        };
        if let Some(parent) = parent {
            if parent.is_new {
                return Ok(None);
            }
            return self.rows.equal_child(parent.message, &wanted);
        }
        if copies == Copies::Entries {
            return self.rows.equal_first(None, &wanted);
        }
        // A message of another thread is looked for there, and may have come along with this one.
        let of_another = node.session.filter(|_| self.conversation.is_exact);
        let own = self.conversation.id.as_deref();
        let threads = of_another
            .into_iter()
            .chain(own)
            .chain(self.conversation.forked_from.iter().map(String::as_str));
        for thread in threads {
            let thread = self.options.thread_id(thread);
            let found = self.rows.equal_first(Some(&thread), &wanted)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The message that a summary keeps first, if it is there already.
    pub(super) fn kept(&self, node: &Node<'_>) -> Option<i64> {
        match self.state(node.first_kept??) {
            State::Here(place) => Some(place.message),
            _ => None,
        }
    }
}
