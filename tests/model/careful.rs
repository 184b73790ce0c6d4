//! Writes to trees that are broken: each does what the model's does, or fails and changes nothing.

use rusqlite::types::Value;
use rusqlite::Connection;

use super::asking::{ask, Dice};
use super::reads::{integer, text};
use super::writes::Draft;
use super::{Damage, Model, Parent};

const CORRUPT_VTAB: i32 = 267;

impl Model {
    /// What forbids to add a child to a message's parent.
    fn parent_damage(&self, message: i64) -> Option<Damage> {
        let missing = match &self.messages[&message].parent {
            Parent::None => false,
            Parent::Id(parent) => !self.messages.contains_key(parent),
            Parent::Other(_) => true,
        };
        self.way(message).damage.filter(|_| missing)
    }

    /// Does one thing that somebody may want, to the database and to the model.
    pub fn write_somewhere(&mut self, connection: &Connection, dice: &mut Dice) {
        let messages: Vec<i64> = self.messages.keys().copied().collect();
        let threads: Vec<String> = self.threads.keys().cloned().collect();
        let thread = dice.pick(&threads);
        let draft = Draft {
            role: "user".to_owned(),
            content: "new".to_owned(),
            item_json: None,
            created_at: Some(7),
            uid: None,
        };
        if messages.is_empty() {
            return;
        }
        let message = dice.pick(&messages);
        let name = dice.pick(&[
            "append",
            "fork",
            "alternative",
            "switch",
            "clear",
            "prune",
            "copy",
        ]);
        let more = [text("user"), text("new"), Value::Null, integer(7)];
        let (values, damage): (Vec<Value>, Option<Damage>) = match name {
            "append" => (
                [&[text(&thread)], &more[..]].concat(),
                self.leaf(&thread).err(),
            ),
            "fork" => ([&[integer(message)], &more[..]].concat(), None),
            "alternative" => {
                let values = [&[integer(message)], &more[..]].concat();
                (values, self.parent_damage(message))
            }
            "switch" => {
                let owner = &self.messages[&message].thread;
                (vec![text(owner), integer(message)], None)
            }
            "clear" => (vec![text(&thread)], None),
            "prune" => {
                // The leaf may have to go to the parent, which has to be readable for that.
                let unreadable = matches!(self.messages[&message].parent, Parent::Other(_));
                let damage = self.way(message).damage.filter(|_| unreadable);
                (vec![integer(message)], damage.or(self.below(message).err()))
            }
            _ => {
                let values = vec![integer(message), text("copied"), integer(7)];
                (values, self.way(message).damage)
            }
        };
        if name == "copy" && self.threads.contains_key("copied") {
            return;
        }
        let marks: Vec<String> = (1..=values.len()).map(|at| format!("?{at}")).collect();
        let sql = format!("SELECT branch_{name}({})", marks.join(", "));
        let answer = ask(connection, &sql, &values);
        if damage.is_some() {
            let (code, told) = answer.expect_err(&sql);
            assert_eq!(code, CORRUPT_VTAB, "{told}");
            let known = self.all_damage().into_iter().chain(damage);
            let texts: Vec<String> = known.flat_map(|damage| damage.texts).collect();
            let fits = texts
                .iter()
                .any(|text| told == format!("branch_{name}: {text}"));
            assert!(fits, "{sql} with {values:?}: {told}");
            return;
        }
        let owner = self.messages[&message].thread.clone();
        let expected = match name {
            "append" => self.append(&thread, &draft, 0).map(Some),
            "fork" => self.fork(message, &draft, 0).map(Some),
            "alternative" => self.alternative(message, &draft, 0).map(Some),
            "switch" => self.switch(&owner, Some(message)),
            "clear" => self.clear(&thread).map(Some),
            "prune" => self.prune(message).map(Some),
            _ => self.copy(message, "copied", 7).map(Some),
        };
        assert_eq!(
            answer,
            Ok(vec![vec![integer(expected.unwrap())]]),
            "{sql} with {values:?}"
        );
    }
}
