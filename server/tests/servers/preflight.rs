//! Each check is broken on a real server, seen to fail, mended with its own fix, and seen to pass.

use crate::service::Service;
use replicator_tests::{Flavor, Kafka, MysqlServer};
use serde_json::{Value, json};

/// A Server and one task that it is asked about.
pub(crate) struct Preflight {
    pub(crate) service: Service,
    pub(crate) spec: Value,
}

pub(crate) fn end(server: &MysqlServer) -> Value {
    json!({"host": "127.0.0.1", "port": server.port(), "user": server.user(), "password": server.password()})
}

impl Preflight {
    pub(crate) async fn of(producer: Value, consumer: Value) -> Self {
        let spec = json!({"name": "copy", "group": "g1", "producer": producer, "consumer": consumer});
        Self { service: Service::start().await, spec }
    }

    /// One check on its own: state, what was found, fix.
    pub(crate) async fn check(&self, code: &str) -> (String, String, String) {
        let asked = json!({"spec": self.spec, "checks": [code]});
        let answer = self.service.post("/preflight", &asked).await;
        let checks = answer.body["checks"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
        assert_eq!((checks.len(), checks[0]["code"].as_str()), (1, Some(code)), "{answer:?}");
        let text = |key: &str| checks[0][key].as_str().unwrap_or_default().to_owned();
        (text("state"), text("found"), text("fix"))
    }

    pub(crate) async fn state(&self, code: &str, state: &str) {
        let (is, found, _) = self.check(code).await;
        assert_eq!(is, state, "{code}: {found}");
    }

    /// It is in this state; its fix is run; then it passes.
    pub(crate) async fn mended_at(&self, server: &MysqlServer, code: &str, state: &str) {
        let (is, found, fix) = self.check(code).await;
        assert_eq!(is, state, "{code}: {found}");
        server.exec(&fix).await.unwrap_or_else(|error| panic!("{code}: the fix `{fix}`: {error}"));
        self.state(code, "passed").await;
    }

    pub(crate) async fn broken_and_mended(&self, server: &MysqlServer, breaking: &str, code: &str, state: &str) {
        server.exec(breaking).await.unwrap();
        self.mended_at(server, code, state).await;
    }
}

const SHOP: &str = "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20));
    CREATE USER 'poor'@'%' IDENTIFIED BY 'poor'";

fn poor(server: &MysqlServer) -> Value {
    json!({"host": "127.0.0.1", "port": server.port(), "user": "poor", "password": "poor", "tables": ["shop.item"]})
}

async fn grants_of_a_source(server: &MysqlServer) {
    let mut asked = Preflight::of(poor(server), json!({"kind": "stdout"})).await;
    asked.mended_at(server, "source_select_grant", "warning").await;
    asked.state("source_heartbeat_grant", "passed").await;
    asked.spec["producer"]["lag_heartbeat"] = json!("1s");
    asked.mended_at(server, "source_heartbeat_grant", "warning").await;
    for code in ["source_replication_grant", "source_monitor_grant"] {
        asked.mended_at(server, code, "failed").await;
    }
}

#[tokio::test]
async fn a_mysql_source_is_mended_by_its_fixes() {
    let server = MysqlServer::start_with(
        Flavor::MySql97,
        &["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", "--init-connect=SET timestamp = 1500000000"],
    )
    .await
    .unwrap();
    server.exec(SHOP).await.unwrap();
    let mut asked = Preflight::of(end(&server), json!({"kind": "stdout"})).await;
    asked.spec["producer"]["tables"] = json!(["shop.*"]);
    for (breaking, code, state) in [
        ("SET GLOBAL binlog_format = 'MIXED'", "source_binlog_format", "failed"),
        ("SET GLOBAL binlog_row_image = 'MINIMAL'", "source_row_image", "warning"),
        ("SET GLOBAL binlog_row_metadata = 'MINIMAL'", "source_row_metadata", "warning"),
        (
            "SET GLOBAL binlog_row_value_options = 'PARTIAL_JSON', GLOBAL binlog_row_image = 'MINIMAL'",
            "source_row_value_options",
            "failed",
        ),
        ("SET GLOBAL binlog_expire_logs_seconds = 60", "source_log_kept", "warning"),
        ("CREATE TABLE shop.keyless (a INT)", "source_keys", "warning"),
        ("DO 1", "source_gtids", "warning"),
    ] {
        asked.broken_and_mended(&server, breaking, code, state).await;
    }
    grants_of_a_source(&server).await;

    asked.spec["producer"]["server_id"] = json!(server.port());
    let (state, found, fix) = asked.check("source_server_id").await;
    assert!(state == "failed" && found.contains("the source itself"), "{found}");
    asked.spec["producer"]["server_id"] = json!(fix.rsplit(' ').next().unwrap().parse::<u32>().unwrap());
    asked.state("source_server_id", "passed").await;

    asked.spec["producer"]["tables"] = json!(["shpo.*"]);
    let (state, found, fix) = asked.check("source_tables").await;
    assert!(state == "warning" && fix.contains("shop.*"), "{found} {fix}");
    asked.spec["producer"]["tables"] = json!(["shop.*"]);
    asked.state("source_tables", "passed").await;

    server.exec("FLUSH BINARY LOGS").await.unwrap();
    let first = server.query_strings("SHOW BINARY LOGS").await.unwrap()[0][0].clone().unwrap();
    let last = server.query_strings("SHOW BINARY LOGS").await.unwrap().last().unwrap()[0].clone().unwrap();
    asked.spec["producer"]["start"] = json!({"file": first, "offset": 4});
    asked.state("source_start", "passed").await;
    server.exec(&format!("PURGE BINARY LOGS TO '{last}'")).await.unwrap();
    let (state, found, fix) = asked.check("source_start").await;
    assert!(state == "failed" && fix.contains("earliest"), "{found}");
    asked.spec["producer"]["start"] = json!("earliest");
    asked.state("source_start", "passed").await;

    // A session of a user without rights of an administrator begins with init_connect.
    let behind = Preflight::of(poor(&server), json!({"kind": "stdout"})).await;
    behind.state("source_clock", "warning").await;
    server.exec("SET GLOBAL init_connect = ''").await.unwrap();
    behind.state("source_clock", "passed").await;
}

#[tokio::test]
async fn a_mariadb_source_is_mended_by_its_fixes() {
    let server = MysqlServer::start(Flavor::MariaDb118).await.unwrap();
    server.exec(SHOP).await.unwrap();
    let asked = Preflight::of(end(&server), json!({"kind": "stdout"})).await;
    for (breaking, code, state) in [
        ("SET GLOBAL binlog_format = 'MIXED'", "source_binlog_format", "failed"),
        ("SET GLOBAL binlog_row_image = 'MINIMAL'", "source_row_image", "warning"),
        ("SET GLOBAL binlog_row_metadata = 'MINIMAL'", "source_row_metadata", "warning"),
        ("SET GLOBAL binlog_expire_logs_seconds = 60", "source_log_kept", "warning"),
        ("CREATE TABLE shop.keyless (a INT)", "source_keys", "warning"),
    ] {
        asked.broken_and_mended(&server, breaking, code, state).await;
    }
    asked.state("source_gtids", "passed").await;
    grants_of_a_source(&server).await;
}

/// What needs a restart: the fix is lines of the configuration, so the server is started with them.
#[tokio::test]
async fn settings_that_need_a_restart_are_found() {
    let arguments = ["--skip-log-slave-updates", "--binlog-ignore-db=shop", "--version=10.1.9-MariaDB"];
    let server = MysqlServer::start_with(Flavor::MariaDb1011, &arguments).await.unwrap();
    server.exec(SHOP).await.unwrap();
    server.exec("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'r'").await.unwrap();
    let asked = Preflight::of(end(&server), json!({"kind": "stdout"})).await;
    for (code, state, part) in [
        ("source_replica_updates", "failed", "log_slave_updates = ON"),
        ("source_log_filter", "failed", "binlog_ignore_db"),
        ("source_version", "warning", ""),
    ] {
        let (is, found, fix) = asked.check(code).await;
        assert!(is == state && fix.contains(part), "{code}: {is} {found} {fix}");
    }
    let silent = MysqlServer::start_with(Flavor::MariaDb1011, &["--skip-log-bin"]).await.unwrap();
    let without = Preflight::of(end(&silent), json!({"kind": "stdout"})).await;
    let (state, _, fix) = without.check("source_log_bin").await;
    assert!(state == "failed" && fix.contains("log_bin = bin"), "{fix}");
    let mended = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    mended.exec(SHOP).await.unwrap();
    let asked = Preflight::of(end(&mended), json!({"kind": "stdout"})).await;
    for code in ["source_log_bin", "source_replica_updates", "source_log_filter", "source_version"] {
        asked.state(code, "passed").await;
    }
}

#[tokio::test]
async fn who_is_not_there_and_who_lets_nobody_in() {
    let server = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    let mut consumer = end(&server);
    consumer["kind"] = json!("mysql");
    let mut asked = Preflight::of(end(&server), consumer).await;
    for (side, code) in [("producer", "source"), ("consumer", "target")] {
        asked.state(&format!("{code}_reachable"), "passed").await;
        asked.state(&format!("{code}_login"), "passed").await;
        asked.spec[side]["password"] = json!("canary-0c");
        asked.state(&format!("{code}_login"), "failed").await;
        asked.spec[side]["password"] = json!({"env": "PATH"});
        let (state, found, _) = asked.check(&format!("{code}_login")).await;
        assert!(state == "skipped" && found.contains("secret_elsewhere"), "{found}");
        asked.spec[side]["port"] = json!(replicator_tests::free_port());
        asked.state(&format!("{code}_reachable"), "failed").await;
        asked.state(&format!("{code}_login"), "skipped").await;
        let mended = end(&server);
        (asked.spec[side]["port"], asked.spec[side]["password"]) = (mended["port"].clone(), mended["password"].clone());
    }
    let unknown = asked.service.post("/preflight", &json!({"spec": asked.spec, "checks": ["no_such"]})).await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["code"]), (400, &json!("query_invalid")));
}

