//! Which format a text looks like, by its first value.

use crate::exchange::import::json::{self, Raw};

/// The name of the format whose first value (the first of the array, if it is one) looks like this.
pub fn name(value: Raw<'_>) -> Option<&'static str> {
    if !json::is_object(value) {
        // The array of one request stands on one line.
        let first = json::is_array(value).then(|| json::list(Some(value)).first().copied())??;
        return json::is_object(first).then(|| name(first))?;
    }
    let mut has = Members::default();
    value.members(&mut |name, value| has.see(name, value));
    Some(match () {
        () if has.sqlite_branch => "jsonl",
        () if has.mapping => "chatgpt",
        () if has.chat_messages => "claude-ai",
        () if has.message_tree => "oasst",
        () if has.history => "open-webui",
        () if has.conversation_id && has.messages => "librechat",
        () if has.character || has.swipe => "sillytavern",
        () if has.pi_session || (has.parent_id && has.kind) => "pi",
        () if (has.payload && has.kind) || has.instructions => "codex",
        () if has.claude && has.kind => "claude-code",
        () if has.messages || has.role || has.openai_type => "openai",
        () if has.kind && has.message_object => "claude-code",
        () => return None,
    })
}

/// The members that tell formats apart.
#[derive(Default)]
struct Members {
    sqlite_branch: bool,
    mapping: bool,
    chat_messages: bool,
    message_tree: bool,
    history: bool,
    conversation_id: bool,
    messages: bool,
    character: bool,
    swipe: bool,
    pi_session: bool,
    parent_id: bool,
    payload: bool,
    instructions: bool,
    claude: bool,
    kind: bool,
    role: bool,
    openai_type: bool,
    message_object: bool,
}

impl Members {
    fn see(&mut self, name: &[u8], value: Raw<'_>) {
        let is_object = json::is_object(value);
        let is_array = json::is_array(value);
        match name {
            b"format" => self.sqlite_branch = value.text() == "\"sqlite-branch\"",
            b"mapping" => self.mapping |= is_object,
            b"chat_messages" => self.chat_messages |= is_array,
            b"message_tree_id" => self.message_tree = true,
            b"history" => self.history |= is_object,
            b"chat" => self.history |= json::member(value, "history").is_some(),
            b"conversationId" => self.conversation_id = true,
            b"messages" | b"messagesTree" | b"input" => self.messages |= is_array,
            b"character_name" | b"chat_metadata" => self.character = true,
            b"mes" | b"swipes" => self.swipe = true,
            b"parentId" => self.parent_id = true,
            b"payload" => self.payload |= is_object,
            b"instructions" => self.instructions = true,
            b"uuid" | b"parentUuid" | b"sessionId" | b"leafUuid" | b"snapshot" | b"attachment" => {
                self.claude = true;
            }
            b"message" => self.message_object |= is_object,
            b"role" => self.role = true,
            b"type" => {
                self.kind = true;
                match json::text_or_empty(Some(value)).as_ref() {
                    "session" => self.pi_session = true,
                    "message"
                    | "function_call"
                    | "function_call_output"
                    | "reasoning"
                    | "custom_tool_call"
                    | "custom_tool_call_output" => self.openai_type = true,
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
