//! The harness itself: every server starts, keeps its data through a kill -9, and can be compared.

use std::time::Duration;
use tokio::time::Instant;

use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use replicator_tests::{Flavor, Kafka, MysqlServer, Result, ZooKeeper, eventually};

const TABLES: &str = "
    CREATE DATABASE shop CHARACTER SET utf8mb4;
    CREATE TABLE shop.item (
        id INT PRIMARY KEY, name VARCHAR(20), price DECIMAL(10,2), weight FLOAT, ratio DOUBLE, picture BLOB,
        sold DATETIME, seen TIMESTAMP NULL, kind ENUM('new','used'), flags BIT(5), huge BIGINT UNSIGNED
    );
    CREATE TABLE shop.empty (id INT PRIMARY KEY);
    INSERT INTO shop.item VALUES
        (1, 'Grüße|😀', 12.50, 0.1, 0.1, X'00FF80', '2026-01-02 03:04:05', '2026-01-02 03:04:05', 'used', b'10101', 18446744073709551615),
        (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (3, '', 0, -1e20, 1e300, '', '1000-01-01 00:00:00', '1970-01-02 00:00:01', 'new', b'0', 0);";

/// Starts, answers as `version` with row events on, survives kill -9 and a clean stop; returns the checksums of its tables.
async fn starts_and_keeps_its_data(flavor: Flavor, version: &str) -> Result<String> {
    let began = Instant::now();
    let mut server = MysqlServer::start(flavor).await?;
    println!("{flavor}: ready after {:?}", began.elapsed());
    let facts = server.query_strings("SELECT VERSION(), @@binlog_format, @@server_id, @@log_bin").await?;
    let facts: Vec<&str> = facts[0].iter().flatten().map(String::as_str).collect();
    assert!(facts[0].starts_with(version), "{facts:?}");
    assert_eq!(facts[1..], ["ROW", &server.port().to_string(), "1"]);

    server.exec(TABLES).await?;
    let before = server.checksum_tables("shop").await?;
    assert_eq!((before["item"].rows, before["empty"].rows, before["empty"].sum), (3, 0, 0));
    server.kill9().await;
    assert!(server.connect().await.is_err());
    server.restart().await?;
    assert_eq!(server.checksum_tables("shop").await?, before);
    server.restart().await?;
    assert_eq!(server.checksum_tables("shop").await?, before);

    server.exec("UPDATE shop.item SET weight = weight * 1.0000002 WHERE id = 1").await?;
    assert_ne!(server.checksum_tables("shop").await?, before, "the smallest change of a FLOAT shows");
    Ok(format!("{before:?}"))
}

#[tokio::test]
async fn every_database_server_starts_and_keeps_its_data_and_all_agree_on_checksums() -> Result<()> {
    let versions = ["9.7.", "5.6.14", "10.11.", "11.4.", "11.8."];
    let mut sums = Vec::new();
    for (flavor, version) in Flavor::ALL.into_iter().zip(versions) {
        sums.push(starts_and_keeps_its_data(flavor, version).await?);
    }
    assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:#?}");
    Ok(())
}

#[tokio::test]
async fn json_is_compared_by_value_between_mysql_and_mariadb() -> Result<()> {
    let (mysql, mariadb) = (MysqlServer::start(Flavor::MySql97).await?, MysqlServer::start(Flavor::MariaDb118).await?);
    let tables = "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, j JSON)";
    mysql.exec(&format!(r#"{tables}; INSERT INTO d.t VALUES (1, '{{"b": [1,  2.5], "aa": "ü"}}'), (2, NULL)"#)).await?;
    mariadb.exec(&format!(r#"{tables}; INSERT INTO d.t VALUES (1, '{{"aa":"ü","b":[1,2.5]}}'), (2, NULL)"#)).await?;
    assert_eq!(mysql.checksum_tables("d").await?, mariadb.checksum_tables("d").await?);
    mariadb.exec(r#"UPDATE d.t SET j = '{"aa":"ü","b":[1,2.6]}' WHERE id = 1"#).await?;
    assert_ne!(mysql.checksum_tables("d").await?, mariadb.checksum_tables("d").await?);
    Ok(())
}

#[tokio::test]
async fn extra_arguments_win_and_two_servers_are_two() -> Result<()> {
    let extra = ["--skip-log-bin", "--innodb-buffer-pool-size=32M"];
    let (first, second) =
        tokio::join!(MysqlServer::start_with(Flavor::MySql97, &extra), MysqlServer::start(Flavor::MySql97));
    let (first, second) = (first?, second?);
    let facts = first.query_strings("SELECT @@log_bin, @@innodb_buffer_pool_size, @@gtid_mode").await?;
    assert_eq!(facts[0][..2], [Some("0".to_owned()), Some((32 << 20).to_string())]);
    let uuid = "SELECT @@server_uuid";
    assert_ne!(first.query_strings(uuid).await?, second.query_strings(uuid).await?);
    Ok(())
}

#[tokio::test]
async fn a_stopped_server_does_not_answer_until_it_continues() -> Result<()> {
    let server = MysqlServer::start(Flavor::MariaDb1011).await?;
    server.sigstop();
    let answer = tokio::time::timeout(Duration::from_millis(500), server.query_strings("SELECT 1")).await;
    assert!(answer.is_err(), "{answer:?}");
    server.sigcont();
    assert_eq!(server.query_strings("SELECT 1").await?, [[Some("1".to_owned())]]);
    Ok(())
}

#[tokio::test]
async fn three_zookeepers_elect_a_leader_and_another_after_kill_9() -> Result<()> {
    let began = Instant::now();
    let mut ensemble = ZooKeeper::start(3).await?;
    let first = ensemble.leader().await?;
    println!("ZooKeeper: {} leads after {:?}", ensemble.addresses()[first], began.elapsed());
    let began = Instant::now();
    ensemble.kill9(first).await;
    let second = ensemble.leader().await?;
    println!("ZooKeeper: a new leader after {:?}", began.elapsed());
    assert_ne!(first, second);
    ensemble.restart(first).await?;
    assert_eq!(ensemble.leader().await?, second);
    Ok(())
}

#[tokio::test]
async fn one_zookeeper_is_its_own_leader() -> Result<()> {
    let mut single = ZooKeeper::start(1).await?;
    assert_eq!(single.leader().await?, 0);
    single.restart(0).await?;
    assert_eq!((single.leader().await?, single.connect_string()), (0, single.addresses()[0].clone()));
    Ok(())
}

#[tokio::test]
async fn kafka_keeps_what_was_produced_through_kill_9() -> Result<()> {
    let began = Instant::now();
    let mut kafka = Kafka::start().await?;
    println!("Kafka: ready after {:?}", began.elapsed());
    let timeout = Duration::from_secs(30);
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", kafka.bootstrap()).set("acks", "all").create().unwrap();
    for key in ["a", "b"] {
        let record = FutureRecord::to("items").key(key).payload("price");
        producer.send(record, timeout).await.map_err(|(error, _)| replicator_tests::Error::new(error.to_string()))?;
    }
    kafka.kill9().await;
    kafka.restart().await?;

    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka.bootstrap())
        .set("group.id", "test")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&["items"]).unwrap();
    let mut keys = Vec::new();
    eventually("both messages", timeout, async || {
        let message = consumer.recv().await.map_err(|error| error.to_string())?;
        keys.push(message.key().unwrap_or_default().to_vec());
        if keys.len() == 2 { Ok(()) } else { Err(format!("{} of 2", keys.len())) }
    })
    .await?;
    keys.sort();
    assert_eq!(keys, [b"a", b"b"]);
    Ok(())
}

/// The test starts itself once more in another process, where it plays the victim.
#[tokio::test]
async fn servers_die_with_a_test_process_that_is_killed() -> Result<()> {
    const VICTIM: &str = "REPLICATOR_TEST_VICTIM";
    if let Some(pid_file) = std::env::var_os(VICTIM) {
        let server = MysqlServer::start(Flavor::MariaDb1011).await?;
        std::fs::write(pid_file, server.pid().to_string())?;
        std::future::pending::<()>().await;
    }
    let folder = tempfile::tempdir()?;
    let pid_file = folder.path().join("pid");
    let mut victim = std::process::Command::new(std::env::current_exe()?)
        .args(["--exact", "servers_start::servers_die_with_a_test_process_that_is_killed"])
        .env(VICTIM, &pid_file)
        .spawn()?;
    let is_running = |pid: &str| std::path::Path::new("/proc").join(pid).exists();
    let pid = eventually("the victim's server", Duration::from_secs(60), async || {
        std::fs::read_to_string(&pid_file).ok().filter(|pid| !pid.is_empty())
    })
    .await?;
    assert!(is_running(&pid));
    victim.kill()?;
    victim.wait()?;
    eventually("the server to be gone", Duration::from_secs(10), async || (!is_running(&pid)).then_some(())).await
}
