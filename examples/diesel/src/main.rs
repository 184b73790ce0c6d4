//! The functions and tables on a connection of diesel 2, which hides its handle: on every connection that is opened.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{sql_query, Connection, QueryableByName, RunQueryDsl, SqliteConnection};

#[derive(QueryableByName)]
struct Message {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    content: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    sqlite_branch::register_everywhere()?;
    let file = std::env::args().nth(1).ok_or("usage: with-diesel FILE")?;
    let mut conn = SqliteConnection::establish(&file)?;

    conn.batch_execute("SELECT branch_migrate()")?;
    conn.immediate_transaction(|conn| {
        sql_query("INSERT INTO branch_call SELECT branch_thread('trip', 'A day out')")
            .execute(conn)?;
        for (role, content) in [("user", "Where to?"), ("assistant", "To the sea.")] {
            sql_query(
                "INSERT INTO branch_messages(thread_id, role, content) VALUES ('trip', ?, ?)",
            )
            .bind::<Text, _>(role)
            .bind::<Text, _>(content)
            .execute(conn)?;
        }
        sql_query(
            "INSERT INTO branch_call SELECT branch_alternative(2, 'assistant', 'To the hills.')",
        )
        .execute(conn)
    })?;

    let messages: Vec<Message> = sql_query("SELECT role, content FROM branch_messages(?)")
        .bind::<Text, _>("trip")
        .load(&mut conn)?;
    for message in messages {
        println!("{}: {}", message.role, message.content);
    }
    Ok(())
}
