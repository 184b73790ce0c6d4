//! Calls that must fail.

use rusqlite::types::Value;

use super::acts::{Form, Refusal};
use super::reads::{integer, text};
use super::world::{pick, World, ERROR};

impl World<'_> {
    /// A call that must fail, and change nothing: neither the tables nor the transaction that is open.
    pub(super) fn refused(&mut self, refusal: Refusal, at: u16) {
        let unknown = self.model.highest + 1 + i64::from(at);
        let thread = pick(at, self.threads()).unwrap();
        let other = pick(at, self.messages()).filter(|id| self.model.messages[id].thread != thread);
        let user = [text("user"), text("hello")];
        let (name, values, told) = match refusal {
            Refusal::UnknownThread => {
                let values = [&[text("%nobody")], &user[..]].concat();
                ("branch_append", values, "no thread '%nobody'".to_owned())
            }
            Refusal::UnknownMessage => {
                let name = if at.is_multiple_of(2) {
                    "branch_fork"
                } else {
                    "branch_alternative"
                };
                let values = [&[integer(unknown)], &user[..]].concat();
                (name, values, format!("no message {unknown}"))
            }
            Refusal::InvalidJson => {
                let values = [&[text(&thread)], &user[..], &[text("{\"a\":")]].concat();
                let told =
                    "item_json is not valid JSON: EOF while parsing a value at line 1 column 5";
                ("branch_append", values, told.to_owned())
            }
            Refusal::NullRole => {
                let values = vec![text(&thread), Value::Null, text("")];
                (
                    "branch_append",
                    values,
                    "role must be text, not NULL".to_owned(),
                )
            }
            Refusal::NotAnId => {
                let values = [&[text("1x")], &user[..]].concat();
                let told = "no message '1x'";
                ("branch_fork", values, told.to_owned())
            }
            Refusal::MessageOfAnotherThread => match other {
                Some(id) => {
                    let told = format!("message {id} is not in thread '{thread}'");
                    ("branch_switch", vec![text(&thread), integer(id)], told)
                }
                None => {
                    let told = format!("no message {unknown}");
                    ("branch_switch", vec![text(&thread), integer(unknown)], told)
                }
            },
            Refusal::CopyToAThreadThatExists => match pick(at, self.messages()) {
                Some(id) => {
                    let told = format!("thread '{thread}' exists already");
                    ("branch_copy", vec![integer(id), text(&thread)], told)
                }
                None => return,
            },
            Refusal::ClearOfAnUnknownThread => (
                "branch_clear",
                vec![text("%s%n")],
                "no thread '%s%n'".to_owned(),
            ),
            Refusal::PruneOfAnUnknownMessage => (
                "branch_prune",
                vec![integer(unknown)],
                format!("no message {unknown}"),
            ),
        };
        let marks: Vec<String> = (1..=values.len()).map(|at| format!("?{at}")).collect();
        let call = format!("{name}({})", marks.join(", "));
        let form = [
            Form::Select,
            Form::InsertSelect,
            Form::InsertValues,
            Form::Update,
        ][usize::from(at % 4)];
        let answer = self.call(form, &call, &values);
        assert_eq!(answer, Err((ERROR, format!("{name}: {told}"))));
        assert_eq!(
            self.opened.connection.is_autocommit(),
            self.before.is_empty()
        );
        self.comparison(0).stored();
    }
}
