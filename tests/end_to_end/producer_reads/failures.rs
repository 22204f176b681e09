//! Where the producer can't go on, it says what is wrong, where, and what to do.

use super::reading::{Reading, spec};
use super::{SHOP, TABLES};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::gtid::GtidSet;
use replicator_tests::{Flavor, MysqlServer, free_port};

async fn server(flavor: Flavor, extra_args: &[&str]) -> MysqlServer {
    let server = MysqlServer::start_with(flavor, extra_args).await.unwrap();
    server.exec(TABLES).await.unwrap();
    server
}

async fn refused(server: &MysqlServer, more: &str, resume: Option<&Checkpoint>) -> Failure {
    match Reading::open(&spec(server, more), resume).await {
        Ok(_) => panic!("it opened with {more}"),
        Err(failure) => failure,
    }
}

/// A definite failure with this code, whose text names all of these.
#[track_caller]
pub(super) fn assert_definite(failure: &Failure, code: &str, names: &[&str]) {
    assert!(failure.code == code && !failure.is_transient(), "wanted {code}: {failure:?}");
    let text = failure.to_string();
    assert!(names.iter().all(|name| text.contains(name)), "{names:?} in {text}");
    assert!(!failure.hint.is_empty() && text.len() < 1200, "{text}");
}

#[tokio::test]
async fn logins_and_settings() {
    let server = server(Flavor::MySql97, &[]).await;
    server
        .exec("CREATE USER weak IDENTIFIED BY 'weak'; GRANT REPLICATION CLIENT, SELECT ON *.* TO weak")
        .await
        .unwrap();
    let port = server.port().to_string();
    // Not a user that is unknown: for those the server makes up a login method, each time it starts another one.
    let wrong = r#""user": "weak", "password": "wrong""#;
    assert_definite(&refused(&server, wrong, None).await, "access_denied", &[&port, "weak"]);
    let weak = r#""user": "weak", "password": "weak""#;
    assert_definite(&refused(&server, weak, None).await, "replication_privilege_missing", &["GRANT REPLICATION SLAVE"]);
    let own_id = format!(r#""server_id": {port}"#);
    assert_definite(&refused(&server, &own_id, None).await, "server_id_taken", &[&port]);
    assert_definite(&refused(&server, r#""start": "snapshot""#, None).await, "start_not_supported", &["snapshot"]);
    let unreachable = refused(&server, &format!(r#""port": {}"#, free_port()), None).await;
    assert!(unreachable.is_transient() && unreachable.code == "connection_lost", "{unreachable:?}");

    server.exec("SET GLOBAL binlog_format = 'STATEMENT'").await.unwrap();
    assert_definite(&refused(&server, "", None).await, "binlog_not_row", &["SET GLOBAL"]);
}

#[tokio::test]
async fn a_server_without_binary_log() {
    for flavor in [Flavor::MySql97, Flavor::MariaDb1011, Flavor::MySql56] {
        let server = server(flavor, &["--skip-log-bin"]).await;
        assert_definite(&refused(&server, "", None).await, "binlog_off", &["log_bin"]);
    }
}

#[tokio::test]
async fn positions_that_are_gone_or_never_were_in_mysql() {
    let server = server(Flavor::MySql97, &[]).await;
    let mut reading = Reading::open(&spec(&server, SHOP), None).await.unwrap();
    server.exec("INSERT INTO shop.item VALUES (1, NULL, NULL, NULL)").await.unwrap();
    reading.commits(1).await.unwrap();
    let old = reading.checkpoint();
    drop(reading);
    server.exec("INSERT INTO shop.item VALUES (2, NULL, NULL, NULL); FLUSH BINARY LOGS").await.unwrap();
    server.exec("INSERT INTO shop.item VALUES (3, NULL, NULL, NULL); FLUSH BINARY LOGS").await.unwrap();
    server.exec("PURGE BINARY LOGS TO 'binlog.000003'").await.unwrap();

    let uuid = old.server.clone();
    let purged = refused(&server, SHOP, Some(&old)).await;
    assert_definite(&purged, "position_lost", &[&uuid, "copy the tables again"]);
    let by_file = Checkpoint { gtid_set: None, ..old.clone() };
    assert_definite(&refused(&server, SHOP, Some(&by_file)).await, "position_lost", &["binlog.000001"]);
    let elsewhere = Checkpoint { server: "another".into(), ..by_file.clone() };
    assert_definite(&refused(&server, SHOP, Some(&elsewhere)).await, "source_changed", &["another", &uuid]);

    let errant = Checkpoint { gtid_set: Some(GtidSet::parse(&format!("{uuid}:1-900")).unwrap()), ..old.clone() };
    assert_definite(&refused(&server, SHOP, Some(&errant)).await, "gtids_missing_at_source", &["-900"]);
    let other_kind = Checkpoint { gtid_set: Some(GtidSet::parse("0-1-5").unwrap()), ..old };
    assert_definite(&refused(&server, SHOP, Some(&other_kind)).await, "gtid_flavor_differs", &["0-1-5", "MySQL"]);

    let start = |file: &str, offset: u64| format!(r#""start": {{"file": "{file}", "offset": {offset}}}"#);
    let unknown = refused(&server, &start("binlog.000009", 4), None).await;
    assert_definite(&unknown, "binlog_file_missing", &["binlog.000009", "binlog.000003"]);
    assert_definite(&refused(&server, &start("binlog.000003", 90_000), None).await, "position_unknown", &["90000"]);
    assert_definite(&refused(&server, &start("binlog.000003", 201), None).await, "position_unknown", &["201"]);
}

#[tokio::test]
async fn positions_that_are_gone_or_never_were_in_mariadb() {
    for flavor in [Flavor::MariaDb1011, Flavor::MariaDb118] {
        let server = server(flavor, &[]).await;
        let mut reading = Reading::open(&spec(&server, SHOP), None).await.unwrap();
        server.exec("INSERT INTO shop.item VALUES (1, NULL, NULL, NULL)").await.unwrap();
        reading.commits(1).await.unwrap();
        let old = reading.checkpoint();
        drop(reading);
        server.exec("INSERT INTO shop.item VALUES (2, NULL, NULL, NULL); FLUSH BINARY LOGS").await.unwrap();
        server.exec("INSERT INTO shop.item VALUES (3, NULL, NULL, NULL); FLUSH BINARY LOGS").await.unwrap();
        let errant =
            Checkpoint { gtid_set: Some(GtidSet::parse(&format!("0-{}-900", server.port())).unwrap()), ..old.clone() };
        assert_definite(&refused(&server, SHOP, Some(&errant)).await, "gtids_missing_at_source", &["-900"]);
        // The server keeps files that a dump thread, not ended yet, might be reading.
        server.exec("SET GLOBAL slave_connections_needed_for_purge = 0").await.unwrap_or_default();
        replicator_tests::eventually("the old file is purged", std::time::Duration::from_secs(20), async || {
            server.exec("PURGE BINARY LOGS TO 'binlog.000003'").await.ok()?;
            let files = server.query_strings("SHOW BINARY LOGS").await.ok()?;
            (files[0][0].as_deref() == Some("binlog.000003")).then_some(())
        })
        .await
        .unwrap();
        assert_definite(&refused(&server, SHOP, Some(&old)).await, "position_lost", &["purged"]);
        let inside = refused(&server, r#""start": {"file": "binlog.000003", "offset": 90000}"#, None).await;
        assert_definite(&inside, "position_unknown", &["90000"]);
    }
}

/// The failure that comes of a statement, from a task that reads `shop.item` and `shop.key*`.
async fn stopped_by(server: &MysqlServer, sql: &str) -> Failure {
    let mut reading = Reading::open(&spec(server, SHOP), None).await.unwrap();
    server.exec(sql).await.unwrap();
    let failure = reading.failure().await;
    assert!(failure.reason.contains("binlog.0"), "the place is named: {failure:?}");
    failure
}

#[tokio::test]
async fn changes_that_are_not_carried_in_mysql() {
    let server = server(Flavor::MySql97, &[]).await;
    server.exec("CREATE TABLE shop.key_json (id INT PRIMARY KEY, j JSON)").await.unwrap();
    for (sql, code, names) in [
        (
            "SET binlog_format = STATEMENT; INSERT INTO shop.item VALUES (9, NULL, NULL, NULL)",
            "statement_format",
            vec!["INSERT", "shop.item"],
        ),
        (
            "USE shop; SET binlog_format = STATEMENT; INSERT INTO skipped VALUES (1); DELETE i FROM item i",
            "statement_format",
            vec!["DELETE", "binlog_format = ROW"],
        ),
        (
            "USE hr; SELECT 9, NULL, NULL, NULL INTO OUTFILE 'load.txt'; \
             SET binlog_format = STATEMENT; LOAD DATA INFILE 'load.txt' INTO TABLE shop.item",
            "statement_format",
            vec!["LOAD", "shop.item"],
        ),
        ("RENAME TABLE shop.item TO shop.other, shop.other TO shop.item", "statement_leaves_scope", vec!["shop.other"]),
        (
            "INSERT INTO shop.key_json VALUES (1, '{\"a\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\", \"b\": 1}');
          SET binlog_row_value_options = PARTIAL_JSON, binlog_row_image = MINIMAL; UPDATE shop.key_json SET j = JSON_SET(j, '$.b', 2)",
            "partial_json",
            vec!["shop.key_json"],
        ),
        ("DROP DATABASE shop", "database_dropped", vec!["`shop`"]),
    ] {
        assert_definite(&stopped_by(&server, sql).await, code, &names);
    }
}

#[tokio::test]
async fn changes_that_are_not_carried_in_mariadb() {
    let server = server(Flavor::MariaDb118, &[]).await;
    let statement = "SET binlog_format = STATEMENT; REPLACE INTO shop.item VALUES (9, NULL, NULL, NULL)";
    assert_definite(&stopped_by(&server, statement).await, "statement_format", &["REPLACE", "shop.item"]);
    // UUID or BINARY(16)? Once the table is gone nobody knows.
    server
        .exec(
            "FLUSH BINARY LOGS; CREATE TABLE shop.key_uuid (id UUID PRIMARY KEY); \
             INSERT INTO shop.key_uuid VALUES (UUID()); DROP TABLE shop.key_uuid",
        )
        .await
        .unwrap();
    let start = r#""start": {"file": "binlog.000002", "offset": 4}"#;
    let mut reading = Reading::open(&spec(&server, &format!("{SHOP}, {start}")), None).await.unwrap();
    assert_definite(&reading.failure().await, "column_type_not_carried", &["shop.key_uuid", "`id`", "UUID"]);
}

#[tokio::test]
async fn a_table_that_is_gone_and_a_source_that_says_too_little() {
    let server = server(Flavor::MySql56, &["--gtid-mode=OFF", "--skip-enforce-gtid-consistency"]).await;
    server
        .exec("CREATE TABLE shop.key_a (id INT PRIMARY KEY); INSERT INTO shop.key_a VALUES (1); DROP TABLE shop.key_a")
        .await
        .unwrap();
    let mut reading = Reading::open(&spec(&server, &format!(r#"{SHOP}, "start": "earliest""#)), None).await.unwrap();
    assert_definite(&reading.failure().await, "unknown_table", &["shop.key_a", "binlog.000001"]);
}

#[tokio::test]
async fn a_second_replica_with_the_same_id_ends_the_first() {
    for flavor in [Flavor::MySql97, Flavor::MariaDb118, Flavor::MySql56] {
        let server = server(flavor, &[]).await;
        let mut first = Reading::open(&spec(&server, SHOP), None).await.unwrap();
        let mut second = Reading::open(&spec(&server, SHOP), None).await.unwrap();
        let failure = first.failure().await;
        // MySQL 5.6 closes the connection without a word.
        let code = if flavor == Flavor::MySql56 { "connection_lost" } else { "replica_id_taken" };
        assert!(failure.is_transient() && failure.code == code, "{flavor}: {failure:?}");
        server.exec("INSERT INTO shop.item VALUES (1, NULL, NULL, NULL)").await.unwrap();
        second.commits(1).await.unwrap();
    }
}

#[tokio::test]
async fn a_silent_or_killed_source_is_tried_again() {
    let mut server = server(Flavor::MySql97, &[]).await;
    let mut reading = Reading::open(&spec(&server, SHOP), None).await.unwrap();
    server.sigstop();
    let failure = reading.failure().await;
    server.sigcont();
    assert!(failure.is_transient() && failure.code == "source_silent", "{failure:?}");
    let mut reading = Reading::open(&spec(&server, SHOP), None).await.unwrap();
    server.kill9().await;
    let failure = reading.failure().await;
    assert!(failure.is_transient() && failure.code == "connection_lost", "{failure:?}");
}
