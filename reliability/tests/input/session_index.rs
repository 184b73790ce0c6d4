//! Session indexes of any bytes. What is appended to one is found in it, and what could be made out before still can be
//! after compacting.

use std::path::Path;

use fastrand::Rng;
use sqlite_branch_store::StateStore;

use crate::Tally;

const ENTRY: &str =
    "{\"thread_id\":\"a\",\"thread_name\":\"x\",\"updated_at\":1,\"rollout_path\":null}\n";

fn bytes(random: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.usize(0..30) {
        match random.u32(0..8) {
            0 => bytes.extend((0..random.usize(0..200)).map(|_| random.u8(..))),
            1 => bytes.extend(&ENTRY.as_bytes()[..random.usize(0..ENTRY.len())]),
            2 => bytes.extend("{\"thread_id\":".repeat(random.usize(1..300)).bytes()),
            3 => bytes.extend("[".repeat(random.usize(1..2_000)).bytes()),
            4 => bytes.push(b'\n'),
            5 => {
                let mut entry = ENTRY.as_bytes().to_vec();
                let at = random.usize(0..entry.len());
                entry[at] = random.u8(..);
                bytes.extend(entry);
            }
            _ => {
                let id = random.u32(0..5);
                bytes.extend(
                    format!(
                        "{{\"thread_id\":\"{id}\",\"thread_name\":\"n{}\",\"updated_at\":1}}\n",
                        random.u32(..)
                    )
                    .bytes(),
                );
            }
        }
    }
    bytes
}

pub fn case(directory: &Path, random: &mut Rng, tally: &mut Tally) {
    let path = directory.join("state.db");
    let store = StateStore::open(Some(path)).unwrap();
    std::fs::write(directory.join("session_index.jsonl"), bytes(random)).unwrap();
    let names = |store: &StateStore| -> Vec<Option<String>> {
        ["0", "1", "2", "3", "4", "a", ""]
            .iter()
            .map(|id| store.find_thread_name_by_id(id).unwrap())
            .collect()
    };
    let before = names(&store);
    let report = store.session_index_report().unwrap();
    tally.calls += before.len() + 1;
    tally.refused += report.unreadable.len();
    store.compact_session_index().unwrap();
    assert_eq!(names(&store), before, "after compacting");
    store
        .append_thread_name("new", Some("a name".to_owned()), 7, None)
        .unwrap();
    assert_eq!(
        store.find_thread_name_by_id("new").unwrap().as_deref(),
        Some("a name")
    );
    assert_eq!(names(&store), before, "after appending");
    store.compact_session_index().unwrap();
    assert_eq!(names(&store), before, "after compacting again");
    tally.calls += 3;
}
