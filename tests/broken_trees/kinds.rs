//! Each kind of damage.

use super::questions::holds;

#[test]
fn nothing_is_broken() {
    holds("", "", "");
}

#[test]
fn a_parent_is_missing_within_a_run() {
    holds(
        "DELETE FROM messages WHERE id = 2",
        "
         depth: 267 branch_depth: message 3: its parent 2 is missing
         depth beside: 267 branch_depth: message 5: its parent 2 is missing
         root: 267 branch_root: message 3: its parent 2 is missing
         tip: 1
         common: 267 branch_common_ancestor: message 3: its parent 2 is missing
         above: 267 branch_is_ancestor: message 3: its parent 2 is missing
         path: 267 branch_path: message 3: its parent 2 is missing
         path newest first: 267 branch_path: message 3: its parent 2 is missing
         path newest: 267 branch_path: message 3: its parent 2 is missing
         messages: 267 branch_messages: message 3: its parent 2 is missing
         messages by id: 267 branch_messages: message 3: its parent 2 is missing
         messages before: 267 branch_messages: message 3: its parent 2 is missing
         leaves: 1|0, 4|1, 5|0
         leaves with depth: 267 branch_leaves: message 5: its parent 2 is missing
         children: 
         tree: 267 branch_tree: message 5: its parent 2 is missing
         diff: 267 branch_diff: message 3: its parent 2 is missing
         check: t|3|parent missing|its parent 2 is missing, t|5|parent missing|its parent 2 is missing
         alternative: 267 branch_alternative: message 3: its parent 2 is missing
         clear: 4 +t=- -1 -3 -4 -5
         prune: 2 +t=- -3 -4
         prune top: 1 -1
         copy: 267 branch_copy: message 3: its parent 2 is missing",
        "
         common apart: 267 branch_common_ancestor: message 3: its parent 2 is missing
         path newest: 4",
    );
}

#[test]
fn a_parent_is_missing_elsewhere() {
    holds(
        "UPDATE messages SET parent_entry_id = 77 WHERE id = 3",
        "
         depth: 267 branch_depth: message 3: its parent 77 is missing
         root: 267 branch_root: message 3: its parent 77 is missing
         common: 267 branch_common_ancestor: message 3: its parent 77 is missing
         common apart: 267 branch_common_ancestor: message 3: its parent 77 is missing
         above: 267 branch_is_ancestor: message 3: its parent 77 is missing
         path: 267 branch_path: message 3: its parent 77 is missing
         path newest first: 267 branch_path: message 3: its parent 77 is missing
         messages: 267 branch_messages: message 3: its parent 77 is missing
         messages by id: 267 branch_messages: message 3: its parent 77 is missing
         messages before: 267 branch_messages: message 3: its parent 77 is missing
         leaves with depth: 267 branch_leaves: message 3: its parent 77 is missing
         children: 267 branch_children: message 3: its parent 77 is missing
         siblings: 3|1|1
         tree: 267 branch_tree: message 3: its parent 77 is missing
         diff: 267 branch_diff: message 3: its parent 77 is missing
         check: t|3|parent in a later id|its parent 77 has a higher id, t|3|parent missing|its parent 77 is missing
         alternative: 267 branch_alternative: message 3: its parent 77 is missing
         prune: 2 +t=- -3 -4
         prune top: 3 -1 -2 -5
         copy: 267 branch_copy: message 3: its parent 77 is missing",
        "",
    );
}

