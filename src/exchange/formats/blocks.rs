//! The content of a message: a string, or a list of blocks.

use crate::exchange::import::json::{self, Raw};

/// What a person would read: the blocks of text, or else the results of tools, or else the thoughts.
pub fn text(content: Option<Raw<'_>>) -> String {
    within(content, 0)
}

/// Results of tools hold blocks again, and those of hostile files ever deeper ones.
fn within(content: Option<Raw<'_>>, depth: usize) -> String {
    const DEEPEST: usize = 4;
    let Some(content) = content.filter(|_| depth <= DEEPEST) else {
        return String::new();
    };
    if let Some(text) = json::text(Some(content)) {
        return text.into_owned();
    }
    let (mut said, mut results, mut thoughts) = (Vec::new(), Vec::new(), Vec::new());
    let blocks = match json::is_object(content) {
        true => vec![content],
        false => json::list(Some(content)),
    };
    for block in blocks {
        if let Some(text) = json::text(Some(block)) {
            said.push(text.into_owned());
            continue;
        }
        let [kind, text, thinking, content, summary] =
            json::pick(block, ["type", "text", "thinking", "content", "summary"]);
        match json::text_or_empty(kind).as_ref() {
            "tool_result" => results.push(within(content, depth + 1)),
            "thinking" => thoughts.extend(json::text(thinking).map(String::from)),
            "reasoning" => thoughts.push(within(summary, depth + 1)),
            "tool_use" | "toolCall" => {}
            // LibreChat's stands one level deeper.
            _ => said.extend(
                json::text(text)
                    .or_else(|| json::text(json::member(text?, "value")))
                    .map(String::from),
            ),
        }
    }
    for mut pieces in [said, results, thoughts] {
        pieces.retain(|piece| !piece.is_empty());
        if !pieces.is_empty() {
            return pieces.join("\n\n");
        }
    }
    String::new()
}

/// Whether it is results of tools and no text beside.
pub fn is_tool_result(content: Option<Raw<'_>>) -> bool {
    let mut found = false;
    for block in json::list(content) {
        match json::text_or_empty(json::member(block, "type")).as_ref() {
            "tool_result" => found = true,
            "text" => return false,
            _ => {}
        }
    }
    found
}
