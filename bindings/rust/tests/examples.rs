//! The examples, run as a user runs them.

mod seed;
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlite_branch_store::{StateStore, ThreadListFilters};

/// The program of an example, which cargo builds beside the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    let program = target
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: `cargo test` builds it, as does `cargo build --examples`",
        program.display()
    );
    program
}

/// Runs an example in a directory and returns what it printed.
fn run(name: &str, dir: &Path, arguments: &[&Path], input: &str) -> String {
    let mut child = Command::new(example(name))
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What the tour prints. The README shows it.
const TOUR: &str = "\
● 1 user: Where should I go?
├─○ 2 assistant: To Lisbon.
● 3 assistant: To Bergen.
◉ 4 user: Does it rain there?
user: Where should I go?
assistant: To Lisbon.
";

#[test]
fn the_tour() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run("tour", dir.path(), &[], ""), TOUR);
}

/// The README shows the tour and what it prints, as they are run here.
#[test]
fn the_readme_has_the_tour() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("../../README.md")).unwrap();
    let tour = std::fs::read_to_string(root.join("examples/tour.rs")).unwrap();
    let code = tour.split_once("\n\n").unwrap().1;
    for block in [format!("```rust\n{code}```"), format!("```text\n{TOUR}```")] {
        assert!(
            readme.contains(&block),
            "README.md must contain, from examples/tour.rs and what it prints:\n{block}"
        );
    }
}

#[test]
fn a_chat_with_edit_again_and_switch() {
    let dir = tempfile::tempdir().unwrap();
    let printed = run(
        "chat",
        dir.path(),
        &[],
        "hello\n/again\n/edit 1 hi\n/next 4\n/next 3\n/edit 2 no\n/next 4\n/next two\n/tree\n/what\n/quit\nnot heard\n",
    );
    let expected = "\
1 user: hello
2 assistant: You said: hello
1 user: hello
3 [2 of 2] assistant: You said: hello (in other words, 1)
4 [2 of 2] user: hi
5 assistant: You said: hi
1 [1 of 2] user: hello
3 [2 of 2] assistant: You said: hello (in other words, 1)
1 [1 of 2] user: hello
2 [1 of 2] assistant: You said: hello
! only what you said can be edited
! message 4 is not among those above
! 'two' is not a message id
";
    let rest = printed
        .strip_prefix(expected)
        .unwrap_or_else(|| panic!("{printed}"));
    assert_eq!(
        rest.lines()
            .take_while(|line| !line.starts_with("text "))
            .count(),
        5,
        "{rest}"
    );
    assert!(rest.contains("/edit ID text"));
    assert!(!printed.contains("not heard"));

    // It goes on where it was.
    let printed = run("chat", dir.path(), &[], "more\n");
    assert!(
        printed.starts_with("1 [1 of 2] user: hello\n2 [1 of 2] assistant: You said: hello\n"),
        "{printed}"
    );
    assert!(
        printed.ends_with("6 user: more\n7 assistant: You said: more\n"),
        "{printed}"
    );
}

#[test]
fn errors_are_for_people() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("text.db"),
        "this is text, and no database\n",
    )
    .unwrap();
    for (name, arguments, expected) in [
        (
            "copy",
            &["text.db"][..],
            "copy: give two files: EXISTING NEW\n",
        ),
        (
            "copy",
            &["text.db", "new.db"],
            "copy: file is not a database\n",
        ),
        (
            "import",
            &["new.db"],
            "import: give a database and the files to import: DATABASE EXPORT...\n",
        ),
        (
            "import",
            &["--format", "pi", "new.db", "text.db"],
            "branch_import: line 1: not JSON: expected ident at column 2\n",
        ),
        ("chat", &["text.db"], "text.db: file is not a database\n"),
    ] {
        let output = Command::new(example(name))
            .args(arguments)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.starts_with(&format!("{name}: ")), "{error}");
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn a_copy_of_a_database_of_the_seed() {
    let dir = tempfile::tempdir().unwrap();
    let seed = seed::Seed::new(dir.path().join("old.db"));
    seed.upsert_thread("a", 10);
    seed.upsert_thread("b", 20);
    let question = seed.append("a", "user", "question", Some("{\"k\":1}"));
    let other = seed.append("b", "user", "other thread", None);
    let answer = seed.append("a", "assistant", "answer", None);
    seed.fork(&question.to_string(), "assistant", "another answer");
    seed.append("a", "user", "on", None);
    seed.set_leaf("a", &answer.to_string());
    seed.save_checkpoint("a", "c", "{\"step\":1}", 5);
    seed.conn()
        .execute("UPDATE messages SET created_at = 100 + id", [])
        .unwrap();
    let before = std::fs::read(&seed.path).unwrap();

    let new = dir.path().join("new.db");
    let printed = run("copy", dir.path(), &[&seed.path, &new], "");
    assert_eq!(printed, "b: 1 messages\na: 4 messages\n");
    assert_eq!(std::fs::read(&seed.path).unwrap(), before);
    let store = StateStore::open(Some(new.clone())).unwrap();
    assert_eq!(support::texts(&store, "a"), ["question", "answer"]);
    let first = &store.list_messages("a", None).unwrap()[0];
    assert_eq!(first.item, Some(serde_json::json!({"k": 1})));
    assert_eq!(first.created_at, 100 + question);
    assert_eq!(support::texts(&store, "b"), ["other thread"]);
    assert_eq!(
        store.list_messages("b", None).unwrap()[0].created_at,
        100 + other
    );
    let leaves = store.list_leaf_messages("a").unwrap();
    assert_eq!(
        leaves
            .iter()
            .map(|m| m.content.as_str())
            .collect::<Vec<_>>(),
        ["answer", "on"]
    );
    assert_eq!(
        store.load_checkpoint("a", None).unwrap().unwrap().state["step"],
        1
    );
    assert_eq!(
        store
            .list_threads(ThreadListFilters::default())
            .unwrap()
            .len(),
        2
    );
    assert!(store.check(None).unwrap().is_empty());
    drop(store);

    let printed = run("copy", dir.path(), &[&seed.path, &new], "");
    assert_eq!(printed, "b: is there already\na: is there already\n");
}

#[test]
fn a_copy_of_a_linear_database() {
    let dir = tempfile::tempdir().unwrap();
    let seed = seed::Seed::at(dir.path().join("old.db"));
    seed.run(seed::LINEAR);
    seed.upsert_thread("a", 10);
    for (at, content) in ["one", "two", "three"].into_iter().enumerate() {
        seed.append_linear("a", content, at as i64);
    }
    let new = dir.path().join("new.db");
    run("copy", dir.path(), &[&seed.path, &new], "");
    let store = StateStore::open(Some(new)).unwrap();
    assert_eq!(support::texts(&store, "a"), ["one", "two", "three"]);
}

#[test]
fn an_import_of_exports() {
    let dir = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/exports");
    let (chats, session) = (samples.join("chatgpt.json"), samples.join("pi.jsonl"));
    let database = dir.path().join("new.db");
    let printed = run("import", dir.path(), &[&database, &chats, &session], "");
    let expected = format!(
        "{}: 4 messages added\n{}: 7 messages added\n",
        chats.display(),
        session.display()
    );
    assert_eq!(printed, expected);
    let printed = run("import", dir.path(), &[&database, &chats], "");
    assert!(printed.ends_with(": 0 messages added\n"), "{printed}");
    let store = StateStore::open(Some(database)).unwrap();
    assert_eq!(
        support::texts(&store, "tea"),
        ["How long does tea take?", "Black tea, four minutes."]
    );
}
