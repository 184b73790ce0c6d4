//! Loading the file from several threads at once, in a process that has not loaded it before.

#[path = "glue/again.rs"]
mod again;
mod dist;

use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;

const THREADS: usize = 8;

/// The first load decides through which table of routines the extension calls, so each attempt needs a new process.
const PROCESSES: usize = 40;

#[test]
fn by_eight_threads_at_once() {
    for _ in 0..PROCESSES {
        if again::in_own_process("by_eight_threads_at_once") {
            return load_at_once();
        }
    }
}

fn load_at_once() {
    let file = dist::loadable_stem();
    let connections: Vec<_> = (0..THREADS)
        .map(|_| Connection::open_in_memory().unwrap())
        .collect();
    for connection in &connections {
        // SAFETY: nothing but our own file is loaded.
        unsafe { connection.load_extension_enable() }.unwrap();
    }
    // The file is in memory already, so that all that is left is its entry point. They start by spinning, since to wake
    // a thread takes longer than the moment that counts.
    keep_in_memory(&dist::loadable());
    let waiting = AtomicUsize::new(THREADS);
    std::thread::scope(|scope| {
        for connection in connections {
            scope.spawn(|| {
                let connection = connection;
                waiting.fetch_sub(1, Ordering::AcqRel);
                while waiting.load(Ordering::Acquire) > 0 {
                    std::hint::spin_loop();
                }
                // SAFETY: our own file.
                unsafe { connection.load_extension(&file, None::<&str>) }.unwrap();
                connection
                    .execute_batch(
                        "SELECT branch_migrate();
                         INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, \
                         cwd, cli_version, source) VALUES ('t', '', 0, '', 1, 1, 'idle', '', '', 'api');
                         SELECT branch_append('t', 'user', 'hello');",
                    )
                    .unwrap();
                let content: String = connection
                    .query_row("SELECT content FROM branch_messages('t')", [], |row| {
                        row.get(0)
                    })
                    .unwrap();
                assert_eq!(content, "hello");
            });
        }
    });
}

#[cfg(unix)]
fn keep_in_memory(file: &std::path::Path) {
    use std::ffi::{c_char, c_int, c_void};
    use std::os::unix::ffi::OsStrExt;
    extern "C" {
        fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
    }
    const RTLD_NOW: c_int = 2;
    let name = std::ffi::CString::new(file.as_os_str().as_bytes()).unwrap();
    // SAFETY: a file of ours, which runs nothing when it is opened.
    assert!(!unsafe { dlopen(name.as_ptr(), RTLD_NOW) }.is_null());
}

#[cfg(not(unix))]
fn keep_in_memory(_: &std::path::Path) {}
