//! What a source's binary log is filled with: the same rows from the same seed.

mod huge;
mod random;
mod sysbench;
mod wide;

use replicator_tests::{MysqlServer, Result};

/// Everything that is replicated is in this database.
pub(crate) const DATABASE: &str = "bench";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Small transactions as sysbench makes them: 250,000 row changes at scale 1.
    Sysbench,
    /// 26 columns of all types: 60,000 rows inserted and 20,000 updated at scale 1.
    Wide,
    /// 200,000 rows in one transaction at scale 1.
    Huge,
}

impl Shape {
    /// Writes it into a source that has the schema; the last row is that of `finished`. Answers the number of row changes.
    pub(crate) async fn fill(self, source: &MysqlServer, scale: f64) -> Result<u64> {
        match self {
            Shape::Sysbench => sysbench::fill(source, scale).await,
            Shape::Wide => wide::fill(source, scale).await,
            Shape::Huge => huge::fill(source, scale).await,
        }
    }
}

/// The tables of all benchmarks. A row in `finished` is what the source writes last.
pub(crate) fn schema() -> String {
    format!(
        "CREATE DATABASE {DATABASE};
         CREATE TABLE {DATABASE}.finished (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB;
         CREATE TABLE {DATABASE}.tick (
           writer TINYINT UNSIGNED NOT NULL, id INT UNSIGNED NOT NULL, sent BIGINT UNSIGNED NOT NULL,
           pad CHAR(60) NOT NULL, PRIMARY KEY (writer, id)
         ) ENGINE=InnoDB; {} {} {}",
        sysbench::schema(),
        wide::schema(),
        huge::schema()
    )
}

/// The last transaction.
pub(crate) fn finish() -> String {
    format!("INSERT INTO {DATABASE}.finished VALUES (1)")
}
