//! What the query planner asks of a table, and the answer.

use std::ffi::CStr;
use std::os::raw::c_int;

use super::ffi;
use super::{Kind, Value};
use crate::code;
use crate::error::{Error, Result};

/// What a table-valued function looks like.
pub struct Shape {
    /// Its name in SQL.
    pub name: &'static str,
    /// The columns of its rows, comma-separated, as in `CREATE TABLE`.
    pub columns: &'static str,
    /// Its arguments, which are hidden columns after the others, with their types.
    pub arguments: &'static [(&'static str, &'static str)],
    /// How many of them must be given.
    pub required: usize,
    /// The orders in which it can give its rows.
    pub orders: &'static [SortKey],
    /// How many rows it gives as a rule.
    pub rows: i64,
    /// The argument that limits the number of rows.
    pub limit: Option<usize>,
}

/// A column by which rows can be sorted, and which order gives them sorted.
#[derive(Debug, Clone, Copy)]
pub struct SortKey {
    /// The column, or -1 for the rowid.
    column: c_int,
    /// The order that has this column ascending, if there is one.
    ascending: Option<Order>,
    /// The order that has it descending.
    descending: Order,
    /// Whether no two rows have the same value in it, so that a second column to sort by changes nothing.
    unique: bool,
    /// The column by which rows with the same value in the first one are sorted, in the same direction.
    then: Option<c_int>,
    /// The argument without which rows are not sorted like this.
    given: Option<usize>,
}

impl SortKey {
    /// A column that has another value in each row.
    pub const fn new(column: usize, ascending: Order, descending: Order) -> Self {
        Self {
            column: column as c_int,
            ascending: Some(ascending),
            descending,
            unique: true,
            then: None,
            given: None,
        }
    }

    /// The rowid.
    pub const fn rowid(ascending: Order, descending: Order) -> Self {
        Self {
            column: -1,
            ascending: Some(ascending),
            descending,
            unique: true,
            then: None,
            given: None,
        }
    }

    /// A column that several rows have the same value in.
    pub const fn grouped(column: usize, ascending: Order, descending: Order) -> Self {
        Self {
            column: column as c_int,
            ascending: Some(ascending),
            descending,
            unique: false,
            then: None,
            given: None,
        }
    }

    /// A column that several rows have the same value in, and that can be had in descending order only.
    pub const fn descending(column: usize, descending: Order) -> Self {
        Self {
            column: column as c_int,
            ascending: None,
            descending,
            unique: false,
            then: None,
            given: None,
        }
    }

    /// And by a second column in the same direction. No two rows have the same values in both.
    pub const fn and(self, then: usize) -> Self {
        Self {
            then: Some(then as c_int),
            ..self
        }
    }

    /// Only where an argument is given.
    pub const fn with(self, argument: usize) -> Self {
        Self {
            given: Some(argument),
            ..self
        }
    }
}

/// In which order a table gives its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the table describes it.
    Natural,
    /// The other way round.
    Reverse,
    /// By ascending id, where that is another order than the natural one.
    IdAscending,
    /// By descending id, where that is another order than the reverse one.
    IdDescending,
    /// By both columns of a sort key, ascending.
    PairAscending,
    /// By both columns of a sort key, descending.
    PairDescending,
}

const ORDERS: [Order; 6] = [
    Order::Natural,
    Order::Reverse,
    Order::IdAscending,
    Order::IdDescending,
    Order::PairAscending,
    Order::PairDescending,
];

/// A comparison of a column with a value, which a table takes as one more argument after the others. SQLite compares
/// again what the table gives, so a table may give more rows than asked for, and no fewer.
#[derive(Clone, Copy)]
pub enum Bound {
    /// `column = value`. At most one row is expected.
    Equal(usize),
    /// `column >= value` or `column > value`.
    AtLeast(usize),
    /// `column <= value` or `column < value`.
    AtMost(usize),
    /// `LIMIT value`. SQLite counts itself, and other conditions may leave rows out: so it only says how many rows are likely
    /// to be read.
    Limit,
}

