//! A backlog is written folded, many rows to a statement, and the target is no other for it.

use crate::cluster::{Cluster, copy_task};
use crate::workload::Random;
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};

const SCHEMA: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.plain (id INT PRIMARY KEY, v INT, w VARCHAR(40) CHARACTER SET latin1) ENGINE=InnoDB;
    CREATE TABLE shop.pair (a INT NOT NULL, b VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
      v DATETIME(3) NULL, x BINARY(4), PRIMARY KEY (a, b)) ENGINE=InnoDB;
    CREATE TABLE shop.tag (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)) ENGINE=InnoDB;
    CREATE TABLE shop.uni (id INT PRIMARY KEY, u INT NULL, UNIQUE KEY (u)) ENGINE=InnoDB;
    CREATE TABLE shop.parent (id INT PRIMARY KEY, v INT) ENGINE=InnoDB;
    CREATE TABLE shop.child (id INT PRIMARY KEY, parent INT NULL,
      FOREIGN KEY (parent) REFERENCES shop.parent (id) ON DELETE CASCADE) ENGINE=InnoDB;
    CREATE TABLE shop.keyless (v INT) ENGINE=InnoDB;
    CREATE TABLE shop.part (id INT PRIMARY KEY, a INT NULL, b DOUBLE NULL, c VARCHAR(20) NULL DEFAULT 'x', d INT NOT NULL,
      at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP, dt DATETIME NULL ON UPDATE CURRENT_TIMESTAMP, n TEXT) ENGINE=InnoDB;
    CREATE TABLE shop.checked (id INT PRIMARY KEY, a INT NULL, c VARCHAR(20) NULL,
      CHECK (a IS NOT NULL OR c IS NOT NULL)) ENGINE=InnoDB;
";

const TRANSACTIONS: u64 = 400;

/// Few keys, so that the same rows are changed again and again. What the source refuses is not in its log.
fn change(random: &mut Random) -> String {
    let (id, value) = (random.below(40), random.below(1_000));
    let word = ["a", "A", "b", "\u{e4}", "z "][random.below(5) as usize];
    match random.below(26) {
        0..=2 => format!("INSERT INTO plain VALUES ({id}, {value}, '{word}{value}')"),
        3..=5 => format!("UPDATE plain SET v = {value} WHERE id BETWEEN {id} AND {}", id + random.below(6)),
        6 => format!("DELETE FROM plain WHERE id = {id}"),
        7 => format!("UPDATE plain SET id = {value} WHERE id = {id}"),
        8 => format!("INSERT INTO pair VALUES ({id}, '{word}', '2026-02-03 04:05:06.7{}', x'00ff')", value % 10),
        9 => format!("UPDATE pair SET v = NULL, x = x'0a00' WHERE a = {id}"),
        10 => format!("UPDATE pair SET b = UPPER(b) WHERE a = {id}"),
        11 => format!("DELETE FROM pair WHERE a = {id}"),
        12 => format!("INSERT INTO tag VALUES ({id}, {})", value % 3),
        13 => format!("UPDATE tag SET b = b + 1 WHERE a = {id} ORDER BY b DESC"),
        14 => format!("INSERT INTO uni VALUES ({id}, {})", value % 50),
        15 => format!("UPDATE uni SET u = {} WHERE id = {id}", value % 50),
        16 => format!("DELETE FROM uni WHERE u = {}", value % 50),
        17 => format!("INSERT INTO parent VALUES ({}, {value})", id % 8),
        18 if value % 2 == 0 => format!("INSERT INTO child VALUES ({value}, {})", id % 8),
        18 => format!("DELETE FROM parent WHERE id = {}", id % 8),
        19 => {
            format!(
                "INSERT INTO part VALUES ({id}, {value}, {value}e-1, '{word}', {value}, '2020-02-03 04:05:06', NULL, 'n')"
            )
        }
        // Some columns, others by themselves, and what is equal and not the same.
        20 => format!("UPDATE part SET a = {value} WHERE id BETWEEN {id} AND {}", id + random.below(6)),
        21 => format!("UPDATE part SET b = -b, at = at, dt = dt WHERE id > {id}"),
        22 => format!("UPDATE part SET c = NULL, d = d + 1, at = NULL, dt = '2021-01-01' WHERE id <= {id}"),
        23 => format!("REPLACE INTO checked VALUES ({id}, {value}, NULL), ({value}, NULL, '{word}')"),
        24 => format!("UPDATE checked SET a = a + 1, c = CONCAT(c, 'x') WHERE id BETWEEN {id} AND {}", id + 5),
        _ if value % 3 == 0 => format!("DELETE FROM keyless WHERE v = {} LIMIT 1", value % 7),
        _ => format!("INSERT INTO keyless VALUES ({}), ({})", value % 7, value % 5),
    }
}

async fn write(source: &MysqlServer, seed: u64) -> Result<()> {
    let mut random = Random::new(seed);
    let mut conn = source.connect().await?;
    conn.query_drop("USE shop").await?;
    for _ in 0..TRANSACTIONS {
        conn.query_drop("BEGIN").await?;
        for _ in 0..1 + random.below(12) {
            let _refused = conn.query_drop(change(&mut random)).await;
        }
        conn.query_drop(if random.below(10) == 0 { "ROLLBACK" } else { "COMMIT" }).await?;
    }
    conn.disconnect().await?;
    Ok(())
}

