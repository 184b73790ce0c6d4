//! C programs that use the extension: one that links it statically, one that loads the file. Both link the SQLite
//! that the crate `libsqlite3-sys` bundles, and are compiled here, with the compiler that the crate `cc` finds.

#![cfg(unix)]

mod dist;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use dist::output;

/// What `cc` needs to know outside a build script.
fn compiler(cpp: bool) -> cc::Tool {
    cc::Build::new()
        .target(env!("SQLITE_BRANCH_TARGET"))
        .host(env!("SQLITE_BRANCH_TARGET"))
        .opt_level(0)
        .debug(true)
        .cpp(cpp)
        .warnings(false)
        .cargo_metadata(false)
        .get_compiler()
}

/// The directory with the `sqlite3.c`, `sqlite3.h` and `sqlite3ext.h` that this very test binary was linked with.
fn sqlite_source() -> &'static Path {
    static SOURCE: OnceLock<PathBuf> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let metadata = output(
            Command::new(env!("CARGO"))
                .current_dir(dist::root())
                .args(["metadata", "--format-version", "1", "--offline"])
                // The packages for other platforms may never have been downloaded.
                .args(["--filter-platform", env!("SQLITE_BRANCH_TARGET")]),
        );
        let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
        let version = format!("\"{}\"", rusqlite::version());
        metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|package| package["name"] == "libsqlite3-sys")
            .map(|package| {
                Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("sqlite3")
            })
            .find(|directory| {
                let header = std::fs::read_to_string(directory.join("sqlite3.h")).unwrap();
                let line = header
                    .lines()
                    .find(|l| l.starts_with("#define SQLITE_VERSION "));
                line.is_some_and(|line| line.ends_with(&version))
            })
            .unwrap_or_else(|| panic!("no libsqlite3-sys bundles SQLite {version}"))
    })
}

/// SQLite as an object file, compiled once for all the tests and kept for the next run.
fn sqlite_object() -> &'static Path {
    static OBJECT: OnceLock<PathBuf> = OnceLock::new();
    OBJECT.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let object = directory.join(format!("sqlite3-{}.o", rusqlite::version()));
        if !object.exists() {
            let partial = tempfile::NamedTempFile::new_in(directory).unwrap();
            output(
                compiler(false)
                    .to_command()
                    .arg("-c")
                    .arg(sqlite_source().join("sqlite3.c"))
                    .arg("-o")
                    .arg(partial.path()),
            );
            partial.persist(&object).unwrap();
        }
        object
    })
}

/// Compiles and links `tests/c/<name>.c`, with more to link after it.
fn build(name: &str, directory: &Path, more: &[&Path]) -> PathBuf {
    let program = directory.join(name);
    let mut command = compiler(false).to_command();
    command
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-isystem"])
        .arg(sqlite_source())
        .arg("-I")
        .arg(dist::root().join("bindings/c"))
        .arg(dist::root().join("tests/c").join(name).with_extension("c"))
        .args(more)
        .arg(sqlite_object())
        .args(["-lpthread", "-lm"])
        .arg("-o")
        .arg(&program);
    if cfg!(target_os = "linux") {
        command.arg("-ldl");
    }
    output(&mut command);
    program
}

#[test]
fn a_program_that_links_the_static_library() {
    let directory = tempfile::tempdir().unwrap();
    let program = build("static_host", directory.path(), &[&dist::static_library()]);
    let printed = output(Command::new(program).arg(directory.path().join("state.db")));
    assert_eq!(printed, format!("ok {}\n", rusqlite::version()));
}

#[test]
fn a_program_that_loads_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let program = build("loading_host", directory.path(), &[]);
    let printed = output(
        Command::new(program)
            .arg(directory.path().join("state.db"))
            .arg(dist::loadable_stem()),
    );
    assert_eq!(printed, format!("ok {}\n", rusqlite::version()));
}

/// The extension's calls into SQLite for each message that is listed: those that take the connection's mutex, which are
/// what costs in the connections that Python and the shell open, and those that do not. Docs: docs/performance.md.
#[test]
fn calls_for_each_listed_message() {
    let directory = tempfile::tempdir().unwrap();
    let program = build("counting_host", directory.path(), &[]);
    let printed = output(Command::new(program).arg(dist::loadable()));
    let mut cases = 0;
    for line in printed.lines() {
        let [shape, locked, unlocked, sql] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let (locked, unlocked): (f64, f64) = (locked.parse().unwrap(), unlocked.parse().unwrap());
        // One step reads many messages. Where the caller may stop any time, it reads an eighth ahead.
        let most = if sql.contains("ORDER BY distance") {
            0.2
        } else {
            0.05
        };
        assert!(
            locked <= most,
            "{shape}, {sql}: {locked} calls with the mutex"
        );
        // On the way in: two for each integer, three for each text, one for NULL. On the way out: one for each column.
        let most = match sql {
            _ if sql.contains("branch_path") || sql.starts_with("SELECT id FROM") => 4.0,
            _ if sql.contains("thread_id") => 22.1,
            _ => 12.0,
        };
        assert!(unlocked <= most, "{shape}, {sql}: {unlocked} calls");
        cases += 1;
    }
    assert_eq!(cases, 10);
}

