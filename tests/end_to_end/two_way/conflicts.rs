//! The same rows written at two sites, and what becomes of them.

use super::{at_rest, count};
use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

/// Tables of two databases: in `home` one site wins, in `newest` the newer row.
const CONTESTED: &str = "
    CREATE DATABASE home; CREATE DATABASE newest;
    CREATE TABLE home.item (id INT PRIMARY KEY, w VARCHAR(60)) ENGINE=InnoDB;
    CREATE TABLE newest.item (id INT PRIMARY KEY, w VARCHAR(60), at DATETIME(6) NOT NULL) ENGINE=InnoDB;
";

/// Rows that both sites change.
const ROWS: u32 = 3_000;

/// Written while no task runs: every row at both sites, keys that both insert, and rows that only one has any more.
fn apart(site: char, deleted: &str) -> String {
    let inserted: Vec<u32> = (ROWS + 1..=ROWS + 500).collect();
    let home: Vec<String> = inserted.iter().map(|id| format!("({id}, '{site} {id}')")).collect();
    let newest: Vec<String> = inserted.iter().map(|id| format!("({id}, '{site} {id}', NOW(6))")).collect();
    // Some at the same time: what else they have decides.
    format!(
        "UPDATE home.item SET w = CONCAT('{site} apart ', id);
         UPDATE newest.item SET w = CONCAT('{site} apart ', id), at = NOW(6);
         UPDATE newest.item SET at = '2037-01-01' WHERE id BETWEEN 201 AND 300;
         INSERT INTO home.item VALUES {}; INSERT INTO newest.item VALUES {};
         DELETE FROM home.item WHERE {deleted}; DELETE FROM newest.item WHERE {deleted}",
        home.join(","),
        newest.join(",")
    )
}

/// Written while the tasks run: rows that the other site writes too.
async fn race(server: &MysqlServer, site: char) -> Result<()> {
    for round in 0..30 {
        let first = 1_001 + round % 10 * 100;
        let rows = format!("id BETWEEN {first} AND {}", first + 99);
        server
            .exec(&format!(
                "UPDATE home.item SET w = CONCAT('{site} {round} ', id) WHERE {rows};
                 UPDATE newest.item SET w = CONCAT('{site} {round} ', id), at = NOW(6) WHERE {rows}"
            ))
            .await?;
    }
    Ok(())
}

/// More than 10,000 writes of the same rows at two sites, by two policies.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_conflicting_writes_converge() -> Result<()> {
    let (a, b, cluster) = tokio::try_join!(
        MysqlServer::start(Flavor::MySql97),
        MysqlServer::start(Flavor::MariaDb118),
        Cluster::start(1, 1)
    )?;
    for server in [&a, &b] {
        server.exec(CONTESTED).await?;
    }
    let (first, second) = ((&a, &b, "a_to_b"), (&b, &a, "b_to_a"));
    let mut tasks = Vec::new();
    for (database, (from, to, way), settings) in [
        ("home", first, "on_conflict = \"overwrite\"\ncompare = \"row\""),
        ("home", second, "on_conflict = \"skip\"\ncompare = \"row\""),
        ("newest", first, "on_conflict = \"newest\"\nnewest_by = \"at\""),
        ("newest", second, "on_conflict = \"newest\"\nnewest_by = \"at\""),
    ] {
        let settings = format!("{settings}\nconflicts_max = 1000000\n[pipe]");
        let spec = copy_task(&format!("{database}_{way}"), from, to, "").replace("[pipe]", &settings);
        let task = cluster.create(&spec.replace("shop.*", &format!("{database}.*"))).await;
        cluster.wait_for_stage(&task, Stage::Streaming).await?;
        tasks.push((task, database));
    }
    let rows: Vec<String> = (1..=ROWS).map(|id| format!("({id}, '', NOW(6))")).collect();
    a.exec(&format!(
        "INSERT INTO newest.item VALUES {}; INSERT INTO home.item SELECT id, w FROM newest.item",
        rows.join(",")
    ))
    .await?;
    for (task, database) in &tasks {
        cluster.wait_for_copy(task, &a, &b, database).await?;
    }
    for (task, _) in &tasks {
        cluster.stop(task).await?;
    }
    a.exec(&apart('a', "id BETWEEN 1 AND 100")).await?;
    b.exec(&apart('b', "id BETWEEN 101 AND 200")).await?;
    let begun = std::time::SystemTime::now();
    for (task, _) in &tasks {
        cluster.order(task, DesiredState::Running).await;
    }
    tokio::try_join!(race(&a, 'a'), race(&b, 'b'))?;
    for (task, database) in &tasks {
        cluster.wait_for_copy(task, &a, &b, database).await?;
    }
    println!("converged within {:?}", begun.elapsed());
    at_rest(&[&a, &b]).await?;
    for (task, database) in &tasks {
        cluster.wait_for_copy(task, &a, &b, database).await?;
    }
    let reasons = "SELECT task, reason, action, COUNT(*) FROM mysql_replicator.conflict GROUP BY 1, 2, 3";
    for server in [&a, &b] {
        println!("{:?}", server.query_strings(reasons).await?);
        let of_both = "home.item WHERE id BETWEEN 301 AND 1000 AND w LIKE 'a apart %'";
        assert_eq!(count(server, of_both).await, 700, "the site that wins has won");
        assert_eq!(count(server, "home.item WHERE id <= 100").await, 0, "it deleted these");
        assert_eq!(count(server, "home.item WHERE id BETWEEN 101 AND 200").await, 100, "and kept these");
        assert_eq!(count(server, "newest.item WHERE id <= 200").await, 0, "a deletion has no time");
        let later = "newest.item WHERE id BETWEEN 301 AND 1000 AND w LIKE 'b apart %'";
        assert_eq!(count(server, later).await, 700, "the newer is kept");
        let tied = "newest.item WHERE id BETWEEN 201 AND 300 AND w LIKE 'b apart %'";
        assert_eq!(count(server, tied).await, 100, "of the same time the greater row is kept");
        let differing = "mysql_replicator.conflict WHERE reason = 'row_differs'";
        assert!(count(server, differing).await > ROWS.into(), "each is recorded");
    }
    Ok(())
}

