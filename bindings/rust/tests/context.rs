//! What a model is sent and what it has used: the store's methods, on a store, in a transaction, on a connection.

mod support;

use serde_json::json;
use sqlite_branch_store::{Compaction, ContextKind, Error, History};
use support::{conversation, TestStore};

#[test]
fn a_context_before_and_after_a_compaction() {
    let (store, [question, answer, why, because, _]) = conversation();
    store.switch_leaf("t", Some(because)).unwrap();
    let context = store.context("t", None, None).unwrap();
    let sent: Vec<_> = context
        .messages
        .iter()
        .map(|sent| sent.message.id)
        .collect();
    assert_eq!(sent, [question, answer, why, because]);
    assert_eq!((context.total, context.dropped), (2 + 2 + 1 + 2, 0));
    let context = store.context("t", Some(3), None).unwrap();
    assert_eq!(context.messages.len(), 2);
    assert_eq!(context.messages[0].message.content, "why");
    assert_eq!((context.total, context.dropped), (3, 2));

    let item = json!({"by": "me"});
    let compaction = Compaction {
        first_kept_id: Some(why),
        item: Some(&item),
        created_at: Some(7),
        uid: Some("the summary"),
        ..Compaction::new("in short")
    };
    let summary = store.compact("t", &compaction).unwrap();
    assert_eq!(store.compact("t", &compaction).unwrap(), summary);
    let context = store.context("t", None, None).unwrap();
    let sent: Vec<_> = context
        .messages
        .iter()
        .map(|sent| (sent.kind, sent.message.id))
        .collect();
    assert_eq!(
        sent,
        [
            (ContextKind::Summary, summary),
            (ContextKind::Message, why),
            (ContextKind::Message, because)
        ]
    );
    let stored = &context.messages[0].message;
    assert_eq!(
        (
            stored.role.as_str(),
            stored.content.as_str(),
            stored.created_at
        ),
        ("summary", "in short", 7)
    );
    assert_eq!(
        stored.item,
        Some(json!({"type": "compaction", "first_kept_id": why, "by": "me"}))
    );
    // What was sent before the answer.
    let context = store.context("t", None, Some(question)).unwrap();
    assert_eq!(context.messages.len(), 1);
    assert!(store
        .context("nobody", None, None)
        .unwrap()
        .messages
        .is_empty());
    assert!(store
        .context("t", Some(u64::MAX), Some(999))
        .unwrap()
        .messages
        .is_empty());
}

#[test]
fn what_is_refused() {
    let (store, [question, _, why, _, other]) = conversation();
    let keep = |first_kept_id| {
        let compaction = Compaction {
            first_kept_id: Some(first_kept_id),
            ..Compaction::new("s")
        };
        store.compact("t", &compaction).unwrap_err()
    };
    assert!(
        matches!(keep(999), Error::NotFound { .. }),
        "{:?}",
        keep(999)
    );
    // On another branch.
    assert!(
        matches!(keep(why), Error::InvalidId { .. }),
        "{:?}",
        keep(why)
    );
    let error = store.compact("nobody", &Compaction::new("s")).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    let list = json!([1]);
    let compaction = Compaction {
        item: Some(&list),
        ..Compaction::new("s")
    };
    let error = store.compact("t", &compaction).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("item_json must be a JSON object"),
        "{error}"
    );
    assert_eq!(store.tip(question).unwrap(), Some(other));

    let elsewhere = TestStore::with_thread("u");
    elsewhere.append_message("u", "user", "x", None).unwrap();
    elsewhere
        .upsert_thread(&sqlite_branch_store::ThreadMetadata::new("v"))
        .unwrap();
    let error = elsewhere.context("v", None, Some(1)).unwrap_err();
    assert!(matches!(error, Error::InvalidId { .. }), "{error:?}");
    let error = elsewhere.usage(Some("v"), Some(1)).unwrap_err();
    assert!(matches!(error, Error::InvalidId { .. }), "{error:?}");
}

#[test]
fn usage_and_tokens() {
    let store = TestStore::with_thread("t");
    let item = json!({"model": "gpt", "usage": {"prompt_tokens": 10, "completion_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 8}, "cost": 0.5}});
    let first = store
        .transaction(|tx| {
            let first = tx.append_message("t", "assistant", "a", Some(item.clone()))?;
            tx.add_alternative(first, "assistant", "b", Some(item.clone()))?;
            assert_eq!(tx.usage(None, None)?[0].messages, 2);
            Ok(first)
        })
        .unwrap();
    let all = store.usage(Some("t"), None).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].model.as_deref(), Some("gpt"));
    assert_eq!(
        (
            all[0].input_tokens,
            all[0].cached_tokens,
            all[0].output_tokens
        ),
        (20, 16, 6)
    );
    assert_eq!(all[0].cost, Some(1.0));
    assert_eq!(store.usage(Some("t"), Some(first)).unwrap()[0].messages, 1);
    assert!(store.usage(Some("nobody"), None).unwrap().is_empty());
    assert_eq!(store.tokens("12345", None).unwrap(), 2);
    assert_eq!(
        store.tokens("12345", Some(&json!({"tokens": 9}))).unwrap(),
        9
    );
    let conn = sqlite_branch_store::rusqlite::Connection::open(store.db()).unwrap();
    let history = History::register(&conn).unwrap();
    assert_eq!(history.usage(None, None).unwrap(), all);
    assert_eq!(
        history.context("t", Some(0), None).unwrap().messages.len(),
        1
    );
}
