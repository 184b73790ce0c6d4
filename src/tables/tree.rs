//! `branch_tree(thread_id)`: all of a thread's messages as a tree.

use std::rc::Rc;

use crate::arguments;
use crate::error::Result;
use crate::sqlite::{Arguments, Connection, Context, Order, Plan, Rows, Shape, SortKey, Table};
use crate::tree::rows::snapshot::Snapshot;
use crate::tree::shape::graph::{Graph, Wants};

const PARENT: usize = 1;
const ROLE: usize = 2;
const CREATED_AT: usize = 3;
const DEPTH: usize = 4;
const CHILDREN: usize = 5;
const IS_LEAF: usize = 6;
const IS_CURRENT: usize = 7;
const PREVIEW: usize = 8;
const GRAPH: usize = 9;

/// The table.
pub struct BranchTree;

impl Table for BranchTree {
    const SHAPE: Shape = Shape {
        name: "branch_tree",
        columns:
            "id INTEGER, parent_entry_id INTEGER, role TEXT, created_at INTEGER, depth INTEGER, \
                  children INTEGER, is_leaf INTEGER, is_current INTEGER, preview TEXT, graph TEXT",
        arguments: &[("thread", "TEXT")],
        required: 1,
        orders: &[SortKey::rowid(Order::Natural, Order::Reverse)],
        rows: 200,
        limit: None,
    };
    type Rows = TreeRows;
}

/// The rows of one use.
pub struct TreeRows {
    graph: Option<Graph>,
    /// Whether columns are read that only the message itself tells.
    reads: bool,
    reverse: bool,
    passed: usize,
    _snapshot: Snapshot,
}

impl TreeRows {
    fn line(&self) -> usize {
        if self.reverse {
            let count = self.graph.as_ref().map_or(0, Graph::len);
            count.wrapping_sub(self.passed + 1)
        } else {
            self.passed
        }
    }

    fn read(&mut self) -> Result<()> {
        let line = self.line();
        match &mut self.graph {
            Some(graph) if self.reads && line < graph.len() => graph.read(line),
            _ => Ok(()),
        }
    }
}

impl Rows for TreeRows {
    fn filter(connection: &Rc<Connection>, arguments: &Arguments<'_>, plan: Plan) -> Result<Self> {
        let thread = arguments::given_thread_id(arguments.get(0))?.unwrap_or_default();
        let snapshot = Snapshot::hold(connection)?;
        let wants = Wants {
            children: plan.uses_any(CHILDREN..=IS_LEAF),
            role: plan.uses(ROLE) || plan.uses(GRAPH),
            time: plan.uses(CREATED_AT),
            preview: plan.uses_any(PREVIEW..=GRAPH),
        };
        let mut rows = Self {
            graph: Graph::of(connection, thread, wants)?,
            reads: wants.role || wants.time || wants.preview,
            reverse: plan.order() == Order::Reverse,
            passed: 0,
            _snapshot: snapshot,
        };
        rows.read()?;
        Ok(rows)
    }

    fn eof(&self) -> bool {
        self.graph
            .as_ref()
            .is_none_or(|graph| self.passed >= graph.len())
    }

    fn next(&mut self) -> Result<()> {
        self.passed += 1;
        self.read()
    }

    fn column(&self, context: &mut Context<'_>, column: usize) -> Result<()> {
        let Some(graph) = &self.graph else {
            return Ok(());
        };
        let line = self.line();
        let at = graph.position(line);
        let forest = graph.forest();
        match column {
            PARENT => context.result_optional(forest.parent(at).map(|parent| forest.id(parent))),
            ROLE => graph.result_role(context)?,
            CREATED_AT => graph.result_time(context)?,
            DEPTH => context.result_integer(forest.depth(at)),
            CHILDREN => context.result_integer(forest.children(at)),
            IS_LEAF => context.result_flag(forest.children(at) == 0),
            IS_CURRENT => context.result_flag(graph.is_current(at)),
            PREVIEW => context.result_text(graph.preview()?.as_bytes()),
            GRAPH => context.result_text(graph.draw(line)?.as_bytes()),
            _ => context.result_integer(forest.id(at)),
        }
        Ok(())
    }

    fn rowid(&self) -> i64 {
        i64::try_from(self.line()).unwrap_or(i64::MAX - 1) + 1
    }
}
