//! Rows that a server calls equal and that are not the same: without a key, the one that the source means is found.

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};

const SCHEMA: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.decimal_key (d DECIMAL(40,0) PRIMARY KEY, v INT) ENGINE=InnoDB;
    CREATE TABLE shop.decimals (d DECIMAL(40,10), v INT) ENGINE=InnoDB;
    CREATE TABLE shop.doubles (d DOUBLE, f FLOAT, v INT) ENGINE=InnoDB;
    CREATE TABLE shop.words (w VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
      l CHAR(10) CHARACTER SET latin1 COLLATE latin1_swedish_ci, t TEXT CHARACTER SET utf8mb4, v INT) ENGINE=InnoDB;
    CREATE TABLE shop.moments (a DATETIME(6), b TIME(6), c TIMESTAMP(6) NULL, y YEAR, v INT) ENGINE=InnoDB;
    CREATE TABLE shop.bits (b BIT(64), u BIGINT UNSIGNED, i BIGINT, x VARBINARY(10), v INT) ENGINE=InnoDB;
    CREATE TABLE shop.mixed (w VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, UNIQUE KEY (w)) ENGINE=InnoDB;
";

/// MariaDB stores no negative zero.
const ZEROS: &str = "INSERT INTO doubles VALUES (0, -0e0, 1), (-0e0, 0, 1)";

const ROWS: [&str; 7] = [
    "INSERT INTO decimal_key VALUES (1000000000000000000000000000000000000001, 1), (1000000000000000000000000000000000000002, 2),
       (1000000000000000000000000000000000000003, 3)",
    "INSERT INTO decimals VALUES (100000000000000000000000000001.0000000001, 1), (100000000000000000000000000001.0000000002, 1),
       (100000000000000000000000000001.0000000003, 1), (0.1, 1), (0.1000000001, 1)",
    "INSERT INTO doubles VALUES (0.1, 0.1, 1), (0.30000000000000004, 0.3, 1), (0.3, 0.3, 1), (1e300, 16777216, 1),
       (1e300, 16777215, 1)",
    ZEROS,
    "INSERT INTO words VALUES ('a', 'a', 'a', 1), ('A', 'a', 'a', 1), ('a', 'A', 'a', 1), ('a', 'a', 'A', 1), ('ä', 'a', 'a', 1),
       ('a', 'ä', 'a', 1), ('a ', 'a', 'a', 1), ('a', 'a', 'a ', 1), (NULL, 'a', 'a', 1), ('', 'a', 'a', 1)",
    "INSERT INTO moments VALUES ('2026-01-01 00:00:00', '00:00:01', '2026-01-01 00:00:00', 2026, 1),
       ('2026-01-01 00:00:00.000001', '00:00:01', '2026-01-01 00:00:00', 2026, 1),
       ('2026-01-01 00:00:00', '00:00:01.000001', '2026-01-01 00:00:00', 2026, 1),
       ('2026-01-01 00:00:00', '-00:00:01', '2026-01-01 00:00:00.000001', 2026, 1),
       ('2026-01-01 00:00:00', '00:00:01', '2026-01-01 00:00:00', 0, 1), ('2026-01-01 00:00:00', '00:00:01', NULL, 2000, 1)",
    "INSERT INTO bits VALUES (18446744073709551615, 18446744073709551615, -9223372036854775808, 'a', 1),
       (18446744073709551614, 18446744073709551615, -9223372036854775808, 'a', 1),
       (18446744073709551615, 18446744073709551614, -9223372036854775808, 'a', 1),
       (18446744073709551615, 18446744073709551615, -9223372036854775807, 'a', 1),
       (18446744073709551615, 18446744073709551615, -9223372036854775808, 'A', 1),
       (18446744073709551615, 18446744073709551615, -9223372036854775808, 'a ', 1), (0, 0, 0, '', 1), (0, 0, 0, '\\0', 1)",
];

