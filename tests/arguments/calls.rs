//! Every function and table that takes arguments, and values that are wrong for them.

/// What an argument is to be.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// An integer, in one of the ways to write it.
    Integer,
    /// The same, or NULL.
    MaybeInteger,
    /// The same, or NULL, and not negative.
    Limit,
    /// Text.
    Text,
    /// Text, or NULL.
    MaybeText,
    /// JSON text, or NULL.
    Json,
}

use Kind::*;

/// A function or table: its name, its arguments, and values for them that are right.
pub struct Call {
    pub name: &'static str,
    pub table: bool,
    pub arguments: &'static [(&'static str, Kind, &'static str)],
}

impl Call {
    /// With the given SQL for its arguments.
    pub fn with(&self, arguments: &[&str]) -> String {
        let list = arguments.join(", ");
        if self.table {
            format!("SELECT * FROM {}({list})", self.name)
        } else {
            format!("SELECT {}({list})", self.name)
        }
    }

    /// With right values but for one.
    pub fn but(&self, at: usize, wrong: &str) -> String {
        let mut arguments: Vec<_> = self.arguments.iter().map(|argument| argument.2).collect();
        arguments[at] = wrong;
        self.with(&arguments)
    }
}

const fn function(
    name: &'static str,
    arguments: &'static [(&'static str, Kind, &'static str)],
) -> Call {
    Call {
        name,
        table: false,
        arguments,
    }
}

const fn table(
    name: &'static str,
    arguments: &'static [(&'static str, Kind, &'static str)],
) -> Call {
    Call {
        name,
        table: true,
        arguments,
    }
}

/// All of them.
pub const CALLS: [Call; 23] = [
    function(
        "branch_append",
        &[
            ("thread_id", Text, "'t'"),
            ("role", Text, "'user'"),
            ("content", Text, "'said'"),
            ("item_json", Json, "'{}'"),
            ("created_at", MaybeInteger, "5"),
        ],
    ),
    function(
        "branch_fork",
        &[
            ("message_id", Integer, "2"),
            ("role", Text, "'user'"),
            ("content", Text, "'said'"),
            ("item_json", Json, "'{}'"),
            ("created_at", MaybeInteger, "5"),
        ],
    ),
    function(
        "branch_alternative",
        &[
            ("message_id", Integer, "2"),
            ("role", Text, "'user'"),
            ("content", Text, "'said'"),
            ("item_json", Json, "'{}'"),
            ("created_at", MaybeInteger, "5"),
        ],
    ),
    function(
        "branch_switch",
        &[
            ("thread_id", Text, "'t'"),
            ("message_id", MaybeInteger, "1"),
        ],
    ),
    function("branch_clear", &[("thread_id", Text, "'t'")]),
    function("branch_prune", &[("message_id", Integer, "2")]),
    function(
        "branch_copy",
        &[
            ("message_id", Integer, "2"),
            ("new_thread_id", Text, "'new'"),
            ("created_at", MaybeInteger, "5"),
        ],
    ),
    function(
        "branch_label",
        &[
            ("message_id", Integer, "2"),
            ("label", MaybeText, "'here'"),
            ("created_at", MaybeInteger, "5"),
        ],
    ),
    function(
        "branch_unlabel",
        &[("thread_id", Text, "'t'"), ("label", Text, "'here'")],
    ),
    function("branch_depth", &[("message_id", MaybeInteger, "2")]),
    function("branch_root", &[("message_id", MaybeInteger, "2")]),
    function("branch_tip", &[("message_id", MaybeInteger, "2")]),
    function(
        "branch_common_ancestor",
        &[("a", MaybeInteger, "2"), ("b", MaybeInteger, "3")],
    ),
    function(
        "branch_is_ancestor",
        &[("a", MaybeInteger, "2"), ("b", MaybeInteger, "3")],
    ),
    table(
        "branch_path",
        &[("message_id", MaybeInteger, "2"), ("limit", Limit, "5")],
    ),
    table(
        "branch_messages",
        &[
            ("thread_id", MaybeText, "'t'"),
            ("limit", Limit, "5"),
            ("before", MaybeInteger, "2"),
        ],
    ),
    table("branch_leaves", &[("thread_id", MaybeText, "'t'")]),
    table("branch_children", &[("message_id", MaybeInteger, "1")]),
    table("branch_siblings", &[("message_id", MaybeInteger, "2")]),
    table("branch_tree", &[("thread_id", MaybeText, "'t'")]),
    table(
        "branch_diff",
        &[("a", MaybeInteger, "2"), ("b", MaybeInteger, "3")],
    ),
    table("branch_labels", &[("thread_id", MaybeText, "'t'")]),
    table("branch_check", &[("thread_id", MaybeText, "'t'")]),
];

/// Values that are no integers, and how an error message calls them.
pub const NO_INTEGERS: [(&str, &str); 26] = [
    ("''", "''"),
    ("' '", "' '"),
    ("'two'", "'two'"),
    ("'2x'", "'2x'"),
    ("'2 3'", "'2 3'"),
    ("'2.0'", "'2.0'"),
    ("'1e3'", "'1e3'"),
    ("'0x10'", "'0x10'"),
    ("'--2'", "'--2'"),
    ("'٢'", "'٢'"),
    ("'NULL'", "'NULL'"),
    ("'9223372036854775808'", "'9223372036854775808'"),
    ("'-9223372036854775809'", "'-9223372036854775809'"),
    ("'2' || char(0)", "'2\0'"),
    ("'2' || char(10) || '3'", "'2\n3'"),
    ("'%s%n'", "'%s%n'"),
    ("1.5", "1.5"),
    ("-0.25", "-0.25"),
    ("1e300", "1e300"),
    ("9e999", "inf"),
    ("-9e999", "-inf"),
    ("9007199254740994.0", "9007199254740994.0"),
    ("9223372036854775808", "9.223372036854776e18"),
    ("x''", "a blob"),
    ("x'32'", "a blob"),
    ("zeroblob(8)", "a blob"),
];

/// Values that are no text, likewise.
pub const NO_TEXTS: [(&str, &str); 5] = [
    ("1", "an integer"),
    ("1.5", "a real number"),
    ("x''", "a blob"),
    ("x'74'", "a blob"),
    ("9e999", "a real number"),
];

/// Texts that are no JSON, and why.
pub const NO_JSON: [(&str, &str); 17] = [
    ("''", "EOF while parsing a value at line 1 column 0"),
    ("' '", "EOF while parsing a value at line 1 column 1"),
    ("'{'", "EOF while parsing an object at line 1 column 1"),
    ("'['", "EOF while parsing a list at line 1 column 1"),
    ("'[1,]'", "expected value at line 1 column 4"),
    ("'{\"a\"}'", "expected `:` at line 1 column 5"),
    ("'{\"a\":}'", "expected value at line 1 column 6"),
    ("'{a:1}'", "key must be a string at line 1 column 2"),
    ("'{''a'':1}'", "key must be a string at line 1 column 2"),
    ("'{} {}'", "trailing characters at line 1 column 4"),
    ("'nul'", "EOF while parsing a value at line 1 column 3"),
    ("'NaN'", "expected value at line 1 column 1"),
    ("'+1'", "expected value at line 1 column 1"),
    ("'01'", "invalid number at line 1 column 2"),
    ("'\"open'", "EOF while parsing a string at line 1 column 5"),
    ("'{}' || char(0)", "trailing characters at line 1 column 3"),
    ("'/* c */ 1'", "expected value at line 1 column 1"),
];
