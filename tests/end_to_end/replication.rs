//! Rows arrive, whatever the two servers are.

use crate::cluster::{Cluster, copy_task};
use crate::workload::{self, Random};
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};
use std::time::Duration;

/// Mixed transactions with schema changes in between, from one flavor to the other.
async fn replicates(source: Flavor, target: Flavor, source_args: &[&str], start: Option<&str>) -> Result<()> {
    let metadata = source != Flavor::MySql56;
    let (source, target) = tokio::try_join!(MysqlServer::start_with(source, source_args), MysqlServer::start(target))?;
    let cluster = Cluster::start(1, 1).await?;
    workload::create_schema(&source).await?;
    workload::create_schema(&target).await?;
    let mut spec = copy_task("copy", &source, &target, "");
    if start == Some("file") {
        let head = source.query_strings("SHOW MASTER STATUS").await?;
        let at = (head[0][0].clone().unwrap_or_default(), head[0][1].clone().unwrap_or_default());
        spec = spec.replace("start = \"latest\"", &format!("start = {{ file = \"{}\", offset = {} }}", at.0, at.1));
    }
    let task = cluster.create(&spec).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    workload::fill(&source).await?;
    let mut conn = source.connect().await?;
    let mut random = Random::new(7);
    workload::run(&mut conn, &mut random, 1_500).await?;
    if !metadata {
        // Its log does not say what a table looked like, so the table is asked for: the change has to be caught up with.
        cluster.wait_for_equal(&source, &target, "shop").await?;
    }
    source
        .exec(
            "ALTER TABLE shop.account ADD COLUMN tier SMALLINT NOT NULL DEFAULT 3 AFTER name;
             CREATE TABLE shop.added (id INT PRIMARY KEY, v VARCHAR(10) CHARACTER SET utf8mb4) ENGINE=InnoDB;
             INSERT INTO shop.added VALUES (1, 'one'), (2, 'zwei');
             UPDATE shop.account SET tier = 4 WHERE id < 50;
             TRUNCATE TABLE shop.event;",
        )
        .await?;
    if !metadata {
        cluster.wait_for_equal(&source, &target, "shop").await?;
    }
    source.exec("RENAME TABLE shop.added TO shop.renamed; INSERT INTO shop.renamed VALUES (3, 'trois')").await?;
    workload::run(&mut conn, &mut random, 1_500).await?;
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    // A status is told a moment after what it tells of.
    replicator_tests::eventually("all is counted, and the lag is 0", Duration::from_secs(20), async || {
        match cluster.status(&task).await {
            Some(status) if status.progress.transactions > 2_500 && status.lag_seconds == Some(0.0) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await?;
    let checkpoint = cluster.session.last_commit(&task).await.unwrap();
    assert!(checkpoint.is_some(), "lastCommit is written");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_97_to_mariadb() -> Result<()> {
    replicates(Flavor::MySql97, Flavor::MariaDb1011, &[], None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_to_mysql_97() -> Result<()> {
    replicates(Flavor::MariaDb1011, Flavor::MySql97, &[], None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_118_to_mariadb_114() -> Result<()> {
    replicates(Flavor::MariaDb118, Flavor::MariaDb114, &[], None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_56_by_file_and_offset() -> Result<()> {
    replicates(Flavor::MySql56, Flavor::MySql97, &["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"], Some("file"))
        .await
}
