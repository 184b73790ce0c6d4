//! Copies the threads of an existing `state.db`, of whatever version, with all their branches.
//!
//! `cargo run --example copy -- ~/.deepseek/state.db new.db`. The existing file is only read.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use sqlite_branch_store::rusqlite::{Connection, OpenFlags};
use sqlite_branch_store::{MessageRecord, StateStore, ThreadListFilters, Transaction};

fn main() -> ExitCode {
    match copy() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn copy() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [from, to] = arguments.as_slice() else {
        return Err("give two files: EXISTING NEW".into());
    };

    // Opening brings a file up to date, so a copy is opened. VACUUM INTO copies what is committed, a log included.
    let beside = tempfile::tempdir()?;
    let copy = beside.path().join("state.db");
    Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?
        .execute("VACUUM INTO ?1", [copy.to_str()])?;
    let from = StateStore::open(Some(copy))?;
    let to = StateStore::open(Some(Path::new(to).to_owned()))?;

    let problems = from.check(None)?;
    for problem in &problems {
        println!("problem: {} ({})", problem.problem, problem.detail);
    }
    let everything = ThreadListFilters {
        include_archived: true,
        limit: Some(usize::MAX),
    };
    for thread in from.list_threads(everything)? {
        if to.get_thread(&thread.id)?.is_some() {
            println!("{}: is there already", thread.id);
            continue;
        }
        let messages = all_messages(&from, &thread.id)?;
        let tools = from.get_dynamic_tools(&thread.id)?;
        let mut checkpoints = from.list_checkpoints(&thread.id, Some(usize::MAX))?;
        // The latest comes first, and is to be the latest there too.
        checkpoints.reverse();
        to.transaction(|tx| {
            tx.upsert_thread(&thread)?;
            import_messages(tx, &thread.id, &messages, thread.current_leaf_id)?;
            tx.persist_dynamic_tools(&thread.id, &tools)?;
            for checkpoint in &checkpoints {
                tx.save_checkpoint(&thread.id, &checkpoint.checkpoint_id, &checkpoint.state)?;
            }
            Ok(())
        })?;
        println!("{}: {} messages", thread.id, messages.len());
    }
    Ok(())
}

/// All messages of a thread, parents before their children.
fn all_messages(store: &StateStore, thread_id: &str) -> Result<Vec<MessageRecord>, Box<dyn Error>> {
    let mut messages = Vec::new();
    // Taken by id, so that the copies get their ids in the same order: the newest message stays the newest.
    let mut next = BTreeMap::new();
    for node in store.tree(thread_id)? {
        if node.depth == 0 {
            let firsts = store.siblings(node.id)?.into_iter().map(|s| s.message);
            next.extend(firsts.filter(|m| m.id == node.id).map(|m| (m.id, m)));
        }
    }
    while let Some((id, message)) = next.pop_first() {
        let children = store.children(id)?.into_iter().map(|child| child.message);
        next.extend(children.map(|m| (m.id, m)));
        messages.push(message);
    }
    Ok(messages)
}

fn import_messages(
    tx: &Transaction<'_>,
    thread_id: &str,
    messages: &[MessageRecord],
    leaf: Option<i64>,
) -> sqlite_branch_store::Result<()> {
    let mut copies = HashMap::new();
    for message in messages {
        let then = tx.at(message.created_at);
        let parent = message.parent_entry_id.and_then(|id| copies.get(&id));
        let (role, content, item) = (&message.role, &message.content, message.item.clone());
        let copy = match parent {
            Some(&parent) => then.fork_at_message(parent, role, content, item)?,
            None => {
                tx.switch_leaf(thread_id, None)?;
                then.append_message(thread_id, role, content, item)?
            }
        };
        copies.insert(message.id, copy);
    }
    let leaf = leaf.and_then(|id| copies.get(&id));
    tx.switch_leaf(thread_id, leaf.copied())
}
