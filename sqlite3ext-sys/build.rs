//! Tells the crates that depend on this one directly that they have this one, not its namesake on crates.io:
//! cargo passes the line below to their build scripts as `DEP_SQLITE_BRANCH_SQLITE3EXT_MARKER`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:marker=sqlite-branch");
}
