//! The session index: names of threads in a file that other programs append to as well, and that can be torn.

mod seed;
mod support;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use seed::Seed;
use sqlite_branch_store::{Error, StateStore, ThreadMetadata};
use support::TestStore;

fn name(store: &StateStore, id: &str) -> Option<String> {
    store.find_thread_name_by_id(id).unwrap()
}

fn line(id: &str, name: &str, updated_at: i64) -> String {
    format!(
        r#"{{"thread_id":"{id}","thread_name":"{name}","updated_at":{updated_at},"rollout_path":null}}"#
    )
}

#[test]
fn the_last_line_of_a_thread_counts() {
    let store = TestStore::new();
    store
        .append_thread_name("a", Some("one".into()), 9, None)
        .unwrap();
    store
        .append_thread_name("a", Some("two".into()), 5, None)
        .unwrap();
    assert_eq!(name(&store, "a").as_deref(), Some("two"));
    store.append_thread_name("a", None, 6, None).unwrap();
    assert_eq!(name(&store, "a"), None);
    let names = store
        .find_thread_names_by_ids(&["a".into(), "b".into()])
        .unwrap();
    assert_eq!(
        names,
        HashMap::from([("a".into(), None), ("b".into(), None)])
    );
}

#[test]
fn a_path_is_found_by_name_whatever_the_case_of_its_ascii_letters() {
    let store = TestStore::new();
    let path = |p: &str| Some(PathBuf::from(p));
    store
        .append_thread_name("a", Some("Größe".into()), 5, path("/a"))
        .unwrap();
    store
        .append_thread_name("b", Some("gRößE".into()), 7, path("/b"))
        .unwrap();
    store
        .append_thread_name("c", Some("größe".into()), 6, path("/c"))
        .unwrap();
    assert_eq!(
        store.find_thread_path_by_name_str("GRößE").unwrap(),
        path("/b")
    );
    // Only ASCII letters.
    assert_eq!(store.find_thread_path_by_name_str("GRÖSSE").unwrap(), None);
    assert_eq!(store.find_thread_path_by_name_str("GRÖßE").unwrap(), None);
    // Of equal times, the one that was added last.
    store
        .append_thread_name("d", Some("GRößE".into()), 7, path("/d"))
        .unwrap();
    assert_eq!(
        store.find_thread_path_by_name_str("größe").unwrap(),
        path("/d")
    );
    // A thread that was renamed no longer has its old name.
    store
        .append_thread_name("d", Some("x".into()), 8, path("/d"))
        .unwrap();
    assert_eq!(
        store.find_thread_path_by_name_str("größe").unwrap(),
        path("/b")
    );
}

#[test]
fn a_look_up_sees_what_others_appended_since() {
    let store = TestStore::new();
    let other = StateStore::open(Some(store.db())).unwrap();
    let seed = Seed::at(store.db());
    for at in 0..20 {
        other
            .append_thread_name("a", Some(format!("ours {at}")), at, None)
            .unwrap();
        assert_eq!(name(&store, "a"), Some(format!("ours {at}")));
        seed.append_to_index(&line("a", &format!("theirs {at}"), at));
        assert_eq!(name(&store, "a"), Some(format!("theirs {at}")));
    }
    // A line whose end has not been written yet.
    let mut text = fs::read_to_string(store.index()).unwrap();
    text.push_str(&line("b", "no end yet", 1));
    fs::write(store.index(), &text).unwrap();
    assert_eq!(name(&store, "b").as_deref(), Some("no end yet"));
    other
        .append_thread_name("c", Some("after it".into()), 2, None)
        .unwrap();
    assert_eq!(name(&store, "b").as_deref(), Some("no end yet"));
    assert_eq!(name(&store, "c").as_deref(), Some("after it"));
    assert_eq!(store.session_index_report().unwrap().lines, 42);
    store.verify_session_index().unwrap();
}

