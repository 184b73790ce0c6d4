//! The functions and tables on a connection of one's own, with rusqlite 0.32.

use rusqlite::Connection;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let conn = Connection::open_in_memory()?;
    // SAFETY: the connection is open, and this thread is the only one that has it.
    unsafe { sqlite_branch::register(conn.handle())? };

    conn.execute_batch(
        "SELECT branch_migrate();
         SELECT branch_thread('trip', 'A day out');
         SELECT branch_append('trip', 'user', 'Where to?');
         SELECT branch_append('trip', 'assistant', 'To the sea.');
         SELECT branch_alternative(2, 'assistant', 'To the hills.');",
    )?;
    let mut statement = conn.prepare("SELECT role, content FROM branch_messages('trip')")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        println!("{}: {}", row.get::<_, String>(0)?, row.get::<_, String>(1)?);
    }
    Ok(())
}
