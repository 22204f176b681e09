//! Distributed transactions: rows count with XA COMMIT, whatever happens between the two parts of one.

use crate::cluster::{Cluster, copy_task};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

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

/// What is read again was written before its table was changed, and the log does not describe tables.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_read_again_has_the_names_of_its_time() -> Result<()> {
    let (source, target, cluster) = tokio::try_join!(
        MysqlServer::start_with(Flavor::MariaDb1011, &["--binlog-row-metadata=NO_LOG"]),
        MysqlServer::start(Flavor::MySql97),
        Cluster::start(1, 1)
    )?;
    const PAIR: &str = "CREATE DATABASE shop;
        CREATE TABLE shop.pair (id INT PRIMARY KEY, a VARCHAR(200), b VARCHAR(200)) ENGINE=InnoDB CHARSET latin1";
    source.exec(PAIR).await?;
    target.exec(PAIR).await?;
    let spec = copy_task("copy", &source, &target, "") + "prepared_bytes_max = \"64KiB\"\n";
    let task = cluster.create(&spec).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    source.exec("INSERT INTO shop.pair VALUES (1, 'a', 'b')").await?;
    let mut client = source.connect().await?;
    let rows = |first: u32| -> Vec<String> {
        let row = |id| format!("INSERT INTO shop.pair VALUES ({id}, REPEAT('a', 200), REPEAT('b', 200))");
        (first..first + 300).map(row).collect()
    };
    // One is prepared while the task runs, one while it is stopped; of both it reads the outcome after it was started again.
    prepare(&mut client, "seen", &rows(1000)).await?;
    cluster.wait_for_equal(&source, &target, "shop").await?;
    stop(&cluster, &task).await?;
    client.query_drop("XA COMMIT 'seen'").await?;
    prepare(&mut client, "unseen", &rows(2000)).await?;
    client.query_drop("XA COMMIT 'unseen'").await?;
    source
        .exec("ALTER TABLE shop.pair CHANGE a b VARCHAR(200), CHANGE b a VARCHAR(200); INSERT INTO shop.pair VALUES (2, 'b', 'a')")
        .await?;
    cluster.order(&task, DesiredState::Running).await;
    let equal = cluster.wait_for_equal(&source, &target, "shop").await;
    equal.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    let swapped = target.query_strings("SELECT COUNT(*), SUM(a LIKE 'b%'), SUM(b LIKE 'a%') FROM shop.pair").await?;
    let swapped: Vec<_> = swapped.iter().flatten().map(|count| count.as_deref()).collect();
    assert_eq!(swapped, [Some("602"), Some("601"), Some("601")]);
    assert!(cluster.logs().contains("looking for a prepared transaction"), "none was read again");
    Ok(())
}

async fn stop(cluster: &Cluster, task: &TaskName) -> Result<()> {
    cluster.order(task, DesiredState::Stopped).await;
    eventually("the task to stop", Duration::from_secs(60), async || match cluster.status(task).await {
        None => Ok(()),
        Some(status) => Err(status.stage),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn distributed_transactions_of_mysql() -> Result<()> {
    replicates(Flavor::MySql97, Flavor::MariaDb1011).await
}

#[tokio::test(flavor = "multi_thread")]
async fn distributed_transactions_of_mariadb() -> Result<()> {
    replicates(Flavor::MariaDb1011, Flavor::MySql97).await
}
