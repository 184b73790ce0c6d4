//! Background jobs.

use rusqlite::{params, Row};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::sql;
use crate::transaction::Transaction;

/// What a job is doing.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum JobStateStatus {
    /// Waiting. Also what an unknown stored status reads as; such a status stays when the record is written again.
    Queued,
    /// At work.
    Running,
    /// Done.
    Completed,
    /// Ended by an error.
    Failed,
    /// Ended by the user.
    Cancelled,
    /// Stopped for now. Newer programs of the family write this; the seed does not know it.
    Paused,
}

impl JobStateStatus {
    fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Paused => "paused",
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "running" => Self::Running,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            "paused" => Self::Paused,
            _ => Self::Queued,
        }
    }
}

/// A job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobStateRecord {
    /// Any text.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is doing.
    pub status: JobStateStatus,
    /// Percent, 0 to 100. More is refused when written. A stored value that is out of range reads as `None`, and stays
    /// when `None` is written.
    pub progress: Option<u8>,
    /// What to tell people about it.
    pub detail: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds; lists are sorted by it.
    pub updated_at: i64,
}

/// How many jobs are listed when the caller sets no limit.
const JOBS: usize = 100;

fn read_job(row: &Row<'_>) -> rusqlite::Result<JobStateRecord> {
    let progress: Option<i64> = row.get(3)?;
    Ok(JobStateRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        status: JobStateStatus::named(row.get_ref(2)?.as_str()?),
        progress: progress
            .and_then(|percent| u8::try_from(percent).ok())
            .filter(|percent| *percent <= 100),
        detail: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}

store_methods! {
    Transaction

    /// Writes a job, new or not. A stored status or progress that the record cannot hold, and so reads as
    /// [`JobStateStatus::Queued`] or `None`, stays as it is where the record still says that.
    write("write job {id:?}", id = job.id)
    fn upsert_job(&self, job: &JobStateRecord) -> Result<()> {
        if let Some(progress) = job.progress.filter(|percent| *percent > 100) {
            return Err(Error::InvalidValue {
                what: format!("progress {progress} of job {:?}", job.id),
                reason: "is over 100 percent".to_owned(),
            });
        }
        sql::run(
            self.conn(),
            "INSERT INTO main.jobs(id, name, status, progress, detail, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT(id) DO UPDATE SET name = excluded.name, \
             status = CASE WHEN excluded.status = 'queued' AND jobs.status NOT IN \
                 ('running', 'completed', 'failed', 'cancelled', 'paused') THEN jobs.status ELSE excluded.status END, \
             progress = CASE WHEN excluded.progress IS NULL AND jobs.progress NOT BETWEEN 0 AND 100 \
                 THEN jobs.progress ELSE excluded.progress END, \
             detail = excluded.detail, created_at = excluded.created_at, \
             updated_at = excluded.updated_at",
            params![
                job.id,
                job.name,
                job.status.name(),
                job.progress,
                job.detail,
                job.created_at,
                job.updated_at,
            ],
            || format!("write job {:?}", job.id),
        )?;
        Ok(())
    }

    /// Reads a job. `None` if there is no such job.
    read
    fn get_job(&self, id: &str) -> Result<Option<JobStateRecord>> {
        sql::first(
            self.conn(),
            "SELECT id, name, status, progress, detail, created_at, updated_at FROM main.jobs WHERE id = ?1",
            [id],
            || format!("read job {id:?}"),
            read_job,
        )
    }

    /// Lists jobs, the latest `updated_at` first, of equal ones the one that was created last; at most `limit` (100).
    read
    fn list_jobs(&self, limit: Option<usize>) -> Result<Vec<JobStateRecord>> {
        sql::all(
            self.conn(),
            "SELECT id, name, status, progress, detail, created_at, updated_at FROM main.jobs \
             ORDER BY updated_at DESC, rowid DESC LIMIT ?1",
            [sql::limit(limit.unwrap_or(JOBS))],
            || "list jobs".to_owned(),
            read_job,
        )
    }

    /// Deletes a job. Nothing if there is no such job.
    write("delete job {id:?}")
    fn delete_job(&self, id: &str) -> Result<()> {
        sql::run(
            self.conn(),
            "DELETE FROM main.jobs WHERE id = ?1",
            [id],
            || format!("delete job {id:?}"),
        )?;
        Ok(())
    }
}
