//! Clients that give their messages uids, are killed at any moment, and say again what was not acknowledged, and some of
//! what was: each message is there once, each label where it was put, and nothing is half done. The same of histories
//! (`branch_put`), exports (`branch_import`) and the search index, which need no uid to be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use sqlite_branch_reliability::child::{self, Process};
use sqlite_branch_reliability::database::{
    add_thread, assert_sound, open, open_and_load, rows, run, PATIENCE,
};
use sqlite_branch_reliability::size::{random, size};
use sqlite_branch_store::{NewMessage, StateStore};

const WRITERS: [&str; 4] = ["shell", "shell", "retrying", "batches"];
const KILLS: usize = 5;
const MOST: usize = 30;
/// How many kinds of requests there are: each request is of the next one.
const KINDS: usize = 9;

/// What a request adds.
#[derive(Default, PartialEq, Debug)]
struct Adds {
    /// Contents and uids of messages.
    messages: Vec<(String, Option<String>)>,
    /// Labels, and the contents of their messages.
    labels: Vec<(String, String)>,
}

fn content(slot: usize, at: usize, part: &str) -> String {
    format!("message {slot}.{at}{part}")
}

fn uid(slot: usize, at: usize, part: &str) -> String {
    format!("uid {slot}.{at}{part}")
}

/// What request `at` of a writer adds, when it is made the first time.
fn adds(slot: usize, at: usize) -> Adds {
    let named = |part: &str| (content(slot, at, part), Some(uid(slot, at, part)));
    let mut adds = Adds::default();
    match (WRITERS[slot], at % KINDS) {
        ("batches", _) | (_, 7) => adds.messages = ["", "b", "c"].map(named).to_vec(),
        (_, 0..=3) => adds.messages = vec![named("")],
        (_, 4) => {
            let label = format!("label {slot}.{at}");
            adds.labels = vec![(label, content(slot, at - 1, ""))];
        }
        (_, 5) => {
            adds.messages = ["", "b"]
                .map(|part| (content(slot, at, part), None))
                .to_vec()
        }
        (_, 6) => {
            let of_session = |part| {
                let id = format!("session {slot}/{at}{part}");
                (content(slot, at, part), Some(id))
            };
            adds.messages = ["", "b", "c"].map(of_session).to_vec();
            let label = format!("label {slot}.{at}");
            adds.labels = vec![(label, content(slot, at, "b"))];
        }
        _ => {}
    }
    adds
}

/// The history that a client sends which has sent request `at` before.
fn history(slot: usize, at: usize) -> String {
    let messages: Vec<_> = (5..=at)
        .step_by(KINDS)
        .flat_map(|at| {
            [
                ("user", content(slot, at, "")),
                ("assistant", content(slot, at, "b")),
            ]
        })
        .map(|(role, content)| json!({"role": role, "content": content}))
        .collect();
    json!(messages).to_string()
}

