//! Heartbeat rows at a source: each task has one, with the source's time when it was last written.

use crate::answer;
use crate::facts::ServerFacts;
use crate::replicas;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_model::failure::Failure;
use replicator_model::task::REPLICATOR_DATABASE;

/// The table in [`REPLICATOR_DATABASE`] that they are in.
pub const TABLE: &str = "heartbeat";

/// Makes the table and its database where they are missing, if the user may: a table that is there needs no right to make
/// one.
pub async fn prepare(conn: &mut Conn) -> Result<(), Failure> {
    let is_there = format!("SELECT 1 FROM {REPLICATOR_DATABASE}.{TABLE} LIMIT 0");
    if answer::rows(conn, &is_there).await.is_ok() {
        return Ok(());
    }
    for sql in [
        format!("CREATE DATABASE IF NOT EXISTS {REPLICATOR_DATABASE} DEFAULT CHARACTER SET utf8mb4"),
        format!(
            "CREATE TABLE IF NOT EXISTS {REPLICATOR_DATABASE}.{TABLE} (
               task VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
               `at` DATETIME(6) NOT NULL
             ) ENGINE=InnoDB"
        ),
    ] {
        run(conn, &sql).await?;
    }
    Ok(())
}

/// Writes the task's row, with the server's time. The connection's time zone is UTC.
pub async fn write(conn: &mut Conn, task: &str) -> Result<(), Failure> {
    let task = answer::literal(task);
    let sql = format!(
        "INSERT INTO {REPLICATOR_DATABASE}.{TABLE} (task, `at`) VALUES ({task}, NOW(6))
         ON DUPLICATE KEY UPDATE `at` = NOW(6)"
    );
    run(conn, &sql).await
}

async fn run(conn: &mut Conn, sql: &str) -> Result<(), Failure> {
    conn.query_drop(sql).await.map_err(|error| crate::error::failure(&error))
}

const NOT_WRITTEN: &str = "heartbeat_not_written";

/// Refuses a server that follows another: what is written there is not at the task's other hosts, and with GTIDs the task
/// could not go back to them.
pub async fn check_follows_nobody(conn: &mut Conn, facts: &ServerFacts) -> Result<(), Failure> {
    let told = "no heartbeat row is written, the lag is told from where the log ends";
    let followed = replicas::followed(conn, facts).await.map_err(|failure| {
        Failure::transient(
            NOT_WRITTEN,
            format!("{told}: whether the host that is read is a replica is not known: {}", failure.reason),
            "GRANT REPLICATION CLIENT (MariaDB: SLAVE MONITOR) ON *.* to the source's user",
        )
    })?;
    match followed.first() {
        None => Ok(()),
        Some(source) => Err(Failure::transient(
            NOT_WRITTEN,
            format!("{told}: the host that is read is itself a replica, of {source}"),
            "nothing is to be done if it is read for a while only; where it has taken over, end its replication \
             (RESET REPLICA ALL)",
        )),
    }
}

/// What heartbeat rows that can't be written mean, and what the user needs.
pub fn not_written(failure: Failure) -> Failure {
    if failure.code == NOT_WRITTEN {
        return failure;
    }
    Failure::transient(
        NOT_WRITTEN,
        format!(
            "no heartbeat row is written at the source, the lag is told from where its log ends: {}",
            failure.reason
        ),
        format!(
            "GRANT CREATE, SELECT, INSERT, UPDATE ON {REPLICATOR_DATABASE}.* to the source's user (a source that is \
             read-only can't have them), or leave out `producer.lag_heartbeat`"
        ),
    )
}
