//! `branch_import` of a large ChatGPT export, against what anybody would write: the whole file into `serde_json` values,
//! then the same rows with prepared statements. Time as a ratio of the two, and the memory of each.
//!
//! `IMPORT_MB=500 cargo bench --bench import`; 20 MB without the variable. The export is made of the samples beside the
//! repository, or of our own; one conversation in it has a twentieth of the text. Each run is a process of its own.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rusqlite::{params, Connection};
use serde_json::{json, Map, Value};

const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, file, database] = arguments.as_slice() {
        let run = match role.as_str() {
            "ours" => ours,
            "plain" => plain,
            _ => return,
        };
        child(run, Path::new(file), Path::new(database));
        return;
    }
    let megabytes = std::env::var("IMPORT_MB").map_or(20, |text| text.parse().expect("a number"));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("conversations.json");
    let (size, largest) = write(&file, megabytes << 20);
    println!(
        "{:.0} MB in conversations of {:.2} MB and less",
        mb(size),
        mb(largest)
    );
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let [ours, plain] = ["ours", "plain"].map(|role| {
            let database = directory.path().join(format!("{role}-{round}.db"));
            let run = run(role, &file, &database);
            std::fs::remove_file(database).unwrap();
            run
        });
        assert_eq!(ours.messages, plain.messages);
        println!(
            "branch_import {:6.2} s, {:7.1} MB; values and statements {:6.2} s, {:7.1} MB; {} messages",
            ours.seconds, mb(ours.memory), plain.seconds, mb(plain.memory), ours.messages
        );
        rounds.push((ours.seconds / plain.seconds, ours.memory));
    }
    rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
    let memory = rounds.iter().map(|round| round.1).max().unwrap();
    println!(
        "time: {:.2} x (median of {ROUNDS}; goal 2); memory: {:.1} MB = {:.2} x the largest conversation (goal 3)",
        rounds[ROUNDS / 2].0,
        mb(memory),
        memory as f64 / largest as f64
    );
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

struct Run {
    seconds: f64,
    /// What the process took at most beyond what it had before, in bytes.
    memory: usize,
    messages: i64,
}

