//! How a connection waits while another process writes.
//!
//! SQLite's own busy timeout sleeps longer and longer, up to 100 ms, between two looks at the lock. A process that
//! writes without a pause then keeps all others out until their timeouts end: eight of them with 15,000 small writes each
//! got up to two failures apiece. Looking every millisecond gives everybody a turn.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// The longest pause between two looks at a lock.
const PAUSE: Duration = Duration::from_millis(1);

thread_local! {
    /// How long the call that this thread is in is ready to wait. SQLite's handler is a plain function, which cannot
    /// carry it.
    static PATIENCE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    /// Since when this thread waits for a lock.
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs something whose connections wait for locks this long. They must have been [`taught`](teach).
pub(crate) fn with<T>(patience: Duration, run: impl FnOnce() -> T) -> T {
    let _before = Before(PATIENCE.replace(patience));
    run()
}

/// Puts the patience of the call before back, also after a panic.
struct Before(Duration);

impl Drop for Before {
    fn drop(&mut self) {
        PATIENCE.set(self.0);
    }
}

/// Has a connection wait as [`with`] says.
pub(crate) fn teach(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait))
}

/// SQLite's busy handler: returns whether to look again. `looks` counts from 0 for each lock.
fn wait(looks: i32) -> bool {
    let now = Instant::now();
    let since = match SINCE.get() {
        Some(since) if looks > 0 => since,
        _ => now,
    };
    SINCE.set(Some(since));
    if now.duration_since(since) >= PATIENCE.get() {
        return false;
    }
    pause(looks);
    true
}

/// Tries until it is not busy, or for as long as the patience lasts. For locks that SQLite does not wait for by itself,
/// and for those that are not SQLite's.
pub(crate) fn retry<T>(
    patience: Duration,
    is_busy: impl Fn(&T) -> bool,
    mut attempt: impl FnMut() -> T,
) -> T {
    let started = Instant::now();
    let mut looks = 0;
    loop {
        let outcome = attempt();
        if !is_busy(&outcome) || started.elapsed() >= patience {
            return outcome;
        }
        pause(looks);
        looks += 1;
    }
}

fn pause(looks: i32) {
    let steps = u32::try_from(looks).unwrap_or_default().min(9) + 1;
    thread::sleep(PAUSE / 10 * steps);
}
