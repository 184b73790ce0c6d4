//! Writes random trees as the programs do whose exports are read: the other side of `branch_import`, made by what their
//! files look like and not by what reads them.

#![allow(dead_code)] // Each test binary uses a part of it.

use serde_json::{json, Map, Value};

/// The formats, with a sample of our own for each, in `tests/samples/exports`.
pub const SAMPLES: [(&str, &str); 11] = [
    ("chatgpt", "chatgpt.json"),
    ("claude-ai", "claude-ai.json"),
    ("claude-code", "claude-code.jsonl"),
    ("codex", "codex.jsonl"),
    ("pi", "pi.jsonl"),
    ("open-webui", "open-webui.json"),
    ("librechat", "librechat.json"),
    ("sillytavern", "sillytavern.jsonl"),
    ("oasst", "oasst.jsonl"),
    ("openai", "openai.json"),
    ("jsonl", "jsonl.jsonl"),
];

/// Random numbers (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

/// A message of a tree; its place in the tree's list is its name.
pub struct Message {
    pub parent: Option<usize>,
    pub role: &'static str,
    pub text: String,
    /// Unix seconds.
    pub time: i64,
}

/// A tree with one first message, parents before children, every text once.
pub struct Tree(pub Vec<Message>);

const START: i64 = 1_700_000_000;

impl Tree {
    pub fn random(size: usize, dice: &mut Dice) -> Self {
        let mut messages: Vec<Message> = Vec::new();
        for at in 0..size {
            let parent = match at {
                0 => None,
                // Mostly straight on, so that there are paths.
                _ if !dice.one_in(3) => Some(at - 1),
                _ => Some(dice.below(at)),
            };
            let role = match parent.map(|parent: usize| messages[parent].role) {
                Some("user") => "assistant",
                _ => "user",
            };
            let odd = ["", " \u{0}", " \"\\", " é—漢字 🌱", "\nline", " <b>"][dice.below(6)];
            messages.push(Message {
                parent,
                role,
                text: format!("text {at}{odd}"),
                time: START + at as i64,
            });
        }
        Self(messages)
    }

    /// The path to a message, first to last.
    pub fn path(&self, to: usize) -> Vec<usize> {
        let mut path = vec![to];
        while let Some(parent) = self.0[path[path.len() - 1]].parent {
            path.push(parent);
        }
        path.reverse();
        path
    }

    pub fn children(&self, of: usize) -> Vec<usize> {
        (0..self.0.len())
            .filter(|at| self.0[*at].parent == Some(of))
            .collect()
    }

    pub fn is_leaf(&self, at: usize) -> bool {
        self.children(at).is_empty()
    }

    /// Some of the messages with all that is above them.
    pub fn cut(&self, dice: &mut Dice) -> Vec<usize> {
        let mut there = vec![false; self.0.len()];
        for _ in 0..1 + dice.below(4) {
            for at in self.path(dice.below(self.0.len())) {
                there[at] = true;
            }
        }
        (0..self.0.len()).filter(|at| there[*at]).collect()
    }
}

