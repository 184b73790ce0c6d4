//! Taking damage away again, and telling whose it is.

use super::questions::{broken, told};

/// What is broken can be taken away by the functions themselves.
fn repaired(damage: &str, by: &[&str]) {
    for indexes in [true, false] {
        let connection = broken(damage, indexes);
        assert_ne!(told(&connection, "SELECT * FROM branch_check"), "");
        for sql in by {
            told(&connection, sql);
        }
        assert_eq!(
            told(&connection, "SELECT * FROM branch_check"),
            "",
            "{damage}"
        );
        let id = told(
            &connection,
            "SELECT branch_append('t', 'user', 'after all')",
        );
        let path = told(
            &connection,
            "SELECT id FROM branch_messages('t') ORDER BY distance LIMIT 1",
        );
        assert_eq!(id, path);
    }
}

#[test]
fn a_switch_puts_a_leaf_right() {
    let missing = "UPDATE threads SET current_leaf_id = 99 WHERE id = 't'";
    repaired(missing, &["SELECT branch_switch('t', 4)"]);
    repaired(missing, &["SELECT branch_switch('t', NULL)"]);
    repaired(missing, &["SELECT branch_fork(2, 'user', 'new')"]);
    let other = "UPDATE threads SET current_leaf_id = 7 WHERE id = 't'";
    repaired(other, &["SELECT branch_switch('t', 4)"]);
    let text = "UPDATE threads SET current_leaf_id = 'four' WHERE id = 't'";
    repaired(text, &["SELECT branch_switch('t', 4)"]);
}

#[test]
fn pruning_takes_away_what_hangs_on_nothing() {
    let missing = "DELETE FROM messages WHERE id = 2";
    repaired(
        missing,
        &["SELECT branch_prune(3)", "SELECT branch_prune(5)"],
    );
    let elsewhere = "UPDATE messages SET parent_entry_id = 77 WHERE id = 3";
    repaired(elsewhere, &["SELECT branch_prune(3)"]);
}

#[test]
fn clearing_takes_away_everything() {
    for damage in [
        "DELETE FROM messages WHERE id = 2",
        "UPDATE messages SET parent_entry_id = 4 WHERE id = 2",
        "UPDATE messages SET parent_entry_id = 3 WHERE id = 3",
        "UPDATE messages SET parent_entry_id = 'two' WHERE id = 3",
        "UPDATE messages SET item_json = '{' WHERE id = 3",
        "UPDATE threads SET current_leaf_id = 99 WHERE id = 't'",
    ] {
        repaired(damage, &["SELECT branch_clear('t')"]);
    }
}

/// One thread's problems, which may have to do with another one.
#[test]
fn the_problems_of_one_thread() {
    let across = "UPDATE messages SET parent_entry_id = 7 WHERE id = 2; \
                  UPDATE messages SET parent_entry_id = 4 WHERE id = 6; \
                  UPDATE threads SET current_leaf_id = 4 WHERE id = 'u'";
    let connection = broken(across, true);
    let check = |thread: &str| {
        told(
            &connection,
            &format!("SELECT * FROM branch_check({thread})"),
        )
    };
    let cycle = "2|cycle|2 → 7 → 6 → 4 → 3 → 2";
    let later = "t|2|parent in a later id|its parent 7 has a higher id";
    let leaf = "u|4|leaf of another thread|it belongs to thread 't'";
    assert_eq!(check("'t'"), format!("t|{cycle}, {later}"));
    assert_eq!(check("'u'"), format!("u|{cycle}, {leaf}"));
    assert_eq!(check("NULL"), format!("t|{cycle}, {later}, {leaf}"));
    assert_eq!(check("'nobody'"), "");
}

/// The id before the lowest one is no integer any more.
#[test]
fn a_message_of_the_lowest_id_is_its_own_parent() {
    let lowest =
        "UPDATE messages SET id = -9223372036854775808, parent_entry_id = id WHERE id = 4; \
         UPDATE messages SET parent_entry_id = id WHERE id < 0; \
         DELETE FROM messages WHERE id > 0; UPDATE threads SET current_leaf_id = NULL";
    for indexes in [true, false] {
        let connection = broken(lowest, indexes);
        let leaves = "SELECT count(*), (SELECT count(*) FROM messages) FROM branch_leaves('t')";
        assert_eq!(told(&connection, leaves), "0|1");
    }
}