impl Bound {
    fn is(self, compared: c_int, op: u8) -> bool {
        let (column, or_equal, strictly) = match self {
            Self::Equal(column) => (
                column,
                ffi::SQLITE_INDEX_CONSTRAINT_EQ,
                ffi::SQLITE_INDEX_CONSTRAINT_EQ,
            ),
            Self::AtLeast(column) => (
                column,
                ffi::SQLITE_INDEX_CONSTRAINT_GE,
                ffi::SQLITE_INDEX_CONSTRAINT_GT,
            ),
            Self::AtMost(column) => (
                column,
                ffi::SQLITE_INDEX_CONSTRAINT_LE,
                ffi::SQLITE_INDEX_CONSTRAINT_LT,
            ),
            Self::Limit => return op == ffi::SQLITE_INDEX_CONSTRAINT_LIMIT,
        };
        compared == column as c_int && (op == or_equal || op == strictly)
    }
}

/// How many arguments a table can have, bounds included.
pub(super) const MOST_ARGUMENTS: usize = 5;

/// What was agreed with the planner about one use of a table. It travels in the 31 bits of `idxNum`: which arguments
/// are given (5), the order (3), which columns are read (23).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    given: u32,
    order: Order,
    used: u32,
}

impl Plan {
    const USED_BITS: u32 = 23;

    fn encode(self) -> c_int {
        let order = ORDERS
            .iter()
            .position(|order| *order == self.order)
            .unwrap_or(0) as u32;
        c_int::try_from(self.given | order << 5 | self.used << 8).unwrap_or(0)
    }

    pub(super) fn decode(number: c_int) -> Self {
        let number = u32::try_from(number).unwrap_or(0);
        Self {
            given: number & 0x1f,
            order: ORDERS
                .get((number >> 5 & 7) as usize)
                .copied()
                .unwrap_or(Order::Natural),
            used: number >> 8,
        }
    }

    /// In which order rows are wanted.
    pub fn order(self) -> Order {
        self.order
    }

    /// Whether the statement reads a column.
    pub fn uses(self, column: usize) -> bool {
        u32::try_from(column)
            .is_ok_and(|column| column < Self::USED_BITS && self.used >> column & 1 == 1)
    }

    /// Whether the statement reads any of these columns.
    pub fn uses_any(self, columns: std::ops::RangeInclusive<usize>) -> bool {
        columns.into_iter().any(|column| self.uses(column))
    }

    /// Which argument each of the values is that a call passes, in order.
    pub(super) fn arguments(self) -> impl Iterator<Item = usize> {
        (0..MOST_ARGUMENTS).filter(move |at| self.given >> at & 1 == 1)
    }
}

impl Shape {
    /// The `CREATE TABLE` statement that declares the columns.
    pub(super) fn declaration(&self, hidden: &[(&str, &str)]) -> String {
        let mut text = format!("CREATE TABLE {}({}", self.name, self.columns);
        for (name, kind) in self.arguments.iter().chain(hidden) {
            text.push_str(&format!(", \"{name}\" {kind} HIDDEN"));
        }
        text.push(')');
        text
    }

