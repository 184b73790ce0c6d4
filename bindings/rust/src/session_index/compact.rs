//! Replacing the index by one with a single line for each thread.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{ends_in_newline, lines};
use crate::private_files;

/// Replaces the file. The caller holds the lock; programs that do not know of the lock may append meanwhile.
pub(super) fn replace(path: &Path, sync: bool) -> io::Result<()> {
    // Where the index is a symbolic link, what it points to is replaced.
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut old = File::open(&path)?;
    let mut text = Vec::new();
    old.read_to_end(&mut text)?;

    let new_path = beside(&path);
    let mut new = create(&new_path)?;
    let result =
        write_new(&mut new, &mut old, &text, sync).and_then(|()| fs::rename(&new_path, &path));
    if let Err(error) = result {
        let _ = fs::remove_file(&new_path);
        return Err(error);
    }
    // A program that had the old file open may have appended up to now.
    carry_over(&mut old, &mut new, sync)?;
    if sync {
        private_files::sync_parent(&path)?;
    }
    Ok(())
}

/// Fills the new file. When this returns, it has all that the old file had a moment ago.
fn write_new(new: &mut File, old: &mut File, text: &[u8], sync: bool) -> io::Result<()> {
    new.set_permissions(old.metadata()?.permissions())?;
    new.write_all(&latest_lines(text))?;
    if sync {
        new.sync_all()?;
    }
    carry_over(old, new, sync)
}

/// Appends to the new file what was appended to the old one after it was read.
fn carry_over(old: &mut File, new: &mut File, sync: bool) -> io::Result<()> {
    let mut more = Vec::new();
    old.read_to_end(&mut more)?;
    if more.trim_ascii().is_empty() {
        return Ok(());
    }
    if !ends_in_newline(new)? {
        more.insert(0, b'\n');
    }
    new.seek(SeekFrom::End(0))?;
    new.write_all(&more)?;
    if sync {
        new.sync_data()?;
    }
    Ok(())
}

/// The last entry of each thread, and the lines of another kind, in the order in which they stand.
fn latest_lines(text: &[u8]) -> Vec<u8> {
    let mut kept: Vec<Option<&[u8]>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = lines::read(line);
        for (entry, bytes) in line.entries {
            if let Some(before) = places.insert(entry.thread_id, kept.len()) {
                if let Some(place) = kept.get_mut(before) {
                    *place = None;
                }
            }
            kept.push(Some(bytes));
        }
        kept.extend(line.other.map(Some));
    }
    let mut out = Vec::new();
    for line in kept.into_iter().flatten() {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Creates the new file. One that is there is left from a crash: the lock is ours, so no other process writes to it.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    private_files::options()
        .read(true)
        .append(true)
        .create_new(true)
        .open(path)
}
