//! Memory and files of SQLite that fail when they are told to. The C parts are in `c/`.

use std::ffi::{c_int, c_long};
use std::sync::Once;

extern "C" {
    fn reliability_memory_install() -> c_int;
    fn reliability_memory_fail(nth: c_long, for_good: c_int);
    fn reliability_memory_stop() -> c_long;
    fn reliability_memory_outstanding() -> c_long;
    fn reliability_files_install() -> c_int;
    fn reliability_files_fail(nth: c_long, which: c_int, how: c_int, for_good: c_int);
    fn reliability_files_stop() -> c_long;
}

/// SQLite's memory. For a test binary in which nothing else uses SQLite meanwhile.
pub mod memory {
    use super::*;

    /// Puts the allocator in place. Before anything in this process uses SQLite.
    pub fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: it takes no arguments, and SQLite checks that it is not in use yet.
            let code = unsafe { reliability_memory_install() };
            assert_eq!(code, 0, "SQLite is in use already");
        });
    }

    /// The `nth` allocation from here on, from 1, fails; with `for_good` those after it as well.
    pub fn fail(nth: usize, for_good: bool) {
        // SAFETY: it only sets numbers; so below.
        unsafe { reliability_memory_fail(nth as c_long, c_int::from(for_good)) }
    }

    /// Ends that. Gives how many failed.
    pub fn stop() -> usize {
        // SAFETY: see above.
        unsafe { reliability_memory_stop() as usize }
    }

    /// How many allocations have not been freed.
    pub fn outstanding() -> i64 {
        // SAFETY: see above.
        unsafe { reliability_memory_outstanding() }
    }
}

/// The files of connections that are opened with the VFS [`files::VFS`]. From one thread at a time.
pub mod files {
    use super::*;

    /// The name of the VFS.
    pub const VFS: &str = "faulty";

    /// Which operations count.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[repr(i32)]
    pub enum Which {
        /// Writing, truncating, syncing, deleting.
        Writes = 1,
        /// Reading, asking for the size, opening.
        Reads = 2,
    }

    /// What happens.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[repr(i32)]
    pub enum How {
        /// An I/O error.
        Error = 0,
        /// The disk is full.
        Full = 1,
        /// Half of what was to be written is written, and then an I/O error.
        Torn = 2,
    }

    /// Makes the VFS known.
    pub fn install() {
        // SAFETY: it takes no arguments, and does nothing when it is called again.
        let code = unsafe { reliability_files_install() };
        assert_eq!(code, 0);
    }

    /// The `nth` operation from here on, from 1, fails; with `for_good` those after it as well.
    pub fn fail(nth: usize, which: Which, how: How, for_good: bool) {
        // SAFETY: it only sets numbers; so below.
        unsafe {
            reliability_files_fail(
                nth as c_long,
                which as c_int,
                how as c_int,
                c_int::from(for_good),
            );
        }
    }

    /// Ends that. Gives how many failed.
    pub fn stop() -> usize {
        // SAFETY: see above.
        unsafe { reliability_files_stop() as usize }
    }
}
