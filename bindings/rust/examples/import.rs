//! Imports conversations that other programs have exported: ChatGPT, claude.ai, Claude Code, codex, pi and more.
//!
//! `cargo run --example import -- history.db conversations.json`, or several files. What kind of file each is, is seen
//! from what is in it; `--format chatgpt` says it. `--skip-bad` passes over what cannot be read.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use sqlite_branch_store::{ImportOptions, StateStore};

fn main() -> ExitCode {
    match import() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("import: {error}");
            ExitCode::FAILURE
        }
    }
}

fn import() -> Result<(), Box<dyn Error>> {
    let mut format = "auto".to_owned();
    let mut options = ImportOptions::default();
    let mut files = Vec::new();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--skip-bad") => options.skip_bad = true,
            Some("--format") => {
                let name = arguments.next().and_then(|name| name.into_string().ok());
                format = name.ok_or("--format needs a name")?;
            }
            _ => files.push(argument),
        }
    }
    let (database, exports) = files
        .split_first()
        .filter(|(_, exports)| !exports.is_empty())
        .ok_or("give a database and the files to import: DATABASE EXPORT...")?;
    let store = StateStore::open(Some(Path::new(database).to_owned()))?;
    for export in exports {
        let name = Path::new(export).display();
        let file = File::open(export).map_err(|error| format!("{name}: {error}"))?;
        let bar = ProgressBar::new(file.metadata()?.len()).with_style(
            ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes}, {eta}")?,
        );
        // Each file is a change of its own: those before one that cannot be read stay.
        let added = store
            .import_with(&format, &options, file, |read| bar.set_position(read))
            .map_err(|error| format!("{name}: {error}"))?;
        bar.finish_and_clear();
        println!("{name}: {added} messages added");
    }
    Ok(())
}
