//! What a reader of a format finds: conversations, and the nodes of their trees.

use std::borrow::Cow;

/// A conversation, before its nodes.
#[derive(Default)]
pub struct Conversation {
    /// Its id. None or empty: the format has none.
    pub id: Option<String>,
    /// The session that ids stand in front of which are unique only within their file.
    pub session: String,
    /// Other sessions that this one says it was forked from.
    pub forked_from: Vec<String>,
    /// How messages are found that are there under another uid.
    pub copies: Copies,
    /// What is known of its row in `threads`.
    pub row: Row,
    /// Whether the row is what is to be stored, where it says something, and a conversation without messages a thread too.
    pub is_exact: bool,
}

/// How a message is found that came from another session, where it has another uid.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum Copies {
    /// Not at all: a uid is all that counts.
    #[default]
    None,
    /// pi: a copy has the `id` and the `timestamp` of its original, wherever that is.
    Entries,
    /// codex: a copy has the `payload` of its original, which is in a session that the file names.
    Payloads,
    /// Our own: what has no uid is what is equal at the same place.
    Equal,
}

/// A column of a row.
#[derive(Clone, Default)]
pub enum Cell {
    /// NULL.
    #[default]
    Null,
    /// An integer.
    Integer(i64),
    /// Text of any bytes.
    Text(Vec<u8>),
    /// A blob.
    Blob(Vec<u8>),
}

/// The columns of `threads` but for `id` and `current_leaf_id`, in the order of the table, with what they hold where
/// the export does not say.
pub const COLUMNS: [(&str, Cell); 20] = [
    ("rollout_path", Cell::Null),
    ("preview", Cell::Text(Vec::new())),
    ("ephemeral", Cell::Integer(0)),
    ("model_provider", Cell::Text(Vec::new())),
    ("created_at", Cell::Null),
    ("updated_at", Cell::Null),
    ("status", Cell::Null), // See `Row::default`.
    ("path", Cell::Null),
    ("cwd", Cell::Text(Vec::new())),
    ("cli_version", Cell::Text(Vec::new())),
    ("source", Cell::Null), // See `Row::default`.
    ("title", Cell::Null),
    ("sandbox_policy", Cell::Null),
    ("approval_mode", Cell::Null),
    ("archived", Cell::Integer(0)),
    ("archived_at", Cell::Null),
    ("git_sha", Cell::Null),
    ("git_branch", Cell::Null),
    ("git_origin_url", Cell::Null),
    ("memory_mode", Cell::Null),
];

/// A row of `threads`.
#[derive(Clone)]
pub struct Row(pub [Cell; 20]);

impl Default for Row {
    fn default() -> Self {
        let mut row = Self(COLUMNS.map(|(_, cell)| cell));
        // Text that is not empty cannot stand in a constant.
        row.set("status", Cell::Text(b"idle".to_vec()));
        row.set("source", Cell::Text(b"api".to_vec()));
        row
    }
}

impl Row {
    /// Sets a column of that name.
    pub fn set(&mut self, name: &str, cell: Cell) {
        let at = COLUMNS.iter().position(|(column, _)| *column == name);
        if let Some(place) = at.and_then(|at| self.0.get_mut(at)) {
            *place = cell;
        }
    }

    /// Sets a column to a text, if there is one.
    pub fn set_text(&mut self, name: &str, text: Option<Cow<'_, str>>) {
        if let Some(text) = text {
            self.set(name, Cell::Text(text.as_bytes().to_vec()));
        }
    }

    /// Sets a column to an integer, if there is one.
    pub fn set_integer(&mut self, name: &str, integer: Option<i64>) {
        if let Some(integer) = integer {
            self.set(name, Cell::Integer(integer));
        }
    }

    /// Whether a column holds no text.
    pub fn is_empty(&self, name: &str) -> bool {
        let at = COLUMNS.iter().position(|(column, _)| *column == name);
        match at.and_then(|at| self.0.get(at)) {
            Some(Cell::Text(text)) => text.is_empty(),
            Some(Cell::Integer(_) | Cell::Blob(_)) => false,
            Some(Cell::Null) | None => true,
        }
    }

    /// Sets a column, unless it is set.
    pub fn fill(&mut self, name: &str, integer: i64) {
        let at = COLUMNS.iter().position(|(column, _)| *column == name);
        if let Some(place @ Cell::Null) = at.and_then(|at| self.0.get_mut(at)) {
            *place = Cell::Integer(integer);
        }
    }

    /// An integer column.
    pub fn integer(&self, name: &str) -> Option<i64> {
        let at = COLUMNS.iter().position(|(column, _)| *column == name)?;
        match self.0.get(at) {
            Some(Cell::Integer(integer)) => Some(*integer),
            _ => None,
        }
    }
}

