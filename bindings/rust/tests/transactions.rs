//! Several calls that commit together.

mod support;

use sqlite_branch_store::{Error, StateStore};
use support::{conversation, shown, TestStore};

#[test]
fn a_transaction_commits_all_or_nothing() {
    let (store, [question, ..]) = conversation();
    let before = shown(&store, "t");
    let ids = store
        .transaction(|tx| {
            let a = tx.append_message("t", "user", "a", None)?;
            let b = tx.fork_at_message(question, "assistant", "b", None)?;
            // What it wrote it sees, and nobody else does.
            assert_eq!(tx.list_messages("t", None)?.len(), 2);
            assert_eq!(shown(&store, "t"), before);
            Ok([a, b])
        })
        .unwrap();
    assert_eq!(shown(&store, "t"), [question, ids[1]]);

    let error = store
        .transaction(|tx| {
            tx.append_message("t", "user", "lost", None)?;
            tx.clear_messages("t")?;
            tx.fork_at_message(question, "user", "on nothing", None)
        })
        .unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    assert_eq!(shown(&store, "t"), [question, ids[1]]);
}

#[test]
fn a_panic_in_a_transaction_rolls_it_back_and_the_store_goes_on() {
    let (store, _) = conversation();
    let before = shown(&store, "t");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = store.transaction(|tx| -> sqlite_branch_store::Result<()> {
            tx.append_message("t", "user", "lost", None)?;
            panic!("in the midst");
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(shown(&store, "t"), before);
    store.append_message("t", "user", "on", None).unwrap();
    assert_eq!(shown(&store, "t").len(), before.len() + 1);
}

#[test]
fn writing_through_the_store_inside_a_transaction_is_an_error_and_no_deadlock() {
    let (store, _) = conversation();
    let error = store
        .transaction(|_| store.append_message("t", "user", "hi", None))
        .unwrap_err();
    assert!(
        matches!(error, Error::InsideTransaction { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("append to thread \"t\""),
        "{error}"
    );
    let error = store
        .transaction(|_| store.transaction(|_| Ok(())))
        .unwrap_err();
    assert!(
        matches!(error, Error::InsideTransaction { .. }),
        "{error:?}"
    );
    // Reading is fine, and another thread just waits.
    let clone: StateStore = store.store.clone();
    let other = store
        .transaction(|_| {
            assert_eq!(shown(&store, "t").len(), 2);
            Ok(std::thread::spawn(move || {
                clone.append_message("t", "user", "hi", None)
            }))
        })
        .unwrap();
    other.join().unwrap().unwrap();
    assert_eq!(shown(&store, "t").len(), 3);
}

#[test]
fn imported_messages_keep_their_times() {
    let store = TestStore::with_thread("t");
    store
        .transaction(|tx| {
            let first = tx.at(10).append_message("t", "user", "a", None)?;
            tx.at(20).fork_at_message(first, "user", "b", None)?;
            let other = tx.at(-5).add_alternative(first, "user", "c", None)?;
            tx.at(40).copy_branch(other, "copy")
        })
        .unwrap();
    let times: Vec<i64> = store
        .tree("t")
        .unwrap()
        .iter()
        .map(|node| node.created_at)
        .collect();
    assert_eq!(times, [10, 20, -5]);
    let copy = store.get_thread("copy").unwrap().unwrap();
    assert_eq!((copy.created_at, copy.updated_at), (40, 40));
    assert_eq!(store.list_messages("copy", None).unwrap()[0].created_at, -5);
}
