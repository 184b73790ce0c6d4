//! What people do, at random.

use proptest::prelude::*;

use super::writes::Draft;

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    Select,
    InsertSelect,
    InsertValues,
    Update,
    Returning,
    /// `INSERT INTO branch_call`.
    Call,
    /// `INSERT INTO branch_messages`, of what adds a message; of everything else the same as `Call`.
    Into,
}

/// One thing that somebody does. Threads and messages are picked from those that are there.
#[derive(Debug, Clone)]
pub enum Act {
    NewThread,
    /// The last message that was added with a uid, once more, as after a lost answer.
    Again(u16),
    Append(u16, Draft, Form),
    Fork(u16, Draft, Form),
    Alternative(u16, Draft, Form),
    Switch(u16, Option<u16>, Form),
    Select(u16, Option<u8>, Form),
    Delete(u16, Form),
    Prune(u16, Form),
    Copy(u16, Option<i64>, Form),
    Clear(u16, Form),
    Begin,
    Savepoint,
    RollbackTo(u16),
    Release(u16),
    Commit,
    Rollback,
    Refused(Refusal, u16),
    Look(u64),
}

/// A call that must change nothing.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    UnknownThread,
    UnknownMessage,
    InvalidJson,
    NullRole,
    NotAnId,
    MessageOfAnotherThread,
    CopyToAThreadThatExists,
    ClearOfAnUnknownThread,
    PruneOfAnUnknownMessage,
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{0,8}( [a-z]{1,8}){0,3}",
        1 => "[a-z]{3,9}( [a-z]{3,9}){6,15}",
        1 => "\\PC{0,40}",
        1 => Just("%s%n %d\u{0}after a NUL".to_owned()),
        1 => Just("two\nlines\tand 'quotes' \"double\"".to_owned()),
        1 => Just(String::new()),
    ]
}

/// Few of them, so that most are given again.
fn any_uid() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0..12).prop_map(|number| format!("uid {number}")),
        1 => "[a-f0-9]{8}-x",
        1 => Just("%s\u{0}'ü'".to_owned()),
    ]
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let item = prop_oneof![
        3 => Just(None),
        1 => Just(Some("{\"type\":\"message\",\"n\":[1,2.5,null]}".to_owned())),
        1 => Just(Some(" 12 ".to_owned())),
    ];
    let role = prop_oneof![Just("user"), Just("assistant"), Just("tool"), Just("")];
    // Clocks go back, too.
    let time = prop_oneof![1 => Just(None), 3 => (-5_i64..2_000_000_000).prop_map(Some)];
    let uid = proptest::option::weighted(0.4, any_uid());
    (role, any_text(), item, time, uid).prop_map(|(role, content, item_json, created_at, uid)| {
        Draft {
            role: role.to_owned(),
            content,
            item_json,
            created_at,
            uid,
        }
    })
}

pub fn any_act() -> impl Strategy<Value = Act> {
    let form = || {
        prop_oneof![
            6 => Just(Form::Select),
            1 => Just(Form::InsertSelect),
            1 => Just(Form::InsertValues),
            1 => Just(Form::Update),
            1 => Just(Form::Returning),
            2 => Just(Form::Call),
            2 => Just(Form::Into),
        ]
    };
    let pick = any::<u16>;
    let refusal = prop_oneof![
        Just(Refusal::UnknownThread),
        Just(Refusal::UnknownMessage),
        Just(Refusal::InvalidJson),
        Just(Refusal::NullRole),
        Just(Refusal::NotAnId),
        Just(Refusal::MessageOfAnotherThread),
        Just(Refusal::CopyToAThreadThatExists),
        Just(Refusal::ClearOfAnUnknownThread),
        Just(Refusal::PruneOfAnUnknownMessage),
    ];
    prop_oneof![
        2 => Just(Act::NewThread),
        16 => (pick(), any_draft(), form()).prop_map(|(at, draft, form)| Act::Append(at, draft, form)),
        3 => any::<u16>().prop_map(Act::Again),
        8 => (pick(), any_draft(), form()).prop_map(|(at, draft, form)| Act::Fork(at, draft, form)),
        5 => (pick(), any_draft(), form()).prop_map(|(at, draft, form)| Act::Alternative(at, draft, form)),
        6 => (pick(), proptest::option::weighted(0.8, pick()), form())
            .prop_map(|(thread, message, form)| Act::Switch(thread, message, form)),
        5 => (pick(), proptest::option::of(0..5_u8), form())
            .prop_map(|(at, position, form)| Act::Select(at, position, form)),
        1 => (pick(), form()).prop_map(|(at, form)| Act::Delete(at, form)),
        3 => (pick(), form()).prop_map(|(at, form)| Act::Prune(at, form)),
        3 => (pick(), proptest::option::of(0_i64..9_999_999), form())
            .prop_map(|(at, time, form)| Act::Copy(at, time, form)),
        1 => (pick(), form()).prop_map(|(at, form)| Act::Clear(at, form)),
        3 => Just(Act::Begin),
        3 => Just(Act::Savepoint),
        2 => pick().prop_map(Act::RollbackTo),
        1 => pick().prop_map(Act::Release),
        2 => Just(Act::Commit),
        1 => Just(Act::Rollback),
        3 => (refusal, pick()).prop_map(|(refusal, at)| Act::Refused(refusal, at)),
        8 => any::<u64>().prop_map(Act::Look),
    ]
}
