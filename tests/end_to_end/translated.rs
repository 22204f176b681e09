//! Schema changes among rows, between servers that say and take for granted different things.

use crate::cluster::{Cluster, copy_task};
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};

/// What a source does, and what comes of it at the target.
struct Case {
    changes: &'static str,
    /// Columns of the target with their collations.
    collations: &'static [(&'static str, &'static str)],
    /// A statement that has no counterpart, and the part of it that has none.
    refused: (&'static str, &'static str),
}

const FROM_MYSQL: Case = Case {
    changes: "
        CREATE DATABASE shop;
        CREATE TABLE shop.item (id INT PRIMARY KEY, a VARCHAR(9), b CHAR(3) CHARACTER SET latin1);
        INSERT INTO shop.item VALUES (1, 'a ', 'x'), (2, 'ö', 'y');
        ALTER TABLE shop.item ADD c TEXT COLLATE utf8mb4_0900_bin, ADD g POINT SRID 4326, ALGORITHM=INSTANT;
        INSERT INTO shop.item VALUES (3, 'c', 'z', 'c', ST_SRID(POINT(1, 2), 4326));
        ALTER TABLE shop.item ADD d INT /*!80023 INVISIBLE */, ADD CONSTRAINT few CHECK (id < 100), ALGORITHM=COPY, LOCK=SHARED;
        CREATE UNIQUE INDEX ua ON shop.item (a) INVISIBLE ALGORITHM=INPLACE LOCK=NONE;
        ALTER TABLE shop.item DROP CHECK few, ALTER INDEX ua VISIBLE;
        INSERT INTO shop.item (id, a, b, c, d) VALUES (200, 'a', 'z', 'c', 7);
        CREATE TABLE shop.note (id INT PRIMARY KEY, j JSON, t TIMESTAMP) ENCRYPTION='N' COMPRESSION='zlib';
        INSERT INTO shop.note VALUES (1, '{\"a\": 1}', NULL);
    ",
    collations: &[("a", "utf8mb4_uca1400_nopad_ai_ci"), ("b", "latin1_swedish_ci"), ("c", "utf8mb4_nopad_bin")],
    refused: ("ALTER TABLE shop.item ADD KEY ((id + 1))", "a key of an expression"),
};

const FROM_MARIADB: Case = Case {
    changes: "
        CREATE DATABASE shop;
        CREATE TABLE shop.item (id INT PRIMARY KEY, a VARCHAR(9), b NATIONAL CHAR(3), c VARCHAR(40) DEFAULT uuid())
          PAGE_COMPRESSED=1;
        INSERT INTO shop.item VALUES (1, 'a', 'x', 'y'), (2, 'ä', 'y', 'z');
        ALTER TABLE shop.item WAIT 5 ADD d TEXT DEFAULT 'd' NOT NULL, ADD e INT AS (id + 1) PERSISTENT, ALGORITHM=COPY;
        INSERT INTO shop.item (id, a, d) VALUES (3, 'c', 'd');
        CREATE INDEX ka ON shop.item (a) WAIT 5 IGNORED;
        CREATE OR REPLACE TABLE shop.note (id INT PRIMARY KEY, v INT);
        INSERT INTO shop.note VALUES (1, 1);
        CREATE OR REPLACE TABLE shop.note (id INT PRIMARY KEY, w VARCHAR(5) COMPRESSED);
        INSERT INTO shop.note VALUES (1, 'w');
        SET sql_mode = 'ANSI_QUOTES';
        ALTER TABLE shop.note ADD \"x\" INT INVISIBLE;
        INSERT INTO shop.note (id, w, x) VALUES (2, 'w', 5);
    ",
    collations: &[
        ("a", "utf8mb4_unicode_520_ci"),
        ("b", "utf8mb3_unicode_520_ci"),
        ("c", "utf8mb4_unicode_520_ci"),
        ("d", "utf8mb4_unicode_520_ci"),
    ],
    refused: ("ALTER TABLE shop.item ADD COLUMN IF NOT EXISTS f INT", "IF NOT EXISTS"),
};

const TO_OLD_MYSQL: Case = Case {
    changes: "
        CREATE DATABASE shop CHARACTER SET latin1;
        CREATE TABLE shop.item (id INT PRIMARY KEY, a VARCHAR(9), b TIMESTAMP, KEY ka (a DESC) INVISIBLE);
        INSERT INTO shop.item VALUES (1, 'a', NULL), (2, 'b', '2020-01-01');
        ALTER TABLE shop.item ADD c INT INVISIBLE, ADD CONSTRAINT few CHECK (id < 100) NOT ENFORCED, ALGORITHM=INSTANT;
        ALTER TABLE shop.item ALTER INDEX ka VISIBLE, ADD d VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
        INSERT INTO shop.item (id, c, d) VALUES (300, 3, 'd');
        UPDATE shop.item SET c = 5 WHERE id = 1;
        ALTER TABLE shop.item DROP CHECK few, DROP KEY ka;
    ",
    collations: &[("a", "latin1_swedish_ci"), ("d", "utf8mb4_bin")],
    refused: ("ALTER TABLE shop.item ADD e TEXT CHARACTER SET utf8mb4", "COLLATE utf8mb4_0900_ai_ci"),
};

async fn is_translated(source: Flavor, target: Flavor, case: Case) -> Result<()> {
    let (source, target, cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    source.exec(case.changes).await?;
    let status = cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    assert_eq!(status.retries, 0, "{status:?}");
    let sql = "SELECT column_name, collation_name FROM information_schema.columns WHERE table_schema = 'shop' \
               AND table_name = 'item' AND collation_name IS NOT NULL ORDER BY column_name";
    let found = target.query_strings(sql).await?;
    let found: Vec<(String, String)> =
        found.into_iter().map(|row| (row[0].clone().unwrap_or_default(), row[1].clone().unwrap_or_default())).collect();
    let expected = case.collations.iter().map(|(name, collation)| ((*name).to_owned(), (*collation).to_owned()));
    assert_eq!(found, expected.collect::<Vec<_>>());
    let before = target.query_strings("SHOW CREATE TABLE shop.item").await?;
    source.exec(case.refused.0).await?;
    let failure = cluster.wait_for_stage(&task, Stage::Failed).await?.failure.unwrap();
    assert_eq!(failure.code, "schema_change_not_translated", "{failure:?}");
    assert!(failure.reason.contains(case.refused.1) && failure.reason.contains(case.refused.0), "{failure:?}");
    assert_eq!(target.query_strings("SHOW CREATE TABLE shop.item").await?, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_changes_of_mysql_are_told_to_mariadb() -> Result<()> {
    is_translated(Flavor::MySql97, Flavor::MariaDb1011, FROM_MYSQL).await
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_changes_of_mariadb_are_told_to_mysql() -> Result<()> {
    is_translated(Flavor::MariaDb118, Flavor::MySql97, FROM_MARIADB).await
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_changes_of_mysql_97_are_told_to_mysql_56() -> Result<()> {
    is_translated(Flavor::MySql97, Flavor::MySql56, TO_OLD_MYSQL).await
}