/// The pre-generated bindings put every field where a C compiler puts it, with a newer SQLite's headers at that.
#[cfg(feature = "loaded")]
#[test]
fn the_bindings_have_the_layout_that_c_has() {
    use sqlite3ext_sys::*;
    use std::mem::{offset_of, size_of};

    macro_rules! at {
        ($structure:ident, $field:ident) => {
            format!(
                concat!(stringify!($structure), ".", stringify!($field), " {}\n"),
                offset_of!($structure, $field)
            )
        };
    }
    macro_rules! size {
        ($structure:ident) => {
            size!($structure, $structure)
        };
        ($structure:ident, $name:ident) => {
            format!(concat!(stringify!($name), " {}\n"), size_of::<$structure>())
        };
    }
    let expected = [
        at!(sqlite3_api_routines, aggregate_context),
        at!(sqlite3_api_routines, libversion_number),
        at!(sqlite3_api_routines, malloc64),
        at!(sqlite3_api_routines, vtab_config),
        at!(sqlite3_api_routines, prepare_v3),
        at!(sqlite3_api_routines, vtab_in_next),
        size!(sqlite3_index_info),
        at!(sqlite3_index_info, orderByConsumed),
        at!(sqlite3_index_info, estimatedRows),
        at!(sqlite3_index_info, colUsed),
        size!(
            sqlite3_index_info_sqlite3_index_constraint,
            sqlite3_index_constraint
        ),
        size!(
            sqlite3_index_info_sqlite3_index_orderby,
            sqlite3_index_orderby
        ),
        size!(
            sqlite3_index_info_sqlite3_index_constraint_usage,
            sqlite3_index_constraint_usage
        ),
        at!(sqlite3_module, xColumn),
        at!(sqlite3_module, xShadowName),
        size!(sqlite3_vtab),
        size!(sqlite3_vtab_cursor),
    ]
    .concat();

    let directory = tempfile::tempdir().unwrap();
    let program = build("layout", directory.path(), &[]);
    assert_eq!(output(&mut Command::new(program)), expected);

    // Nothing comes after the last routine that 3.38.0 has: a call past the end of its table does not compile.
    assert_eq!(
        size_of::<sqlite3_api_routines>(),
        offset_of!(sqlite3_api_routines, vtab_in_next) + size_of::<usize>()
    );
    assert_eq!(SQLITE_VERSION_NUMBER, 3_038_000);
}

/// Ways to include the header, before and after SQLite's own headers and without them.
const INCLUDES: &[&str] = &[
    "#include \"sqlite-branch.h\"\n",
    "#include \"sqlite-branch.h\"\n#include \"sqlite-branch.h\"\n",
    "#include <sqlite3.h>\n#include \"sqlite-branch.h\"\n",
    "#include \"sqlite-branch.h\"\n#include <sqlite3.h>\n",
    "#include <sqlite3ext.h>\n#include \"sqlite-branch.h\"\nSQLITE_EXTENSION_INIT1\n",
    "#include \"sqlite-branch.h\"\n#include <sqlite3ext.h>\nSQLITE_EXTENSION_INIT1\n",
];

/// What follows each of them: the macros and the prototype are there and fit.
const USE: &str = "
#if SQLITE_BRANCH_VERSION_MAJOR < 0 || SQLITE_BRANCH_VERSION_MINOR < 0 || SQLITE_BRANCH_VERSION_PATCH < 0
#error \"version numbers\"
#endif
extern const char *branch_version_text;
const char *branch_version_text = SQLITE_BRANCH_VERSION;
extern void (*branch_entry)(void);
void (*branch_entry)(void) = (void (*)(void))sqlite3_branch_init;
#ifdef SQLITE_VERSION
extern int (*branch_typed)(sqlite3 *, char **, const struct sqlite3_api_routines *);
int (*branch_typed)(sqlite3 *, char **, const struct sqlite3_api_routines *) = sqlite3_branch_init;
#endif
";

fn compile_header(cpp: bool, arguments: &[&str], suffix: &str) {
    let directory = tempfile::tempdir().unwrap();
    for (number, includes) in INCLUDES.iter().enumerate() {
        let source = directory.path().join(format!("include{number}.{suffix}"));
        std::fs::write(&source, format!("{includes}{USE}")).unwrap();
        output(
            compiler(cpp)
                .to_command()
                .args(arguments)
                .args([
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-pedantic",
                    "-fsyntax-only",
                    "-isystem",
                ])
                .arg(sqlite_source())
                .arg("-I")
                .arg(dist::root().join("bindings/c"))
                .arg(&source),
        );
    }
}

#[test]
fn the_header_is_c99() {
    compile_header(false, &["-std=c99"], "c");
}

#[test]
fn the_header_is_cpp() {
    let found = compiler(true)
        .to_command()
        .arg("--version")
        .output()
        .is_ok();
    if !found {
        dist::not_run("the header in C++", "C++ compiler");
        return;
    }
    compile_header(true, &["-std=c++11"], "cpp");
}
