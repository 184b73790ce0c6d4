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
    super::each_line(source, store, &mut |value, store| chat.line(value, store))?;
    if chat.has_begun {
        store.end(Leaf::Slot(chat.last))?;
    }
    Ok(())
}

#[derive(Default)]
struct Chat {
    has_begun: bool,
    last: Option<Slot>,
    /// What tells the chat from others that begin with the same greeting, as the header has it.
    begun: String,
}

/// One of the texts that a message may have.
struct Swipe<'a> {
    text: Raw<'a>,
    /// What stands for this one in `swipe_info`.
    details: Option<Raw<'a>>,
}

impl Chat {
    fn line(&mut self, line: Raw<'_>, store: &mut Store<'_>) -> Result<bool> {
        let [said, swipes, chosen, info, user, character, metadata] = json::pick(
            line,
            [
                "mes",
                "swipes",
                "swipe_id",
                "swipe_info",
                "user_name",
                "character_name",
                "chat_metadata",
            ],
        );
        if said.is_some_and(|said| json::text(Some(said)).is_none()) {
            store.bad("mes is not text")?;
            return Ok(false);
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            store.begin(conversation(line))?;
            let [created] = json::pick(line, ["create_date"]);
            let integrity = metadata.and_then(|metadata| json::member(metadata, "integrity"));
            self.begun = created.or(integrity).map_or("", Raw::text).to_owned();
        }
        let info = json::list(info);
        let mut all = Vec::new();
        for (at, text) in json::list(store.array(swipes, "swipes")?)
            .into_iter()
            .enumerate()
        {
            match json::text(Some(text)) {
                Some(_) => all.push((at, text)),
                None if text.text() == "null" => {}
                None => store.bad("a text of swipes is not text")?,
            }
        }
        if said.is_none() && all.is_empty() {
            return Ok(user.or(character).or(metadata).is_some());
        }
        let chosen = chosen.and_then(Raw::integer);
        let chosen = chosen.and_then(|chosen| usize::try_from(chosen).ok());
        let mut all: Vec<_> = all
            .into_iter()
            .map(|(at, text)| {
                let details = info.get(at).copied();
                (Some(at) == chosen, Swipe { text, details })
            })
            .collect();
        // What is shown is `mes`: the chosen swipe, or an equal one, or a text that stands nowhere else.
        let shown = json::text(said);
        let is_shown = |swipe: &Swipe<'_>| shown.is_none() || json::text(Some(swipe.text)) == shown;
        let place = all
            .iter()
            .position(|(is_chosen, swipe)| *is_chosen && is_shown(swipe))
            .or_else(|| all.iter().position(|(_, swipe)| is_shown(swipe)));
        let place = match (place, said) {
            (Some(place), _) => place,
            (None, Some(text)) => {
                let details = chosen.and_then(|chosen| info.get(chosen).copied());
                let after = all.iter().position(|(is_chosen, _)| *is_chosen);
                let place = after.map_or(all.len(), |after| after + 1);
                all.insert(place, (false, Swipe { text, details }));
                place
            }
            (None, None) => 0,
        };
        let above = self.last;
        let is_alone = all.len() == 1;
        for (at, (_, swipe)) in all.iter().enumerate() {
            let slot = self.add(line, swipe, is_alone, above, store)?;
            if at == place {
                self.last = Some(slot);
            }
        }
        Ok(true)
    }

    fn add(
        &self,
        line: Raw<'_>,
        swipe: &Swipe<'_>,
        is_alone: bool,
        above: Option<Slot>,
        store: &mut Store<'_>,
    ) -> Result<Slot> {
        let [name, by_user, hidden, date] =
            json::pick(line, ["name", "is_user", "is_system", "send_date"]);
        let its_date = swipe
            .details
            .and_then(|details| json::member(details, "send_date"));
        let date = its_date.or(date);
        let text = json::text_or_empty(Some(swipe.text));
        let original = match is_alone {
            true => Cow::Borrowed(line.text()),
            false => Cow::Owned(alone(line, swipe.text, swipe.details)),
        };
        // Not what else the line says: another swipe, or a translation, does not make it another message.
        let name = name.map_or("", Raw::text);
        let when = match (date, above) {
            (Some(date), _) => date.text(),
            // Every chat with a character begins with the same greeting.
            (None, None) => &self.begun,
            (None, Some(_)) => "",
        };
        store.add(Node {
            naming: Naming::Hash,
            parent: Parent::Slot(above),
            role: match (json::is_true(hidden), json::is_true(by_user)) {
                (true, _) => b"system",
                (false, true) => b"user",
                (false, false) => b"assistant",
            },
            text: text.as_bytes(),
            item_json: Some(original.as_bytes()),
            identity: Some(format!("{name}\0{when}\0{text}").as_bytes()),
            created_at: time::read(date),
            ..Node::default()
        })
    }
}

/// The line as it would be with this swipe alone.
fn alone(line: Raw<'_>, text: Raw<'_>, details: Option<Raw<'_>>) -> String {
    let mut members = String::new();
    let mut put = |name: &[u8], value: &str| {
        members.push(if members.is_empty() { '{' } else { ',' });
        members.push_str(&json::quoted(&String::from_utf8_lossy(name)));
        members.push(':');
        members.push_str(value);
    };
    let mut has_text = false;
    line.members(&mut |name, value| match name {
        b"swipes" | b"swipe_info" | b"swipe_id" => {}
        b"mes" if std::mem::replace(&mut has_text, true) => {}
        b"mes" => put(name, text.text()),
        b"send_date" | b"extra" | b"gen_started" | b"gen_finished" if details.is_some() => {}
        _ => put(name, value.text()),
    });
    if !has_text {
        put(b"mes", text.text());
    }
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
