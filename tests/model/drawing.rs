//! What the column `graph` of `branch_tree` has to look like. It is read, not drawn: from each line back to its parent.

use super::{Model, Parent};

/// One line of a drawing.
#[derive(Debug)]
struct Line {
    /// How many columns are to the left.
    indent: usize,
    /// Whether it starts its column.
    starts: bool,
    mark: char,
    label: String,
}

/// More columns than these are not drawn.
const DRAWN: usize = 40;

fn read(line: &str) -> Line {
    let mut rest = line;
    let (mut indent, mut starts) = (0, false);
    loop {
        if let Some(after) = rest.strip_prefix("│ ") {
            assert!(!starts, "a column after the one that starts: {line}");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("├─") {
            assert!(!starts, "two columns start: {line}");
            starts = true;
            rest = after;
        } else {
            break;
        }
        indent += 1;
    }
    if let Some((more, after)) = rest.strip_prefix("(+").and_then(|r| r.split_once(") ")) {
        assert_eq!(indent, DRAWN, "{line}");
        indent += more.parse::<usize>().unwrap();
        rest = after;
    }
    let mark = rest
        .chars()
        .next()
        .unwrap_or_else(|| panic!("no mark: {line}"));
    let label = rest[mark.len_utf8()..]
        .strip_prefix(' ')
        .unwrap_or_else(|| panic!("{line}"));
    Line {
        indent,
        starts,
        mark,
        label: label.to_owned(),
    }
}

/// The beginning of a content as people see it: one line, at most 60 characters.
pub fn preview(content: &str) -> String {
    // SQLite's substr() ends at a NUL.
    let shown = content.split('\0').next().unwrap_or_default();
    let words: Vec<&str> = shown
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    if line.chars().count() <= 60 {
        return line;
    }
    let cut: String = line.chars().take(60).collect();
    format!("{}…", cut.trim_end())
}

/// Holds a thread's drawing against the model. The lines are in the order of [`Model::depth_first`].
pub fn check(model: &Model, thread: &str, drawn: &[String]) {
    let order = model.depth_first(thread);
    assert_eq!(drawn.len(), order.len());
    let lines: Vec<Line> = drawn.iter().map(|line| read(line)).collect();
    let branch = model.branch(thread).map(|way| way.ids).unwrap_or_default();
    for (at, (line, id)) in lines.iter().zip(&order).enumerate() {
        let message = &model.messages[id];
        let label = format!(
            "{id} {}: {}",
            preview(&message.role),
            preview(&message.content)
        );
        assert_eq!(line.label, label);
        let mark = if model.threads[thread].leaf == Some(*id) {
            '◉'
        } else if branch.contains(id) {
            '●'
        } else {
            '○'
        };
        assert_eq!(line.mark, mark, "{}", drawn[at]);
        let Some(parent) = order
            .iter()
            .position(|other| message.parent == Parent::Id(*other))
        else {
            // A first message: the last one at the margin, the others in a column that starts there.
            let straight = !order[at + 1..]
                .iter()
                .any(|other| is_first(model, *other, &order));
            assert_eq!(
                (line.indent, line.starts),
                (usize::from(!straight), !straight),
                "{}",
                drawn[at]
            );
            continue;
        };
        if lines[parent].indent >= DRAWN {
            continue;
        }
        // The parent is the nearest line above in the column: in the one to the left, where the line starts its own.
        let column = line.indent - usize::from(line.starts);
        let above = lines[..at].iter().rposition(|other| other.indent == column);
        assert_eq!(above, Some(parent), "{}\n{}", drawn[at], drawn.join("\n"));
        // Only a fork indents, and its last branch goes straight on.
        let siblings: Vec<i64> = order
            .iter()
            .filter(|other| model.messages[other].parent == message.parent)
            .copied()
            .collect();
        let straight = siblings.iter().max() == Some(id);
        assert_eq!(line.starts, !straight, "{}", drawn[at]);
    }
}

/// Whether a message's parent is not one of those that are drawn.
fn is_first(model: &Model, id: i64, order: &[i64]) -> bool {
    !order
        .iter()
        .any(|other| model.messages[&id].parent == Parent::Id(*other))
}
