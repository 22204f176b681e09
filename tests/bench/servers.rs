//! The two servers between which everything is measured: MySQL 9.7, and nothing else running on them.

use crate::workload::{self, DATABASE};
use mysql_async::prelude::Queryable;
use replicator_tests::{Error, Flavor, MysqlServer, Result};

/// How many workers a native replica applies with. MySQL's default, too.
pub(crate) const NATIVE_WORKERS: usize = 4;

/// For all servers alike: everything fits into memory, and nothing is rotated away while it is measured.
const ALIKE: [&str; 3] =
    ["--innodb-buffer-pool-size=512M", "--innodb-redo-log-capacity=1G", "--binlog-expire-logs-seconds=0"];

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
pub(crate) async fn source() -> Result<MysqlServer> {
    with_tables(&["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0"]).await
}

/// A fresh target with empty tables. Every system gets the same one; the settings of the native applier are idle in the
/// others.
pub(crate) async fn target(durability: Durability) -> Result<MysqlServer> {
    let workers = format!("--replica-parallel-workers={NATIVE_WORKERS}");
    let native = [workers.as_str(), "--replica-preserve-commit-order=ON", "--skip-replica-start"];
    with_tables(&[durability.arguments(), native.as_slice()].concat()).await
}

async fn with_tables(arguments: &[&str]) -> Result<MysqlServer> {
    let server = MysqlServer::start_with(Flavor::MySql97, &[ALIKE.as_slice(), arguments].concat()).await?;
    server.exec(&workload::schema()).await?;
    Ok(server)
}

/// Every transaction of the source so far, as a GTID set.
pub(crate) async fn executed(source: &MysqlServer) -> Result<String> {
    let mut conn = source.connect().await?;
    let set: Option<String> = conn.query_first("SELECT @@global.gtid_executed").await?;
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
