//! Statements that put several functions and tables together.

use rusqlite::types::Value;

use super::asking::ask;
use super::compare::Comparison;
use super::reads::{integer, text, Verdict};

impl Comparison<'_> {
    /// What they have to give, on data in which nothing is broken.
    pub fn joins(&self) {
        let model = self.model;
        let sql =
            "SELECT t.id, m.id, m.content FROM main.threads AS t JOIN branch_messages(t.id) AS m \
                   ORDER BY t.id, m.distance DESC";
        let mut expected = Vec::new();
        for thread in model.threads.keys() {
            for id in model.branch(thread).unwrap().ids.into_iter().rev() {
                let content = text(&model.messages[&id].content);
                expected.push(vec![text(thread), integer(id), content]);
            }
        }
        assert_eq!(ask(self.connection, sql, &[]), Ok(expected));

        // With a limit of each thread's own, and threads without messages.
        let sql = "SELECT t.id, m.id FROM main.threads AS t \
                   LEFT JOIN branch_messages(t.id, length(t.id)) AS m ORDER BY t.id, m.distance";
        let mut expected = Vec::new();
        for thread in model.threads.keys() {
            let ids = model.branch(thread).unwrap().ids;
            let limit = thread.chars().count();
            for id in ids.iter().take(limit) {
                expected.push(vec![text(thread), integer(*id)]);
            }
            if ids.is_empty() {
                expected.push(vec![text(thread), Value::Null]);
            }
        }
        assert_eq!(ask(self.connection, sql, &[]), Ok(expected));

        let sql = "SELECT id, (SELECT count(*) FROM branch_path(m.id)), branch_root(id), branch_tip(id), \
                          (SELECT group_concat(id) FROM branch_children(m.id)), \
                          (SELECT position FROM branch_siblings(m.id) AS s WHERE s.id = m.id) \
                   FROM main.messages AS m ORDER BY id";
        let expected = model.messages.keys().map(|id| {
            let children: Vec<String> = model.children(*id).iter().map(i64::to_string).collect();
            let siblings = match model.siblings(*id) {
                Verdict::Is(siblings) => siblings.rows,
                other => panic!("{other:?}"),
            };
            vec![
                integer(*id),
                integer(model.way(*id).ids.len() as i64),
                integer(model.way(*id).ids.last().copied()),
                integer(model.below(*id).unwrap().into_iter().max()),
                match children.is_empty() {
                    true => Value::Null,
                    false => Value::Text(children.join(",")),
                },
                integer(
                    siblings
                        .iter()
                        .position(|row| row[0] == integer(*id))
                        .map(|at| at as i64 + 1),
                ),
            ]
        });
        assert_eq!(ask(self.connection, sql, &[]), Ok(expected.collect()));
    }
}
