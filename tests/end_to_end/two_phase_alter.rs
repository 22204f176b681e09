//! MariaDB's ALTER in two phases: announced where it begins, done where it ends, and other transactions between the two.

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

const TABLES: &str = "CREATE DATABASE shop; CREATE TABLE shop.other (id INT PRIMARY KEY) ENGINE=InnoDB;
    CREATE TABLE shop.item (id INT PRIMARY KEY, n INT) ENGINE=InnoDB";

const ALTER: &str = "ALTER TABLE shop.item ADD b INT DEFAULT 5 AFTER id, ALGORITHM=COPY, LOCK=SHARED";

async fn number(server: &MysqlServer, sql: &str) -> Option<String> {
    server.query_strings(sql).await.ok()?.first()?.first()?.clone()
}

async fn becomes(what: &str, server: &MysqlServer, sql: &str, expected: &str) -> Result<()> {
    eventually(what, SOON, async || number(server, sql).await.filter(|number| number == expected)).await.map(drop)
}

async fn replicates(flavor: Flavor, arguments: &[&str]) -> Result<()> {
    let arguments = [arguments, &["--binlog-alter-two-phase=ON"]].concat();
    let (source, target, mut cluster) = tokio::try_join!(
        MysqlServer::start_with(flavor, &arguments),
        MysqlServer::start(Flavor::MySql97),
        Cluster::start(1, 1)
    )?;
    source.exec(TABLES).await?;
    target.exec(TABLES).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    source.exec("INSERT INTO shop.item VALUES (1, 7), (2, 7)").await?;

    // An open transaction has read the table: the ALTER can't end before it does.
    let (mut reader, mut writer) = (source.connect().await?, source.connect().await?);
    reader.query_drop("BEGIN").await?;
    reader.query_drop("SELECT * FROM shop.item").await?;
    let altering = tokio::spawn(async move { writer.query_drop(ALTER).await });
    let waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata%'";
    becomes("the ALTER to wait for its end", &source, waiting, "1").await?;
    source.exec("INSERT INTO shop.other VALUES (1), (2)").await?;
    becomes("what came behind its beginning", &target, "SELECT COUNT(*) FROM shop.other", "2").await?;
    let columns = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'item'";
    assert_eq!(number(&target, columns).await.as_deref(), Some("2"), "it is not done yet");

    cluster.cores[0].kill9().await;
    source.exec("INSERT INTO shop.other VALUES (3)").await?;
    cluster.cores[0].start_again()?;
    becomes("to go on between the two", &target, "SELECT COUNT(*) FROM shop.other", "3").await?;
    reader.query_drop("COMMIT").await?;
    altering.await.unwrap()?;
    source.exec("INSERT INTO shop.item VALUES (3, 9, 9)").await?;

    // One that fails after it was announced, and one that a client does in the meantime.
    let failed = source.exec("ALTER TABLE shop.item ADD UNIQUE (n)").await;
    assert!(failed.is_err_and(|error| error.to_string().contains("Duplicate entry")));
    source.exec("ALTER TABLE shop.item DROP b; INSERT INTO shop.item VALUES (4, 4)").await?;
    let status = cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    assert_eq!(status.retries, 0, "{status:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phases_of_mariadb_1011() -> Result<()> {
    replicates(Flavor::MariaDb1011, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phases_of_mariadb_118_without_metadata() -> Result<()> {
    replicates(Flavor::MariaDb118, &["--binlog-row-metadata=NO_LOG"]).await
}
