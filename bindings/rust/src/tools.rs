//! The tools that a thread brought along.

use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Result, Thing};
use crate::sql;
use crate::transaction::Transaction;

/// A tool that a thread declared when it began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DynamicToolRecord {
    /// Its place in the thread's list.
    pub position: i64,
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: Option<String>,
    /// JSON schema of its arguments.
    pub input_schema: Value,
}

store_methods! {
    Transaction

    /// Replaces the tools of a thread by these.
    together("replace the tools of thread {thread_id:?}")
    fn persist_dynamic_tools(
        &self,
        thread_id: &str,
        tools: &[DynamicToolRecord],
    ) -> Result<()> {
        sql::run(
            self.conn(),
            "DELETE FROM main.thread_dynamic_tools WHERE thread_id = ?1",
            [thread_id],
            || format!("replace the tools of thread {thread_id:?}"),
        )?;
        for tool in tools {
            let doing = || format!("write tool {:?} of thread {thread_id:?}", tool.name);
            let schema = sql::json_text(&tool.input_schema, || {
                format!("the input schema of tool {:?}", tool.name)
            })?;
            sql::run(
                self.conn(),
                "INSERT INTO main.thread_dynamic_tools(thread_id, position, name, description, input_schema) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![thread_id, tool.position, tool.name, tool.description, schema],
                doing,
            )
            .map_err(|error| error.or_missing(Thing::Thread, thread_id))?;
        }
        Ok(())
    }

    /// The tools of a thread, by position. Empty for an unknown thread.
    read
    fn get_dynamic_tools(&self, thread_id: &str) -> Result<Vec<DynamicToolRecord>> {
        sql::all(
            self.conn(),
            "SELECT position, name, description, input_schema FROM main.thread_dynamic_tools \
             WHERE thread_id = ?1 ORDER BY position",
            [thread_id],
            || format!("read the tools of thread {thread_id:?}"),
            |row| {
                let name: String = row.get(1)?;
                let input_schema = sql::json(row, 3, || {
                    format!("the input schema of tool {name:?} of thread {thread_id:?}")
                })?;
                Ok(DynamicToolRecord {
                    position: row.get(0)?,
                    description: row.get(2)?,
                    input_schema,
                    name,
                })
            },
        )
    }
}
