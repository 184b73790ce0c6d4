//! Drawing a thread, one line per message.
//!
//! A line's parent is the nearest line above it in its column. Where a message has several children, all but the last
//! start a column of their own to the right (`├─`), and the last goes straight on. So a long chat is a straight line,
//! however often an answer was regenerated.

use std::rc::Rc;

use crate::error::{filled, push, Error, Result};
use crate::sqlite::{code, Beginnings, Connection, Context, Parameter, Statement};
use crate::tree::path::ancestors::Climb;
use crate::tree::rows::density;
use crate::tree::rows::fed::Fed;
use crate::tree::rows::thread;
use crate::tree::rows::times::Times;
use crate::tree::shape::forest::Forest;

/// How many characters of a content are shown: with id, role and a few forks, a line fits into 100 columns.
const PREVIEW: usize = 60;
/// How many columns of a graph are drawn: each takes two characters, and a line is to stay one on a screen.
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

/// What of the messages themselves is wanted, beside their links.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wants {
    /// The number of children, in all threads.
    pub children: bool,
    /// The role.
    pub role: bool,
    /// The time.
    pub time: bool,
    /// The beginning of the content.
    pub preview: bool,
}

/// All that may be wanted of a short row, by one look.
const ROW: &str = "SELECT m.role, substr(m.content, 1, 240), m.created_at \
     FROM branch_feed(?1) AS ids CROSS JOIN main.messages AS m WHERE m.id = ids.rowid";
/// What comes before the content.
const HEAD: &str = "SELECT m.role FROM branch_feed(?1) AS ids CROSS JOIN main.messages AS m WHERE m.id = ids.rowid";
/// As much of a content as a preview is made of, in characters: four times what is shown, since line breaks and other blanks
/// between words are not.
const BEGINNING: usize = 240;

/// Reads messages for lines.
struct Reader {
    row: Fed,
    /// Where contents are long: they are read only as far as they are shown, and times come from an index.
    long: Option<(Beginnings, Times)>,
}

/// A thread's messages, parents before children, depth first, siblings by id.
pub struct Graph {
    connection: Rc<Connection>,
    thread: Vec<u8>,
    forest: Forest,
    lines: Vec<Line>,
    /// By position in the forest.
    current: Vec<bool>,
    leaf: Option<usize>,
    wants: Wants,
    reader: Option<Reader>,
    /// Of the current line.
    time: Option<i64>,
    beginning: Option<Vec<u8>>,
}

