//! Real conversations, loaded in the sqlite3 shell with SQL alone, and compared with the JSON that they come from.
//!
//! `tests/samples` has a few of our own, which always run. The trees of OpenAssistant are too large to be kept here; where
//! they lie beside the repository, they run too.

mod dist;
mod host;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rusqlite::{params, Connection};
use serde_json::Value;

use host::integer;

/// One message as the JSON has it.
struct Spoken {
    name: String,
    role: String,
    text: String,
    /// The message and those above it, the first one first.
    path: Vec<String>,
    /// Its parent's replies, itself included.
    siblings: Vec<String>,
    replies: Vec<String>,
}

/// A conversation as the JSON has it: its messages in the order of the document.
struct Tree {
    thread: String,
    messages: Vec<Spoken>,
}

impl Tree {
    fn of(json: &Value) -> Self {
        let mut tree = Self {
            thread: text(json, "message_tree_id"),
            messages: Vec::new(),
        };
        let prompt = &json["prompt"];
        tree.add(prompt, &[], &[text(prompt, "message_id")]);
        tree
    }

    fn add(&mut self, message: &Value, above: &[String], siblings: &[String]) {
        let name = text(message, "message_id");
        let mut path = above.to_vec();
        path.push(name.clone());
        let replies = message["replies"].as_array().expect("replies");
        let names: Vec<_> = replies
            .iter()
            .map(|reply| text(reply, "message_id"))
            .collect();
        self.messages.push(Spoken {
            name,
            role: text(message, "role"),
            text: text(message, "text"),
            path: path.clone(),
            siblings: siblings.to_vec(),
            replies: names.clone(),
        });
        for reply in replies {
            self.add(reply, &path, &names);
        }
    }

    fn leaves(&self) -> impl Iterator<Item = &Spoken> {
        self.messages
            .iter()
            .filter(|message| message.replies.is_empty())
    }
}

fn text(json: &Value, name: &str) -> String {
    json[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {json}"))
        .to_owned()
}

/// Loads conversations in the sqlite3 shell. `fill` puts them into the table `source`.
fn load(database: &Path, fill: &str) {
    let script = format!(
        ".bail on\n.load '{}'\nSELECT branch_migrate();\nCREATE TEMP TABLE source (json TEXT);\n{fill}\n\
         BEGIN;\n.read '{}'\nCOMMIT;\n",
        dist::loadable_stem().display(),
        dist::root().join("tests/samples/load.sql").display(),
    );
    let mut shell = dist::shell()
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the sqlite3 shell");
    let mut input = shell.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    let run = shell.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.success() && complaints.is_empty(),
        "{complaints}"
    );
}

/// The one column of a query that gives names of messages.
fn names(connection: &Connection, sql: &str, value: &dyn rusqlite::ToSql) -> Vec<String> {
    let mut statement = connection.prepare_cached(sql).unwrap();
    let rows = statement.query_map([value], |row| row.get(0)).unwrap();
    rows.map(|row| row.unwrap_or_else(|error| panic!("{sql}: {error}")))
        .collect()
}

