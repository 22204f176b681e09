//! Rows of logs that do not describe their tables, written before the tables were changed again.

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};

const SCHEMA: &str = "CREATE DATABASE shop CHARACTER SET utf8;
    CREATE TABLE shop.item (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20)) ENGINE=InnoDB CHARSET latin1;
    CREATE TABLE shop.other (id INT PRIMARY KEY, e ENUM('x','y')) ENGINE=InnoDB";

/// Made while the task is stopped: between the rows the columns swap their names, come, go and grow, and a copy of the
/// table takes its place.
const STOPPED: &str = "USE shop;
    INSERT INTO item VALUES (2, 'a2', 'b2');
    ALTER TABLE item CHANGE a b VARCHAR(20), CHANGE b a VARCHAR(20);
    INSERT INTO item VALUES (3, 'b3', 'a3');
    ALTER TABLE item ADD COLUMN c INT UNSIGNED FIRST, ADD d ENUM('m','n') AFTER id;
    INSERT INTO item VALUES (4000000000, 4, 'n', 'b4', 'a4');
    ALTER TABLE item DROP COLUMN b;
    INSERT INTO item VALUES (5, 5, 'm', 'a5');
    CREATE TABLE _item_gho LIKE item;
    ALTER TABLE _item_gho MODIFY a VARCHAR(40) NOT NULL FIRST;
    INSERT INTO _item_gho (id, a, c) SELECT id, a, c FROM item;
    RENAME TABLE item TO _item_del, _item_gho TO item;
    INSERT INTO item VALUES ('a6', 6, 6, 'n');
    ALTER TABLE other CHANGE e f ENUM('x','y','z');
    INSERT INTO other VALUES (1, 'z');
    DROP TABLE _item_del;
    UPDATE item SET a = 'changed' WHERE id = 6;
    ALTER TABLE item DROP COLUMN c, ADD z TEXT;
    INSERT INTO item VALUES ('a7', 7, NULL, 'text')";

/// Made while it runs and is killed.
const KILLED: &str = "USE shop;
    INSERT INTO item VALUES ('a8', 8, 'm', 'eight');
    ALTER TABLE item CHANGE z y TEXT, ADD z TEXT;
    INSERT INTO item VALUES ('a9', 9, 'm', 'y9', 'z9');
    ALTER TABLE item DROP y;
    INSERT INTO item VALUES ('a10', 10, 'n', 'z10')";

async fn follows(flavor: Flavor, arguments: &[&str]) -> Result<()> {
    let (source, target) =
        tokio::try_join!(MysqlServer::start_with(flavor, arguments), MysqlServer::start(Flavor::MariaDb1011))?;
    let mut cluster = Cluster::start(1, 1).await?;
    source.exec(SCHEMA).await?;
    target.exec(SCHEMA).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    let streaming = cluster.wait_for_stage(&task, Stage::Streaming).await;
    streaming.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    source.exec("INSERT INTO shop.item VALUES (1, 'a1', 'b1')").await?;
    cluster.wait_for_equal(&source, &target, "shop").await?;

    cluster.stop(&task).await?;
    source.exec(STOPPED).await?;
    cluster.order(&task, DesiredState::Running).await;
    let equal = cluster.wait_for_equal(&source, &target, "shop").await;
    equal.unwrap_or_else(|error| panic!("{flavor}: {error}\n{}", cluster.logs()));

    let address = format!("http://127.0.0.1:{}/metrics", cluster.cores[0].admin_port);
    let metrics = reqwest::get(address).await.unwrap().text().await.unwrap();
    for name in ["task_schema_history_bytes", "task_schema_history_versions"] {
        let line = metrics.lines().find(|line| line.starts_with(&format!("mysql_replicator_{name}{{task=\"copy\"}}")));
        let value = line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        assert!(value.is_some_and(|value| value > 4), "{name}: {line:?}");
    }

    cluster.cores[0].kill9().await;
    source.exec(KILLED).await?;
    cluster.cores[0].start_again()?;
    let equal = cluster.wait_for_equal(&source, &target, "shop").await;
    equal.unwrap_or_else(|error| panic!("{flavor}: {error}\n{}", cluster.logs()));
    Ok(())
}

/// Clients with other character sets than UTF-8: what they name in their own bytes has its name at the target.
async fn reads_statements_of_any_client(source: Flavor, arguments: &[&str], target: Flavor) -> Result<()> {
    let (source, target) = tokio::try_join!(MysqlServer::start_with(source, arguments), MysqlServer::start(target))?;
    let cluster = Cluster::start(1, 1).await?;
    let schema = "CREATE DATABASE shop CHARACTER SET latin1; CREATE TABLE shop.item (id INT PRIMARY KEY) ENGINE=InnoDB";
    source.exec(schema).await?;
    target.exec(schema).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    let mut client = source.connect().await?;
    for statement in [
        &b"SET NAMES latin1"[..],
        b"ALTER TABLE shop.item ADD COLUMN `gr\xf6\xdfe` VARCHAR(20) DEFAULT '\xfc'",
        b"INSERT INTO shop.item (id) VALUES (1)",
        b"CREATE TABLE shop.`stra\xdfe` (id INT PRIMARY KEY, e ENUM('\xe4','\xf6'), `\xc3\xbc` INT) ENGINE=InnoDB",
        b"INSERT INTO shop.`stra\xdfe` VALUES (1, '\xf6', 1)",
        b"CREATE TABLE shop.`d\xfcnn` (id INT PRIMARY KEY) ENGINE=InnoDB",
        b"DROP TABLE shop.`d\xfcnn`",
        b"SET NAMES gbk",
        b"ALTER TABLE shop.item ADD COLUMN `\xd5\x5c` INT DEFAULT 7 AFTER id",
        b"INSERT INTO shop.item VALUES (2, 8, 'x')",
    ] {
        client.query_drop(statement).await?;
    }
    let equal = cluster.wait_for_equal(&source, &target, "shop").await;
    equal.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    let names = "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' ORDER BY 1, ORDINAL_POSITION";
    let names: Vec<String> = target
        .query_strings(names)
        .await?
        .into_iter()
        .map(|row| row.into_iter().flatten().collect::<Vec<_>>().join("."))
        .collect();
    assert_eq!(names, ["item.id", "item.誠", "item.größe", "straße.id", "straße.e", "straße.Ã¼"]);
    Ok(())
}

#[tokio::test]
async fn statements_of_any_client_from_mysql() -> Result<()> {
    reads_statements_of_any_client(Flavor::MySql56, &[], Flavor::MariaDb1011).await
}

#[tokio::test]
async fn statements_of_any_client_from_mariadb() -> Result<()> {
    reads_statements_of_any_client(Flavor::MariaDb1011, &["--binlog-row-metadata=NO_LOG"], Flavor::MySql97).await
}

#[tokio::test]
async fn mariadb_without_metadata_is_followed_through_changes() -> Result<()> {
    follows(Flavor::MariaDb118, &["--binlog-row-metadata=NO_LOG"]).await
}

#[tokio::test]
async fn mysql_5_6_is_followed_through_changes() -> Result<()> {
    follows(Flavor::MySql56, &[]).await
}
