//! The functions and tables on the connections of a pool, with sqlx 0.8.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, Row, SqliteConnection};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // On one connection, by its handle.
    let mut conn = SqliteConnection::connect("sqlite::memory:").await?;
    {
        let mut handle = conn.lock_handle().await?;
        // SAFETY: the connection is open, and locked as long as `handle` is there.
        unsafe { sqlite_branch::register(handle.as_raw_handle().as_ptr())? };
    }
    let version: String = sqlx::query_scalar("SELECT branch_version()")
        .fetch_one(&mut conn)
        .await?;
    assert!(!version.is_empty());

    // Or on every connection that is opened from now on, as a pool does.
    sqlite_branch::register_everywhere()?;
    let file = std::env::args_os().nth(1).ok_or("usage: with-sqlx FILE")?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(3)
        .connect_with(options)
        .await?;
    for sql in [
        "SELECT branch_migrate()",
        "SELECT branch_thread('trip', 'A day out')",
        "SELECT branch_append('trip', 'user', 'Where to?')",
        "SELECT branch_append('trip', 'assistant', 'To the sea.')",
        "SELECT branch_alternative(2, 'assistant', 'To the hills.')",
    ] {
        sqlx::query(sql).execute(&pool).await?;
    }
    let rows = sqlx::query("SELECT role, content FROM branch_messages(?)")
        .bind("trip")
        .fetch_all(&pool)
        .await?;
    for row in rows {
        println!("{}: {}", row.get::<String, _>(0), row.get::<String, _>(1));
    }
    Ok(())
}
