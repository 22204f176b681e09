//! What a target remembers of tasks, seen from outside of them.

use crate::answer;
use mysql_async::Conn;
use replicator_model::failure::Failure;
use replicator_model::task::REPLICATOR_DATABASE;

/// Tasks that have written there. None where the replicator's tables have not been made.
pub async fn known_tasks(conn: &mut Conn) -> Result<Vec<String>, Failure> {
    let sql = format!("SELECT DISTINCT task FROM {REPLICATOR_DATABASE}.checkpoint");
    match answer::rows(conn, &sql).await {
        Ok(rows) => rows.into_iter().map(|mut row| row.required(0)).collect(),
        Err(failure) if matches!(failure.code.as_str(), "unknown_table" | "unknown_database") => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}
