//! Writes messages to one thread until it is killed: `writer FILE THREAD`.
//!
//! Each message is committed by itself, and printed once it is. What is printed is acknowledged: `make replication` compares
//! it with what a copy of the file holds.

use std::error::Error;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use sqlite_branch_store::{StateStore, ThreadMetadata};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(thread)) = (arguments.next(), arguments.next()) else {
        return Err("usage: writer FILE THREAD".into());
    };
    let store = StateStore::open(Some(path.into()))?;
    if store.get_thread(&thread)?.is_none() {
        store.upsert_thread(&ThreadMetadata::new(&thread))?;
    }
    let mut out = io::stdout().lock();
    let done = store.list_messages(&thread, None)?.len();
    for number in done + 1.. {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let uid = format!("{thread}-{number}");
        let time = now.as_secs_f64();
        store.append_message(&thread, "user", &format!("{time:.3} {uid}"), None)?;
        writeln!(out, "{uid} {time:.3}")?;
        out.flush()?;
    }
    Ok(())
}