/// A time as ISO 8601.
pub fn iso(time: i64) -> String {
    let days = time.div_euclid(86_400);
    let second = time.rem_euclid(86_400);
    // The tests' times lie within these days.
    let (date, first) = [("2023-11-14", 19_675), ("2023-11-15", 19_676)]
        .into_iter()
        .find(|(_, day)| *day == days)
        .expect("a time of the tests");
    let _ = first;
    format!(
        "{date}T{:02}:{:02}:{:02}.250Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// A uuid for a message.
pub fn uuid(at: usize) -> String {
    format!("{at:08x}-0000-4000-8000-{:012x}", 1 + at * 7919)
}

fn object(pairs: Vec<(String, Value)>) -> Value {
    Value::Object(pairs.into_iter().collect::<Map<_, _>>())
}

/// `conversations.json` of ChatGPT with one conversation.
pub fn chatgpt(tree: &Tree, there: &[usize], session: usize, dice: &mut Dice) -> String {
    let mut nodes = vec![(
        "client-created-root".to_owned(),
        json!({"id": "client-created-root", "message": null, "parent": null, "children": []}),
    )];
    for at in there {
        let message = &tree.0[*at];
        let mut parent = message
            .parent
            .map_or_else(|| "client-created-root".to_owned(), uuid);
        if dice.one_in(4) {
            // A hidden node between.
            let hidden = format!("hidden-{session}-{at}");
            nodes.push((
                hidden.clone(),
                json!({"id": hidden, "parent": parent, "children": [], "message": {
                    "id": hidden, "author": {"role": "system"}, "create_time": null,
                    "content": {"content_type": "text", "parts": ["hidden"]},
                    "metadata": {"is_visually_hidden_from_conversation": true}}}),
            ));
            parent = hidden;
        }
        nodes.push((
            uuid(*at),
            json!({"id": uuid(*at), "parent": parent, "children": ["nobody"], "message": {
                "id": uuid(*at), "author": {"role": message.role}, "create_time": message.time as f64 + 0.5,
                "content": {"content_type": "text", "parts": [message.text]}, "metadata": {}}}),
        ));
    }
    dice.shuffle(&mut nodes);
    json!([{"conversation_id": format!("chat-{session}"), "title": "A chat", "create_time": START as f64,
        "mapping": object(nodes)}])
    .to_string()
}

/// `conversations.json` of claude.ai with one conversation.
pub fn claude_ai(tree: &Tree, there: &[usize], session: usize, dice: &mut Dice) -> String {
    let mut messages: Vec<Value> = there
        .iter()
        .map(|at| {
            let message = &tree.0[*at];
            let nil = "00000000-0000-4000-8000-000000000000".to_owned();
            json!({"uuid": uuid(*at), "parent_message_uuid": message.parent.map_or(nil, uuid),
                "sender": if message.role == "user" { "human" } else { "assistant" },
                "text": "", "created_at": iso(message.time),
                "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": message.text}]})
        })
        .collect();
    dice.shuffle(&mut messages);
    json!([{"uuid": format!("chat-{session}"), "name": "A chat", "created_at": iso(START), "chat_messages": messages}])
        .to_string()
}

/// A session of Claude Code.
pub fn claude_code(tree: &Tree, there: &[usize], session: usize, dice: &mut Dice) -> String {
    let session_id = format!("session-{session}");
    let mut lines = vec![
        json!({"type": "summary", "summary": "A chat", "leafUuid": uuid(there[there.len() - 1])}),
        json!({"type": "file-history-snapshot", "messageId": "m", "snapshot": {}}),
    ];
    for at in there {
        let message = &tree.0[*at];
        let mut parent = message.parent.map(uuid);
        if dice.one_in(4) {
            let progress = format!("progress-{at}");
            lines.push(json!({"type": "progress", "uuid": progress, "parentUuid": parent, "sessionId": session_id}));
            parent = Some(progress);
        }
        let content = match message.role {
            "user" => json!(message.text),
            _ => {
                json!([{"type": "text", "text": message.text}, {"type": "tool_use", "id": "t", "name": "n", "input": {}}])
            }
        };
        lines.push(json!({"type": message.role, "uuid": uuid(*at), "parentUuid": parent, "sessionId": session_id,
            "timestamp": iso(message.time), "isSidechain": false, "message": {"role": message.role, "content": content}}));
        if dice.one_in(5) {
            // Repeated, as by a session that was resumed.
            lines.push(lines[lines.len() - 1].clone());
        }
    }
    dice.shuffle(&mut lines);
    let mut text = String::new();
    for line in lines {
        text.push_str(&format!("{line}\n"));
        if dice.one_in(8) {
            text.push_str("\0\0\0\0\n\n");
        }
    }
    text.push_str("{\"type\":\"user\",\"uuid\":\"half");
    text
}

