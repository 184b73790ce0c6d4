//! Messages, threads and uids that are not there: what each function and table says, and that it has done nothing.

use super::*;

#[test]
fn things_that_are_not_there() {
    let connection = conversation();
    let before = contents(&connection);
    let least = "-9223372036854775807 - 1";
    for (id, shown) in [
        ("0", "0"),
        ("-1", "-1"),
        ("5", "5"),
        ("'99'", "99"),
        ("9223372036854775807", "9223372036854775807"),
        (least, "-9223372036854775808"),
    ] {
        let no_message = |name: &str| (1, format!("{name}: no message {shown}"));
        for (name, sql) in [
            (
                "branch_fork",
                format!("SELECT branch_fork({id}, 'user', '')"),
            ),
            (
                "branch_alternative",
                format!("SELECT branch_alternative({id}, 'user', '')"),
            ),
            ("branch_switch", format!("SELECT branch_switch('t', {id})")),
            ("branch_prune", format!("SELECT branch_prune({id})")),
            ("branch_copy", format!("SELECT branch_copy({id}, 'new')")),
        ] {
            assert_eq!(error(&connection, &sql, &[]), no_message(name), "{sql}");
        }
        for sql in [
            format!("SELECT branch_depth({id})"),
            format!("SELECT branch_root({id})"),
            format!("SELECT branch_tip({id})"),
            format!("SELECT branch_common_ancestor({id}, 1)"),
            format!("SELECT branch_common_ancestor(1, {id})"),
            format!("SELECT branch_is_ancestor({id}, 1)"),
            format!("SELECT branch_is_ancestor(1, {id})"),
            format!("SELECT branch_is_ancestor({id}, {id})"),
        ] {
            assert_eq!(host::maybe(&connection, &sql, &[]), None, "{sql}");
        }
        for table in [
            format!("branch_path({id})"),
            format!("branch_children({id})"),
            format!("branch_siblings({id})"),
            format!("branch_diff({id}, 1)"),
            format!("branch_diff(1, {id})"),
        ] {
            let sql = format!("SELECT count(*) FROM {table}");
            assert_eq!(integer(&connection, &sql, &[]), 0, "{sql}");
        }
    }
    for thread in ["nobody", "", "T", "t ", " t", "t\0"] {
        let shown = thread.replace('\0', "\u{2400}");
        let no_thread = |name: &str| (1, format!("{name}: no thread '{shown}'"));
        let value: &dyn ToSql = &thread;
        for (name, sql) in [
            ("branch_append", "SELECT branch_append(?1, 'user', '')"),
            ("branch_switch", "SELECT branch_switch(?1, 1)"),
            ("branch_switch", "SELECT branch_switch(?1, NULL)"),
            ("branch_clear", "SELECT branch_clear(?1)"),
        ] {
            assert_eq!(error(&connection, sql, &[value]), no_thread(name), "{sql}");
        }
        for table in [
            "branch_messages",
            "branch_leaves",
            "branch_tree",
            "branch_check",
        ] {
            let sql = format!("SELECT count(*) FROM {table}(?1)");
            let count: i64 = connection
                .query_row(&sql, params_from_iter([thread]), |row| row.get(0))
                .unwrap();
            assert_eq!(count, 0, "{sql}");
        }
    }
    for (sql, text) in [
        (
            "SELECT branch_switch('t', 4)",
            "branch_switch: message 4 is not in thread 't'",
        ),
        (
            "SELECT branch_switch('other', 1)",
            "branch_switch: message 1 is not in thread 'other'",
        ),
        (
            "SELECT branch_copy(2, 't')",
            "branch_copy: thread 't' exists already",
        ),
        (
            "SELECT branch_copy(2, 'other')",
            "branch_copy: thread 'other' exists already",
        ),
    ] {
        assert_eq!(error(&connection, sql, &[]), (1, text.to_owned()), "{sql}");
    }
    assert_eq!(contents(&connection), before);
}

/// A text that is no integer is a uid, and an unknown uid is an unknown message. A file that has no table of uids has none.
#[test]
fn uids_that_are_not_there() {
    let connection = conversation();
    for table in ["", "DROP TABLE message_uids"] {
        connection.execute_batch(table).unwrap();
        let before = contents(&connection);
        for (uid, shown) in [
            ("abc", "abc"),
            ("", ""),
            (" ", " "),
            ("2x", "2x"),
            ("2.0", "2.0"),
            ("0x10", "0x10"),
            ("--2", "--2"),
            ("٢", "٢"),
            ("NULL", "NULL"),
            ("2\u{0}3", "2\u{2400}3"),
            ("%s%n", "%s%n"),
            ("9223372036854775808", "9223372036854775808"),
        ] {
            for (name, sql) in [
                ("branch_fork", "SELECT branch_fork(?1, 'user', '')"),
                (
                    "branch_alternative",
                    "SELECT branch_alternative(?1, 'user', '')",
                ),
                ("branch_switch", "SELECT branch_switch('t', ?1)"),
                ("branch_prune", "SELECT branch_prune(?1)"),
                ("branch_copy", "SELECT branch_copy(?1, 'new')"),
                ("branch_label", "SELECT branch_label(?1, 'here')"),
            ] {
                let expected = (1, format!("{name}: no message '{shown}'"));
                assert_eq!(error(&connection, sql, &[&uid]), expected, "{sql}");
            }
            for sql in [
                "SELECT branch_depth(?1)",
                "SELECT branch_root(?1)",
                "SELECT branch_tip(?1)",
                "SELECT branch_common_ancestor(?1, 1)",
                "SELECT branch_common_ancestor(1, ?1)",
                "SELECT branch_is_ancestor(?1, 1)",
            ] {
                assert_eq!(host::maybe(&connection, sql, &[&uid]), None, "{sql}");
            }
            for table in [
                "branch_path(?1)",
                "branch_children(?1)",
                "branch_siblings(?1)",
                "branch_diff(?1, 1)",
                "branch_diff(1, ?1)",
                "branch_messages('t', NULL, ?1)",
            ] {
                let sql = format!("SELECT count(*) FROM {table}");
                assert_eq!(integer(&connection, &sql, &[&uid]), 0, "{sql}");
            }
        }
        assert_eq!(contents(&connection), before);
    }
}
