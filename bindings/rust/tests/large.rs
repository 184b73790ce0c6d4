//! Small and large things.

mod support;

use sqlite_branch_store::NewMessage;
use support::TestStore;

#[test]
fn a_text_of_0_bytes() {
    let store = TestStore::with_thread("t");
    let id = store
        .append_message("t", "", "", Some(serde_json::json!("")))
        .unwrap();
    let fork = store.fork_at_message(id, "", "", None).unwrap();
    let messages = store.list_messages("t", None).unwrap();
    assert_eq!((messages[0].content.as_str(), messages[1].id), ("", fork));
    assert_eq!(messages[0].item, Some(serde_json::json!("")));
    assert_eq!(store.tree("t").unwrap()[0].preview, "");
}

#[test]
fn a_text_of_100_megabytes() {
    let store = TestStore::with_thread("t");
    let text = "0123456789".repeat(10_000_000);
    let id = store.append_message("t", "user", &text, None).unwrap();
    let other = store.add_alternative(id, "user", "small", None).unwrap();
    store.switch_leaf("t", Some(id)).unwrap();
    let messages = store.list_messages("t", None).unwrap();
    assert!(messages[0].content == text, "it came back changed");
    let tree = store.tree("t").unwrap();
    assert!(tree.iter().all(|node| node.preview.len() < 1_000));
    assert_eq!(store.siblings(other).unwrap().len(), 2);
    let copy = store.copy_branch(id, "copy").unwrap();
    assert_eq!(store.tip(copy).unwrap(), Some(copy));
    assert_eq!(store.prune(id).unwrap(), 1);
}

#[test]
fn a_thread_of_100_000_messages() {
    const COUNT: usize = 100_000;
    let store = TestStore::with_thread("t");
    let ids = store
        .append_messages("t", &vec![NewMessage::new("user", "x"); COUNT])
        .unwrap();
    let last = ids[COUNT - 1];
    assert_eq!(store.list_messages("t", None).unwrap().len(), 500);
    let all = store.list_messages("t", Some(usize::MAX)).unwrap();
    assert!(all.iter().map(|m| m.id).eq(ids.iter().copied()));
    let before = store.list_messages_before("t", ids[10], None).unwrap();
    assert_eq!(before.len(), 10);
    assert_eq!(store.depth(last).unwrap(), Some(COUNT as i64 - 1));
    assert_eq!(store.root(last).unwrap(), Some(ids[0]));

    let early = store
        .fork_at_message(ids[0], "user", "early", None)
        .unwrap();
    let late = store.fork_at_message(last, "user", "late", None).unwrap();
    assert_eq!(store.common_ancestor(early, late).unwrap(), Some(ids[0]));
    assert_eq!(store.list_leaf_messages("t").unwrap().len(), 2);
    assert_eq!(store.tree("t").unwrap().len(), COUNT + 2);
    assert_eq!(store.diff(early, late).unwrap().b.len(), COUNT);
    assert!(store.check(None).unwrap().is_empty());
    store.copy_branch(late, "copy").unwrap();
    assert_eq!(store.prune(ids[1]).unwrap(), COUNT);
    assert_eq!(store.clear_messages("copy").unwrap(), COUNT + 1);
    store.delete_thread("t").unwrap();
    assert!(store.list_messages("t", None).unwrap().is_empty());
}

#[test]
fn a_message_with_10_000_answers() {
    let store = TestStore::with_thread("t");
    let question = store.append_message("t", "user", "?", None).unwrap();
    store
        .transaction(|tx| {
            (0..10_000).try_for_each(|at| {
                let answer = at.to_string();
                tx.fork_at_message(question, "assistant", &answer, None)
                    .map(drop)
            })
        })
        .unwrap();
    let children = store.children(question).unwrap();
    assert_eq!(children.len(), 10_000);
    let siblings = store.siblings(children[5_000].message.id).unwrap();
    assert_eq!(siblings[5_000].position, 5_001);
    assert_eq!(store.leaves("t").unwrap().len(), 10_000);
    assert_eq!(store.list_messages("t", None).unwrap()[1].content, "9999");
}
