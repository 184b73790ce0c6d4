//! What the index says, kept in memory: a look-up reads only what was appended since the last one.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use super::{lines, Entry, SMALL, SUPERSEDED};

#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The file that was read. It stays open, so that no other file can get its number while we go by that.
    file: Option<File>,
    /// How much of it is read: up to the end of the last whole line.
    read: u64,
    /// How long it was when it was read. More than `read` if its last line has no end yet.
    length: u64,
    lines: u64,
    entries: u64,
    unreadable: Vec<u64>,
    /// Whether there is a line without an end, and whether that can be read.
    tail: Option<bool>,
    latest: HashMap<String, Latest>,
}

#[derive(Debug)]
struct Latest {
    entry: Entry,
    /// Number of the line: the order in which threads were named.
    line: u64,
}

impl Names {
    pub(crate) fn get(&self, thread_id: &str) -> Option<&Entry> {
        self.latest.get(thread_id).map(|latest| &latest.entry)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Entry> {
        let is_named = |latest: &&Latest| {
            let its_name = latest.entry.thread_name.as_deref();
            its_name.is_some_and(|its_name| its_name.eq_ignore_ascii_case(name))
        };
        self.latest
            .values()
            .filter(is_named)
            .max_by_key(|latest| (latest.entry.updated_at, latest.line))
            .map(|latest| &latest.entry)
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines + u64::from(self.tail.is_some())
    }

    pub(super) fn threads(&self) -> usize {
        self.latest.len()
    }

    pub(super) fn unreadable(&self) -> Vec<u64> {
        let tail = (self.tail == Some(false)).then_some(self.lines + 1);
        self.unreadable.iter().copied().chain(tail).collect()
    }

    pub(super) fn worth_compacting(&self) -> bool {
        let threads = self.latest.len() as u64;
        self.length > SMALL && self.entries > SUPERSEDED.saturating_mul(threads)
    }

    /// Reads what is new in the file, or all of it if it is another file or a shorter one than before.
    pub(super) fn refresh(&mut self, path: &Path) -> io::Result<()> {
        let now = match fs::metadata(path) {
            Ok(now) => now,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                *self = Self::default();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let before = self.file.as_ref().map(File::metadata).transpose()?;
        let same = before.is_some_and(|before| is_same_file(&before, &now));
        if !same || now.len() < self.length {
            *self = Self {
                file: Some(File::open(path)?),
                ..Self::default()
            };
        } else if now.len() == self.length {
            return Ok(());
        }
        self.read_on()
    }

    fn read_on(&mut self) -> io::Result<()> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let mut reader = BufReader::with_capacity(64 * 1024, &file);
        reader.seek(SeekFrom::Start(self.read))?;
        self.tail = None;
        self.length = self.read;
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let length = reader.read_until(b'\n', &mut bytes)? as u64;
            self.length += length;
            if length == 0 {
                break;
            }
            let line = lines::read(&bytes);
            let is_whole = bytes.last() == Some(&b'\n');
            if is_whole {
                self.read += length;
                self.lines += 1;
                self.entries += line.entries.len() as u64;
                if !line.is_readable() {
                    self.unreadable.push(self.lines);
                }
            } else {
                // It counts as far as it goes, and is read again when there is more of it.
                self.tail = Some(line.is_readable());
            }
            let number = self.lines + u64::from(!is_whole);
            for (entry, _) in line.entries {
                let latest = Latest {
                    line: number,
                    entry,
                };
                self.latest.insert(latest.entry.thread_id.clone(), latest);
            }
        }
        drop(reader);
        // Only what was read without an error may be gone on from.
        self.file = Some(file);
        Ok(())
    }
}

#[cfg(unix)]
fn is_same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Elsewhere there is no telling: the file is read again each time.
#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}
