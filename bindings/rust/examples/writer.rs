//! Writes messages to one thread until it is killed: `writer FILE THREAD`.
//!
//! Each message is committed by itself, and printed once it is. What is printed is acknowledged: `make replication` compares
//! it with what a copy of the file holds.

use std::error::Error;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use sqlite_branch_store::StateStore;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(thread)) = (arguments.next(), arguments.next()) else {
        return Err("usage: writer FILE THREAD".into());
    };
    let store = StateStore::open(Some(path.into()))?;
    store.create_thread(Some(&thread), None)?;
    let mut out = io::stdout().lock();
    let done = store.list_messages(&thread, None)?.len();
    for number in done + 1.. {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let uid = format!("{thread}-{number}");
        let content = format!("{:.3} {uid}", now.as_secs_f64());
        store.append_message_with_uid(&thread, "user", &content, None, &uid)?;
        writeln!(out, "{uid} {:.3}", now.as_secs_f64())?;
        out.flush()?;
    }
    Ok(())
}
