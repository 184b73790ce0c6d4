//! The branch methods, as a chat program uses them.

mod support;

use serde_json::json;
use sqlite_branch_store::rusqlite::Connection;
use sqlite_branch_store::{Error, History, NewMessage, SessionSource, Thing, ThreadMetadata};
use support::{conversation, shown, texts, TestStore};

#[test]
fn answers_are_made_again_and_switched() {
    let (store, [question, answer, why, because, other]) = conversation();
    assert_eq!(shown(&store, "t"), [question, other]);

    let siblings = store.siblings(answer).unwrap();
    let row = |s: &sqlite_branch_store::SiblingRecord| (s.message.id, s.position, s.is_current);
    assert_eq!(
        siblings.iter().map(row).collect::<Vec<_>>(),
        [(answer, 1, false), (other, 2, true)]
    );
    let children = store.children(question).unwrap();
    let row = |c: &sqlite_branch_store::ChildRecord| (c.message.id, c.is_current);
    assert_eq!(
        children.iter().map(row).collect::<Vec<_>>(),
        [(answer, false), (other, true)]
    );

    assert_eq!(store.tip(answer).unwrap(), Some(because));
    store.switch_leaf("t", store.tip(answer).unwrap()).unwrap();
    assert_eq!(shown(&store, "t"), [question, answer, why, because]);
    store.switch_leaf("t", Some(answer)).unwrap();
    assert_eq!(shown(&store, "t"), [question, answer]);
    assert_eq!(
        store.get_thread("t").unwrap().unwrap().current_leaf_id,
        Some(answer)
    );
}

#[test]
fn questions_are_edited_the_first_one_too() {
    let (store, [question, ..]) = conversation();
    let edited = store
        .add_alternative(question, "user", "better question", None)
        .unwrap();
    assert_eq!(shown(&store, "t"), [edited]);
    assert_eq!(store.siblings(question).unwrap().len(), 2);
    assert_eq!(store.root(edited).unwrap(), Some(edited));
    assert_eq!(store.common_ancestor(question, edited).unwrap(), None);

    store.switch_leaf("t", None).unwrap();
    assert!(shown(&store, "t").is_empty());
    let third = store
        .append_message("t", "user", "yet another", None)
        .unwrap();
    assert_eq!(store.siblings(question).unwrap().len(), 3);
    assert_eq!(shown(&store, "t"), [third]);
}

