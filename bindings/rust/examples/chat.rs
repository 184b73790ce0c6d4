//! A chat that can go back: edit what you asked, have an answer made again, switch between the versions.
//!
//! `cargo run --example chat -- chat.db`, then type. It answers by a rule, so that it needs no model.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use sqlite_branch_store::{IntoMessageId, MessageRecord, StateStore, ThreadMetadata};

const THREAD: &str = "chat";

const HELP: &str = "\
text           say something
/edit ID text  say something else in place of message ID
/again         have the last answer made again
/next ID       switch to the next version of message ID
/tree          draw all versions
/quit          leave";

fn main() -> ExitCode {
    match chat() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn chat() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "chat.db".into());
    let store = StateStore::open(Some(path.into()))?;
    if store.get_thread(THREAD)?.is_none() {
        store.upsert_thread(&ThreadMetadata::new(THREAD))?;
    }
    let mut out = io::stdout().lock();
    show(&store, &mut out)?;
    for line in io::stdin().lock().lines() {
        match run(&store, line?.trim(), &mut out) {
            Ok(true) => {}
            Ok(false) => break,
            // What the store has to say is for the user.
            Err(error) => writeln!(out, "! {error}")?,
        }
    }
    Ok(())
}

/// Does what a line says. Returns whether to go on.
fn run(store: &StateStore, line: &str, out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    match command {
        "" => {}
        "/quit" => return Ok(false),
        "/help" => writeln!(out, "{HELP}")?,
        "/tree" => {
            for node in store.tree(THREAD)? {
                writeln!(out, "{}", node.graph)?;
            }
        }
        "/again" => {
            let shown = store.list_messages(THREAD, None)?;
            let answer = shown.iter().rfind(|m| m.role == "assistant");
            let answer = answer.ok_or("there is no answer yet")?;
            let versions = store.siblings(answer.id)?.len();
            let text = reply(question_of(&shown, answer)?, versions);
            store.add_alternative(answer.id, "assistant", &text, None)?;
            show(store, out)?;
        }
        "/edit" => {
            let (id, text) = rest.split_once(' ').ok_or("/edit ID text")?;
            let edited = on_screen(store, id)?;
            if edited.role != "user" {
                return Err("only what you said can be edited".into());
            }
            store.add_alternative(edited.id, "user", text, None)?;
            store.append_message(THREAD, "assistant", &reply(text, 0), None)?;
            show(store, out)?;
        }
        "/next" => {
            let versions = store.siblings(on_screen(store, rest)?.id)?;
            let here = versions.iter().position(|v| v.is_current).unwrap_or(0);
            let next = &versions[(here + 1) % versions.len()];
            // As far as that version went, not just to it.
            store.switch_leaf(THREAD, store.tip(next.message.id)?)?;
            show(store, out)?;
        }
        _ if command.starts_with('/') => writeln!(out, "{HELP}")?,
        _ => {
            // The two belong together: nobody sees the one without the other.
            store.transaction(|tx| {
                tx.append_message(THREAD, "user", line, None)?;
                tx.append_message(THREAD, "assistant", &reply(line, 0), None)
            })?;
            show(store, out)?;
        }
    }
    out.flush()?;
    Ok(true)
}

/// The message of the current branch that has this id.
fn on_screen(store: &StateStore, id: &str) -> Result<MessageRecord, Box<dyn Error>> {
    let id = id.into_message_id()?;
    let shown = store.list_messages(THREAD, None)?;
    let message = shown.into_iter().find(|message| message.id == id);
    Ok(message.ok_or(format!("message {id} is not among those above"))?)
}

/// What an answer answers.
fn question_of<'a>(shown: &'a [MessageRecord], answer: &MessageRecord) -> Result<&'a str, String> {
    let question = shown.iter().find(|m| Some(m.id) == answer.parent_entry_id);
    question
        .map(|m| m.content.as_str())
        .ok_or_else(|| "that answers nothing".into())
}

fn reply(question: &str, version: usize) -> String {
    match version {
        0 => format!("You said: {question}"),
        _ => format!("You said: {question} (in other words, {version})"),
    }
}

/// Prints the current branch: ids, how many versions there are of each message, what was said.
fn show(store: &StateStore, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for message in store.list_messages(THREAD, None)? {
        let versions = store.siblings(message.id)?;
        let place = versions.iter().find(|v| v.message.id == message.id);
        let versions = match place {
            Some(place) if versions.len() > 1 => {
                format!(" [{} of {}]", place.position, versions.len())
            }
            _ => String::new(),
        };
        writeln!(
            out,
            "{}{versions} {}: {}",
            message.id, message.role, message.content
        )?;
    }
    out.flush()?;
    Ok(())
}
