//! What each function and table has to answer.

use rusqlite::types::Value;

use super::{drawing, Damage, Model, Parent, Way};

pub type Row = Vec<Value>;

/// What an answer has to be.
#[derive(Debug, Clone)]
pub enum Verdict<T> {
    /// This.
    Is(T),
    /// An error that tells of one of these.
    Fails(Vec<Damage>),
    /// This, or an error: the answer can be known although something on the way is broken.
    Either(T, Vec<Damage>),
}

impl<T> Verdict<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Verdict<U> {
        match self {
            Self::Is(answer) => Verdict::Is(change(answer)),
            Self::Fails(damage) => Verdict::Fails(damage),
            Self::Either(answer, damage) => Verdict::Either(change(answer), damage),
        }
    }
}

impl<T> From<Result<T, Damage>> for Verdict<T> {
    fn from(outcome: Result<T, Damage>) -> Self {
        match outcome {
            Ok(answer) => Self::Is(answer),
            Err(damage) => Self::Fails(vec![damage]),
        }
    }
}

/// Rows of which the first ones are known, and what is wrong after them.
#[derive(Debug, Clone)]
pub struct Listing {
    /// From the lower end up.
    pub rows: Vec<Row>,
    pub damage: Option<Damage>,
    /// Whether no more rows are wanted, so that the damage need not be met.
    pub enough: bool,
}

impl Listing {
    fn whole(rows: Vec<Row>) -> Self {
        Self {
            rows,
            damage: None,
            enough: true,
        }
    }

    fn new(rows: Vec<Row>, damage: Option<Damage>, limit: Option<usize>) -> Self {
        let listing = Self {
            enough: damage.is_none(),
            rows,
            damage,
        };
        listing.cut(limit)
    }

    /// At most so many rows, without what comes after them.
    fn cut(mut self, limit: Option<usize>) -> Self {
        if let Some(limit) = limit {
            if self.rows.len() >= limit {
                self.rows.truncate(limit);
                self.enough = true;
            }
        }
        self
    }
}

/// Messages with the same parent.
#[derive(Debug, Clone, Default)]
pub struct Alternatives {
    pub rows: Vec<Row>,
    /// What can go wrong when somebody asks for `is_current`.
    pub damage: Vec<Damage>,
    /// Whether that has to fail.
    pub fails: bool,
}

pub fn integer(value: impl Into<Option<i64>>) -> Value {
    value.into().map_or(Value::Null, Value::Integer)
}

pub fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

pub fn flag(value: bool) -> Value {
    Value::Integer(i64::from(value))
}

impl Model {
    /// The columns of `messages`.
    pub fn row(&self, id: i64) -> Row {
        let message = &self.messages[&id];
        vec![
            Value::Integer(id),
            text(&message.thread),
            text(&message.role),
            text(&message.content),
            message.item_json.as_deref().map_or(Value::Null, text),
            Value::Integer(message.created_at),
            match &message.parent {
                Parent::None => Value::Null,
                Parent::Id(parent) => Value::Integer(*parent),
                Parent::Other(other) => other.clone(),
            },
        ]
    }

    pub fn depth(&self, id: i64) -> Verdict<Value> {
        if !self.messages.contains_key(&id) {
            return Verdict::Is(Value::Null);
        }
        Verdict::from(self.way(id).whole()).map(|way| Value::Integer(way.len() as i64 - 1))
    }

    pub fn root(&self, id: i64) -> Verdict<Value> {
        if !self.messages.contains_key(&id) {
            return Verdict::Is(Value::Null);
        }
        Verdict::from(self.way(id).whole()).map(|way| integer(way.last().copied()))
    }

    pub fn tip(&self, id: i64) -> Verdict<Value> {
        if !self.messages.contains_key(&id) {
            return Verdict::Is(Value::Null);
        }
        Verdict::from(self.below(id)).map(|below| integer(below.into_iter().max()))
    }

    pub fn is_ancestor(&self, a: i64, b: i64) -> Verdict<Value> {
        if !self.messages.contains_key(&a) || !self.messages.contains_key(&b) {
            return Verdict::Is(Value::Null);
        }
        let way = self.way(b);
        match (way.ids.contains(&a), way.damage) {
            (true, None) => Verdict::Is(flag(true)),
            (false, None) => Verdict::Is(flag(false)),
            // What is broken lies above.
            (true, Some(damage)) => Verdict::Either(flag(true), vec![damage]),
            // If ids only go down, whatever is above the damage has an id below its own.
            (false, Some(damage)) if self.only_goes_down() && damage.at < a => {
                Verdict::Either(flag(false), vec![damage])
            }
            (false, Some(damage)) => Verdict::Fails(vec![damage]),
        }
    }

