//! Conflicts that a task recorded at its target: rows that were not what a change of them expected.

use crate::answer;
use mysql_async::Conn;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::position::Position;
use replicator_model::task::REPLICATOR_DATABASE;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedConflict {
    pub id: u64,
    /// Where the change's event begins in the source's binary log.
    pub position: Position,
    pub database: String,
    pub table: String,
    /// `row_not_found`, `row_differs` or `duplicate_key`.
    pub reason: String,
    /// `overwritten` or `skipped`.
    pub action: String,
    /// In seconds since 1970 UTC, by the target's clock.
    pub found_at: i64,
    /// The change as a message in Canal's form.
    pub change: String,
}

/// How many the task has recorded.
pub async fn count(conn: &mut Conn, task: &TaskName) -> Result<u64, Failure> {
    let of_task = of_task(task);
    let mut rows = answer::rows(conn, &format!("SELECT COUNT(*) {of_task}")).await?;
    rows.first_mut().map_or(Ok(0), |row| row.number(0))
}

fn of_task(task: &TaskName) -> String {
    format!("FROM {REPLICATOR_DATABASE}.conflict WHERE task = {}", answer::literal(task.as_str()))
}

/// How many the task has recorded, and the last of them, newest first: those before `before`, at most `limit`. None where
/// the replicator's tables have not been made.
pub async fn recorded(
    conn: &mut Conn,
    task: &TaskName,
    before: Option<u64>,
    limit: u32,
) -> Result<(u64, Vec<RecordedConflict>), Failure> {
    let count = match count(conn, task).await {
        Err(failure) if matches!(failure.code.as_str(), "unknown_table" | "unknown_database") => {
            return Ok((0, vec![]));
        }
        counted => counted?,
    };
    let sql = format!(
        "SELECT id, source_file, source_offset, target_database, target_table, reason, action, \
         UNIX_TIMESTAMP(found), row_change {} AND id < {} ORDER BY id DESC LIMIT {limit}",
        of_task(task),
        before.unwrap_or(u64::MAX)
    );
    let mut found = Vec::new();
    for mut row in answer::rows(conn, &sql).await? {
        found.push(RecordedConflict {
            id: row.number(0)?,
            position: Position::new(row.required(1)?, row.number::<u64>(2)?),
            database: row.required(3)?,
            table: row.required(4)?,
            reason: row.required(5)?,
            action: row.required(6)?,
            found_at: row.number(7)?,
            change: row.required(8)?,
        });
    }
    Ok((count, found))
}