#[tokio::test]
async fn the_group_and_other_tasks_are_looked_at() {
    let source = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    source.exec(SHOP).await.unwrap();
    let consumer = json!({"kind": "mysql", "host": "db2", "user": "r"});
    let mut asked = Preflight::of(end(&source), consumer).await;
    asked.state("group_cores", "failed").await;
    let _first = asked.service.register_core("core1").await;
    asked.state("group_cores", "passed").await;
    let (state, _, fix) = asked.check("group_standbys").await;
    assert!(state == "warning" && fix.contains("cold"), "{fix}");
    let _second = asked.service.register_core("core2").await;
    asked.state("group_standbys", "passed").await;

    let mut other = asked.spec.clone();
    other["name"] = json!("other");
    assert_eq!(asked.service.post("/tasks", &other).await.status, 201);
    let (state, found, _) = asked.check("task_writers").await;
    assert!(state == "failed" && found.contains("`other` writes shop.item"), "{found}");
    asked.spec["producer"]["exclude"] = json!(["shop.item"]);
    asked.state("task_writers", "passed").await;

    asked.state("task_name", "passed").await;
    asked.spec["name"] = json!("other");
    let (state, _, fix) = asked.check("task_name").await;
    assert!(state == "failed" && fix.contains("other_2"), "{fix}");
    let stored = asked.service.get("/tasks/other/preflight?checks=task_name,spec_valid").await.body;
    assert_eq!((&stored["passed"], &stored["failed"]), (&json!(2), &json!(0)), "{stored}");

    asked.spec["producer"]["server_id"] = json!(0);
    let (state, found, _) = asked.check("spec_valid").await;
    assert!(state == "failed" && found.contains("producer.server_id"), "{found}");
}

