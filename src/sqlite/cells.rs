//! Values of rows that are kept until the caller reads them.

use std::rc::Rc;

use super::ffi;
use super::{Connection, Context, Kind, Value};
use crate::error::{push, Error, Result};

/// One value. Texts and blobs are ranges of the bytes.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text {
        start: u32,
        length: u32,
    },
    /// A text in UTF-8 without a NUL in it, and with one after it.
    Plain {
        start: u32,
        length: u32,
    },
    Blob {
        start: u32,
        length: u32,
    },
}

/// Of how many uses a connection keeps the memory for the next ones, and up to how many bytes of each: that of a listing of
/// four hundred messages of 500 bytes. Asking for it anew each time, with what the system does for fresh pages, takes up to a fifth of it.
const SPARE: usize = 2;
const MOST_SPARE: usize = 384 << 10;

/// Memory of cells that are no longer used.
#[derive(Default)]
pub(super) struct Spare {
    cells: Vec<Cell>,
    bytes: Vec<u8>,
}

/// Values in a row, each under its position.
pub struct Cells {
    connection: Rc<Connection>,
    cells: Vec<Cell>,
    bytes: Vec<u8>,
    /// Of the texts.
    encoding: u8,
}

impl Cells {
    /// None yet.
    pub fn new(connection: &Rc<Connection>) -> Result<Self> {
        let encoding = connection.encoding()?;
        let spare = connection.spare.borrow_mut().pop().unwrap_or_default();
        Ok(Self {
            connection: Rc::clone(connection),
            cells: spare.cells,
            bytes: spare.bytes,
            encoding,
        })
    }

    /// Forgets all, and keeps the memory.
    pub fn clear(&mut self) {
        self.cells.clear();
        self.bytes.clear();
    }

    /// How much memory the values take, in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.cells.len() * std::mem::size_of::<Cell>()
    }

    /// Adds the values of a row, unless more than `most` bytes would then be taken. The first row is added whatever its size.
    pub fn push(&mut self, row: &[Value<'_>], most: usize) -> Result<bool> {
        let (cells, bytes) = (self.cells.len(), self.bytes.len());
        for value in row {
            let kind = value.kind();
            let cell = match kind {
                Kind::Null => Cell::Null,
                Kind::Integer => Cell::Integer(value.integer()),
                Kind::Real => Cell::Real(value.real()),
                Kind::Text | Kind::Blob => {
                    let content = value.bytes();
                    if cells > 0 && self.size().saturating_add(content.len()) > most {
                        self.cells.truncate(cells);
                        self.bytes.truncate(bytes);
                        return Ok(false);
                    }
                    self.copy(content, kind == Kind::Text)?
                }
            };
            push(&mut self.cells, cell)?;
        }
        Ok(true)
    }

    fn copy(&mut self, content: &[u8], text: bool) -> Result<Cell> {
        let place = u32::try_from(self.bytes.len()).and_then(|start| {
            let length = u32::try_from(content.len())?;
            Ok((start, length))
        });
        let (start, length) = place.map_err(|_| Error::no_memory())?;
        self.bytes
            .try_reserve(content.len() + 1)
            .map_err(|_| Error::no_memory())?;
        self.bytes.extend_from_slice(content);
        if !text {
            return Ok(Cell::Blob { start, length });
        }
        if i32::from(self.encoding) != ffi::SQLITE_UTF8 || memchr::memchr(0, content).is_some() {
            return Ok(Cell::Text { start, length });
        }
        self.bytes.push(0);
        Ok(Cell::Plain { start, length })
    }

    fn content(&self, start: u32, length: u32) -> &[u8] {
        let start = start as usize;
        self.bytes
            .get(start..start + length as usize)
            .unwrap_or_default()
    }

    /// Whether a cell holds this integer, or NULL.
    pub fn holds(&self, at: usize, value: Option<i64>) -> bool {
        match (self.cells.get(at), value) {
            (Some(Cell::Integer(found)), Some(integer)) => *found == integer,
            (Some(Cell::Null), None) => true,
            _ => false,
        }
    }

    /// The bytes of a text, in UTF-8. None if the cell has none.
    pub fn text(&self, at: usize) -> Vec<u8> {
        let (start, length) = match self.cells.get(at) {
            Some(Cell::Text { start, length } | Cell::Plain { start, length }) => (start, length),
            _ => return Vec::new(),
        };
        let bytes = self.content(*start, *length);
        let units = |of: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .map(|unit| of([unit[0], unit[1]]))
                .collect();
            String::from_utf16_lossy(&units).into_bytes()
        };
        match i32::from(self.encoding) {
            ffi::SQLITE_UTF16LE => units(u16::from_le_bytes),
            ffi::SQLITE_UTF16BE => units(u16::from_be_bytes),
            _ => bytes.to_vec(),
        }
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        let (mut cells, mut bytes) = (
            std::mem::take(&mut self.cells),
            std::mem::take(&mut self.bytes),
        );
        let mut spare = self.connection.spare.borrow_mut();
        let size = bytes.capacity() + cells.capacity() * std::mem::size_of::<Cell>();
        if spare.len() < SPARE && size <= MOST_SPARE {
            cells.clear();
            bytes.clear();
            spare.push(Spare { cells, bytes });
        }
    }
}

impl Context<'_> {
    /// The result is a value that was kept, as it was.
    pub fn result_cell(&mut self, cells: &Cells, at: usize) {
        match cells.cells.get(at) {
            Some(Cell::Integer(integer)) => self.result_integer(*integer),
            Some(Cell::Plain { start, length }) => {
                let end = *start as usize + *length as usize;
                let text = cells.bytes.get(*start as usize..=end).unwrap_or_default();
                self.result_ended_text(text);
            }
            Some(Cell::Text { start, length }) => {
                self.result_encoded(cells.content(*start, *length), cells.encoding);
            }
            Some(Cell::Real(real)) => self.result_real(*real),
            Some(Cell::Blob { start, length }) => self.result_blob(cells.content(*start, *length)),
            Some(Cell::Null) | None => self.result_null(),
        }
    }
}