    pub fn common_ancestor(&self, a: i64, b: i64) -> Verdict<Option<i64>> {
        if !self.messages.contains_key(&a) || !self.messages.contains_key(&b) {
            return Verdict::Is(None);
        }
        let (way_a, way_b) = (self.way(a), self.way(b));
        let shared = way_a.ids.iter().find(|id| way_b.ids.contains(id)).copied();
        let damage: Vec<Damage> = way_a.damage.iter().chain(&way_b.damage).cloned().collect();
        if damage.is_empty() {
            return Verdict::Is(shared);
        }
        // If ids only go down, nothing that lies above the damage on one path is on the other one, when that ends
        // with a higher id.
        let apart = |broken: &Way, other: &Way| {
            self.only_goes_down()
                && other.damage.is_none()
                && broken
                    .damage
                    .as_ref()
                    .is_some_and(|damage| other.ids.last().is_some_and(|root| *root > damage.at))
        };
        if shared.is_some() || apart(&way_a, &way_b) || apart(&way_b, &way_a) {
            Verdict::Either(shared, damage)
        } else {
            Verdict::Fails(damage)
        }
    }

    /// `branch_path`: id, distance. From the message up.
    pub fn path(&self, id: i64, limit: Option<usize>) -> Listing {
        if !self.messages.contains_key(&id) {
            return Listing::whole(Vec::new());
        }
        let way = self.way(id);
        let rows = way.ids.iter().enumerate();
        let rows = rows.map(|(distance, id)| vec![Value::Integer(*id), integer(distance as i64)]);
        Listing::new(rows.collect(), way.damage, limit)
    }

    /// `branch_messages`: M, distance. From the leaf up. None where an error may take its place, whatever is asked.
    pub fn branch_messages(
        &self,
        thread: &str,
        limit: Option<usize>,
        before: Option<i64>,
    ) -> Verdict<Listing> {
        if !self.threads.contains_key(thread) {
            return Verdict::Is(Listing::whole(Vec::new()));
        }
        let way = match self.branch(thread) {
            Ok(way) => way,
            Err(damage) => return Verdict::Fails(vec![damage]),
        };
        let rows: Vec<Row> = way
            .ids
            .iter()
            .enumerate()
            .map(|(distance, id)| {
                let mut row = self.row(*id);
                row.push(integer(distance as i64));
                row
            })
            .collect();
        let listing = |from: usize| Listing::new(rows[from..].to_vec(), way.damage.clone(), limit);
        let Some(before) = before else {
            return Verdict::Is(listing(0));
        };
        if !self.messages.contains_key(&before) || way.ids.is_empty() {
            return Verdict::Is(Listing::whole(Vec::new()));
        }
        if let Some(at) = way.ids.iter().position(|id| *id == before) {
            return Verdict::Is(listing(at + 1));
        }
        // What lies above it and on the branch too.
        let beside = self.way(before);
        let damage: Vec<Damage> = way.damage.iter().chain(&beside.damage).cloned().collect();
        let shared = beside
            .ids
            .iter()
            .find_map(|id| way.ids.iter().position(|on_branch| on_branch == id));
        match (shared, damage.is_empty()) {
            (Some(at), true) => Verdict::Is(listing(at)),
            (None, true) => Verdict::Is(Listing::whole(Vec::new())),
            (Some(at), false) => Verdict::Either(listing(at), damage),
            (None, false) => match self.common_ancestor(before, way.ids[0]) {
                Verdict::Either(None, damage) => {
                    Verdict::Either(Listing::whole(Vec::new()), damage)
                }
                _ => Verdict::Fails(damage),
            },
        }
    }

    /// `branch_leaves`: M, depth, fork_id, is_current.
    pub fn leaves(&self, thread: &str) -> (Vec<Row>, Vec<Damage>) {
        let mut rows = Vec::new();
        let Some(current) = self.threads.get(thread).map(|thread| thread.leaf) else {
            return (rows, Vec::new());
        };
        let ids = self.messages_of(thread);
        for id in &ids {
            if !self.children(*id).is_empty() {
                continue;
            }
            let way = self.way(*id);
            let fork = way.ids[1..].iter().find(|id| self.children(**id).len() > 1);
            let mut row = self.row(*id);
            row.push(integer(way.ids.len() as i64 - 1));
            row.push(integer(fork.copied()));
            row.push(flag(current == Some(*id)));
            rows.push(row);
        }
        (rows, self.damage_above(&ids))
    }

    /// What is broken on any of these messages' paths.
    fn damage_above(&self, ids: &[i64]) -> Vec<Damage> {
        ids.iter().filter_map(|id| self.way(*id).damage).collect()
    }

    /// Whether a message lies on its own thread's current branch, as the nearest to the leaf of these alternatives.
    fn is_current(&self, id: i64, alternatives: &[i64]) -> Verdict<bool> {
        let thread = &self.messages[&id].thread;
        if !self.threads.contains_key(thread) {
            return Verdict::Is(false);
        }
        let way = match self.branch(thread) {
            Ok(way) => way,
            Err(damage) => return Verdict::Fails(vec![damage]),
        };
        let chosen = way
            .ids
            .iter()
            .find(|on_branch| alternatives.contains(on_branch));
        let current = chosen == Some(&id);
        match way.damage {
            None => Verdict::Is(current),
            // What is broken lies above.
            Some(damage) if chosen.is_some() => Verdict::Either(current, vec![damage]),
            Some(damage) if self.only_goes_down() && damage.at < id => {
                Verdict::Either(current, vec![damage])
            }
            Some(damage) => Verdict::Fails(vec![damage]),
        }
    }

