//! Going to rows by key, by stepping where they are near and by seeking where they are far.

use crate::error::Result;
use crate::sqlite::{Kind, Statement};

/// For how many seeks not to try stepping after it was of no use. Where one row was far away, the next ones are too.
const FAR: u32 = 16;

/// The order of a [`Scan`]'s keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Each row's key is at least that of the row before.
    Ascending,
    /// Each row's key is at most that of the row before.
    Descending,
}

impl Direction {
    /// Maps keys so that they ascend, and back.
    fn turned(self, key: i64) -> i64 {
        match self {
            Self::Ascending => key,
            Self::Descending => !key,
        }
    }
}

/// A statement whose rows start at the key `?1`, have their key in the first column, and are sorted by it.
///
/// A seek costs about three times a step, so a row that is a few steps ahead is stepped to.
pub struct Scan {
    statement: Statement,
    direction: Direction,
    near: u32,
    /// For how many more seeks not to step, because the last one stepped and was still far away.
    far: u32,
    /// Whether the last seek was one indeed, rather than a few steps.
    sought: bool,
    /// The current row's key, turned. None past the end.
    at: Option<i64>,
    /// The current row is the first one for every key from this one, turned, up to its own. None before the first seek.
    from: Option<i64>,
}

impl Scan {
    /// `near` is how many rows are worth stepping over.
    pub fn new(statement: Statement, direction: Direction, near: u32) -> Self {
        Self {
            statement,
            direction,
            near,
            far: 0,
            sought: false,
            at: None,
            from: None,
        }
    }

    /// Stands on the first row with this key or one that comes later, and gives its key. None if there is no such row.
    pub fn seek(&mut self, key: i64) -> Result<Option<i64>> {
        let wanted = self.direction.turned(key);
        self.sought = false;
        if self.from.is_some_and(|from| from <= wanted) {
            if self.is_past(wanted) {
                return Ok(self.key());
            }
            if self.far > 0 {
                self.far -= 1;
            } else {
                for _ in 0..self.near {
                    self.step()?;
                    if self.is_past(wanted) {
                        return Ok(self.key());
                    }
                }
                self.far = FAR;
            }
        }
        self.from = None;
        self.sought = true;
        self.statement.start(&[key])?;
        self.arrive()?;
        self.from = Some(wanted);
        Ok(self.key())
    }

    /// Whether no row is left that comes before this key, turned.
    #[inline(always)]
    fn is_past(&self, wanted: i64) -> bool {
        self.at.is_none_or(|at| at >= wanted)
    }

    /// Goes to the next row, and gives its key.
    #[inline]
    pub fn step(&mut self) -> Result<Option<i64>> {
        if let Some(at) = self.at {
            self.from = None;
            self.arrive()?;
            self.from = at.checked_add(1);
        }
        Ok(self.key())
    }

    /// Steps to the next row that has an integer for its key. In broken data there are others, and none of them is
    /// what somebody looks for.
    #[inline]
    fn arrive(&mut self) -> Result<()> {
        self.at = None;
        while self.statement.step()? {
            if self.statement.kind(0) == Kind::Integer {
                self.at = Some(self.direction.turned(self.statement.integer(0)));
                break;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn key(&self) -> Option<i64> {
        self.at.map(|at| self.direction.turned(at))
    }

    /// Whether the last seek was one indeed, rather than a few steps.
    pub fn sought(&self) -> bool {
        self.sought
    }

    /// The statement, to read the current row.
    pub fn row(&self) -> &Statement {
        &self.statement
    }
}
