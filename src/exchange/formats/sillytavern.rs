//! `sillytavern`: a chat of SillyTavern: a header, then a message on each line. Its `swipes` are alternatives, and the
//! chat goes on below the chosen one.

use std::borrow::Cow;

use crate::error::Result;
use crate::exchange::import::json::{self, Raw};
use crate::exchange::import::node::{Conversation, Leaf, Naming, Node, Parent, Slot};
use crate::exchange::import::source::Source;
use crate::exchange::import::store::Store;
use crate::exchange::import::time;

pub fn read(source: &mut Source<'_>, store: &mut Store<'_>) -> Result<()> {
    let mut chat = Chat::default();
    super::each_line(source, &mut |value| chat.line(value, store))?;
    if chat.has_begun {
        store.end(Leaf::Slot(chat.last))?;
    }
    Ok(())
}

#[derive(Default)]
struct Chat {
    has_begun: bool,
    last: Option<Slot>,
}

/// One of the texts that a message may have.
struct Swipe<'a> {
    text: Cow<'a, str>,
    date: Option<Raw<'a>>,
    item_json: Cow<'a, str>,
}

impl Chat {
    fn line(&mut self, line: Raw<'_>, store: &mut Store<'_>) -> Result<()> {
        let [said, name, by_user, hidden, date, swipes, chosen, info] = json::pick(
            line,
            [
                "mes",
                "name",
                "is_user",
                "is_system",
                "send_date",
                "swipes",
                "swipe_id",
                "swipe_info",
            ],
        );
        if !std::mem::replace(&mut self.has_begun, true) {
            store.begin(conversation(line))?;
        }
        let swipes = json::list(swipes);
        if said.is_none() && swipes.is_empty() {
            return Ok(());
        }
        let info = json::list(info);
        let chosen = chosen.and_then(Raw::integer);
        let chosen = chosen.and_then(|chosen| usize::try_from(chosen).ok());
        let chosen = chosen.filter(|chosen| *chosen < swipes.len());
        let role: &[u8] = match (json::is_true(hidden), json::is_true(by_user)) {
            (true, _) => b"system",
            (false, true) => b"user",
            (false, false) => b"assistant",
        };
        let above = self.last;
        let mut next = None;
        for at in 0..swipes.len().max(1) {
            let is_chosen = chosen.map_or(at == 0, |chosen| chosen == at);
            let details = info.get(at).copied();
            let its_date = details.and_then(|details| json::member(details, "send_date"));
            let text = match said {
                // What was edited stands there only.
                Some(said) if is_chosen => Some(said),
                _ => swipes.get(at).copied(),
            };
            let swipe = Swipe {
                text: json::text_or_empty(text),
                date: its_date.or(date),
                item_json: match swipes.len() {
                    0 | 1 => Cow::Borrowed(line.text()),
                    _ => Cow::Owned(alone(line, text, details)),
                },
            };
            let slot = add(&swipe, role, name, above, store)?;
            if is_chosen {
                next = Some(slot);
            }
        }
        self.last = next.or(above);
        Ok(())
    }
}

fn add(
    swipe: &Swipe<'_>,
    role: &[u8],
    name: Option<Raw<'_>>,
    above: Option<Slot>,
    store: &mut Store<'_>,
) -> Result<Slot> {
    // Not what else the line says: another swipe, or a translation, does not make it another message.
    let date = swipe.date.map_or("", Raw::text);
    let name = name.map_or("", Raw::text);
    let identity = format!("{name}\0{date}\0{}", swipe.text).into_bytes();
    store.add(Node {
        naming: Naming::Hash,
        parent: Parent::Slot(above),
        role,
        text: swipe.text.as_bytes(),
        item_json: Some(swipe.item_json.as_bytes()),
        identity: Some(&identity),
        created_at: time::read(swipe.date),
        ..Node::default()
    })
}

/// The line as it would be with this swipe alone.
fn alone(line: Raw<'_>, text: Option<Raw<'_>>, details: Option<Raw<'_>>) -> String {
    let mut members = String::new();
    let mut put = |name: &[u8], value: &str| {
        members.push(if members.is_empty() { '{' } else { ',' });
        members.push_str(&json::quoted(&String::from_utf8_lossy(name)));
        members.push(':');
        members.push_str(value);
    };
    line.members(&mut |name, value| match name {
        b"swipes" | b"swipe_info" | b"swipe_id" => {}
        b"mes" => put(name, text.map_or("\"\"", Raw::text)),
        b"send_date" | b"extra" | b"gen_started" | b"gen_finished" if details.is_some() => {}
        _ => put(name, value.text()),
    });
    if let Some(details) = details {
        details.members(&mut |name, value| put(name, value.text()));
    }
    members.push_str(if members.is_empty() { "{}" } else { "}" });
    members
}

fn conversation(header: Raw<'_>) -> Conversation {
    let [character, created] = json::pick(header, ["character_name", "create_date"]);
    let mut begun = Conversation::default();
    begun.row.set_text("title", json::id(character));
    begun.row.set_integer("created_at", time::read(created));
    begun
}