    /// Its arguments by name, the optional ones in brackets: `a, b [, c [, d]]`.
    pub fn signature(&self, called: fn(&'static str) -> &'static str) -> String {
        let mut text = String::new();
        for (at, (name, _)) in self.arguments.iter().enumerate() {
            text.push_str(match (at >= self.required, at) {
                (true, 0) => "[",
                (true, _) => " [, ",
                (false, 0) => "",
                (false, _) => ", ",
            });
            text.push_str(called(name));
        }
        text.push_str(&"]".repeat(self.arguments.len().saturating_sub(self.required)));
        text
    }

    /// The number of columns before the hidden ones.
    pub(super) const fn visible(&self) -> usize {
        let text = self.columns.as_bytes();
        let mut count = 1;
        let mut at = 0;
        while at < text.len() {
            if text[at] == b',' {
                count += 1;
            }
            at += 1;
        }
        count
    }

    fn argument_of(&self, column: c_int) -> Option<usize> {
        let at = usize::try_from(column).ok()?.checked_sub(self.visible())?;
        (at < self.arguments.len()).then_some(at)
    }

    /// Agrees with the planner. `Ok(false)` means: not this way.
    ///
    /// SQLite's structure is never borrowed, since SQLite itself reads it when it is asked for a limit: what is asked is
    /// read first, and the answer is written last.
    ///
    /// # Safety
    /// `info` is what SQLite passed to xBestIndex, during that call.
    pub(super) unsafe fn best_index(
        &self,
        info: *mut ffi::sqlite3_index_info,
        bounds: &[Bound],
    ) -> Result<bool> {
        // SAFETY: SQLite owns the structure and leaves it to this call; its arrays have the lengths that it names, and
        // are not written to meanwhile.
        let (constraints, terms, used) = unsafe {
            (
                slice((*info).aConstraint, (*info).nConstraint),
                slice((*info).aOrderBy, (*info).nOrderBy),
                (*info).colUsed,
            )
        };
        let mut chosen = [None; MOST_ARGUMENTS];
        let mut named = [false; MOST_ARGUMENTS];
        for (at, constraint) in constraints.iter().enumerate() {
            let Some(argument) = self.argument_of(constraint.iColumn) else {
                continue;
            };
            if constraint.op != ffi::SQLITE_INDEX_CONSTRAINT_EQ || argument >= MOST_ARGUMENTS {
                continue;
            }
            if let Some(named) = named.get_mut(argument) {
                *named = true;
            }
            if constraint.usable != 0 {
                if let Some(chosen) = chosen.get_mut(argument) {
                    chosen.get_or_insert(at);
                }
            }
        }
        // Each bound that is there makes fewer rows likely.
        let mut most = self.rows;
        for (at, bound) in (self.arguments.len()..).zip(bounds) {
            let found = constraints.iter().enumerate().position(|(at, constraint)| {
                bound.is(constraint.iColumn, constraint.op)
                    && constraint.usable != 0
                    // SAFETY: as this function's own condition says.
                    && unsafe { is_binary(info, at) }
            });
            if let (Some(place), Some(_)) = (chosen.get_mut(at), found) {
                *place = found;
                most = match bound {
                    Bound::Equal(_) => 1,
                    Bound::AtLeast(_) | Bound::AtMost(_) => 1.max(most / 4),
                    Bound::Limit => most,
                };
            }
        }
        let mut lacking = false;
        for at in 0..self.arguments.len() {
            let named = named.get(at).copied().unwrap_or(false);
            if named && chosen.get(at).copied().flatten().is_none() {
                return Ok(false);
            }
            lacking |= !named && at < self.required;
        }
        let given = (0..).zip(&chosen).fold(0, |mask, (at, chosen)| {
            mask | u32::from(chosen.is_some()) << at
        });
        if lacking {
            // No error yet: older SQLites ask about each side of an OR alone, without the arguments that are there. If
            // this is what comes to be run, `check_given` says what is missing.
            let plan = Plan {
                given,
                order: Order::Natural,
                used: 0,
            };
            // SAFETY: as above.
            unsafe {
                (*info).idxNum = plan.encode();
                (*info).estimatedCost = NEVER;
                (*info).estimatedRows = i64::MAX;
            }
            return Ok(true);
        }
        let limit = self
            .limit
            .and_then(|limit| chosen.get(limit).copied().flatten())
            // SAFETY: as this function's own condition says.
            .and_then(|constraint| unsafe { constant(info, constraint) });
        let order = self.order_for(terms, given);
        let rows = limit.map_or(most, |limit| limit.clamp(0, most.max(1)));
        let mask = (1_u64 << Plan::USED_BITS) - 1;
        let plan = Plan {
            given,
            order: order.unwrap_or(Order::Natural),
            used: u32::try_from(used & mask).unwrap_or(u32::MAX),
        };
        // SAFETY: as above. The places in `aConstraintUsage` are those of the constraints.
        unsafe {
            let mut position = 0;
            for (at, constraint) in chosen.into_iter().enumerate() {
                if let Some(constraint) = constraint {
                    position += 1;
                    let usage = (*info).aConstraintUsage.add(constraint);
                    (*usage).argvIndex = position;
                    // A bound's value has not got the column's type yet: what it compares to is SQLite's to say.
                    (*usage).omit = u8::from(at < self.arguments.len());
                }
            }
            (*info).orderByConsumed = c_int::from(order.is_some());
            (*info).estimatedRows = rows.max(1);
            (*info).estimatedCost = 5.0 + 2.0 * rows as f64;
            (*info).idxNum = plan.encode();
        }
        Ok(true)
    }

    /// Verifies that a plan has all the arguments that must be given.
    pub(super) fn check_given(&self, plan: Plan) -> Result<()> {
        for (at, (argument, _)) in self.arguments.iter().enumerate().take(self.required) {
            if plan.given >> at & 1 == 0 {
                return Err(Error::misuse(format!("needs an argument: {argument}")));
            }
        }
        Ok(())
    }

    /// The order that satisfies an ORDER BY, if there is one.
    fn order_for(&self, terms: &[ffi::sqlite3_index_orderby], given: u32) -> Option<Order> {
        let first = terms.first()?;
        let key = self.orders.iter().find(|key| {
            key.column == first.iColumn
                && key.given.is_none_or(|at| given >> at & 1 == 1)
                && terms.get(1).is_none_or(|second| {
                    key.unique || key.then == Some(second.iColumn) && second.desc == first.desc
                })
        })?;
        if first.desc != 0 {
            Some(key.descending)
        } else {
            key.ascending
        }
    }
}

/// The cost of a plan that is none.
const NEVER: f64 = 1e99;

/// Whether a constraint compares texts byte by byte.
///
/// # Safety
/// `info` is what SQLite passed to xBestIndex, during that call.
unsafe fn is_binary(info: *mut ffi::sqlite3_index_info, constraint: usize) -> bool {
    let Ok(at) = c_int::try_from(constraint) else {
        return false;
    };
    // SAFETY: the structure is SQLite's; the name is a C string that stays good until xBestIndex returns.
    unsafe {
        let name = ffi::sqlite3_vtab_collation(info, at);
        !name.is_null()
            && CStr::from_ptr(name)
                .to_bytes()
                .eq_ignore_ascii_case(b"BINARY")
    }
}

/// The value of a constraint's right side, where the planner knows it: a literal, that is.
///
/// # Safety
/// `info` is what SQLite passed to xBestIndex, during that call.
unsafe fn constant(info: *mut ffi::sqlite3_index_info, constraint: usize) -> Option<i64> {
    let mut value = std::ptr::null_mut();
    let at = c_int::try_from(constraint).ok()?;
    // SAFETY: the structure is SQLite's, and the value stays good until xBestIndex returns.
    unsafe {
        if ffi::sqlite3_vtab_rhs_value(info, at, &mut value) != code::OK || value.is_null() {
            return None;
        }
        let value = Value::all(&mut value, 1).first().copied()?;
        (value.kind() == Kind::Integer).then(|| value.integer())
    }
}

/// # Safety
/// `start` is null or points to `length` elements, which nobody writes to for `'a`.
unsafe fn slice<'a, T>(start: *const T, length: c_int) -> &'a [T] {
    match usize::try_from(length) {
        // SAFETY: as the function's own condition says.
        Ok(length) if length > 0 && !start.is_null() => unsafe {
            std::slice::from_raw_parts(start, length)
        },
        _ => &[],
    }
}
