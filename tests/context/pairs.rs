//! Calls and results: what `branch_context` leaves out because the other half is not there.

use rusqlite::params;

use super::window::{append, rows, sent, sums, thread};
use crate::host;

const CALL: &str = r#"{"tool_calls":[{"id":"c1"},{"id":"c2"}],"tokens":10}"#;
const FIRST: &str = r#"{"tool_call_id":"c1","tokens":10}"#;
const SECOND: &str = r#"{"tool_call_id":"c2","tokens":10}"#;
pub const TEN: &str = r#"{"tokens":10}"#;

#[test]
fn a_result_goes_with_its_call() {
    let connection = thread();
    append(&connection, "user", "u", Some(TEN));
    append(&connection, "assistant", "", Some(CALL));
    append(&connection, "tool", "second", Some(SECOND));
    append(&connection, "tool", "first", Some(FIRST));
    append(&connection, "tool", "first again", Some(FIRST));
    append(&connection, "assistant", "done", Some(TEN));
    let from = |first: i64| rows(&(first..=6).map(|id| ("message", id)).collect::<Vec<_>>());
    assert_eq!(sent(&connection, "'t', 60"), from(1));
    assert_eq!(sent(&connection, "'t', 59"), from(2));
    assert_eq!(sent(&connection, "'t', 50"), from(2));
    // Without the call, none of its results. They count as dropped, all those between the first and the oldest.
    assert_eq!(sent(&connection, "'t', 49"), from(6));
    assert_eq!(sums(&connection, "'t', 49"), (10, 5));
    assert_eq!(sent(&connection, "'t', 0"), from(6));
    // The newest message is there even as a result without its call.
    assert_eq!(sent(&connection, "'t', 10, 5"), rows(&[("message", 5)]));
    assert_eq!(sent(&connection, "'t', 39, 5"), rows(&[("message", 5)]));
    assert_eq!(
        sent(&connection, "'t', 40, 5"),
        rows(&[
            ("message", 2),
            ("message", 3),
            ("message", 4),
            ("message", 5)
        ])
    );
}

#[test]
fn what_is_left_out_takes_no_room() {
    let connection = thread();
    append(&connection, "user", "u", Some(TEN));
    // A result whose call is nowhere.
    append(
        &connection,
        "tool",
        "lost",
        Some(r#"{"tool_call_id":"lost","tokens":1000000}"#),
    );
    append(&connection, "assistant", "a", Some(TEN));
    assert_eq!(
        sent(&connection, "'t', 20"),
        rows(&[("message", 1), ("message", 3)])
    );
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("message", 1), ("message", 3)])
    );
    assert_eq!(sums(&connection, "'t'"), (20, 0));
}

#[test]
fn a_call_that_was_compacted_away_takes_its_results_along() {
    let connection = thread();
    append(&connection, "user", "u", None);
    append(&connection, "assistant", "", Some(CALL));
    append(&connection, "tool", "first", Some(FIRST));
    append(&connection, "tool", "second", Some(SECOND));
    host::integer(
        &connection,
        "SELECT branch_compact('t', 'sum', 3, NULL, 1)",
        &[],
    );
    append(&connection, "user", "more", None);
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("summary", 5), ("message", 6)])
    );
    assert_eq!(sums(&connection, "'t'").1, 2);
    assert_eq!(
        sent(&connection, "'t', NULL, 4"),
        rows(&[
            ("message", 1),
            ("message", 2),
            ("message", 3),
            ("message", 4)
        ])
    );
}

/// One message with two results of which one has no call: left out whole, and with it the results of its own calls.
#[test]
fn messages_are_left_out_whole_and_drag_others_along() {
    let connection = thread();
    let half = r#"{"content":[{"type":"tool_result","tool_use_id":"a"},{"type":"tool_result","tool_use_id":"gone"},
                   {"type":"tool_use","id":"b"}]}"#;
    append(
        &connection,
        "assistant",
        "",
        Some(r#"{"content":[{"type":"tool_use","id":"a"}]}"#),
    );
    append(&connection, "user", "", Some(half));
    append(
        &connection,
        "user",
        "",
        Some(r#"{"content":[{"type":"tool_result","tool_use_id":"b"}]}"#),
    );
    append(
        &connection,
        "user",
        "",
        Some(r#"{"content":[{"type":"tool_result","tool_use_id":"a"}]}"#),
    );
    append(&connection, "user", "u", None);
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("message", 1), ("message", 4), ("message", 5)])
    );
}

