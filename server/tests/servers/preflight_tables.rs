//! The target's side: broken, seen to fail, mended by the fix, seen to pass.

use crate::preflight::{Preflight, end};
use replicator_tests::{Flavor, MysqlServer};
use serde_json::json;

const TABLES: &str =
    "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20) CHARACTER SET utf8mb4);";

async fn target_is_mended(from: Flavor, to: Flavor) {
    let (source, target) = (MysqlServer::start(from).await.unwrap(), MysqlServer::start(to).await.unwrap());
    source.exec("SET GLOBAL binlog_row_image = 'MINIMAL'").await.unwrap();
    source.exec(TABLES).await.unwrap();
    target.exec("CREATE USER 'poor'@'%' IDENTIFIED BY 'poor'").await.unwrap();
    let mut consumer = end(&target);
    consumer["kind"] = json!("mysql");
    let mut asked = Preflight::of(end(&source), consumer).await;
    asked.mended_at(&target, "target_tables", "failed").await;
    let item = |sql: &str| format!("ALTER TABLE shop.item {sql}");
    for (breaking, code, state) in [
        (item("DROP COLUMN name"), "target_columns", "failed"),
        (item("ADD COLUMN more INT NOT NULL"), "target_columns", "failed"),
        (item("MODIFY name VARCHAR(10) CHARACTER SET utf8mb4"), "target_column_types", "warning"),
        (item("MODIFY name VARCHAR(20) CHARACTER SET latin1"), "target_charsets", "warning"),
        (item("DROP COLUMN name, ADD COLUMN name VARCHAR(20) AS ('x') VIRTUAL"), "target_generated", "failed"),
        (item("ALTER COLUMN name SET DEFAULT 'it''s'"), "target_defaults", "failed"),
        (item("ENGINE = MyISAM"), "target_engine", "failed"),
        ("CREATE TRIGGER shop.t BEFORE INSERT ON shop.item FOR EACH ROW SET @a = 1".into(), "target_triggers", "warning"),
        (
            "CREATE TABLE shop.other (id INT PRIMARY KEY);
             ALTER TABLE shop.item ADD CONSTRAINT away FOREIGN KEY (id) REFERENCES shop.other (id)"
                .into(),
            "target_foreign_keys",
            "warning",
        ),
        ("SET GLOBAL max_allowed_packet = 1048576".into(), "target_max_packet", "warning"),
        (
            "CREATE DATABASE mysql_replicator; CREATE TABLE mysql_replicator.checkpoint (task VARCHAR(100));
             CREATE TABLE mysql_replicator.owner (task VARCHAR(100)); CREATE TABLE mysql_replicator.ddl (task VARCHAR(100));
             INSERT INTO mysql_replicator.checkpoint VALUES ('copy')"
                .into(),
            "target_marker",
            "warning",
        ),
        ("SET GLOBAL read_only = ON".into(), "target_writable", "failed"),
    ] {
        asked.broken_and_mended(&target, &breaking, code, state).await;
    }
    asked.spec["consumer"]["user"] = json!("poor");
    asked.spec["consumer"]["password"] = json!("poor");
    for code in ["target_own_grants", "target_grants"] {
        asked.mended_at(&target, code, "failed").await;
    }
    asked.state("target_other_server", "passed").await;
    asked.state("target_name_case", "passed").await;
    let whole = asked.service.post("/preflight", &json!({"spec": asked.spec})).await.body;
    let failed: Vec<&str> = whole["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["state"] == "failed")
        .map(|check| check["code"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["group_cores"], "{whole}");
}

#[tokio::test]
async fn a_mariadb_target_is_mended_by_its_fixes() {
    target_is_mended(Flavor::MariaDb1011, Flavor::MariaDb118).await;
}

#[tokio::test]
async fn a_mysql_target_is_mended_by_its_fixes() {
    target_is_mended(Flavor::MySql97, Flavor::MySql97).await;
}

/// The same server under two names, and a server that keeps names otherwise.
#[tokio::test]
async fn a_target_that_is_the_source_is_found() {
    for flavor in [Flavor::MySql97, Flavor::MariaDb1011] {
        let server = MysqlServer::start(flavor).await.unwrap();
        server.exec(TABLES).await.unwrap();
        let mut consumer = end(&server);
        (consumer["kind"], consumer["host"]) = (json!("mysql"), json!("localhost"));
        let mut asked = Preflight::of(end(&server), consumer).await;
        let (state, found, _) = asked.check("target_other_server").await;
        assert!(state == "failed" && found.contains("one server"), "{found}");
        asked.spec["producer"]["tables"] = json!(["shop.*"]);
        asked.spec["route"] = json!([{"from": "shop.*", "to": "copy.{table}"}]);
        asked.state("target_other_server", "passed").await;
    }
    let source = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    let target =
        MysqlServer::start_with(Flavor::MariaDb1011, &["--lower-case-table-names=1", "--version=10.1.9-MariaDB"])
            .await
            .unwrap();
    let mut consumer = end(&target);
    consumer["kind"] = json!("mysql");
    let asked = Preflight::of(end(&source), consumer).await;
    asked.state("target_name_case", "warning").await;
    asked.state("target_version", "warning").await;
}
