//! Where a task begins by the clock, and on which host and under which name it goes on.

use super::failures::assert_definite;
use super::reading::{Reading, spec};
use super::{SHOP, TABLES};
use crate::cluster::{Cluster, copy_task};
use replicator_core::producer;
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_model::task::ProducerSpec;
use replicator_tests::{Flavor, MysqlServer, eventually, free_port};
use std::collections::BTreeSet;
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
    on_the_host_that_is_read(&reading, &task, &second).await;
    let lagging = Reading::open(&task, Some(&ahead)).await.err().unwrap();
    assert!(lagging.is_transient() && lagging.code == "connection_lost", "the first may come back: {lagging:?}");
    let alone = Reading::open(&spec(&second, SHOP), Some(&ahead)).await.err().unwrap();
    let (of_first, of_second) = (&ahead.server, second.query_strings("SELECT @@server_uuid").await.unwrap());
    let of_second = of_second[0][0].clone().unwrap();
    assert_definite(&alone, "gtids_missing_at_source", &[of_first, "it has, and was not applied", &of_second]);
}

/// The head is asked, and heartbeat rows are written, where the task reads: but nothing is written at a replica.
async fn on_the_host_that_is_read(reading: &Reading, task: &ProducerSpec, second: &MysqlServer) {
    let head = producer::build_head(reading.read_from()).await.ask().await.unwrap();
    let end = second.query_strings("SHOW BINARY LOG STATUS").await.unwrap()[0][1].clone().unwrap();
    assert_eq!(head.position.offset.to_string(), end);
    let name = TaskName::new("producer_reads").unwrap();
    let refused = producer::build_heart(&name, task, reading.read_from()).await.beat().await.unwrap_err();
    assert!(
        refused.code == "heartbeat_not_written" && refused.reason.contains("a replica, of 127.0.0.1"),
        "{refused:?}"
    );
    second.exec("RESET REPLICA ALL").await.unwrap();
    producer::build_heart(&name, task, reading.read_from()).await.beat().await.unwrap();
    let beats = second.query_strings("SELECT task FROM mysql_replicator.heartbeat").await.unwrap();
    assert_eq!(beats, [[Some("producer_reads".to_owned())]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_takes_another_name_at_the_second_clash() {
    let (source, target) =
        tokio::try_join!(MysqlServer::start(Flavor::MySql97), MysqlServer::start(Flavor::MariaDb1011)).unwrap();
    let cluster = Cluster::start(1, 1).await.unwrap();
    for server in [&source, &target] {
        server.exec(TABLES).await.unwrap();
    }
    // The rival has this task's name and so, at the source, its identity.
    let task = cluster.create(&copy_task("producer_reads", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await.unwrap();
    let ids = async || {
        let replicas = source.query_strings("SHOW REPLICAS").await.unwrap();
        replicas.into_iter().map(|row| row[0].clone().unwrap()).collect::<BTreeSet<_>>()
    };
    let own = ids().await;
    assert_eq!(own.len(), 1, "{own:?}");
    let mut clashes = 0;
    let rival = loop {
        let mut rival = Reading::open(&spec(&source, SHOP), None).await.unwrap();
        clashes += 1;
        // Either the task comes back under its name and ends this one, or it comes under another.
        let both = eventually("a second replica, or the end of this", Duration::from_secs(60), async || {
            let seen = ids().await;
            if seen.len() == 2 {
                Ok(true)
            } else if rival.is_over().await {
                Ok(false)
            } else {
                Err(format!("{seen:?}"))
            }
        });
        if both.await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs())) {
            break rival;
        }
    };
    assert_eq!(clashes, 2, "{}", cluster.logs());
    let now = ids().await;
    assert!(now.is_superset(&own), "the rival keeps the name: {now:?}");
    drop(rival);
    source.exec(&insert(1)).await.unwrap();
    cluster.wait_for_equal(&source, &target, "shop").await.unwrap();
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

#[tokio::test]
async fn a_source_that_waits_for_replicas_changes_its_settings_and_starts_anew() {
    for (flavor, semi_sync) in [
        (
            Flavor::MySql97,
            "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
             SET GLOBAL rpl_semi_sync_source_enabled = 1, GLOBAL rpl_semi_sync_source_timeout = 100",
        ),
        (Flavor::MariaDb118, "SET GLOBAL rpl_semi_sync_master_enabled = 1, GLOBAL rpl_semi_sync_master_timeout = 100"),
    ] {
        let mut server = MysqlServer::start(flavor).await.unwrap();
        server.exec(&format!("{TABLES}; {semi_sync}")).await.unwrap();
        // We are no semi-sync replica: nothing of it is in the stream, and the source does not wait for us.
        let mut reading = Reading::open(&spec(&server, SHOP), None).await.unwrap();
        server.exec(&insert(1)).await.unwrap();
        reading.commits(1).await.unwrap();
        server.exec("SET GLOBAL binlog_row_metadata = 'MINIMAL', GLOBAL binlog_row_image = 'MINIMAL'").await.unwrap();
        server.exec("UPDATE shop.item SET id = 2 WHERE id = 1").await.unwrap();
        reading.commits(1).await.unwrap();
        assert_eq!(reading.lines[4], "update shop.item 1,?,?,? -> 2,?,?,?", "{flavor}");

        server.restart().await.unwrap();
        let lost = reading.failure().await;
        assert!(lost.is_transient() && lost.code == "connection_lost", "{flavor}: {lost:?}");
        let mut reading = Reading::open(&spec(&server, SHOP), Some(&reading.checkpoint())).await.unwrap();
        server.exec(&insert(3)).await.unwrap();
        reading.commits(1).await.unwrap();
        assert_eq!(reading.lines[1], "insert shop.item 3,NULL,NULL,NULL", "{flavor}");
        server.exec("SET GLOBAL binlog_format = 'STATEMENT'").await.unwrap();
        server.exec(&insert(4)).await.unwrap();
        assert_definite(&reading.failure().await, "statement_format", &["INSERT"]);
    }
}
