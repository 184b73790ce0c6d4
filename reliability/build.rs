//! Compiles the C parts: an allocator and a file layer for SQLite that fail when they are told to.

fn main() {
    println!("cargo:rerun-if-changed=c");
    // Where the SQLite that is linked here has its header: its crate tells the crates that depend on it.
    let Some(include) = std::env::var_os("DEP_SQLITE3_INCLUDE") else {
        panic!("libsqlite3-sys does not say where sqlite3.h is");
    };
    // For the harnesses that compile programs of their own.
    println!(
        "cargo:rustc-env=RELIABILITY_SQLITE={}",
        include.to_string_lossy()
    );
    for name in ["TARGET", "HOST"] {
        if let Ok(value) = std::env::var(name) {
            println!("cargo:rustc-env=RELIABILITY_{name}={value}");
        }
    }
    cc::Build::new()
        .include(include)
        .files(["c/memory.c", "c/files.c"])
        .std("c11")
        .warnings(true)
        .extra_warnings(true)
        .compile("sqlite_branch_faults");
}
