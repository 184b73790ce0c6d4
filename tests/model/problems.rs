//! What `branch_check` has to find.

use rusqlite::types::Value;

use super::reads::{integer, text, Row};
use super::{Model, Parent};

impl Model {
    /// The rows: thread, message, problem, detail. By thread and message, and by the problem's name. The detail of an
    /// invalid item is left out: it is a JSON parser's.
    pub fn check(&self, only: Option<&str>) -> Vec<Row> {
        let mut found: Vec<(String, Option<i64>, &str, String)> = Vec::new();
        for (id, message) in &self.messages {
            let mut report = |problem, detail: String| {
                found.push((message.thread.clone(), Some(*id), problem, detail));
            };
            if !self.threads.contains_key(&message.thread) {
                let detail = format!("its thread '{}' is missing", message.thread);
                report("thread missing", detail);
            }
            match &message.parent {
                Parent::None => {}
                Parent::Other(_) => report(
                    "parent missing",
                    "its parent_entry_id is not an integer".to_owned(),
                ),
                Parent::Id(parent) => {
                    if !self.messages.contains_key(parent) {
                        report("parent missing", format!("its parent {parent} is missing"));
                    }
                    if parent > id {
                        report(
                            "parent in a later id",
                            format!("its parent {parent} has a higher id"),
                        );
                    }
                }
            }
            let item = message.item_json.as_deref();
            if item.is_some_and(|item| serde_json::from_str::<serde_json::Value>(item).is_err()) {
                report("invalid item_json", String::new());
            }
        }
        for cycle in self.cycles() {
            // One row, in the thread of its lowest message or in the one that was asked for, if it has a part in it.
            let lowest = cycle[0];
            let thread = match only {
                Some(only) if cycle.iter().any(|id| self.messages[id].thread == only) => only,
                Some(_) => continue,
                None => &self.messages[&lowest].thread,
            };
            let mut detail = String::new();
            for id in cycle.iter().take(10) {
                detail.push_str(&format!("{id} → "));
            }
            if cycle.len() > 10 {
                detail.push_str("… → ");
            }
            detail.push_str(&lowest.to_string());
            found.push((thread.to_owned(), Some(lowest), "cycle", detail));
        }
        for (id, thread) in &self.threads {
            let Some(leaf) = thread.leaf else { continue };
            match self.messages.get(&leaf) {
                None => found.push((
                    id.clone(),
                    Some(leaf),
                    "leaf missing",
                    format!("its leaf {leaf} is missing"),
                )),
                Some(message) if message.thread != *id => found.push((
                    id.clone(),
                    Some(leaf),
                    "leaf of another thread",
                    format!("it belongs to thread '{}'", message.thread),
                )),
                Some(_) => {}
            }
        }
        found.sort();
        found
            .into_iter()
            .filter(|(thread, ..)| only.is_none_or(|only| thread == only))
            .map(|(thread, message, problem, detail)| {
                vec![
                    text(&thread),
                    integer(message),
                    text(problem),
                    if problem == "invalid item_json" {
                        Value::Null
                    } else {
                        Value::Text(detail)
                    },
                ]
            })
            .collect()
    }

    /// All cycles, each from its lowest message up, parent by parent.
    fn cycles(&self) -> Vec<Vec<i64>> {
        let mut cycles = Vec::new();
        for id in self.messages.keys() {
            let mut cycle = Vec::new();
            let mut at = *id;
            while !cycle.contains(&at) {
                cycle.push(at);
                match &self.messages[&at].parent {
                    Parent::Id(parent) if self.messages.contains_key(parent) => at = *parent,
                    _ => break,
                }
            }
            // It is one if it comes back to where it began, and is told once, from its lowest message.
            let last = cycle[cycle.len() - 1];
            if self.messages[&last].parent == Parent::Id(*id) && cycle.iter().min() == Some(id) {
                cycles.push(cycle);
            }
        }
        cycles
    }
}
