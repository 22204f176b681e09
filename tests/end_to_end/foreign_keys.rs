//! What foreign keys do at the source happens once at the target, whether the source logs it or leaves it to them.
//!
//! MySQL 9.6 and later logs the rows that ON DELETE and ON UPDATE change; older ones and MariaDB do not.

use crate::cluster::{Cluster, copy_task};
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};

const SCHEMA: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.maker (id INT PRIMARY KEY, name VARCHAR(20)) ENGINE=InnoDB;
    CREATE TABLE shop.item (
      id INT PRIMARY KEY, maker INT NULL,
      CONSTRAINT item_maker FOREIGN KEY (maker) REFERENCES shop.maker (id) ON DELETE CASCADE ON UPDATE CASCADE
    ) ENGINE=InnoDB;
    CREATE TABLE shop.review (
      id INT PRIMARY KEY, item INT NULL,
      CONSTRAINT review_item FOREIGN KEY (item) REFERENCES shop.item (id) ON DELETE SET NULL
    ) ENGINE=InnoDB;
";

const CHANGES: &str = "
    INSERT INTO shop.maker VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd');
    INSERT INTO shop.item VALUES (10, 1), (11, 1), (20, 2), (30, 3), (40, 4), (50, NULL);
    INSERT INTO shop.review VALUES (100, 10), (101, 11), (200, 20), (201, 20), (300, 30), (500, 50);
    DELETE FROM shop.maker WHERE id = 1;
    UPDATE shop.maker SET id = 7 WHERE id = 2;
    DELETE FROM shop.item WHERE id = 50;
    BEGIN;
    UPDATE shop.maker SET id = id + 10;
    INSERT INTO shop.item VALUES (60, 14);
    DELETE FROM shop.maker WHERE id IN (13, 14);
    COMMIT;
    SET foreign_key_checks = 0;
    DELETE FROM shop.maker WHERE id = 17;
    INSERT INTO shop.item VALUES (70, 99);
";

async fn replicates(source: Flavor, target: Flavor) -> Result<()> {
    let (source, target, cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    source.exec(SCHEMA).await?;
    target.exec(SCHEMA).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    source.exec(CHANGES).await?;
    let status = cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    let orphans = "SELECT id, maker FROM shop.item WHERE maker NOT IN (SELECT id FROM shop.maker) ORDER BY id";
    assert_eq!(target.query_strings(orphans).await?, source.query_strings(orphans).await?);
    assert_eq!(status.retries, 0, "{status:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_keys_of_mysql_97_act_once_on_mariadb() -> Result<()> {
    replicates(Flavor::MySql97, Flavor::MariaDb1011).await
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_keys_of_mariadb_act_once_on_mysql_97() -> Result<()> {
    replicates(Flavor::MariaDb1011, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_keys_of_mysql_97_act_once_on_mysql_97() -> Result<()> {
    replicates(Flavor::MySql97, Flavor::MySql97).await
}