#[test]
fn a_look_up_reads_only_what_was_appended() {
    let store = TestStore::new();
    store
        .append_thread_name("a", Some("one".into()), 1, None)
        .unwrap();
    assert_eq!(name(&store, "a").as_deref(), Some("one"));
    // Bytes that were read before are changed in place: a look-up that reads all would see it.
    let text = fs::read_to_string(store.index()).unwrap();
    fs::write(
        store.index(),
        text.replace("one", "two") + &line("b", "new", 2) + "\n",
    )
    .unwrap();
    assert_eq!(name(&store, "b").as_deref(), Some("new"));
    assert_eq!(name(&store, "a").as_deref(), Some("one"));
}

#[test]
fn a_file_that_was_replaced_or_cut_or_removed_is_read_anew() {
    let store = TestStore::new();
    store
        .append_thread_name("a", Some("a long first name".into()), 1, None)
        .unwrap();
    assert!(name(&store, "a").is_some());
    fs::write(store.index(), line("b", "b", 1) + "\n").unwrap();
    assert_eq!(
        (name(&store, "a"), name(&store, "b")),
        (None, Some("b".into()))
    );

    let beside = store.dir.path().join("another");
    fs::write(&beside, line("c", "c", 1) + "\n").unwrap();
    fs::rename(&beside, store.index()).unwrap();
    assert_eq!(
        (name(&store, "b"), name(&store, "c")),
        (None, Some("c".into()))
    );

    fs::remove_file(store.index()).unwrap();
    assert_eq!(name(&store, "c"), None);
    store
        .append_thread_name("d", Some("d".into()), 1, None)
        .unwrap();
    assert_eq!(name(&store, "d").as_deref(), Some("d"));
}

#[test]
fn torn_lines_are_skipped_and_reported() {
    let store = TestStore::new();
    let whole = line("a", "whole", 1);
    let torn = &line("b", "torn", 1)[..30];
    // Line 4 is two writers' lines in one; 5 is empty, as they leave it; 6 a torn one with a whole one behind it.
    let text = format!(
        "{whole}\n{torn}\n\u{0}\u{0}\n{}{}\n\n{torn}{}\n{{\"version\":1}}\n{torn}",
        line("c", "c", 1),
        line("d", "d", 1),
        line("e", "e", 1)
    );
    fs::write(store.index(), text).unwrap();
    for (id, expected) in [("a", "whole"), ("c", "c"), ("d", "d"), ("e", "e")] {
        assert_eq!(name(&store, id).as_deref(), Some(expected));
    }
    assert_eq!(name(&store, "b"), None);
    let report = store.session_index_report().unwrap();
    assert_eq!(report.unreadable, [2, 3, 6, 7, 8]);
    assert_eq!((report.lines, report.threads), (8, 4));
    let error = store.verify_session_index().unwrap_err();
    assert!(matches!(&error, Error::TornIndex { lines, .. } if lines == &[2, 3, 6, 7, 8]));
    assert!(error.to_string().contains("session_index.jsonl"), "{error}");

    // What is appended begins a line of its own.
    store
        .append_thread_name("f", Some("f".into()), 1, None)
        .unwrap();
    assert_eq!(name(&store, "f").as_deref(), Some("f"));
    let text = fs::read_to_string(store.index()).unwrap();
    assert_eq!(text.lines().nth(7), Some(torn));
    assert_eq!(text.lines().count(), 9);

    // Compacting leaves what can be read, and what is JSON of another kind.
    store.compact_session_index().unwrap();
    let text = fs::read_to_string(store.index()).unwrap();
    assert_eq!(text.lines().count(), 6);
    assert_eq!(text.lines().nth(4), Some("{\"version\":1}"));
    assert_eq!(store.session_index_report().unwrap().unreadable, [5]);
    for id in ["a", "c", "d", "e", "f"] {
        assert!(name(&store, id).is_some(), "{id}");
    }
}