    /// `branch_children`: M, is_current.
    pub fn branch_children(&self, id: i64) -> Alternatives {
        if !self.messages.contains_key(&id) {
            return Alternatives::default();
        }
        self.alternatives(&self.children(id), false)
    }

    /// `branch_siblings`: M, position, is_current.
    pub fn siblings(&self, id: i64) -> Verdict<Alternatives> {
        let Some(message) = self.messages.get(&id) else {
            return Verdict::Is(Alternatives::default());
        };
        let ids: Vec<i64> = match &message.parent {
            Parent::Id(parent) => self.children(*parent),
            Parent::None => self
                .messages_of(&message.thread)
                .into_iter()
                .filter(|other| self.messages[other].parent == Parent::None)
                .collect(),
            Parent::Other(_) => return Verdict::Fails(self.damage_above(&[id])),
        };
        Verdict::Is(self.alternatives(&ids, true))
    }

    fn alternatives(&self, ids: &[i64], positions: bool) -> Alternatives {
        let mut all = Alternatives::default();
        for (at, id) in ids.iter().enumerate() {
            let mut row = self.row(*id);
            if positions {
                row.push(integer(at as i64 + 1));
            }
            row.push(flag(match self.is_current(*id, ids) {
                Verdict::Is(current) => current,
                Verdict::Either(current, damage) => {
                    all.damage.extend(damage);
                    current
                }
                Verdict::Fails(damage) => {
                    all.damage.extend(damage);
                    all.fails = true;
                    false
                }
            }));
            all.rows.push(row);
        }
        all
    }

    /// A thread's messages, parents before children, depth first, siblings by id.
    pub fn depth_first(&self, thread: &str) -> Vec<i64> {
        let inside = self.messages_of(thread);
        let starts = inside.iter().filter(|id| match &self.messages[id].parent {
            Parent::Id(parent) => !inside.contains(parent),
            _ => true,
        });
        // The next one last.
        let mut waiting: Vec<i64> = starts.copied().rev().collect();
        let mut order = Vec::new();
        while let Some(id) = waiting.pop() {
            order.push(id);
            let children = self.children(id).into_iter().rev();
            waiting.extend(children.filter(|child| inside.contains(child)));
        }
        order
    }

    /// `branch_tree`: id, parent_entry_id, role, created_at, depth, children, is_leaf, is_current, preview. Without
    /// the drawing.
    pub fn tree(&self, thread: &str) -> Verdict<Vec<Row>> {
        if !self.threads.contains_key(thread) {
            return Verdict::Is(Vec::new());
        }
        let mut damage = self.damage_above(&self.messages_of(thread));
        let mut current = Vec::new();
        match self.branch(thread) {
            Err(missing) => damage.push(missing),
            Ok(way) => {
                damage.extend(way.damage);
                current = way.ids;
            }
        }
        if !damage.is_empty() {
            return Verdict::Fails(damage);
        }
        let rows = self.depth_first(thread).into_iter().map(|id| {
            let full = self.row(id);
            let children = self.children(id).len();
            vec![
                integer(id),
                full[6].clone(),
                full[2].clone(),
                full[5].clone(),
                integer(self.way(id).ids.len() as i64 - 1),
                integer(children as i64),
                flag(children == 0),
                flag(current.contains(&id)),
                text(&drawing::preview(&self.messages[&id].content)),
            ]
        });
        Verdict::Is(rows.collect())
    }

    /// `branch_diff`: side, M.
    pub fn diff(&self, a: i64, b: i64) -> Verdict<Vec<Row>> {
        if !self.messages.contains_key(&a) || !self.messages.contains_key(&b) {
            return Verdict::Is(Vec::new());
        }
        let (way_a, way_b) = (self.way(a), self.way(b));
        let damage: Vec<Damage> = way_a.damage.iter().chain(&way_b.damage).cloned().collect();
        let shared = way_a.ids.iter().find(|id| way_b.ids.contains(id));
        let mut rows = Vec::new();
        for (side, way) in [("a", &way_a), ("b", &way_b)] {
            let own: Vec<i64> = way
                .ids
                .iter()
                .take_while(|id| Some(*id) != shared)
                .copied()
                .collect();
            for id in own.into_iter().rev() {
                let mut row = vec![text(side)];
                row.extend(self.row(id));
                rows.push(row);
            }
        }
        match (damage.is_empty(), shared) {
            (true, _) => Verdict::Is(rows),
            (false, Some(_)) => Verdict::Either(rows, damage),
            (false, None) => Verdict::Fails(damage),
        }
    }
}