/// Each row is changed by itself, found exactly, and the last of those that look alike first.
const CHANGES: [&str; 17] = [
    "UPDATE decimal_key SET v = 20 WHERE d = 1000000000000000000000000000000000000002",
    "DELETE FROM decimal_key WHERE d = 1000000000000000000000000000000000000003",
    "UPDATE decimals SET v = 2 WHERE d = 100000000000000000000000000001.0000000003",
    "DELETE FROM decimals WHERE d = 100000000000000000000000000001.0000000002",
    "UPDATE decimals SET v = 2 WHERE d = 0.1000000001",
    "UPDATE doubles SET v = 2 WHERE d = 0.30000000000000004e0",
    "UPDATE doubles SET v = 2 WHERE f = 16777215",
    "UPDATE doubles SET v = 2 WHERE d = 0 AND ATAN2(d, -1) < 0",
    "UPDATE doubles SET f = 1 WHERE f = 0 AND ATAN2(f, -1) < 0",
    "DELETE FROM doubles WHERE d = 0",
    "UPDATE words SET v = 2 WHERE HEX(w) = '41' OR HEX(l) = '41' OR HEX(t) = '41'",
    "DELETE FROM words WHERE HEX(w) = 'C3A4' OR HEX(l) = 'E4' OR HEX(w) = '6120' OR HEX(t) = '6120'",
    "UPDATE moments SET v = 2 WHERE MICROSECOND(a) > 0 OR MICROSECOND(b) > 0 OR MICROSECOND(c) > 0",
    "DELETE FROM moments WHERE y = 0",
    "UPDATE bits SET v = 2 WHERE b = 18446744073709551614 OR u = 18446744073709551614 OR i = -9223372036854775807",
    "UPDATE bits SET v = 3 WHERE x = 'A' OR x = 'a ' OR HEX(x) = '00'",
    "UPDATE mixed SET w = UPPER(w)",
];

async fn near(source: Flavor, target: Flavor) -> Result<()> {
    let (source, target, cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    source.exec(SCHEMA).await?;
    target.exec(SCHEMA).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    let mut conn = source.connect().await?;
    conn.query_drop("SET NAMES utf8mb4").await?;
    conn.query_drop("USE shop").await?;
    if (source.flavor(), target.flavor()) == (Flavor::MySql97, Flavor::MySql97) {
        let json = "CREATE TABLE shop.documents (j JSON, v INT) ENGINE=InnoDB";
        source.exec(json).await?;
        conn.query_drop(r#"INSERT INTO documents VALUES ('{"a": 1}', 1), ('{"a": 1.0}', 1), ('[1]', 1), ('[1.0]', 1)"#)
            .await?;
        conn.query_drop("UPDATE documents SET v = 2 WHERE JSON_TYPE(j->'$[0]') = 'DOUBLE'").await?;
        conn.query_drop("DELETE FROM documents WHERE JSON_TYPE(j->'$.a') = 'DOUBLE'").await?;
    }
    let is_shown_alike = |sql: &&str| *sql != ZEROS || !target.flavor().is_mariadb();
    for sql in ROWS.into_iter().filter(is_shown_alike).chain(["INSERT INTO mixed VALUES ('a'), ('b'), (NULL), (NULL)"])
    {
        conn.query_drop(sql).await?;
    }
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    // One by one as they come, then as a backlog.
    for is_live in [true, false] {
        if !is_live {
            cluster.stop(&task).await?;
            for sql in ROWS {
                conn.query_drop(sql.replace("INSERT INTO decimal_key", "REPLACE INTO decimal_key")).await?;
            }
        }
        for sql in CHANGES {
            conn.query_drop(sql).await?;
        }
        if !is_live {
            cluster.order(&task, DesiredState::Running).await;
        }
        cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    }
    conn.disconnect().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn near_values_of_mysql_97_on_mysql_97() -> Result<()> {
    near(Flavor::MySql97, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn near_values_of_mysql_56_on_mariadb() -> Result<()> {
    near(Flavor::MySql56, Flavor::MariaDb118).await
}

#[tokio::test(flavor = "multi_thread")]
async fn near_values_of_mariadb_on_mysql_56() -> Result<()> {
    near(Flavor::MariaDb1011, Flavor::MySql56).await
}