/// A node's number in its conversation.
pub type Slot = usize;

/// What a node's uid is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// The id is the uid.
    Own,
    /// The uid is `<session>/<id>`.
    InSession,
    /// The uid is a hash of the parent's uid, the role and what the node holds.
    Hash,
    /// There is no uid.
    None,
}

/// What a node hangs on.
#[derive(Clone, Copy)]
pub enum Parent<'a> {
    /// Nothing: a first message.
    First,
    /// The node of that id, before or after this one in the file.
    Id(&'a str),
    /// A node that was added before, or a first message.
    Slot(Option<Slot>),
}

/// Which of a node's texts are blobs, as other programs may have stored them.
#[derive(Clone, Copy, Default)]
pub struct Blobs {
    pub text: bool,
    pub item_json: bool,
}

/// A node of a conversation's tree.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    /// What others call it.
    pub id: Option<&'a str>,
    /// What its uid is made of.
    pub naming: Naming,
    /// The uid, where it is another than the naming says.
    pub uid: Option<&'a [u8]>,
    /// What it hangs on.
    pub parent: Parent<'a>,
    /// False: it is no message, and its children go to its parent.
    pub is_message: bool,
    /// Who speaks.
    pub role: &'a [u8],
    /// What a person would read.
    pub text: &'a [u8],
    /// The original.
    pub item_json: Option<&'a [u8]>,
    /// What a hash is made of, where that is not the original.
    pub identity: Option<&'a [u8]>,
    /// Unix seconds.
    pub created_at: Option<i64>,
    /// Whether it is in a side chain, in which no leaf lies.
    pub is_side: bool,
    /// The session whose thread it begins in, where that is another than the conversation's; of our own format, the thread
    /// that it is in where it is only above what is in this one.
    pub session: Option<&'a str>,
    /// For a compaction: the first node that it keeps, or none.
    pub first_kept: Option<Option<Slot>>,
    /// Which texts are blobs.
    pub blobs: Blobs,
}

impl Default for Node<'_> {
    fn default() -> Self {
        Self {
            id: None,
            naming: Naming::Own,
            uid: None,
            parent: Parent::First,
            is_message: true,
            role: b"",
            text: b"",
            item_json: None,
            identity: None,
            created_at: None,
            is_side: false,
            session: None,
            first_kept: None,
            blobs: Blobs::default(),
        }
    }
}

/// A node that waits for its parent, with texts of its own.
pub struct Waiting {
    texts: Vec<u8>,
    /// Where in the texts each one ends, in the order of [`Waiting::node`]; None is not there.
    ends: [Option<usize>; 7],
    naming: Naming,
    is_message: bool,
    created_at: Option<i64>,
    is_side: bool,
    first_kept: Option<Option<Slot>>,
    blobs: Blobs,
}

impl Waiting {
    pub fn of(node: &Node<'_>) -> Self {
        let texts = [
            node.id.map(str::as_bytes),
            node.uid,
            Some(node.role),
            Some(node.text),
            node.item_json,
            node.identity,
            node.session.map(str::as_bytes),
        ];
        let mut all = Vec::with_capacity(texts.iter().flatten().map(|text| text.len()).sum());
        let ends = texts.map(|text| {
            all.extend_from_slice(text?);
            Some(all.len())
        });
        Self {
            texts: all,
            ends,
            naming: node.naming,
            is_message: node.is_message,
            created_at: node.created_at,
            is_side: node.is_side,
            first_kept: node.first_kept,
            blobs: node.blobs,
        }
    }

    /// The node, without its parent.
    pub fn node(&self) -> Node<'_> {
        let mut start = 0;
        let [id, uid, role, text, item_json, identity, session] = self.ends.map(|end| {
            let text = self.texts.get(start..end?);
            start = end?;
            text
        });
        fn utf8(text: Option<&[u8]>) -> Option<&str> {
            std::str::from_utf8(text?).ok()
        }
        Node {
            id: utf8(id),
            naming: self.naming,
            uid,
            parent: Parent::First,
            is_message: self.is_message,
            role: role.unwrap_or_default(),
            text: text.unwrap_or_default(),
            item_json,
            identity,
            created_at: self.created_at,
            is_side: self.is_side,
            session: utf8(session),
            first_kept: self.first_kept,
            blobs: self.blobs,
        }
    }
}

/// Where a thread's leaf goes.
pub enum Leaf<'a> {
    /// To the newest message.
    Newest,
    /// To a node.
    Slot(Option<Slot>),
    /// To the node of that id.
    Id(&'a str),
    /// Before the first message.
    Before,
}
