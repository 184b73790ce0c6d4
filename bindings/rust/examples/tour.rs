//! The tour of the README: a conversation with two answers to one question.

use sqlite_branch_store::StateStore;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = StateStore::open(Some("tour.db".into()))?;
    store.create_thread(Some("trip"), Some("Where to go"))?;
    store.append_message("trip", "user", "Where should I go?", None)?;
    let lisbon = store.append_message("trip", "assistant", "To Lisbon.", None)?;
    store.add_alternative(lisbon, "assistant", "To Bergen.", None)?;
    store.append_message("trip", "user", "Does it rain there?", None)?;
    for node in store.tree("trip")? {
        println!("{}", node.graph);
    }

    // Back to the first answer.
    store.select_message(lisbon, None)?;
    for message in store.list_messages("trip", None)? {
        println!("{}: {}", message.role, message.content);
    }
    Ok(())
}