#[test]
fn ids_may_be_text_everywhere() {
    let (store, [question, answer, _, because, other]) = conversation();
    let text = |id: i64| id.to_string();
    assert_eq!(store.tip(&text(answer)).unwrap(), Some(because));
    assert_eq!(store.root(&text(because)).unwrap(), Some(question));
    assert_eq!(store.depth(text(because).as_str()).unwrap(), Some(3));
    assert_eq!(
        store.common_ancestor(&text(because), other).unwrap(),
        Some(question)
    );
    assert_eq!(
        store.is_ancestor(question, &text(other)).unwrap(),
        Some(true)
    );
    assert_eq!(store.siblings(&text(other)).unwrap().len(), 2);
    assert_eq!(store.children(&text(question)).unwrap().len(), 2);
    assert_eq!(store.path(&text(other), None).unwrap().len(), 2);
    assert_eq!(store.diff(&text(other), &text(because)).unwrap().b.len(), 3);
    store
        .add_alternative(&text(other), "assistant", "third", None)
        .unwrap();
    store.set_current_leaf_id("t", &text(because)).unwrap();
    assert_eq!(
        store
            .list_messages_before("t", &text(because), None)
            .unwrap()
            .len(),
        3
    );
    store.copy_branch(&text(other), "copy").unwrap();
    assert_eq!(store.prune(&text(answer)).unwrap(), 3);
    for bad in ["", "x", "1.5", "1x", "99999999999999999999"] {
        let error = store.fork_at_message(bad, "user", "hi", None).unwrap_err();
        assert!(matches!(&error, Error::InvalidId { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("'{bad}'")), "{error}");
    }
}

#[test]
fn where_messages_stand() {
    let (store, [question, answer, why, because, other]) = conversation();
    assert_eq!(store.depth(question).unwrap(), Some(0));
    assert_eq!(store.depth(because).unwrap(), Some(3));
    assert_eq!(store.root(because).unwrap(), Some(question));
    assert_eq!(
        store.common_ancestor(because, other).unwrap(),
        Some(question)
    );
    assert_eq!(store.common_ancestor(because, why).unwrap(), Some(why));
    assert_eq!(store.is_ancestor(question, because).unwrap(), Some(true));
    assert_eq!(store.is_ancestor(because, question).unwrap(), Some(false));
    assert_eq!(store.is_ancestor(other, other).unwrap(), Some(true));
    let path: Vec<(i64, i64)> = store
        .path(because, Some(2))
        .unwrap()
        .iter()
        .map(|step| (step.id, step.distance))
        .collect();
    assert_eq!(path, [(why, 1), (because, 0)]);

    let leaves = store.leaves("t").unwrap();
    let row =
        |l: &sqlite_branch_store::LeafRecord| (l.message.id, l.depth, l.fork_id, l.is_current);
    assert_eq!(
        leaves.iter().map(row).collect::<Vec<_>>(),
        [
            (because, 3, Some(question), false),
            (other, 1, Some(question), true)
        ]
    );

    let diff = store.diff(because, other).unwrap();
    assert_eq!(
        diff.a.iter().map(|m| m.id).collect::<Vec<_>>(),
        [answer, why, because]
    );
    assert_eq!(diff.b.iter().map(|m| m.id).collect::<Vec<_>>(), [other]);
}

#[test]
fn the_tree_is_drawn() {
    let (store, ids) = conversation();
    let tree = store.tree("t").unwrap();
    assert_eq!(tree.len(), 5);
    assert_eq!(tree[0].id, ids[0]);
    assert_eq!(
        (tree[0].depth, tree[0].children, tree[0].is_leaf),
        (0, 2, false)
    );
    let other = tree.iter().find(|node| node.id == ids[4]).unwrap();
    assert!(other.is_leaf && other.is_current);
    assert_eq!(
        (other.preview.as_str(), other.role.as_str()),
        ("other", "assistant")
    );
    assert_eq!(other.parent_entry_id, Some(ids[0]));
    assert!(tree.iter().all(|node| node.graph.contains(&node.preview)));
}

#[test]
fn pages_go_back_to_the_first_message() {
    let store = TestStore::with_thread("t");
    let messages: Vec<String> = (0..25).map(|at| at.to_string()).collect();
    let new: Vec<NewMessage<'_>> = messages
        .iter()
        .map(|m| NewMessage::new("user", m))
        .collect();
    let ids = store.append_messages("t", &new).unwrap();
    let mut page = store.list_messages("t", Some(10)).unwrap();
    let mut all = Vec::new();
    while let Some(first) = page.first() {
        let before = first.id;
        all.splice(0..0, page.iter().map(|m| m.id));
        page = store.list_messages_before("t", before, Some(10)).unwrap();
    }
    assert_eq!(all, ids);
    assert_eq!(
        store
            .list_messages_before("t", ids[20], None)
            .unwrap()
            .len(),
        20
    );
    assert!(store
        .list_messages_before("t", ids[5], Some(0))
        .unwrap()
        .is_empty());
}

#[test]
fn a_batch_is_a_chain_with_its_items_and_times_or_nothing() {
    let store = TestStore::with_thread("t");
    let item = json!({"n": 1});
    let batch = [
        NewMessage::new("user", "a"),
        NewMessage {
            item: Some(&item),
            created_at: Some(77),
            ..NewMessage::new("assistant", "b")
        },
    ];
    let ids = store.append_messages("t", &batch).unwrap();
    let listed = store.list_messages("t", None).unwrap();
    assert_eq!(listed[1].item, Some(item.clone()));
    assert_eq!(listed[1].created_at, 77);
    assert!(listed[0].created_at > 1_600_000_000);
    assert_eq!(listed[1].parent_entry_id, Some(ids[0]));
    assert!(store.append_messages("t", &[]).unwrap().is_empty());
    let error = store.append_messages("nobody", &batch).unwrap_err();
    assert_eq!(error.to_string(), "no thread 'nobody'");
    assert_eq!(shown(&store, "t"), ids);
}

#[test]
fn branches_are_pruned_and_copied_and_cleared() {
    let (store, [question, answer, _, because, other]) = conversation();
    let leaf = store.copy_branch(because, "copy").unwrap();
    assert_eq!(
        texts(&store, "copy"),
        ["question", "answer", "why", "because"]
    );
    let copy = store.get_thread("copy").unwrap().unwrap();
    assert_eq!(
        (copy.current_leaf_id, copy.source),
        (Some(leaf), SessionSource::Fork)
    );

    let mut named = store.get_thread("t").unwrap().unwrap();
    named.name = Some("Talk".into());
    store.upsert_thread(&named).unwrap();
    store.copy_branch(question, "named copy").unwrap();
    let name = store.find_thread_name_by_id("named copy").unwrap();
    assert_eq!(name.as_deref(), Some("Talk"));

    store.switch_leaf("t", Some(because)).unwrap();
    assert_eq!(store.prune(answer).unwrap(), 3);
    assert_eq!(shown(&store, "t"), [question]);
    assert_eq!(store.prune(question).unwrap(), 2);
    assert!(shown(&store, "t").is_empty());
    assert_eq!(store.tip(other).unwrap(), None);

    assert_eq!(store.clear_messages("copy").unwrap(), 4);
    assert_eq!(store.clear_messages("copy").unwrap(), 0);
    assert!(store.check(None).unwrap().is_empty());
}

#[test]
fn what_is_missing_is_named() {
    let (store, [question, ..]) = conversation();
    let named = |error: Error| match error {
        Error::NotFound { what, id } => (what, id),
        other => panic!("{other:?}"),
    };
    let thread = (Thing::Thread, "x".to_owned());
    let message = (Thing::Message, "999".to_owned());
    assert_eq!(
        named(store.append_message("x", "user", "", None).unwrap_err()),
        thread
    );
    assert_eq!(named(store.switch_leaf("x", None).unwrap_err()), thread);
    assert_eq!(
        named(store.switch_leaf("x", Some(question)).unwrap_err()),
        thread
    );
    assert_eq!(
        named(store.fork_at_message(999, "user", "", None).unwrap_err()),
        message
    );
    assert_eq!(
        named(store.add_alternative(999, "user", "", None).unwrap_err()),
        message
    );
    assert_eq!(
        named(store.switch_leaf("t", Some(999)).unwrap_err()),
        message
    );
    assert_eq!(named(store.prune(999).unwrap_err()), message);
    assert_eq!(named(store.copy_branch(999, "new").unwrap_err()), message);
    let error = store.copy_branch(question, "t").unwrap_err();
    assert!(
        matches!(
            error,
            Error::AlreadyExists {
                what: Thing::Thread,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(error.to_string(), "thread 't' exists already");

    assert_eq!(store.tip(999).unwrap(), None);
    assert_eq!(store.root(999).unwrap(), None);
    assert_eq!(store.depth(999).unwrap(), None);
    assert_eq!(store.common_ancestor(question, 999).unwrap(), None);
    assert_eq!(store.is_ancestor(question, 999).unwrap(), None);
    assert!(store.siblings(999).unwrap().is_empty());
    assert!(store.children(999).unwrap().is_empty());
    assert!(store.path(999, None).unwrap().is_empty());
    assert!(store.diff(999, 998).unwrap().a.is_empty());
    assert_eq!(store.clear_messages("x").unwrap(), 0);
    assert!(store.tree("x").unwrap().is_empty());
    assert!(store.leaves("x").unwrap().is_empty());
}

#[test]
fn a_broken_tree_is_found_and_reported_as_such() {
    let (store, [question, answer, why, because, _]) = conversation();
    store.switch_leaf("t", Some(because)).unwrap();
    let conn = Connection::open(store.db()).unwrap();
    let break_with = |sql: &str| conn.execute_batch(sql).unwrap();

    break_with(&format!(
        "UPDATE messages SET parent_entry_id = {because} WHERE id = {question}"
    ));
    let error = store.list_messages("t", None).unwrap_err();
    assert!(matches!(error, Error::CorruptTree { .. }), "{error:?}");
    let error = store.depth(why).unwrap_err();
    assert!(matches!(error, Error::CorruptTree { .. }), "{error:?}");
    assert!(!store.check(Some("t")).unwrap().is_empty());
    assert!(!store.check(None).unwrap().is_empty());

    break_with(&format!(
        "UPDATE messages SET parent_entry_id = 4711 WHERE id = {question}"
    ));
    // However much of the branch is asked for, the message that lost its parent is named.
    for limit in [None, Some(usize::MAX), Some(5)] {
        let error = store.list_messages("t", limit).unwrap_err();
        let expected = format!("message {question}: its parent 4711 is missing");
        assert!(
            matches!(&error, Error::CorruptTree { detail, .. } if detail.ends_with(&expected)),
            "{error:?}"
        );
    }
    assert_eq!(store.list_messages("t", Some(4)).unwrap().len(), 4);
    let error = store.depth(why).unwrap_err();
    assert!(
        matches!(&error, Error::CorruptTree { detail, .. } if detail.contains("parent 4711 is missing")),
        "{error:?}"
    );
    let problems = store.check(Some("t")).unwrap();
    for problem in &problems {
        assert_eq!(problem.message_id, Some(question));
        assert_eq!(problem.thread_id.as_deref(), Some("t"));
    }
    // It is missing, and if it were there it would be too late.
    let kinds: Vec<&str> = problems.iter().map(|p| p.problem.as_str()).collect();
    assert_eq!(kinds, ["parent in a later id", "parent missing"]);

    break_with(&format!(
        "UPDATE messages SET parent_entry_id = NULL WHERE id = {question}"
    ));
    assert_eq!(shown(&store, "t"), [question, answer, why, because]);
    assert!(store.check(None).unwrap().is_empty());
}

#[test]
fn thread_ids_and_texts_of_any_characters() {
    let store = TestStore::new();
    let odd = [
        "",
        " ",
        "a'b\"c",
        "%s%n%p",
        "ünïcødé 🌳",
        "nul\0inside",
        "line\nbreak",
        "-1",
        "NULL",
    ];
    for id in odd {
        store.upsert_thread(&ThreadMetadata::new(id)).unwrap();
        for text in odd {
            store
                .append_message(id, text, text, Some(json!({ text: text })))
                .unwrap();
        }
    }
    for id in odd {
        let messages = store.list_messages(id, None).unwrap();
        assert_eq!(messages.len(), odd.len());
        for (message, text) in messages.iter().zip(odd) {
            assert_eq!(
                (message.thread_id.as_str(), message.role.as_str()),
                (id, text)
            );
            assert_eq!(message.content, text);
            assert_eq!(message.item, Some(json!({ text: text })));
        }
        assert_eq!(store.get_thread(id).unwrap().unwrap().id, id);
    }
    let error = store
        .append_message("%s%n", "user", "hi", None)
        .unwrap_err();
    assert_eq!(error.to_string(), "no thread '%s%n'");
    assert_eq!(store.leaves("nul\0inside").unwrap().len(), 1);
    assert!(store.check(None).unwrap().is_empty());
}

/// An index that some crash or other program left without an entry is not believed: the rows are.
#[test]
fn a_damaged_index_leads_nowhere_else() {
    let store = TestStore::new();
    store.upsert_thread(&ThreadMetadata::new("t")).unwrap();
    let ids = store
        .append_messages("t", &[NewMessage::new("user", "text"); 10])
        .unwrap();
    let execute = |sql: &str| {
        let conn = Connection::open(store.db()).unwrap();
        conn.execute_batch(sql).unwrap();
    };
    // Hidden from SQLite, the index on jumps does not get the entry of the one that is made here.
    execute(
        "CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'branch_messages_jumps'; \
         PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'branch_messages_jumps'",
    );
    execute(&format!(
        "UPDATE messages SET parent_entry_id = {} WHERE id = {}",
        ids[2], ids[7]
    ));
    execute("PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM hidden");

    let expected: Vec<i64> = [&ids[..3], &ids[7..]].concat();
    assert_eq!(shown(&store, "t"), expected);
    for limit in [4, 2] {
        let page = store.list_messages("t", Some(limit)).unwrap();
        let page: Vec<i64> = page.iter().map(|message| message.id).collect();
        assert_eq!(page, expected[expected.len() - limit..]);
    }
    execute("REINDEX");
    assert_eq!(shown(&store, "t"), expected);
}

/// Also where it is the one just above the page after.
#[test]
fn a_missing_message_is_named_when_paging_back() {
    let store = TestStore::new();
    store.upsert_thread(&ThreadMetadata::new("t")).unwrap();
    let ids = store
        .append_messages("t", &[NewMessage::new("user", "text"); 10])
        .unwrap();
    let conn = Connection::open(store.db()).unwrap();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    for missing in 0..9 {
        conn.execute_batch("BEGIN").unwrap();
        conn.execute("DELETE FROM messages WHERE id = ?1", [ids[missing]])
            .unwrap();
        let history = History::register(&conn).unwrap();
        for (page, before) in ids.iter().enumerate() {
            for limit in 1..12 {
                let found = history.list_messages_before("t", *before, Some(limit));
                // The page has the messages from here up to the one before `before`.
                let top = page.saturating_sub(limit);
                if missing > page || missing < page && missing >= top {
                    let expected = format!(
                        "message {}: its parent {} is missing",
                        ids[missing + 1],
                        ids[missing]
                    );
                    assert!(
                        matches!(&found, Err(Error::CorruptTree { detail, .. }) if detail.ends_with(&expected)),
                        "{missing} {page} {limit}: {found:?}"
                    );
                } else {
                    let found: Vec<i64> = found.unwrap().iter().map(|message| message.id).collect();
                    // There is no page before a message that is not there.
                    let top = if missing == page { page } else { top };
                    assert_eq!(found, ids[top..page], "{missing} {page} {limit}");
                }
            }
        }
        conn.execute_batch("ROLLBACK").unwrap();
    }
}