#[test]
fn the_first_message_is_missing() {
    holds(
        "DELETE FROM messages WHERE id = 1",
        "
         depth: 267 branch_depth: message 2: its parent 1 is missing
         depth beside: 267 branch_depth: message 2: its parent 1 is missing
         root: 267 branch_root: message 2: its parent 1 is missing
         tip: -
         above: -
         path: 267 branch_path: message 2: its parent 1 is missing
         path newest first: 267 branch_path: message 2: its parent 1 is missing
         messages: 267 branch_messages: message 2: its parent 1 is missing
         messages by id: 267 branch_messages: message 2: its parent 1 is missing
         messages before: 267 branch_messages: message 2: its parent 1 is missing
         leaves with depth: 267 branch_leaves: message 2: its parent 1 is missing
         tree: 267 branch_tree: message 2: its parent 1 is missing
         check: t|2|parent missing|its parent 1 is missing
         clear: 4 +t=- -2 -3 -4 -5
         prune top: 1 branch_prune: no message 1
         copy: 267 branch_copy: message 2: its parent 1 is missing",
        "
         common: 267 branch_common_ancestor: message 2: its parent 1 is missing
         common apart: 267 branch_common_ancestor: message 2: its parent 1 is missing
         diff: 267 branch_diff: message 2: its parent 1 is missing",
    );
}

#[test]
fn a_cycle() {
    holds(
        "UPDATE messages SET parent_entry_id = 4 WHERE id = 2",
        "
         depth: 267 branch_depth: message 2 is its own ancestor
         depth beside: 267 branch_depth: message 2 is its own ancestor
         root: 267 branch_root: message 2 is its own ancestor
         tip: 1
         tip below: 267 branch_tip: message 3 is its own ancestor
         common: 267 branch_common_ancestor: message 2 is its own ancestor
         common apart: 267 branch_common_ancestor: message 2 is its own ancestor
         above: 267 branch_is_ancestor: message 2 is its own ancestor
         above near: 267 branch_is_ancestor: message 2 is its own ancestor
         path: 267 branch_path: message 2 is its own ancestor
         path limited: 267 branch_path: message 2 is its own ancestor
         path newest first: 267 branch_path: message 2 is its own ancestor
         path newest: 267 branch_path: message 2 is its own ancestor
         messages: 267 branch_messages: message 2 is its own ancestor
         messages by id: 267 branch_messages: message 2 is its own ancestor
         messages limited: 267 branch_messages: message 2 is its own ancestor
         messages before: 267 branch_messages: message 2 is its own ancestor
         leaves: 1|0, 5|0
         leaves with depth: 267 branch_leaves: message 2 is its own ancestor
         children: 267 branch_children: message 2 is its own ancestor
         siblings: 267 branch_siblings: message 2 is its own ancestor
         tree: 267 branch_tree: message 2 is its own ancestor
         diff: 267 branch_diff: message 2 is its own ancestor
         check: t|2|cycle|2 → 4 → 3 → 2, t|2|parent in a later id|its parent 4 has a higher id
         prune: 267 branch_prune: message 3 is its own ancestor
         prune top: 1 -1
         copy: 267 branch_copy: message 2 is its own ancestor",
        "
         above near: 1
         path limited: 3, 4
         path newest: 4
         messages limited: 3|three, 4|four
         children: 3|1, 5|0
         siblings: 3|1|1, 5|2|0",
    );
}

#[test]
fn a_message_that_is_its_own_parent() {
    holds(
        "UPDATE messages SET parent_entry_id = 3 WHERE id = 3",
        "
         depth: 267 branch_depth: message 3 is its own ancestor
         root: 267 branch_root: message 3 is its own ancestor
         tip below: 267 branch_tip: message 3 is its own ancestor
         common: 267 branch_common_ancestor: message 3 is its own ancestor
         common apart: 267 branch_common_ancestor: message 3 is its own ancestor
         above: 267 branch_is_ancestor: message 3 is its own ancestor
         above near: 267 branch_is_ancestor: message 3 is its own ancestor
         path: 267 branch_path: message 3 is its own ancestor
         path limited: 267 branch_path: message 3 is its own ancestor
         path newest first: 267 branch_path: message 3 is its own ancestor
         path newest: 267 branch_path: message 3 is its own ancestor
         messages: 267 branch_messages: message 3 is its own ancestor
         messages by id: 267 branch_messages: message 3 is its own ancestor
         messages limited: 267 branch_messages: message 3 is its own ancestor
         messages before: 267 branch_messages: message 3 is its own ancestor
         leaves with depth: 267 branch_leaves: message 3 is its own ancestor
         children: 267 branch_children: message 3 is its own ancestor
         siblings: 267 branch_siblings: message 3 is its own ancestor
         tree: 267 branch_tree: message 3 is its own ancestor
         diff: 267 branch_diff: message 3 is its own ancestor
         check: t|3|cycle|3 → 3
         alternative: 8 +8<3 +t=8
         prune: 267 branch_prune: message 3 is its own ancestor
         prune top: 3 -1 -2 -5
         copy: 267 branch_copy: message 3 is its own ancestor",
        "
         path newest: 4
         siblings: 3|1|0, 4|2|1",
    );
}

