//! Threads without their records, versions, uids: the everyday methods of the store.

mod support;

use sqlite_branch_store::{Error, NewMessage, StateStore};
use support::TestStore;

fn message<'a>(uid: &'a str, content: &'a str) -> NewMessage<'a> {
    NewMessage {
        uid: Some(uid),
        ..NewMessage::new("user", content)
    }
}

fn rows(store: &TestStore, sql: &str) -> String {
    let conn = rusqlite::Connection::open(store.db()).unwrap();
    conn.query_row(sql, [], |row| row.get::<_, Option<String>>(0))
        .unwrap()
        .unwrap_or_default()
}

#[test]
fn a_conversation_without_a_record() {
    let store = TestStore::new();
    assert_eq!(store.create_thread(Some("t"), Some("Bread")).unwrap(), "t");
    let other = store.create_thread(None, None).unwrap();
    assert_eq!(other.len(), 36);
    assert_eq!(store.create_thread(Some("t"), None).unwrap(), "t");
    store.rename_thread("t", Some("Cake")).unwrap();
    // The index has the names, as after upsert_thread.
    assert_eq!(
        store.find_thread_name_by_id("t").unwrap().as_deref(),
        Some("Cake")
    );
    rows(&store, "SELECT 'x'");
    rusqlite::Connection::open(store.db())
        .unwrap()
        .execute_batch("UPDATE threads SET updated_at = 7")
        .unwrap();
    store.touch_thread("t").unwrap();
    let listed = store.list_summaries(None).unwrap();
    assert_eq!(
        listed.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(),
        ["t", other.as_str()]
    );
    assert!(listed[0].updated_at > 1_700_000_000);
    assert_eq!(listed[1].updated_at, 7);
    for error in [
        store.rename_thread("nobody", None).unwrap_err(),
        store.touch_thread("nobody").unwrap_err(),
        store.remove_thread("nobody").map(drop).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "no thread 'nobody'");
        assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    }
    store.append_message("t", "user", "Hi", None).unwrap();
    assert_eq!(store.remove_thread("t").unwrap(), 1);
    assert!(store.get_thread("t").unwrap().is_none());
    assert!(store.summary("t").unwrap().is_none());
}

#[test]
fn versions_and_summaries() {
    let (store, [question, answer, why, because, other]) = support::conversation();
    let versions = |store: &StateStore| -> Vec<(i64, i64, i64)> {
        let listed = store.list_versions("t", None).unwrap();
        listed
            .iter()
            .map(|one| (one.message.id, one.position, one.versions))
            .collect()
    };
    assert_eq!(versions(&store), [(question, 1, 1), (other, 2, 2)]);
    assert_eq!(store.select_message(other, Some(1)).unwrap(), because);
    assert_eq!(
        versions(&store),
        [
            (question, 1, 1),
            (answer, 1, 2),
            (why, 1, 1),
            (because, 1, 1)
        ]
    );
    assert_eq!(store.select_message(other, None).unwrap(), other);
    for (message, position, told) in [
        (other, Some(3), "has no alternative 3"),
        (99, None, "no message 99"),
    ] {
        let error = store.select_message(message, position).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
    let summary = store.summary("t").unwrap().unwrap();
    assert_eq!(
        (summary.messages, summary.leaves, summary.current_leaf_id),
        (5, 2, Some(other))
    );
    let last = summary.last.unwrap();
    assert_eq!(
        (last.id, last.role.as_str(), last.content.as_str()),
        (other, "assistant", "other")
    );
    store.switch_leaf("t", None).unwrap();
    assert_eq!(store.summary("t").unwrap().unwrap().last, None);
}

#[test]
fn a_repeated_call_happens_once() {
    let store = TestStore::with_thread("t");
    let first = store.append("t", &message("a", "one")).unwrap();
    let second = store.fork(first, &message("b", "two")).unwrap();
    let third = store.alternative(second, &message("c", "three")).unwrap();
    assert_eq!(store.append("t", &message("a", "one")).unwrap(), first);
    assert_eq!(store.fork(first, &message("b", "two")).unwrap(), second);
    assert_eq!(
        store.alternative(second, &message("c", "three")).unwrap(),
        third
    );
    assert_eq!(
        store.get_thread("t").unwrap().unwrap().current_leaf_id,
        Some(third)
    );
    assert_eq!(store.find_message("b").unwrap(), Some(second));
    assert_eq!(store.find_message("d").unwrap(), None);
    assert_eq!(store.uid(third).unwrap().as_deref(), Some("c"));
    assert_eq!(store.uid(99).unwrap(), None);
    let error = store.append("t", &message("a", "other")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "uid 'a' names message 1 already, which has another content"
    );
    assert!(
        matches!(&error, Error::UidTaken { uid, .. } if uid == "a"),
        "{error:?}"
    );
    let listed = store.list_versions("t", Some(1)).unwrap();
    assert_eq!(listed[0].uid.as_deref(), Some("c"));
    // All or none, likewise.
    let batch = [message("x", "x"), message("a", "other")];
    store.append_messages("t", &batch).unwrap_err();
    assert_eq!(store.find_message("x").unwrap(), None);
    let batch = [message("x", "x"), message("y", "y")];
    let ids = store.append_messages("t", &batch).unwrap();
    assert_eq!(store.append_messages("t", &batch).unwrap(), ids);
}

#[test]
fn in_a_transaction() {
    let store = TestStore::new();
    let failed = store.transaction(|tx| {
        let id = tx.create_thread(Some("t"), Some("Bread"))?;
        tx.append(&id, &message("a", "one"))?;
        tx.append("nobody", &message("b", "two"))
    });
    assert!(failed.is_err());
    assert_eq!(rows(&store, "SELECT group_concat(id) FROM threads"), "");
    assert_eq!(
        rows(&store, "SELECT group_concat(uid) FROM message_uids"),
        ""
    );
    store
        .transaction(|tx| {
            tx.create_thread(Some("t"), Some("Bread"))?;
            tx.rename_thread("t", Some("Cake"))?;
            tx.append("t", &message("a", "one"))?;
            tx.select_message(1, None)
        })
        .unwrap();
    assert_eq!(
        store.find_thread_name_by_id("t").unwrap().as_deref(),
        Some("Cake")
    );
}

/// What the signatures need, in the version that they need it in.
#[test]
fn json_is_re_exported() {
    let store = TestStore::with_thread("t");
    let item = sqlite_branch_store::serde_json::json!({"tokens": 3});
    store
        .append_message("t", "user", "x", Some(item.clone()))
        .unwrap();
    assert_eq!(store.list_messages("t", None).unwrap()[0].item, Some(item));
}
