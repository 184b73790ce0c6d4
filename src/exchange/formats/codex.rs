//! `codex`: a rollout of Codex, `~/.codex/sessions/**/rollout-*.jsonl`.
//!
//! A line is `{"timestamp", "type", "payload"}`. The items of type `response_item` are messages in the order of the file;
//! a rollback of some turns begins a branch. A forked session begins with copies of another's items.

use std::borrow::Cow;

use super::blocks;
use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Copies, Leaf, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    let mut rollout = Rollout::default();
    super::each_line(source, store, &mut |value, store| {
        rollout.line(value, store)
    })?;
    if rollout.has_begun {
        store.end(Leaf::Slot(rollout.last))?;
    }
    Ok(())
}

#[derive(Default)]
struct Rollout {
    has_begun: bool,
    conversation: Conversation,
    has_row: bool,
    last: Option<Slot>,
    /// What each turn of the current branch hangs on.
    turns: Vec<Option<Slot>>,
}

impl Rollout {
    fn line(&mut self, line: Raw<'_>, store: &mut Store<'_>) -> Result<bool> {
        let [kind, payload, timestamp] = json::pick(line, ["type", "payload", "timestamp"]);
        let kind = store.text(kind, "type")?;
        let payload = store.object(payload, "payload")?;
        match (kind.as_ref(), payload) {
            ("session_meta", Some(payload)) => return self.meta(payload, store),
            ("response_item", Some(payload)) => self.item(line, payload, timestamp, store)?,
            ("compacted", Some(payload)) => {
                let text = json::text_or_empty(json::member(payload, "message"));
                self.add(line, "summary", &text, timestamp, store)?;
            }
            ("event_msg", Some(payload)) => self.event(payload, store)?,
            ("session_meta" | "response_item" | "compacted" | "event_msg", None) => {
                store.bad("payload is missing")?;
            }
            // The first rollouts had bare items below a line with the session's id.
            ("", None) => return self.meta(line, store),
            ("message" | "function_call" | "function_call_output" | "reasoning", None) => {
                self.item(line, line, timestamp, store)?;
            }
            _ => {}
        }
        Ok(true)
    }

    /// What is known of the session. A fork repeats what is known of those that it comes from.
    fn meta(&mut self, payload: Raw<'_>, store: &Store<'_>) -> Result<bool> {
        let [id, forked_from, timestamp, cwd, version, provider, git] = json::pick(
            payload,
            [
                "id",
                "forked_from_id",
                "timestamp",
                "cwd",
                "cli_version",
                "model_provider",
                "git",
            ],
        );
        let [id, forked_from] = [
            store.id(id, "the id of the session")?,
            store.id(forked_from, "forked_from_id")?,
        ];
        if self.has_begun || id.is_none() {
            return Ok(id.is_some());
        }
        let conversation = &mut self.conversation;
        // The thread is that of the session where it all began.
        for id in [id, forked_from].into_iter().flatten() {
            let nearer = conversation.id.replace(id.into_owned());
            conversation.forked_from.extend(nearer);
        }
        if !std::mem::replace(&mut self.has_row, true) {
            conversation
                .row
                .set_integer("created_at", time::read(timestamp));
            conversation.row.set_text("cwd", json::text(cwd));
            conversation
                .row
                .set_text("cli_version", json::text(version));
            conversation
                .row
                .set_text("model_provider", json::text(provider));
            if let Some(git) = git {
                let [hash, branch, url] =
                    json::pick(git, ["commit_hash", "branch", "repository_url"]);
                conversation.row.set_text("git_sha", json::text(hash));
                conversation.row.set_text("git_branch", json::text(branch));
                conversation.row.set_text("git_origin_url", json::text(url));
            }
        }
        Ok(true)
    }

    fn item(
        &mut self,
        line: Raw<'_>,
        item: Raw<'_>,
        timestamp: Option<Raw<'_>>,
        store: &mut Store<'_>,
    ) -> Result<()> {
        let [kind, role, content, output, summary] =
            json::pick(item, ["type", "role", "content", "output", "summary"]);
        let kind = json::text_or_empty(kind);
        let text = match kind.as_ref() {
            "ghost_snapshot" => return Ok(()),
            "reasoning" => blocks::text(summary.filter(|summary| json::is_array(*summary))),
            _ => blocks::text(content.or(output)),
        };
        let role = match json::id(role) {
            Some(role) => role,
            None if kind.ends_with("_output") => Cow::Borrowed("tool"),
            None => Cow::Borrowed("assistant"),
        };
        let role = match role.as_ref() {
            "user" if is_environment(&text) => "developer",
            "user" => {
                self.turns.push(self.last);
                "user"
            }
            other => other,
        };
        self.add(line, role, &text, timestamp, store)
    }

    fn add(
        &mut self,
        line: Raw<'_>,
        role: &str,
        text: &str,
        timestamp: Option<Raw<'_>>,
        store: &mut Store<'_>,
    ) -> Result<()> {
        if !std::mem::replace(&mut self.has_begun, true) {
            let mut conversation = std::mem::take(&mut self.conversation);
            conversation.copies = Copies::Payloads;
            store.begin(conversation)?;
        }
        let parent = Parent::Slot(self.last);
        let time = time::read(timestamp);
        self.last = Some(super::add(
            store,
            None,
            parent,
            role,
            text,
            line.text(),
            time,
        )?);
        Ok(())
    }

    /// A rollback; all other events repeat items, or are none.
    fn event(&mut self, payload: Raw<'_>, store: &Store<'_>) -> Result<()> {
        let [kind, turns] = json::pick(payload, ["type", "num_turns"]);
        if !matches!(
            json::text_or_empty(kind).as_ref(),
            "thread_rolled_back" | "ThreadRolledBack"
        ) {
            return Ok(());
        }
        let turns = turns.and_then(Raw::integer);
        if turns.is_none() {
            store.bad("num_turns is not a number")?;
        }
        let turns = turns.unwrap_or(0);
        for _ in 0..turns {
            match self.turns.pop() {
                Some(last) => self.last = last,
                None => break,
            }
        }
        Ok(())
    }
}

/// Whether a text of the role `user` was put there by the program.
fn is_environment(text: &str) -> bool {
    const BEGINNINGS: [&str; 7] = [
        "<environment_context>",
        "<user_instructions>",
        "<INSTRUCTIONS>",
        "# AGENTS.md instructions",
        "<permissions instructions>",
        "<turn_aborted>",
        "<skill>",
    ];
    let text = text.trim_start();
    BEGINNINGS
        .iter()
        .any(|beginning| text.starts_with(beginning))
}