/// Compares everything that the functions say with the JSON.
fn compare(connection: &Connection, tree: &Tree) {
    const NAME: &str = "item_json ->> '$.message_id'";
    let thread = tree.thread.as_str();
    let stored: BTreeMap<String, (i64, String, String)> = {
        let sql = format!("SELECT {NAME}, id, role, content FROM messages WHERE thread_id = ?1");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement
            .query_map([thread], |row| {
                Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)))
            })
            .unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(stored.len(), tree.messages.len(), "{thread}");
    let id = |name: &String| stored[name].0;

    // The whole tree, in the order of the document.
    let order = names(
        connection,
        &format!("SELECT {NAME} FROM branch_tree(?1) AS tree JOIN messages USING (id) ORDER BY tree.rowid"),
        &thread,
    );
    let expected: Vec<_> = tree
        .messages
        .iter()
        .map(|message| message.name.clone())
        .collect();
    assert_eq!(order, expected, "{thread}");

    // Its leaves, with their depths.
    let mut leaves: Vec<_> = tree
        .leaves()
        .map(|leaf| (id(&leaf.name), leaf.path.len() - 1))
        .collect();
    leaves.sort_unstable();
    let mut statement = connection
        .prepare_cached("SELECT id, depth FROM branch_leaves(?1)")
        .unwrap();
    let found: Vec<(i64, usize)> = statement
        .query_map([thread], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)? as usize))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(found, leaves, "{thread}");

    for message in &tree.messages {
        let (id_here, role, content) = &stored[&message.name];
        assert_eq!(
            (role, content),
            (&message.role, &message.text),
            "{}",
            message.name
        );
        let path = names(
            connection,
            &format!(
                "SELECT {NAME} FROM branch_path(?1) AS path JOIN messages USING (id) ORDER BY path.distance DESC"
            ),
            id_here,
        );
        assert_eq!(path, message.path, "{}", message.name);
        let sql = format!("SELECT {NAME} FROM branch_children(?1)");
        assert_eq!(
            names(connection, &sql, id_here),
            message.replies,
            "{}",
            message.name
        );
        let sql = format!("SELECT {NAME} FROM branch_siblings(?1)");
        assert_eq!(
            names(connection, &sql, id_here),
            message.siblings,
            "{}",
            message.name
        );
        assert_eq!(
            integer(connection, "SELECT branch_depth(?1)", &[id_here]),
            message.path.len() as i64 - 1
        );
        assert_eq!(
            integer(connection, "SELECT branch_root(?1)", &[id_here]),
            id(&message.path[0])
        );
    }

    // Each leaf in turn as the current one: the branch that a user sees.
    let sql = format!("SELECT {NAME} || ' ' || role || ' ' || content FROM branch_messages(?1)");
    for leaf in tree.leaves() {
        integer(
            connection,
            "SELECT branch_switch(?1, ?2)",
            params![thread, id(&leaf.name)],
        );
        let spoken: Vec<_> = leaf
            .path
            .iter()
            .map(|name| {
                let (_, role, content) = &stored[name];
                format!("{name} {role} {content}")
            })
            .collect();
        assert_eq!(names(connection, &sql, &thread), spoken, "{}", leaf.name);
    }
}

/// Loads and compares, and gives the numbers of threads, messages and leaves.
fn run(fill: &str, trees: &[Tree]) -> [i64; 3] {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("state.db");
    load(&database, fill);
    let connection = host::open(&database);
    connection.execute_batch("BEGIN").unwrap();
    for tree in trees {
        compare(&connection, tree);
    }
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(
        integer(&connection, "SELECT count(*) FROM branch_check()", &[]),
        0
    );
    [
        "SELECT count(*) FROM threads",
        "SELECT count(*) FROM messages",
        "SELECT count(*) FROM threads JOIN branch_leaves(threads.id)",
    ]
    .map(|sql| integer(&connection, sql, &[]))
}

#[test]
fn our_own_samples() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dist::root().join("tests/samples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let mut fill = String::new();
    let mut trees = Vec::new();
    for file in &files {
        fill.push_str(&format!(
            "INSERT INTO source VALUES (CAST(readfile('{}') AS TEXT));\n",
            file.display()
        ));
        let json = std::fs::read_to_string(file).unwrap();
        trees.push(Tree::of(&serde_json::from_str(&json).unwrap()));
    }
    assert_eq!(run(&fill, &trees), [3, 9 + 6 + 8, 4 + 1 + 5]);
}

#[test]
fn the_trees_of_openassistant() {
    let file = dist::root().join("../shared/data/oasst_en_100_trees.jsonl");
    let Ok(lines) = std::fs::read_to_string(&file) else {
        dist::not_run("the 100 trees of OpenAssistant", "shared");
        return;
    };
    let trees: Vec<_> = lines
        .lines()
        .map(|line| Tree::of(&serde_json::from_str(line).unwrap()))
        .collect();
    // One line is one row of one column: the separator of columns is a byte that JSON cannot contain.
    let fill = format!(
        ".mode ascii\n.separator \"\\037\" \"\\n\"\n.import '{}' source\n.mode list",
        file.display()
    );
    assert_eq!(run(&fill, &trees), [100, 1167, 626]);
}
