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

use sqlite_branch::{Signature, SignatureKind};
use Kind::*;

/// A function or table: its name, its arguments, and values for them that are right.
pub struct Call {
    pub name: &'static str,
    pub table: bool,
    pub arguments: Vec<(String, Kind, &'static str)>,
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

/// All of them that take arguments, as the extension declares them.
pub fn calls() -> Vec<Call> {
    let signatures = sqlite_branch::signatures().into_iter();
    signatures
        .filter(|signature| !INTERNAL.contains(&signature.name) && !signature.arguments.is_empty())
        .map(|signature| {
            let required = *numbers(&signature).start();
            let names = signature.arguments.replace(['[', ']'], "");
            let names = names.split(',').map(str::trim).enumerate();
            let arguments = names.map(|(at, name)| {
                let optional = signature.kind != SignatureKind::Writes || at >= required;
                let (kind, right) = argument(signature.name, name, optional);
                (name.to_owned(), kind, right)
            });
            Call {
                name: signature.name,
                table: signature.kind == SignatureKind::Table,
                arguments: arguments.collect(),
            }
        })
        .collect()
}

/// The smallest and the largest number of arguments.
pub fn numbers(signature: &Signature) -> std::ops::RangeInclusive<usize> {
    let count = |names: &str| {
        names
            .split(',')
            .filter(|name| !name.trim().is_empty())
            .count()
    };
    let required = signature.arguments.split('[').next().unwrap();
    count(required)..=count(&signature.arguments.replace(['[', ']'], ""))
}

/// For the extension's own statements; and one that looks at no table, whose arguments are those of a message that is not
/// stored.
const INTERNAL: [&str; 4] = [
    "branch_feed",
    "branch_stretches",
    "branch_write",
    "branch_tokens",
];

/// What an argument is to be, and a right value. The same name means the same everywhere, with few exceptions. Where it is
/// optional, NULL is right: for what reads, and for what need not be given.
fn argument(function: &str, name: &str, optional: bool) -> (Kind, &'static str) {
    match (function, name) {
        ("branch_children" | "branch_switch", "message_id") => (MaybeMessage, "1"),
        ("branch_thread", "thread_id") => (MaybeThread, "'t'"),
        ("branch_export", "thread_id") => (Thread, "'t'"),
        ("branch_id", "uid") => (MaybeText, "'u'"),
        ("branch_label", "label") => (MaybeText, "'here'"),
        (_, "message_id" | "a") if optional => (MaybeMessage, "2"),
        (_, "message_id") => (Message, "2"),
        (_, "before" | "leaf") => (MaybeMessage, "2"),
        (_, "b") => (MaybeMessage, "3"),
        (_, "first_kept_id") => (MaybeMessage, "1"),
        (_, "thread_id") if optional => (MaybeThread, "'t'"),
        (_, "thread_id") => (Thread, "'t'"),
        (_, "new_thread_id") => (Thread, "'new'"),
        (_, "limit" | "budget") => (Limit, "5"),
        (_, "position") => (MaybePosition, "1"),
        (_, "created_at") => (Time, "5"),
        (_, "item_json" | "options") => (Json, "'{}'"),
        (_, "uid") => (Uid, "'a-uid'"),
        (_, "role") => (Text, "'user'"),
        (_, "content" | "summary") => (Text, "'said'"),
        (_, "label") => (Text, "'here'"),
        (_, "title") => (MaybeText, "'A title'"),
        (_, "query") => (MaybeText, "'two'"),
        (_, "what") => (MaybeText, "'rebuild'"),
        ("branch_import", "format") => (Text, "'openai'"),
        (_, "format") => (Text, "'jsonl'"),
        (_, "messages") => (Text, "'[]'"),
        (_, "text") => (TextOrBlob, "'[]'"),
        _ => panic!("{function}: what is the argument {name} to be? Say it here"),
    }
}

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
