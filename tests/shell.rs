//! Golden sessions in the real sqlite3 shell: `tests/shell/<name>.sql` is typed, and `<name>.out` is the transcript.
//!
//! `REWRITE_EXPECTED=1 cargo test --test shell` writes the transcripts anew; look at the difference before you commit it.

#![cfg(unix)]

mod dist;
#[path = "shell/session.rs"]
mod session;

use std::path::PathBuf;

fn scripts() -> PathBuf {
    dist::root().join("tests/shell")
}

fn play(name: &str) {
    let script = std::fs::read_to_string(scripts().join(name).with_extension("sql")).unwrap();
    let mut parts = session::of_script(&script);
    let directory = session::repository();
    session::run(directory.path(), "session.db", &mut parts);
    session::expect(
        &scripts().join(name).with_extension("out"),
        &session::transcript(&parts),
    );
}

macro_rules! sessions {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                play(stringify!($name));
            }
        )*

        /// A script that nobody plays would be of no use.
        #[test]
        fn all_scripts_are_played() {
            let mut names: Vec<String> = std::fs::read_dir(scripts())
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
                .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            names.sort();
            let mut played = [$(stringify!($name)),*];
            played.sort_unstable();
            assert_eq!(names, played);
        }
    };
}

sessions!(broken, by_hand, errors, full, indexes, paging, rollback, schema, text, tour);
