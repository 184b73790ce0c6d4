//! Whatever is asked of a table, the answer is the one that SQLite gives for a copy of its rows.

use rusqlite::Connection;

use crate::{forked, rows, TABLES};

/// The columns of a table, the rowid first.
fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let statement = connection
        .prepare(&format!("SELECT rowid AS row, * FROM {table}"))
        .unwrap();
    let names = statement.column_names();
    names.into_iter().map(str::to_owned).collect()
}

/// Asks a table and a copy of its rows the same. `query` contains `?` where the table's name belongs.
fn same(connection: &Connection, table: &str, query: &str) {
    let asked = query.replace('?', &format!("(SELECT rowid AS row, * FROM {table})"));
    let copied = format!(
        "WITH copy AS MATERIALIZED (SELECT rowid AS row, * FROM {table}) {}",
        query.replace('?', "copy")
    );
    assert_eq!(
        rows(connection, &asked),
        rows(connection, &copied),
        "{asked}"
    );
}

/// A sane database with problems that do no harm, and one in which a path does not follow the ids.
fn databases() -> [Connection; 2] {
    let make = |sql: &str| {
        let connection = forked();
        connection.execute_batch(sql).unwrap();
        connection
    };
    [
        make("UPDATE messages SET item_json = '{' WHERE id IN (3, 7, 10)"),
        make("UPDATE messages SET parent_entry_id = 7 WHERE id = 1"),
    ]
}

#[test]
fn ordered_by_any_two_columns() {
    for connection in databases() {
        ordered(&connection);
    }
}

fn ordered(connection: &Connection) {
    for (table, _) in TABLES {
        let columns = columns(connection, table);
        for first in &columns {
            for second in &columns {
                for (up, down) in [("", ""), ("", " DESC"), (" DESC", ""), (" DESC", " DESC")] {
                    let order = format!("ORDER BY \"{first}\"{up}, \"{second}\"{down}, row");
                    same(connection, table, &format!("SELECT * FROM ? {order}"));
                    same(
                        connection,
                        table,
                        &format!("SELECT row FROM ? {order} LIMIT 2 OFFSET 1"),
                    );
                }
            }
        }
    }
}

#[test]
fn grouped_counted_and_filtered_by_any_column() {
    for connection in databases() {
        grouped(&connection);
    }
}

fn grouped(connection: &Connection) {
    for (table, _) in TABLES {
        for column in columns(connection, table) {
            for query in [
                format!("SELECT \"{column}\", count(*) FROM ? GROUP BY 1 ORDER BY 1"),
                format!("SELECT \"{column}\", count(*) FROM ? GROUP BY 1 ORDER BY 1 DESC"),
                format!("SELECT DISTINCT \"{column}\" FROM ? ORDER BY 1"),
                format!("SELECT DISTINCT \"{column}\" FROM ? ORDER BY 1 DESC LIMIT 2"),
                format!("SELECT min(\"{column}\"), max(\"{column}\"), count(DISTINCT \"{column}\") FROM ?"),
                format!("SELECT row FROM ? WHERE \"{column}\" = (SELECT max(\"{column}\") FROM ?) ORDER BY row"),
                format!("SELECT row FROM ? WHERE \"{column}\" > (SELECT min(\"{column}\") FROM ?) ORDER BY row DESC"),
                format!("SELECT row FROM ? WHERE \"{column}\" IN (SELECT \"{column}\" FROM ? LIMIT 2) ORDER BY row"),
                format!("SELECT row, lag(row) OVER (ORDER BY \"{column}\", row) FROM ? ORDER BY row"),
                format!("SELECT a.row, b.row FROM ? AS a JOIN ? AS b ON a.\"{column}\" = b.\"{column}\" ORDER BY 1, 2"),
                format!("SELECT a.row, b.row FROM ? AS a LEFT JOIN ? AS b ON a.\"{column}\" < b.\"{column}\" ORDER BY 1 DESC, 2"),
            ] {
                same(connection, table, &query);
            }
        }
    }
}
