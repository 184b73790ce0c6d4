//! The text of an export, read piece by piece: its lines, or the values of a JSON document.
//!
//! A document is an array of values, or values one after the other. Only the value that is being read is in memory.

use std::io::Read;

use crate::error::{Error, Result};
use crate::items::json::Raw;
use crate::sqlite::code;

/// How much is read at once, in bytes: of little account beside a conversation, and many of the reader's own pieces.
const CHUNK: usize = 256 << 10;

/// A JSON value of the text.
pub struct Found<'a> {
    /// The number of the line on which it begins.
    pub line: u64,
    /// The number of the top-level array that it is in, or that came before it.
    pub array: u64,
    /// The value.
    pub value: Raw<'a>,
}

/// The text, read from the front.
pub struct Source<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// Where in the buffer that begins which nobody has taken yet.
    from: usize,
    ended: bool,
    /// The number of the line at `from`.
    line: u64,
    in_array: bool,
    array: u64,
    /// Whether what was taken must stay in the buffer.
    holding: bool,
    /// Whether what cannot be read is passed over.
    skip_bad: bool,
}

/// Where a piece lies, counted from `from` as it was.
struct Piece {
    start: usize,
    end: usize,
    line: u64,
}

impl<'a> Source<'a> {
    pub fn new(input: &'a mut dyn Read, skip_bad: bool) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            from: 0,
            ended: false,
            line: 1,
            in_array: false,
            array: 0,
            holding: false,
            skip_bad,
        }
    }

    /// Whether what cannot be read is to be passed over.
    pub fn skips_bad(&self) -> bool {
        self.skip_bad
    }

    /// Looks at the first value, if there is one that can be read. It will be read again.
    pub fn peek<T>(&mut self, look: impl FnOnce(Raw<'_>) -> Option<T>) -> Result<Option<T>> {
        let (from, line) = (self.from, self.line);
        self.holding = true;
        let skip_bad = std::mem::replace(&mut self.skip_bad, false);
        let seen = match self.value() {
            Ok(first) => Ok(first.and_then(|found| look(found.value))),
            Err(error) if error.code() == code::ERROR => Ok(None),
            Err(error) => Err(error),
        };
        self.skip_bad = skip_bad;
        self.holding = false;
        self.in_array = false;
        self.array = 0;
        (self.from, self.line) = (from, line);
        seen
    }

    /// Whether there is nothing in the text.
    pub fn is_empty(&mut self) -> Result<bool> {
        Ok(self.skip_blank()?.is_none())
    }

    /// The value on the next line that is not blank.
    ///
    /// A line that is not JSON is an error, or passed over; the last one is left out where it is only unfinished.
    pub fn line(&mut self) -> Result<Option<Found<'_>>> {
        loop {
            self.skip_blank()?;
            let mut length = 0;
            let length = loop {
                let rest = self.buffer.get(self.from + length..).unwrap_or_default();
                if let Some(at) = memchr::memchr(b'\n', rest) {
                    break length + at;
                }
                length += rest.len();
                if !self.fill()? {
                    break length;
                }
            };
            if length == 0 {
                return Ok(None);
            }
            let line = self.line;
            let mut piece = self.take(length, line);
            let blank = self
                .piece(&piece)
                .iter()
                .rev()
                .take_while(|byte| is_blank(**byte));
            piece.end -= blank.count();
            let Err(why) = checked(self.piece(&piece)) else {
                return self.known(&piece);
            };
            let unfinished = why.unfinished;
            // What was taken may move while more is read.
            self.from = piece.start;
            let last = self.only_blank_after(length)?;
            self.from += length;
            if unfinished && last {
                return Ok(None);
            }
            if !self.skip_bad {
                return Err(why.on(line));
            }
        }
    }

    /// The next value of the document: of the array, if it is one.
    pub fn value(&mut self) -> Result<Option<Found<'_>>> {
        loop {
            let (found, line) = (self.skip_blank()?, self.line);
            match found {
                None if !self.in_array || self.skip_bad => return Ok(None),
                None => {
                    return Err(Error::misuse(format!(
                        "line {line}: the text ends before its array does"
                    )))
                }
                Some(b'[') if !self.in_array => {
                    self.in_array = true;
                    self.array += 1;
                    self.take(1, line);
                }
                Some(b']') if self.in_array => {
                    self.in_array = false;
                    self.take(1, line);
                }
                Some(b',') if self.in_array => {
                    self.take(1, line);
                }
                Some(_) => {
                    let (length, finished) = self.length()?;
                    let piece = self.take(length, line);
                    match checked(self.piece(&piece)) {
                        Ok(()) => return self.known(&piece),
                        Err(_) if self.skip_bad => {}
                        Err(_) if !finished => {
                            return Err(Error::misuse(format!(
                                "line {line}: the text ends in the middle of what begins here"
                            )))
                        }
                        Err(why) => return Err(why.on(line)),
                    }
                }
            }
        }
    }

    /// How long the value is that begins here, and whether its end was found.
    fn length(&mut self) -> Result<(usize, bool)> {
        let mut scan = Scan::default();
        let mut done = 0;
        loop {
            let rest = self.buffer.get(self.from + done..).unwrap_or_default();
            match scan.end(rest) {
                Some(length) => return Ok((done + length, true)),
                None => done += rest.len(),
            }
            if !self.fill()? {
                return Ok((done, scan.is_scalar()));
            }
        }
    }

    /// Takes so many bytes.
    fn take(&mut self, length: usize, line: u64) -> Piece {
        let start = self.from;
        let end = (start + length).min(self.buffer.len());
        let taken = self.buffer.get(start..end).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', taken).count() as u64;
        self.from = end;
        Piece { start, end, line }
    }

    fn piece(&self, piece: &Piece) -> &[u8] {
        self.buffer.get(piece.start..piece.end).unwrap_or_default()
    }

    /// A piece that has been checked.
    fn known(&self, piece: &Piece) -> Result<Option<Found<'_>>> {
        let text = std::str::from_utf8(self.piece(piece)).ok();
        Ok(text.map(|text| Found {
            line: piece.line,
            array: self.array,
            value: Raw::known(text),
        }))
    }

    /// Whether only blanks are left after so many bytes.
    fn only_blank_after(&mut self, length: usize) -> Result<bool> {
        let mut at = length;
        loop {
            match self.buffer.get(self.from + at).copied() {
                Some(byte) if is_blank(byte) => at += 1,
                Some(_) => return Ok(false),
                None if self.fill()? => {}
                None => return Ok(true),
            }
        }
    }

    /// Passes over blanks. Gives the byte after them.
    fn skip_blank(&mut self) -> Result<Option<u8>> {
        if self.line == 1 && self.from == 0 {
            self.skip_byte_order_mark()?;
        }
        loop {
            match self.buffer.get(self.from).copied() {
                Some(byte) if is_blank(byte) => {
                    self.line += u64::from(byte == b'\n');
                    self.from += 1;
                }
                Some(byte) => return Ok(Some(byte)),
                None if self.fill()? => {}
                None => return Ok(None),
            }
        }
    }

    fn skip_byte_order_mark(&mut self) -> Result<()> {
        while self.buffer.len() < 3 && self.fill()? {}
        if self.buffer.starts_with(b"\xEF\xBB\xBF") {
            self.from = 3;
        } else if self.buffer.starts_with(b"\xFF\xFE") || self.buffer.starts_with(b"\xFE\xFF") {
            return Err(Error::misuse(
                "line 1: the text is UTF-16 and must be UTF-8",
            ));
        } else if self.buffer.starts_with(b"\x1F\x8B") || self.buffer.starts_with(b"PK\x03") {
            return Err(Error::misuse(
                "line 1: this is compressed (gzip or zip): unpack it first",
            ));
        }
        Ok(())
    }

    /// Reads more. False at the end.
    fn fill(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if !self.holding && self.from > 0 && self.from >= self.buffer.len() / 2 {
            self.buffer.drain(..self.from);
            self.from = 0;
        }
        let length = self.buffer.len();
        let more = CHUNK.max(length / 2);
        self.buffer
            .try_reserve(more)
            .map_err(|_| Error::no_memory())?;
        let mut limited = Read::take(&mut *self.input, more as u64);
        let read = limited
            .read_to_end(&mut self.buffer)
            .map_err(|error| Error::new(code::IOERR_READ, format!("cannot read: {error}")))?;
        self.ended = read < more;
        Ok(read > 0)
    }
}

