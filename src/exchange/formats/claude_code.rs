//! `claude-code`: a session of Claude Code, `~/.claude/projects/<directory>/<session>.jsonl`, or that of a sub-agent.
//!
//! Each line that has a `uuid` is a node below its `parentUuid`; `user`, `assistant`, `system` and `attachment` are
//! messages. A session that was resumed or forked repeats lines of another, with the same `uuid`.

use std::borrow::Cow;

use super::blocks;
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Leaf, Node, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    let mut session = Session::default();
    super::each_line(source, store, &mut |value, store| {
        session.line(value, store)
    })?;
    if session.has_begun {
        session.give_title(store);
        store.end(Leaf::Newest)?;
    }
    Ok(())
}

#[derive(Default)]
struct Session {
    has_begun: bool,
    /// The node of the line before, for lines without `uuid`.
    previous: Option<Slot>,
    /// Titles: what the user has called it, what the program has called it, what a summary says.
    titles: [Option<String>; 3],
}

impl Session {
    fn line(&mut self, line: Raw<'_>, store: &mut Store<'_>) -> Result<bool> {
        let [kind, uuid, parent, logical_parent, session, timestamp, message, attachment, content, side, compact] =
            json::pick(
                line,
                [
                    "type",
                    "uuid",
                    "parentUuid",
                    "logicalParentUuid",
                    "sessionId",
                    "timestamp",
                    "message",
                    "attachment",
                    "content",
                    "isSidechain",
                    "isCompactSummary",
                ],
            );
        let kind = store.text(kind, "type")?;
        let said = match kind.as_ref() {
            "user" | "assistant" => store.object(message, "message")?,
            "attachment" => store.object(attachment, "attachment")?,
            "system" => Some(line),
            "summary" => return self.title(2, json::member(line, "summary")),
            "ai-title" => return self.title(1, json::member(line, "aiTitle")),
            "custom-title" => return self.title(0, json::member(line, "customTitle")),
            _ => None,
        };
        let uuid = store.id(uuid, "uuid")?;
        if said.is_none() && uuid.is_none() {
            return Ok(!kind.is_empty());
        }
        let session = store.id(session, "sessionId")?;
        if !std::mem::replace(&mut self.has_begun, true) {
            store.begin(conversation(line, session.as_deref()))?;
        }
        let parent = store.id(parent.or(logical_parent), "parentUuid")?;
        let (role, text);
        let mut node = Node {
            parent: match (&uuid, parent.as_deref()) {
                (_, Some(parent)) => Parent::Id(parent),
                (Some(_), None) => Parent::First,
                (None, None) => Parent::Slot(self.previous),
            },
            id: uuid.as_deref(),
            is_message: said.is_some(),
            item_json: Some(line.text().as_bytes()),
            created_at: time::read(timestamp),
            is_side: json::is_true(side),
            session: session.as_deref(),
            ..Node::default()
        };
        if let Some(said) = said {
            (role, text) = match kind.as_ref() {
                "system" => (Cow::Borrowed("system"), blocks::text(content)),
                "attachment" => attached(said),
                _ => spoken(said, kind, json::is_true(compact)),
            };
            node.role = role.as_bytes();
            node.text = text.as_bytes();
        }
        self.previous = Some(store.add(node)?);
        Ok(true)
    }

    fn title(&mut self, rank: usize, title: Option<Raw<'_>>) -> Result<bool> {
        if let (Some(place), Some(title)) = (self.titles.get_mut(rank), json::id(title)) {
            *place = Some(title.into_owned());
        }
        Ok(true)
    }

    fn give_title(&mut self, store: &mut Store<'_>) {
        let title = self.titles.iter_mut().find_map(Option::take);
        let row = &mut store.conversation().row;
        row.set_text("title", title.map(Cow::Owned));
    }
}

fn conversation(line: Raw<'_>, session: Option<&str>) -> Conversation {
    let [cwd, branch, version] = json::pick(line, ["cwd", "gitBranch", "version"]);
    let mut begun = Conversation {
        id: session.map(str::to_owned),
        ..Conversation::default()
    };
    begun.row.set_text("cwd", json::text(cwd));
    begun.row.set_text("git_branch", json::id(branch));
    begun.row.set_text("cli_version", json::text(version));
    begun
}

/// Role and text of a `message`.
fn spoken<'a>(message: Raw<'a>, kind: Cow<'a, str>, is_summary: bool) -> (Cow<'a, str>, String) {
    let [role, content] = json::pick(message, ["role", "content"]);
    let role = json::id(role).unwrap_or(kind);
    let role = if is_summary {
        Cow::Borrowed("summary")
    } else if role == "user" && blocks::is_tool_result(content) {
        Cow::Borrowed("tool")
    } else {
        role
    };
    (role, blocks::text(content))
}

/// Role and text of an `attachment`: what the user has typed ahead, or what the program tells the model.
fn attached<'a>(attachment: Raw<'_>) -> (Cow<'a, str>, String) {
    let [prompt, content] = json::pick(attachment, ["prompt", "content"]);
    match prompt {
        Some(prompt) => (Cow::Borrowed("user"), blocks::text(Some(prompt))),
        None => (Cow::Borrowed("system"), blocks::text(content)),
    }
}