/// A column of each kind, in other character sets at the other site where it can be.
fn types(site: &str, text: &str) -> String {
    format!(
        "CREATE DATABASE shop; CREATE TABLE shop.types (id INT PRIMARY KEY, site VARCHAR(5), i TINYINT, u BIGINT UNSIGNED,
           f FLOAT, f2 FLOAT(8,3), d DOUBLE, m DECIMAL(40,12), c CHAR(10) CHARACTER SET {text}, v VARCHAR(50) CHARACTER SET {text},
           x TEXT CHARACTER SET {text}, b BLOB, n BINARY(8), o VARBINARY(8), da DATE, dt DATETIME(6), ts TIMESTAMP(3) NULL,
           ti TIME(2), y YEAR, bi BIT(13), e ENUM('a', 'B'), s SET('x', 'y', 'z'), j JSON, g INT AS (i + 1)) ENGINE=InnoDB
           COMMENT '{site}'"
    )
}

const VALUES: &str = "-3, 18446744073709551615, 0.1, 12345.678, 1e-300, 1234567890123456789012345678.000000000001, 'Ab ', 'Stra\u{df}e ',
    'long', 'b\0\u{1}', 'bin', 'v', '0001-01-01', '2026-11-22 08:00:00.123456', '2026-11-22 08:00:00.123', '-10:00:00.12', 2026,
    b'1010101', 'B', 'x,z', '{\"a\": [1, 2.5, null, \"\u{e4}\"]}'";

/// Rows are compared whole, and the task stops where one differs in nothing but the case of a letter.
#[tokio::test(flavor = "multi_thread")]
async fn no_row_differs_from_itself_whatever_its_types() -> Result<()> {
    let settings = "compare = \"row\"";
    let (a, b, cluster) = tokio::try_join!(
        MysqlServer::start(Flavor::MySql97),
        MysqlServer::start(Flavor::MariaDb118),
        Cluster::start(1, 1)
    )?;
    a.exec(&types("a", "latin1")).await?;
    b.exec(&types("b", "utf8mb4")).await?;
    let mut tasks = Vec::new();
    for (name, from, to) in [("a_to_b", &a, &b), ("b_to_a", &b, &a)] {
        let spec = copy_task(name, from, to, "").replace("[pipe]", &format!("{settings}\n[pipe]"));
        let task = cluster.create(&spec).await;
        cluster.wait_for_stage(&task, Stage::Streaming).await?;
        tasks.push(task);
    }
    let columns = "id, site, i, u, f, f2, d, m, c, v, x, b, n, o, da, dt, ts, ti, y, bi, e, s, j";
    let nulls = ["NULL"; 21].join(", ");
    for (server, site, first) in [(&a, "a", 1), (&b, "b", 11)] {
        server
            .exec(&format!(
                "INSERT INTO shop.types ({columns}) VALUES ({first}, '{site}', {VALUES}), ({}, '{site}', {nulls})",
                first + 1
            ))
            .await?;
    }
    let same = async |what: &str, expected: u64| -> Result<()> {
        for server in [&a, &b] {
            let all = eventually(what, Duration::from_secs(60), async || match count(server, "shop.types").await {
                rows if rows == expected => Ok(()),
                rows => Err(format!("{rows} rows\n{}", cluster.logs())),
            });
            all.await.unwrap_or_else(|error| panic!("{error}"));
        }
        Ok(())
    };
    same("all rows are at both sites", 4).await?;
    // At the other site than where they were made, so that each is compared as it was written there.
    a.exec("UPDATE shop.types SET site = 'x' WHERE site = 'b'").await?;
    b.exec("UPDATE shop.types SET site = 'y' WHERE site = 'a'; INSERT INTO shop.types (id) VALUES (100)").await?;
    same("all changes are at both sites", 5).await?;
    a.exec("DELETE FROM shop.types WHERE site = 'x' OR id = 100").await?;
    b.exec("UPDATE shop.types SET v = CONCAT(v, '.') WHERE site = 'y'; DELETE FROM shop.types WHERE id = 2").await?;
    same("rows go at both sites", 1).await?;
    for task in &tasks {
        cluster.wait_for_stage(task, Stage::Streaming).await?;
    }
    // What somebody else does at the target, and no log says.
    let mut alone = a.connect().await?;
    alone
        .query_drop("SET sql_log_bin = 0; UPDATE shop.types SET v = UPPER(v) WHERE id = 1; SET sql_log_bin = 1")
        .await?;
    b.exec("UPDATE shop.types SET i = 4 WHERE id = 1").await?;
    let failure = cluster.wait_for_stage(&tasks[1], Stage::Failed).await?.failure.unwrap();
    assert_eq!(failure.code, "row_differs", "{failure}");
    assert!(failure.reason.contains("shop.types"), "{failure}");
    Ok(())
}