/// What ends a line, parts values, or stands where a file was cut: programs that were killed leave NULs.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0)
}

/// Why a text is not JSON.
struct Bad {
    why: String,
    /// How many lines below the first.
    below: u64,
    /// Whether it could go on to be JSON.
    unfinished: bool,
}

impl Bad {
    /// The error for a text that begins on a line.
    fn on(self, line: u64) -> Error {
        Error::misuse(format!("line {}: {}", line + self.below, self.why))
    }
}

fn checked(text: &[u8]) -> std::result::Result<(), Bad> {
    if let Err(error) = std::str::from_utf8(text) {
        let before = text.get(..error.valid_up_to()).unwrap_or_default();
        return Err(Bad {
            why: "not UTF-8".to_owned(),
            below: memchr::memchr_iter(b'\n', before).count() as u64,
            unfinished: error.error_len().is_none(),
        });
    }
    crate::items::json::invalid(text).map_or(Ok(()), |error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or(&why);
        Err(Bad {
            why: format!("not JSON: {why} at column {}", error.column()),
            below: (error.line() as u64).saturating_sub(1),
            unfinished: error.is_eof(),
        })
    })
}

/// Finds where a value ends by its brackets and quotes. It need not be valid.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl Scan {
    /// How many of the bytes belong to the value, if it ends in them.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if self.escaped {
                self.escaped = false;
            } else if self.in_string {
                let rest = bytes.get(at..).unwrap_or_default();
                at += memchr::memchr2(b'"', b'\\', rest)?;
                if bytes.get(at) == Some(&b'\\') {
                    self.escaped = true;
                } else {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
            } else {
                match byte {
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' if self.depth <= 1 => {
                        return Some(at + usize::from(self.depth == 1 || !self.begun))
                    }
                    b'}' | b']' => self.depth -= 1,
                    b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 && self.begun => {
                        return Some(at)
                    }
                    _ => {}
                }
            }
            self.begun = true;
            at += 1;
        }
        None
    }

    /// Whether it is a number or a word, which the end of the text ends.
    fn is_scalar(&self) -> bool {
        self.depth == 0 && !self.in_string
    }
}
