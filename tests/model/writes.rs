//! What each writing function has to change. An error is the text without the function's name, and changes nothing.

use super::{Message, Model, Parent};

/// A message that is to be stored.
#[derive(Debug, Clone)]
pub struct Draft {
    pub role: String,
    pub content: String,
    pub item_json: Option<String>,
    /// None: now.
    pub created_at: Option<i64>,
    pub uid: Option<String>,
}

fn unknown_message(id: i64) -> String {
    format!("no message {id}")
}

fn unknown_thread(id: &str) -> String {
    format!("no thread '{id}'")
}

impl Model {
    /// Stores a message as the leaf of its thread. `now` is for a draft without a time.
    fn add(&mut self, thread: &str, parent: Option<i64>, draft: &Draft, now: i64) -> i64 {
        self.highest += 1;
        let message = Message {
            thread: thread.to_owned(),
            role: draft.role.clone(),
            content: draft.content.clone(),
            item_json: draft.item_json.clone(),
            created_at: draft.created_at.unwrap_or(now),
            parent: parent.map_or(Parent::None, Parent::Id),
        };
        self.messages.insert(self.highest, message);
        if let Some(uid) = &draft.uid {
            self.uids.insert(uid.clone(), self.highest);
        }
        self.set_leaf(thread, Some(self.highest));
        self.highest
    }

    fn set_leaf(&mut self, thread: &str, leaf: Option<i64>) {
        if let Some(thread) = self.threads.get_mut(thread) {
            thread.leaf = leaf;
        }
    }

    fn parent_of(&self, message: i64) -> Option<i64> {
        match self.messages[&message].parent {
            Parent::Id(parent) => Some(parent),
            _ => None,
        }
    }

    pub fn append(&mut self, thread: &str, draft: &Draft, now: i64) -> Result<i64, String> {
        if let Some(stored) = self.stored_already(thread, draft) {
            return stored;
        }
        let found = self.threads.get(thread);
        let leaf = found.ok_or_else(|| unknown_thread(thread))?.leaf;
        Ok(self.add(thread, leaf, draft, now))
    }

    pub fn fork(&mut self, message: i64, draft: &Draft, now: i64) -> Result<i64, String> {
        let found = self.messages.get(&message);
        let thread = found
            .ok_or_else(|| unknown_message(message))?
            .thread
            .clone();
        if let Some(stored) = self.stored_already(&thread, draft) {
            return stored;
        }
        Ok(self.add(&thread, Some(message), draft, now))
    }

    pub fn alternative(&mut self, message: i64, draft: &Draft, now: i64) -> Result<i64, String> {
        let found = self.messages.get(&message);
        let thread = found
            .ok_or_else(|| unknown_message(message))?
            .thread
            .clone();
        if let Some(stored) = self.stored_already(&thread, draft) {
            return stored;
        }
        Ok(self.add(&thread, self.parent_of(message), draft, now))
    }

    pub fn switch(&mut self, thread: &str, message: Option<i64>) -> Result<Option<i64>, String> {
        if !self.threads.contains_key(thread) {
            return Err(unknown_thread(thread));
        }
        if let Some(message) = message {
            let found = self.messages.get(&message);
            if found.ok_or_else(|| unknown_message(message))?.thread != thread {
                return Err(format!("message {message} is not in thread '{thread}'"));
            }
        }
        self.set_leaf(thread, message);
        Ok(message)
    }

    pub fn clear(&mut self, thread: &str) -> Result<i64, String> {
        if !self.threads.contains_key(thread) {
            return Err(unknown_thread(thread));
        }
        let ids = self.messages_of(thread);
        self.forget(&ids);
        self.set_leaf(thread, None);
        Ok(ids.len() as i64)
    }

    pub fn prune(&mut self, message: i64) -> Result<i64, String> {
        if !self.messages.contains_key(&message) {
            return Err(unknown_message(message));
        }
        let parent = self.parent_of(message);
        let mut above = Vec::new();
        let mut at = parent;
        while let Some(id) = at.filter(|id| !above.contains(id) && self.messages.contains_key(id)) {
            above.push(id);
            at = self.parent_of(id);
        }
        let gone = self
            .below(message)
            .map_err(|damage| damage.texts[0].clone())?;
        self.forget(&gone);
        for (name, thread) in &mut self.threads {
            if thread.leaf.is_some_and(|leaf| gone.contains(&leaf)) {
                let own = |id: &&i64| self.messages[*id].thread == *name;
                thread.leaf = above.iter().find(own).copied();
            }
        }
        Ok(gone.len() as i64)
    }

    pub fn copy(&mut self, message: i64, new_thread: &str, time: i64) -> Result<i64, String> {
        let Some(found) = self.messages.get(&message) else {
            return Err(unknown_message(message));
        };
        if self.threads.contains_key(new_thread) {
            return Err(format!("thread '{new_thread}' exists already"));
        }
        let mut thread = self.threads[&found.thread].clone();
        thread.source = "fork".to_owned();
        thread.created_at = time;
        thread.updated_at = time;
        let mut path = self.way(message).ids;
        path.reverse();
        let mut parent = Parent::None;
        for id in path {
            self.highest += 1;
            let mut copy = self.messages[&id].clone();
            copy.thread = new_thread.to_owned();
            copy.parent = parent;
            self.messages.insert(self.highest, copy);
            parent = Parent::Id(self.highest);
        }
        thread.leaf = Some(self.highest);
        self.threads.insert(new_thread.to_owned(), thread);
        Ok(self.highest)
    }
}
