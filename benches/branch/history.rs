//! The databases that are measured: one long branch, alone or among others, and a plain table with just its rows.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rusqlite::{params, Connection};

use crate::host;

/// The thread whose current branch is read. An id as programs make them.
pub const THREAD: &str = "0b7e2c1e-5a39-4a57-9c1d-3f2f9d1c0000";

/// What else there is beside the branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Around {
    /// Nothing.
    Nothing,
    /// At every step, two answers that lead nowhere.
    Dead,
    /// Between every two messages, twenty of other threads: a busy server.
    Busy,
}

/// How many other threads a busy server has.
const OTHERS: usize = 20;

/// How long contents are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Size {
    Bytes(usize),
    /// As an agent's: median 1 KB, mean 2.4 KB, 1 in 100 over 20 KB, none over 116 KB.
    Agent,
}

impl Size {
    /// Whether contents are what counts.
    pub fn is_large(self) -> bool {
        matches!(self, Self::Bytes(5000..))
    }
}

/// What a database is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spec {
    /// How many messages the branch has.
    pub messages: usize,
    pub size: Size,
    pub around: Around,
}

impl Spec {
    pub fn label(self) -> String {
        let size = match self.size {
            Size::Bytes(bytes) if bytes >= 1000 => format!("{} KB", bytes / 1000),
            Size::Bytes(bytes) => format!("{bytes} B"),
            Size::Agent => "agent-like".to_owned(),
        };
        let around = match self.around {
            Around::Nothing => "alone",
            Around::Dead => "2 dead siblings",
            Around::Busy => "20 rows between",
        };
        format!("{} x {size}, {around}", self.messages)
    }

    /// How many messages there are in all.
    pub fn rows(self) -> usize {
        match self.around {
            Around::Nothing => self.messages,
            Around::Dead => 3 * self.messages,
            Around::Busy => (1 + OTHERS) * self.messages,
        }
    }
}

/// A database that was built.
#[derive(Debug)]
pub struct History {
    pub spec: Spec,
    /// With the tables and indexes of this project.
    pub ours: PathBuf,
    /// With the seed's tables, and beside them a plain one that holds the messages of the branch alone.
    pub flat: PathBuf,
    /// The ids on the branch, first to last.
    pub path: Vec<i64>,
}

/// Builds databases when they are first asked for, and keeps them.
pub struct Histories {
    directory: PathBuf,
    built: HashMap<Spec, Rc<History>>,
}

impl Histories {
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            built: HashMap::new(),
        }
    }

    pub fn get(&mut self, spec: Spec) -> Rc<History> {
        if let Some(history) = self.built.get(&spec) {
            return Rc::clone(history);
        }
        let stem = format!("history{}", self.built.len());
        let history = Rc::new(build(spec, &self.directory, &stem));
        self.built.insert(spec, Rc::clone(&history));
        history
    }

    /// Deletes a database that is not needed any more.
    pub fn drop(&mut self, spec: Spec) {
        if let Some(history) = self.built.remove(&spec) {
            std::fs::remove_file(&history.ours).unwrap();
            std::fs::remove_file(&history.flat).unwrap();
        }
    }

    /// Where files may be made.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// A connection as programs have them, but with room in the page cache for all that they read.
pub fn warm(path: &Path) -> Connection {
    let connection = host::open(path);
    connection
        .pragma_update(None, "cache_size", -4_000_000)
        .unwrap();
    connection
}

const COLUMNS: &str = "(id, thread_id, role, content, item_json, created_at, parent_entry_id) \
     VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6)";

/// Messages as they are written one after the other.
struct Writer<'a> {
    insert: rusqlite::Statement<'a>,
    flat: rusqlite::Statement<'a>,
    sizes: Sizes,
    last: i64,
}

impl Writer<'_> {
    fn write(&mut self, thread: &str, parent: Option<i64>, on_branch: bool) -> i64 {
        self.last += 1;
        let id = self.last;
        let role = if id % 2 == 0 { "assistant" } else { "user" };
        let time = 1_700_000_000 + id;
        let content = self.sizes.next();
        self.insert
            .execute(params![id, thread, role, content, time, parent])
            .unwrap();
        if on_branch {
            self.flat
                .execute(params![id, thread, role, content, time, parent])
                .unwrap();
        }
        id
    }

    /// One step of the branch, with what lies around it.
    fn step(&mut self, around: Around, parent: Option<i64>, others: &mut [Option<i64>]) -> i64 {
        match around {
            Around::Nothing => self.write(THREAD, parent, true),
            Around::Dead => {
                // Which of the three is the one that counts differs.
                let live = self.last / 3 * 7 % 3;
                let mut next = 0;
                for alternative in 0..3 {
                    let id = self.write(THREAD, parent, alternative == live);
                    if alternative == live {
                        next = id;
                    }
                }
                next
            }
            Around::Busy => {
                let next = self.write(THREAD, parent, true);
                for (number, leaf) in others.iter_mut().enumerate() {
                    *leaf = Some(self.write(&other(number), *leaf, false));
                }
                next
            }
        }
    }
}

