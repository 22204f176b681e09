//! What the producer makes of real servers' binary logs, and what it says where it can't.

mod administration;
mod failures;
mod followed;
mod hosts;
mod oddities;
mod reading;
mod sampled;
/// Statements made up from a seed, as the history of tables is held against real servers with.
#[path = "../../../core/mysql/tests/follows_ddl/random.rs"]
mod statements;

use reading::{Reading, spec};
use replicator_model::gtid::GtidSet;
use replicator_tests::{Flavor, MysqlServer};

const TABLES: &str = "
    CREATE DATABASE shop; CREATE DATABASE hr;
    CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20), price DECIMAL(10,2) UNSIGNED, n MEDIUMINT);
    CREATE TABLE shop.keyless (a INT, b INT NOT NULL, UNIQUE KEY (b));
    CREATE TABLE shop.skipped (a INT);
    CREATE TABLE hr.person (id INT PRIMARY KEY)";

const ROWS: &str = "
    INSERT INTO shop.item VALUES (1, 'a', 1.50, -1), (2, NULL, NULL, NULL);
    BEGIN;
    UPDATE shop.item SET name = 'b' WHERE id = 1;
    INSERT INTO hr.person VALUES (1);
    DELETE FROM shop.item WHERE id = 2;
    COMMIT;
    INSERT INTO shop.skipped VALUES (1)";

const SCHEMA_AND_ROWS: &str = "
    ALTER TABLE hr.person ADD COLUMN x INT;
    ALTER TABLE shop.item ADD COLUMN extra INT NULL;
    INSERT INTO shop.keyless VALUES (NULL, 1);
    INSERT INTO shop.item VALUES (3, 'c', 0, 8388607, 7)";

const LINES: [&str; 14] = [
    "begin",
    "insert shop.item 1,a,1.50,-1",
    "insert shop.item 2,NULL,NULL,NULL",
    "commit",
    "begin",
    "update shop.item 1,a,1.50,-1 -> 1,b,1.50,-1",
    "delete shop.item 2,NULL,NULL,NULL",
    "commit",
    "begin",
    "schema in  on shop.item: ALTER TABLE shop.item ADD COLUMN extra INT NULL",
    "commit",
    "begin",
    "insert shop.keyless NULL,1",
    "commit",
];

const SHOP: &str = r#""tables": ["shop.item", "shop.key*"]"#;

/// The same statements give the same changes from every server; then the stream goes on after its middle.
async fn reads_transactions(flavor: Flavor, extra_args: &[&str]) -> Reading {
    let server = MysqlServer::start_with(flavor, extra_args).await.unwrap();
    server.exec(TABLES).await.unwrap();
    let latest = spec(&server, SHOP);
    let mut reading = Reading::open(&latest, None).await.unwrap();
    server.exec(ROWS).await.unwrap();
    reading.commits(2).await.unwrap();
    let middle = reading.checkpoint();
    server.exec(SCHEMA_AND_ROWS).await.unwrap();
    reading.commits(3).await.unwrap();
    assert_eq!(reading.lines[..14], LINES, "{flavor}");
    assert_eq!(reading.lines[15], "insert shop.item 3,c,0.00,8388607,7", "{flavor}");

    let item = &reading.rows[0].table;
    let columns: Vec<(&str, &str)> = item.columns.iter().map(|c| (c.name.as_str(), c.column_type.as_str())).collect();
    assert_eq!((columns[0].0, columns[1]), ("id", ("name", "varchar(20)")), "{flavor}");
    assert_eq!(columns[2], ("price", "decimal(10,2) unsigned"), "{flavor}");
    assert!(item.columns[1].charset.is_some() && item.columns[0].charset.is_none());
    assert_eq!(
        (item.key.as_deref(), reading.rows[3].table.key.as_deref()),
        (Some(&[0][..]), Some(&[1][..])),
        "{flavor}"
    );

    let mut resumed = Reading::open(&latest, Some(&middle)).await.unwrap();
    resumed.commits(3).await.unwrap();
    assert_eq!(resumed.lines, reading.lines[8..], "{flavor}: resumed in the middle");

    // Idle, it reaches the source's head.
    let head =
        server.query_strings(if flavor == Flavor::MySql97 { "SHOW BINARY LOG STATUS" } else { "SHOW MASTER STATUS" });
    let head = head.await.unwrap();
    let head = (head[0][0].clone().unwrap(), head[0][1].as_deref().unwrap().parse::<u64>().unwrap());
    while (reading.progressed.position().file.clone(), reading.progressed.position().offset) != head {
        reading.step().await.unwrap();
    }
    if let Some(set) = reading.progressed.gtid_set() {
        let query = if flavor.is_mariadb() { "SELECT @@gtid_binlog_pos" } else { "SELECT @@global.gtid_executed" };
        let executed = server.query_strings(query).await.unwrap()[0][0].clone().unwrap();
        assert_eq!(*set, GtidSet::parse(&executed).unwrap(), "{flavor}");
    }
    reading
}

#[tokio::test]
async fn mysql_9_7_by_gtid() {
    let reading = reads_transactions(Flavor::MySql97, &[]).await;
    assert!(matches!(reading.progressed.gtid_set(), Some(GtidSet::MySql(_))));
}

#[tokio::test]
async fn mysql_9_7_by_position_and_without_metadata() {
    let args = ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", "--binlog-row-metadata=MINIMAL"];
    let reading = reads_transactions(Flavor::MySql97, &args).await;
    assert_eq!(reading.progressed.gtid_set(), None);
}

#[tokio::test]
async fn mysql_9_7_with_compressed_transactions() {
    reads_transactions(Flavor::MySql97, &["--binlog-transaction-compression=ON"]).await;
}

#[tokio::test]
async fn mysql_5_6_by_position() {
    let args = ["--gtid-mode=OFF", "--skip-enforce-gtid-consistency"];
    let reading = reads_transactions(Flavor::MySql56, &args).await;
    assert_eq!(reading.progressed.gtid_set(), None);
}

#[tokio::test]
async fn mysql_5_6_by_gtid() {
    reads_transactions(Flavor::MySql56, &[]).await;
}

#[tokio::test]
async fn mariadb_10_11() {
    let reading = reads_transactions(Flavor::MariaDb1011, &[]).await;
    assert!(matches!(reading.progressed.gtid_set(), Some(GtidSet::MariaDb(_))));
}

#[tokio::test]
async fn mariadb_11_8_without_metadata() {
    reads_transactions(Flavor::MariaDb118, &["--binlog-row-metadata=NO_LOG"]).await;
}

#[tokio::test]
async fn mariadb_11_8_with_compressed_events() {
    reads_transactions(Flavor::MariaDb118, &["--log-bin-compress=ON", "--log-bin-compress-min-len=10"]).await;
}

/// Encrypted in its file alone: what is sent is not.
#[tokio::test]
async fn mariadb_10_11_with_an_encrypted_log() {
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "1;770a8a65da156d24ee2a093277530142\n").unwrap();
    let keys = format!("--file-key-management-filename={}", keys.path().display());
    let args = ["--plugin-load-add=file_key_management", &keys, "--encrypt-binlog=ON"];
    reads_transactions(Flavor::MariaDb1011, &args).await;
}