/// A session as it is after request `at`: a line of messages, three for each request.
fn session(slot: usize, at: usize) -> String {
    let mut lines =
        vec![json!({"type": "session", "id": format!("session {slot}"), "timestamp": 1})];
    let mut parent = None;
    for at in (6..=at).step_by(KINDS) {
        for part in ["", "b", "c"] {
            let id = format!("{at}{part}");
            let message = json!({"role": "user", "content": content(slot, at, part)});
            lines.push(json!({"type": "message", "id": id, "parentId": parent, "timestamp": 1, "message": message}));
            parent = Some(id);
        }
        let label = format!("label {slot}.{at}");
        lines.push(json!({"type": "label", "id": format!("l{at}"), "parentId": parent, "targetId": format!("{at}b"),
            "label": label, "timestamp": 1}));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Request `at` as statements, of which the last one gives a row: the number of the request, and an answer that is the
/// same each time.
fn request(slot: usize, at: usize) -> Vec<String> {
    let (text, name) = (content(slot, at, ""), uid(slot, at, ""));
    let one = |call: String| vec![format!("SELECT {at}, {call}")];
    let own = format!("own {slot}");
    match at % KINDS {
        0 => one(format!("branch_append('shared', 'user', '{text}', NULL, NULL, '{name}')")),
        1 => one(format!("branch_fork('root', 'user', '{text}', '{{\"n\": {at}}}', NULL, '{name}')")),
        2 => one(format!("branch_alternative('second', 'user', '{text}', NULL, NULL, '{name}')")),
        3 => one(format!("branch_compact('{own}', '{text}', NULL, NULL, NULL, '{name}')")),
        4 => one(format!(
            "0 * branch_label('{}', 'label {slot}.{at}') + 0 * branch_label('{}', 'newest of {slot}')",
            uid(slot, at - 1, ""),
            uid(slot, at - 1, "")
        )),
        5 => one(format!("branch_put('put {slot}', '{}')", history(slot, at))),
        6 => one(format!("0 * branch_import('pi', '{}')", session(slot, at))),
        7 if at.is_multiple_of(2) => vec![
            format!(
                "INSERT INTO branch_messages(thread_id, role, content, uid) VALUES ('{own}', 'user', '{text}', '{name}'), \
                 ('shared', 'user', '{text}b', '{name}b'), ('{own}', 'user', '{text}c', '{name}c')"
            ),
            format!("SELECT {at}, branch_id('{name}c')"),
        ],
        7 => vec![
            "BEGIN IMMEDIATE".to_owned(),
            format!("SELECT branch_append('{own}', 'user', '{text}', NULL, NULL, '{name}')"),
            format!("SELECT branch_fork('{name}', 'user', '{text}b', NULL, NULL, '{name}b')"),
            format!("SELECT branch_alternative('{name}b', 'user', '{text}c', NULL, NULL, '{name}c')"),
            "COMMIT".to_owned(),
            format!("SELECT {at}, branch_id('{name}c')"),
        ],
        _ => one("0 * branch_index()".to_owned()),
    }
}

fn prepare(path: &Path, journal: &str) {
    let connection = open(path);
    rows(&connection, &format!("PRAGMA journal_mode = {journal}"));
    run(&connection, "SELECT branch_migrate(), branch_index()").unwrap();
    add_thread(&connection, "shared");
    for name in ["root", "second"] {
        let call =
            format!("SELECT branch_append('shared', 'user', '{name}', NULL, NULL, '{name}')");
        run(&connection, &call).unwrap();
    }
    for slot in 0..WRITERS.len() {
        add_thread(&connection, &format!("own {slot}"));
    }
}

/// What one client knows: the answers that it has been given, in the order of its requests.
type Answers = Vec<String>;

/// A client, which begins where the last one was killed, or a little before, until it is killed too.
fn kill_clients(slot: usize, round: usize, path: &Path) -> (Answers, usize) {
    let mut random = random(round * WRITERS.len() + slot);
    let mut answers = Answers::new();
    let mut repeated = 0;
    for _ in 0..KILLS {
        let from = answers.len().saturating_sub(random.usize(0..4));
        let mut client = if WRITERS[slot] == "shell" {
            let mut shell = Process::shell(path);
            let mut script = String::new();
            for at in from..from + MOST + 10 {
                let mut statements = request(slot, at);
                let last = statements.pop().unwrap();
                for statement in statements {
                    script.push_str(&format!("{statement};\n"));
                }
                // A file that is opened for one statement is written as soon as that has ended.
                script.push_str(&format!(".once /dev/stdout\n{last};\n"));
            }
            shell.write(&script);
            shell
        } else {
            Process::start(WRITERS[slot], path, &format!("{slot}.{from}"))
        };
        let mut hear = |line: String| {
            let (at, answer) = line.split_once('|').unwrap();
            let at: usize = at.parse().unwrap();
            if let Some(before) = answers.get(at) {
                assert_eq!(before, answer, "request {slot}.{at} has another answer now");
                repeated += 1;
            } else {
                assert_eq!(at, answers.len(), "request {slot}.{at} was passed over");
                answers.push(answer.to_owned());
            }
        };
        for _ in 0..random.usize(0..MOST) {
            hear(client.next().expect("a client ended by itself"));
        }
        // Anywhere in the next request or two.
        let moment = Instant::now() + Duration::from_micros(random.u64(0..3_000));
        while Instant::now() < moment {
            thread::yield_now();
        }
        client.kill();
        client.by_ref().for_each(hear);
        assert_eq!(client.wait().signal(), Some(9), "client {slot}");
    }
    (answers, repeated)
}

/// What is there: messages by content, with their uids and ids, and labels with the contents of their messages.
fn found(connection: &Connection) -> (BTreeMap<String, (String, String)>, BTreeSet<String>) {
    let mut messages = BTreeMap::new();
    for row in rows(
        connection,
        "SELECT content, branch_uid(id), id FROM messages WHERE content NOT IN ('root', 'second')",
    ) {
        let parts: Vec<&str> = row.split('|').collect();
        let before = messages.insert(
            parts[0].to_owned(),
            (parts[1].to_owned(), parts[2].to_owned()),
        );
        assert_eq!(before, None, "{} is there twice", parts[0]);
    }
    let labels = rows(
        connection,
        "SELECT label, content FROM branch_labels() AS l JOIN messages AS m ON m.id = l.message_id \
         WHERE label NOT LIKE 'newest of %'",
    );
    (messages, labels.into_iter().collect())
}

/// Everything that was acknowledged is there; of what was not, one request of each client, as a whole or not at all.
fn verify_killed(connection: &Connection, all: &[Answers]) {
    let (mut messages, mut labels) = found(connection);
    for (slot, answers) in all.iter().enumerate() {
        for (at, answer) in answers.iter().enumerate() {
            let adds = adds(slot, at);
            let mut ids = Vec::new();
            for (content, uid) in &adds.messages {
                let (has, id) = messages
                    .remove(content)
                    .unwrap_or_else(|| panic!("{content} is lost"));
                assert_eq!(&has, uid.as_deref().unwrap_or("NULL"), "{content}");
                ids.push(id);
            }
            if answer != "0" {
                assert_eq!(ids.last(), Some(answer), "request {slot}.{at}");
            }
            for (label, content) in &adds.labels {
                assert!(
                    labels.remove(&format!("{label}|{content}")),
                    "{label} is lost"
                );
            }
        }
        let next = adds(slot, answers.len());
        let mut here: Vec<bool> = next
            .messages
            .iter()
            .map(|(content, _)| messages.remove(content).is_some())
            .collect();
        // Of an import. (To give a message a label is one of two calls of a request.)
        if !next.messages.is_empty() {
            here.extend(
                next.labels
                    .iter()
                    .map(|(label, content)| labels.remove(&format!("{label}|{content}"))),
            );
        } else {
            next.labels.iter().for_each(|(label, content)| {
                labels.remove(&format!("{label}|{content}"));
            });
        }
        assert!(
            here.iter().all(|one| *one == here[0]),
            "request {slot}.{} is half done: {here:?}",
            answers.len()
        );
    }
    assert!(messages.is_empty(), "of nobody: {messages:?}");
    assert!(labels.is_empty(), "of nobody: {labels:?}");
    index_is_whole(connection);
}

/// FTS5 finds nothing wrong with the index, and a search finds each message once.
fn index_is_whole(connection: &Connection) {
    let check = "INSERT INTO message_search(message_search) VALUES ('integrity-check')";
    connection.execute_batch(check).unwrap();
    let expected = rows(
        connection,
        "SELECT count(*) FROM messages WHERE content LIKE 'message%'",
    );
    assert_eq!(
        rows(connection, "SELECT count(*) FROM branch_search('message')"),
        expected
    );
}

/// The last requests are made again: now all is there, once, in the order in which each client asked for it.
fn finish(connection: &Connection, all: &[Answers]) {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (slot, answers) in all.iter().enumerate() {
        let last = answers.len();
        if WRITERS[slot] == "batches" {
            let (line, newest) = (batch(slot, last), uid(slot, last, "c"));
            for (content, uid) in &line {
                let call = format!(
                    "SELECT branch_append('own {slot}', 'user', '{content}', NULL, NULL, '{uid}')"
                );
                run(connection, &call).unwrap();
            }
            assert_eq!(
                rows(
                    connection,
                    &format!("SELECT branch_id('{newest}') IS NOT NULL")
                ),
                ["1"]
            );
        } else {
            for statement in request(slot, last) {
                run(connection, &statement).unwrap();
            }
        }
        for at in 0..=last {
            let thread = match (WRITERS[slot], at % KINDS) {
                ("batches", _) => format!("own {slot}"),
                (_, 5) => format!("put {slot}"),
                (_, 6) => format!("session {slot}"),
                _ => continue,
            };
            let contents = adds(slot, at)
                .messages
                .into_iter()
                .map(|(content, _)| content);
            lines.entry(thread).or_default().extend(contents);
        }
        let newest = (4..=last)
            .step_by(KINDS)
            .last()
            .filter(|_| WRITERS[slot] != "batches");
        if let Some(at) = newest {
            let label = format!(
                "SELECT content FROM messages WHERE id = \
                (SELECT message_id FROM branch_labels() WHERE label = 'newest of {slot}')"
            );
            assert_eq!(rows(connection, &label), [content(slot, at - 1, "")]);
        }
    }
    let all: Vec<Answers> = all
        .iter()
        .map(|answers| {
            let mut answers = answers.clone();
            // Nothing that is compared below: its answer may have come from the request that was killed.
            answers.push("0".to_owned());
            answers
        })
        .collect();
    let (messages, labels) = found(connection);
    let expected = || {
        all.iter()
            .enumerate()
            .flat_map(|(slot, answers)| (0..answers.len()).map(move |at| adds(slot, at)))
    };
    assert_eq!(
        messages.len(),
        expected().map(|adds| adds.messages.len()).sum::<usize>()
    );
    assert_eq!(
        labels.len(),
        expected().map(|adds| adds.labels.len()).sum::<usize>()
    );
    verify_killed(connection, &all);
    for (thread, line) in lines {
        let listed = rows(
            connection,
            &format!("SELECT content FROM branch_messages('{thread}')"),
        );
        assert_eq!(listed, line, "{thread}");
    }
    run(connection, "SELECT branch_index()").unwrap();
    assert_eq!(
        rows(connection, "SELECT count(*) FROM message_search_rows"),
        rows(connection, "SELECT count(*) FROM messages")
    );
    index_is_whole(connection);
    assert_sound(connection);
}

pub fn run_and_kill() {
    for journal in ["wal", "delete"] {
        let (mut kills, mut acknowledged, mut again) = (0, 0, 0);
        for round in 0..size(1) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("state.db");
            prepare(&path, journal);
            let mut all = Vec::new();
            thread::scope(|scope| {
                let slots: Vec<_> = (0..WRITERS.len())
                    .map(|slot| {
                        let path = &path;
                        scope.spawn(move || kill_clients(slot, round, path))
                    })
                    .collect();
                for slot in slots {
                    let (answers, repeated) = slot.join().unwrap();
                    kills += KILLS;
                    acknowledged += answers.len();
                    again += repeated;
                    all.push(answers);
                }
            });
            let connection = open(&path);
            assert_sound(&connection);
            verify_killed(&connection, &all);
            finish(&connection, &all);
        }
        assert!(acknowledged > kills && again > 0);
        println!(
            "kill, retries, {journal}: {kills} kills, {acknowledged} requests acknowledged, {again} of them made again; \
             lost, twice or half done: 0"
        );
    }
}

/// The messages of a batch, with their uids.
fn batch(slot: usize, at: usize) -> Vec<(String, String)> {
    ["", "b", "c"]
        .map(|part| (content(slot, at, part), uid(slot, at, part)))
        .to_vec()
}

/// Where the process named `name` begins.
fn whence(name: &str) -> (usize, usize) {
    let (slot, from) = name.split_once('.').unwrap();
    (slot.parse().unwrap(), from.parse().unwrap())
}

/// A client that loads the extension into a newer SQLite than the shell's.
pub fn ask(file: &Path, name: &str) {
    let (slot, from) = whence(name);
    let connection = open_and_load(file);
    for at in from.. {
        let mut answer = Vec::new();
        for statement in request(slot, at) {
            answer = rows(&connection, &statement);
        }
        child::tell(&answer[0]);
    }
}

/// A client that uses the Rust store, and adds three messages in one call.
pub fn ask_store(file: &Path, name: &str) {
    let (slot, from) = whence(name);
    let store = StateStore::builder()
        .path(file)
        .journal_mode(super::journal_mode(file))
        .busy_timeout(PATIENCE)
        .open()
        .unwrap();
    for at in from.. {
        let batch = batch(slot, at);
        let messages: Vec<NewMessage> = batch
            .iter()
            .map(|(content, uid)| NewMessage {
                uid: Some(uid),
                ..NewMessage::new("user", content)
            })
            .collect();
        let ids = store
            .append_messages(&format!("own {slot}"), &messages)
            .unwrap();
        child::tell(format!("{at}|{}", ids[2]));
    }
}