/// A rollout of codex: a path, and then by rollbacks other paths as far as there are rollbacks that lead there. Gives what
/// is in it. `shift` is how much later copies are written than what they are copies of.
pub fn codex(
    tree: &Tree,
    path: &[usize],
    session: usize,
    forked_from: Option<usize>,
    shift: i64,
    dice: &mut Dice,
) -> (String, Vec<usize>) {
    let mut lines = vec![
        json!({"timestamp": iso(START), "type": "session_meta", "payload":
        {"id": format!("session-{session}"), "forked_from_id": forked_from.map(|from| format!("session-{from}")),
         "timestamp": iso(START), "cwd": "/"}}),
    ];
    let mut now: Vec<usize> = Vec::new();
    let mut there = Vec::new();
    let mut targets = vec![path.to_vec()];
    for _ in 0..dice.below(4) {
        targets.push(tree.path(dice.below(tree.0.len())));
    }
    for target in targets {
        let shared = now
            .iter()
            .zip(&target)
            .take_while(|(one, other)| one == other)
            .count();
        let rest = &now[shared..];
        if !rest.is_empty() {
            if tree.0[rest[0]].role != "user" {
                continue;
            }
            let turns = rest.iter().filter(|at| tree.0[**at].role == "user").count();
            lines.push(
                json!({"timestamp": iso(START), "type": "event_msg", "payload":
                {"type": "thread_rolled_back", "num_turns": turns}}),
            );
        }
        for at in &target[shared..] {
            let message = &tree.0[*at];
            let kind = if message.role == "user" {
                "input_text"
            } else {
                "output_text"
            };
            let time = iso(message.time + shift);
            lines.push(json!({"timestamp": time, "type": "response_item", "payload":
                {"type": "message", "role": message.role, "content": [{"type": kind, "text": message.text}]}}));
            lines.push(json!({"timestamp": time, "type": "event_msg", "payload":
                {"type": "agent_message", "message": message.text}}));
        }
        there.extend(&target[shared..]);
        now = target;
    }
    let text = lines.iter().map(|line| format!("{line}\n")).collect();
    (text, there)
}

