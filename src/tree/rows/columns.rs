//! The columns of a message, M in the contract, and the statements that read no more of them than a caller uses.

use crate::sqlite::Plan;

/// Their places in M.
pub const ID: usize = 0;
/// The thread's id.
pub const THREAD_ID: usize = 1;
/// Who speaks.
pub const ROLE: usize = 2;
/// The text.
pub const CONTENT: usize = 3;
/// What the program keeps beside the text.
pub const ITEM_JSON: usize = 4;
/// Unix seconds.
pub const CREATED_AT: usize = 5;
/// The parent.
pub const PARENT: usize = 6;
/// How many there are.
pub const WIDTH: usize = 7;

/// M as text for a statement; with `declared`, as a table declares it.
macro_rules! message_columns {
    () => {
        "id, thread_id, role, content, item_json, created_at, parent_entry_id"
    };
    (declared) => {
        "id INTEGER, thread_id TEXT, role TEXT, content TEXT, item_json TEXT, created_at INTEGER, \
         parent_entry_id INTEGER"
    };
}
pub(crate) use message_columns;

/// For each column of M, which of a row's values it is, if it is one.
pub type Positions = [Option<u8>; WIDTH];

/// Columns that are read together, beside the id and the parent, which a walk knows.
///
/// Listing two columns takes two thirds of the time of all seven, and what comes after a long content in a row is far to
/// reach. There are no more combinations than these, because each takes three kept statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// None.
    Nothing,
    /// The role.
    Role,
    /// All that come before the content.
    Head,
    /// Role and content.
    Text,
    /// All but content and item.
    Timed,
    /// All.
    All,
}

impl Columns {
    /// Which columns, by their places in M.
    pub const fn places(self) -> &'static [usize] {
        match self {
            Self::Nothing => &[],
            Self::Role => &[ROLE],
            Self::Head => &[THREAD_ID, ROLE],
            Self::Text => &[ROLE, CONTENT],
            Self::Timed => &[THREAD_ID, ROLE, CREATED_AT],
            Self::All => &[THREAD_ID, ROLE, CONTENT, ITEM_JSON, CREATED_AT],
        }
    }

    /// The fewest that hold what a statement reads of a table whose column `first` is the message's id, and the others of M
    /// follow.
    pub fn of(plan: Plan, first: usize) -> Self {
        let used = |place: &usize| plan.uses(first + place);
        let all = Self::All.places();
        [
            Self::Nothing,
            Self::Role,
            Self::Head,
            Self::Text,
            Self::Timed,
        ]
        .into_iter()
        .find(|columns| {
            all.iter()
                .filter(|place| used(place))
                .all(|place| columns.places().contains(place))
        })
        .unwrap_or(Self::All)
    }

    /// Whether the parent is read after them, to be compared, where rows are read by ids that are known: it is the last column of
    /// a row, so where all are read it is not far.
    pub fn with_parent(self) -> bool {
        self == Self::All
    }

    /// Which of the values of a row is which column of M.
    pub fn positions(self, with_parent: bool) -> Positions {
        let mut positions = Positions::default();
        let places = self.places().iter();
        for (position, place) in (0..).zip(places.chain(with_parent.then_some(&PARENT))) {
            if let Some(known) = positions.get_mut(*place) {
                *known = Some(position);
            }
        }
        positions
    }

    /// Whether contents are among them.
    pub fn have_content(self) -> bool {
        matches!(self, Self::Text | Self::All)
    }
}

/// A text with the columns, and another one before each, for a `match` over all combinations.
macro_rules! with_columns {
    ($columns:expr, $before:literal, $after:literal) => {
        match $columns {
            Columns::Nothing => concat!($before, $after),
            Columns::Role => concat!($before, ", m.role", $after),
            Columns::Head => concat!($before, ", m.thread_id, m.role", $after),
            Columns::Text => concat!($before, ", m.role, m.content", $after),
            Columns::Timed => concat!($before, ", m.thread_id, m.role, m.created_at", $after),
            Columns::All => concat!(
                $before,
                ", m.thread_id, m.role, m.content, m.item_json, m.created_at",
                $after
            ),
        }
    };
}
pub(crate) use with_columns;

/// The same; where all columns are read, the parent comes last, to be compared.
macro_rules! with_columns_and_parent {
    ($columns:expr, $before:literal, $after:literal) => {
        match $columns {
            Columns::All => concat!(
                $before,
                ", m.thread_id, m.role, m.content, m.item_json, m.created_at, m.parent_entry_id",
                $after
            ),
            columns => with_columns!(columns, $before, $after),
        }
    };
}
pub(crate) use with_columns_and_parent;