fn other(number: usize) -> String {
    format!("0b7e2c1e-5a39-4a57-9c1d-3f2f9d1c{:04}", number + 1)
}

fn build(spec: Spec, directory: &Path, stem: &str) -> History {
    let ours = directory.join(format!("{stem}.db"));
    let flat = directory.join(format!("{stem}-flat.db"));
    let connection = fast(&ours);
    let plain = fast(&flat);
    host::integer(&connection, "SELECT branch_migrate()", &[]);
    // At the end, when they can be sorted once.
    let indexes = take_indexes(&connection);
    // All else is alike: to read a schema takes time too.
    host::integer(&plain, "SELECT branch_migrate()", &[]);
    drop_our_indexes(&plain);
    plain
        .execute_batch(
            "CREATE TABLE plain(id INTEGER PRIMARY KEY, thread_id TEXT NOT NULL, role TEXT NOT NULL, \
             content TEXT NOT NULL, item_json TEXT, created_at INTEGER NOT NULL, parent_entry_id INTEGER)",
        )
        .unwrap();
    let others = if spec.around == Around::Busy {
        OTHERS
    } else {
        0
    };
    connection.execute_batch("BEGIN").unwrap();
    plain.execute_batch("BEGIN").unwrap();
    host::add_thread(&connection, THREAD);
    for number in 0..others {
        host::add_thread(&connection, &other(number));
    }
    let mut path = Vec::with_capacity(spec.messages);
    let mut leaves = vec![None; others];
    let mut writer = Writer {
        insert: connection
            .prepare(&format!("INSERT INTO messages{COLUMNS}"))
            .unwrap(),
        flat: plain
            .prepare(&format!("INSERT INTO plain{COLUMNS}"))
            .unwrap(),
        sizes: Sizes::new(spec.size),
        last: 0,
    };
    for _ in 0..spec.messages {
        let id = writer.step(spec.around, path.last().copied(), &mut leaves);
        path.push(id);
    }
    drop(writer);
    let set = |thread: &str, leaf: i64| {
        connection
            .execute(
                "UPDATE threads SET current_leaf_id = ?2 WHERE id = ?1",
                params![thread, leaf],
            )
            .unwrap();
    };
    set(THREAD, path[path.len() - 1]);
    for (number, leaf) in leaves.iter().enumerate() {
        set(&other(number), leaf.unwrap());
    }
    connection.execute_batch(&indexes).unwrap();
    for (connection, path) in [(connection, &ours), (plain, &flat)] {
        connection.execute_batch("COMMIT").unwrap();
        // As a server would have it; and nothing is left to be written in the background while others are measured.
        connection
            .pragma_update(None, "journal_mode", "wal")
            .unwrap();
        drop(connection);
        File::open(path).unwrap().sync_all().unwrap();
    }
    History {
        spec,
        ours,
        flat,
        path,
    }
}

/// A connection for building: should the process be killed, nobody wants the file.
fn fast(path: &Path) -> Connection {
    let connection = host::open(path);
    connection
        .execute_batch(
            "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA foreign_keys = off; \
             PRAGMA cache_size = -200000",
        )
        .unwrap();
    connection
}

/// Leaves only the indexes that the seed makes.
pub fn drop_our_indexes(connection: &Connection) {
    let names: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND substr(name, 1, 7) = 'branch_'",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for name in names {
        connection
            .execute_batch(&format!("DROP INDEX {name}"))
            .unwrap();
    }
}

/// Drops the indexes on messages, and gives the SQL that makes them again.
fn take_indexes(connection: &Connection) -> String {
    let indexes: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, sql FROM sqlite_schema \
             WHERE type = 'index' AND tbl_name = 'messages' AND sql IS NOT NULL",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut again = String::new();
    for (name, sql) in indexes {
        connection
            .execute_batch(&format!("DROP INDEX {name}"))
            .unwrap();
        again += &sql;
        again += ";\n";
    }
    again
}

/// Contents, the same in every run.
struct Sizes {
    size: Size,
    text: String,
    state: u64,
}

impl Sizes {
    fn new(size: Size) -> Self {
        let words = "every branch of a conversation is a list of messages, and ";
        Self {
            size,
            text: words.repeat(116_000 / words.len() + 1),
            state: 1,
        }
    }

    fn next(&mut self) -> &str {
        let bytes = match self.size {
            Size::Bytes(bytes) => bytes,
            // Log-normal: the quotient of mean and median gives the deviation.
            Size::Agent => {
                let deviation = (2.0 * 2.4_f64.ln()).sqrt();
                let bytes = 1000.0 * (deviation * self.normal()).exp();
                bytes.clamp(1.0, 116_000.0) as usize
            }
        };
        &self.text[..bytes]
    }

    /// A number with a normal distribution, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A number over 0 and up to 1, by splitmix64.
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((mixed >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}