#[tokio::test]
async fn topics_are_looked_at() {
    let settings = ["auto.create.topics.enable=false", "message.max.bytes=100000", "min.insync.replicas=1"];
    let kafka = Kafka::start_with(&settings).await.unwrap();
    let source = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    source.exec(SHOP).await.unwrap();
    let consumer = json!({"kind": "kafka", "brokers": [kafka.bootstrap()]});
    let mut asked = Preflight::of(end(&source), consumer).await;
    asked.state("kafka_reachable", "passed").await;
    let (state, found, fix) = asked.check("kafka_topics").await;
    assert!(state == "failed" && fix.contains("--create --topic shop.item"), "{found} {fix}");
    let admin: rdkafka::admin::AdminClient<_> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", kafka.bootstrap()).create().unwrap();
    let options = rdkafka::admin::AdminOptions::new();
    // What the fixes' commands do, through the same interface.
    let fixed = rdkafka::admin::TopicReplication::Fixed(1);
    let topic = rdkafka::admin::NewTopic::new("shop.item", 1, fixed).set("min.insync.replicas", "2");
    admin.create_topics(&[topic], &options).await.unwrap()[0].as_ref().unwrap();
    asked.state("kafka_topics", "passed").await;
    asked.state("kafka_replicas", "warning").await;
    for (code, state, name) in
        [("kafka_in_sync", "failed", "min.insync.replicas"), ("kafka_message_bytes", "warning", "max.message.bytes")]
    {
        let (is, found, fix) = asked.check(code).await;
        assert_eq!(is, state, "{code}: {found}");
        let (_, value) = fix.trim_end_matches(';').rsplit_once('=').unwrap();
        assert!(fix.contains(name), "{fix}");
        let change =
            rdkafka::admin::AlterConfig::new(rdkafka::admin::ResourceSpecifier::Topic("shop.item")).set(name, value);
        // Changes of one setting take the others back: both are set.
        let change = if name == "max.message.bytes" { change.set("min.insync.replicas", "1") } else { change };
        admin.alter_configs(&[change], &options).await.unwrap()[0].as_ref().unwrap();
        asked.state(code, "passed").await;
    }
    asked.spec["consumer"]["topic"] = json!("x".repeat(260));
    asked.state("kafka_topic_names", "failed").await;
    asked.spec["consumer"]["topic"] = json!("shop");
    asked.state("kafka_topic_names", "passed").await;
    asked.spec["consumer"]["brokers"] = json!([format!("127.0.0.1:{}", replicator_tests::free_port())]);
    asked.state("kafka_reachable", "failed").await;
}
