//! The two servers between which everything is measured: both of the same kind, and nothing else running on them.

use crate::workload::{self, DATABASE};
use mysql_async::prelude::Queryable;
use replicator_tests::{Error, Flavor, MysqlServer, Result};

/// For all servers alike: everything fits into memory, and nothing is rotated away while it is measured.
const ALIKE: [&str; 2] = ["--innodb-buffer-pool-size=512M", "--binlog-expire-logs-seconds=0"];

fn redo_log(flavor: Flavor) -> &'static str {
    if flavor.is_mariadb() { "--innodb-log-file-size=1G" } else { "--innodb-redo-log-capacity=1G" }
}

/// What a target does when a transaction commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// No binary log of its own, nothing waits for the disk.
    Relaxed,
    /// MySQL's defaults: its own binary log, and both logs on disk before a commit is answered.
    Durable,
}

impl Durability {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Durability::Relaxed => &["--skip-log-bin", "--innodb-flush-log-at-trx-commit=2"],
            Durability::Durable => &["--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1"],
        }
    }
}

/// A source with empty tables.
pub(crate) async fn source(flavor: Flavor) -> Result<MysqlServer> {
    with_tables(flavor, &["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0"]).await
}

/// A fresh target with empty tables. Every system gets the same one; the settings of the native applier are idle in the
/// others.
pub(crate) async fn target(flavor: Flavor, durability: Durability, workers: u32) -> Result<MysqlServer> {
    let native = match flavor.is_mariadb() {
        true => [
            format!("--slave-parallel-threads={workers}"),
            "--slave-parallel-mode=optimistic".into(),
            "--skip-slave-start".into(),
        ],
        false => [
            format!("--replica-parallel-workers={workers}"),
            "--replica-preserve-commit-order=ON".into(),
            "--skip-replica-start".into(),
        ],
    };
    let native: Vec<&str> = native.iter().map(String::as_str).collect();
    with_tables(flavor, &[durability.arguments(), native.as_slice()].concat()).await
}

async fn with_tables(flavor: Flavor, arguments: &[&str]) -> Result<MysqlServer> {
    let arguments = [ALIKE.as_slice(), &[redo_log(flavor)], arguments].concat();
    let server = MysqlServer::start_with(flavor, &arguments).await?;
    server.exec(&workload::schema()).await?;
    Ok(server)
}

/// Every transaction of the source so far, as a GTID set.
pub(crate) async fn executed(source: &MysqlServer) -> Result<String> {
    let mut conn = source.connect().await?;
    let variable = if source.flavor().is_mariadb() { "gtid_binlog_pos" } else { "gtid_executed" };
    let set: Option<String> = conn.query_first(format!("SELECT @@global.{variable}")).await?;
    conn.disconnect().await?;
    // Long sets have line breaks.
    Ok(set.unwrap_or_default().split_whitespace().collect())
}

/// # Errors
/// When the tables of the two servers differ. Then nothing that was measured counts.
pub(crate) async fn check_equal(source: &MysqlServer, target: &MysqlServer) -> Result<()> {
    let (ours, theirs) = (source.checksum_tables(DATABASE).await?, target.checksum_tables(DATABASE).await?);
    let differing = ours.iter().filter(|(table, sum)| theirs.get(*table) != Some(sum));
    let differing: Vec<String> = differing
        .map(|(table, sum)| format!("{table} has {sum:?} at the source and {:?} at the target", theirs.get(table)))
        .collect();
    if differing.is_empty() && ours.len() == theirs.len() {
        return Ok(());
    }
    Err(Error::new(format!("the tables are not equal, so the figures say nothing: {}", differing.join("; "))))
}
