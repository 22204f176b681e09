//! Where changes come from that tasks applied at a server: what tells them apart in its log from its own.
//!
//! Each transaction that applies rows begins with a row in [`ORIGIN`]; a schema change, which commits by itself, is told by
//! its connection and its time, which a row in [`APPLIED_DDL`] holds from before it runs.

use crate::answer;
use crate::facts::{ServerFacts, ServerFlavor};
use mysql_async::Conn;
use replicator_model::failure::Failure;
use replicator_model::task::REPLICATOR_DATABASE;

/// The table with a row for each transaction that applies rows: `task, slot, trail, changes`.
pub const ORIGIN: &str = "origin";

/// The table with a row for each schema change that is applied: `id, task, connection, event_time, trail`.
pub const APPLIED_DDL: &str = "applied_ddl";

/// How many transactions of a task have rows of their own in [`ORIGIN`]. More than are ever under way at once, so that none
/// waits for another, and the server's own replicas can apply them in parallel.
pub const SLOTS: u64 = 256;

/// Schema changes of all tasks that are kept in [`APPLIED_DDL`]. A task that reads the server's log and stood still for more
/// of them than that can't tell them any more.
pub const APPLIED_DDL_MAX: u64 = 10_000;

/// Longest part of a MariaDB's host name that tells it from others.
const HOST_NAME_MAX: usize = 60;

/// Statements that make the tables. The trail is in the key, so that images of the key alone have it.
pub fn schema() -> [String; 2] {
    [
        format!(
            "CREATE TABLE IF NOT EXISTS {REPLICATOR_DATABASE}.{ORIGIN} (
               task VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               slot SMALLINT UNSIGNED NOT NULL,
               trail VARCHAR(600) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               changes BIGINT UNSIGNED NOT NULL,
               PRIMARY KEY (task, slot, trail)
             ) ENGINE=InnoDB"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {REPLICATOR_DATABASE}.{APPLIED_DDL} (
               id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
               task VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               connection BIGINT UNSIGNED NOT NULL,
               event_time BIGINT UNSIGNED NOT NULL,
               trail VARCHAR(600) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
             ) ENGINE=InnoDB"
        ),
    ]
}

/// The name of a server in trails. MariaDB has nothing that is its own by itself: everybody's `server_id` is 1 at first.
pub async fn site(conn: &mut Conn, facts: &ServerFacts) -> Result<String, Failure> {
    if facts.flavor == ServerFlavor::MySql {
        return Ok(facts.server.clone());
    }
    let rows = answer::rows(conn, "SELECT @@global.hostname, @@global.port").await?;
    match rows.into_iter().next() {
        Some(mut row) => Ok(mariadb_site(&facts.server, &row.required(0)?, &row.required(1)?)),
        None => Err(answer::unexpected("nothing")),
    }
}

fn mariadb_site(server: &str, host: &str, port: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let host: String = host.chars().filter(is_plain).take(HOST_NAME_MAX).collect();
    format!("{server}@{host}:{port}")
}

/// A schema change that a task applied at a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedDdl {
    pub connection: u64,
    /// As in its event, in seconds since 1970 UTC.
    pub event_time: u64,
    pub trail: String,
}

/// Schema changes that tasks applied, the oldest first. None where no task ever did, or where the user may not see them.
pub async fn applied_ddl(conn: &mut Conn) -> Result<Vec<AppliedDdl>, Failure> {
    let sql = format!(
        "SELECT connection, event_time, trail FROM {REPLICATOR_DATABASE}.{APPLIED_DDL} ORDER BY id DESC LIMIT {APPLIED_DDL_MAX}"
    );
    let rows = match answer::rows(conn, &sql).await {
        Err(failure) if failure.is_transient() => return Err(failure),
        Err(failure) => {
            tracing::debug!(reason = failure.reason, "no schema changes of tasks are known");
            return Ok(Vec::new());
        }
        Ok(rows) => rows,
    };
    rows.into_iter()
        .rev()
        .map(|mut row| {
            Ok(AppliedDdl { connection: row.number(0)?, event_time: row.number(1)?, trail: row.required(2)? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_can_be_read_back_whatever_a_host_is_called() {
        assert_eq!(mariadb_site("server-1", "db1.example", "3306"), "server-1@db1.example:3306");
        assert_eq!(mariadb_site("server-1", "a,b\u{e4} c", "1"), "server-1@abc:1");
        assert_eq!(mariadb_site("server-1", &"x".repeat(300), "1").len(), "server-1@:1".len() + HOST_NAME_MAX);
    }
}