#[test]
fn nothing_is_written_that_the_index_says_already() {
    let store = TestStore::new();
    let mut thread = ThreadMetadata::new("t");
    thread.name = Some("n".into());
    for _ in 0..10 {
        store.upsert_thread(&thread).unwrap();
    }
    thread.updated_at += 1;
    store.upsert_thread(&thread).unwrap();
    let text = fs::read_to_string(store.index()).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn the_index_does_not_grow_without_end() {
    let store = TestStore::new();
    let seed = Seed::at(store.db());
    seed.append_to_index(
        r#"{"thread_id":"kept","thread_name":"k","updated_at":1,"rollout_path":"/p","more":[1]}"#,
    );
    let mut largest = 0;
    for at in 0..5_000 {
        let id = format!("t{}", at % 10);
        store
            .append_thread_name(&id, Some(format!("name {at}")), at, None)
            .unwrap();
        largest = largest.max(fs::metadata(store.index()).unwrap().len());
    }
    assert!(largest < 100_000, "{largest}");
    for at in 4_990..5_000 {
        assert_eq!(
            name(&store, &format!("t{}", at % 10)),
            Some(format!("name {at}"))
        );
    }
    // What others put into a line stays in it.
    let text = fs::read_to_string(store.index()).unwrap();
    assert!(text.contains(r#""rollout_path":"/p","more":[1]}"#));
}

#[test]
fn a_compacted_index_has_one_line_for_each_thread() {
    let store = TestStore::new();
    store.compact_session_index().unwrap();
    assert!(!store.index().exists());
    for at in 0..30 {
        store
            .append_thread_name(&format!("t{}", at % 3), Some(at.to_string()), at, None)
            .unwrap();
    }
    // A crash in the midst of compacting leaves this.
    fs::write(
        store.dir.path().join("session_index.jsonl.new"),
        "half of it",
    )
    .unwrap();
    store.compact_session_index().unwrap();
    let text = fs::read_to_string(store.index()).unwrap();
    let expected: String = (27..30)
        .map(|at| line(&format!("t{}", at % 3), &at.to_string(), at) + "\n")
        .collect();
    assert_eq!(text, expected);
    assert!(!store.dir.path().join("session_index.jsonl.new").exists());
    // Ties are as they were.
    assert_eq!(name(&store, "t0").as_deref(), Some("27"));
}

#[test]
#[cfg(unix)]
fn compacting_keeps_permissions_and_symbolic_links() {
    use std::os::unix::fs::{symlink, PermissionsExt};
    let store = TestStore::new();
    let elsewhere = store.dir.path().join("elsewhere.jsonl");
    fs::write(
        &elsewhere,
        line("a", "x", 1) + "\n" + &line("a", "y", 2) + "\n",
    )
    .unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&elsewhere, store.index()).unwrap();
    store.compact_session_index().unwrap();
    assert!(fs::symlink_metadata(store.index()).unwrap().is_symlink());
    let mode = fs::metadata(&elsewhere).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap().lines().count(), 1);
    assert_eq!(name(&store, "a").as_deref(), Some("y"));
}

#[test]
fn appending_waits_for_the_lock_until_the_timeout() {
    let store = TestStore::new();
    store
        .append_thread_name("a", Some("a".into()), 1, None)
        .unwrap();
    let lock = fs::OpenOptions::new()
        .write(true)
        .open(store.dir.path().join("session_index.jsonl.lock"))
        .unwrap();
    lock.lock().unwrap();
    let impatient = StateStore::builder()
        .path(store.db())
        .busy_timeout(std::time::Duration::from_millis(10))
        .open()
        .unwrap();
    let error = impatient
        .append_thread_name("a", Some("b".into()), 1, None)
        .unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    assert!(
        error.to_string().contains("session_index.jsonl.lock"),
        "{error}"
    );
    // Looking up does not wait.
    assert_eq!(name(&store, "a").as_deref(), Some("a"));
    let patient = store.store.clone();
    let waiting =
        std::thread::spawn(move || patient.append_thread_name("a", Some("c".into()), 1, None));
    drop(lock);
    waiting.join().unwrap().unwrap();
    assert_eq!(name(&store, "a").as_deref(), Some("c"));
}

#[test]
fn names_given_in_a_transaction_are_there_when_it_is_committed() {
    let store = TestStore::new();
    let mut thread = ThreadMetadata::new("t");
    thread.name = Some("n".into());
    let failed = store.transaction(|tx| {
        tx.upsert_thread(&thread)?;
        tx.append_message("nobody", "user", "hi", None)
    });
    assert!(failed.is_err());
    assert_eq!(name(&store, "t"), None);
    store
        .transaction(|tx| {
            tx.upsert_thread(&thread)?;
            tx.append_thread_name("u", Some("m".into()), 1, None)?;
            assert_eq!(name(&store, "t"), None);
            Ok(())
        })
        .unwrap();
    assert_eq!(name(&store, "t").as_deref(), Some("n"));
    assert_eq!(name(&store, "u").as_deref(), Some("m"));
}

#[test]
fn two_processes_and_a_seed_append_while_the_index_is_compacted() {
    let store = TestStore::new();
    let mut children = [
        support::Process::start("append", &store.db()),
        support::Process::start("append", &store.db()),
        support::Process::start("compact", &store.db()),
    ];
    for child in &mut children {
        child.expect("ready");
    }
    for child in &mut children {
        child.go();
    }
    let mut ids = Vec::new();
    for mut child in children {
        ids.extend(std::iter::from_fn(|| child.next()));
        assert!(child.wait().success());
    }
    assert_eq!(ids.len(), 2 * 300);
    for id in &ids {
        assert_eq!(name(&store, id), Some(format!("name of {id}")));
    }
    store.verify_session_index().unwrap();
}

/// What the child processes do.
#[test]
fn child_process() {
    let Some((role, path)) = support::role() else {
        return;
    };
    let store = StateStore::open(Some(path)).unwrap();
    support::tell("ready");
    support::hear();
    for at in 0..300 {
        if role == "compact" {
            store.compact_session_index().unwrap();
        } else {
            let id = format!("{}-{at}", std::process::id());
            store
                .append_thread_name(&id, Some(format!("name of {id}")), at, None)
                .unwrap();
            support::tell(id);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(u8, u16),
    SeedAppends(u8, u16),
    Tear(u8, usize),
    Compact,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6u8, any::<u16>()).prop_map(|(id, name)| Step::Append(id, name)),
        4 => (0..6u8, any::<u16>()).prop_map(|(id, name)| Step::SeedAppends(id, name)),
        2 => (0..6u8, 1..60usize).prop_map(|(id, at)| Step::Tear(id, at)),
        1 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_the_file_the_names_are_right(steps in proptest::collection::vec(step(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("state.db");
        let open = || StateStore::builder()
            .path(&db)
            .synchronous(sqlite_branch_store::Synchronous::Off)
            .open()
            .unwrap();
        let mut store = open();
        let seed = Seed::at(&db);
        let mut model: HashMap<u8, String> = HashMap::new();
        for step in steps {
            match step {
                Step::Append(id, name) => {
                    store.append_thread_name(&id.to_string(), Some(name.to_string()), 1, None).unwrap();
                    model.insert(id, name.to_string());
                }
                Step::SeedAppends(id, name) => {
                    seed.append_to_index(&line(&id.to_string(), &name.to_string(), 1));
                    model.insert(id, name.to_string());
                }
                Step::Tear(id, at) => {
                    // Whatever comes next is on the same line, unless it is ours.
                    use std::io::Write;
                    let text = line(&id.to_string(), "torn", 1);
                    let mut file = fs::OpenOptions::new()
                        .create(true)
                        .append(true)
                        .open(dir.path().join("session_index.jsonl"))
                        .unwrap();
                    file.write_all(&text.as_bytes()[..at.min(text.len() - 1)]).unwrap();
                }
                Step::Compact => store.compact_session_index().unwrap(),
                Step::Reopen => store = open(),
            }
            for id in 0..6 {
                prop_assert_eq!(name(&store, &id.to_string()), model.get(&id).cloned());
            }
        }
    }

    #[test]
    fn random_bytes_are_no_reason_to_fail(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let dir = tempfile::tempdir().unwrap();
        let store = StateStore::open(Some(dir.path().join("state.db"))).unwrap();
        fs::write(dir.path().join("session_index.jsonl"), &bytes).unwrap();
        prop_assert_eq!(name(&store, "a"), None);
        store.append_thread_name("a", Some("a".into()), 1, None).unwrap();
        prop_assert_eq!(name(&store, "a"), Some("a".to_owned()));
        store.compact_session_index().unwrap();
        prop_assert_eq!(name(&store, "a"), Some("a".to_owned()));
    }
}