#[test]
fn a_cycle_across_threads() {
    holds(
        "UPDATE messages SET parent_entry_id = 7 WHERE id = 2; UPDATE messages SET parent_entry_id = 4 WHERE id = 6",
        "
         depth: 267 branch_depth: message 2 is its own ancestor
         depth beside: 267 branch_depth: message 2 is its own ancestor
         root: 267 branch_root: message 2 is its own ancestor
         tip: 1
         tip below: 267 branch_tip: message 3 is its own ancestor
         common: 267 branch_common_ancestor: message 2 is its own ancestor
         common apart: 267 branch_common_ancestor: message 2 is its own ancestor
         above: 267 branch_is_ancestor: message 2 is its own ancestor
         above near: 267 branch_is_ancestor: message 2 is its own ancestor
         path: 267 branch_path: message 2 is its own ancestor
         path limited: 267 branch_path: message 2 is its own ancestor
         path newest first: 267 branch_path: message 2 is its own ancestor
         path newest: 267 branch_path: message 2 is its own ancestor
         messages: 267 branch_messages: message 2 is its own ancestor
         messages by id: 267 branch_messages: message 2 is its own ancestor
         messages limited: 267 branch_messages: message 2 is its own ancestor
         messages before: 267 branch_messages: message 2 is its own ancestor
         messages elsewhere: 267 branch_messages: message 2 is its own ancestor
         leaves: 1|0, 5|0
         leaves with depth: 267 branch_leaves: message 2 is its own ancestor
         children: 267 branch_children: message 2 is its own ancestor
         siblings: 267 branch_siblings: message 2 is its own ancestor
         tree: 267 branch_tree: message 2 is its own ancestor
         diff: 267 branch_diff: message 2 is its own ancestor
         check: t|2|cycle|2 → 7 → 6 → 4 → 3 → 2, t|2|parent in a later id|its parent 7 has a higher id
         prune: 267 branch_prune: message 3 is its own ancestor
         prune top: 1 -1
         copy: 267 branch_copy: message 2 is its own ancestor",
        "
         above near: 1
         path limited: 3, 4
         path newest: 4
         messages limited: 3|three, 4|four
         children: 3|1, 5|0
         siblings: 3|1|1, 5|2|0",
    );
}

#[test]
fn a_parent_in_a_later_id() {
    holds(
        "UPDATE messages SET parent_entry_id = 5 WHERE id = 3; UPDATE messages SET parent_entry_id = 1 WHERE id = 5",
        "
         depth beside: 1
         common: 5
         path: 1|3, 5|2, 3|1, 4|0
         path newest first: 4, 3, 5, 1
         messages: 1|one, 5|five, 3|three, 4|four
         messages by id: 5, 4, 3, 1
         messages before: 1, 5, 3
         leaves: 2|0, 4|1
         leaves with depth: 2|1|1, 4|3|1
         children: 
         siblings: 3|1|1
         tree: 1|0|2|1, 2|1|0|0, 5|1|1|1, 3|2|1|1, 4|3|0|1
         diff: a|3, a|4
         check: t|3|parent in a later id|its parent 5 has a higher id
         alternative: 8 +8<5 +t=8
         prune: 2 +t=5 -3 -4",
        "",
    );
}

