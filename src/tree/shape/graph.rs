//! Drawing a thread, one line per message.
//!
//! A line's parent is the nearest line above it in its column. Where a message has several children, all but the last
//! start a column of their own to the right (`├─`), and the last goes straight on. So a long chat is a straight line,
//! however often an answer was regenerated.

use std::rc::Rc;

use crate::error::{filled, push, Error, Result};
use crate::sqlite::{Connection, Statement};
use crate::tree::path::ancestors::Climb;
use crate::tree::rows::thread;
use crate::tree::shape::forest::Forest;

/// How many characters of a content are shown.
const PREVIEW: usize = 60;
/// How many columns of a graph are drawn.
const DEEPEST: u32 = 40;

/// A line of the graph.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// The message's position in the forest.
    at: u32,
    /// How many columns are to the left.
    indent: u32,
    /// Whether it starts its column.
    starts: bool,
}

/// A thread's messages, parents before children, depth first, siblings by id.
pub struct Graph {
    forest: Forest,
    lines: Vec<Line>,
    /// By position in the forest.
    current: Vec<bool>,
    leaf: Option<usize>,
    row: Statement,
}

impl Graph {
    /// Reads and lays out a thread. None if there is no such thread.
    pub fn of(connection: &Rc<Connection>, thread: &[u8]) -> Result<Option<Self>> {
        let Some(leaf) = thread::present_leaf(connection, thread)? else {
            return Ok(None);
        };
        let forest = Forest::of(connection, thread)?;
        let mut current = filled(forest.len(), false)?;
        if let Some(leaf) = leaf {
            let mut climb = Climb::from(connection, leaf)?;
            while let Some(stretch) = climb.next_verified()? {
                let start = forest.first_from(stretch.run.first);
                let end = forest.first_after(stretch.run.last);
                if let Some(range) = current.get_mut(start..end) {
                    range.fill(true);
                }
            }
        }
        Ok(Some(Self {
            lines: lay_out(&forest)?,
            leaf: leaf.and_then(|leaf| forest.position(leaf)),
            forest,
            current,
            row: connection.prepare(
                "SELECT role, substr(content, 1, 240), created_at, parent_entry_id FROM main.messages WHERE id = +?1",
            )?,
        }))
    }

    /// The number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Where the message of a line is in the forest.
    pub fn position(&self, line: usize) -> usize {
        self.lines
            .get(line)
            .map_or(usize::MAX, |line| line.at as usize)
    }

    /// The shape.
    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// Whether a message lies on the current branch.
    pub fn is_current(&self, at: usize) -> bool {
        self.current.get(at).copied().unwrap_or(false)
    }

    /// Goes to the message of a line.
    pub fn read(&mut self, line: usize) -> Result<()> {
        let id = self.forest.id(self.position(line));
        self.row.start(&[id])?;
        if self.row.step()? {
            Ok(())
        } else {
            Err(Error::corrupt(format!("message {id} is missing")))
        }
    }

    /// The row of the message: role, beginning of the content, time, parent.
    pub fn row(&self) -> &Statement {
        &self.row
    }

    /// The beginning of the message's content, on one line.
    pub fn preview(&self) -> Result<String> {
        Ok(preview(self.row.text(1)?))
    }

    /// The line as it is drawn.
    pub fn draw(&self, line: usize) -> Result<String> {
        let Some(line) = self.lines.get(line) else {
            return Ok(String::new());
        };
        let at = line.at as usize;
        let mut text = String::new();
        let columns = line.indent.min(DEEPEST);
        for column in 1..=columns {
            text.push_str(if column == columns && line.starts {
                "├─"
            } else {
                "│ "
            });
        }
        if line.indent > DEEPEST {
            text.push_str(&format!("(+{}) ", line.indent - DEEPEST));
        }
        text.push(if self.leaf == Some(at) {
            '◉'
        } else if self.is_current(at) {
            '●'
        } else {
            '○'
        });
        text.push_str(&format!(
            " {} {}: {}",
            self.forest.id(at),
            preview(self.row.text(0)?),
            self.preview()?
        ));
        Ok(text)
    }
}

/// The first words of a text, without line breaks and other control characters.
fn preview(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut shown = String::new();
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if count > 0 {
            shown.push(' ');
            count += 1;
        }
        for character in word.chars() {
            if count >= PREVIEW {
                shown.truncate(shown.trim_end().len());
                shown.push('…');
                return shown;
            }
            shown.push(character);
            count += 1;
        }
    }
    shown
}

/// Walks the forest depth first.
fn lay_out(forest: &Forest) -> Result<Vec<Line>> {
    const NONE: u32 = u32::MAX;
    let count = u32::try_from(forest.len()).map_err(|_| Error::no_memory())?;
    let mut first_child = filled(forest.len(), NONE)?;
    let mut next_sibling = filled(forest.len(), NONE)?;
    let mut first_root = NONE;
    for at in (0..count).rev() {
        let node = at as usize;
        if !forest.is_inside(node) {
            continue;
        }
        let head = match forest
            .parent(node)
            .filter(|parent| forest.is_inside(*parent))
        {
            Some(parent) => first_child.get_mut(parent),
            None => Some(&mut first_root),
        };
        if let (Some(head), Some(next)) = (head, next_sibling.get_mut(node)) {
            *next = std::mem::replace(head, at);
        }
    }
    let next_of = |list: &[u32], at: u32| list.get(at as usize).copied().unwrap_or(NONE);
    let mut lines = Vec::new();
    let mut waiting = Vec::new();
    // First messages are drawn as the alternatives that they are: children of a message that is not there.
    let mut root = first_root;
    while root != NONE {
        let next_root = next_of(&next_sibling, root);
        push(
            &mut waiting,
            Line {
                at: root,
                indent: u32::from(next_root != NONE),
                starts: next_root != NONE,
            },
        )?;
        while let Some(line) = waiting.pop() {
            push(&mut lines, line)?;
            // The children wait in reverse, so that the first one comes next.
            let from = waiting.len();
            let mut child = next_of(&first_child, line.at);
            while child != NONE {
                let next = next_of(&next_sibling, child);
                push(
                    &mut waiting,
                    Line {
                        at: child,
                        indent: line.indent + u32::from(next != NONE),
                        starts: next != NONE,
                    },
                )?;
                child = next;
            }
            if let Some(children) = waiting.get_mut(from..) {
                children.reverse();
            }
        }
        root = next_root;
    }
    Ok(lines)
}