/// A session of pi. Ids are the session's own, so those of two sessions may be the same; a fork keeps its copies' ids.
pub fn pi(tree: &Tree, there: &[usize], session: usize, ids: &[usize], dice: &mut Dice) -> String {
    let id = |at: usize| format!("{:08x}", ids[at]);
    let mut lines = Vec::new();
    for at in there {
        let message = &tree.0[*at];
        let parent = message.parent.map(id);
        lines.push(json!({"type": "message", "id": id(*at), "parentId": parent, "timestamp": iso(message.time),
            "message": {"role": message.role, "content": [{"type": "text", "text": message.text}]}}));
        if dice.one_in(6) {
            lines.push(json!({"type": "model_change", "id": format!("ffff{at:04x}"), "parentId": id(*at), "modelId": "m"}));
        }
    }
    dice.shuffle(&mut lines);
    lines.insert(
        0,
        json!({"type": "session", "version": 3, "id": format!("session-{session}"),
        "timestamp": iso(START), "cwd": "/", "parentSession": "/elsewhere/2023_parent.jsonl"}),
    );
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Chats of Open WebUI.
pub fn open_webui(tree: &Tree, there: &[usize], session: usize, dice: &mut Dice) -> String {
    let mut messages: Vec<(String, Value)> = there
        .iter()
        .map(|at| {
            let message = &tree.0[*at];
            (uuid(*at), json!({"id": uuid(*at), "parentId": message.parent.map(uuid), "childrenIds": ["nobody"],
                "role": message.role, "content": message.text, "timestamp": message.time}))
        })
        .collect();
    dice.shuffle(&mut messages);
    json!([{"id": format!("chat-{session}"), "title": "A chat", "created_at": START,
        "chat": {"title": "A chat", "history": {"messages": object(messages), "currentId": uuid(there[0])}}}])
    .to_string()
}

/// A conversation of LibreChat, its messages in a list or nested.
pub fn librechat(tree: &Tree, there: &[usize], session: usize, dice: &mut Dice) -> String {
    let nil = "00000000-0000-0000-0000-000000000000";
    let message = |at: usize| {
        let message = &tree.0[at];
        json!({"messageId": uuid(at), "parentMessageId": message.parent.map_or(nil.to_owned(), uuid),
            "isCreatedByUser": message.role == "user", "sender": "someone", "text": message.text,
            "createdAt": iso(message.time)})
    };
    fn nested(tree: &Tree, there: &[usize], at: usize, message: &dyn Fn(usize) -> Value) -> Value {
        let mut value = message(at);
        let children = tree
            .children(at)
            .into_iter()
            .filter(|child| there.contains(child));
        value["children"] = children
            .map(|child| nested(tree, there, child, message))
            .collect();
        value
    }
    let recursive = dice.one_in(2);
    let messages: Value = if recursive {
        json!([nested(tree, there, there[0], &message)])
    } else {
        let mut messages: Vec<Value> = there.iter().map(|at| message(*at)).collect();
        dice.shuffle(&mut messages);
        Value::Array(messages)
    };
    json!({"conversationId": format!("chat-{session}"), "title": "A chat", "recursive": recursive, "messages": messages})
        .to_string()
}

/// A chat of SillyTavern: a path, with the leaves beside it as swipes.
pub fn sillytavern(tree: &Tree, path: &[usize]) -> (String, Vec<usize>) {
    let date = |at: usize| {
        let time = tree.0[at].time;
        json!(time * 1000)
    };
    let mut there = Vec::new();
    let mut text = format!(
        "{}\n",
        json!({"user_name": "U", "character_name": "C", "create_date": "2023-11-14 @22h 13m 20s 0ms"})
    );
    for at in path {
        let message = &tree.0[*at];
        let siblings = message
            .parent
            .map_or_else(|| vec![*at], |parent| tree.children(parent));
        let swipes: Vec<usize> = siblings
            .into_iter()
            .filter(|sibling| sibling == at || tree.is_leaf(*sibling))
            .collect();
        there.extend(&swipes);
        let chosen = swipes.iter().position(|swipe| swipe == at).expect("itself");
        let texts: Vec<&str> = swipes
            .iter()
            .map(|swipe| tree.0[*swipe].text.as_str())
            .collect();
        let info: Vec<Value> = swipes
            .iter()
            .map(|swipe| json!({"send_date": date(*swipe), "extra": {}}))
            .collect();
        let line = json!({"name": "N", "is_user": message.role == "user", "is_system": false, "send_date": date(*at),
            "mes": message.text, "swipe_id": chosen, "swipes": texts, "swipe_info": info});
        text.push_str(&format!("{line}\n"));
    }
    (text, there)
}

/// A tree of OpenAssistant.
pub fn oasst(tree: &Tree, there: &[usize]) -> String {
    fn nested(tree: &Tree, there: &[usize], at: usize) -> Value {
        let message = &tree.0[at];
        let children = tree
            .children(at)
            .into_iter()
            .filter(|child| there.contains(child));
        json!({"message_id": uuid(at), "parent_id": message.parent.map(uuid), "text": message.text,
            "role": if message.role == "user" { "prompter" } else { "assistant" },
            "replies": children.map(|child| nested(tree, there, child)).collect::<Value>()})
    }
    format!(
        "{}\n",
        json!({"message_tree_id": uuid(0), "prompt": nested(tree, there, there[0])})
    )
}

/// Messages of a Chat Completions request.
pub fn openai(tree: &Tree, path: &[usize]) -> String {
    path.iter()
        .map(|at| json!({"role": tree.0[*at].role, "content": tree.0[*at].text}))
        .collect::<Value>()
        .to_string()
}

/// Our own, with uids or without.
pub fn jsonl(tree: &Tree, there: &[usize], uids: bool) -> String {
    let number = |at: usize| {
        there
            .iter()
            .position(|other| *other == at)
            .expect("it is there")
            + 1
    };
    let mut text = format!(
        "{}\n",
        json!({"format": "sqlite-branch", "version": 1, "thread":
        {"id": "t", "preview": "", "created_at": START, "updated_at": START, "leaf": there.len()}})
    );
    for at in there {
        let message = &tree.0[*at];
        let mut line = json!({"id": number(*at), "parent": message.parent.map(number), "role": message.role,
            "content": message.text, "item_json": null, "created_at": message.time});
        if uids {
            line["uid"] = json!(uuid(*at));
        }
        text.push_str(&format!("{line}\n"));
    }
    text
}