#[test]
fn a_parent_in_another_thread() {
    holds(
        "UPDATE messages SET parent_entry_id = 7 WHERE id = 3",
        "
         root: 6
         common: -
         common apart: 7
         above: 0
         path: 6|3, 7|2, 3|1, 4|0
         path newest first: 4, 3, 7, 6
         messages: 6|six, 7|seven, 3|three, 4|four
         messages by id: 7, 6, 4, 3
         messages before: 6, 7, 3
         leaves with depth: 4|3|-, 5|2|-
         children: 5|0
         siblings: 3|1|1
         tree: 1|0|1|0, 2|1|1|0, 5|2|0|0, 3|2|1|1, 4|3|0|1
         diff: a|6, a|7, a|3, a|4, b|1, b|2, b|5
         check: t|3|parent in a later id|its parent 7 has a higher id
         alternative: 8 +8<7 +t=8
         prune: 2 +t=- -3 -4
         prune top: 3 -1 -2 -5",
        "",
    );
}

#[test]
fn a_leaf_that_is_missing() {
    holds(
        "UPDATE threads SET current_leaf_id = 99 WHERE id = 't'",
        "
         messages: 267 branch_messages: thread 't': its current leaf 99 is missing
         messages by id: 267 branch_messages: thread 't': its current leaf 99 is missing
         messages limited: 267 branch_messages: thread 't': its current leaf 99 is missing
         messages before: 267 branch_messages: thread 't': its current leaf 99 is missing
         leaves: 4|0, 5|0
         children: 267 branch_children: thread 't': its current leaf 99 is missing
         siblings: 267 branch_siblings: thread 't': its current leaf 99 is missing
         tree: 267 branch_tree: thread 't': its current leaf 99 is missing
         check: t|99|leaf missing|its leaf 99 is missing
         append: 267 branch_append: thread 't': its current leaf 99 is missing
         prune: 2 -3 -4
         prune top: 5 -1 -2 -3 -4 -5",
        "",
    );
}

#[test]
fn a_leaf_of_another_thread() {
    holds(
        "UPDATE threads SET current_leaf_id = 7 WHERE id = 't'",
        "
         messages: 6|six, 7|seven
         messages by id: 7, 6
         messages limited: 6|six, 7|seven
         messages before: 
         leaves: 4|0, 5|0
         children: 3|0, 5|0
         siblings: 3|1|0, 5|2|0
         tree: 1|0|1|0, 2|1|2|0, 3|2|1|0, 4|3|0|0, 5|2|0|0
         check: t|7|leaf of another thread|it belongs to thread 'u'
         append: 8 +8<7 +t=8
         prune: 2 -3 -4
         prune top: 5 -1 -2 -3 -4 -5",
        "",
    );
}