fn run(role: &str, file: &Path, database: &Path) -> Run {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([role.as_ref(), file.as_os_str(), database.as_os_str()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    Run {
        seconds: numbers[0],
        memory: numbers[1] as usize,
        messages: numbers[2] as i64,
    }
}

fn child(run: fn(&Connection, &Path), file: &Path, database: &Path) {
    sqlite_branch::register_everywhere().unwrap();
    let connection = Connection::open(database).unwrap();
    connection
        .query_row("SELECT branch_migrate()", [], |_| Ok(()))
        .unwrap();
    // SQLite's page cache fills up in either, so it counts as there before.
    connection
        .execute_batch(
            "BEGIN; CREATE TABLE fill AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
             SELECT randomblob(3000) AS bytes FROM n; ROLLBACK",
        )
        .unwrap();
    // From here on, the peak is counted anew.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS:");
    let start = Instant::now();
    run(&connection, file);
    let seconds = start.elapsed().as_secs_f64();
    let memory = memory("VmHWM:").saturating_sub(before);
    let count = "SELECT count(*) FROM messages";
    let messages: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
    println!("{seconds} {memory} {messages}");
}

/// A figure of the kernel's about this process, in bytes.
fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    number.unwrap_or(0) * 1024
}

fn ours(connection: &Connection, file: &Path) {
    let mut file = std::fs::File::open(file).unwrap();
    sqlite_branch::with_reader(&mut file, || {
        connection.query_row("SELECT branch_import('chatgpt', NULL)", [], |_| Ok(()))
    })
    .unwrap();
}

fn plain(connection: &Connection, file: &Path) {
    let text = std::fs::read(file).unwrap();
    let conversations: Vec<Value> = serde_json::from_slice(&text).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut thread = connection
        .prepare(
            "INSERT INTO threads(id, title, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, \
             cli_version, source) VALUES (?1, ?2, '', 0, '', ?3, ?3, 'idle', '', '', 'api')",
        )
        .unwrap();
    let mut message = connection
        .prepare(
            "INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .unwrap();
    let mut uid = connection
        .prepare("INSERT INTO message_uids VALUES (?1, ?2)")
        .unwrap();
    let mut leaf = connection
        .prepare("UPDATE threads SET current_leaf_id = ?2 WHERE id = ?1")
        .unwrap();
    for conversation in &conversations {
        let id = conversation["conversation_id"].as_str().unwrap();
        let created_at = conversation["create_time"].as_f64().unwrap_or(0.0) as i64;
        thread
            .execute(params![id, conversation["title"].as_str(), created_at])
            .unwrap();
        let mapping = conversation["mapping"].as_object().unwrap();
        let roots = mapping.iter().filter(|(_, node)| node["parent"].is_null());
        let mut open: Vec<(&str, Option<i64>)> = roots.map(|(id, _)| (id.as_str(), None)).collect();
        let mut last = None;
        while let Some((node_id, parent)) = open.pop() {
            let node = &mapping[node_id];
            let said = &node["message"];
            let hidden = said["metadata"]["is_visually_hidden_from_conversation"] == true;
            let mut own = parent;
            if said.is_object() && !hidden {
                let content = &said["content"];
                let parts = content["parts"].as_array().map(|parts| {
                    let texts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                    texts.join("\n")
                });
                let text = parts.or_else(|| Some(content["text"].as_str()?.to_owned()));
                let time = said["create_time"].as_f64().unwrap_or(0.0) as i64;
                let role = said["author"]["role"].as_str();
                let original = said.to_string();
                let text = text.unwrap_or_default();
                message
                    .execute(params![id, role, text, original, time, parent])
                    .unwrap();
                own = Some(connection.last_insert_rowid());
                uid.execute(params![node_id, own]).unwrap();
                last = own;
            }
            for child in node["children"].as_array().into_iter().flatten() {
                open.push((child.as_str().unwrap(), own));
            }
        }
        leaf.execute(params![id, last]).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

/// Writes an export of about so many bytes. Gives its size and that of its largest conversation.
fn write(file: &Path, size: usize) -> (usize, usize) {
    let samples = samples();
    let mut out = BufWriter::new(std::fs::File::create(file).unwrap());
    let (mut written, mut largest) = (1, 0);
    out.write_all(b"[").unwrap();
    let mut number = 0;
    while written < size {
        // One is made of many, one below the other.
        let repeated = if number == 0 { size / 20 } else { 1 };
        let sample = &samples[number % samples.len()];
        let text = copy(sample, number, repeated).to_string();
        let comma: &[u8] = if number == 0 { b"" } else { b",\n" };
        out.write_all(comma).unwrap();
        out.write_all(text.as_bytes()).unwrap();
        written += comma.len() + text.len();
        largest = largest.max(text.len());
        number += 1;
    }
    out.write_all(b"]").unwrap();
    out.flush().unwrap();
    (written + 1, largest)
}

fn samples() -> Vec<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut samples = Vec::new();
    for name in ["conversations.json", "one_conversation.json"] {
        let path = root.join("../shared/data/exports/chatgpt").join(name);
        if let Ok(text) = std::fs::read(path) {
            samples.extend(serde_json::from_slice::<Vec<Value>>(&text).unwrap());
        }
    }
    if samples.is_empty() {
        println!("the samples beside the repository are not there: made of our own");
        let text = include_str!("../tests/samples/exports/chatgpt.json");
        samples = serde_json::from_str(text).unwrap();
    }
    samples.retain(|sample| sample["mapping"].is_object());
    samples
}

/// A conversation with ids of its own, repeated below its own end until it is that large.
fn copy(sample: &Value, number: usize, size: usize) -> Value {
    let mut mapping = Map::new();
    let (mut above, mut written, mut time) = (None::<String>, 0, 0);
    while mapping.is_empty() || written < size {
        let name = |id: &str| format!("{id}-{number}-{time}");
        for (id, node) in sample["mapping"].as_object().unwrap() {
            let mut node = node.clone();
            node["id"] = json!(name(id));
            node["parent"] = node["parent"].as_str().map(name).or(above.clone()).into();
            node["children"] = node["children"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|child| json!(name(child.as_str().unwrap())))
                .collect();
            written += node.to_string().len();
            mapping.insert(name(id), node);
        }
        let end = name(sample["current_node"].as_str().unwrap());
        let root = sample["mapping"].as_object().unwrap().iter();
        let root = root
            .filter(|(_, node)| node["parent"].is_null())
            .map(|(id, _)| name(id))
            .next();
        if let Some(above) = &above {
            mapping[above]["children"] = json!([root]);
        }
        above = Some(end);
        time += 1;
    }
    let mut copy = sample.clone();
    copy["conversation_id"] = json!(format!("conversation-{number}"));
    copy["id"] = copy["conversation_id"].clone();
    copy["current_node"] = json!(above);
    copy["mapping"] = Value::Object(mapping);
    copy
}
