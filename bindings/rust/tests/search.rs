//! Labels, and search over all messages.

mod support;

use sqlite_branch_store::{Error, Thing};
use support::conversation;

#[test]
fn labels() {
    // question ─ answer ─ ..., and `other` beside the answer, which is current.
    let (store, [question, answer, ..]) = conversation();
    assert!(store.set_label(answer, "draft").unwrap());
    assert!(!store.set_label(answer, "draft").unwrap());
    assert!(store
        .set_label(question.to_string().as_str(), "start")
        .unwrap());
    assert!(store.set_label(question, "draft").unwrap());
    let listed = store.list_labels(Some("t")).unwrap();
    let all: Vec<_> = listed
        .iter()
        .map(|label| (label.label.as_str(), label.message_id, label.is_current))
        .collect();
    assert_eq!(all, [("draft", question, true), ("start", question, true)]);
    assert_eq!(store.list_labels(None).unwrap(), listed);
    assert_eq!(store.list_labels(Some("nobody")).unwrap(), []);
    assert!(store.remove_label("t", "draft").unwrap());
    assert!(!store.remove_label("t", "draft").unwrap());
    assert_eq!(store.clear_labels(question).unwrap(), 1);
    assert_eq!(store.clear_labels(question).unwrap(), 0);

    let unknown = store.set_label(4242, "x").unwrap_err();
    assert!(
        matches!(
            unknown,
            Error::NotFound {
                what: Thing::Message,
                ..
            }
        ),
        "{unknown:?}"
    );
    let unknown = store.remove_label("nobody", "x").unwrap_err();
    assert!(
        matches!(
            unknown,
            Error::NotFound {
                what: Thing::Thread,
                ..
            }
        ),
        "{unknown:?}"
    );

    // With a time of the caller's, in a transaction that is undone.
    let undone: Result<(), Error> = store.transaction(|tx| {
        tx.at(77).set_label(answer, "undone")?;
        assert_eq!(tx.list_labels(None)?[0].created_at, 77);
        Err(Error::NotFound {
            what: Thing::Thread,
            id: "x".to_owned(),
        })
    });
    assert!(undone.is_err());
    assert_eq!(store.list_labels(None).unwrap(), []);
}

#[test]
fn search() {
    let (store, _) = conversation();
    let flowers = store
        .append_message("t", "user", "京都の桜はいつ咲きますか？", None)
        .unwrap();
    let more = store
        .append_message("t", "user", "Flowers, more flowers", None)
        .unwrap();
    for indexed in [false, true] {
        let found = store.search("桜", Some("t"), None).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].message.id, found[0].is_current), (flowers, true));
        assert_eq!(found[0].snippet, "京都の«桜»はいつ咲きますか？");
        assert!(found[0].rank < 0.0);
        let found = store.search("flowers OR 咲", None, Some(1)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            store.search("flowers", Some("nobody"), None).unwrap().len(),
            0
        );
        if !indexed {
            let all = store.index_messages().unwrap();
            assert_eq!(all, store.rebuild_index().unwrap());
            assert_eq!(store.index_messages().unwrap(), 0);
        }
    }
    assert_eq!(
        store.search("flow*", None, None).unwrap()[0].message.id,
        more
    );
    let error = store.search("it's", None, None).unwrap_err();
    assert!(matches!(error, Error::InvalidValue { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "query \"it's\" is not FTS5 syntax: syntax error near ''', character 3"
    );
    let error = store.search(" ", None, None).unwrap_err();
    assert_eq!(error.to_string(), "query \" \" must not be empty");
}
