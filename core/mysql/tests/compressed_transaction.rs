//! What a compressed transaction costs, in a process of its own.
#![cfg_attr(test, allow(clippy::unwrap_used))]

use replicator_binlog::EventKind;
use replicator_model::secret::Secret;
use replicator_model::task::Tls;
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFlavor;
use replicator_mysql::replication::{BinlogConnection, Dump, DumpFrom, EventPart, ReplicaIdentity};
use replicator_tests::{Flavor, MysqlServer, usage};
use std::time::Duration;

/// Most that the peak of the process's memory may grow by.
const PEAK_GROWTH_KIB_MAX: u64 = 16 << 10;

const ROWS: &str = "SET cte_max_recursion_depth = 200000;
    INSERT INTO shop.t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 105000)
    SELECT i, REPEAT('x', 2000) FROM n";

/// 210 MB of rows in one transaction, which the source compresses to a few kilobytes.
#[tokio::test]
async fn a_compressed_transaction_takes_no_memory() {
    let server = MysqlServer::start_with(Flavor::MySql97, &["--binlog-transaction-compression=ON"]).await.unwrap();
    server.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, b BLOB)").await.unwrap();
    server.exec(ROWS).await.unwrap();
    let endpoint = Endpoint {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        user: server.user().to_owned(),
        password: Secret::new(server.password()),
        tls: Tls::default(),
        connect_timeout: Duration::from_secs(20),
        addresses: Vec::new(),
    };
    let dump = Dump {
        flavor: ServerFlavor::MySql,
        identity: ReplicaIdentity::of_task("compressed_transaction", None),
        heartbeat: Duration::from_secs(5),
        event_bytes_max: 1 << 20,
        from: DumpFrom::Position { file: "binlog.000001".into(), offset: 4 },
    };
    let mut connection = BinlogConnection::open(&endpoint, dump).await.unwrap();
    let before = usage::peak_rss_kib(std::process::id()).unwrap();
    let (mut inner, mut compressed) = (0, 0);
    loop {
        let event = connection.next().await.unwrap();
        match event.part {
            EventPart::Inner => inner += event.bytes.len(),
            EventPart::Compressed => compressed += 1,
            EventPart::Whole => {}
        }
        if event.part == EventPart::Inner && event.bytes[4] == EventKind::XID.0 && inner > 210_000_000 {
            break;
        }
    }
    let growth = usage::peak_rss_kib(std::process::id()).unwrap() - before;
    assert!(compressed >= 1 && growth < PEAK_GROWTH_KIB_MAX, "{growth} KiB more for {inner} bytes");
}