impl Graph {
    /// Reads and lays out a thread. None if there is no such thread.
    pub fn of(connection: &Rc<Connection>, thread: &[u8], wants: Wants) -> Result<Option<Self>> {
        let Some(leaf) = thread::present_leaf(connection, thread)? else {
            return Ok(None);
        };
        let forest = Forest::shaped(connection, thread, wants.children)?;
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
        let reader = if !wants.role && !wants.time && !wants.preview {
            None
        } else if density::rows_are_short(connection) {
            Some(Reader {
                row: Fed::new(connection, ROW),
                long: None,
            })
        } else {
            Some(Reader {
                row: Fed::new(connection, HEAD),
                long: Some((
                    Beginnings::new(connection, c"messages", c"content"),
                    Times::new(connection, false),
                )),
            })
        };
        Ok(Some(Self {
            connection: Rc::clone(connection),
            thread: thread.to_vec(),
            lines: lay_out(&forest)?,
            leaf: leaf.and_then(|leaf| forest.position(leaf)),
            forest,
            current,
            wants,
            reader,
            time: None,
            beginning: None,
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
        let Some(reader) = &mut self.reader else {
            return Ok(());
        };
        if !reader.row.find(id)? {
            return Err(Error::corrupt(format!("message {id} is missing")));
        }
        let Some((beginnings, times)) = &mut reader.long else {
            return Ok(());
        };
        if self.wants.time {
            self.time = times.of(&self.thread, id)?;
        }
        if self.wants.preview {
            // A character has at most four bytes, and what comes after a NUL is not text for SQLite's functions.
            let text = match beginnings.of(id, 4 * BEGINNING)? {
                Some(mut text) => {
                    let end = text.iter().position(|byte| *byte == 0);
                    text.truncate(end.unwrap_or(text.len()));
                    text
                }
                None => whole_beginning(&self.connection, id)?,
            };
            self.beginning = Some(text);
        }
        Ok(())
    }

    fn row(&self) -> Result<&Statement> {
        let row = self.reader.as_ref().and_then(|reader| reader.row.row());
        row.ok_or_else(|| Error::new(code::INTERNAL, "no message was read"))
    }

    fn is_long(&self) -> bool {
        self.reader
            .as_ref()
            .is_some_and(|reader| reader.long.is_some())
    }

    /// Gives the message's role.
    pub fn result_role(&self, context: &mut Context<'_>) -> Result<()> {
        context.result_column(self.row()?, 0);
        Ok(())
    }

    /// Gives the message's time.
    pub fn result_time(&self, context: &mut Context<'_>) -> Result<()> {
        if self.is_long() {
            context.result_optional(self.time);
        } else {
            context.result_column(self.row()?, 2);
        }
        Ok(())
    }

    /// The beginning of the message's content, on one line.
    pub fn preview(&self) -> Result<String> {
        match &self.beginning {
            Some(beginning) => {
                let text = String::from_utf8_lossy(beginning);
                let end = text
                    .char_indices()
                    .nth(BEGINNING)
                    .map_or(text.len(), |(end, _)| end);
                Ok(preview(text.get(..end).unwrap_or(&text).as_bytes()))
            }
            None => Ok(preview(self.row()?.text(1)?)),
        }
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
            preview(self.row()?.text(0)?),
            self.preview()?
        ));
        Ok(text)
    }
}

/// The beginning of a content that cannot be read in part.
fn whole_beginning(connection: &Rc<Connection>, id: i64) -> Result<Vec<u8>> {
    let mut row =
        connection.prepare("SELECT substr(content, 1, 240) FROM main.messages WHERE id = +?1")?;
    let found = row.once(&[Parameter::Integer(id)], |row| Ok(row.text(0)?.to_vec()))?;
    Ok(found.unwrap_or_default())
}

/// The first words of a text, without line breaks and other control characters.
fn preview(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut rest = &*text;
    let mut shown = String::new();
    let mut room = PREVIEW;
    loop {
        let (between, _) = run(rest, true, usize::MAX);
        rest = rest.get(between..).unwrap_or_default();
        if rest.is_empty() {
            return shown;
        }
        if !shown.is_empty() {
            shown.push(' ');
            room = room.saturating_sub(1);
        }
        let (end, count) = run(rest, false, room);
        shown.push_str(rest.get(..end).unwrap_or_default());
        room -= count;
        rest = rest.get(end..).unwrap_or_default();
        if run(rest, false, 1).1 > 0 {
            shown.truncate(shown.trim_end().len());
            shown.push('…');
            return shown;
        }
    }
}

/// How long the beginning of a text is, in bytes and in characters, that is made of blanks and control characters alone, or
/// has none: at most so many characters.
fn run(text: &str, blank: bool, most: usize) -> (usize, usize) {
    let (mut end, mut count) = (0, 0);
    while let Some(byte) = text.as_bytes().get(end) {
        let (is_blank, length) = match byte.is_ascii() {
            true => (!byte.is_ascii_graphic(), 1),
            false => beyond_ascii(text, end),
        };
        if is_blank != blank || count == most {
            break;
        }
        end += length;
        count += 1;
    }
    (end, count)
}

/// Whether the character at a place is a blank or a control character, and its length in bytes.
#[cold]
fn beyond_ascii(text: &str, at: usize) -> (bool, usize) {
    let rest = text.get(at..).unwrap_or_default();
    rest.chars().next().map_or((true, 1), |c| {
        (c.is_whitespace() || c.is_control(), c.len_utf8())
    })
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
