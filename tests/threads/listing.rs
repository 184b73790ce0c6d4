//! `branch_threads`: a list of conversations.

use super::*;

#[test]
fn a_list_of_conversations() {
    let connection = host::migrated();
    connection
        .execute_batch(
            "SELECT branch_thread('t', 'T', 1), branch_thread('u', 'U', 2);
             SELECT branch_append('t', 'user', 'one', NULL, 1), branch_append('t', 'assistant', 'two', NULL, 2, 'two');",
        )
        .unwrap();
    connection
        .execute_batch("INSERT INTO branch_call SELECT branch_fork(1, 'user', 'other', NULL, 7); UPDATE threads SET archived = 1, preview = 'p' WHERE id = 'u'")
        .unwrap();
    let listed = |columns: &str, rest: &str| {
        text(
            &connection,
            &format!("SELECT json_group_array(json_array({columns})) FROM (SELECT * FROM branch_threads() {rest})"),
        )
    };
    let columns = "id, title, preview, archived, created_at, updated_at, current_leaf_id, messages, leaves, last_id, last_role, last_content, last_at";
    assert_eq!(
        listed(columns, "ORDER BY id"),
        r#"[["t","T","",0,1,1,3,3,2,3,"user","other",7],["u","U","p",1,2,2,null,0,0,null,null,null,null]]"#
    );
    assert_eq!(listed("id", "ORDER BY id DESC"), r#"[["u"],["t"]]"#);
    assert_eq!(listed("id", "ORDER BY updated_at DESC"), r#"[["u"],["t"]]"#);
    assert_eq!(listed("id", "ORDER BY updated_at"), r#"[["t"],["u"]]"#);
    assert_eq!(listed("id", "ORDER BY title DESC"), r#"[["u"],["t"]]"#);
    assert_eq!(listed("messages", "WHERE id = 't'"), "[[3]]");
    assert_eq!(
        listed("last_content", "WHERE id = 't' AND last_id = 3"),
        r#"[["other"]]"#
    );
    for none in ["'T'", "'nobody'", "NULL", "x'74'", "5"] {
        assert_eq!(listed("id", &format!("WHERE id = {none}")), "[]");
    }
    assert_eq!(listed("id", "WHERE id = 'T' COLLATE NOCASE"), r#"[["t"]]"#);
    assert_eq!(
        listed("id", "WHERE id IN ('t', 'u', 'nobody') ORDER BY id"),
        r#"[["t"],["u"]]"#
    );
    assert_eq!(listed("id", "WHERE id > 't'"), r#"[["u"]]"#);
    // A number is the text that it is written as, as for a column of text.
    connection
        .execute_batch("SELECT branch_thread(5), branch_thread('5.5')")
        .unwrap();
    assert_eq!(listed("title IS NULL", "WHERE id = 5"), "[[1]]");
    assert_eq!(listed("title IS NULL", "WHERE id = 5.5"), "[[1]]");
    // A leaf that is missing is for branch_check to tell.
    connection
        .execute_batch("UPDATE threads SET current_leaf_id = 99 WHERE id = 't'")
        .unwrap();
    assert_eq!(
        listed("current_leaf_id, last_id, messages", "WHERE id = 't'"),
        "[[99,null,3]]"
    );
    for (order, sorted) in [
        ("id", false),
        ("id DESC", false),
        ("updated_at DESC", false),
        ("updated_at", true),
        ("title", true),
    ] {
        let plan = format!("EXPLAIN QUERY PLAN SELECT id FROM branch_threads() ORDER BY {order}");
        let mut statement = connection.prepare(&plan).unwrap();
        let steps: Vec<String> = statement
            .query_map([], |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(
            steps.iter().any(|step| step.contains("TEMP B-TREE")),
            sorted,
            "{order}: {steps:?}"
        );
    }
}
