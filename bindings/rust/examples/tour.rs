//! The tour of the README: a conversation with two answers to one question.

use sqlite_branch_store::{StateStore, ThreadMetadata};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = StateStore::open(Some("tour.db".into()))?;
    store.upsert_thread(&ThreadMetadata::new("trip"))?;

    // Each message goes after the one before.
    store.append_message("trip", "user", "Where should I go?", None)?;
    let lisbon = store.append_message("trip", "assistant", "To Lisbon.", None)?;
    store.append_message("trip", "user", "Too hot for me.", None)?;

    // Another answer to the same question, and on from there.
    let bergen = store.add_alternative(lisbon, "assistant", "To Bergen.", None)?;
    store.append_message("trip", "user", "How do I get there?", None)?;

    // A question asked from the middle of the conversation.
    store.fork_at_message(bergen, "user", "Does it rain there?", None)?;

    for node in store.tree("trip")? {
        println!("{}", node.graph);
    }

    // Back to the first answer, as far as that went. (An unknown message's tip is None: before the first message.)
    store.switch_leaf("trip", store.tip(lisbon)?)?;
    for message in store.list_messages("trip", None)? {
        println!("{}: {}", message.role, message.content);
    }
    Ok(())
}