#[test]
fn the_same_call_on_another_branch_is_another_one() {
    let connection = thread();
    append(&connection, "user", "u", None);
    append(&connection, "assistant", "", Some(CALL));
    append(&connection, "tool", "first", Some(FIRST));
    host::integer(
        &connection,
        "SELECT branch_fork(1, 'tool', 'elsewhere', ?1, 1)",
        params![FIRST],
    );
    append(&connection, "user", "u", None);
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("message", 1), ("message", 5)])
    );
}

#[test]
fn calls_in_leading_messages_and_in_the_summary_count() {
    let connection = thread();
    append(&connection, "system", "s", Some(CALL));
    append(&connection, "tool", "first", Some(FIRST));
    append(&connection, "user", "u", None);
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("system", 1), ("message", 2), ("message", 3)])
    );
    // Results among them stay in any case.
    let connection = thread();
    append(&connection, "system", "s", Some(FIRST));
    append(
        &connection,
        "summary",
        "sum",
        Some(r#"{"tool_call_id":"x","tool_calls":[{"id":"c2"}]}"#),
    );
    append(&connection, "tool", "second", Some(SECOND));
    append(&connection, "user", "u", None);
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[
            ("system", 1),
            ("summary", 2),
            ("message", 3),
            ("message", 4)
        ])
    );
}

/// Some agents count calls anew with each answer. A result belongs to the nearest call of its id above it, and goes with
/// that, whatever other call of the same id is there.
#[test]
fn an_id_that_is_used_again_is_another_call() {
    let connection = thread();
    append(&connection, "assistant", "", Some(CALL));
    append(&connection, "tool", "first", Some(FIRST));
    append(&connection, "assistant", "", Some(CALL));
    append(&connection, "tool", "first", Some(FIRST));
    append(&connection, "assistant", "done", Some(TEN));
    let from = |first: i64| rows(&(first..=5).map(|id| ("message", id)).collect::<Vec<_>>());
    assert_eq!(sent(&connection, "'t', 50"), from(1));
    // The first call goes, and its result with it; the second pair stays.
    assert_eq!(sent(&connection, "'t', 49"), from(3));
    assert_eq!(sums(&connection, "'t', 49"), (30, 2));
    assert_eq!(sent(&connection, "'t', 29"), from(5));
    // Cut between the second call and its result, with the first pair above.
    host::integer(
        &connection,
        "SELECT branch_compact('t', 'sum', 4, NULL, 1)",
        &[],
    );
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("summary", 6), ("message", 5)])
    );
}

/// A call that comes after a result is not the result's.
#[test]
fn a_result_does_not_belong_to_a_later_call() {
    let connection = thread();
    append(&connection, "user", "u", Some(TEN));
    append(&connection, "tool", "early", Some(FIRST));
    append(&connection, "assistant", "", Some(CALL));
    append(&connection, "tool", "first", Some(FIRST));
    assert_eq!(
        sent(&connection, "'t'"),
        rows(&[("message", 1), ("message", 3), ("message", 4)])
    );
    // Where a leading message has the same call, the nearer one counts, and where there is none, that.
    let connection = thread();
    append(&connection, "system", "s", Some(CALL));
    append(&connection, "assistant", "", Some(CALL));
    append(&connection, "tool", "second", Some(SECOND));
    append(&connection, "user", "u", Some(TEN));
    assert_eq!(
        sent(&connection, "'t', 30"),
        rows(&[("system", 1), ("message", 4)])
    );
    assert_eq!(
        sent(&connection, "'t', 20"),
        rows(&[("system", 1), ("message", 4)])
    );
    let connection = thread();
    append(&connection, "system", "s", Some(CALL));
    append(&connection, "user", "u", Some(TEN));
    append(&connection, "tool", "second", Some(SECOND));
    append(&connection, "user", "u", Some(TEN));
    assert_eq!(
        sent(&connection, "'t', 30"),
        rows(&[("system", 1), ("message", 3), ("message", 4)])
    );
}
