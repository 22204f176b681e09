//! Distributed transactions: rows count with XA COMMIT, whatever happens between the two parts of one.

use crate::cluster::{Cluster, copy_task};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};

const TABLES: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.item (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0, note LONGBLOB) ENGINE=InnoDB;
";

/// Runs statements in a distributed transaction up to its XA PREPARE.
async fn prepare(conn: &mut Conn, xid: &str, statements: &[String]) -> Result<()> {
    conn.query_drop(format!("XA START '{xid}'")).await?;
    for statement in statements {
        conn.query_drop(statement).await?;
    }
    conn.query_drop(format!("XA END '{xid}'")).await?;
    conn.query_drop(format!("XA PREPARE '{xid}'")).await?;
    Ok(())
}

fn insert(ids: std::ops::Range<u32>, note: &str) -> String {
    let rows: Vec<String> = ids.map(|id| format!("({id}, {id}, {note})")).collect();
    format!("INSERT INTO shop.item VALUES {}", rows.join(","))
}

async fn replicates(source: Flavor, target: Flavor) -> Result<()> {
    let (source, target, mut cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    source.exec(TABLES).await?;
    target.exec(TABLES).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;

    // Held: one is committed after other transactions, one is undone, one is committed in one phase.
    let (mut first, mut second) = (source.connect().await?, source.connect().await?);
    prepare(&mut first, "kept", &[insert(1..4, "NULL"), "UPDATE shop.item SET n = n + 1 WHERE id = 2".into()]).await?;
    prepare(&mut second, "undone", &[insert(10..14, "NULL")]).await?;
    source.exec("INSERT INTO shop.item (id) VALUES (20)").await?;
    second.query_drop("XA ROLLBACK 'undone'").await?;
    first.query_drop("XA COMMIT 'kept'").await?;
    first.query_drop("XA START 'at once'").await?;
    first.query_drop(insert(30..33, "NULL")).await?;
    first.query_drop("XA END 'at once'").await?;
    first.query_drop("XA COMMIT 'at once' ONE PHASE").await?;
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;

    // Read again: one is too large to be held, and the Core that saw it prepared is killed before another's outcome.
    let large: Vec<String> = (0..20).map(|part| insert(100 + part..101 + part, "REPEAT('x', 1048576)")).collect();
    prepare(&mut first, "large", &large).await?;
    source.exec("INSERT INTO shop.item (id) VALUES (21)").await?;
    first.query_drop("XA COMMIT 'large'").await?;
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    prepare(&mut first, "survivor", &[insert(40..44, "'x'")]).await?;
    source
        .exec("INSERT INTO shop.item (id) VALUES (22); FLUSH BINARY LOGS; INSERT INTO shop.item (id) VALUES (23)")
        .await?;
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    cluster.cores[0].kill9().await;
    cluster.cores[0].start_again()?;
    first.query_drop("XA COMMIT 'survivor'").await?;
    source.exec("INSERT INTO shop.item (id) VALUES (24)").await?;
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    let count = target.query_strings("SELECT COUNT(*), SUM(id BETWEEN 40 AND 43) FROM shop.item").await?;
    assert_eq!(count[0][1].as_deref(), Some("4"), "{count:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn distributed_transactions_of_mysql() -> Result<()> {
    replicates(Flavor::MySql97, Flavor::MariaDb1011).await
}

#[tokio::test(flavor = "multi_thread")]
async fn distributed_transactions_of_mariadb() -> Result<()> {
    replicates(Flavor::MariaDb1011, Flavor::MySql97).await
}
