//! Every function and table that takes arguments, and values that are wrong for them.

/// What an argument is to be.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// An integer that is not negative, or NULL.
    Limit,
    /// An integer, or NULL.
    MaybePosition,
    /// A message: an integer, in one of the ways to write it, or a uid.
    Message,
    /// The same, or NULL.
    MaybeMessage,
    /// Seconds, or NULL.
    Time,
    /// A thread's id: text, or an integer for its text.
    Thread,
    /// The same, or NULL.
    MaybeThread,
    /// Text that is not empty and does not read as an integer, or NULL.
    Uid,
    /// Text.
    Text,
    /// Text, or NULL.
    MaybeText,
    /// Text, or a blob for it.
    TextOrBlob,
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
pub const CALLS: [Call; 36] = [
    function(
        "branch_append",
        &[
            ("thread_id", Thread, "'t'"),
            ("role", Text, "'user'"),
            ("content", Text, "'said'"),
            ("item_json", Json, "'{}'"),
            ("created_at", Time, "5"),
            ("uid", Uid, "'a-uid'"),
        ],
    ),
    function(
        "branch_fork",
        &[
            ("message_id", Message, "2"),
            ("role", Text, "'user'"),
            ("content", Text, "'said'"),
            ("item_json", Json, "'{}'"),
            ("created_at", Time, "5"),
            ("uid", Uid, "'a-uid'"),
        ],
    ),
    function(
        "branch_alternative",
        &[
            ("message_id", Message, "2"),
            ("role", Text, "'user'"),
            ("content", Text, "'said'"),
            ("item_json", Json, "'{}'"),
            ("created_at", Time, "5"),
            ("uid", Uid, "'a-uid'"),
        ],
    ),
    function(
        "branch_switch",
        &[
            ("thread_id", Thread, "'t'"),
            ("message_id", MaybeMessage, "1"),
        ],
    ),
    function(
        "branch_select",
        &[
            ("message_id", Message, "2"),
            ("position", MaybePosition, "1"),
        ],
    ),
    function(
        "branch_thread",
        &[
            ("thread_id", MaybeThread, "'t'"),
            ("title", MaybeText, "'A title'"),
            ("created_at", Time, "5"),
        ],
    ),
    function("branch_delete", &[("thread_id", Thread, "'t'")]),
    function(
        "branch_import",
        &[
            ("format", Text, "'openai'"),
            ("text", TextOrBlob, "'[]'"),
            ("options", Json, "'{}'"),
        ],
    ),
    function("branch_id", &[("uid", MaybeText, "'u'")]),
    function("branch_uid", &[("message_id", MaybeMessage, "2")]),
    function("branch_clear", &[("thread_id", Thread, "'t'")]),
    function("branch_prune", &[("message_id", Message, "2")]),
    function(
        "branch_copy",
        &[
            ("message_id", Message, "2"),
            ("new_thread_id", Thread, "'new'"),
            ("created_at", Time, "5"),
        ],
    ),
    function(
        "branch_compact",
        &[
            ("thread_id", Thread, "'t'"),
            ("summary", Text, "'in short'"),
            ("first_kept_id", MaybeMessage, "1"),
            ("item_json", Json, "'{}'"),
            ("created_at", Time, "5"),
            ("uid", Uid, "'a-uid'"),
        ],
    ),
    function(
        "branch_label",
        &[
            ("message_id", Message, "2"),
            ("label", MaybeText, "'here'"),
            ("created_at", Time, "5"),
        ],
    ),
    function(
        "branch_unlabel",
        &[("thread_id", Thread, "'t'"), ("label", Text, "'here'")],
    ),
    function(
        "branch_put",
        &[
            ("thread_id", Thread, "'t'"),
            ("messages", Text, "'[]'"),
            ("created_at", Time, "5"),
        ],
    ),
    function(
        "branch_export",
        &[("thread_id", Thread, "'t'"), ("format", Text, "'jsonl'")],
    ),
    function("branch_depth", &[("message_id", MaybeMessage, "2")]),
    function("branch_root", &[("message_id", MaybeMessage, "2")]),
    function("branch_tip", &[("message_id", MaybeMessage, "2")]),
    function(
        "branch_common_ancestor",
        &[("a", MaybeMessage, "2"), ("b", MaybeMessage, "3")],
    ),
    function(
        "branch_is_ancestor",
        &[("a", MaybeMessage, "2"), ("b", MaybeMessage, "3")],
    ),
    table(
        "branch_path",
        &[("message_id", MaybeMessage, "2"), ("limit", Limit, "5")],
    ),
    table(
        "branch_messages",
        &[
            ("thread_id", MaybeThread, "'t'"),
            ("limit", Limit, "5"),
            ("before", MaybeMessage, "2"),
        ],
    ),
    table("branch_leaves", &[("thread_id", MaybeThread, "'t'")]),
    table("branch_children", &[("message_id", MaybeMessage, "1")]),
    table("branch_siblings", &[("message_id", MaybeMessage, "2")]),
    table("branch_tree", &[("thread_id", MaybeThread, "'t'")]),
    table(
        "branch_diff",
        &[("a", MaybeMessage, "2"), ("b", MaybeMessage, "3")],
    ),
    function("branch_index", &[("what", MaybeText, "'rebuild'")]),
    table(
        "branch_search",
        &[
            ("query", MaybeText, "'two'"),
            ("thread_id", MaybeThread, "'t'"),
        ],
    ),
    table(
        "branch_context",
        &[
            ("thread_id", MaybeThread, "'t'"),
            ("budget", Limit, "5"),
            ("leaf", MaybeMessage, "2"),
        ],
    ),
    table(
        "branch_usage",
        &[
            ("thread_id", MaybeThread, "'t'"),
            ("leaf", MaybeMessage, "2"),
        ],
    ),
    table("branch_labels", &[("thread_id", MaybeThread, "'t'")]),
    table("branch_check", &[("thread_id", MaybeThread, "'t'")]),
];

/// Values that are no integers, and how an error message calls them.
pub const NO_INTEGERS: [(&str, &str); 24] = [
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
    ("1e300", "1e300"),
    ("9e999", "inf"),
    ("-9e999", "-inf"),
    ("9007199254740994.0", "9007199254740994.0"),
    ("9223372036854775808", "9.223372036854776e18"),
    ("x''", "a blob"),
    ("x'32'", "a blob"),
    ("zeroblob(8)", "a blob"),
];

/// Real numbers that are no integers: as a time they are cut.
pub const FRACTIONS: [(&str, &str); 2] = [("1.5", "1.5"), ("-0.25", "-0.25")];

/// Times that are in milliseconds, as it seems.
pub const MILLISECONDS: [(&str, &str); 4] = [
    ("100000000000", "100000000000"),
    ("'100000000000'", "100000000000"),
    ("1760000000000.7", "1760000000000"),
    ("9223372036854775807", "9223372036854775807"),
];

/// Values that can name no message.
pub const NO_MESSAGES: [(&str, &str); 10] = [
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

/// Texts that are integers and so can name no message of their own.
pub const NO_UIDS: [(&str, &str); 6] = [
    ("'42'", "'42'"),
    ("' 7 '", "' 7 '"),
    ("'+7'", "'+7'"),
    ("'-0'", "'-0'"),
    ("'99999999999999999999'", "'99999999999999999999'"),
    ("char(10) || '5'", "'\n5'"),
];

/// Values that are no text and no integer, likewise.
pub const NO_TEXTS: [(&str, &str); 4] = [
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
