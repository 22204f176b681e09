//! ENUM and SET columns, whose labels may look like numbers of other labels.

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};

/// `'1'` is the third label, `'2'` the second, and no label is at its own number.
const SCHEMA: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.keyed (id INT PRIMARY KEY, e ENUM('10','3','1','2'), s SET('4','1','2') CHARACTER SET latin1, n ENUM('x')) ENGINE=InnoDB;
    CREATE TABLE shop.keyless (e ENUM('10','3','1','2') CHARACTER SET latin1, s SET('4','1','2'), n ENUM('x')) ENGINE=InnoDB;
    CREATE TABLE shop.by_label (e ENUM('10','3','1','2') NOT NULL, s SET('4','1','2') NOT NULL, v INT,
      PRIMARY KEY (e, s)) ENGINE=InnoDB;
    CREATE TABLE shop.unread (id INT PRIMARY KEY, e ENUM('a','b'), s SET('a','b')) ENGINE=InnoDB;
";

/// A few rows at a time, which are written one by one, or many.
async fn write(source: &MysqlServer, rows: u32, first: u32) -> Result<()> {
    let mut conn = source.connect().await?;
    conn.query_drop("USE shop").await?;
    let values =
        |row: u32| format!("{}, {}, {}", row % 4 + 1, row % 8, if row.is_multiple_of(5) { "NULL" } else { "1" });
    let keyed: Vec<String> = (first..first + rows).map(|row| format!("({row}, {})", values(row))).collect();
    let keyless: Vec<String> = (first..first + rows).map(|row| format!("({})", values(row))).collect();
    let by_label: Vec<String> =
        (first..first + rows).map(|row| format!("({}, {}, {row})", row % 4 + 1, row / 4 % 8)).collect();
    let last = first + rows;
    for sql in [
        format!("INSERT INTO keyed VALUES {}", keyed.join(",")),
        format!("INSERT INTO keyless VALUES {}", keyless.join(",")),
        format!("REPLACE INTO by_label VALUES {}", by_label.join(",")),
        format!("UPDATE keyed SET e = e % 4 + 1, s = s ^ 3 WHERE id >= {first} AND id < {last}"),
        "UPDATE keyless SET s = s ^ 5 WHERE e = '1' LIMIT 3".to_owned(),
        "UPDATE by_label SET v = v + 1 WHERE e IN ('1', '2')".to_owned(),
        "DELETE FROM keyless WHERE e = '2' LIMIT 1".to_owned(),
        "DELETE FROM by_label WHERE e = '3' LIMIT 2".to_owned(),
        format!("DELETE FROM keyed WHERE id = {first}"),
    ] {
        conn.query_drop(sql).await?;
    }
    conn.disconnect().await?;
    Ok(())
}

/// What a server without strict mode makes of a label that is none: number 0, which reads as ''.
async fn write_unread(source: &MysqlServer, first: u32) -> Result<()> {
    let mut conn = source.connect().await?;
    let last = first + 1;
    conn.query_drop("USE shop").await?;
    conn.query_drop("SET sql_mode = ''").await?;
    conn.query_drop(format!("INSERT INTO unread VALUES ({first}, 'none', 'none'), ({last}, 'b', 'a,b')")).await?;
    conn.query_drop(format!("UPDATE unread SET e = 'none', s = 'b' WHERE id = {last}")).await?;
    conn.query_drop(format!("UPDATE unread SET e = 'a' WHERE id = {first}")).await?;
    conn.disconnect().await?;
    Ok(())
}

async fn labels(source: Flavor, target: Flavor) -> Result<()> {
    let (source, target, cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    source.exec(SCHEMA).await?;
    target.exec(SCHEMA).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    // MariaDB lets nobody write number 0 in strict mode.
    let takes_unread = !target.flavor().is_mariadb();
    write(&source, 3, 1).await?;
    if takes_unread {
        write_unread(&source, 1).await?;
    }
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    cluster.stop(&task).await?;
    write(&source, 32, 100).await?;
    if takes_unread {
        write_unread(&source, 100).await?;
    }
    cluster.order(&task, DesiredState::Running).await;
    let status = cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    assert_eq!(status.retries, 0, "{status:?}");
    if takes_unread {
        return Ok(());
    }
    write_unread(&source, 1).await?;
    let status = cluster.wait_for_stage(&task, Stage::Failed).await?;
    assert_eq!(status.failure.unwrap().code, "value_does_not_fit");
    Ok(())
}

/// A number that is another label at the target is not written.
#[tokio::test(flavor = "multi_thread")]
async fn other_labels_at_the_target_stop_the_task() -> Result<()> {
    let (source, target, cluster) = tokio::try_join!(
        MysqlServer::start(Flavor::MySql97),
        MysqlServer::start(Flavor::MariaDb118),
        Cluster::start(1, 1)
    )?;
    source.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, e ENUM('a','b'))").await?;
    target.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, e ENUM('b','a'))").await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    source.exec("INSERT INTO shop.t VALUES (1, 'a')").await?;
    let failure = cluster.wait_for_stage(&task, Stage::Failed).await?.failure.unwrap();
    assert_eq!(failure.code, "columns_differ", "{failure}");
    assert!(failure.reason.contains("enum('a','b')") && failure.reason.contains("enum('b','a')"), "{failure}");
    cluster.stop(&task).await?;
    target.exec("ALTER TABLE shop.t MODIFY e ENUM('a','b','c')").await?;
    cluster.order(&task, DesiredState::Running).await;
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_mysql_97_on_mysql_97() -> Result<()> {
    labels(Flavor::MySql97, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_mysql_56_on_mariadb() -> Result<()> {
    labels(Flavor::MySql56, Flavor::MariaDb118).await
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_mariadb_on_mysql_56() -> Result<()> {
    labels(Flavor::MariaDb1011, Flavor::MySql56).await
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_mariadb_on_mysql_97() -> Result<()> {
    labels(Flavor::MariaDb1011, Flavor::MySql97).await
}
