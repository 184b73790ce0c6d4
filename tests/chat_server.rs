//! examples/chat_server.py: a server behind the interface of Chat Completions, as docs/chat-server.md describes it. The real program
//! in a real process, and the request bodies that OpenAI's Python client (3.54.0) has sent to it, byte for byte.

#![cfg(unix)]

mod dist;
mod host;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Recorded from the client: a question; a second one after the answer; the first one again (regenerated); another second
/// question, streamed; one with an image and a tool; the tool's result.
const BODIES: &str = include_str!("chat_server/openai-python.jsonl");

struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// None where no Python can load extensions.
    fn start(database: &Path) -> Option<Self> {
        Self::with(database, &[])
    }

    fn with(database: &Path, options: &[&str]) -> Option<Self> {
        const CAN_LOAD: &str = "import sqlite3; sqlite3.Connection.enable_load_extension; \
             assert sqlite3.sqlite_version_info >= (3, 38)";
        let python = ["python3", "/usr/bin/python3"].into_iter().find(|python| {
            let run = Command::new(python).args(["-c", CAN_LOAD]).output();
            run.is_ok_and(|run| run.status.success())
        });
        let Some(python) = python else {
            dist::not_run(
                "the chat server of docs/chat-server.md",
                "Python that loads extensions",
            );
            return None;
        };
        let mut process = Command::new(python)
            .arg(dist::root().join("examples/chat_server.py"))
            .arg(database)
            .args(["--port", "0", "--extension"])
            .arg(dist::loadable())
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let printed = process.stdout.take().unwrap();
        BufReader::new(printed).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().to_owned();
        Some(Self { process, address })
    }

    /// The status and the body of what comes back.
    fn send(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    fn ask(&self, body: &str) -> String {
        let (status, answer) = self.send("POST", "/chats/t/v1/chat/completions", body);
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

fn said(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    let said = &answer["choices"][0]["message"]["content"];
    said.as_str().unwrap().to_owned()
}

#[test]
fn what_a_client_sends_becomes_a_tree() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chat.db");
    let Some(server) = Server::start(&path) else {
        return;
    };
    let bodies: Vec<&str> = BODIES.lines().collect();
    assert_eq!(bodies.len(), 6);
    let db = host::open(&path);
    let tree = || -> Vec<String> {
        let mut statement = db.prepare("SELECT graph FROM branch_tree('t')").unwrap();
        let lines = statement.query_map([], |row| row.get(0)).unwrap();
        lines.map(Result::unwrap).collect()
    };

    assert_eq!(said(&server.ask(bodies[0])), "You said: Where is north?");
    assert_eq!(said(&server.ask(bodies[1])), "You said: And south?");
    assert_eq!(
        tree(),
        [
            "● 1 system: Be short.",
            "● 2 user: Where is north?",
            "● 3 assistant: You said: Where is north?",
            "● 4 user: And south?",
            "◉ 5 assistant: You said: And south?",
        ]
    );
    // Asked again: another answer beside the first. The edited second question goes below the first answer that is the
    // one that the client has, on the path that goes on longest.
    assert_eq!(said(&server.ask(bodies[2])), "You said: Where is north?");
    let streamed = server.ask(bodies[3]);
    let chunk = streamed
        .lines()
        .next()
        .unwrap()
        .strip_prefix("data: ")
        .unwrap();
    let chunk: Value = serde_json::from_str(chunk).unwrap();
    assert_eq!(
        chunk["choices"][0]["delta"]["content"],
        "You said: And west?"
    );
    assert!(streamed.ends_with("data: [DONE]\n\n"), "{streamed}");
    assert_eq!(
        tree(),
        [
            "● 1 system: Be short.",
            "● 2 user: Where is north?",
            "├─● 3 assistant: You said: Where is north?",
            "│ ├─○ 4 user: And south?",
            "│ │ ○ 5 assistant: You said: And south?",
            "│ ● 7 user: And west?",
            "│ ◉ 8 assistant: You said: And west?",
            "○ 6 assistant: You said: Where is north?",
        ]
    );
    // An image, a name, and tools; then the call that the client was given elsewhere, with its result.
    assert_eq!(
        said(&server.ask(bodies[4])),
        "You said: Ask this [image_url]"
    );
    assert_eq!(said(&server.ask(bodies[5])), "You said: 12 degrees");
    let branch = "SELECT group_concat(role) FROM branch_messages('t')";
    let roles: String = db.query_row(branch, [], |row| row.get(0)).unwrap();
    assert_eq!(roles, "system,user,assistant,user,assistant,tool,assistant");
    let before = tree();
    // A request whose answer was lost is repeated: its question is there already, and only the answer is new.
    server.ask(bodies[5]);
    assert_eq!(tree().len(), before.len() + 1);
    assert_eq!(
        host::integer(&db, "SELECT count(*) FROM branch_check()", &[]),
        0
    );

    let (status, page) = server.send("GET", "/chats/t", "");
    assert_eq!(status, 200);
    assert!(page.starts_with("<!doctype html>"));
    let (status, why) = server.send(
        "POST",
        "/chats/t/v1/chat/completions",
        r#"{"messages":[{}]}"#,
    );
    assert_eq!(status, 400);
    assert!(
        why.contains("message 1 has neither a role nor a type"),
        "{why}"
    );
    assert_eq!(server.send("GET", "/chats/nobody", "").0, 404);
}

/// A model that cannot answer is an error that says so, and what was asked stays.
#[test]
fn the_model_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chat.db");
    let model = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", model.local_addr().unwrap());
    let Some(server) = Server::with(&path, &["--upstream", &url]) else {
        return;
    };
    let busy = std::thread::spawn(move || {
        let (mut client, _) = model.accept().unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            head.push(byte[0] as char);
        }
        write!(
            client,
            "HTTP/1.1 503 Too busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        head
    });
    let asked = r#"{"model":"m","messages":[{"role":"user","content":"Is anybody there?"}]}"#;
    let (status, why) = server.send("POST", "/chats/t/v1/chat/completions", asked);
    assert_eq!(status, 502, "{why}");
    assert!(why.contains("503: Too busy"), "{why}");
    assert!(busy
        .join()
        .unwrap()
        .starts_with("POST /v1/chat/completions"));
    let db = host::open(&path);
    assert_eq!(
        host::integer(
            &db,
            "SELECT count(*) FROM branch_messages('t') WHERE content = 'Is anybody there?'",
            &[]
        ),
        1
    );
}

