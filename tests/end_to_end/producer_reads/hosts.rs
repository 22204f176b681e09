//! Where a task begins by the clock, and on which host and under which name it goes on.

use super::failures::assert_definite;
use super::reading::{Reading, spec};
use super::{SHOP, TABLES};
use replicator_tests::{Flavor, MysqlServer, free_port};
use std::time::Duration;

fn insert(id: u32) -> String {
    format!("INSERT INTO shop.item VALUES ({id}, NULL, NULL, NULL)")
}

/// What time it is on the server, as a start has it.
async fn now(server: &MysqlServer) -> String {
    let sql = "SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')";
    server.query_strings(sql).await.unwrap()[0][0].clone().unwrap()
}

async fn next_second(server: &MysqlServer) -> String {
    let before = now(server).await;
    loop {
        let time = now(server).await;
        if time > before {
            return time;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_start_at_a_time() {
    for flavor in [Flavor::MySql97, Flavor::MySql56, Flavor::MariaDb114] {
        let server = MysqlServer::start(flavor).await.unwrap();
        server.exec(&format!("{TABLES}; {}; FLUSH BINARY LOGS; {}", insert(1), insert(2))).await.unwrap();
        let time = next_second(&server).await;
        server.exec(&format!("{}; FLUSH BINARY LOGS; {}; FLUSH BINARY LOGS", insert(3), insert(4))).await.unwrap();
        let later = next_second(&server).await;
        for (time, first) in [(time, 3), (later, 5), ("2020-01-01T00:00:00Z".to_owned(), 1)] {
            let start = format!(r#"{SHOP}, "start": {{"time": "{time}"}}"#);
            let mut reading = Reading::open(&spec(&server, &start), None).await.unwrap();
            if first == 5 {
                server.exec(&insert(5)).await.unwrap();
            }
            reading.until("insert").await.unwrap();
            let line = reading.lines.last().unwrap();
            assert_eq!(*line, format!("insert shop.item {first},NULL,NULL,NULL"), "{flavor} from {time}");
        }
    }
    let server = MysqlServer::start(Flavor::MySql97).await.unwrap();
    server.exec(&format!("{TABLES}; FLUSH BINARY LOGS; PURGE BINARY LOGS TO 'binlog.000002'")).await.unwrap();
    let start = format!(r#"{SHOP}, "start": {{"time": "2020-01-01T00:00:00Z"}}"#);
    let failure = Reading::open(&spec(&server, &start), None).await.err().unwrap();
    assert_definite(&failure, "position_lost", &["binlog.000002", "earliest"]);
}

#[tokio::test]
async fn files_whose_number_grows_by_a_digit() {
    let server = MysqlServer::start(Flavor::MySql97).await.unwrap();
    server.exec(&format!("RESET BINARY LOGS AND GTIDS TO 999999; {TABLES}; {}", insert(1))).await.unwrap();
    let mut reading = Reading::open(&spec(&server, &format!(r#"{SHOP}, "start": "earliest""#)), None).await.unwrap();
    server.exec(&format!("FLUSH BINARY LOGS; {}", insert(2))).await.unwrap();
    reading.until("insert shop.item 2").await.unwrap();
    reading.until("commit").await.unwrap();
    let middle = reading.checkpoint();
    assert_eq!(middle.position.file, "binlog.1000000");
    server.exec(&insert(3)).await.unwrap();
    for checkpoint in [middle.clone(), replicator_model::checkpoint::Checkpoint { gtid_set: None, ..middle }] {
        let mut reading = Reading::open(&spec(&server, SHOP), Some(&checkpoint)).await.unwrap();
        reading.commits(1).await.unwrap();
        assert_eq!(reading.lines[1], "insert shop.item 3,NULL,NULL,NULL");
    }
}

/// A server that has applied what the other has, under the same GTIDs.
async fn follow(replica: &MysqlServer, source: &MysqlServer) {
    let (port, user, password) = (source.port(), source.user(), source.password());
    replica
        .exec(&format!(
            "RESET BINARY LOGS AND GTIDS; CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {port}, \
             SOURCE_USER = '{user}', SOURCE_PASSWORD = '{password}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1; \
             START REPLICA"
        ))
        .await
        .unwrap();
}

async fn wait_for(replica: &MysqlServer, source: &MysqlServer) {
    let set = source.query_strings("SELECT @@global.gtid_executed").await.unwrap()[0][0].clone().unwrap();
    let waited = format!("SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', 60)", set.replace('\n', ""));
    assert_eq!(replica.query_strings(&waited).await.unwrap()[0][0].as_deref(), Some("0"));
}

#[tokio::test]
async fn another_host_of_the_source() {
    let (mut first, second) =
        tokio::try_join!(MysqlServer::start(Flavor::MySql97), MysqlServer::start(Flavor::MySql97)).unwrap();
    first.exec("RESET BINARY LOGS AND GTIDS").await.unwrap();
    first.exec(TABLES).await.unwrap();
    follow(&second, &first).await;
    let unreachable = free_port();
    let hosts = format!(r#"{SHOP}, "fallback_hosts": ["127.0.0.1:{unreachable}", "127.0.0.1:{}"]"#, second.port());
    let task = spec(&first, &hosts);
    let mut reading = Reading::open(&task, None).await.unwrap();
    first.exec(&insert(1)).await.unwrap();
    reading.commits(1).await.unwrap();
    let middle = reading.checkpoint();
    wait_for(&second, &first).await;
    second.exec("STOP REPLICA").await.unwrap();
    first.exec(&insert(2)).await.unwrap();
    reading.commits(1).await.unwrap();
    let ahead = reading.checkpoint();
    first.kill9().await;
    reading.failure().await;

    // It has all that was applied then, and goes on; what the first one had alone is missing there.
    second.exec(&insert(3)).await.unwrap();
    let mut reading = Reading::open(&task, Some(&middle)).await.unwrap();
    reading.commits(1).await.unwrap();
    assert_eq!(reading.lines[1], "insert shop.item 3,NULL,NULL,NULL");
    let lagging = Reading::open(&task, Some(&ahead)).await.err().unwrap();
    assert!(lagging.is_transient() && lagging.code == "connection_lost", "the first may come back: {lagging:?}");
    let alone = Reading::open(&spec(&second, SHOP), Some(&ahead)).await.err().unwrap();
    let (of_first, of_second) = (&ahead.server, second.query_strings("SELECT @@server_uuid").await.unwrap());
    let of_second = of_second[0][0].clone().unwrap();
    assert_definite(&alone, "gtids_missing_at_source", &[of_first, "it has, and was not applied", &of_second]);
}

#[tokio::test]
async fn another_name_where_somebody_else_has_it() {
    for flavor in [Flavor::MySql97, Flavor::MariaDb118] {
        let server = MysqlServer::start(flavor).await.unwrap();
        server.exec(TABLES).await.unwrap();
        let mut first = Reading::open(&spec(&server, SHOP), None).await.unwrap();
        let mut other = Reading::open(&spec(&server, SHOP), None).await.unwrap();
        let taken = first.failure().await;
        assert!(taken.code == "replica_id_taken" && taken.reason.contains("this same task"), "{taken:?}");
        let mut renamed = Reading::open_as(&spec(&server, SHOP), 1).await.unwrap();
        server.exec(&insert(1)).await.unwrap();
        renamed.commits(1).await.unwrap();
        other.commits(1).await.unwrap();
    }
}