#[test]
fn a_parent_that_is_no_integer() {
    holds(
        "UPDATE messages SET parent_entry_id = 'two' WHERE id = 3",
        "
         depth: 267 branch_depth: message 3: its parent_entry_id is not an integer
         root: 267 branch_root: message 3: its parent_entry_id is not an integer
         common: 267 branch_common_ancestor: message 3: its parent_entry_id is not an integer
         common apart: 267 branch_common_ancestor: message 3: its parent_entry_id is not an integer
         above: 267 branch_is_ancestor: message 3: its parent_entry_id is not an integer
         above near: 267 branch_is_ancestor: message 3: its parent_entry_id is not an integer
         path: 267 branch_path: message 3: its parent_entry_id is not an integer
         path limited: 267 branch_path: message 3: its parent_entry_id is not an integer
         path newest first: 267 branch_path: message 3: its parent_entry_id is not an integer
         path newest: 267 branch_path: message 3: its parent_entry_id is not an integer
         messages: 267 branch_messages: message 3: its parent_entry_id is not an integer
         messages by id: 267 branch_messages: message 3: its parent_entry_id is not an integer
         messages limited: 267 branch_messages: message 3: its parent_entry_id is not an integer
         messages before: 267 branch_messages: message 3: its parent_entry_id is not an integer
         leaves: 267 branch_leaves: message 3: its parent_entry_id is not an integer
         leaves with depth: 267 branch_leaves: message 3: its parent_entry_id is not an integer
         children: 267 branch_children: message 3: its parent_entry_id is not an integer
         siblings: 267 branch_siblings: message 3: its parent_entry_id is not an integer
         tree: 267 branch_tree: message 3: its parent_entry_id is not an integer
         diff: 267 branch_diff: message 3: its parent_entry_id is not an integer
         check: t|3|parent missing|its parent_entry_id is not an integer
         alternative: 267 branch_alternative: message 3: its parent_entry_id is not an integer
         prune: 267 branch_prune: message 3: its parent_entry_id is not an integer
         prune top: 3 -1 -2 -5
         copy: 267 branch_copy: message 3: its parent_entry_id is not an integer",
        "
         path newest: 4",
    );
}

#[test]
fn a_leaf_that_is_no_integer() {
    holds(
        "UPDATE threads SET current_leaf_id = 'four' WHERE id = 't'",
        "
         messages: 267 branch_messages: thread 't': its current_leaf_id is not an integer
         messages by id: 267 branch_messages: thread 't': its current_leaf_id is not an integer
         messages limited: 267 branch_messages: thread 't': its current_leaf_id is not an integer
         messages before: 267 branch_messages: thread 't': its current_leaf_id is not an integer
         leaves: 267 branch_leaves: thread 't': its current_leaf_id is not an integer
         leaves with depth: 267 branch_leaves: thread 't': its current_leaf_id is not an integer
         children: 267 branch_children: thread 't': its current_leaf_id is not an integer
         siblings: 267 branch_siblings: thread 't': its current_leaf_id is not an integer
         tree: 267 branch_tree: thread 't': its current_leaf_id is not an integer
         check: t|-|leaf missing|its current_leaf_id is not an integer
         append: 267 branch_append: thread 't': its current_leaf_id is not an integer
         prune: 2 -3 -4
         prune top: 5 -1 -2 -3 -4 -5",
        "",
    );
}

#[test]
fn a_thread_that_is_missing() {
    holds(
        "DELETE FROM threads WHERE id = 't'",
        "
         messages: 
         messages by id: 
         messages limited: 
         messages before: 
         leaves: 
         leaves with depth: 
         children: 3|0, 5|0
         siblings: 3|1|0, 5|2|0
         tree: 
         check: t|1|thread missing|its thread 't' is missing, t|2|thread missing|its thread 't' is missing, t|3|thread missing|its thread 't' is missing, t|4|thread missing|its thread 't' is missing, t|5|thread missing|its thread 't' is missing
         append: 1 branch_append: no thread 't'
         fork: 267 branch_fork: message 4: its thread 't' is missing
         alternative: 267 branch_alternative: message 3: its thread 't' is missing
         switch: 1 branch_switch: no thread 't'
         switch away: 1 branch_switch: no thread 't'
         clear: 1 branch_clear: no thread 't'
         prune: 2 -3 -4
         prune top: 5 -1 -2 -3 -4 -5
         copy: 267 branch_copy: message 4: its thread 't' is missing",
        "",
    );
}

#[test]
fn an_item_that_is_not_json() {
    holds(
        "UPDATE messages SET item_json = '{broken' WHERE id = 3",
        "
         check: t|3|invalid item_json|key must be a string at line 1 column 2",
        "",
    );
    // Valid JSON all the same, but no text.
    holds(
        "UPDATE messages SET item_json = x'7b7d' WHERE id = 3",
        "
         check: t|3|invalid item_json|it is a blob, not text",
        "",
    );
}