/// Clients that ask at once about conversations that begin alike: each gets its own answer, below its own question.
#[test]
fn requests_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chat.db");
    let Some(server) = Server::start(&path) else {
        return;
    };
    std::thread::scope(|scope| {
        for client in 0..6 {
            let server = &server;
            scope.spawn(move || {
                let mut messages = vec![serde_json::json!({"role": "user", "content": "Hello"})];
                for turn in 0..5 {
                    let body = serde_json::json!({"model": "m", "messages": messages}).to_string();
                    let answer = said(&server.ask(&body));
                    let asked = messages.last().unwrap()["content"].as_str().unwrap();
                    assert_eq!(answer, format!("You said: {asked}"));
                    messages.push(serde_json::json!({"role": "assistant", "content": answer}));
                    let next = format!("client {client}, turn {turn}");
                    messages.push(serde_json::json!({"role": "user", "content": next}));
                }
            });
        }
    });
    let db = host::open(&path);
    // One question that all share, four of each client's own, and an answer to each request.
    assert_eq!(
        host::integer(&db, "SELECT count(*) FROM messages", &[]),
        1 + 6 * 4 + 6 * 5
    );
    assert_eq!(
        host::integer(&db, "SELECT count(*) FROM branch_check()", &[]),
        0
    );
    let wrong =
        "SELECT count(*) FROM messages AS a JOIN messages AS q ON q.id = a.parent_entry_id \
                 WHERE a.role = 'assistant' AND a.content <> 'You said: ' || q.content";
    assert_eq!(host::integer(&db, wrong, &[]), 0);
}
