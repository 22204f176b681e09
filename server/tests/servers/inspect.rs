//! Looks at real servers through the API.

use crate::service::Service;
use replicator_tests::{Flavor, Kafka, MysqlServer, free_port};
use serde_json::{Value, json};

const CANARY: &str = "canary-1f0a";

fn producer(server: &MysqlServer) -> Value {
    json!({"host": "127.0.0.1", "port": server.port(), "user": server.user(), "password": server.password()})
}

fn states(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    answer["stages"].as_array().unwrap().iter().map(|stage| (text(&stage["stage"]), text(&stage["state"]))).collect()
}

/// The step that failed, and its hint.
fn failed(answer: &Value) -> (String, String) {
    let stages = answer["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 6, "{answer}");
    let stage =
        stages.iter().find(|stage| stage["state"] == "failed").unwrap_or_else(|| panic!("none failed: {answer}"));
    (stage["stage"].as_str().unwrap().to_owned(), stage["hint"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_source_shows_what_it_has() {
    let service = Service::start().await;
    let server = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    server
        .exec(
            "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL);
             CREATE TABLE shop.order_1 (id INT PRIMARY KEY); CREATE TABLE shop.order_2 (a INT);
             CREATE VIEW shop.seen AS SELECT * FROM shop.item; CREATE DATABASE hr; CREATE TABLE hr.person (id INT)",
        )
        .await
        .unwrap();
    let producer = producer(&server);
    let seen = service.post("/sources/inspect", &json!({"producer": producer})).await.body;
    assert_eq!((&seen["server"]["flavor"], &seen["server"]["gtid"]), (&json!("MariaDB"), &json!(true)), "{seen}");
    assert_eq!(seen["schemas"], json!([{"name": "hr", "tables": 1}, {"name": "shop", "tables": 3}]));
    assert!(states(&seen).iter().all(|(stage, state)| state == "passed" || stage == "tls"), "{seen}");

    let listed = service.post("/sources/tables", &json!({"producer": producer, "schema": "shop"})).await.body;
    let names: Vec<(&str, bool)> = listed["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| (table["name"].as_str().unwrap(), table["primary_key"].as_bool().unwrap()))
        .collect();
    assert_eq!(names, [("item", true), ("order_1", true), ("order_2", false)], "{listed}");

    let asked = json!({"producer": producer, "schema": "shop", "name": "item"});
    let columns = service.post("/sources/columns", &asked).await.body;
    assert_eq!((&columns["columns"][0]["key"], &columns["columns"][1]["type"]), (&json!(true), &json!("varchar(20)")));
    let none = service.post("/sources/columns", &json!({"producer": producer, "schema": "shop", "name": "no"})).await;
    assert_eq!((none.status.as_u16(), &none.body["code"]), (404, &json!("table_not_found")));

    let asked = json!({"producer": producer, "tables": ["shop.order_*", "hr.*"], "exclude": ["*.order_2"]});
    let found = service.post("/sources/match", &asked).await.body;
    assert_eq!((&found["total"], &found["of"], &found["patterns"][0]["matches"]), (&json!(2), &json!(4), &json!(2)));
    let wrong = service.post("/sources/match", &json!({"producer": producer, "tables": ["shop"]})).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["errors"][0]["key"]), (422, &json!("tables[0]")), "{wrong:?}");
}

#[tokio::test]
async fn a_source_is_looked_at_where_its_task_would_read() {
    let service = Service::start().await;
    let server = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    let mut producer = producer(&server);
    producer["port"] = json!(free_port());
    let alone = service.post("/sources/inspect", &json!({"producer": producer})).await.body;
    assert_eq!(failed(&alone).0, "connect");
    producer["fallback_hosts"] = json!([format!("127.0.0.1:{}", server.port())]);
    let seen = service.post("/sources/inspect", &json!({"producer": producer})).await.body;
    assert_eq!(seen["server"]["flavor"], json!("MariaDB"), "{seen}");
    let address = seen["stages"][0]["detail"].as_str().unwrap();
    assert!(address.contains(&format!("{} is read instead of 127.0.0.1:", server.port())), "{address}");
    let listed = service.post("/sources/tables", &json!({"producer": producer})).await;
    assert_eq!(listed.status.as_u16(), 200, "{listed:?}");
}

#[tokio::test]
async fn a_connection_is_tested_step_by_step() {
    let service = Service::start().await;
    let server = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    server
        .exec("CREATE USER 'poor'@'%' IDENTIFIED BY 'poor'; GRANT REPLICATION SLAVE ON *.* TO 'poor'@'%'")
        .await
        .unwrap();
    let test = async |change: Value| {
        let mut producer = producer(&server);
        change.as_object().unwrap().iter().for_each(|(key, value)| producer[key] = value.clone());
        service.post("/connections/test", &json!({"end": "source", "producer": producer})).await
    };
    let (stage, _) = failed(&test(json!({"host": "no-such-host.invalid"})).await.body);
    assert_eq!(stage, "address");
    let (stage, hint) = failed(&test(json!({"host": "169.254.169.254"})).await.body);
    assert!(stage == "address" && hint.contains("network"), "{hint}");
    let port = replicator_tests::free_port();
    assert_eq!(failed(&test(json!({"port": port})).await.body).0, "connect");
    let denied = test(json!({"password": CANARY})).await;
    assert_eq!(failed(&denied.body).0, "login");
    assert!(!denied.text.contains(CANARY), "{denied:?}");
    let (stage, hint) = failed(&test(json!({"user": "poor", "password": "poor"})).await.body);
    assert_eq!((stage.as_str(), hint.as_str()), ("grants", "GRANT REPLICATION CLIENT ON *.* TO 'poor'@'%'"));
    server.exec(&hint).await.unwrap();
    let passed = test(json!({"user": "poor", "password": "poor"})).await.body;
    assert!(states(&passed).iter().all(|(_, state)| state != "failed"), "{passed}");
    let elsewhere = test(json!({"password": {"env": "PATH"}})).await;
    let seen = states(&elsewhere.body);
    assert_eq!((seen[1].1.as_str(), seen[3].1.as_str()), ("passed", "skipped"), "{elsewhere:?}");
    assert!(elsewhere.text.contains("secret_elsewhere"), "{elsewhere:?}");
}

#[tokio::test]
async fn a_stored_password_is_used_for_its_own_server_alone() {
    let service = Service::start().await;
    let server = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    let task = json!({"name": "copy", "group": "g1", "producer": producer(&server), "consumer": {"kind": "stdout"}});
    assert_eq!(service.post("/tasks", &task).await.status, 201);
    let mut kept = producer(&server);
    kept["password"] = json!("********");
    let asked = |producer: &Value| json!({"end": "source", "producer": producer, "task": "copy"});
    let passed = service.post("/connections/test", &asked(&kept)).await.body;
    assert!(states(&passed).iter().all(|(_, state)| state != "failed"), "{passed}");
    kept["host"] = json!("localhost");
    let refused = service.post("/connections/test", &asked(&kept)).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (422, &json!("secret_needed_again")), "{refused:?}");
}

#[tokio::test]
async fn brokers_are_tested_step_by_step() {
    let service = Service::start().await;
    let kafka = Kafka::start().await.unwrap();
    let test = async |brokers: &str, properties: Value| {
        let consumer = json!({"kind": "kafka", "brokers": [brokers], "properties": properties});
        service.post("/connections/test", &json!({"end": "target", "consumer": consumer})).await.body
    };
    let passed = test(&kafka.bootstrap(), json!({})).await;
    assert!(states(&passed).iter().all(|(_, state)| state != "failed"), "{passed}");
    assert!(passed["stages"][4]["detail"].as_str().unwrap().contains("1 brokers"), "{passed}");
    let closed = format!("127.0.0.1:{}", replicator_tests::free_port());
    assert_eq!(failed(&test(&closed, json!({})).await).0, "connect");
    let sasl = json!({"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": "r"});
    assert_eq!(failed(&test(&kafka.bootstrap(), sasl).await).0, "login");
    let skipped = test(&kafka.bootstrap(), json!({"ssl.ca.location": "/etc/hostname"})).await;
    assert!(skipped["stages"][3]["detail"].as_str().unwrap().contains("ssl.ca.location"), "{skipped}");
}

#[tokio::test]
async fn encryption_is_a_step_of_its_own() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let service = Service::start().await;
    let server = MysqlServer::start(Flavor::MySql97).await.unwrap();
    let test = async |server: &MysqlServer, mode: &str| {
        let mut producer = producer(server);
        producer["tls"] = json!({"mode": mode});
        service.post("/connections/test", &json!({"end": "source", "producer": producer})).await.body
    };
    let encrypted = test(&server, "required").await;
    assert_eq!(states(&encrypted)[2], ("tls".to_owned(), "passed".to_owned()), "{encrypted}");
    let (stage, hint) = failed(&test(&server, "verify").await);
    assert!(stage == "tls" && hint.contains("certificate"), "{hint}");
    let plain = MysqlServer::start_with(Flavor::MariaDb1011, &["--skip-ssl"]).await.unwrap();
    let (stage, hint) = failed(&test(&plain, "required").await);
    assert!(stage == "tls" && hint.contains("TLS"), "{hint}");
}