async fn counter(server: &MysqlServer, name: &str) -> Result<u64> {
    let rows = server.query_strings(&format!("SHOW GLOBAL STATUS LIKE '{name}'")).await?;
    Ok(rows[0][1].as_deref().unwrap_or_default().parse().unwrap())
}

async fn folds(source: Flavor, target: Flavor) -> Result<()> {
    let (source, target, cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    source.exec(SCHEMA).await?;
    target.exec(SCHEMA).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    for seed in 0..3 {
        cluster.stop(&task).await?;
        write(&source, seed).await?;
        cluster.order(&task, DesiredState::Running).await;
        let status = cluster.wait_for_copy(&task, &source, &target, "shop").await?;
        assert_eq!(status.retries, 0, "{status:?}");
    }

    // Ten thousand changes of a table that folds.
    cluster.stop(&task).await?;
    let many: Vec<String> = (1_000..2_000).map(|id| format!("({id}, {id}, 'x')")).collect();
    source.exec(&format!("INSERT INTO shop.plain VALUES {}", many.join(","))).await?;
    source
        .exec("INSERT INTO shop.uni VALUES (3001, 9001), (3002, 9002), (3003, 9003), (3004, 9004), (3005, 9005)")
        .await?;
    for round in 0..9 {
        source.exec(&format!("UPDATE shop.plain SET v = v + {round} WHERE id >= 1000")).await?;
    }
    let (before, updates) = (counter(&target, "Questions").await?, counter(&target, "Com_update").await?);
    cluster.order(&task, DesiredState::Running).await;
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    let statements = counter(&target, "Questions").await? - before;
    assert!(statements < 5_000, "{statements} statements for 10,000 changes");
    assert_eq!(counter(&target, "Com_update").await?, updates, "no row was updated by itself");
    drifted(&cluster, &task, &source, &target).await
}

/// A row that should be there and is not stops the task at that row, with nothing written; mended, it goes on.
async fn drifted(
    cluster: &Cluster,
    task: &replicator_model::name::TaskName,
    source: &MysqlServer,
    target: &MysqlServer,
) -> Result<()> {
    for (drift, change, code, mend) in [
        (
            "DELETE FROM shop.plain WHERE id = 1500",
            "UPDATE shop.plain SET v = 7 WHERE id >= 1490 AND id < 1510",
            "row_not_found",
            "INSERT INTO shop.plain SELECT 1500, v, w FROM shop.plain WHERE id = 1501",
        ),
        (
            "DELETE FROM shop.plain WHERE id = 1600",
            "DELETE FROM shop.plain WHERE id >= 1590 AND id < 1610",
            "row_not_found",
            "INSERT INTO shop.plain SELECT 1600, v, w FROM shop.plain WHERE id = 1601",
        ),
        (
            "INSERT INTO shop.plain VALUES (5003, 1, 'mine')",
            "INSERT INTO shop.plain VALUES (5001, 1, 'a'), (5002, 1, 'a'), (5003, 1, 'a'), (5004, 1, 'a'), (5005, 1, 'a')",
            "duplicate_key",
            "DELETE FROM shop.plain WHERE id = 5003",
        ),
        // Another row has the unique key that the missing one is to get.
        (
            "DELETE FROM shop.uni WHERE id = 3004; INSERT INTO shop.uni VALUES (4000, 7777)",
            "UPDATE shop.uni SET u = IF(id = 3004, 7777, u + 100) WHERE id BETWEEN 3001 AND 3005",
            "row_not_found",
            "DELETE FROM shop.uni WHERE id = 4000; INSERT INTO shop.uni VALUES (3004, 9004)",
        ),
    ] {
        target.exec(drift).await?;
        let rows = "SELECT (SELECT COUNT(*) + SUM(v) FROM shop.plain), (SELECT SUM(id * u) FROM shop.uni)";
        let drifted = target.query_strings(rows).await?;
        source.exec(change).await?;
        let status = cluster.wait_for_stage(task, Stage::Failed).await?;
        let failure = status.failure.unwrap();
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.reason.contains(if change.contains("uni") { "shop.uni" } else { "shop.plain" }), "{failure}");
        assert_eq!(target.query_strings(rows).await?, drifted, "nothing of the transaction was written");
        target.exec(mend).await?;
        cluster.stop(task).await?;
        cluster.order(task, DesiredState::Running).await;
        cluster.wait_for_copy(task, source, target, "shop").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_of_mysql_97_is_folded_on_mysql_97() -> Result<()> {
    folds(Flavor::MySql97, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_of_mariadb_is_folded_on_mysql_56() -> Result<()> {
    folds(Flavor::MariaDb1011, Flavor::MySql56).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_of_mysql_97_is_folded_on_mariadb() -> Result<()> {
    folds(Flavor::MySql97, Flavor::MariaDb118).await
}
