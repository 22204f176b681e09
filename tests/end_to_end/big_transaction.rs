//! The size of a transaction does not matter.

use crate::cluster::{Cluster, copy_task, wait_for_equal};
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};
use std::time::Duration;

const ROWS: u64 = 1_000_000;

/// Most memory the Core may use for it, in KiB.
const PEAK_KIB_MAX: u64 = 200 << 10;

const SCHEMA: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.big (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, c CHAR(60) CHARACTER SET ascii NOT NULL) ENGINE=InnoDB;
";

/// Digits to multiply: ten rows make a million.
const FILL: &str = "
    CREATE TABLE shop.digit (d INT NOT NULL PRIMARY KEY) ENGINE=InnoDB;
    INSERT INTO shop.digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
    INSERT INTO shop.big SELECT n, n * 7 % 1000, REPEAT(CHAR(97 + n % 26), 40) FROM (
      SELECT a.d + b.d * 10 + c.d * 100 + d.d * 1000 + e.d * 10000 + f.d * 100000 AS n
      FROM shop.digit a, shop.digit b, shop.digit c, shop.digit d, shop.digit e, shop.digit f) numbers;
";

#[tokio::test(flavor = "multi_thread")]
async fn a_million_rows_in_one_transaction() -> Result<()> {
    let (source, target) =
        tokio::try_join!(MysqlServer::start(Flavor::MySql97), MysqlServer::start(Flavor::MariaDb1011))?;
    let cluster = Cluster::start(1, 1).await?;
    source.exec(SCHEMA).await?;
    target.exec(SCHEMA).await?;
    let task = cluster.create(&copy_task("big", &source, &target, "exclude = [\"shop.digit\"]")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    source.exec(FILL).await?;
    source.exec("DROP TABLE shop.digit").await?;
    let equal = wait_for_equal(&source, &target, "shop", Duration::from_secs(300)).await;
    equal.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    let count = target.query_strings("SELECT COUNT(*) FROM shop.big").await?;
    assert_eq!(count[0][0].as_deref(), Some(ROWS.to_string().as_str()));
    let peak = cluster.cores[0].process.peak_rss_kib()?;
    println!("peak memory of the Core with a transaction of {ROWS} rows: {} MiB", peak >> 10);
    assert!(peak < PEAK_KIB_MAX, "the Core used {} MiB", peak >> 10);
    Ok(())
}
