//! Text in every kind of character set comes as it was: bytes that look like quotes or backslashes inside of characters too.

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};

/// With one byte, with two of which the second may be ASCII, with ASCII of more than a byte.
const CHARSETS: [&str; 12] =
    ["latin1", "cp1251", "tis620", "gbk", "sjis", "big5", "cp932", "ujis", "euckr", "ucs2", "utf16", "utf32"];

/// Characters of the Basic Multilingual Plane without its surrogates and private ones, so many in a text.
const CHARACTERS: usize = 40;

fn texts() -> Vec<String> {
    let points = (0x20..0x600_u32).chain(0x2000..0x2700).chain(0x3000..0x3200).chain(0x4e00..0x9fff);
    let points: Vec<u32> = points.collect();
    points.chunks(CHARACTERS).map(|chunk| chunk.iter().map(|point| format!("{point:04x}")).collect()).collect()
}

async fn charsets(source: Flavor, target: Flavor) -> Result<()> {
    let (source, target, cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    let mut schema = "CREATE DATABASE shop;".to_owned();
    for charset in CHARSETS {
        schema.push_str(&format!(
            "CREATE TABLE shop.{charset} (id INT PRIMARY KEY, w VARCHAR(100), t TEXT) CHARACTER SET {charset} ENGINE=InnoDB;
             CREATE TABLE shop.{charset}_key (w VARCHAR(60), v INT, PRIMARY KEY (w)) CHARACTER SET {charset} ENGINE=InnoDB;
             CREATE TABLE shop.{charset}_plain (w VARCHAR(60), v INT) CHARACTER SET {charset} ENGINE=InnoDB;"
        ));
    }
    source.exec(&schema).await?;
    target.exec(&schema).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    cluster.stop(&task).await?;
    let mut conn = source.connect().await?;
    // What a set does not have becomes a question mark.
    conn.query_drop("SET sql_mode = ''").await?;
    conn.query_drop("USE shop").await?;
    let texts = texts();
    for charset in CHARSETS {
        let row = |(id, text): (usize, &String)| {
            format!("({id}, CONVERT(_utf16 x'{text}' USING {charset}), CONVERT(_utf16 x'{text}' USING {charset}))")
        };
        let rows: Vec<String> = texts.iter().enumerate().map(row).collect();
        conn.query_drop(format!("INSERT INTO {charset} VALUES {}", rows.join(","))).await?;
        for suffix in ["key", "plain"] {
            let sql = format!("INSERT IGNORE INTO {charset}_{suffix} SELECT w, id FROM {charset} WHERE id % 29 < 3");
            conn.query_drop(sql).await?;
        }
    }
    cluster.order(&task, DesiredState::Running).await;
    cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    for charset in CHARSETS {
        for sql in [
            format!("UPDATE {charset} SET t = CONCAT(w, t), w = NULL WHERE id % 7 = 0"),
            format!("UPDATE {charset}_key SET v = v + 1 WHERE v % 3 = 0"),
            format!("DELETE FROM {charset}_key WHERE v % 3 = 1 LIMIT 20"),
            // Row by row.
            format!("UPDATE {charset}_plain SET v = v + 1 WHERE v % 3 = 0 LIMIT 20"),
            format!("DELETE FROM {charset}_plain WHERE v % 3 = 1 LIMIT 20"),
            format!("UPDATE {charset}_key SET w = CONCAT(w, w) WHERE CHAR_LENGTH(w) < 30 LIMIT 2"),
            format!("INSERT INTO {charset} VALUES (100000, CONVERT('\\\\\\'\"' USING {charset}), 'x')"),
        ] {
            conn.query_drop(sql).await?;
        }
    }
    conn.disconnect().await?;
    let status = cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    assert_eq!(status.retries, 0, "{status:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn charsets_of_mysql_97_on_mariadb() -> Result<()> {
    charsets(Flavor::MySql97, Flavor::MariaDb118).await
}

#[tokio::test(flavor = "multi_thread")]
async fn charsets_of_mariadb_on_mysql_56() -> Result<()> {
    charsets(Flavor::MariaDb1011, Flavor::MySql56).await
}

#[tokio::test(flavor = "multi_thread")]
async fn charsets_of_mysql_56_on_mysql_97() -> Result<()> {
    charsets(Flavor::MySql56, Flavor::MySql97).await
}
